"""Live settings: everything that the session declares, with its range, its default, and what became of each change.

Nothing here knows a setting by name: the panel is made of `vrrehab.session.settings.DECLARED`.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

from telemetry.live_messages import Standing
from vrrehab.console import kit
from vrrehab.console.desk import Order
from vrrehab.console.kit import Tag
from vrrehab.console.shell import Visit
from vrrehab.console.words import Words
from vrrehab.session.settings import DECLARED, Setting, Value

_STEPS = 100
#: While a slider is moved, the number beside it moves along, with its unit.
_MOVES = """(e) => {
    const said = e.target.nextElementSibling.firstChild, unit = said.nodeValue.replace(/^\\S+/, '');
    const form = { maximumFractionDigits: 4, useGrouping: false };
    const value = Number(e.target.value).toLocaleString(document.documentElement.lang, form);
    said.nodeValue = value.replace('-', '\\u2212') + unit;
}"""


class SettingsPanel:
    """The panel on a page; `show` puts the values in that are in force."""

    def __init__(self, visit: Visit) -> None:
        self._visit, self._t = visit, visit.t
        self._rows: dict[str, _Row] = {}
        self._undone: list[tuple[str, Value]] = []
        self._session = ""
        t = self._t
        with Tag("div", kind="row"):
            self._undo = kit.button(t("Undo the last change"), self._take_back, aria_disabled="true", data_do="undo")
        kit.field(t("Search settings"), "", self._find, live=True, kind="search", autocomplete="off")
        self._groups: list[tuple[Tag, list[_Row]]] = []
        for group, settings in grouped().items():
            with Tag("section", aria_label=t(group)) as section:
                Tag("h3", t(group))
                rows = [_Row(visit, setting, self) for setting in settings]
            self._groups.append((section, rows))
            self._rows.update({row.setting.name: row for row in rows})

    def show(self, standing: Standing) -> None:
        """The values in force, and those that the session began with."""
        if standing.facts.session_id != self._session:
            self._session = standing.facts.session_id
            self._undone.clear()  # what was changed in another session is not this one's
            self._undo.off(True)
        for name, row in self._rows.items():
            row.begin(standing.at_start.get(name, row.setting.default))
            row.show(standing.settings.get(name, row.default))

    def remember(self, name: str, before: Value) -> None:
        """A change was applied, which Undo takes back."""
        self._undone.append((name, before))
        self._undo.off(False)

    async def _take_back(self) -> None:
        if self._undone:
            name, before = self._undone.pop()
            self._undo.off(not self._undone)
            if not await self._rows[name].ask(before, remember=False):
                self.remember(name, before)

    def _find(self, text: str) -> None:
        words = text.lower().split()
        for section, rows in self._groups:
            found = 0
            for row in rows:
                fits = all(word in row.searched for word in words)
                found += fits
                row.box.put("hidden", None if fits else "hidden")
            section.put("hidden", None if found else "hidden")


class _Row:
    """One setting: its name, what it does, where it is now, and what became of the last change here."""

    def __init__(self, visit: Visit, setting: Setting, panel: SettingsPanel) -> None:
        t = visit.t
        self.setting = setting
        self._visit, self._t, self._panel = visit, t, panel
        self._value = self.default = setting.default
        self.searched = f"{setting.name} {t(title(setting))} {t(setting.description)}".lower().replace("_", " ")
        with Tag("div", kind="setting", data_setting=setting.name) as self.box:
            Tag("b", t(title(setting)), id=f"name-{setting.name}")
            self._reset = kit.button(
                t("Default"), self._back, "quiet", aria_label=t("{name} to its default", name=t(title(setting)))
            )
            self._place = Tag("div", kind="control")
            self._make()
            self._about = Tag("p", "", "about")
            self._outcome = Tag("p", "", "about outcome-line", role="status")
        self.begin(setting.default)
        self.show(setting.default)

    def _make(self) -> None:
        self._place.clear()
        with self._place:
            self._control = self._made()

    def _made(self) -> Tag:
        setting = self.setting
        name = {"aria_labelledby": f"name-{setting.name}"}
        if isinstance(setting.default, bool):
            with Tag("label", kind="tick"):
                made = Tag("input", type="checkbox", **name)
                self._said = Tag("span", "")
            ticked = f"(e) => emit({kit.CUT_OFF} ? null : e.target.checked)"
            made.on("change", lambda e: self._set(e.args), js_handler=ticked)
        elif setting.choices:
            made = kit.select(
                {c: self._t.name(c) for c in setting.choices},
                str(setting.default),
                self._set,
                kit.SET_LIVE,
                **name,
            )
            made.classes("bare")
            self._said = Tag("output", "", "hidden-name")
        else:
            least, most = bounds(setting)
            made = Tag("input", type="range", min=least, max=most, step=step_of(least, most), **name)
            self._said = Tag("output", "")
            made.on("change", lambda e: self._set(e.args), js_handler=kit.SET_LIVE)
            # While it is dragged only the number moves; what the participant sees changes when it is let go.
            made.on("input", js_handler=_MOVES)
        return made

    def begin(self, default: Value) -> None:
        """What it goes back to; the place of a session is its programme's."""
        self.default = default
        said = self._t(self.setting.description), range_in_words(self._t, self.setting, default)
        self._about.say(" ".join(said))

    def show(self, value: Value) -> None:
        self._value = value
        if isinstance(value, bool):
            self._control.put("checked", value)
            self._said.say(in_words(self._t, self.setting, value))
        else:
            self._control.put("value", value)
            self._said.say("" if isinstance(value, str) else in_words(self._t, self.setting, value))
        self._reset.put("disabled", "disabled" if value == self.default else None)

    async def _set(self, value: str | bool | None) -> None:
        """Somebody changed what stands in the field; None where the page was cut off just then."""
        if value is None:
            self._put_back()
            self._outcome.say(self._t("Not changed: the page was cut off. This is what is in force."))
            self._outcome.look("about outcome-line")
        else:
            number = not isinstance(self.setting.default, bool) and not self.setting.choices
            await self.ask(float(value) if number else value)

    def _put_back(self) -> None:
        """What stands in the field is not what is in force."""
        self._make()
        self.show(self._value)

    async def ask(self, value: Any, remember: bool = True) -> bool:
        """Ask the session for another value, and say what became of it; whether it was applied."""
        before = self._value
        self._outcome.look("about outcome-line")
        self._outcome.say(self._t("requested …"))
        order = await self._visit.tell("set", name=self.setting.name, value=value)
        self._outcome.say(outcome(self._t, order))
        if order.status == "applied":
            self.show(value)
            if remember:
                self._panel.remember(self.setting.name, before)
        else:
            self._put_back()
        return order.status == "applied"

    async def _back(self) -> None:
        self._control.focus()  # the button is about to have nothing to do
        await self.ask(self.default)


