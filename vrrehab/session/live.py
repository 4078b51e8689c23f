"""What a session shows of itself while it runs: drawn from its record and from where its programme is.

Stands between the session and its record, passes everything on, and ten times a second hands the state over to whoever
shows it. While nobody watches, a frame costs one question.
"""

from __future__ import annotations

from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from telemetry import messages
from telemetry.live_messages import (
    Change,
    Doing,
    Facts,
    Joints,
    Question,
    Score,
    Standing,
    State,
    Step,
    Tracking,
    changed,
    first_standing,
)
from telemetry.motion import STAGES
from telemetry.reviews import REVIEWS
from vrrehab.body.limb import Chain, Limb
from vrrehab.body.skeleton import HAND, HEAD, Provenance, Side
from vrrehab.session import programme
from vrrehab.session.ledger import Record
from vrrehab.session.plan import Plan
from vrrehab.session.settings import PLACE
from vrrehab.session.sitting import Sitting
from vrrehab.tasks.run import TaskPhase

_EVERY_NS = 100_000_000
_MOST_CHANGES = 50
_SEEN = np.zeros(256, bool)
_SEEN[[Provenance.MEASURED, Provenance.INFERRED, Provenance.SCRIPTED]] = True


class Show(Protocol):
    """Where it is shown, such as `telemetry.live.LiveShow`; never waits."""

    @property
    def watched(self) -> bool: ...

    def stand(self, standing: Standing) -> None: ...

    def show(self, state: State, joints: Joints | None = None) -> None: ...


class LiveRecord:
    """Passes a session's record on to `record` and shows it; implements `vrrehab.session.ledger.Record`.

    commands: where the session takes commands. What `follow` is given is looked at after each frame.
    """

    def __init__(self, record: Record, plan: Plan, show: Show, commands: str) -> None:
        self._record = record
        self._plan = plan
        self._show = show
        self._commands = commands
        self._sitting: Sitting | None = None
        self._standing: Standing | None = None
        self._started_ns = 0
        self._due_ns = 0
        self._frames_since = self._shown_ns = 0
        self._limbs = _limbs_shown(plan)
        self._asked: messages.RatingAsked | None = None
        self._tasks: dict[str, str] = {}
        self._last: State | None = None

    def follow(self, sitting: Sitting) -> None:
        """Whose programme is looked at: that which records here."""
        self._sitting = sitting

    def problem(self) -> str:
        return self._record.problem()

    def event(self, event: messages.Event) -> None:
        self._record.event(event)
        match event:
            case messages.SessionStarted():
                self._started_ns = event.mono_ns
                self._stand(first_standing(self._facts(event), {}))
            case messages.Happened(name="settings_in_force"):
                settings = {name: value for name, value in event.detail.items() if value is not None}
                self._change(settings=settings, at_start=settings)
            case messages.Happened(name="programme_edited"):
                self._edited()
            case messages.Happened(name="edit_refused"):
                self._change(edit_refused=str(event.detail["reason"]))
            case messages.SettingChanged():
                self._setting_changed(event)
            case messages.TaskStarted():
                self._tasks[event.task_run_id] = event.task
            case messages.RatingAsked():
                self._asked = event
                self._scored(_asked(event, self._tasks, self._since(event.mono_ns)))
            case messages.RatingAnswered():
                self._asked = None
                self._answered(event.rating_id, status=event.status, value=event.value, source=event.source)
            case messages.RatingCorrected():
                self._answered(event.supersedes, rating_id=event.rating_id, status="given", value=event.value,
                               source=event.source)  # fmt: skip
            case messages.SessionEnded():
                if self._last is not None:
                    self._show.show(msgspec.structs.replace(self._last, over=event.status))

    def frame(self, record: NDArray[np.void]) -> None:
        self._record.frame(record)
        self._frames_since += 1
        mono_ns = int(record["mono_ns"][0])
        if mono_ns < self._due_ns or not self._show.watched or self._sitting is None:
            return
        # From when it was due, not from when there was a frame for it: at 72 frames a second it would be nine times.
        self._due_ns = max(self._due_ns, mono_ns - _EVERY_NS) + _EVERY_NS
        self._last = self._state(record[0], self._sitting)
        self._show.show(self._last, _joints(record[0]))
        self._frames_since, self._shown_ns = 0, mono_ns

    # --- what stands for a while ---

    def _stand(self, standing: Standing) -> None:
        self._standing = standing
        self._show.stand(standing)

    def _change(self, **content: object) -> None:
        if self._standing is not None:
            self._stand(changed(self._standing, **content))

    def _facts(self, started: messages.SessionStarted) -> Facts:
        plan, due = self._plan, self._plan.due
        return Facts(
            session_id=started.session_id,
            participant=started.participant,
            programme=started.programme,
            title=plan.programme.title,
            mode=started.mode,
            origin=started.origin,
            intact_side=started.intact_side,
            limbs=tuple(str(limb) for limb in plan.limbs),
            steps=_steps(plan),
            place=plan.programme.place,
            joints=started.joints,
            software_version=started.software_version,
            runtime=started.runtime,
            commands=self._commands,
            started_utc_ns=started.utc_ns,
            course=due.title if due else "",
            course_session=due.session if due else 0,
            course_phase=due.phase.name if due else "",
            review=plan.session_number if plan.session_number in REVIEWS else 0,
        )

    def _edited(self) -> None:
        """The programme was edited while it runs: the steps are others now, what else stands is as it was."""
        if self._sitting is not None and self._standing is not None:
            self._plan = self._sitting.conductor.plan
            title, steps = self._plan.programme.title, _steps(self._plan)
            facts = msgspec.structs.replace(self._standing.facts, title=title, steps=steps)
            self._change(facts=facts, edit_refused="")

    def _setting_changed(self, event: messages.SettingChanged) -> None:
        if self._standing is None:
            return
        at_s = self._since(event.mono_ns)
        change = Change(event.who, event.name, event.old, event.new, event.applied_frame, at_s)
        facts = self._standing.facts
        if event.name == PLACE:
            facts = msgspec.structs.replace(facts, place=str(event.new))
        self._change(
            facts=facts,
            settings={**self._standing.settings, event.name: event.new},
            changes=(*self._standing.changes[1 - _MOST_CHANGES :], change),
        )

    def _scored(self, score: Score) -> None:
        if self._standing is not None:
            self._change(scores=(*self._standing.scores, score))

    def _answered(self, of_rating: str, **answer: object) -> None:
        if self._standing is not None:
            self._change(
                scores=tuple(
                    msgspec.structs.replace(score, **answer) if score.rating_id == of_rating else score
                    for score in self._standing.scores
                )
            )

    # --- what changes from frame to frame ---

    def _since(self, mono_ns: int) -> float:
        return max(0, mono_ns - self._started_ns) / 1e9

    def _state(self, record: np.void, sitting: Sitting) -> State:
        conductor, view = sitting.conductor, sitting.view
        here, run, step = conductor.here, conductor.performing.run, conductor.performing.step
        mono_ns = int(record["mono_ns"])
        took_s = (mono_ns - self._shown_ns) / 1e9 if self._shown_ns else 0.0
        return State(
            frame=int(record["frame"]),
            mono_ns=mono_ns,
            time_s=self._since(mono_ns),
            doing=self._doing(sitting),
            step=-1 if step is None else _place_of(step, self._plan),
            task_run_id=conductor.ledger.task_run_id,
            repetitions=run.repetitions if run else 0,
            goal=run.task.goal if run else 0,
            performed_s=run.performed_s if run else 0.0,
            time_limit_s=run.task.time_limit_s if run else 0.0,
            paused=here.held,
            frozen=conductor.guard.frozen,
            calm=view.calm,
            resting=conductor.guard.calm.reason,
            concern=conductor.guard.concern,
            concern_s=self._since(conductor.guard.concern_ns) if conductor.guard.concern else 0.0,
            in_control=conductor.guard.attendance.in_control,
            console_lost=conductor.guard.attendance.lost,
            board=(view.title, view.text, view.count),
            notice=view.notice,
            question=self._question(mono_ns, shown=view.panel is not None),
            buttons=conductor.performing.buttons,
            tracking=self._tracking(record, "" if here.lost is None else str(here.lost)),
            pose_age_ms=int(record["pose_age_ns"]) / 1e6,
            stages_us=tuple([float(record[stage]) for stage in STAGES]),
            frames_a_second=self._frames_since / took_s if took_s else 0.0,
        )

    def _doing(self, sitting: Sitting) -> Doing:
        conductor, run = sitting.conductor, sitting.conductor.performing.run
        if conductor.guard.calm.reason:
            return "calm"
        if self._asked is not None:
            return "question"
        if run is not None:
            return "demonstration" if run.phase is TaskPhase.DEMONSTRATING else "task"
        if sitting.view.activity == "measuring":
            return "measuring"
        begun = self._standing is not None and self._standing.scores
        return "between" if begun or conductor.performing.step is not None else "welcome"

    def _question(self, mono_ns: int, *, shown: bool) -> Question | None:
        asked = self._asked
        if asked is None:
            return None
        return Question(
            rating_id=asked.rating_id,
            phase=asked.phase,
            site=asked.site,
            scale=asked.scale,
            task_run_id=asked.task_run_id,
            waited_s=(mono_ns - asked.mono_ns) / 1e9,
            item=asked.item,
            shown=shown,
        )

    def _tracking(self, record: np.void, lost: str) -> Tracking:
        seen = _SEEN[record["tracked_provenance"]]
        limbs = {name: float(seen[joints].mean()) for name, joints in self._limbs.items()}
        return Tracking(head=bool(seen[HEAD]), limbs=limbs, lost=lost)


