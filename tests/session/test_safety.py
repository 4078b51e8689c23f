"""What watches over a person: pain, sickness, time, and a console that is not there any more."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from msgspec.structs import replace

from telemetry import messages
from vrrehab.body.skeleton import Side
from vrrehab.session.commands import KEYS, press
from vrrehab.session.safety import Concern, Response, Safety
from vrrehab.session.settings import Settings
from vrrehab.session.sitting import Sitting
from vrrehab.testing.participant import FadingPain, ScriptedParticipant

from .conftest import LOST_LEFT_HAND, Sat, Told

SHORT = "tests/session/short_arm.toml"


#: Few frames a second are enough for what is looked at here.
RATE_HZ = 36


@pytest.fixture
def sit(sit: Callable[..., Sat]) -> Callable[..., Sat]:
    return functools.partial(sit, rate_hz=RATE_HZ)


class Says(FadingPain):
    """Rates as it is told to, the last one over and over."""

    def __init__(self, *answers: int) -> None:
        super().__init__(1)
        self._answers = list(answers)

    def rate(self) -> int:
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


def hurting(*answers: int) -> ScriptedParticipant:
    return ScriptedParticipant(1, Side.RIGHT, pain=Says(*answers))


class Therapist:
    """Tells what is due so many frames after the calm scene came, and keeps what was seen of it."""

    def __init__(self, *due: tuple[int, Told]) -> None:
        self._due = list(due)
        self.calm: list[float] = []
        self.notices: set[str] = set()
        self.runs: list[int] = []

    def __call__(self, sitting: Sitting, frame: int) -> Iterable[Told]:
        self.calm.append(sitting.view.calm)
        self.runs.append(sitting.conductor.ledger.run_number)
        if not sitting.conductor.guard.calm.reason:
            return ()
        self.notices.add(sitting.view.notice)
        self._due = [(frames - 1, told) for frames, told in self._due]
        return [told for frames, told in self._due if frames == 0]


def rated(*values: tuple[str, str, float], ceiling: float | None = 6.0) -> tuple[Safety, list[Concern]]:
    """A session's safety after ratings (site, scale, value) one after the other, and everything that it found."""
    safety, found = Safety(Settings(), ceiling), []
    for number, (site, scale, value) in enumerate(values):
        name = f"r{number}"
        of_site = site in get_args(messages.Site)
        asked = messages.RatingAsked(
            mono_ns=0, rating_id=name, task_run_id=None, phase="before",
            site=site if of_site else "other", scale=scale, item="" if of_site else site,
        )  # fmt: skip
        safety.hear(asked)
        safety.hear(
            messages.RatingAnswered(mono_ns=0, rating_id=name, status="given", value=value, source="participant")
        )
        found += safety.step(1.0, True)
    return safety, found


def pain(*values: float) -> list[tuple[str, str, float]]:
    return [("PLP", "NRS-11", value) for value in values]


def sickness(*values: float) -> list[tuple[str, str, float]]:
    return [("sickness", "FMS-20", value) for value in values]


@pytest.mark.parametrize(
    ("ratings", "expected"),
    [
        (pain(2, 3), []),
        (pain(2, 4), [Concern(Response.PROMPT, "pain_prompt_rise", 2.0, 2.0)]),
        (pain(2, 5), [Concern(Response.CALM, "pain_calm_rise", 3.0, 3.0)]),
        (pain(5, 6), [Concern(Response.CALM, "pain_ceiling", 6.0, 6.0)]),
        (pain(5, 9), [Concern(Response.CALM, "pain_ceiling", 9.0, 6.0)]),
        ([("RLP", "NRS-11", 1), ("PLP", "NRS-11", 4), ("RLP", "NRS-11", 3)],
         [Concern(Response.PROMPT, "pain_prompt_rise", 2.0, 2.0)]),
        ([("PLS", "NRS-11", 1), ("PLS", "NRS-11", 10)], []),
        ([("effort", "NRS-11", 1), ("effort", "NRS-11", 10)], []),
        (sickness(0, 4), []),
        (sickness(1, 6), [Concern(Response.CALM, "sickness_calm_rise", 5.0, 5.0)]),
        (sickness(8, 10), [Concern(Response.CALM, "sickness_calm_at", 10.0, 10.0)]),
        (sickness(8, 14), [Concern(Response.STOP, "sickness_stop_at", 14.0, 14.0)]),
    ],
)  # fmt: skip
def test_each_answer_has_the_response_that_the_rules_say(
    ratings: Sequence[tuple[str, str, float]], expected: list[Concern]
) -> None:
    assert rated(*ratings)[1] == expected


