from __future__ import annotations

import re
from pathlib import Path

import pytest

from vrrehab.errors import SceneFileError
from vrrehab.tasks.definition import load_task
from vrrehab.tasks.rules import COMFORTABLE_REACH_RATIO, ReachRule

SHIPPED = Path(__file__).parents[2] / "scenes" / "tasks"


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.toml")), ids=lambda path: path.stem)
def test_every_task_that_ships_is_whole_and_named_as_its_file(path: Path) -> None:
    assert load_task(path.stem).name == path.stem


def test_no_shipped_target_is_further_than_comfortable() -> None:
    rule = load_task("reach_touch").rule
    assert isinstance(rule, ReachRule)
    assert all(sum(x * x for x in target) ** 0.5 <= COMFORTABLE_REACH_RATIO for target in rule.targets)


@pytest.mark.parametrize(
    ("task", "before", "after", "expected"),
    [
        (
            "reach_touch",
            "[-0.10, -0.25, 0.62]",
            "[-0.10, -0.25, 1.62]",
            "within 0.9 lengths of the limb from shoulder or hip, got [-0.1, -0.25, 1.62]",
        ),
        ("reach_touch", "[-0.10, -0.25, 0.62]", "[0.0, 0.50, 0.50]", "no target higher than 0.2 lengths of the limb"),
        ("open_close_hand", "low = 0.4 ", "low = 0.7 ", "expected `low` below `high`, got low = 0.7 and high = 0.6"),
        ("open_close_hand", 'feature = "hand_closure"', 'feature = "hand_closer"', "hand_closer"),
        ("open_close_hand", 'kind = "repetition"', 'kind = "repeat"', "repeat"),
    ],
)
def test_a_task_that_cannot_work_is_refused(tmp_path: Path, task: str, before: str, after: str, expected: str) -> None:
    text = (SHIPPED / f"{task}.toml").read_text(encoding="utf-8")
    assert before in text
    (tmp_path / f"{task}.toml").write_text(text.replace(before, after), encoding="utf-8")
    with pytest.raises(SceneFileError, match=re.escape(expected)) as caught:
        load_task(task, tmp_path)
    assert caught.value.line is not None
