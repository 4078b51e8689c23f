"""Reads the files of `scenes/`: TOML in, one checked record out, every mistake told with file and line.

A therapist edits these files by hand, so a mistake is answered with what was expected, what came and what
to do. This module never repairs or ignores anything: a file is right, or it is refused.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from importlib.resources.abc import Traversable
from typing import Any, TypeVar

import msgspec

from vrrehab.errors import SceneFileError

T = TypeVar("T")

#: Where a value lies in a file: keys and list indices from the top, as `("tasks", 2, "goal")`.
Place = tuple[str | int, ...]


def read_toml(path: Traversable, type: type[T]) -> T:
    """The record that the TOML file at `path` holds, checked against the msgspec struct `type`.

    Raises `SceneFileError` for a file that is missing, unreadable, not UTF-8, not TOML, or not such a record.
    """
    try:
        text = path.read_bytes().decode().replace("\r\n", "\n")
        data = tomllib.loads(text)
    except FileNotFoundError:
        raise SceneFileError(str(path), None, "expected a TOML file, but there is none; check its name") from None
    except OSError as error:
        problem = f"expected a TOML file, but it cannot be read ({error.strerror}); check its permissions"
        raise SceneFileError(str(path), None, problem) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        problem = "expected UTF-8 text, but other bytes came; save the file as UTF-8"
        raise SceneFileError(str(path), line, problem) from error
    except tomllib.TOMLDecodeError as error:
        problem, line = _syntax_problem(str(error), text)
        raise SceneFileError(str(path), line, problem) from error
    try:
        return msgspec.convert(data, type, strict=True)
    except msgspec.ValidationError as error:
        problem, place = _record_problem(*_what_and_place(str(error)), data, type)
        raise SceneFileError(str(path), line_of(text, place), problem) from error


def _syntax_problem(message: str, text: str) -> tuple[str, int]:
    """tomllib's own words, and the line that it puts at their end."""
    what, _, where = message.rpartition(" (at ")
    line = re.match(r"line (\d+)", where)
    last = text.rstrip("\n").count("\n") + 1
    return (
        f"expected TOML, but {what[:1].lower()}{what[1:]}; correct this line or the one before",
        int(line[1]) if line else last,
    )


def _what_and_place(message: str) -> tuple[str, Place, bool]:
    """msgspec's `Expected ..., got ... - at `$.tasks[2].goal`` taken apart.

    Its `[...]` stands for "some value of this table": the place ends there and the last part is True.
    """
    what, _, where = message.partition(" - at `")
    named, some, _ = where.partition("[...]")
    parts = re.findall(r"\.([^.\[\]`]+)|\[(\d+)\]", named)
    return what, tuple(key or int(index) for key, index in parts), bool(some)


def _record_problem(what: str, place: Place, some: bool, data: Any, record: Any) -> tuple[str, Place]:
    """The message for a person, and the place whose line they are to look at."""
    at = f" in {'a value of ' if some else ''}`{_dotted(place)}`" if place else ""
    declared = _declared_at(msgspec.inspect.type_info(record), place)
    if missing := re.match(r"Object missing required field `(.+)`", what):
        return f"expected `{missing[1]}`{at}, but it is missing; add `{missing[1]} = ...`", place
    if unknown := re.match(r"Object contains unknown field `(.+)`", what):
        known = [field.encode_name for info in declared for field in getattr(info, "fields", ())]
        near = difflib.get_close_matches(unknown[1], known, 1)
        remedy = f"did you mean `{near[0]}`?" if near else f"remove it (known: {', '.join(known)})"
        return f"expected a known name{at}, but `{unknown[1]}` came; {remedy}", (*place, unknown[1])
    if what[:1].islower():  # the record's own words, from its `__post_init__`; msgspec's begin with a capital
        return f"{what}{at}; correct it", place
    if what.startswith("Invalid enum value"):
        words = [str(word) for info in declared for word in getattr(info, "values", ())]
        what = f"Expected one of {', '.join(words)}"
    elif what.startswith("Invalid value"):  # the word that says which of several records this is
        whole = _declared_at(msgspec.inspect.type_info(record), place[:-1])
        what = f"Expected one of {', '.join(str(info.tag) for info in whole)}"
    expected = what.partition(", got ")[0].replace("Expected", "expected", 1)
    if some:
        return f"{expected}{at}, but another value came; correct it", place
    for step in place:
        data = data[step]
    return f"{expected}{at}, but {_shown(data)} came; correct it", place


def _dotted(place: Place) -> str:
    """`tasks[2].goal`, counting from 1 as a person reading the file does."""
    return "".join(f"[{step + 1}]" if isinstance(step, int) else f".{step}" for step in place).lstrip(".")


