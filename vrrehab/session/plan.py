"""What is settled before a session begins: who, which programme, which mode, which limbs, which side is intact."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from telemetry import messages
from telemetry.messages import IntactSide, MovedSide, Origin, PhantomShape, Phase, Profile
from vrrehab.body.drives import MODES, WITHOUT_LIMB, no_intact_side
from vrrehab.body.limb import CHAIN_JOINTS, CHAIN_OF, Chain, Limb
from vrrehab.body.loss import ARM_LEVELS, LEG_LEVELS
from vrrehab.body.skeleton import Side
from vrrehab.errors import NotPossible
from vrrehab.language import ENGLISH, Language, load_language
from vrrehab.session.course import Due
from vrrehab.session.programme import Programme, Step, lay_out
from vrrehab.session.questions import Question, questions_of
from vrrehab.tasks.definition import TaskDefinition, load_tasks

#: In these modes the affected limbs do not follow the intact ones, so that there need be none.
_NEEDS_NO_INTACT_SIDE = ("observe", "imagery", "residual", "relax")
#: In these modes a task may be for limbs that nobody lost.
FOR_ANY_LIMB = ("distractor", "relax")
_LEVELS = {Chain.ARM: ARM_LEVELS, Chain.LEG: LEG_LEVELS}
#: The joint at which the last segment that is left begins, by how many segments are left.
_SEGMENTS = {Chain.ARM: ("shoulder", "elbow"), Chain.LEG: ("hip", "knee")}
#: Less of a segment than this holds no strap.
_LEAST_SEGMENT = 0.2


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a session needs to know that does not change while it runs.

    limbs: the lost limbs that this session is about, each a virtual limb. intact_side: the side that they follow or are
    compared with; None where both sides have lost them. mode: what drives the virtual limb to begin with; a step may
    have another one (`for_step`). catalogue: the tasks that a therapist may choose while the session runs, by name.
    """

    session_id: str
    profile: Profile
    programme: Programme
    steps: tuple[Step, ...]
    mode: str
    limbs: tuple[Limb, ...]
    intact_side: Side | None
    origin: Origin
    seed: int
    catalogue: Mapping[str, TaskDefinition] = field(default_factory=dict)
    #: What became of the checklist before the session (`vrrehab.session.checklist`), as it goes on record.
    checklist: Mapping[str, str] = field(default_factory=dict)
    #: What is shown and spoken in.
    language: Language = ENGLISH
    #: What of a course the session is, and the number of the session of all that the participant had; None where
    #: nobody knows.
    due: Due | None = None
    session_number: int | None = None
    #: What is asked at which moment.
    questions: Mapping[Phase, tuple[Question, ...]] = field(default_factory=dict)

    @property
    def participant(self) -> str:
        return self.profile.code

    @property
    def profile_version(self) -> int:
        return self.profile.version

    @property
    def intact(self) -> IntactSide:
        """The intact side as it is recorded."""
        return "none" if self.intact_side is None else self.intact_side.value

    @property
    def hands(self) -> tuple[Side, ...]:
        """The sides with a hand to press buttons with."""
        return tuple(side for side in Side if Limb(Chain.ARM, side) not in lost_limbs(self.profile))

    @property
    def followed(self) -> tuple[Limb, ...]:
        """The limbs whose movement the session goes by: it waits while one of them is not seen."""
        if self.mode == "residual":
            return self.limbs
        if self.mode in _NEEDS_NO_INTACT_SIDE:
            return ()
        moved = (limb for step in self.steps if step.mode == self.mode for limb in self.acting(step.task))
        return tuple(dict.fromkeys(limb.other if limb in self.limbs else limb for limb in moved))

    @property
    def driven_by(self) -> dict[Limb, str]:
        """In `residual`, the joint of each limb at which the segment with the tracker begins."""
        if self.mode != "residual":
            return {}
        return {limb: joint for limb in self.limbs if (joint := _segment_of(self.profile, limb))}

    def acting(self, task: TaskDefinition) -> tuple[Limb, ...]:
        """The limbs whose movement a task counts, the first of several: virtual ones, or intact ones where none is
        shown.
        """
        chain = self.chain(task)
        affected = tuple(limb for limb in self.limbs if limb.chain is chain)
        if self.mode not in WITHOUT_LIMB:
            return affected
        if affected:
            return tuple(limb.other for limb in affected)
        return (Limb(chain, self.intact_side or Side.RIGHT),)

    def moved_side(self, task: TaskDefinition) -> MovedSide:
        """The side that a task moves, as it is recorded."""
        sides = {limb.side for limb in self.acting(task)}
        return "both" if len(sides) == 2 else sides.pop().value

    def moved_limb(self, task: TaskDefinition) -> messages.Limb:
        """The limb that a task moves, as it is recorded; of one for any limb, the whole one that acts."""
        return self.acting(task)[0].chain.value if task.limb == "any" else task.limb

    @property
    def moves_legs(self) -> bool:
        """Whether a task is for a leg, which then has to be in view."""
        return any(self.chain(step.task) is Chain.LEG for step in self.steps)

    def chain(self, task: TaskDefinition) -> Chain:
        """Whether a task is for arms or legs; one for any limb is for the first of this session."""
        return self.limbs[0].chain if task.limb == "any" else CHAIN_OF[task.limb]

    def for_step(self, step: Step) -> Plan:
        """This plan while `step` is performed: in its mode, and with such a step among its own. The same plan where
        that is so already.

        Raises `NotPossible` where the limbs or the losses do not allow it.
        """
        known = any(other.mode == step.mode and other.task.limb == step.task.limb for other in self.steps)
        if step.mode == self.mode and known:
            return self
        plan = dataclasses.replace(self, mode=step.mode, steps=self.steps if known else (*self.steps, step))
        _check(plan, step)
        return plan

    def segments_left(self, limb: Limb) -> float:
        """Where the residual limb ends, in segments from the shoulder or hip (`vrrehab.body.loss`)."""
        return _segments_left(self.profile, limb)

    def felt(self, limb: Limb) -> PhantomShape | None:
        """How the phantom of a limb is felt, as far as the profile says."""
        return next((shape for shape in self.profile.phantom_shapes if limb_of(shape.limb, shape.side) == limb), None)


