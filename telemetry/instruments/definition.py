"""What an instrument is: its items, which answers each takes, and how scores are made of them.

An instrument here is anything that is filled in and dated: a published questionnaire, a profile, a line of a pain log.
Where the wording belongs to somebody else, an item has a name and no text, and the clinic that holds a licence supplies
it. A formula that could not be checked against its source is left out: answers are kept, and no score is made.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Answer = float | int | str | bool | None
Levels = Mapping[int, str] | Mapping[str, str] | Mapping[int | str, str]


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that is asked. Exactly one of levels, several, number and letters says what it takes.

    text: what is asked; empty where the wording is not ours to ship. levels: each code with what it stands for.
    several: the same, where more than one may be given, with commas between them. number: least, most and unit, any
    number between. letters: how long a text may be. optional: whether it may be left out.
    """

    name: str
    text: str = ""
    levels: Levels | None = None
    several: Mapping[str, str] | None = None
    number: tuple[float, float, str] | None = None
    letters: int = 0
    optional: bool = False

    def accept(self, answer: Answer) -> Answer:
        """The answer as it is kept. Raises ValueError with what was expected."""
        if answer is None or answer == "":
            if self.optional:
                return None
            raise ValueError(f"expected an answer to {self.name}, got none")
        if self.levels is not None:
            if isinstance(answer, bool) or answer not in self.levels:
                raise ValueError(f"expected {self.name} to be one of {_listed(self.levels)}, got {answer!r}")
            return int(answer) if isinstance(answer, float) else answer
        if self.several is not None:
            given = [code.strip() for code in str(answer).split(",")]
            unknown = [code for code in given if code not in self.several]
            if unknown:
                raise ValueError(f"expected {self.name} to be some of {_listed(self.several)}, got {unknown[0]!r}")
            return ",".join(code for code in self.several if code in given)
        if self.number is not None:
            least, most, unit = self.number
            is_number = isinstance(answer, int | float) and not isinstance(answer, bool) and math.isfinite(answer)
            if not is_number or not least <= float(answer) <= most:
                wanted = f"{least:g} to {most:g} {unit}".rstrip()
                raise ValueError(f"expected {self.name} to be {wanted}, got {answer!r}")
            return answer
        if not isinstance(answer, str) or len(answer) > self.letters:
            raise ValueError(f"expected {self.name} to be a text of at most {self.letters} letters, got {answer!r}")
        return answer


def _listed(codes: Levels) -> str:
    return ", ".join(map(str, codes))


@dataclass(frozen=True, slots=True)
class Score:
    """The sum of some items, one that is named twice counted twice, times a factor."""

    name: str
    items: tuple[str, ...]
    factor: float = 1.0
    text: str = ""


@dataclass(frozen=True, slots=True)
class Instrument:
    """source: where it is published. wording: whose the items' texts are: `own`, `free`, or `elsewhere`, which are not
    here: the clinic supplies them.

    unscored: why no score is made of answers that one would expect a score of; empty where there is nothing to say.
    """

    name: str
    title: str
    items: tuple[Item, ...]
    source: str
    wording: Literal["own", "free", "elsewhere"]
    scores: tuple[Score, ...] = ()
    unscored: str = ""

    def accept(self, answers: Mapping[str, Answer]) -> dict[str, Answer]:
        """The answers as they are kept, those left out left out. Raises ValueError with what was expected."""
        known = {item.name for item in self.items}
        for name in answers:
            if name not in known:
                raise ValueError(f"expected items of {self.name} ({', '.join(sorted(known))}), got {name!r}")
        kept = {item.name: item.accept(answers.get(item.name)) for item in self.items}
        return {name: answer for name, answer in kept.items() if answer is not None}

    def score(self, answers: Mapping[str, Answer]) -> dict[str, float]:
        """Every score whose items were all answered: no score is made of a part."""
        scored = {}
        for score in self.scores:
            values = [answers.get(name) for name in score.items]
            if all(isinstance(value, int | float) for value in values):
                scored[score.name] = round(score.factor * math.fsum(values), 10)  # type: ignore[arg-type]
        return scored
