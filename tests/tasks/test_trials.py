"""Every task that ships: a scripted person does it, half does it, or rests; every repetition is counted and no other.

What is held against the count is the person's own plan (`vrrehab.testing.acting`), with tremor and lost tracking.
100 seeds: `python -m vrrehab.testing.trials --seeds 100`.
"""

from __future__ import annotations

import pytest

from vrrehab.tasks.definition import load_task
from vrrehab.testing.acting import Effort
from vrrehab.testing.trials import GOAL, run_trial, shipped

SEEDS = range(10)
#: These go by time, whatever the person does.
PACED = {"grounding", "paced_breathing", "progressive_relaxation"}


@pytest.mark.parametrize("name", shipped())
def test_what_is_counted_is_what_was_truly_done(name: str) -> None:
    task = load_task(name)
    reached = []
    for seed in SEEDS if name not in PACED else range(2):
        done, half, nothing = (run_trial(task, effort, seed) for effort in Effort)
        assert all(trial.exact for trial in (done, half, nothing)), (done, half, nothing)
        assert done.reached
        if name in PACED:
            assert nothing.counted == done.counted
        else:
            assert 0 < half.counted <= GOAL
            assert nothing.counted == nothing.attempts == 0
            reached.append(half.reached)
    assert name in PACED or not all(reached), "whoever half succeeds does not always come to the end"
