"""`vrrehab session`: puts source, display, record and conductor together, and runs one sitting."""

from __future__ import annotations

import contextlib
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console

from vrrehab.cli import Data, RecorderAddress, app, errors

if TYPE_CHECKING:
    from telemetry.messages import Profile, SessionStatus
    from vrrehab.session.frame import Display
    from vrrehab.session.plan import Plan
    from vrrehab.sources import Source

DisplayKind = Literal["openxr", "window", "offscreen"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a sitting went: its id, how it ended, and whether the recorder has all of it."""

    session_id: str
    status: SessionStatus
    delivered: bool


@app.command()
def session(
    data: Data,
    participant: Annotated[str, typer.Option(help="The participant's code, e.g. P001.")],
    programme: Annotated[str, typer.Option(help="A programme of scenes/programmes, or a .toml file.")],
    source: Annotated[str, typer.Option(help="openxr, scripted, or recording:FILE[@SECONDS].")] = "openxr",
    display: Annotated[
        str, typer.Option(help="openxr, window or offscreen; by default what the source suggests.")
    ] = "",
    mode: Annotated[str, typer.Option(help="mirror, intact_only or observe; default: the programme's.")] = "",
    recorder: RecorderAddress = None,
    seed: Annotated[int | None, typer.Option(help="Makes everything random repeatable.")] = None,
) -> None:
    """Run one session: ratings, movement tasks, and every frame of them on record."""
    from telemetry.wire import require_loopback
    from vrrehab.cli.connection import profile_for_session, running_recorder

    if display not in ("", "openxr", "window", "offscreen"):
        raise typer.BadParameter(f"expected --display openxr, window or offscreen, got {display!r}")
    if source not in ("openxr", "scripted") and not source.startswith("recording:"):
        raise typer.BadParameter(f"expected --source openxr, scripted or recording:FILE, got {source!r}")
    address = recorder or running_recorder(data)
    if address is not None:
        require_loopback(address)
    profile = profile_for_session(data, address, participant)
    outcome = sit(
        data,
        profile,
        programme,
        source=source,
        display=display or ("openxr" if source == "openxr" else "window"),
        mode=mode or None,
        recorder=address,
        seed=random.randrange(2**31) if seed is None else seed,
    )
    console = Console()
    console.print(f"session {outcome.session_id}: {outcome.status}", highlight=False)
    if not outcome.delivered:
        console.print(
            f"The recorder has not acknowledged all of it yet; it is kept in {data / 'spool'} and delivered by the "
            "next session, or by: vrrehab recover"
        )


def sit(
    data: Path,
    profile: Profile,
    programme: str,
    *,
    source: str,
    display: str,
    mode: str | None,
    recorder: str | None,
    seed: int,
) -> Outcome:
    """Run one sitting to its end. Everything that can be wrong with it is found before the first frame."""
    from telemetry.commands import CommandServer

    from telemetry.leftovers import deliver_leftovers
    from telemetry.motion import FrameLayout
    from telemetry.sender import Sender
    from vrrehab.body.skeleton import JOINTS
    from vrrehab.session.loop import run
    from vrrehab.session.plan import make_plan
    from vrrehab.session.programme import load_programme
    from vrrehab.session.sitting import Sitting

    origin = "person" if source == "openxr" else source.partition(":")[0]
    plan = make_plan(profile, load_programme(programme), mode, origin, seed)  # type: ignore[arg-type]
    spool = data / "spool"
    with contextlib.ExitStack() as open_parts:
        parts = open_parts.enter_context(_parts(plan, source, display))
        sender = Sender(spool, plan.session_id, recorder, FrameLayout(JOINTS))
        open_parts.callback(sender.close, 0.0)
        commands = open_parts.enter_context(CommandServer("tcp://127.0.0.1:*"))
        open_parts.enter_context(_announced(data, plan.session_id, commands.address))
        sitting = Sitting(plan, parts.source, sender, parts.runtime)
        try:
            status = run(sitting, parts.display, commands.poll)
        except KeyboardInterrupt:
            status = "interrupted"
            errors.print("interrupted: what was recorded is kept")
        delivered = sender.close(timeout_s=5.0)
    if recorder is not None:
        deliver_leftovers(spool, recorder, timeout_s=5.0)
    return Outcome(plan.session_id, status, delivered)


@contextlib.contextmanager
def _announced(data: Path, session_id: str, address: str) -> Iterator[None]:
    """While the session runs, `session.json` in the data folder says where it takes commands."""
    path = data / "session.json"
    path.write_text(json.dumps({"session_id": session_id, "commands": address}), encoding="utf-8")
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a sitting runs on: where the joints come from, where the picture goes, and the runtime's name."""

    source: Source
    display: Display
    runtime: str


@contextlib.contextmanager
def _parts(plan: Plan, source: str, display: str) -> Iterator[Parts]:
    """Open source and display, and close them again; a headset serves as both."""
    from vrrehab.stage.engine import engine
    from vrrehab.stage.material import Tier
    from vrrehab.stage.stage import Stage

    place = plan.programme.place
    tier = Tier.LOW if engine().software() else Tier.FULL
    with contextlib.ExitStack() as open_parts:
        headset = None
        if "openxr" in (source, display):
            from vrrehab.cli.headset import open_headset

            stage = Stage(place, tier) if display == "openxr" else None
            headset = open_parts.enter_context(open_headset(stage))
        shown: Display
        if headset is not None and headset.display is not None:
            shown = headset.display
        else:
            from vrrehab.stage.displays.offscreen import OffscreenDisplay
            from vrrehab.stage.displays.window import WindowDisplay

            flat = (WindowDisplay if display == "window" else OffscreenDisplay)(Stage(place, tier))
            open_parts.callback(flat.close)
            shown = flat
        moved: Source
        if source == "openxr":
            assert headset is not None
            moved = headset.source
        elif source == "scripted":
            from vrrehab.sources.scripted import ScriptedSource
            from vrrehab.testing.participant import ScriptedParticipant

            moved = ScriptedSource(ScriptedParticipant(plan.seed, plan.intact_side))
        else:
            from vrrehab.sources.recording import RecordingSource

            file, at, start_s = source.removeprefix("recording:").rpartition("@")
            moved = RecordingSource(Path(file), float(start_s)) if at else RecordingSource(Path(start_s))
        yield Parts(moved, shown, headset.runtime if headset else "none")
