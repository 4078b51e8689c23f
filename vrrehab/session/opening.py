"""What a session puts on record about itself before anything happens in it: who, what, in which order, and why so."""

from __future__ import annotations

import vrrehab
from telemetry import messages
from telemetry.reviews import REVIEWS
from vrrehab.body.skeleton import JOINTS
from vrrehab.session.frame import ClockReading
from vrrehab.session.ledger import Ledger, Record
from vrrehab.session.plan import Plan
from vrrehab.session.settings import Settings


def tell_start(
    record: Record, ledger: Ledger, plan: Plan, settings: Settings, runtime: str, clocks: ClockReading
) -> None:
    """The session has started: the first of its events."""
    mono_ns, xr_ns, utc_ns = clocks
    ledger.mono_ns = mono_ns
    record.event(
        messages.SessionStarted(
            mono_ns=mono_ns,
            session_id=plan.session_id,
            participant=plan.participant,
            profile_version=plan.profile_version,
            programme=plan.programme.name,
            mode=plan.mode,
            origin=plan.origin,
            intact_side=plan.intact,
            software_version=vrrehab.__version__,
            runtime=runtime,
            seed=plan.seed,
            joints=JOINTS,
            xr_ns=xr_ns,
            utc_ns=utc_ns,
        )
    )
    # So that every task run's settings are on record, also those that nobody changes.
    in_force = {name: settings[name] for name in settings}
    record.event(messages.Happened(mono_ns=mono_ns, name="settings_in_force", detail={**in_force}))
    if plan.checklist:
        ledger.happened("checklist", {**plan.checklist})
    ledger.happened("place", {"name": plan.programme.place})
    language = plan.language
    ledger.happened("language", {"code": language.code, "reviewed_by": language.reviewed_by})


def tell_course(ledger: Ledger, plan: Plan) -> None:
    """What of a course the session is, and whether it is time to look back."""
    if plan.due is not None:
        ledger.happened("course", plan.due.told())
    if plan.session_number in REVIEWS:
        ledger.happened("review", {"session_number": plan.session_number})


def tell_allocation(ledger: Ledger, plan: Plan) -> None:
    """In which order the tasks are to come, and what lot said so."""
    programme = plan.programme
    for i, block in enumerate(programme.blocks):
        steps = [step for step in plan.steps if step.block_index == i]
        ledger.happened(
            "allocation",
            {
                "block_index": i,
                "order": block.order or programme.order,
                "seed": plan.seed,
                "task_indices": " ".join(str(step.task_index) for step in steps),
                "tasks": " ".join(step.task.name for step in steps),
            },
        )
