"""An instrument as a form, made of its own declaration (`telemetry.instruments`)."""

from __future__ import annotations

from collections.abc import Callable

from telemetry.instruments import Answer, Instrument, Item
from vrrehab.console import kit
from vrrehab.console.kit import Tag
from vrrehab.console.words import Words


class InstrumentForm:
    """The fields of one instrument; `answers` is what was entered. Raises nothing: `Instrument.accept` checks."""

    def __init__(self, t: Words, instrument: Instrument) -> None:
        self.answers: dict[str, Answer] = {}
        # What others validated is shown as they wrote it: a translation would be another instrument.
        self._t = t if instrument.wording == "own" else Words("en")
        if instrument.wording == "elsewhere":
            text = t("The wording of this instrument is not ours to show: ask from your own licensed copy.")
            kit.notice(text)
        with Tag("div", kind="fields wide"):
            for item in instrument.items:
                self._field(item)

    def _field(self, item: Item) -> None:
        t = self._t
        label = t(item.text) if item.text else item.name.replace("_", " ")
        hint = t("may stay empty") if item.optional else ""
        if item.levels is not None:
            by_text = {str(code): code for code in item.levels}
            options = {"": "–", **{str(code): _level(code, t(text)) for code, text in item.levels.items()}}
            kit.choice(label, options, "", lambda v: self._put(item, by_text.get(v)), hint=hint, data_item=item.name)
        elif item.several is not None:
            self._several(item, label)
        elif item.number is not None:
            least, most, unit = item.number
            about = " ".join(part for part in (f"{t.number(least)}–{t.number(most)}", t(unit), hint) if part)
            kit.field(label, "", lambda v: self._put(item, _number(v)), hint=about, inputmode="decimal",
                      autocomplete="off", live=True, data_item=item.name)  # fmt: skip
        else:
            kit.field(label, "", lambda v: self._put(item, v), hint=hint, autocomplete="off", live=True,
                      maxlength=item.letters, data_item=item.name)  # fmt: skip

    def _several(self, item: Item, label: str) -> None:
        chosen: set[str] = set()

        def put(code: str) -> Callable[[bool], None]:
            def ticked(on: bool) -> None:
                (chosen.add if on else chosen.discard)(code)
                self._put(item, ",".join(sorted(chosen)))

            return ticked

        assert item.several is not None
        with Tag("fieldset", data_item=item.name):
            Tag("legend", label)
            for code, text in item.several.items():
                kit.tick(self._t(text), False, put(code))

    def _put(self, item: Item, answer: Answer) -> None:
        if answer is None or answer == "":
            self.answers.pop(item.name, None)
        else:
            self.answers[item.name] = answer


def in_words(t: Words, instrument: Instrument | None, answers: dict[str, Answer]) -> str:
    """What was answered, in a line: its scores where there are any, else the answers themselves."""
    if instrument is None:
        return ", ".join(f"{name} {value}" for name, value in answers.items())
    scores = instrument.score(answers)
    if scores:
        return ", ".join(f"{t.name(name)} {t.number(value)}" for name, value in scores.items())
    said = []
    for item in instrument.items:
        answer = answers.get(item.name)
        if answer is None:
            continue
        known: dict[str, str] = {str(code): text for code, text in (item.levels or item.several or {}).items()}
        parts = (
            str(answer).split(",") if item.several else [t.number(answer) if isinstance(answer, float) else str(answer)]
        )
        said.append(
            " ".join((*(t(known.get(part, part)) for part in parts), item.number[2] if item.number else "")).strip()
        )
    return ", ".join(said)


def _level(code: object, text: str) -> str:
    return text if str(code) == text or not isinstance(code, int) else f"{code}: {text}"


def _number(text: str) -> Answer:
    """The number that was typed; the text itself where it is none, which is then refused with what was expected."""
    try:
        return float(text.strip().replace(",", ".")) if text.strip() else None
    except ValueError:
        return text
