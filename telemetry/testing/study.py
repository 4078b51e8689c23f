"""A synthetic study with planted effects: what an analysis has to find is known, because it was put in.

`simulate` gives the task-pain ledger alone, quickly enough for Monte-Carlo work; `write_study` puts the same study into
a data folder the way that sessions come in, with movement, every seal, and the origin `scripted`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

TASKS = ("open_close_hand", "reach_touch", "turn_wrist")
MODES = ("intact_only", "mirror")


@dataclass(frozen=True, slots=True)
class Truth:
    """What is planted, in points of the 0-10 scale unless said otherwise.

    The score after a task run is the score before it, plus change, plus noise, rounded and held within 0 to 10:

        change = task + mode + dose_per_minute * (minutes - 2) + order_per_run * run
                 + carry_over where the same task came just before
                 + pull * (score before - what the participant has that day)

    Participants differ in their usual pain, in how much it falls over the course, and (task_sd) in each task's effect.
    """

    task: dict[str, float] = field(
        default_factory=lambda: {"open_close_hand": -0.5, "reach_touch": -0.2, "turn_wrist": 0.0}
    )
    mode: dict[str, float] = field(default_factory=lambda: {"intact_only": 0.0, "mirror": -0.3})
    dose_per_minute: float = -0.15
    order_per_run: float = 0.03
    carry_over: float = 0.0
    pull: float = -0.4
    usual_pain: float = 6.0
    usual_pain_sd: float = 1.0
    #: By how much the day's pain has fallen at the course's end, of what it was: Griffin's participants felt relief
    #: by session 7 with low, 14 with medium and 21 with high pain (Griffin et al. 2017).
    course_change: float = -1.5
    course_change_sd: float = 0.8
    day_sd: float = 0.7
    task_sd: float = 0.3
    noise_sd: float = 0.8
    declined: float = 0.04
    missed: float = 0.02


def simulate(
    truth: Truth, participants: int, sessions: int, seed: int, runs: int = 6, start: str = "2026-01-05T09:00Z"
) -> pd.DataFrame:
    """The ledger of a study: the columns of `task_pain` that analysis uses, and `true_change` without noise.

    Each session has one mode by chance and the tasks in an order by chance, each equally often where `runs` allows.
    """
    random = np.random.default_rng(seed)
    shape = (participants, sessions)
    usual = random.normal(truth.usual_pain, truth.usual_pain_sd, participants)[:, None]
    fall = random.normal(truth.course_change, truth.course_change_sd, participants)[:, None]
    progress = np.arange(sessions) / max(1, sessions - 1)
    day = usual + fall * progress + random.normal(0, truth.day_sd, shape)
    mode = random.integers(len(MODES), size=shape)
    repeated = np.resize(np.arange(len(TASKS)), runs)
    task = random.permuted(np.broadcast_to(repeated, (*shape, runs)), axis=2)
    minutes = random.uniform(1.0, 3.0, (*shape, runs))
    task_effect = np.array([truth.task[name] for name in TASKS])
    mode_effect = np.array([truth.mode[name] for name in MODES])
    own_effect = task_effect + random.normal(0, truth.task_sd, (participants, len(TASKS)))
    people = np.arange(participants)[:, None]

    first = _scored(day + random.normal(0, truth.noise_sd / 2, shape))
    score, given = first, first.copy()
    before, after, true_change = (np.empty((*shape, runs)) for _ in range(3))
    status = random.choice(3, size=(*shape, runs), p=[1 - truth.declined - truth.missed, truth.declined, truth.missed])
    for run in range(runs):
        again = task[..., run] == task[..., run - 1] if run else np.zeros(shape, bool)
        true_change[..., run] = (
            own_effect[people, task[..., run]]
            + mode_effect[mode]
            + truth.dose_per_minute * (minutes[..., run] - 2.0)
            + truth.order_per_run * run
            + truth.carry_over * again
            + truth.pull * (score - day)
        )
        score = _scored(score + true_change[..., run] + random.normal(0, truth.noise_sd, shape))
        before[..., run] = given
        is_given = status[..., run] == 0
        after[..., run] = np.where(is_given, score, np.nan)
        given = np.where(is_given, score, given)

    def spread(values: np.ndarray) -> np.ndarray:
        return np.broadcast_to(values.reshape(values.shape + (1,) * (3 - values.ndim)), (*shape, runs)).ravel()

    number = spread(np.broadcast_to(np.arange(1, sessions + 1), shape))
    codes = np.array([f"SIM{i:03d}" for i in range(1, participants + 1)])
    days = np.floor(np.arange(sessions) * 7 / 5).astype(int)
    names = pd.Series(codes[spread(np.arange(participants))], dtype="string")
    sessions_of = names + "-" + pd.Series(number).astype("string").str.zfill(2)
    run_number = np.tile(np.arange(1, runs + 1), participants * sessions)
    duration = minutes * 60
    tasks = np.array(TASKS)[task]
    return pd.DataFrame({
        "session_id": sessions_of,
        "participant": names,
        "task_run_id": sessions_of + "-t" + pd.Series(run_number).astype("string").str.zfill(2),
        "origin": pd.Categorical(["scripted"] * len(names), categories=["person", "scripted", "recording"]),
        "session_number": number,
        "course_day": spread(np.broadcast_to(days, shape)).astype(float),
        "run_number": run_number,
        "task": pd.Series(tasks.ravel(), dtype="string"),
        "mode": pd.Series(np.array(MODES)[spread(mode)], dtype="string"),
        "previous_task": pd.Series(
            np.concatenate([np.full((*shape, 1), None), tasks[..., :-1]], axis=2).ravel(), dtype="string"
        ),
        "site": pd.Categorical(["PLP"] * len(names), categories=["PLP", "RLP", "PLS"]),
        "scale": pd.Series(["NRS-11"] * len(names), dtype="string"),
        "rating_status": pd.Categorical.from_codes(
            np.array([1, 2, 3])[status.ravel()], ["awaiting", "given", "declined", "missed", "interrupted"]
        ),
        "pain_before": before.ravel(),
        "pain_after": after.ravel(),
        "pain_change": (after - before).ravel(),
        "pain_at_start": spread(first),
        "started_at": pd.Timestamp(start) + pd.to_timedelta(spread(np.broadcast_to(days, shape)), unit="D")
        + pd.to_timedelta(60.0 + 200.0 * (run_number - 1), unit="s"),
        "time_in_session_s": 60.0 + 200.0 * (run_number - 1),
        "duration_s": duration.ravel(),
        "repetitions": np.round(duration / 5).ravel().astype(int),
        "dose_before_s": (np.cumsum(duration, axis=2) - duration).ravel(),
        "true_change": true_change.ravel(),
    })  # fmt: skip


def _scored(values: np.ndarray) -> np.ndarray:
    return np.clip(np.round(values), 0, 10)
