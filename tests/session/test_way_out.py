"""What the participant can do at any time: stop, hide and cover the limb, without any help and never by accident."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest

from telemetry import messages
from vrrehab import geometry
from vrrehab.body.skeleton import HEAD, Body, Provenance, Side, joint
from vrrehab.session.settings import Settings
from vrrehab.session.sitting import Sitting
from vrrehab.session.view import View
from vrrehab.session.way_out import COVER, HIDE, STOP, WayOut
from vrrehab.sources.recording import RecordingSource
from vrrehab.sources.scripted import ScriptedSource
from vrrehab.testing.participant import ScriptedParticipant

from .conftest import LOST_LEFT_HAND, Sat, Told

SHORT = "tests/session/short_arm.toml"
EYES = np.array([0.0, 1.2, 0.0])
FRAME_S = 1 / 36


def looking_at(point: np.ndarray) -> Body:
    """A head that looks at a place, and a hand in the lap."""
    body = Body.unseen()
    way = point - EYES
    turn = geometry.yaw(np.arctan2(-way[0], -way[2]))
    half = np.arctan2(way[1], np.hypot(way[0], way[2])) / 2
    nod = np.array([np.sin(half), 0.0, 0.0, np.cos(half)])
    body.poses[HEAD] = geometry.pose(EYES, geometry.quaternion_multiply(turn, nod))
    body.provenance[HEAD] = Provenance.SCRIPTED
    return body


AHEAD = looking_at(np.array([0.0, 1.0, -1.0]))


@pytest.fixture
def way_out() -> WayOut:
    made = WayOut(Settings(), (Side.RIGHT,), str)
    assert made.step(FRAME_S, AHEAD, False, True) == ""
    return made


def place_of(way_out: WayOut, name: str) -> np.ndarray:
    assert way_out.panel is not None
    button = next(each for each in way_out.panel.buttons if each.name == name)
    return geometry.apply(way_out.panel.pose, np.array([button.x, button.y, 0.0]))


def held(way_out: WayOut, body: Body, seconds: float, selecting: bool = False) -> list[str]:
    told = [way_out.step(FRAME_S, body, selecting, True) for _ in range(round(seconds / FRAME_S))]
    return [each for each in told if each]


@pytest.mark.parametrize("name", [STOP, HIDE, COVER])
def test_a_look_that_rests_presses_once_and_again_only_after_it_has_moved_on(way_out: WayOut, name: str) -> None:
    body = looking_at(place_of(way_out, name))
    held(way_out, looking_at(place_of(way_out, name) + np.array([0.0, 0.15, 0.0])), 0.1)
    assert held(way_out, body, 1.3) == []
    assert held(way_out, body, 3.0) == [name]
    held(way_out, AHEAD, 0.1)
    held(way_out, looking_at(place_of(way_out, name) + np.array([0.0, 0.15, 0.0])), 0.1)
    assert held(way_out, body, 2.0) == [name]


def test_a_button_that_is_looked_at_is_pressed_at_once_by_select_and_by_touch(way_out: WayOut) -> None:
    body = looking_at(place_of(way_out, STOP))
    held(way_out, body, 0.1)
    assert held(way_out, body, 0.1, selecting=True) == [STOP]
    assert held(way_out, AHEAD, 0.5, selecting=True) == [], "elsewhere select is for the task"
    tip = joint(Side.RIGHT, "index_tip")
    held(way_out, body, 0.1)
    body.poses[tip] = geometry.pose(place_of(way_out, HIDE))
    body.provenance[tip] = Provenance.SCRIPTED
    assert held(way_out, body, 0.1) == [HIDE]


def test_looking_far_up_for_two_seconds_stops_and_a_glance_does_not(way_out: WayOut) -> None:
    up = looking_at(EYES + np.array([0.0, 1.0, -0.6]))
    assert held(way_out, up, 1.8) == []
    held(way_out, AHEAD, 0.1)
    assert held(way_out, up, 2.1) == [STOP]
    assert held(way_out, looking_at(EYES + np.array([0.0, 0.8, -1.0])), 5.0) == [], "the top of a tree is not so far up"


def test_it_may_be_on_the_other_side_or_away_and_looking_up_may_be_left_out() -> None:
    settings = Settings()
    settings.change("way_out_side", "left")
    way_out = WayOut(settings, (), str)
    way_out.step(FRAME_S, AHEAD, False, True)
    assert way_out.panel is not None
    assert way_out.panel.pose[0] < 0
    settings.change("way_out_side", "off")
    settings.change("look_up_to_stop", False)
    assert held(way_out, looking_at(EYES + np.array([0.0, 1.0, -0.1])), 5.0) == []
    assert way_out.panel is None


def test_where_no_limb_is_shown_there_is_stop_alone() -> None:
    way_out = WayOut(Settings(), (), str)
    way_out.step(FRAME_S, AHEAD, False, False)
    assert way_out.panel is not None
    assert [button.name for button in way_out.panel.buttons] == [STOP]


class Looks(ScriptedParticipant):
    """Looks at a button of the panel from a moment on, whatever else is asked."""

    def __init__(self, name: str, from_s: float) -> None:
        super().__init__(1, Side.RIGHT)
        self._name, self._from_s = name, from_s

    def see(self, view: View) -> None:
        super().see(view)
        if self.now_s > self._from_s and view.way_out is not None:
            button = next(each for each in view.way_out.buttons if each.name == self._name)
            self.look_at(self.seen_at(geometry.apply(view.way_out.pose, np.array([button.x, button.y, 0.0]))))


def test_who_looks_at_stop_freezes_the_limb_in_that_frame_and_rests_until_the_therapist_goes_on(
    sit: Callable[..., Sat],
) -> None:
    resume = Told("resume", who="anna")
    frozen: list[bool] = []

    def tell(sitting: Sitting, frame: int) -> Iterable[Told]:
        frozen.append(sitting.conductor.guard.frozen)
        return (resume,) if sum(frozen) == 80 and not resume.answer else ()

    sat = sit(SHORT, participant=Looks("stop", 12.0), tell=tell, rate_hz=36.0, most_frames=1200)
    (calm, *_) = sat.record.named("calm")
    assert (calm.detail["who"], calm.detail["reason"]) == ("participant", "participant")
    first = frozen.index(True)
    virtual = sat.record.motion()["virtual"]
    during = virtual[first : first + 70]
    assert np.array_equal(during, np.broadcast_to(virtual[first - 1], during.shape), equal_nan=True)
    assert sat.record.named("restarted")[0].detail == {"who": "anna", "after": "participant"}
    assert not np.array_equal(virtual[first + 140], virtual[first - 1], equal_nan=True), "and then it moves again"


def test_who_looks_at_cover_has_it_covered_on_record(sit: Callable[..., Sat]) -> None:
    sat = sit(SHORT, participant=Looks("cover", 12.0), rate_hz=36.0, most_frames=700)
    changes = [(event.who, event.name, event.new) for event in sat.record.of(messages.SettingChanged)]
    assert changes == [("participant", "limb_covered", True)]


@pytest.mark.parametrize("programme", ["hand", "foot"])
def test_nobody_who_does_their_tasks_and_answers_presses_it(sit: Callable[..., Sat], programme: str) -> None:
    profile = LOST_LEFT_HAND
    if programme == "foot":
        lost = messages.LimbLoss(limb="foot", side="left", level="ankle")
        profile = messages.Profile(code="P001", limb_losses=(lost,))
    sat = sit(programme, profile=profile, rate_hz=20.0, most_frames=20 * 80)
    assert sat.record.of(messages.TaskStarted)
    assert sat.record.of(messages.SettingChanged) == sat.record.named("calm") == []


def test_a_person_on_record_never_pressed_it(sit: Callable[..., Sat], quest3_capture: Path) -> None:
    sat = sit("demo", source=RecordingSource(quest3_capture), origin="recording", rate_hz=36.0, most_frames=720)
    assert sat.record.of(messages.SettingChanged) == sat.record.named("calm") == []


def test_stop_is_heard_while_the_scene_comes_back(sit: Callable[..., Sat]) -> None:
    source = Presses(ScriptedParticipant(1, Side.RIGHT))

    def tell(sitting: Sitting, frame: int) -> Iterable[Told]:
        if frame == 160:
            # Resumed in frame 150, it comes back over half a second; in this frame alone the button goes down.
            assert 0.0 < sitting.view.calm < 1.0
            source.press(STOP)
        return {60: (Told("calm"),), 150: (Told("resume", who="anna"),)}.get(frame, ())

    sat = sit(SHORT, source=source, tell=tell, rate_hz=36.0, most_frames=200)
    assert [event.detail["who"] for event in sat.record.named("calm")] == ["therapist", "participant"]
    assert sat.sitting.view.calm == 1.0


class Presses(ScriptedSource):
    """Presses buttons of a controller at moments of the session."""

    def __init__(self, participant: ScriptedParticipant, **at_s: float) -> None:
        super().__init__(participant)
        self._at_s = at_s
        self._pressed: list[str] = []

    def press(self, name: str) -> None:
        """In the next frame that is located, and in no other."""
        self._at_s[name] = 0.0

    def locate(self, display_time_ns: int, body: Body) -> None:
        super().locate(display_time_ns, body)
        self._pressed = [name for name, at_s in self._at_s.items() if self.participant.now_s >= at_s]
        for name in self._pressed:
            del self._at_s[name]

    def pressed(self) -> list[str]:
        return self._pressed


def test_one_press_on_a_controller_hides_covers_and_stops(sit: Callable[..., Sat]) -> None:
    source = Presses(ScriptedParticipant(1, Side.RIGHT), hide=12.0, cover=13.0, stop=14.0)
    frozen: list[bool] = []

    def tell(sitting: Sitting, frame: int) -> Iterable[Told]:
        frozen.append(sitting.conductor.guard.frozen)
        return ()

    sat = sit(SHORT, source=source, tell=tell, rate_hz=36.0, most_frames=620)
    changes = [(event.who, event.name, event.new) for event in sat.record.of(messages.SettingChanged)]
    assert changes == [("participant", "limb_hidden", True), ("participant", "limb_covered", True)]
    (calm,) = sat.record.named("calm")
    assert (calm.detail["who"], calm.detail["reason"]) == ("participant", "participant")
    assert frozen[-1]
    assert sat.sitting.view.calm == 1.0
