from __future__ import annotations

import itertools
import json

import numpy as np
import pytest

from vrrehab.testing.monado import Compositor, Motion
from vrrehab.testing.remote_device import RemoteDevice
from vrrehab.xr.errors import NoRuntime, UnsupportedRuntime
from vrrehab.xr.headset import Connected, Headset, Lost
from vrrehab.xr.probe import Verdict, probe
from vrrehab.xr.session import State, StateChanged


def test_a_killed_runtime_is_waited_for_and_taken_up_again_when_it_is_back(sit, monado) -> None:
    sitting = sit()
    sitting.until_seen()
    before = len(sitting.frames)

    monado.kill()
    sitting.until(lambda: any(isinstance(event, Lost) for event in sitting.events))
    lost = next(event for event in sitting.events if isinstance(event, Lost))
    assert "Restart the headset's program" in lost.why
    assert sitting.headset.link is None
    at_loss = len(sitting.frames)
    sitting.until(lambda: len(sitting.frames) >= at_loss + 30)  # the session goes on
    assert not any(frame.should_draw for frame in sitting.frames[at_loss:])
    assert np.isnan(sitting.view.virtual.poses).all()

    sitting.events.clear()
    monado.start()
    with RemoteDevice(monado.remote_port):
        sitting.until_seen()
    assert [event.runtime for event in sitting.events if isinstance(event, Connected)]
    times = [frame.display_time_ns for frame in sitting.frames]
    assert all(later > earlier for earlier, later in itertools.pairwise(times))
    assert [frame.number for frame in sitting.frames] == list(range(1, len(times) + 1))
    assert before < at_loss < len(times)


def test_a_runtime_that_is_not_running_is_a_clear_error_and_finding(monado) -> None:
    monado.kill()
    with pytest.raises(NoRuntime, match=r"Expected an OpenXR runtime to answer, but .*Start the headset's program"):
        Headset().connect(None)
    wrong = [finding for finding in probe() if finding.verdict is Verdict.WRONG]
    assert [finding.about for finding in wrong] == ["OpenXR runtime"]
    assert "Start the headset's program" in wrong[0].remedy


@pytest.mark.parametrize("manifest", [None, "not json", json.dumps({"runtime": {"library_path": "/nowhere.so"}})])
def test_no_runtime_at_all_is_a_clear_error_and_finding(screen, monkeypatch, tmp_path, manifest) -> None:
    path = tmp_path / "runtime.json"
    if manifest is not None:
        path.write_text(manifest)
    monkeypatch.setenv("XR_RUNTIME_JSON", str(path))
    with pytest.raises(NoRuntime, match="none is set as active or it does not start"):
        Headset().connect(None)
    (finding,) = probe()
    assert finding.verdict is Verdict.WRONG


def test_a_runtime_that_lacks_what_is_needed_is_named(monado) -> None:
    from vrrehab.xr.runtime import Runtime

    with pytest.raises(UnsupportedRuntime, match="XR_EXT_nothing"):
        Runtime(("XR_EXT_nothing",))


def test_the_doctor_finds_a_whole_runtime_well_and_says_what_is_missing(monado, person) -> None:
    findings = {finding.about: finding for finding in probe()}
    assert findings["OpenXR runtime"].found.startswith("Monado")
    assert findings["headset"].found == "Monado: Remote HMD"
    assert findings["hand tracking"].verdict is Verdict.OK
    assert findings["XR_KHR_composition_layer_depth"].verdict is Verdict.OK
    assert findings["XR_EXT_hand_tracking_data_source"].verdict is Verdict.LESS
    assert findings["XR_HTCX_vive_tracker_interaction"].verdict is Verdict.LESS
    assert "a controller can be strapped on" in findings["XR_HTCX_vive_tracker_interaction"].found
    assert findings["body tracking"].verdict is Verdict.LESS
    assert "vrrehab tracker mount" in findings["body tracking"].remedy


def test_the_doctor_says_that_a_headset_tracks_no_hands(reach) -> None:
    reach(Motion.SIMULATED, Compositor.NONE)
    hands = next(finding for finding in probe() if finding.about == "hand tracking")
    assert hands.verdict is Verdict.LESS
    assert "controllers only" in hands.found


def test_a_runtime_lost_while_frames_are_drawn_never_reaches_the_caller(sit, monado) -> None:
    sitting = sit(multisamples=4, spectator=True)
    sitting.until(lambda: StateChanged(State.FOCUSED) in sitting.events)
    frame = sitting.display.wait()
    monado.kill()
    sitting.source.locate(frame.display_time_ns, sitting.view.virtual)
    sitting.display.draw(frame, sitting.view)
    sitting.until(lambda: any(isinstance(event, Lost) for event in sitting.events))
