from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from vrrehab.body.build import USUAL
from vrrehab.body.limb import CHAIN_OF, Chain, Limb
from vrrehab.body.skeleton import Side
from vrrehab.errors import SceneFileError
from vrrehab.tasks.definition import TaskDefinition, load_task, load_tasks
from vrrehab.tasks.making import make_mechanic
from vrrehab.tasks.mechanic import Performer
from vrrehab.tasks.rules import COMFORTABLE_REACH_RATIO, CarryRule, DrumRule, ReachRule, TraceRule

SHIPPED = Path(__file__).parents[2] / "scenes" / "tasks"


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.toml")), ids=lambda path: path.stem)
def test_every_task_that_ships_is_whole_and_named_as_its_file(path: Path) -> None:
    assert load_task(path.stem).name == path.stem


def reaches() -> list[tuple[TaskDefinition, ReachRule]]:
    tasks = [load_task(path.stem) for path in SHIPPED.glob("*.toml")]
    return [(task, task.rule) for task in tasks if isinstance(task.rule, ReachRule)]


def test_no_shipped_target_is_further_than_comfortable() -> None:
    assert len(reaches()) >= 2
    for _, rule in reaches():
        assert all(sum(x * x for x in target) ** 0.5 <= COMFORTABLE_REACH_RATIO for target in rule.targets)


def test_what_hands_go_to_lies_so_far_from_the_mirrors_plane_that_they_do_not_go_through_each_other() -> None:
    """The other hand is the reflection: where one is at the plane, both are in the same place."""
    goes = [
        task for task in load_tasks().values() if isinstance(task.rule, ReachRule | CarryRule | DrumRule | TraceRule)
    ]
    for task in (task for task in goes if task.limb == "arm"):
        root = np.array([USUAL.shoulder_breadth / 2, 1.0, 0.0])
        for rule in (task.rule, *(task.rule_at(level) for level in (0.0, 1.0))):
            mechanic = make_mechanic(rule, Performer(Limb(Chain.ARM, Side.RIGHT), root))
            places = [target.position for target in mechanic.targets] + [prop.pose for prop in mechanic.props]
            assert all(place[0] > 0.05 for place in places), task.name


def test_targets_lie_apart_also_where_they_are_largest() -> None:
    for task, _ in reaches():
        limb = Limb(CHAIN_OF[task.limb], Side.LEFT)
        easiest = task.rule_at(0.0)
        targets = make_mechanic(easiest, Performer(limb, np.array([-0.1, 0.5, 0.0]), USUAL, 1)).targets
        places = np.array([target.position for target in targets])
        apart_m = np.linalg.norm(places[:, None] - places[None], axis=2)[np.triu_indices(len(places), 1)]
        assert apart_m.min() > 2 * targets[0].radius_m, task.name


@pytest.mark.parametrize(
    ("task", "before", "after", "expected"),
    [
        (
            "reach_touch",
            "[-0.25, -0.30, 0.60]",
            "[-0.25, -0.30, 1.60]",
            "within 0.9 lengths of the limb from shoulder or hip, got [-0.25, -0.3, 1.6]",
        ),
        ("reach_touch", "[-0.25, -0.30, 0.60]", "[0.0, 0.50, 0.50]", "no target higher than 0.2 lengths of the limb"),
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
