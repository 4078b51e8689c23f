"""What an expert would check about this machine's OpenXR, for `vrrehab doctor`.

Looks and reports; never raises, and leaves nothing open.
"""

from __future__ import annotations

import enum
from collections.abc import Container, Iterator
from dataclasses import dataclass

from vrrehab.xr import runtime
from vrrehab.xr.errors import NoHeadset, NoRuntime, XrError
from vrrehab.xr.runtime import BODY_TRACKING, OPTIONAL, UNTESTED, Runtime, offered_extensions


class Verdict(enum.StrEnum):
    OK = "ok"
    #: It works, with something lost.
    LESS = "less"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, how it is, and what to do (empty where nothing need be done)."""

    about: str
    verdict: Verdict
    found: str
    remedy: str = ""


_SET_RUNTIME = (
    "Start the headset's program (Meta Quest Link, SteamVR, Monado ...), choose 'set as active OpenXR runtime' in its "
    "settings, and run this again."
)
_OTHER_RUNTIME = "Use a runtime that offers it (Meta Quest Link, SteamVR, Monado)."
_UPDATE = "Update the headset's program; some headsets do not have it."
_HANDS_ON = "Switch hand tracking on in the headset's settings, and allow it for the PC link."
_TRY = "Look whether what is seen is right (of a tracker: vrrehab tracker mount), and report it if not."
_STRAP = "Strap a controller or a tracker to the limb and measure it with: vrrehab tracker mount"


def probe() -> list[Finding]:
    """Everything that can be found out without putting a picture in the headset."""
    findings: list[Finding] = []
    try:
        findings.extend(_look())
    except Exception as error:  # a broken runtime may do anything, and a doctor that crashes helps nobody
        said = f"it failed in a way nobody foresaw: {type(error).__name__}: {error}"
        findings.append(Finding("OpenXR", Verdict.WRONG, said, _SET_RUNTIME))
    return findings


def _look() -> Iterator[Finding]:
    try:
        offered = offered_extensions()
    except NoRuntime as error:
        yield Finding("OpenXR runtime", Verdict.WRONG, error.said, _SET_RUNTIME)
        return
    if runtime.OPENGL not in offered:
        said = f"the active runtime does not offer {runtime.OPENGL}, without which nothing can be drawn"
        yield Finding("OpenXR graphics", Verdict.WRONG, said, _OTHER_RUNTIME)
    else:
        yield Finding("OpenXR graphics", Verdict.OK, "the active runtime draws with OpenGL")
    try:
        opened = Runtime()
    except NoHeadset as error:
        yield Finding("headset", Verdict.WRONG, str(error), "Connect the headset and put it on once.")
        return
    except XrError as error:
        yield Finding("OpenXR runtime", Verdict.WRONG, str(error), _SET_RUNTIME)
        return
    try:
        yield Finding("OpenXR runtime", Verdict.OK, f"{opened.name}, version {opened.version}")
        yield Finding("headset", Verdict.OK, opened.headset)
        yield from _hands(opened)
        for name, lost in OPTIONAL.items():
            if name not in offered:
                yield Finding(name, Verdict.LESS, f"not offered: {lost}", _UPDATE)
            elif name in UNTESTED:
                yield Finding(name, Verdict.LESS, "offered and used, but untested: never run on hardware", _TRY)
            else:
                yield Finding(name, Verdict.OK, "offered")
        yield _body_tracking(offered)
    finally:
        opened.close()


def _body_tracking(offered: Container[str]) -> Finding:
    there = [name for name in BODY_TRACKING if name in offered]
    if not there:
        return Finding("body tracking", Verdict.LESS, "not offered: legs and stumps are not seen by themselves", _STRAP)
    return Finding("body tracking", Verdict.LESS, f"{', '.join(there)}: offered, and not used yet", _STRAP)


def _hands(opened: Runtime) -> Iterator[Finding]:
    if not opened.has(runtime.HAND_TRACKING):
        said = "the runtime cannot track hands: a session works with controllers only"
        yield Finding("hand tracking", Verdict.LESS, said, _UPDATE)
    elif not opened.hand_tracking:
        said = "the runtime can track hands but this headset does not now: a session works with controllers only"
        yield Finding("hand tracking", Verdict.LESS, said, _HANDS_ON)
    else:
        yield Finding("hand tracking", Verdict.OK, "26 joints of each hand")
