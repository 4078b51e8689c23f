"""docs/safety.md names for each hazard what is done, where and which test shows it; all of that is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/safety.md").read_text("utf-8")
TESTS = set(
    re.findall(
        r"^(?:async )?def (test_\w+)\(",
        "\n".join(p.read_text("utf-8") for p in ROOT.glob("tests/**/*.py")),
        re.MULTILINE,
    )
)
COLUMNS = ["hazard", "cause", "what is done", "where", "shown by"]


def rows(page: str) -> list[list[str]]:
    """The cells of the hazard table, its head first."""
    table = page.partition("## Hazards")[2].partition("\n## ")[0]
    lines = [line for line in table.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if not line.startswith("| ---")]


HEAD, *HAZARDS = rows(PAGE)


def named(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_the_table_has_its_columns_and_its_hazards() -> None:
    assert HEAD == COLUMNS
    assert len(HAZARDS) >= 20
    assert len({row[0] for row in HAZARDS}) == len(HAZARDS)


@pytest.mark.parametrize("row", HAZARDS, ids=[row[0] for row in HAZARDS])
def test_whatever_a_hazard_names_is_there(row: list[str]) -> None:
    assert len(row) == len(COLUMNS)
    assert all(row), "an empty cell"
    where, tests = named(row[3]), named(row[4])
    assert where
    assert tests
    assert [path for path in where if not (ROOT / path).is_file()] == []
    assert [test for test in tests if test not in TESTS] == []


def test_every_setting_that_the_page_names_is_declared() -> None:
    from vrrehab.session.settings import DECLARED

    declared = {setting.name for setting in DECLARED}
    meant = {name for name in named(PAGE) if re.fullmatch(r"[a-z_]+_(deg|s|min|side|stop)", name)}
    assert meant
    assert meant <= declared | TESTS
