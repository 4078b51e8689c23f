"""The participants that a therapist chooses from: a line each, found by code, and kept up to what the recorder has.

A line is made once and stays for as long as its participant does: nobody's finger finds another one under it, and what
is made anew leaves a name behind in the browser's heap.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence

from telemetry.messages import Profile
from vrrehab.console import kit
from vrrehab.console.kit import Tag
from vrrehab.console.shell import Visit
from vrrehab.console.words import Words

#: Who has just moved, typed or scrolled here is choosing.
_CHOOSES_S = 5.0
_CHOOSING = ("pointerdown", "pointermove", "scroll", "focusin", "keydown")


class ParticipantList:
    """The list on a page. chosen: is given whom somebody chose. profiles: who there is, by code."""

    def __init__(self, visit: Visit, chosen: Callable[[Profile], Awaitable[None]]) -> None:
        self.profiles: Sequence[Profile] = ()
        self._t = visit.t
        self._chosen = chosen
        self._lines: dict[str, _Line] = {}
        self._search = self._marked = ""
        self._touched_s = float("-inf")
        t = self._t
        kit.field(t("Search"), "", self._find, live=True, kind="search", autocomplete="off")
        self._box = Tag("div", kind="people", role="radiogroup", aria_label=t("Participants"))
        for what in _CHOOSING:
            self._box.on(what, self._touched, throttle=1.0, js_handler="() => emit()")
        self._nobody = Tag("p", "", "soft", hidden="hidden")

    @property
    def in_use(self) -> bool:
        """Whether somebody is choosing just now: what moves then is chosen by mistake."""
        return time.monotonic() - self._touched_s < _CHOOSES_S

    def known(self, code: str) -> Profile | None:
        """The participant as last read; None where there is none of this code."""
        return next((profile for profile in self.profiles if profile.code == code), None)

    def take(self, profiles: Sequence[Profile]) -> None:
        """Show these."""
        self.profiles = sorted(profiles, key=lambda profile: profile.code)
        codes = [profile.code for profile in self.profiles]
        for code in self._lines.keys() - set(codes):
            self._lines.pop(code).box.delete()
        for place, profile in enumerate(self.profiles):
            if profile.code not in self._lines:
                with self._box:
                    self._lines[profile.code] = line = self._line(profile.code)
                if place < len(self._lines) - 1:
                    line.box.move(target_index=place)
            self._lines[profile.code].losses.say(losses_in_words(self._t, profile))
        self._show()

    def mark(self, code: str) -> None:
        """Who is chosen; nobody where empty."""
        self._marked = code
        self._show()

    def _line(self, code: str) -> _Line:
        return _Line(code, lambda: self._choose(code))

    async def _choose(self, code: str) -> None:
        if (profile := self.known(code)) is not None:
            await self._chosen(profile)

    def _find(self, text: str) -> None:
        self._touched()
        self._search = text.strip().upper()
        self._show()

    def _touched(self) -> None:
        self._touched_s = time.monotonic()

    def _show(self) -> None:
        found = 0
        for code, line in self._lines.items():
            fits = self._search in code
            found += fits
            line.box.put("hidden", None if fits else "hidden")
            line.box.put("aria_checked", "true" if code == self._marked else "false")
        self._nobody.say(self._t("No such code.") if self._lines else self._t("Nobody yet. Press Add."))
        self._nobody.put("hidden", "hidden" if found else None)


class _Line:
    def __init__(self, code: str, choose: Callable[[], object]) -> None:
        with Tag("button", kind="person", type="button", role="radio", data_code=code) as self.box:
            Tag("b", code)
            self.losses = Tag("span", "")
        self.box.pressed(choose)


def losses_in_words(t: Words, profile: Profile) -> str:
    """What is lost, as a therapist would say it."""
    said = [f"{t(f'{loss.side} {loss.limb}')} ({t.name(loss.level)})" for loss in profile.limb_losses]
    return ", ".join(said) or t("no loss on record")
