from __future__ import annotations

import itertools
import statistics

from vrrehab.xr.headset import Connected
from vrrehab.xr.session import State, StateChanged


def states(events: list) -> list[State]:
    return [event.state for event in events if isinstance(event, StateChanged)]


def test_a_session_reaches_the_wearers_eyes_and_leaves_as_the_runtime_wants_it(sit) -> None:
    sitting = sit()
    sitting.until_seen()
    assert states(sitting.events) == [State.IDLE, State.READY, State.SYNCHRONIZED, State.VISIBLE, State.FOCUSED]
    assert isinstance(sitting.events[0], Connected)
    assert sitting.events[0].hand_tracking
    assert sitting.events[0].reference_space == "local_floor"
    assert 10 < sitting.events[0].display_rate_hz < 1000

    session = sitting.headset.link.session
    sitting.display.close()
    assert session.state in (State.STOPPING, State.IDLE, State.EXITING)
    assert sitting.headset.link is None
    assert sitting.display.wait() is None
    sitting.display.close()  # once more is no trouble


def test_frames_are_numbered_and_predicted_ahead_of_now(sit) -> None:
    sitting = sit()
    sitting.until_seen()
    assert [frame.number for frame in sitting.frames] == list(range(1, len(sitting.frames) + 1))
    for earlier, later in itertools.pairwise(sitting.frames):
        assert later.display_time_ns > earlier.display_time_ns
    mono_ns, display_ns, utc_ns = sitting.display.read_clocks()
    assert utc_ns > 1_700_000_000 * 10**9
    ahead_ns = [frame.display_time_ns - (frame.mono_ns + display_ns - mono_ns) for frame in sitting.frames]
    drawn_ns = [ahead for ahead, frame in zip(ahead_ns, sitting.frames, strict=True) if frame.should_draw]
    # A busy machine may begin one after it should have been seen.
    assert 0 < statistics.median(drawn_ns) <= max(drawn_ns) < 10**9


def test_when_the_runtime_asks_to_exit_the_display_ends(sit) -> None:
    import xr

    sitting = sit()
    sitting.until_seen()
    xr.request_exit_session(sitting.headset.link.session.handle)
    for _ in range(200):
        if sitting.frame() is None:
            break
    assert states(sitting.events)[-1] is State.EXITING


def test_the_validation_layer_finds_nothing_wrong(sit, person) -> None:
    from vrrehab.body.skeleton import Side

    sitting = sit(validate=True, multisamples=4)
    sitting.until_seen()
    person.lose(Side.LEFT)
    sitting.until(lambda: len(sitting.frames) > 30)
    runtime = sitting.headset.link.runtime
    assert "XR_EXT_debug_utils" in runtime.extensions
    sitting.display.close()
    assert runtime.messages == []
