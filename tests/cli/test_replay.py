"""`vrrehab replay`, and a session of ours as the source of another."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

import telemetry
from telemetry.testing.bids import validator_errors
from vrrehab.body.skeleton import Body
from vrrehab.cli.session import SourceChoice, _recording
from vrrehab.sources.session_recording import SessionSource


def test_a_recorded_session_is_shown_again_with_its_tasks_and_pain(demo_run, process, tmp_path: Path) -> None:
    data, picture = demo_run.folder / "demo-data", tmp_path / "last.png"
    store = telemetry.open_store(data)
    session = store.sessions()["session_id"].iloc[0]
    shown = process("replay", session, "--data", data, "--speed", 500, "--display", "offscreen", "--picture", picture)
    assert shown.status == 0, shown.err
    for task in store.tasks().itertuples():
        assert f"task {task.run_number}: " in shown.out
        if task.rating_status == "given":
            assert f"PLP {task.pain_after:g}" in shown.out
    seen = np.asarray(Image.open(picture).convert("RGB")).astype(int)
    assert seen.std() > 20, "a room, not one colour"
    marker = seen[120:136, 272:368].reshape(-1, 3)
    cream = (marker[:, 0] > 225) & (marker[:, 2] < marker[:, 0] - 30)
    assert cream.mean() > 0.4, "the last score stands above the board"
    board = seen[150:240, 240:400].reshape(-1, 3)
    assert (board.max(axis=1) < 110).mean() > 0.6
    assert (board.min(axis=1) > 150).any(), "what was done is written on it"
    (place,) = (data / "motion").glob(f"*/session={session}")
    for what in (Path(session), place):
        assert isinstance(_recording(data, SourceChoice("recording", what)), SessionSource)


def test_a_session_that_nobody_knows_is_told_with_the_last_one(demo_run, vrrehab) -> None:
    data = demo_run.folder / "demo-data"
    session = telemetry.open_store(data).sessions()["session_id"].iloc[-1]
    vrrehab("replay", "S9", "--data", data).failed_with("no session 'S9'", f"the last one is {session}")
    vrrehab("replay", session, "--data", data, "--start", 9999).failed_with("start earlier")


def test_an_exported_session_is_played_again_from_its_bids_folder(demo_run, vrrehab, tmp_path: Path) -> None:
    data, out = demo_run.folder / "demo-data", tmp_path / "bids"
    exported = vrrehab("export", "bids", "--data", data, "--out", out)
    assert exported.status == 0, (exported.out, exported.err)
    assert "it stays in the clinic" in exported.out
    assert validator_errors(out) == []
    (place,) = (data / "motion").glob("*/session=*")
    ours, theirs = (_recording(data, SourceChoice("recording", what, 1.0)) for what in (place, out))
    here, there = Body.unseen(), Body.unseen()
    for at_ns in (0, 500_000_000, 1_000_000_000):
        ours.locate(at_ns, here)
        theirs.locate(at_ns, there)
        # A replay goes by when frames began, the export by when they were seen: on a busy computer some ms apart.
        np.testing.assert_allclose(there.poses, here.poses, atol=1e-2)
    assert here.provenance.any()
    vrrehab("export", "bids", "--data", data, "--out", out).failed_with("expected an empty folder")
    vrrehab("export", "bids", "--data", data, "--out", tmp_path / "x", "--motion").was_misused(
        "--motion is for full csv"
    )
