"""The checklist before a session as a form: every question answered, and who answers for what speaks against it."""

from __future__ import annotations

from collections.abc import Callable

from vrrehab.console import kit
from vrrehab.console.kit import Tag
from vrrehab.console.shell import Visit
from vrrehab.session.checklist import Answers, load_checklist


class ChecklistForm:
    """The form; `changed` is called after each answer."""

    def __init__(self, visit: Visit, changed: Callable[[], None]) -> None:
        self._visit, self._t = visit, visit.t
        self._changed = changed
        self._checklist = load_checklist()
        self._answers: dict[str, str] = {}
        self._despite = False
        self._rows: dict[str, Tag] = {}
        t = self._t
        with Tag("section", kind="stack", aria_label=t(self._checklist.title)):
            Tag("h3", t(self._checklist.title))
            with Tag("div"):
                for item in self._checklist.items:
                    self._rows[item.name] = kit.one_of(
                        t(item.ask),
                        {answer: t(answer) for answer in item.answers},
                        lambda answer, name=item.name: self._answer(name, answer),
                        item.name,
                    )
            self._against = kit.notice("", "warn")
            with Tag("div") as self._stand:
                kit.tick(
                    t("I answer for holding the session all the same, as a clinician: {name}", name=visit.login.name),
                    False,
                    self._stand_for,
                    data_check="despite",
                )
        self._tell()

    def left(self) -> int:
        """How many answers are missing, the one that somebody answers for what speaks against it counted."""
        unanswered = len(self._checklist.items) - len(self._answers)
        return unanswered + (1 if self._objections() and not self._despite else 0)

    def answers(self) -> Answers:
        """What was answered, and by whom."""
        who = self._visit.login.name
        return Answers(by=who, answers=dict(self._answers), despite=who if self._objections() and self._despite else "")

    def _answer(self, name: str, answer: str) -> None:
        self._answers[name] = answer
        self._tell()
        self._changed()

    def _stand_for(self, on: bool) -> None:
        self._despite = on
        self._changed()

    def _objections(self) -> list[str]:
        t = self._t
        items = (item for item in self._checklist.items if self._answers.get(item.name) in item.against)
        return [f"{t(item.ask)} {t(self._answers[item.name])}: {t(item.because)}" for item in items]

    def _tell(self) -> None:
        against = self._objections()
        self._against.say(" · ".join(against))
        for part in (self._against, self._stand):
            part.put("hidden", None if against else "hidden")
        for item in self._checklist.items:
            speaks = self._answers.get(item.name) in item.against
            self._rows[item.name].look("one-of against" if speaks else "one-of")
