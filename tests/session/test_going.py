"""Another place while a session runs: made ready, gone to behind a mist, on record from the frame when it is there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import pairwise

import pytest

from telemetry.messages import SettingChanged, TaskEnded, TaskStarted
from vrrehab.session.fade import REST_S
from vrrehab.session.going import VEIL_S, Going, Journey
from vrrehab.session.loop import run
from vrrehab.session.plan import make_plan
from vrrehab.session.programme import load_programme
from vrrehab.session.sitting import Sitting
from vrrehab.session.view import Ambience
from vrrehab.session.way_out import STOP
from vrrehab.sources.scripted import ScriptedSource
from vrrehab.testing.clock import VirtualClock
from vrrehab.testing.display import SilentDisplay
from vrrehab.testing.participant import ScriptedParticipant

from .conftest import LOST_LEFT_HAND, Kept, Sat, Told

HZ = 20


class Workshop:
    """Makes each place in as many frames as it was told; what has a problem never is."""

    def __init__(self, frames: int, problem: str = "") -> None:
        self._frames, self._problem = frames, problem
        self.begun: list[str] = []
        self._left = 0

    def make(self, name: str) -> None:
        self.begun.append(name)
        self._left = self._frames

    def made(self, name: str) -> bool:
        assert name == self.begun[-1]
        self._left -= 1
        if self._left <= 0 and self._problem:
            raise ValueError(self._problem)
        return self._left <= 0


class Seen:
    """What became of a session in which a therapist gave commands before some frames, frame by frame."""

    def __init__(
        self,
        places: Workshop | None,
        commands: dict[int, Told],
        most_frames: int = 200,
        *,
        edits: Mapping[int, str] | None = None,
        stops_at: int = 0,
    ) -> None:
        """edits: the place whose file is saved before a frame. stops_at: when the participant presses Stop."""
        plan = make_plan(LOST_LEFT_HAND, load_programme("demo"), None, "scripted", 1)
        self.record = Kept()
        source = Presses(ScriptedParticipant.of(plan), stops_at)
        self.sitting = Sitting(plan, source, self.record, "none", places=places)
        self.edited: list[bool] = []
        self.ambience: list[Ambience] = []
        frames = iter(range(1, most_frames + 1))

        def tell() -> Iterable[Told]:
            if self.sitting.view.ambience.place:
                self.ambience.append(replace(self.sitting.view.ambience))
            frame = next(frames)
            if edits and frame in edits:
                self.edited.append(self.sitting.place_edited(edits[frame], "the place's file"))
            return [commands[frame]] if frame in commands else []

        run(self.sitting, SilentDisplay(VirtualClock(), HZ, most_frames), tell)

    def changes(self) -> list[SettingChanged]:
        return [change for change in self.record.of(SettingChanged) if change.name == "place"]


def to(place: str) -> Told:
    return Told("set", {"name": "place", "value": place})


def test_the_mist_comes_once_the_place_is_ready_and_the_answer_is_the_frame_in_which_it_is_there() -> None:
    order = to("garden")
    seen = Seen(Workshop(frames=10), {30: order})
    (change,) = seen.changes()
    assert (change.who, change.old, change.new) == ("therapist", "therapy_room", "garden")
    assert order.answer == f"applied {change.applied_frame}"
    # Ten frames to make it, then the mist; frames are looked at before the next one.
    ready = 30 + 9
    assert change.applied_frame - ready in (VEIL_S * HZ - 1, VEIL_S * HZ), "sums of fractions may take a frame more"
    veils = [each.veil for each in seen.ambience]
    assert max(veils[:ready]) == 0.0
    assert veils[change.applied_frame] == 1.0
    assert {each.place for each in seen.ambience[: change.applied_frame]} == {"therapy_room"}
    assert {each.place for each in seen.ambience[change.applied_frame :]} == {"garden"}
    assert veils[change.applied_frame :].count(1.0) >= REST_S * HZ, "it is there for a while before the mist lifts"
    steps = [abs(b - a) for a, b in pairwise(veils)]
    assert max(steps) <= 1.01 / (VEIL_S * HZ)
    assert veils[-1] == 0.0
    assert seen.sitting.settings["place"] == "garden"
    began, arrived = seen.record.named("place")
    assert began.detail == {"name": "therapy_room"}
    assert arrived.detail == {"name": "garden", "who": "therapist"}


def test_a_place_that_cannot_be_made_is_refused_with_the_reason_and_the_session_stays() -> None:
    order = to("beach")
    seen = Seen(Workshop(frames=5, problem="beach.toml:3: expected a colour"), {30: order})
    assert order.answer == "refused: beach.toml:3: expected a colour"
    assert [event.detail["reason"] for event in seen.record.named("place_refused")] == [
        "beach.toml:3: expected a colour"
    ]
    assert not seen.changes()
    assert {(each.place, each.veil) for each in seen.ambience} == {("therapy_room", 0.0)}


@pytest.mark.parametrize(("meanwhile", "there"), [("beach", "beach"), ("therapy_room", "therapy_room")])
def test_whoever_thinks_better_of_it_is_taken_at_the_last_word(meanwhile: str, there: str) -> None:
    first, second = to("garden"), to(meanwhile)
    seen = Seen(Workshop(frames=2), {30: first, 40: second})
    assert first.answer.startswith("refused: ")
    assert meanwhile in first.answer
    assert second.answer.startswith("applied ")
    assert seen.sitting.settings["place"] == there
    assert {each.place for each in seen.ambience} == {"therapy_room", there}
    assert seen.ambience[-1].veil == 0.0


def test_after_stop_the_session_stays_where_it_is() -> None:
    order = to("garden")
    Seen(None, {30: Told("stop"), 32: order})
    assert order.answer == "refused: the session was stopped, and stays where it is"


def test_a_session_that_is_stopped_on_its_way_stays_where_it_is() -> None:
    order = to("garden")
    seen = Seen(Workshop(frames=2), {30: order, 38: Told("stop")})
    assert order.answer == "refused: the session was stopped, and stays where it is"
    assert {each.place for each in seen.ambience} == {"therapy_room"}
    assert max(each.veil for each in seen.ambience) > 0.0
    assert not seen.changes()


@pytest.mark.parametrize("every", [1, 2, 3, 5, 8, 13])
def test_a_journey_that_is_given_up_leaves_the_mist_lifting_at_once_and_never_quickly_again(every: int) -> None:
    going, ambience, veils = Going(None), Ambience(), []
    for frame in range(20 * HZ):
        if frame % (2 * every) == 0:
            going.begin(Journey("garden", "therapist"))
        if frame % (2 * every) == every:
            given_up_at = ambience.veil
            going.give_up("thought better of it")
        going.step(1 / HZ, ambience)
        veils.append(ambience.veil)
        if frame == every:
            assert 0.0 <= ambience.veil < given_up_at, "at once"
    assert ambience.arrivals == 0
    came = sum(before < here >= after for before, here, after in zip(veils, veils[1:], veils[2:], strict=False))
    assert 1 <= came <= 20.0 / REST_S
    assert max(abs(b - a) for a, b in pairwise(veils)) <= 1.01 / (VEIL_S * HZ)


class Presses(ScriptedSource):
    """A participant who presses Stop on a controller, once, at this many located frames."""

    def __init__(self, participant: ScriptedParticipant, at: int) -> None:
        super().__init__(participant)
        self._left = at

    def pressed(self) -> Iterable[str]:
        self._left -= 1
        return [STOP] if self._left == 0 else []


def test_who_stops_on_the_way_rests_where_they_were_and_goes_there_only_when_it_is_asked_for_anew() -> None:
    order, again = to("garden"), to("garden")
    seen = Seen(Workshop(frames=2), {30: order, 60: Told("resume", who="dr_a"), 70: again}, stops_at=38)
    assert order.answer == "refused: the session was stopped, and stays where it is"
    (calm,) = seen.record.named("calm")
    assert calm.detail == {"who": "participant", "reason": "participant"}
    (change,) = seen.changes()
    assert again.answer == f"applied {change.applied_frame}"
    before = seen.ambience[: change.applied_frame]
    assert {each.place for each in before} == {"therapy_room"}
    veils = [each.veil for each in before]
    assert 0.0 < max(veils[:40]) < 0.8, "the mist of the way had begun to come"
    assert max(veils[40:69]) < max(veils[:40]), "and lifts while that of the calm scene comes"


def test_a_place_whose_file_is_saved_on_the_way_there_is_made_once_more_and_gone_to() -> None:
    order, places = to("garden"), Workshop(frames=10)
    seen = Seen(places, {30: order}, edits={35: "garden", 37: "therapy_room", 38: "beach"})
    assert places.begun == ["garden", "garden"], "the place that is left and others are read when they are gone to"
    assert seen.edited == [True, False, False]
    (change,) = seen.changes()
    assert order.answer == f"applied {change.applied_frame}"
    assert seen.sitting.settings["place"] == "garden"


def test_a_place_whose_file_is_saved_while_it_is_shown_is_gone_to_anew() -> None:
    places = Workshop(frames=10)
    seen = Seen(places, {}, edits={35: "garden", 37: "therapy_room"})
    assert places.begun == ["therapy_room"]
    assert seen.edited == [False, True]
    assert (seen.ambience[-1].arrivals, seen.ambience[-1].place) == (1, "therapy_room")
    assert not seen.changes(), "it is the same place"


def test_whoever_waits_when_the_session_ends_is_told_so() -> None:
    order = to("garden")
    Seen(Workshop(frames=1000), {30: order}, most_frames=60)
    assert order.answer == "refused: the session is over"


def test_a_place_that_is_none_is_refused_at_once() -> None:
    order = to("moon")
    Seen(None, {30: order}, most_frames=60)
    assert order.answer == "refused: place expects one of beach, garden, therapy_room, got 'moon'"


def test_a_task_goes_on_while_its_place_changes(sit: Callable[..., Sat]) -> None:
    def tell(sitting: Sitting, frame: int) -> Iterable[Told]:
        run = sitting.conductor.performing.run
        if run is not None and run.repetitions == 1 and sitting.view.ambience.arrivals == 0 and not order.answer:
            return () if sitting._going.to else [order]
        return ()

    order, plain = to("beach"), sit(rate_hz=HZ, most_frames=30 * HZ)
    sat = sit(rate_hz=HZ, most_frames=30 * HZ, tell=tell)
    (change,) = [change for change in sat.record.of(SettingChanged) if change.name == "place"]
    first = sat.record.of(TaskStarted)[0]
    assert first.mono_ns < change.mono_ns
    assert len(sat.record.of(TaskEnded)) > 1
    # What is counted, and how long it takes, is as it would have been.
    assert [(end.repetitions, end.duration_s) for end in sat.record.of(TaskEnded)] == [
        (end.repetitions, end.duration_s) for end in plain.record.of(TaskEnded)
    ]


def test_the_same_place_anew_is_gone_to_as_another_one_is() -> None:
    going, ambience = Going(None), Ambience(place="garden")
    going.begin(Journey("garden", "the place's file"))
    arrived = [going.step(0.05, ambience) for _ in range(100)]
    assert [journey.place for journey in arrived if journey is not None] == ["garden"]
    assert (ambience.arrivals, ambience.veil) == (1, 0.0)
