"""`vrrehab replay`, and a session of ours as the source of another."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

import telemetry
from vrrehab.cli.session import SourceChoice, _recording
from vrrehab.sources.session_recording import SessionSource


def test_a_recorded_session_is_shown_again_with_its_tasks_and_pain(demo_run, vrrehab, tmp_path: Path) -> None:
    data, picture = demo_run.folder / "demo-data", tmp_path / "last.png"
    store = telemetry.open_store(data)
    session = store.sessions()["session_id"].iloc[0]
    shown = vrrehab("replay", session, "--data", data, "--speed", 500, "--display", "offscreen", "--picture", picture)
    assert shown.status == 0, shown.err
    for task in store.tasks().itertuples():
        assert f"task {task.run_number}: " in shown.out
        if task.rating_status == "given":
            assert f"PLP {task.pain_after:g}" in shown.out
    assert np.asarray(Image.open(picture)).std() > 20, "a room, not one colour"
    (place,) = (data / "motion").glob(f"*/session={session}")
    for what in (Path(session), place):
        assert isinstance(_recording(data, SourceChoice("recording", what)), SessionSource)


def test_a_session_that_nobody_knows_is_told_with_the_last_one(demo_run, vrrehab) -> None:
    data = demo_run.folder / "demo-data"
    session = telemetry.open_store(data).sessions()["session_id"].iloc[-1]
    vrrehab("replay", "S9", "--data", data).failed_with("no session 'S9'", f"the last one is {session}")
    vrrehab("replay", session, "--data", data, "--start", 9999).failed_with("start earlier")
