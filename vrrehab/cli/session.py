"""`vrrehab session`: puts source, display, record and conductor together, and runs one sitting."""

from __future__ import annotations

import contextlib
import dataclasses
import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from telemetry.messages import SideName
from vrrehab.cli import Data, RecorderAddress, app
from vrrehab.cli.courses import Part, part_of_course
from vrrehab.cli.participant import checked_code

if TYPE_CHECKING:
    from telemetry.messages import Origin, Profile, SessionStatus
    from vrrehab.body.build import BuildOf
    from vrrehab.body.skeleton import Side
    from vrrehab.cli.connection import Recipient
    from vrrehab.cli.interruption import Interruption
    from vrrehab.cli.showing import Doors
    from vrrehab.session.commands import Command
    from vrrehab.session.frame import Display
    from vrrehab.session.going import Places
    from vrrehab.session.plan import Plan
    from vrrehab.sources import Source
    from vrrehab.stage.displays.flat import FlatDisplay
    from vrrehab.stage.displays.headset import HeadsetDisplay
    from vrrehab.stage.displays.spectator import Taker

DisplayKind = Literal["openxr", "window", "offscreen"]

#: How long the end of a session waits for the recorder: while it answers, and where it is gone anyway.
_DELIVER_S, _GIVE_UP_S = 10.0, 0.5


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a sitting went.

    delivered: whether the recorder has all of it. problem: why not, in words. kept: whether this computer has all
    of what the recorder has not.
    """

    session_id: str
    status: SessionStatus
    tasks_done: int
    tasks: int
    answered: int
    asked: int
    delivered: bool
    kept: bool
    problem: str


@dataclass(frozen=True, slots=True)
class SourceChoice:
    """What --source says: openxr, scripted, or a recording and where in it to begin."""

    kind: Literal["openxr", "scripted", "recording"]
    file: Path = Path()
    start_s: float = 0.0


def origin_of(source: SourceChoice) -> Origin:
    return "person" if source.kind == "openxr" else source.kind


def parse_source(text: str) -> SourceChoice:
    """The choice that `openxr`, `scripted` or `recording:WHAT[@SECONDS]` names; WHAT is a file or a session."""
    if text in ("openxr", "scripted"):
        return SourceChoice(text)  # type: ignore[arg-type]
    named = re.fullmatch(r"recording:(.+?)(?:@(\d+(?:\.\d*)?))?", text)
    if named is None:
        raise typer.BadParameter(f"expected openxr, scripted or recording:FILE|SESSION[@SECONDS], got {text!r}")
    return SourceChoice("recording", Path(named[1]), float(named[2] or 0))


@app.command()
def session(
    data: Data,
    participant: Annotated[
        str, typer.Option(metavar="CODE", help="The participant's code, e.g. P001.", callback=checked_code)
    ],
    programme: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="A programme of scenes/programmes, a course of scenes/courses, or a .toml file of your own.",
        ),
    ],
    source: Annotated[
        SourceChoice,
        typer.Option(
            metavar="SOURCE", parser=parse_source, help="openxr, scripted, or recording:FILE|SESSION[@SECONDS]."
        ),
    ] = "openxr",  # type: ignore[assignment]  # typer parses the default as well
    display: Annotated[
        DisplayKind | None, typer.Option(help="Where the picture goes; default: openxr for that source, else window.")
    ] = None,
    mode: Annotated[
        str | None,
        typer.Option(
            metavar="MODE",
            help="What drives the virtual limb: mirror, intact_only, observe, residual, imagery, distractor or relax; "
            "default: what the programme says.",
        ),
    ] = None,
    intact: Annotated[
        SideName | None, typer.Option(help="The intact side, where limbs are lost on both and one side is to lead.")
    ] = None,
    place: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="A place of scenes/places; default: what the programme says."),
    ] = None,
    phase: Annotated[
        str | None, typer.Option(metavar="NAME", help="The phase of a course, where it is not to be the one due.")
    ] = None,
    session_number: Annotated[
        int | None,
        typer.Option(min=1, help="Which session of the course it is, where no recorder answers that knows."),
    ] = None,
    checklist: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|skip",
            help="The checklist's answers (TOML), or skip, which is put on record; default: asked in the terminal.",
        ),
    ] = None,
    recorder: RecorderAddress = None,
    commands: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS",
            show_default="a free port of this computer",
            help="Where a console's commands are taken; for one on another computer tcp://0.0.0.0:PORT, with keys.",
        ),
    ] = "",
    live: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS",
            show_default="a free port of this computer",
            help="Where a console watches the session live; for one on another computer tcp://0.0.0.0:PORT, with keys.",
        ),
    ] = "",
    seed: Annotated[int | None, typer.Option(help="Makes everything random repeatable.")] = None,
) -> None:
    """Run one session, and put it on record.

    Ratings, movement tasks and every frame of them reach the recorder; Esc in the window stops, Ctrl-C ends.
    """
    from telemetry.folder import sole_session
    from vrrehab.body.skeleton import Side
    from vrrehab.cli.checklist import gone_through
    from vrrehab.cli.connection import profile_for_session, recipient_of_session
    from vrrehab.cli.disk import make_ready
    from vrrehab.cli.interruption import held_back
    from vrrehab.cli.showing import HERE, Doors
    from vrrehab.session.course import load_plan

    chosen = load_plan(programme)  # a mistyped name is told before anything is touched
    make_ready(data)
    with sole_session(data):
        answers = gone_through(checklist, person=source.kind == "openxr")
        recipient = recipient_of_session(data, recorder)
        profile = profile_for_session(data, recipient.address, participant)
        part = part_of_course(data, recipient.address, participant, chosen, origin_of(source), phase, session_number)
        with held_back() as interruption:
            outcome = sit(
                data,
                profile,
                part.due.phase.programme if part.due else programme,
                source=source,
                display=display or ("openxr" if source.kind == "openxr" else "window"),
                mode=mode or (part.due.phase.mode if part.due else None),
                intact=Side(intact) if intact else None,
                place=place,
                part=part,
                checklist=answers,
                recorder=recipient,
                seed=random.randrange(2**31) if seed is None else seed,
                doors=Doors(commands or HERE, live or HERE),
                interruption=interruption,
            )
    for line in in_words(outcome, data):
        print(line)
    if outcome.status == "interrupted" or not outcome.kept:
        raise typer.Exit(1)


def in_words(outcome: Outcome, data: Path) -> Iterator[str]:
    """How it went and where the record is, for the end of the terminal's lines."""
    yield (
        f"Session {outcome.session_id} {outcome.status}: {outcome.tasks_done} of {outcome.tasks} tasks done, "
        f"{outcome.answered} of {outcome.asked} questions answered."
    )
    if outcome.delivered:
        yield f"The recorder has all of it. A page to print: vrrehab report {outcome.session_id} --data {data}"
        return
    problem = outcome.problem.rstrip(".") or "the recorder has not acknowledged all of it yet"
    yield f"{problem[0].upper()}{problem[1:]}."
    if outcome.kept:
        yield f"It is kept in {data / 'spool'} until a recorder starts on {data}, or until: vrrehab recover {data}"
    else:
        yield "Not all of the session could be kept."