def new_session_id(now: datetime | None = None) -> str:
    """A session's name: when it began, in UTC, and four random characters so that no two are the same."""
    now = now or datetime.now(UTC)
    return f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"


def limb_of(limb: str, side: str) -> Limb:
    """The whole limb that a profile's `limb` (`hand`, `arm`, `foot`, `leg`) belongs to."""
    return Limb(CHAIN_OF[limb], Side(side))


def lost_limbs(profile: Profile) -> tuple[Limb, ...]:
    """Every arm and leg that something is missing of; arms first, left first."""
    lost = {limb_of(loss.limb, loss.side) for loss in profile.limb_losses}
    return tuple(limb for chain in Chain for side in Side if (limb := Limb(chain, side)) in lost)


def settle_sides(profile: Profile, mode: str, intact: Side | None) -> tuple[tuple[Limb, ...], Side | None]:
    """The limbs of the session and the intact side. It follows from the losses, or from the therapist's word `intact`
    where they leave a choice; never from tracking.

    Raises `NotPossible` where it cannot be, with what can be done.
    """
    lost = lost_limbs(profile)
    if not lost:
        raise NotPossible(
            f"{profile.code} has no lost limb on record, so the intact side is not known. Add it with: "
            f"vrrehab participant add {profile.code} --lost left:hand:wrist"
        )
    on_both = [chain for chain in Chain if {limb.side for limb in lost if limb.chain is chain} == set(Side)]
    sides = {limb.side for limb in lost}
    if intact is None and len(sides) == 1:
        intact = sides.pop().other
    if intact is not None:
        ours = tuple(limb for limb in lost if limb.side is not intact and limb.other not in lost)
        if not ours:
            raise NotPossible(
                f"Expected a side on which {profile.code} is intact, but {intact} was said and {_in_words(lost)} "
                f"{'is' if len(lost) == 1 else 'are'} lost. Say another side with --intact, or leave it out."
            )
        return ours, intact
    if mode in _NEEDS_NO_INTACT_SIDE:
        return lost, None
    if on_both and len(lost) == 2:
        raise NotPossible(f"{profile.code}: {no_intact_side(on_both[0])}")
    raise NotPossible(
        f"{profile.code} has lost limbs on both sides ({_in_words(lost)}). Say which side leads in this session, with "
        "--intact left or --intact right; or choose --mode observe, imagery or residual for all of them."
    )