def test_without_a_ceiling_eight_is_the_limit() -> None:
    assert rated(*pain(7, 8), ceiling=None)[1] == [Concern(Response.CALM, "pain_calm_at", 8.0, 8.0)]


@pytest.mark.parametrize(
    ("which", "value", "expected"),
    [
        (2, 3.0, []),
        (2, 5.0, [Concern(Response.CALM, "pain_calm_rise", 3.0, 3.0)]),
        (2, 9.0, [Concern(Response.CALM, "pain_ceiling", 9.0, 6.0)]),
        (0, 1.0, [Concern(Response.PROMPT, "pain_prompt_rise", 2.0, 2.0)]),
        (0, 0.0, [Concern(Response.CALM, "pain_calm_rise", 3.0, 3.0)]),
        (1, 9.0, []),
    ],
)
def test_a_correction_of_the_first_or_the_last_score_has_the_response_that_the_rules_say(
    which: int, value: float, expected: list[Concern]
) -> None:
    safety, found = rated(*pain(2, 3, 3))
    assert found == []
    for old, new, corrected in ((f"r{which}", "new", value + 1.0), ("new", "newer", value)):
        event = messages.RatingCorrected(
            mono_ns=0, rating_id=new, supersedes=old, value=corrected, source="therapist", who="anna"
        )
        safety.hear(event)
        found = list(safety.step(1.0, True))
    assert found == expected


def test_a_score_that_is_corrected_to_a_flare_brings_the_calm_scene(sit: Callable[..., Sat]) -> None:
    correct = Told("correct", {"value": 9}, "anna")

    def tell(sitting: Sitting, frame: int) -> Iterable[Told]:
        if correct.answer or not sitting.conductor.ledger.answers:
            return ()
        correct.arguments["rating_id"] = f"{sitting.plan.session_id}-r01"
        return (correct,)

    sat = sit(SHORT, tell=tell, most_frames=300)
    (calm,) = sat.record.named("calm")
    assert (calm.detail["reason"], calm.detail["value"]) == ("pain_calm_at", 9.0)


def test_time_is_told_before_its_limit_and_then_the_session_winds_down_once() -> None:
    settings = Settings()
    settings.change("exposure_limit_min", 10.0)
    safety = Safety(settings, None)
    found = [(second, each) for second in range(700) for each in safety.step(1.0, exposed=second >= 60)]
    assert [(second, each.response, each.rule) for second, each in found] == [
        (60 + 7 * 60 - 1, Response.PROMPT, "exposure_limit_min"),
        (60 + 10 * 60 - 1, Response.WIND_DOWN, "exposure_limit_min"),
    ]
    assert safety.winding_down
    settings.change("exposure_limit_min", 20.0)
    assert not safety.winding_down, "a therapist put the limit further away"


def test_a_rise_of_two_is_told_to_the_therapist_and_the_session_goes_on(sit: Callable[..., Sat]) -> None:
    sat = sit(SHORT, participant=hurting(3, 5))
    assert sat.status == "completed"
    told = sat.record.named("safety_prompt")
    assert [event.detail["rule"] for event in told] == ["pain_prompt_rise"] * 3
    assert sat.record.named("calm") == []