def sit(
    data: Path,
    profile: Profile,
    programme: str,
    *,
    source: SourceChoice,
    display: DisplayKind,
    mode: str | None,
    intact: Side | None = None,
    recorder: Recipient,
    seed: int,
    place: str | None = None,
    part: Part | None = None,
    checklist: Mapping[str, str] | None = None,
    doors: Doors | None = None,
    interruption: Interruption | None = None,
    say: Callable[[str], None] = print,
) -> Outcome:
    """Run one sitting to its end, telling `say` what happens, a line at a time.

    Everything that can be wrong with it is found before the first frame. From there on an interruption ends it as
    `interrupted` after the frame in which it came, so that the record is whole; before, it raises `Interrupted`.
    """
    from msgspec.structs import replace

    from telemetry.folder import Folder
    from telemetry.leftovers import deliver_leftovers
    from telemetry.motion import FrameLayout
    from telemetry.sender import Sender
    from vrrehab.body.skeleton import JOINTS
    from vrrehab.cli.connection import keep_copy, keyring_of
    from vrrehab.cli.editing import Editing
    from vrrehab.cli.interruption import Interruption
    from vrrehab.cli.narration import Narrator
    from vrrehab.cli.showing import Doors, open_doors
    from vrrehab.session.loop import run
    from vrrehab.session.plan import make_plan
    from vrrehab.session.programme import load_programme
    from vrrehab.session.settings import PLACES
    from vrrehab.session.sitting import Sitting
    from vrrehab.speech.voice import Voice
    from vrrehab.stage.place import place_file

    plan = make_plan(profile, load_programme(programme), mode, origin_of(source), seed, intact, place)
    plan = dataclasses.replace(plan, checklist=checklist or {})
    _say_language(plan, say)
    if part is not None:
        plan = dataclasses.replace(plan, due=part.due, session_number=part.session_number)
        for line in part.in_words():
            say(line)
    spool = Folder(data).spool
    interruption = interruption or Interruption()
    with contextlib.ExitStack() as open_parts:
        parts = open_parts.enter_context(_parts(data, plan, source, display, interruption, say))
        keyring = keyring_of(data)
        sender = Sender(
            spool,
            plan.session_id,
            recorder.address,
            FrameLayout(JOINTS),
            store=recorder.store,
            keyring=keyring,
            recorder_clock=True,
        )
        open_parts.callback(sender.close, 0.0)
        therapist = open_parts.enter_context(open_doors(data, plan, doors or Doors(), sender, say))
        narrator = Narrator(therapist.record, plan, say)
        open_parts.callback(narrator.close)
        voice = None
        if display != "offscreen":  # nobody is there to hear it
            voice = Voice(plan.language.code)
            open_parts.callback(voice.close)
        sitting = Sitting(plan, parts.source, narrator, parts.runtime, parts.build_of, voice, parts.places)
        therapist.record.follow(sitting)
        parts.watch(therapist.show)
        editing = Editing(programme, plan, mode, {name: place_file(name) for name in PLACES})
        open_parts.callback(editing.close)

        def come() -> Iterable[Command]:
            if interruption.asked:
                sitting.conductor.end("interrupted")
            if told := editing.apply(sitting):
                narrator.tell(told)
            return therapist.commands.poll()

        status = run(sitting, parts.display, come)
        narrator.close()
        delivered = sender.close(_DELIVER_S if sender.status().connected else _GIVE_UP_S)
        if delivered and not interruption.asked:
            deliver_leftovers(spool, recorder.address, _DELIVER_S, store=recorder.store, keyring=keyring)
    how = sender.status()
    if plan.origin == "person" and sitting.conductor.measures != profile.measures and not how.erased:
        # As the recorder does in its profile, for a next session that finds no recorder.
        keep_copy(data, replace(profile, measures=sitting.conductor.measures))
    return Outcome(
        plan.session_id,
        status,
        narrator.tasks_done,
        len(plan.steps),
        narrator.answered,
        narrator.asked,
        delivered,
        kept=delivered or not (how.spool_problem or how.erased),
        problem=how.spool_problem or how.recorder_problem,
    )


