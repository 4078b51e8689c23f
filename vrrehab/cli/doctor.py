"""`vrrehab doctor`: what works on this machine, what does not, and what to do about it."""

from __future__ import annotations

import functools
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from vrrehab.cli import Data, app

if TYPE_CHECKING:
    from vrrehab.xr.probe import Finding

_COLOURS = {"ok": typer.colors.GREEN, "less": typer.colors.YELLOW, "wrong": typer.colors.RED}
#: Where the third column begins, and how wide a line may get.
_INDENT, _WIDTH = 26, 100


@app.command()
def doctor(data: Data) -> None:
    """Check headset, graphics, disk, record, backup, keys and recorder.

    Each line is ok, less (it works, with something lost) or wrong, and says what to do.
    """
    from vrrehab.cli.doctor_record import console, looks_at_record
    from vrrehab.xr.probe import Verdict, probe

    width = min(_WIDTH, shutil.get_terminal_size((_WIDTH, 24)).columns)
    wrong = []
    of_data = [functools.partial(look, data) for look in (_disk, *looks_at_record)]
    of_scene = _graphics, _sound, _speech, probe
    looks: list[Callable[[], Iterable[Finding]]] = [_program, _languages, console, *of_scene, *of_data]
    for look in looks:
        for finding in look():
            _print(finding, width)
            if finding.verdict is Verdict.WRONG:
                wrong.append(finding.about)
    if wrong:
        print(f"\nA session in a headset cannot run before this is put right: {', '.join(wrong)}.")
        raise typer.Exit(1)
    print("\nA session can run here.")


def _print(finding: Finding, width: int) -> None:
    # A path or a command that is broken in the middle cannot be copied.
    wrap = textwrap.TextWrapper(width - _INDENT, break_long_words=False, break_on_hyphens=False).wrap
    lines = [*wrap(finding.found), *wrap(finding.remedy)]
    if len(finding.about) > _INDENT - 8:  # an extension's long name has a line of its own
        lines.insert(0, "")
    mark = typer.style(f"{finding.verdict:<6}", fg=_COLOURS[finding.verdict], bold=finding.verdict == "wrong")
    # `echo` leaves the colour out where no terminal is.
    typer.echo(f"{mark} {finding.about:<{_INDENT - 7}}{lines[0]}".rstrip())
    for line in lines[1:]:
        print(" " * _INDENT + line)


def _program() -> Iterator[Finding]:
    import vrrehab
    from vrrehab.cli.own_record import REMEDY, other_telemetry
    from vrrehab.xr.probe import Finding, Verdict

    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("vrrehab", Verdict.OK, f"{vrrehab.__version__} on Python {version}")
    if other := other_telemetry():
        yield Finding("telemetry", Verdict.WRONG, other, REMEDY)
    else:
        yield Finding("telemetry", Verdict.OK, "the record's own package")


def _languages() -> Iterator[Finding]:
    from vrrehab.language import languages, load_language
    from vrrehab.xr.probe import Finding, Verdict

    unread = [code for code in languages() if not load_language(code).reviewed]
    there = ", ".join(languages())
    if unread:
        remedy = "A clinician who speaks it reads the texts and signs: vrrehab language sign LETTERS --by WHO"
        said = f"{there}; not reviewed by a clinician yet: {', '.join(unread)}"
        yield Finding("languages", Verdict.LESS, said, remedy)
    else:
        yield Finding("languages", Verdict.OK, there)


def _graphics() -> Iterator[Finding]:
    from vrrehab.errors import NoGraphics
    from vrrehab.xr.probe import Finding, Verdict

    try:
        from vrrehab.stage.engine import engine

        drawing = engine()
        renderer = drawing.renderer()
    except NoGraphics as error:
        yield Finding("graphics", Verdict.WRONG, str(error))
        return
    where = "windows and offscreen" if drawing.windows else "offscreen only, there is no screen"
    if drawing.software():
        yield Finding(
            "graphics",
            Verdict.LESS,
            f"{renderer}; {where}; drawn by the processor",
            "Good enough to look at; for a headset, use a graphics card and its own driver.",
        )
    else:
        yield Finding("graphics", Verdict.OK, f"{renderer}; {where}")


def _sound() -> Iterator[Finding]:
    from vrrehab.stage.audio import Audio
    from vrrehab.xr.probe import Finding, Verdict

    audio = Audio("room")
    if audio.found:
        yield Finding("sound", Verdict.OK, "something to play on was found")
    else:
        remedy = "Places are silent without it; plug in headphones or a loudspeaker."
        yield Finding("sound", Verdict.LESS, "nothing to play on was found", remedy)
    audio.close()


def _speech() -> Iterator[Finding]:
    from vrrehab.speech.engine import find_engine
    from vrrehab.xr.probe import Finding, Verdict

    engine = find_engine()
    if engine is not None:
        yield Finding("speech", Verdict.OK, f"instructions are spoken by {engine.name}")
    else:
        remedy = "Instructions are only shown without it; install espeak-ng to hear them."
        yield Finding("speech", Verdict.LESS, "nothing that speaks was found", remedy)


def _disk(data: Path) -> Iterator[Finding]:
    from vrrehab.cli import disk
    from vrrehab.xr.probe import Finding, Verdict

    there = data.absolute()
    while not there.exists():
        there = there.parent
    try:
        took_ms = disk.commit_ms(there)
    except OSError as error:
        said = f"{data} cannot be written to: {error.strerror}"
        yield Finding("data folder", Verdict.WRONG, said, "Choose another with --data or VRREHAB_DATA.")
        return
    free_mb = disk.free_mb(data)
    room = f"{data}: {free_mb / 1000:,.1f} GB free, room for {free_mb / disk.SESSION_MB:,.0f} sessions of 20 minutes"
    remedy = "Make room, or choose another disk with --data or VRREHAB_DATA."
    if free_mb < disk.SESSION_MB:
        yield Finding("disk", Verdict.WRONG, room, remedy)
    elif free_mb < 10 * disk.SESSION_MB:
        yield Finding("disk", Verdict.LESS, room, remedy)
    else:
        yield Finding("disk", Verdict.OK, room)
    if took_ms > 100:
        remedy = "A local SSD commits in under 10 ms; do not keep data on a network drive."
        yield Finding("disk speed", Verdict.LESS, f"{took_ms:.0f} ms to commit", remedy)
    else:
        yield Finding("disk speed", Verdict.OK, f"{took_ms:.1f} ms to commit")
