"""The small form of the proof of the record path; the large one is `python -m telemetry.testing.prove --runs 200`."""

from __future__ import annotations

from telemetry.testing.prove import prove


def test_nothing_is_lost_or_doubled_whatever_is_killed_frozen_or_broken() -> None:
    done = prove(seed=40, runs=8, kills=20, at_once=6)
    assert done["recorder killed"] + done["session killed"] >= 20
    assert done["frames compared"] > 1000
    assert done["tasks seen awaiting an answer"] > 0
