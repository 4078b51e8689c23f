"""Every text that a participant may read or hear, and where it comes from: what catalogues are made of.

Texts are found where they are written: the files of `scenes/`, and in the code what is passed to `say` or `mark`. This
reads source files and is for whoever keeps the catalogues; a session never needs it.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import polib

from vrrehab.language import REVIEWED_ON, REVIEWED_TEXTS, REVIEWER, languages_folder

#: What of a scene's file is read by a participant, as keys from its top; `*` stands for all of a list or table.
_SHOWN: dict[str, tuple[tuple[str, ...], ...]] = {
    "tasks": (("title",), ("instruction",), ("rule", "steps", "*", "say")),
    "programmes": (("title",),),
    "questions": (
        ("title",), ("answer", "low"), ("answer", "high"), ("answer", "options", "*", "label"),
        ("answer", "words", "*"),
    ),
}  # fmt: skip
_MARKERS = ("say", "_say", "mark")


def texts() -> dict[str, list[str]]:
    """Each text with the files that it is in, in the order in which they are found."""
    found: dict[str, list[str]] = {}
    for text, where in (*_of_scenes(), *_of_code()):
        if text and where not in found.setdefault(text, []):
            found[text].append(where)
    return found


def _of_scenes() -> Iterator[tuple[str, str]]:
    scenes = Path(str(resources.files("scenes")))
    for folder, shown in _SHOWN.items():
        for path in sorted((scenes / folder).glob("*.toml")):
            data = tomllib.loads(path.read_text("utf-8"))
            for keys in shown:
                for text in _at(data, keys):
                    yield text, f"scenes/{folder}/{path.name}"


def _at(data: Any, keys: tuple[str, ...]) -> Iterator[str]:
    if not keys:
        yield data
        return
    if keys[0] == "*":
        for value in data.values() if isinstance(data, dict) else data:
            yield from _at(value, keys[1:])
    elif keys[0] in data:
        yield from _at(data[keys[0]], keys[1:])


def _of_code() -> Iterator[tuple[str, str]]:
    root = Path(str(resources.files("vrrehab")))
    parts = ("session", "tasks")
    for path in sorted(
        (root / "cli" / "strapping.py", *(path for part in parts for path in (root / part).glob("*.py")))
    ):
        where = f"vrrehab/{path.relative_to(root).as_posix()}"
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            called, text = node.func, node.args[0]
            name = getattr(called, "attr", None) or getattr(called, "id", "")
            if name in _MARKERS and isinstance(text, ast.Constant) and isinstance(text.value, str):
                yield text.value, where


def update(code: str, folder: Path | None = None) -> polib.POFile:
    """Bring a language's catalogue up to the texts there are, and write it; one that is not there yet begins empty.

    Translations stay. What is no text any more is kept as obsolete, so that nothing that somebody wrote is lost.
    """
    path = (folder or languages_folder()) / f"{code}.po"
    catalogue = polib.pofile(str(path), wrapwidth=118) if path.is_file() else _new(code, path)
    known = {entry.msgid: entry for entry in catalogue}
    now = texts()
    entries = []
    for text, where in now.items():
        entry = known.pop(text, None) or polib.POEntry(msgid=text)
        entry.obsolete = False
        entry.occurrences = [(file, "") for file in where]
        entries.append(entry)
    for entry in known.values():
        if entry.msgstr:
            entry.obsolete, entry.occurrences = True, []
            entries.append(entry)
    catalogue[:] = entries
    path.parent.mkdir(parents=True, exist_ok=True)
    catalogue.save(str(path))
    return catalogue


def _new(code: str, path: Path) -> polib.POFile:
    catalogue = polib.POFile(wrapwidth=118)
    catalogue.fpath = str(path)
    catalogue.metadata = {
        "Language": code,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Transfer-Encoding": "8bit",
        REVIEWER: "",
        REVIEWED_ON: "",
        REVIEWED_TEXTS: "",
    }
    return catalogue
