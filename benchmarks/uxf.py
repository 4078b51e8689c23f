"""A study as the Unity Experiment Framework keeps one, for comparison: a folder a session, CSV files, one a trial.

EXPERIMENT/PARTICIPANT/S001/trial_results.csv has a row a trial; trackers/NAME_movement_T001.csv a row a frame (Brookes
et al. 2020, Behavior Research Methods 52:455). A rating follows its trial by its place in the file, as it would there.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd


def write_trials(folder: Path, study: pd.DataFrame) -> None:
    """The task runs of `telemetry.testing.study.simulate`."""
    for (person, number), runs in study.groupby(["participant", "session_number"]):
        place = folder / "experiment" / str(person) / f"S{number:03d}"
        place.mkdir(parents=True)
        pd.DataFrame({
            "experiment": "experiment", "ppid": person, "session_num": number, "trial_num": runs["run_number"],
            "block_num": 1, "trial_num_in_block": runs["run_number"], "start_time": runs["time_in_session_s"],
            "end_time": runs["time_in_session_s"] + runs["duration_s"], "task": runs["task"], "mode": runs["mode"],
            "pain_at_start": runs["pain_at_start"], "pain": runs["pain_after"],
        }).to_csv(place / "trial_results.csv", index=False)  # fmt: skip


def pain_by_task(folder: Path) -> pd.Series:
    """The mean change in pain by task: each score against the last that was given before it in the session."""
    trials = pd.concat([pd.read_csv(path) for path in sorted(folder.rglob("trial_results.csv"))])
    given = trials.groupby(["ppid", "session_num"])["pain"]
    trials["before"] = given.transform(lambda scores: scores.ffill().shift()).fillna(trials["pain_at_start"])
    return (trials["pain"] - trials["before"]).groupby(trials["task"]).mean()


def write_trackers(folder: Path, motion: pd.DataFrame) -> None:
    """Every tracked joint's movement in each task run, a file each."""
    joints = [name.removesuffix("_px") for name in motion if name.startswith("tracked_") and name.endswith("_px")]
    folder.mkdir()
    for number, (_, rows) in enumerate(motion.groupby("task_run_id", observed=True), 1):
        for joint in joints:
            if rows[f"{joint}_px"].notna().any():
                parts = {"time": rows["time_s"]}
                parts |= {f"pos_{axis}": rows[f"{joint}_p{axis}"] for axis in "xyz"}
                parts |= {f"rot_{axis}": rows[f"{joint}_q{axis}"] for axis in "xyzw"}
                pd.DataFrame(parts).to_csv(folder / f"{joint}_movement_T{number:03d}.csv", index=False)


def path_lengths(folder: Path) -> np.ndarray:
    """How far the right wrist went in each trial, metres."""
    tables = (pd.read_csv(path) for path in sorted(folder.glob("tracked_right_wrist_movement_T*.csv")))
    places = (table[["pos_x", "pos_y", "pos_z"]].to_numpy() for table in tables)
    return np.array([np.linalg.norm(np.diff(place, axis=0), axis=1).sum() for place in places])
