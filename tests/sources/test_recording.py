"""A real Quest 3 recording, played as it was: nothing held, nothing made up, between its frames a straight line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from vrrehab import geometry
from vrrehab.body.skeleton import HAND, HEAD, Body, Provenance, Side, joint
from vrrehab.errors import BadRecording
from vrrehab.session.view import View
from vrrehab.sources.recording import RecordingSource

LEFT, RIGHT = Side.LEFT, Side.RIGHT
BEGINS_NS = 7_000_000_000_000


@pytest.fixture
def source(quest3_capture: Path) -> RecordingSource:
    source = RecordingSource(quest3_capture)
    source.locate(BEGINS_NS, Body.unseen())
    return source


def located(source: RecordingSource, at_s: float) -> Body:
    body = Body.unseen()
    source.locate(BEGINS_NS + round(at_s * 1e9), body)
    return body


@pytest.mark.parametrize(
    ("from_s", "to_s", "left", "right"),
    [
        (0.0, 10.64, False, False),  # controllers
        (10.67, 14.39, True, True),
        (14.42, 15.39, False, True),  # the left hand really lost
        (15.43, 19.12, True, True),
        (19.15, 20.06, False, False),  # controllers again
    ],
)
def test_hands_are_there_exactly_while_the_headset_saw_them(source, from_s, to_s, left, right) -> None:
    for at_s in np.linspace(from_s, to_s, 60):
        body = located(source, at_s)
        assert body.provenance[HEAD] == Provenance.MEASURED
        for side, there in ((LEFT, left), (RIGHT, right)):
            expected = Provenance.MEASURED if there else Provenance.NONE
            assert np.all(body.provenance[HAND[side]] == expected), at_s
            assert np.all(np.isfinite(body.poses[HAND[side]])) == there
    assert not source.exhausted


def test_joints_lie_in_the_room_and_the_hand_is_the_hand_it_was(source) -> None:
    for at_s in np.linspace(10.7, 14.3, 40):
        body = located(source, at_s)
        for side in Side:
            hand = body.poses[HAND[side]]
            assert np.allclose(np.linalg.norm(hand[:, 3:], axis=1), 1.0, atol=1e-12)
            proximal, intermediate = (body.poses[joint(side, f"index_{b}"), :3] for b in ("proximal", "intermediate"))
            assert np.linalg.norm(intermediate - proximal) == pytest.approx(0.0379, abs=0.0015)
            assert np.linalg.norm(hand[1, :3] - body.poses[HEAD, :3]) < 0.8, "within an arm's length of the head"
            palm, metacarpal, knuckle = (
                body.poses[joint(side, name)] for name in ("palm", "middle_metacarpal", "middle_proximal")
            )
            assert np.allclose(palm[:3], (metacarpal[:3] + knuckle[:3]) / 2, atol=1e-3)
            assert geometry.angle_between(palm[3:], metacarpal[3:]) < 1e-6


def test_a_frame_is_played_as_it_was_recorded(source, quest3_capture: Path) -> None:
    data = json.loads(quest3_capture.read_text())
    names = dict(data["schema"])
    frame = next(f for f in data["frames"] if len(f) == 10 and names[f[8][0]]["hasHand"])
    body = located(source, (frame[0] - data["frames"][0][0]) / 1e3)
    assert np.allclose(body.poses[HEAD, :3], frame[1:4])
    for values in frame[8:]:
        side = Side(names[values[0]]["handedness"])
        ray = np.array(values[1:8], float)
        ray[3:] /= np.linalg.norm(ray[3:])
        told = np.array(values[9], float).reshape(25, 8)
        # WebXR's 25 joints are OpenXR's without the palm, in the same order.
        expected = ray[:3] + told[:, :3] @ geometry.rotation_matrices(ray[3:]).T
        assert np.allclose(body.poses[HAND[side]][1:, :3], expected, atol=1e-9)


def test_the_last_frame_before_a_loss_is_played_and_nothing_after_it(source) -> None:
    seen = [located(source, time_ns / 1e9).has(joint(LEFT, "wrist")) for time_ns in source.times_ns]
    last = next(i for i in range(len(seen) - 1) if seen[i] and not seen[i + 1])
    at_ns = int(source.times_ns[last])
    assert at_ns / 1e9 == pytest.approx(14.40, abs=0.01)
    body = Body.unseen()
    source.locate(BEGINS_NS + at_ns + 1, body)
    assert np.all(body.provenance[HAND[LEFT]] == Provenance.NONE)
    assert np.all(np.isnan(body.poses[HAND[LEFT]]))


def test_between_two_frames_it_is_on_the_way(source) -> None:
    first, second = (source.times_ns[i] for i in (1000, 1001))
    a, middle, b = (located(source, t / 1e9) for t in (first, (first + second) / 2, second))
    assert np.allclose(middle.poses[HAND[LEFT], :3], (a.poses[HAND[LEFT], :3] + b.poses[HAND[LEFT], :3]) / 2, atol=1e-7)
    turn = geometry.angle_between(a.poses[HAND[LEFT], 3:], b.poses[HAND[LEFT], 3:])
    half = geometry.angle_between(a.poses[HAND[LEFT], 3:], middle.poses[HAND[LEFT], 3:])
    assert np.allclose(half, turn / 2, atol=1e-6)


def test_no_hand_jumps_between_frames_whatever_the_display_rate(source) -> None:
    before = None
    for at_s in np.arange(15.42, 19.1, 1 / 500):
        wrist = located(source, at_s).poses[joint(RIGHT, "wrist")]
        if before is not None:
            assert np.linalg.norm(wrist[:3] - before[:3]) < 2.5 / 500
            assert geometry.angle_between(wrist[3:], before[3:]) < 0.2
        before = wrist.copy()


def test_it_begins_with_the_first_time_it_is_asked_for_or_where_it_is_told_to(quest3_capture: Path) -> None:
    late = RecordingSource(quest3_capture, start_s=12.0)
    body = Body.unseen()
    late.locate(123, body)
    whole = RecordingSource(quest3_capture)
    whole.locate(0, Body.unseen())
    expected = Body.unseen()
    whole.locate(12_000_000_000, expected)
    assert np.array_equal(body.poses, expected.poses, equal_nan=True)


def test_after_its_end_nothing_is_seen_and_it_says_so(source) -> None:
    assert source.duration_s == pytest.approx(20.066, abs=0.001)
    assert located(source, source.duration_s).has(HEAD)
    assert not source.exhausted
    body = located(source, source.duration_s + 0.001)
    assert source.exhausted
    assert np.all(body.provenance == Provenance.NONE)
    assert np.all(np.isnan(body.poses))


def test_it_is_a_recording_that_looks_at_nothing(source) -> None:
    source.see(View(Body.unseen()))
    assert source.origin == "recording"
    assert source.selecting() is False


@pytest.mark.parametrize("start_s", [-1.0, 21.0])
def test_a_start_outside_the_recording_is_refused(quest3_capture: Path, start_s: float) -> None:
    with pytest.raises(ValueError, match=r"expected a start of 0 to 20\.07 s"):
        RecordingSource(quest3_capture, start_s)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"time,x,y\n0,1,2\n", "it is not JSON"),
        (b"\xff\xfe", "it is not JSON"),
        (b"[1, 2]", 'it has no "schema" and "frames"'),
        (b'{"schema": [], "frames": []}', 'it has no "schema" and "frames"'),
        (b'{"schema": [], "frames": [[0, 1, 2]]}', "its content is not as expected"),
        (b'{"schema": [], "frames": [[0, 0, 0, 0, 3, 0, 0, 1]]}', "no unit quaternion"),
        (b'{"schema": [], "frames": [[5, 0, 0, 0, 0, 0, 0, 1], [5, 0, 0, 0, 0, 0, 0, 1]]}', "do not rise"),
        (b'{"schema": [[0, {"handedness": "none"}]], "frames": [[0, 0, 0, 0, 0, 0, 0, 1]]}', "not as expected"),
    ],
)
def test_another_format_is_refused_with_a_reason(tmp_path: Path, content: bytes, what: str) -> None:
    path = tmp_path / "walk.json"
    path.write_bytes(content)
    with pytest.raises(BadRecording) as caught:
        RecordingSource(path)
    assert str(caught.value).startswith("Expected a WebXR capture of a Meta Quest 3")
    assert what in str(caught.value)


def test_a_missing_file_is_refused_with_a_reason(tmp_path: Path) -> None:
    with pytest.raises(BadRecording, match="it cannot be read"):
        RecordingSource(tmp_path / "nowhere.json")


def test_a_controllers_select_is_played(tmp_path: Path) -> None:
    controller = {"handedness": "left", "hasGrip": True, "hasHand": False}
    still = [0, 0, 0, 0, 0, 0, 1]
    frames = [[t, *still, [0, *still, still, [[pressed, 0, 0], 0]]] for t, pressed in ((0, 0), (100, 1), (200, 0))]
    path = tmp_path / "capture.json"
    path.write_text(json.dumps({"schema": [[0, controller]], "frames": frames}))
    source = RecordingSource(path)
    down = []
    for ms in (0, 50, 100, 150, 199, 200):
        source.locate(ms * 1_000_000, Body.unseen())
        down.append(source.selecting())
    assert down == [False, False, True, True, True, False]