def _steps(plan: Plan) -> tuple[Step, ...]:
    return tuple(
        Step(step.block_index, step.task_index, task.name, task.title, task.limb, task.goal)
        for step in plan.steps
        for task in [step.task]
    )


def _place_of(step: programme.Step, plan: Plan) -> int:
    """Which of the plan's steps it is, also where a therapist has it repeated; -1 for one that the therapist chose."""
    block, task, name = step.block_index, step.task_index, step.task.name
    # A loop and a list, here and above, because a generator that is left leaves something to the collector.
    for place, each in enumerate(plan.steps):
        if each.block_index == block and each.task_index == task and each.task.name == name:
            return place
    return -1


def _limbs_shown(plan: Plan) -> dict[str, slice]:
    """The joints by which each limb is seen: of an arm its hand; a leg only where the session goes by it."""
    shown = {str(Limb(Chain.ARM, side)): HAND[side] for side in Side}
    legs = (limb for limb in plan.followed if limb.chain is Chain.LEG)
    return shown | {str(limb): slice(limb.joints.start + 1, limb.joints.stop) for limb in legs}


def _asked(event: messages.RatingAsked, tasks: dict[str, str], at_s: float) -> Score:
    return Score(
        rating_id=event.rating_id,
        phase=event.phase,
        site=event.site,
        scale=event.scale,
        task_run_id=event.task_run_id,
        task=tasks.get(event.task_run_id or "", ""),
        at_s=at_s,
        item=event.item,
    )


def _joints(record: np.void) -> Joints:
    return Joints(
        int(record["frame"]),
        int(record["mono_ns"]),
        record["tracked"].tobytes() + record["virtual"].tobytes(),
        record["tracked_provenance"].tobytes() + record["virtual_provenance"].tobytes(),
    )
