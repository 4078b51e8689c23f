"""Questions: what a TOML file in `scenes/questions/` may say, and which of them are asked when.

A question without an `item` asks how strong something is at its site: those are the scores of the task-pain ledger.
Everything else that is asked (a word, effort, sickness) names its item, so that no score of pain is mistaken for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta

from telemetry.messages import Phase, Site
from vrrehab.errors import UnknownName
from vrrehab.session.toml_file import read_toml

#: The 11-point numeric rating scale of pain intensity, 0 "no pain" to 10 "worst pain imaginable" (Dworkin et al. 2005,
#: IMMPACT core outcome measures).
SCALE = "NRS-11"

#: The question after every task: the score of the task-pain ledger.
PAIN = "phantom_pain"

#: When a session asks.
Moment = Literal["before", "after_task", "block_end", "after"]
#: What is asked then, unless the programme says otherwise.
ASKED: dict[Moment, tuple[str, ...]] = {
    "before": (PAIN, "residual_limb_pain", "phantom_sensation", "sickness"),
    "after_task": (PAIN,),
    "block_end": ("residual_limb_pain", "phantom_sensation", "sickness"),
    "after": (PAIN, "residual_limb_pain", "phantom_sensation", "sickness"),
}

Name = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]*$")]
_Text = Annotated[str, Meta(min_length=1, max_length=120)]
_Code = Annotated[int, Meta(ge=-100, le=100)]
MOST_STEPS = 21


class Numbers(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="numbers"):
    """Whole numbers from `least` to `most`, with a word at either end."""

    least: _Code
    most: _Code
    low: _Text
    high: _Text

    def __post_init__(self) -> None:
        if not 2 <= self.most - self.least + 1 <= MOST_STEPS:
            raise ValueError(f"expected 2 to {MOST_STEPS} steps, got least = {self.least} and most = {self.most}")


class Option(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    value: _Code
    label: _Text


class Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="choice"):
    """One of a few answers in words; its value is recorded."""

    options: Annotated[tuple[Option, ...], Meta(min_length=2, max_length=10)]

    def __post_init__(self) -> None:
        if len({option.value for option in self.options}) < len(self.options):
            raise ValueError("expected a value of its own for each option")


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="words"):
    """Any number of words; each is recorded as an item, 1 chosen or 0 not."""

    words: Annotated[dict[Name, _Text], Meta(min_length=2, max_length=18)]


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One question. `site` `other` is for what belongs to no limb."""

    name: Name
    site: Site
    scale: Annotated[str, Meta(pattern="^[A-Za-z][A-Za-z0-9_-]*$")]
    title: _Text
    answer: Numbers | Choice | Words
    item: Name | Literal[""] = ""

    def __post_init__(self) -> None:
        words = isinstance(self.answer, Words)
        if words and self.item:
            raise ValueError("expected no `item` where the answer is words, each of which is one")
        if self.site == "other" and not words and not self.item:
            raise ValueError('expected an `item` for the site "other", which has no strength of its own')

    @property
    def items(self) -> tuple[str, ...]:
        """What is recorded of an answer: one item, or each word as one."""
        return tuple(self.answer.words) if isinstance(self.answer, Words) else (self.item,)

    def accept(self, answer: object) -> dict[str, float]:
        """The value of each item for an answer as a person gives it: a number, or words with commas between them.

        Raises ValueError with what was expected.
        """
        match self.answer:
            case Words(words=words):
                chosen = [word.strip() for word in answer.split(",")] if isinstance(answer, str) else [""]
                chosen = [word for word in chosen if word]
                unknown = [word for word in chosen if word not in words]
                if unknown or not isinstance(answer, str):
                    what = repr(unknown[0]) if unknown else repr(answer)
                    raise ValueError(f"expects words of {', '.join(words)}, with commas between them, got {what}")
                return {word: float(word in chosen) for word in words}
            case Choice(options=options):
                values = [option.value for option in options]
                if isinstance(answer, bool) or answer not in values:
                    raise ValueError(f"expects one of {', '.join(map(str, values))}, got {answer!r}")
            case Numbers(least=least, most=most):
                if isinstance(answer, bool) or answer not in range(least, most + 1):
                    raise ValueError(f"expects a whole number from {least} to {most}, got {answer!r}")
        assert isinstance(answer, int | float)
        return {self.item: float(answer)}


def question_names() -> list[str]:
    """The names of the questions that ship."""
    return sorted(path.stem for path in (Path(str(resources.files("scenes"))) / "questions").glob("*.toml"))


def load_question(name: str, folder: Path | None = None) -> Question:
    """The question `name` from `folder`, by default those of `scenes/questions`.

    Raises `UnknownName` when there is none, `SceneFileError` when the file is not a question.
    """
    folder = folder or Path(str(resources.files("scenes"))) / "questions"
    path = folder / f"{name}.toml"
    if not path.is_file():
        raise UnknownName("question", name, sorted(p.stem for p in folder.glob("*.toml")), folder)
    return read_toml(path, Question)


def questions_of(
    ask: Iterable[Moment] | Mapping[Moment, tuple[str, ...]], folder: Path | None = None
) -> dict[Phase, tuple[Question, ...]]:
    """What a programme asks, by moment: its `ask` names the moments, or for each moment the questions."""
    named = ask if isinstance(ask, Mapping) else {moment: ASKED[moment] for moment in ask}
    return {
        moment: tuple(load_question(name, folder) for name in named[moment])
        for moment in get_args(Moment)
        if moment in named
    }
