"""`vrrehab session --source recording:FILE@SECONDS`: a real Quest 3 recording, drawn, recorded and counted."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

import telemetry
from telemetry.client import RecorderClient
from telemetry.messages import LimbLoss, Profile
from telemetry.testing import RecorderProcess
from telemetry.verify import verify
from vrrehab.body.skeleton import Side
from vrrehab.cli.connection import Recipient
from vrrehab.cli.session import parse_source, sit
from vrrehab.stage.displays import offscreen
from vrrehab.testing.clock import VirtualClock
from vrrehab.testing.small_pictures import SmallPictures


@pytest.mark.parametrize(("missing", "time_limit_s"), [(Side.LEFT, 8.6), (Side.RIGHT, 8.2)])
def test_a_real_recording_is_mirrored_counted_and_held_where_it_lost_a_hand(
    missing: Side, time_limit_s: float, quest3_capture: Path, fists_for, tmp_path: Path, monkeypatch
) -> None:
    # On a clock of its own the session sees sixty frames a second of the recording, however slowly they are drawn.
    small = functools.partial(SmallPictures, rate_hz=60.0, clock=VirtualClock())
    monkeypatch.setattr(offscreen, "OffscreenDisplay", small)
    data = tmp_path / "data"
    with RecorderProcess(data) as recorder, RecorderClient(recorder.address) as client:
        profile = Profile(code="P001", limb_losses=(LimbLoss(limb="hand", side=missing.value, level="wrist"),))
        client.put_profile(profile)
        outcome = sit(
            data,
            profile,
            fists_for(time_limit_s),
            source=parse_source(f"recording:{quest3_capture}@10.5"),
            display="offscreen",
            mode=None,
            recorder=Recipient(recorder.address),
            seed=1,
        )
        assert outcome.delivered
        client.wait_sealed(outcome.session_id, timeout_s=60)
    assert verify(data) == []
    store = telemetry.open_store(data)
    (session,) = store.sessions().itertuples()
    assert (session.origin, session.mode, session.sealed) == ("recording", "mirror", True)
    (task,) = store.tasks().itertuples()
    assert (task.side, task.status, task.repetitions) == (missing, "completed", 4)
    # The recording ends before the farewell does.
    events = store.events()["name"]
    last = events[events != "recorder_clock"].iloc[-1]  # which the recorder is asked for whenever there is time
    assert (session.status, last) == ("stopped", "source_ended")

    motion = store.motion(session.session_id)
    at_s = (motion["display_time_ns"] - motion["display_time_ns"].iloc[0]).to_numpy() / 1e9 + 10.5
    # The left hand is really lost for a second; the task that the right hand does goes on.
    lost = (at_s > 14.42) & (at_s < 15.39)
    assert lost.sum() > 50
    seen = ((at_s > 10.68) & (at_s < 14.39)) | ((at_s > 15.43) & (at_s < 19.12))
    assert set(motion["tracked_left_wrist_provenance"][lost]) == {"held"}
    assert set(motion["tracked_left_wrist_provenance"][seen]) == {"measured"}
    assert set(motion["tracked_right_wrist_provenance"][lost]) == {"measured"}
    assert set(motion[f"virtual_{missing}_wrist_provenance"][lost]) == {"held" if missing is Side.RIGHT else "mirrored"}
    task_events = store.events().dropna(subset=["task_run_id"])
    paused = [name for name in task_events["name"] if name.startswith("tracking_")]
    assert paused == (["tracking_lost", "tracking_found"] if missing is Side.RIGHT else [])