def test_a_flare_brings_the_calm_scene_from_which_only_a_named_therapist_leads_back(sit: Callable[..., Sat]) -> None:
    nobody, skip, anna = Told("resume", who=" "), Told("skip"), Told("resume", who="anna")
    therapist = Therapist((100, nobody), (110, skip), (200, anna))
    sat = sit(SHORT, participant=hurting(3, 6, 4), tell=therapist)
    (calm,) = sat.record.named("calm")
    assert (calm.detail["reason"], calm.detail["value"], calm.detail["limit"]) == ("pain_calm_rise", 3.0, 3.0)
    assert nobody.answer == "refused: expected the name of whoever lets the session go on, got none"
    assert skip.answer == "refused: the calm scene is shown; resume or stop"
    (restarted,) = sat.record.named("restarted")
    assert restarted.detail == {"who": "anna", "after": "pain_calm_rise"}
    assert any("Your therapist is with you" in notice for notice in therapist.notices)
    steps = np.diff(therapist.calm)
    assert max(therapist.calm) == 1.0
    assert np.abs(steps).max() * RATE_HZ <= 1 / 0.5 + 1e-6, "it fades over half a second at least, there and back"
    assert sat.status == "completed"
    assert len(sat.record.of(messages.TaskStarted)) == 2


@pytest.fixture
def asks_for_sickness(tmp_path: Path) -> str:
    programme = tmp_path / "asks.toml"
    programme.write_text(
        'name = "asks"\ntitle = "Asks"\nmode = "mirror"\nplace = "therapy_room"\n'
        'ask = { before = ["sickness"] }\n[[blocks]]\ntitle = "One"\ntasks = [{ task = "open_close_hand" }]\n'
    )
    return str(programme)


def test_sickness_that_is_answered_in_the_session_stops_it(sit: Callable[..., Sat], asks_for_sickness: str) -> None:
    rate = Told("rate", {"value": 14})

    def tell(sitting: Sitting, frame: int) -> Iterable[Told]:
        return (rate,) if not rate.answer and sitting.conductor.ledger.awaiting else ()

    sat = sit(asks_for_sickness, tell=tell, settings={"calm_before_end_s": 1.0})
    (stop,) = sat.record.named("stop")
    assert stop.detail == {"who": "safety", "rule": "sickness_stop_at", "value": 14.0, "limit": 14.0}
    assert sat.status == "stopped"
    assert sat.record.of(messages.TaskStarted) == []


def test_the_persons_own_ceiling_comes_first(sit: Callable[..., Sat]) -> None:
    profile = replace(LOST_LEFT_HAND, pain_ceiling=5.0)
    sat = sit(SHORT, profile=profile, participant=hurting(4, 5), most_frames=1500)
    (calm,) = sat.record.named("calm")
    assert (calm.detail["reason"], calm.detail["limit"]) == ("pain_ceiling", 5.0)
    assert sat.status == "stopped", "the display ended; nobody let it go on"


def in_first_task(*due: tuple[int, Told]) -> Callable[[Sitting, int], Iterable[Told]]:
    """Tells what is due so many frames into the first task run."""
    waiting, began = dict(due), []

    def tell(sitting: Sitting, frame: int) -> Iterable[Told]:
        if not began and sitting.conductor.ledger.run_number == 1:
            began.append(frame)
        told = waiting.pop(frame - began[0], None) if began else None
        return (told,) if told else ()

    return tell


def test_a_task_that_the_calm_scene_ends_is_stopped_and_its_rating_asked_when_the_session_goes_on(
    sit: Callable[..., Sat],
) -> None:
    sat = sit(SHORT, tell=in_first_task((50, Told("calm")), (200, Told("resume"))))
    first, second = sat.record.of(messages.TaskEnded)
    assert (first.status, second.status) == ("stopped", "completed")
    asked = [event for event in sat.record.of(messages.RatingAsked) if event.phase == "after_task"]
    assert [event.task_run_id for event in asked] == [first.task_run_id, second.task_run_id]
    answers = {event.rating_id: event for event in sat.record.of(messages.RatingAnswered)}
    assert [(answers[a.rating_id].status, answers[a.rating_id].source) for a in asked] == [("given", "participant")] * 2


def test_what_the_therapist_enters_in_the_calm_scene_is_not_asked_again(sit: Callable[..., Sat]) -> None:
    rate = Told("rate", {"value": 5})
    sat = sit(SHORT, tell=in_first_task((50, Told("calm")), (120, rate), (200, Told("resume"))))
    asked = [event for event in sat.record.of(messages.RatingAsked) if event.phase == "after_task"]
    assert len(asked) == 2
    answered = next(e for e in sat.record.of(messages.RatingAnswered) if e.rating_id == asked[0].rating_id)
    assert (answered.value, answered.source) == (5.0, "therapist")
    assert sat.status == "completed"


