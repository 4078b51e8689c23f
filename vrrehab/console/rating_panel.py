"""Ratings on the run page: an answer for the question that awaits one, and another value for one that was given."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cache

from telemetry.live_messages import Question as Asked
from telemetry.live_messages import Score, Standing, State
from vrrehab.console import kit
from vrrehab.console.choices import title_of
from vrrehab.console.kit import Tag
from vrrehab.console.plot import clock
from vrrehab.console.shell import Visit
from vrrehab.session.questions import PAIN, Choice, Numbers, Question, Words, load_question, question_names

Order = Callable[..., Awaitable[object]]
#: What is rated, in a therapist's words.
SITES: dict[str, str] = {
    "PLP": "Phantom limb pain", "RLP": "Residual limb pain", "PLS": "Phantom sensation, not painful",
}  # fmt: skip
#: The usual scale of pain, for a score whose question is not known here.
_PAIN_STEPS = range(11)


class RatingPanel:
    """The panel; `order` gives the session a command, and `may` says which."""

    def __init__(self, visit: Visit, order: Order, may: set[str]) -> None:
        self._visit, self._t, self._order, self._may = visit, visit.t, order, may
        self._shown: str | None = None
        self._question: Question | None = None
        self._corrects, self._corrected = False, ""
        with Tag("fieldset") as self._asking:
            self._label = Tag("legend", "", tabindex="-1")
            self._place = Tag("div", kind="stack")
        self._ask(None)
        if "correct" in may:
            with Tag("details") as correcting:
                Tag("summary", self._t("Correct a score"), "button quiet")
                self._scores = Tag("div", kind="fields")
            correcting.on("toggle", lambda e: self._turn(bool(e.args)), js_handler="(e) => emit(e.target.open)")

    def show(self, standing: Standing, state: State) -> None:
        """What is asked now, and what was given so far."""
        asked = state.question
        if (asked.rating_id if asked else "") != self._shown:
            self._ask(asked)
        given = [score for score in standing.scores if score.status == "given" and score.value is not None]
        said = " ".join(f"{score.rating_id}{score.value}" for score in given)
        if self._corrects and said != self._corrected:
            self._corrected = said
            self._correct(given)

    def _turn(self, corrects: bool) -> None:
        """What corrects a score is made anew with each that is given, and so only while it is open."""
        self._corrects = corrects

    def _ask(self, asked: Asked | None) -> None:
        t = self._t
        self._shown = asked.rating_id if asked else ""
        question = load_question(PAIN) if asked is None else question_of(asked.site, asked.scale, asked.item)
        if asked is None:
            self._label.say(t("Rating: nothing is asked now"))
        else:
            self._label.say(t(question.title) if question else f"{asked.site}, {asked.scale}")
        self._asking.put("disabled", None if asked else "disabled")
        # After each task it is the same that is asked, with the same buttons. Another question gets its own, so that no
        # answer to the one before is taken for an answer to it; words begin with none chosen.
        if question is None or question != self._question or isinstance(question.answer, Words):
            self._question = question
            self._place.clear()
            with self._place:
                self._answers(question)

    def _answers(self, question: Question | None) -> None:
        t = self._t
        meant = {"question": question.name} if question else {}

        async def answer(command: str, **said: float | str) -> None:
            self._label.focus()  # what was pressed cannot be pressed until something is asked again
            await self._order(command, **said, **meant)

        def enter(value: float | str) -> Callable[[], object]:
            return lambda: answer("rate", value=value)

        match question.answer if question else None:
            case Words(words=words):
                chosen: set[str] = set()
                with Tag("div", kind="fields"):
                    for word, text in words.items():

                        def put(on: bool, word: str = word) -> None:
                            (chosen.add if on else chosen.discard)(word)

                        kit.tick(t(text), False, put)
                kit.button(t("Enter"), lambda: answer("rate", value=",".join(sorted(chosen))))
            case Choice(options=options):
                with Tag("div", kind="grid-buttons"):
                    for option in options:
                        kit.button(t(option.label), enter(option.value), data_rate=option.value)
            case Numbers(least=least, most=most, low=low, high=high):
                with Tag("div", kind="eleven", role="toolbar", aria_label=t(question.title) if question else None):
                    for value in range(least, most + 1):
                        made = kit.button(str(value), enter(value), data_rate=value)
                        made.put("aria-label", t("Enter {value}", value=value))
                Tag("p", f"{least} {t(low)} – {most} {t(high)}", "soft small")
            case _:
                Tag("p", t("Only the participant can answer this."), "soft")
        kit.button(t("Rather not say"), lambda: answer("decline"), data_command="decline")

    def _correct(self, given: list[Score]) -> None:
        t = self._t
        self._scores.clear()
        numeric = [score for score in given if not isinstance(_answer_of(score), Words)]
        if not numeric:
            with self._scores:
                Tag("p", t("No score was given so far."), "soft")
            return
        chosen = {"rating": numeric[-1].rating_id, "value": ""}
        by_id = {score.rating_id: score for score in numeric}

        def values(rating_id: str) -> None:
            chosen.update(rating=rating_id, value="")
            place.clear()
            with place:
                answer = _answer_of(by_id[rating_id])
                steps = list(_PAIN_STEPS)
                if isinstance(answer, Numbers):
                    steps = list(range(answer.least, answer.most + 1))
                if isinstance(answer, Choice):
                    steps = [option.value for option in answer.options]
                options = {"": "–", **{str(step): str(step) for step in steps}}
                kit.choice(
                    t("It should be"), options, "", lambda value: chosen.update(value=value), data_kept="corrected"
                )

        async def go() -> None:
            if chosen["value"]:
                await self._order("correct", rating_id=chosen["rating"], value=float(chosen["value"]))

        with self._scores:
            options = {score.rating_id: _in_words(self._visit, score) for score in numeric}
            kit.choice(t("Score"), options, chosen["rating"], values, data_kept="correct-which")
            place = Tag("div")
            values(chosen["rating"])
            kit.button(t("Correct"), go, data_do="correct", data_kept="correct")


@cache
def question_of(site: str, scale: str, item: str) -> Question | None:
    """The question that asks for this; None for one that is not among ours."""
    for name in question_names():
        question = load_question(name)
        if (question.site, question.scale) == (site, scale) and item in question.items:
            return question
    return None


def _answer_of(score: Score) -> Numbers | Choice | Words | None:
    question = question_of(score.site, score.scale, score.item)
    return question.answer if question else None


def _in_words(visit: Visit, score: Score) -> str:
    t = visit.t
    what = t.name(score.item) if score.item else t(SITES.get(score.site, score.site))
    after = t(title_of("tasks", score.task)) if score.task else t.name(score.phase)
    return f"{clock(score.at_s)} {what}, {after}: {score.value:g}"
