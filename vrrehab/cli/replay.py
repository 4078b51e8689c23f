"""`vrrehab replay`: shows a recorded session again, with what was done and how much it hurt."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from vrrehab.cli import Data, app

if TYPE_CHECKING:
    from telemetry.messages import Profile
    from vrrehab.cli.interruption import Interruption
    from vrrehab.session.replay import Replay
    from vrrehab.stage.displays.flat import FlatDisplay
    from vrrehab.stage.stage import Stage


@app.command()
def replay(
    session: Annotated[str, typer.Argument(metavar="SESSION", help="The session's id, as the report names it.")],
    data: Data,
    speed: Annotated[float, typer.Option(min=0.05, max=1000.0, help="How many times as fast as it was.")] = 1.0,
    start: Annotated[float, typer.Option(metavar="SECONDS", min=0.0, help="Where in the session to begin.")] = 0.0,
    display: Annotated[
        Literal["window", "offscreen"] | None, typer.Option(help="Where to show it; default: a window if there can be.")
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write what was shown last as a .png file.")
    ] = None,
) -> None:
    """Show a recorded session again.

    The virtual body as the participant saw it, with each task and each pain score as it came. A session that still
    runs ends where its record does. Esc ends.
    """
    from telemetry.recorded import RecordedSession
    from vrrehab.cli.interruption import held_back
    from vrrehab.errors import NotPossible
    from vrrehab.session.replay import Replay
    from vrrehab.stage.engine import engine

    recorded = RecordedSession(data, session)
    shown = Replay(recorded, speed, start)
    if start >= shown.length_s:
        end_s = f"{shown.length_s:.0f} s"
        raise NotPossible(f"Expected a start before the session's end at {end_s}, but {start:g} came; start earlier.")
    with held_back() as interruption:
        where = display or ("window" if engine().windows else "offscreen")
        screen = _screen(_stage(shown, recorded.profile), where)
        try:
            interruption.check()
            _show(shown, screen, interruption)
            if picture is not None and screen.output is not None:
                from vrrehab.stage.displays.offscreen import picture_of
                from vrrehab.stage.picture import write

                write(picture_of(screen.output), picture)
        finally:
            screen.close()


def _show(shown: Replay, screen: FlatDisplay, interruption: Interruption) -> None:
    """Until all of it was shown, or nobody wants to see more."""
    before_ns = 0
    while not (shown.over or interruption.asked or "escape" in screen.keys_pressed()):
        frame = screen.wait()
        if frame is None:
            return
        elapsed_s = (frame.display_time_ns - before_ns) / 1e9 if before_ns else 0.0
        before_ns = frame.display_time_ns
        for line in shown.step(elapsed_s):
            print(line)
        screen.draw(frame, shown.view)


def _stage(shown: Replay, profile: Profile) -> Stage:
    """The places that the session was in, with the body of the participant as the store knows them today."""
    from vrrehab.body.loss import Loss
    from vrrehab.body.skeleton import Side
    from vrrehab.stage.engine import suitable_tier
    from vrrehab.stage.place import place_for
    from vrrehab.stage.places import make
    from vrrehab.stage.stage import Stage

    tier, legs = suitable_tier(), shown.moves_legs
    return Stage(
        place_for(shown.place or "therapy_room", legs=legs),
        tier,
        # Nobody wears a headset: it may be made on the spot, behind the mist.
        take=lambda name: make(place_for(name, legs=legs), tier),
        losses=[Loss(Side(loss.side), loss.level) for loss in profile.limb_losses],
        appearance=profile.appearance,
        measures=profile.measures,
    )


def _screen(stage: Stage, where: str) -> FlatDisplay:
    from panda3d import core

    from vrrehab.stage.displays.offscreen import OffscreenDisplay
    from vrrehab.stage.displays.window import WindowDisplay

    if where == "offscreen":
        return OffscreenDisplay(stage)
    screen = WindowDisplay(stage)
    title = core.WindowProperties()
    title.title = "vrrehab: a recorded session — Esc ends"
    if screen.output is not None:
        screen.output.request_properties(title)
    return screen