def test_a_session_that_ends_in_the_calm_scene_keeps_the_question_as_interrupted(sit: Callable[..., Sat]) -> None:
    end = [(50, Told("calm")), (200, Told("stop")), (260, Told("stop"))]
    sat = sit(SHORT, tell=in_first_task(*end))
    assert sat.status == "stopped"
    assert sat.record.of(messages.RatingAnswered)[-1].status == "interrupted"
    assert [event.status for event in sat.record.of(messages.TaskEnded)] == ["stopped"]


def test_nothing_flashes_when_stop_comes_in_the_calm_scene(sit: Callable[..., Sat]) -> None:
    seen: list[float] = []
    told = in_first_task((20, Told("calm")), (60, Told("stop")))

    def tell(sitting: Sitting, frame: int) -> Iterable[Told]:
        seen.append(sitting.view.calm)
        return told(sitting, frame)

    sit(SHORT, tell=tell, settings={"calm_before_end_s": 2.0})
    assert min(np.diff(seen)) >= 0.0


def test_stop_pressed_again_within_two_seconds_is_the_same_stop_and_later_it_ends_the_session(
    sit: Callable[..., Sat],
) -> None:
    """Two people who see the same need press at the same time, or one twice; a score may still be entered."""
    just_within, after = 20 + 2 * RATE_HZ - 1, 20 + 2 * RATE_HZ + 10
    stops = [Told("stop", who=who) for who in ("therapist", "observer", "keyboard", "therapist")]
    rate = Told("rate", {"value": 5})
    due = zip((20, 21, just_within, after), stops, strict=True)
    sat = sit(SHORT, tell=in_first_task(*due, (just_within + 1, rate)))
    assert [stop.answer.split()[0] for stop in stops] == ["applied"] * 4
    assert rate.answer.startswith("applied")
    assert sat.status == "stopped"
    assert sat.sitting.view.calm == 1.0
    stopped = int(stops[0].answer.split()[1])
    assert len(sat.record.frames) - stopped == pytest.approx(after - 20, abs=2), "and then it ended at once"
    assert [event.detail["who"] for event in sat.record.named("stop")] == ["therapist"]


def test_a_skip_just_before_stop_does_not_end_the_session(sit: Callable[..., Sat]) -> None:
    stop = Told("stop")
    stopping = in_first_task((20, stop))

    def tell(sitting: Sitting, frame: int) -> Iterable[Told]:
        told = stopping(sitting, frame)
        return (Told("skip"), *told) if told else ()

    sat = sit(SHORT, tell=tell, settings={"calm_before_end_s": 5.0})
    assert sat.status == "stopped"
    stopped = int(stop.answer.split()[1])
    assert len(sat.record.frames) - stopped >= 5 * RATE_HZ - 1


def test_a_skip_in_haste_after_stop_still_fades_to_calm_and_ends_once_it_is(sit: Callable[..., Sat]) -> None:
    seen: list[float] = []
    told = in_first_task((20, Told("stop")), (23, Told("skip")))

    def tell(sitting: Sitting, frame: int) -> Iterable[Told]:
        seen.append(sitting.view.calm)
        return told(sitting, frame)

    sat = sit(SHORT, tell=tell)
    assert sat.status == "stopped"
    assert sat.sitting.view.calm == 1.0
    assert seen.count(1.0) < 3, "and then it ended at once"


def test_a_score_that_would_stop_the_session_after_stop_leaves_it_time_for_the_rest(
    sit: Callable[..., Sat], asks_for_sickness: str
) -> None:
    due = {5: Told("stop"), 40: Told("rate", {"value": 15})}
    asked: list[int] = []

    def tell(sitting: Sitting, frame: int) -> Iterable[Told]:
        if not asked and sitting.conductor.ledger.awaiting:
            asked.append(frame)
        told = due.get(frame - asked[0]) if asked else None
        return (told,) if told else ()

    sat = sit(asks_for_sickness, tell=tell, settings={"calm_before_end_s": 5.0})
    assert [event.detail["who"] for event in sat.record.named("stop")] == ["therapist", "safety"]
    assert len(sat.record.frames) - asked[0] >= 5 * RATE_HZ