def outcome(t: Words, order: Order) -> str:
    """What became of a command, in a sentence."""
    if order.status == "applied":
        return t("applied in frame {frame}, after {ms} ms", frame=order.frame, ms=round(order.took_ms))
    if order.status == "refused":
        return t("refused: {reason}", reason=t.heard(order.reason))
    if order.status == "unanswered":
        return t("not answered: {reason}", reason=t.heard(order.reason))
    return t("requested …")


def grouped() -> dict[str, list[Setting]]:
    """The declarations by what they are about: the first word of names that share one, the session for the rest."""
    first = Counter(setting.name.split("_")[0] for setting in DECLARED)
    groups: dict[str, list[Setting]] = {}
    for setting in DECLARED:
        word = setting.name.split("_")[0]
        groups.setdefault(word.capitalize() if first[word] > 2 else "Session", []).append(setting)
    return groups


def title(setting: Setting) -> str:
    """The setting's name in words, without its unit."""
    name = setting.name
    for ending in (f"_{setting.unit}", "_ratio") if setting.unit else ("_ratio",):
        name = name.removesuffix(ending)
    return name.replace("_", " ").capitalize()


def bounds(setting: Setting) -> tuple[float, float]:
    least = 0.0 if setting.least is None else setting.least
    most = max(1.0, 2 * float(setting.default)) if setting.most is None else setting.most
    return least, most


def step_of(least: float, most: float) -> float:
    """A round step that makes some hundred of the range."""
    rough = (most - least) / _STEPS
    size = 10.0 ** math.floor(math.log10(rough))
    return round(next(size * n for n in (1, 2, 5, 10) if size * n >= rough * 0.999), 10)


def in_words(t: Words, setting: Setting, value: Value) -> str:
    """A value as a therapist reads it, with its unit."""
    if isinstance(value, bool):
        return t("on") if value else t("off")
    if isinstance(value, str):
        return t.name(value)
    return f"{t.number(value)} {setting.unit}".rstrip()


def range_in_words(t: Words, setting: Setting, default: Value) -> str:
    if isinstance(default, bool | str):
        return t("Default: {default}.", default=in_words(t, setting, default))
    unit = f" {setting.unit}" if setting.unit else ""
    least, most = bounds(setting)
    return t(
        "{least} to {most}{unit}, default {default}.",
        least=t.number(least),
        most=t.number(most),
        unit=unit,
        default=t.number(default),
    )