def _say_language(plan: Plan, say: Callable[[str], None]) -> None:
    language = plan.language
    if language.code != plan.profile.language:
        say(f"There are no texts in {plan.profile.language!r} yet: {plan.participant} reads them in English.")
    elif not language.reviewed:
        say(f"The texts in {language.code!r} have not been reviewed by a clinician yet (vrrehab language list).")


@dataclass(frozen=True, slots=True)
class Parts:
    """What a sitting runs on: where the joints come from, where the picture goes, the runtime's name, how the body in
    the picture is built, who may be given pictures of the picture, and who makes other places ready.
    """

    source: Source
    display: Display
    runtime: str
    build_of: BuildOf
    watch: Callable[[Taker], None]
    places: Places


@contextlib.contextmanager
def _parts(
    data: Path,
    plan: Plan,
    source: SourceChoice,
    display: DisplayKind,
    interruption: Interruption,
    say: Callable[[str], None],
) -> Iterator[Parts]:
    """Open source and display, and close them again; a headset serves as both."""
    from vrrehab.body.loss import Loss
    from vrrehab.body.skeleton import Side
    from vrrehab.stage.audio import Audio
    from vrrehab.stage.engine import suitable_tier
    from vrrehab.stage.place import place_for
    from vrrehab.stage.place_making import PlaceMaker
    from vrrehab.stage.stage import Stage

    moved = _source(data, plan, source)
    interruption.check()
    losses = [Loss(Side(loss.side), loss.level) for loss in plan.profile.limb_losses]
    place = place_for(plan.programme.place, legs=plan.moves_legs)
    with contextlib.ExitStack() as open_parts:
        audio = None
        if display != "offscreen":  # nobody is there to hear it
            audio = Audio(place.sound)
            open_parts.callback(audio.close)
            if not audio.found:
                say("No sound here: the place is silent. Plug in headphones or a loudspeaker, and start again.")
        tier = suitable_tier()
        places = PlaceMaker(place, tier, legs_in_view=plan.moves_legs, heard=audio is not None and audio.found)
        open_parts.callback(places.close)
        stage = Stage(
            place,
            tier,
            losses=losses,
            appearance=plan.profile.appearance,
            measures=plan.profile.measures,
            audio=audio,
            take=places.take,
        )
        interruption.check()
        headset = None
        if "openxr" in (source.kind, display):
            from vrrehab.cli.headset import open_headset

            drawn = stage if display == "openxr" else None
            headset = open_parts.enter_context(open_headset(drawn, plan.profile.tracker_mounts))
        shown: FlatDisplay | HeadsetDisplay
        if headset is not None and headset.display is not None:
            shown = headset.display
        else:
            from vrrehab.stage.displays.offscreen import OffscreenDisplay
            from vrrehab.stage.displays.window import WindowDisplay

            flat = WindowDisplay(stage) if display == "window" else OffscreenDisplay(stage)
            open_parts.callback(flat.close)
            shown = flat
        if moved is None:
            assert headset is not None
            moved = headset.source
        interruption.check()
        yield Parts(moved, shown, headset.runtime if headset else "none", stage.build_of, shown.watch, places)


