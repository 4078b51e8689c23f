"""The documents keep their promises: snippets run, commands exist, links lead somewhere."""

from __future__ import annotations

import contextlib
import io
import os
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import pytest
from typer.testing import CliRunner

from vrrehab.cli import with_every_command

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted(path for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("tests/**/*.md")])
_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def snippets(language: str) -> list[tuple[str, str]]:
    """(document and line, text) of each fenced snippet in this language."""
    found = []
    for path in DOCUMENTS:
        text = path.read_text(encoding="utf-8")
        for match in _FENCE.finditer(text):
            if match[2] == language:
                line = text.count("\n", 0, match.start()) + 1
                lines = [line.removeprefix(match[1]) for line in match[3].splitlines()]
                found.append((f"{path.relative_to(ROOT)}:{line}", "\n".join(lines)))
    return found


def commands() -> list[str]:
    """Each `vrrehab` command line in a shell snippet, or between backticks, without what comes after a comment sign."""
    found = set()
    for path in DOCUMENTS:
        text = path.read_text(encoding="utf-8")
        shells = [text for name in ("sh", "powershell", "") for place, text in snippets(name)]
        lines = [*"\n".join(shells).splitlines(), *re.findall(r"`(vrrehab [^`\n]*)`", text)]
        for line in lines:
            if match := re.match(r"(?:\.venv.(?:bin|Scripts).)?(vrrehab [a-z][^#]*?)\s*&?\s*(?:#.*)?$", line.strip()):
                found.add(match[1])
    return sorted(found)


@pytest.mark.parametrize(("place", "snippet"), snippets("python"), ids=[place for place, _ in snippets("python")])
def test_a_python_snippet_runs(place: str, snippet: str, demo_run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(demo_run.folder)
    snippet = snippet.replace('"DIR"', '"demo-data"')
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(snippet, place, "exec"), {"__name__": place})


def test_there_are_snippets_and_commands_to_try() -> None:
    assert snippets("python")
    assert len(commands()) > 6


@pytest.fixture(scope="module")
def explained() -> Callable[..., str]:
    """What `vrrehab NAMES --help` says; fails where there is no such command."""
    runner, app = CliRunner(), with_every_command()

    def explained(*names: str) -> str:
        ran = runner.invoke(app, [*names, "--help"])
        assert ran.exit_code == 0, ran.output
        return ran.output

    return explained


@pytest.mark.parametrize("command", commands())
def test_a_command_in_the_documents_exists_with_its_options(command: str, explained: Callable[..., str]) -> None:
    words = command.split()
    names = [word for word in words[1:3] if re.fullmatch("[a-z][a-z-]*", word)]
    if names[0] not in ("participant", "avatar", "tracker", "keys", "console", "language", "programme"):
        del names[1:]
    said = explained(*names)
    for option in [word for word in words if word.startswith("--")]:
        assert re.search(rf"^\s+{option}\b", said, re.MULTILINE), f"{command}: {said}"


def test_every_command_is_in_the_documents() -> None:
    said = " ".join(commands())
    for command in ("demo", "doctor", "recorder", "participant add", "avatar preview", "tracker mount",
                    "tracker remove", "session", "replay", "backup", "report", "features", "demo-study", "verify",
                    "recover", "keys make",
                    "erase"):  # fmt: skip
        assert f"vrrehab {command}" in said, command


@pytest.mark.parametrize("path", DOCUMENTS, ids=[str(path.relative_to(ROOT)) for path in DOCUMENTS])
def test_every_link_leads_somewhere(path: Path) -> None:
    missing = []
    for link in _LINK.findall(path.read_text(encoding="utf-8")):
        if re.match(r"https?://|mailto:", link):
            continue
        file, _, anchor = unquote(link).partition("#")
        target = path if not file else path.parent / file
        if not target.exists() or (anchor and anchor not in _anchors(target)):
            missing.append(link)
    assert not missing


def _anchors(path: Path) -> set[str]:
    """The anchors that GitHub gives a document's headings."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("command", ["make demo", "make test"])
def test_the_two_commands_of_the_readme_are_in_the_makefile(command: str) -> None:
    assert f"\n{command.removeprefix('make ')}:" in (ROOT / "Makefile").read_text()
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_every_test_that_a_document_names_exists() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    named = {name for path in DOCUMENTS for name in re.findall(r"`(test_\w+)`", path.read_text(encoding="utf-8"))}
    assert len(named) > 40
    assert not [name for name in sorted(named) if f"def {name}(" not in sources]
