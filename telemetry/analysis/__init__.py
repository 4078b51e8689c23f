"""From the task-pain ledger to statements that survive a reviewer; needs the extra `research`.

ledger = telemetry.open_store("DIR").task_pain()
print(pain_model(ledger))            # several participants
print(*courses(ledger), sep="\n")    # each participant's course

Only task runs of persons count unless `origins` says otherwise. Every result is frozen, names its method and its effect
size, accounts for every row that it leaves out, and speaks of association.
"""

from __future__ import annotations

from telemetry.analysis.change import by_session, by_task, courses, reliable_change_index
from telemetry.analysis.mixed import pain_model
from telemetry.analysis.multiple import benjamini_hochberg, holm
from telemetry.analysis.paired import paired
from telemetry.analysis.selection import given_scores
from telemetry.analysis.single_case import alternation_test, baseline_corrected_tau, by_condition, phase_test, piecewise

__all__ = [
    "alternation_test",
    "baseline_corrected_tau",
    "benjamini_hochberg",
    "by_condition",
    "by_session",
    "by_task",
    "courses",
    "given_scores",
    "holm",
    "pain_model",
    "paired",
    "phase_test",
    "piecewise",
    "reliable_change_index",
]