def _recording(data: Path, source: SourceChoice) -> Source:
    """A capture or Motion-BIDS file; or a session of ours, by its id in `data` or by its sealed folder."""
    from telemetry.imports import BidsRecording, is_motion_bids
    from telemetry.recorded import RecordedSession
    from vrrehab.sources.recording import RecordingSource
    from vrrehab.sources.session_recording import SessionSource, bids_source

    if is_motion_bids(source.file):
        return bids_source(BidsRecording(source.file), source.start_s)
    if source.file.is_dir():
        return SessionSource(RecordedSession.in_folder(source.file), source.start_s)
    if not source.file.exists() and not source.file.suffix:
        return SessionSource(RecordedSession(data, str(source.file)), source.start_s)
    return RecordingSource(source.file, source.start_s)


def _source(data: Path, plan: Plan, source: SourceChoice) -> Source | None:
    """The source of a script or a recording; None where the headset itself is the source."""
    from vrrehab.errors import NotPossible

    if source.kind == "scripted":
        from vrrehab.sources.scripted import ScriptedSource
        from vrrehab.testing.participant import ScriptedParticipant

        if plan.mode == "residual":
            raise NotPossible(
                "Expected a tracker on the residual limb, but a scripted participant wears none. Choose --source "
                "openxr, or --mode mirror, observe or imagery."
            )
        return ScriptedSource(ScriptedParticipant.of(plan))
    if source.kind == "recording":
        try:
            return _recording(data, source)
        except ValueError as error:
            if type(error) is ValueError:  # a start outside; a bad file says so itself
                raise NotPossible(str(error)) from error
            raise
    return None