def test_a_session_at_its_limit_ends_the_task_that_is_on_asks_and_says_farewell(sit: Callable[..., Sat]) -> None:
    def tell(sitting: Sitting, frame: int) -> Iterable[Told]:
        if frame == 400:
            sitting.conductor.guard.safety.exposed_s = 40 * 60.0
        return ()

    sat = sit("demo", tell=tell)
    assert sat.status == "completed"
    (wind_down,) = sat.record.named("wind_down")
    assert wind_down.detail["rule"] == "exposure_limit_min"
    assert [event.status for event in sat.record.of(messages.TaskEnded)] == ["completed"]
    assert [event.phase for event in sat.record.of(messages.RatingAsked)] == ["before", "after_task", "after"]


class Console:
    """Sends a heartbeat every second until a frame, and again from another one on; it keeps what the person reads."""

    def __init__(self, until: int, again: int = 10**9, *also: tuple[int, Told]) -> None:
        self._until, self._again, self._also = until, again, dict(also)
        self.notices: dict[int, str] = {}
        self.calm: dict[int, float] = {}

    def __call__(self, sitting: Sitting, frame: int) -> Iterable[Told]:
        self.notices[frame], self.calm[frame] = sitting.view.notice, sitting.view.calm
        told = [self._also.pop(frame)] if frame in self._also else []
        if frame % RATE_HZ == 1 and not self._until < frame < self._again:
            told.append(Told("heartbeat", who="anna"))
        return told


def test_a_console_in_control_that_falls_silent_is_told_and_ends_in_calm_while_recording_goes_on(
    sit: Callable[..., Sat],
) -> None:
    console = Console(until=RATE_HZ)
    sat = sit("demo", tell=console, most_frames=900)
    (control,), (lost,), (calm,) = (sat.record.named(n) for n in ("console_in_control", "console_lost", "calm"))
    assert control.detail == {"who": "anna"}
    assert (lost.mono_ns - control.mono_ns) / 1e9 == pytest.approx(3.0, abs=1.1)
    assert (calm.mono_ns - lost.mono_ns) / 1e9 == pytest.approx(10.0, abs=0.1)
    assert calm.detail["reason"] == "console_lost"
    assert any(notice.startswith("Your therapist's screen is not connected") for notice in console.notices.values())
    assert console.calm[900] == 1.0
    assert console.notices[900].endswith("You can take the headset off whenever you like.")
    assert not any("Your therapist is with you" in notice for notice in console.notices.values()), "nobody knows that"
    assert len(sat.record.frames) == 900


def test_no_task_begins_while_the_console_is_lost_and_one_does_when_it_is_back(sit: Callable[..., Sat]) -> None:
    console = Console(until=RATE_HZ, again=500)
    sat = sit(SHORT, tell=console, settings={"calm_after_console_lost_s": 120.0})
    (lost,), (found,) = sat.record.named("console_lost"), sat.record.named("console_found")
    started = [event.mono_ns for event in sat.record.of(messages.TaskStarted)]
    assert not any(lost.mono_ns < began < found.mono_ns for began in started)
    assert sat.status == "completed"
    alone = sit(SHORT)
    began = [event.mono_ns - alone.record.events[0].mono_ns for event in alone.record.of(messages.TaskStarted)]
    assert lost.mono_ns - sat.record.events[0].mono_ns < began[0] < found.mono_ns - sat.record.events[0].mono_ns, (
        "without the loss a task would have begun meanwhile"
    )