def _shown(value: object) -> str:
    match value:
        case dict():
            return "a table"
        case list():
            return f"a list of {len(value)}"
        case bool():
            return str(value).lower()
        case str():
            return f'"{value}"'
    return str(value)


def _declared_at(info: Any, place: Place) -> list[Any]:
    """What the record's declaration allows at `place`; several where it is a union."""
    if isinstance(info, msgspec.inspect.UnionType):
        return [found for option in info.types for found in _declared_at(option, place)]
    if isinstance(info, msgspec.inspect.Metadata):
        return _declared_at(info.type, place)
    if not place:
        return [info]
    step, rest = place[0], place[1:]
    if isinstance(info, msgspec.inspect.TupleType) and isinstance(step, int):
        return _declared_at(info.item_types[step], rest)
    if isinstance(step, int):
        return _declared_at(getattr(info, "item_type", None), rest)
    if isinstance(info, msgspec.inspect.DictType):
        return _declared_at(info.value_type, rest)
    fields = getattr(info, "fields", ())
    return [found for field in fields if field.encode_name == step for found in _declared_at(field.type, rest)]


def line_of(text: str, place: Place) -> int | None:
    """The line of valid TOML on which the value at `place` begins.

    Where the value is not written in the file, the line of the nearest table or list around it; None for the
    whole file.
    """
    lines = _Lines(text).found
    for length in range(len(place), 0, -1):
        if place[:length] in lines:
            return lines[place[:length]]
    return None


class _Lines:
    """Where each value of a valid TOML text begins.

    tomllib has checked the text and says nothing of lines, so this only has to find its way: headers, keys,
    and the brackets and quotes that values may hide them in.
    """

    _BLANK = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
    _KEY = re.compile(r'[ \t]*("(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|[A-Za-z0-9_-]+)[ \t]*(\.?)')
    _STRING = re.compile(r'"""(?:[^\\]|\\.)*?"{3,5}|' r"'''.*?'{3,5}|" r'"(?:[^"\\\n]|\\.)*"|' r"'[^'\n]*'", re.DOTALL)
    _PLAIN = re.compile(r"[^,\]}#\n]*")

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.found: dict[Place, int] = {}
        self.counts: dict[Place, int] = {}
        table: Place = ()
        while self._skip_blank():
            if text.startswith("[", self.at):
                table = self._header()
            else:
                self._pair(table)

    def _skip_blank(self) -> bool:
        self.at = self._BLANK.match(self.text, self.at).end()  # type: ignore[union-attr]
        return self.at < len(self.text)

    def _mark(self, place: Place) -> None:
        self.found.setdefault(place, self.text.count("\n", 0, self.at) + 1)

    def _key(self) -> tuple[str, ...]:
        parts: list[str] = []
        more = "."
        while more:
            match = self._KEY.match(self.text, self.at)
            assert match is not None, "tomllib accepted what this scanner cannot read as a key"
            parts.append(next(iter(tomllib.loads(f"{match[1]} = 0"))))
            more, self.at = match[2], match.end()
        return tuple(parts)

    def _header(self) -> Place:
        begin = self.at
        listed = self.text.startswith("[[", self.at)
        self.at += 2 if listed else 1
        *outer, last = self._key()
        place: Place = ()
        for part in outer:
            place = self._newest((*place, part))
        place = whole = (*place, last)
        if listed:
            self.counts[place] = self.counts.get(place, -1) + 1
        place = self._newest(place)
        end = self.at + (2 if listed else 1)
        self.at = begin
        self._mark(whole)  # a list of tables begins with the first of them
        self._mark(place)
        self.at = end
        return place

    def _newest(self, place: Place) -> Place:
        return (*place, self.counts[place]) if place in self.counts else place

    def _pair(self, table: Place) -> None:
        begin = self.at
        place = (*table, *self._key())
        end, self.at = self.at, begin
        for length in range(len(table) + 1, len(place) + 1):
            self._mark(place[:length])
        self.at = end + 1  # past the equals sign
        self._value(place)

    def _value(self, place: Place) -> None:
        self.at = re.compile(r"[ \t]*").match(self.text, self.at).end()  # type: ignore[union-attr]
        if string := self._STRING.match(self.text, self.at):
            self.at = string.end()
        elif self.text.startswith("[", self.at):
            self._items("]", place)
        elif self.text.startswith("{", self.at):
            self._items("}", place)
        else:
            self.at = self._PLAIN.match(self.text, self.at).end()  # type: ignore[union-attr]

    def _items(self, close: str, place: Place) -> None:
        self.at += 1
        count = 0
        while self._skip_blank() and not self.text.startswith(close, self.at):
            if self.text.startswith(",", self.at):
                self.at += 1
            elif close == "}":
                self._pair(place)
            else:
                self._mark((*place, count))
                self._value((*place, count))
                count += 1
        self.at += 1