def make_plan(
    profile: Profile,
    programme: Programme,
    mode: str | None,
    origin: Origin,
    seed: int,
    intact: Side | None = None,
    place: str | None = None,
) -> Plan:
    """The plan for one sitting; mode, limbs and every task are checked here, before anything starts.

    intact: the intact side, as the therapist locks it where losses leave a choice. `mode` and `place` replace what the
    programme says.
    """
    if place is not None:
        programme = msgspec.structs.replace(programme, place=place)
    mode = mode or programme.mode
    _check_mode(mode)
    limbs, side = settle_sides(profile, mode, intact)
    steps = lay_out(programme, seed, mode)
    catalogue = {step.task.name: step.task for step in steps} | load_tasks()
    plan = Plan(new_session_id(), profile, programme, steps, mode, limbs, side, origin, seed, catalogue)
    plan = dataclasses.replace(plan, questions=questions_of(programme.ask), language=load_language(profile.language))
    check_steps(plan)
    return plan


def check_steps(plan: Plan) -> None:
    """Whether every step of a plan can be performed in its mode. Raises `NotPossible`, with what can be done."""
    for step in plan.steps:
        _check(dataclasses.replace(plan, mode=step.mode), step)


def _check_mode(mode: str) -> None:
    if mode not in MODES:
        raise NotPossible(f"Expected a mode of {', '.join(MODES)}, but {mode!r} came; choose one of these.")


def _check(plan: Plan, step: Step) -> None:
    """Whether a step can be performed in its mode. Raises `NotPossible`, with what can be done."""
    _check_mode(step.mode)
    settle_sides(plan.profile, step.mode, plan.intact_side)
    if step.mode == "residual":
        _check_segments(plan)
    if step.task.modes and step.mode not in step.task.modes:
        raise NotPossible(
            f"Expected tasks that make sense in the mode {step.mode}, but {step.task.name} of {plan.programme.name} is "
            f"for {', '.join(step.task.modes)}. Choose one of these modes, or another task."
        )
    chain = plan.chain(step.task)
    if step.mode not in FOR_ANY_LIMB and all(limb.chain is not chain for limb in plan.limbs):
        raise NotPossible(
            f"Expected tasks for the limbs of this session ({_in_words(plan.limbs)}), but {step.task.name} of "
            f"{plan.programme.name} moves {'an arm' if chain is Chain.ARM else 'a leg'}. Choose another programme, "
            "such as first_session for arms and first_leg_session for legs."
        )


def _check_segments(plan: Plan) -> None:
    for limb in plan.limbs:
        if limb not in plan.driven_by:
            raise NotPossible(
                f"Expected something left of the {limb} to strap a tracker to, but it is lost from the "
                f"{'shoulder' if limb.chain is Chain.ARM else 'hip'} on. Choose --mode mirror, observe or imagery."
            )


def _segment_of(profile: Profile, limb: Limb) -> str | None:
    """The joint that a tracker on this limb stands for: as mounted, or else that of the last segment which is left."""
    whole = set(CHAIN_JOINTS[limb.chain])
    for mount in profile.tracker_mounts:
        side, _, joint = mount.joint.partition("_")
        if side == limb.side and joint in whole:
            return joint
    left = _segments_left(profile, limb)
    near, far = _SEGMENTS[limb.chain]
    return far if left > 1.0 else near if left > _LEAST_SEGMENT else None


def _segments_left(profile: Profile, limb: Limb) -> float:
    levels = _LEVELS[limb.chain]
    return min(levels[loss.level] for loss in profile.limb_losses if limb_of(loss.limb, loss.side) == limb)


def _in_words(limbs: Sequence[Limb]) -> str:
    return ", ".join(str(limb) for limb in limbs)