def test_a_task_that_is_only_shown_when_the_console_is_lost_does_not_begin_before_it_is_back(
    sit: Callable[..., Sat],
) -> None:
    shown: list[bool] = []
    told = {
        55: Told("heartbeat", who="anna"), 250: Told("heartbeat", who="anna"), 251: Told("release", who="anna"),
    }  # fmt: skip

    def tell(sitting: Sitting, frame: int) -> Iterable[Told]:
        if sitting.conductor.guard.attendance.lost:
            shown.append(sitting.view.ghost is not None)
        return (told[frame],) if frame in told else ()

    sat = sit(SHORT, tell=tell, settings={"calm_after_console_lost_s": 120.0, "console_lost_after_s": 2.0})
    (lost,), (found,) = sat.record.named("console_lost"), sat.record.named("console_found")
    first = sat.record.of(messages.TaskStarted)[0]
    assert all(shown), "it stays shown"
    assert lost.mono_ns < found.mono_ns < first.mono_ns
    assert sat.status == "completed"


def test_a_console_that_gives_control_away_is_not_missed(sit: Callable[..., Sat]) -> None:
    sat = sit("demo", tell=Console(RATE_HZ, 10**9, (40, Told("release", who="anna"))), most_frames=600)
    assert [event.detail["who"] for event in sat.record.named("console_released")] == ["anna"]
    assert sat.record.named("console_lost") == sat.record.named("calm") == []


def test_the_limb_is_hidden_and_covered_with_one_press_and_shown_again_without_a_jump(sit: Callable[..., Sat]) -> None:
    solid: list[float] = []
    cover: list[float] = []
    due = {300: "hide", 400: "show", 500: "cover", 600: "uncover"}

    def tell(sitting: Sitting, frame: int) -> Iterable[Told]:
        solid.append(sitting.view.opacity[Side.LEFT])
        cover.append(sitting.view.cover)
        return (Told(due[frame], who="anna"),) if frame in due else ()

    sat = sit(SHORT, tell=tell, most_frames=700)
    assert (solid[290], solid[399], solid[499]) == (1.0, 0.0, 1.0)
    assert (cover[290], cover[599], cover[699]) == (0.0, 1.0, 0.0)
    assert (solid[599], solid[699]) == (0.0, 1.0), "what is covered is not drawn beneath the cloth"
    assert max(np.abs(np.diff(solid[5:])).max(), np.abs(np.diff(cover)).max()) < 0.1
    changes = [(e.who, e.name, e.new) for e in sat.record.of(messages.SettingChanged)]
    assert changes == [("anna", "limb_hidden", True), ("anna", "limb_hidden", False),
                       ("anna", "limb_covered", True), ("anna", "limb_covered", False)]  # fmt: skip


def test_the_keyboard_stops_hides_covers_and_pauses(sit: Callable[..., Sat]) -> None:
    due = {300: "h", 310: "c", 320: "space", 330: "space", 340: "h", 400: "escape", 420: "escape"}

    def tell(sitting: Sitting, frame: int) -> Iterable[Told]:
        if frame in due:
            press(sitting, due[frame])
        return ()

    sat = sit(SHORT, tell=tell)
    assert set(due.values()) == set(KEYS)
    assert [(e.name, e.new) for e in sat.record.of(messages.SettingChanged)] == [
        ("limb_hidden", True), ("limb_covered", True), ("limb_hidden", False),
    ]  # fmt: skip
    assert [e.detail["who"] for name in ("paused", "resumed", "stop") for e in sat.record.named(name)] == [
        "keyboard"
    ] * 3
    assert sat.status == "stopped"


def test_an_adverse_event_is_on_record_in_its_task_run_and_a_crooked_one_is_refused(sit: Callable[..., Sat]) -> None:
    facts = {"kind": "dizziness", "severity": "mild", "relatedness": "possible", "action": "paused"}
    told = Told("adverse_event", {**facts, "text": "looked up quickly"}, who="anna")
    crooked = Told("adverse_event", {**facts, "severity": "awful"}, who="anna")
    nobody = Told("adverse_event", facts, who="")
    sat = sit(SHORT, tell=in_first_task((5, told), (6, crooked), (7, nobody)))
    (event,) = sat.record.of(messages.AdverseEvent)
    assert (event.who, event.what, event.serious, event.text) == ("anna", "dizziness", False, "looked up quickly")
    assert event.task_run_id == sat.record.of(messages.TaskStarted)[0].task_run_id
    assert "severity, one of mild, moderate, severe" in crooked.answer
    assert nobody.answer == "refused: adverse_event expects who saw it, got nobody"
