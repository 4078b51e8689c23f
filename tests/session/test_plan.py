"""Which limbs a session is about, which side leads, and what is refused before anything starts."""

from __future__ import annotations

import pytest

from telemetry.messages import LimbLoss, Profile, TrackerMount
from vrrehab.body.limb import Chain, Limb
from vrrehab.body.skeleton import Side
from vrrehab.errors import NotPossible
from vrrehab.session.plan import Plan, make_plan
from vrrehab.session.programme import load_programme

LEFT, RIGHT = Side.LEFT, Side.RIGHT
ARM, LEG = Chain.ARM, Chain.LEG
PROGRAMMES = {ARM: "demo", LEG: "first_leg_session"}


def planned(*lost: str, mode: str = "mirror", intact: Side | None = None, of: Chain = ARM, **more) -> Plan:
    """The plan for whoever has lost these, as in `left:hand:wrist`, with tasks for arms or for legs."""
    losses = tuple(
        LimbLoss(side=side, limb=limb, level=level) for side, limb, level in (each.split(":") for each in lost)
    )
    profile = Profile(code="P001", limb_losses=losses, **more)
    return make_plan(profile, load_programme(PROGRAMMES[of]), mode, "scripted", 1, intact)


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize(
    ("limb", "level", "chain"),
    [("hand", "wrist", ARM), ("arm", "elbow", ARM), ("foot", "ankle", LEG), ("leg", "hip", LEG)],
)
def test_one_side_lost_makes_the_other_one_intact(side: Side, limb: str, level: str, chain: Chain) -> None:
    plan = planned(f"{side}:{limb}:{level}", of=chain)
    assert plan.intact_side is side.other
    assert plan.limbs == (Limb(chain, side),)
    assert plan.followed == (Limb(chain, side.other),)
    task = plan.steps[0].task
    assert plan.acting(task) == (Limb(chain, side),)
    assert plan.moved_side(task) == side.value


def test_an_arm_and_a_leg_of_one_side_are_both_virtual_and_the_hands_left_are_the_intact_ones() -> None:
    plan = planned("left:arm:elbow", "left:leg:knee")
    assert plan.limbs == (Limb(ARM, LEFT), Limb(LEG, LEFT))
    assert plan.hands == (RIGHT,)
    assert plan.followed == (Limb(ARM, RIGHT),), "a leg that no task moves need not be seen"


@pytest.mark.parametrize("mode", ["mirror", "intact_only"])
@pytest.mark.parametrize(("limb", "level", "chain"), [("hand", "wrist", ARM), ("leg", "below_knee", LEG)])
def test_a_loss_on_both_sides_has_no_intact_side_to_go_by_and_what_is_possible_is_said(
    mode: str, limb: str, level: str, chain: Chain
) -> None:
    with pytest.raises(
        NotPossible, match=f"one intact {chain} to mirror, but both are lost.*observe, imagery or residual"
    ):
        planned(f"left:{limb}:{level}", f"right:{limb}:{level}", mode=mode, of=chain)


@pytest.mark.parametrize("mode", ["observe", "imagery", "residual"])
def test_without_an_intact_side_both_are_driven(mode: str) -> None:
    plan = planned("left:hand:wrist", "right:arm:forearm", mode=mode)
    assert plan.intact_side is None
    assert plan.intact == "none"
    assert plan.limbs == (Limb(ARM, LEFT), Limb(ARM, RIGHT))
    assert plan.moved_side(plan.steps[0].task) == "both"
    assert plan.hands == ()


def test_losses_on_both_sides_leave_the_choice_to_the_therapist_who_locks_it() -> None:
    lost = ("left:arm:elbow", "right:leg:below_knee")
    with pytest.raises(NotPossible, match=r"both sides \(left arm, right leg\).*--intact left or --intact right"):
        planned(*lost)
    assert planned(*lost, intact=RIGHT).limbs == (Limb(ARM, LEFT),)
    assert planned(*lost, intact=LEFT, of=LEG).limbs == (Limb(LEG, RIGHT),)


def test_of_three_losses_the_one_with_an_intact_partner_is_mirrored() -> None:
    plan = planned("left:hand:wrist", "left:leg:knee", "right:leg:knee", intact=RIGHT)
    assert plan.limbs == (Limb(ARM, LEFT),)


@pytest.mark.parametrize(
    ("lost", "said"), [(("left:hand:wrist",), LEFT), (("left:hand:wrist", "right:hand:wrist"), LEFT)]
)
def test_a_lost_side_is_not_taken_for_the_intact_one(lost: tuple[str, ...], said: Side) -> None:
    with pytest.raises(NotPossible, match="on which P001 is intact, but left was said and left arm"):
        planned(*lost, intact=said)


def test_a_participant_who_has_lost_nothing_is_asked_for_it() -> None:
    with pytest.raises(NotPossible, match=r"P001 has no lost limb on record.*--lost left:hand:wrist"):
        planned()


@pytest.mark.parametrize(("lost", "of"), [("left:leg:knee", ARM), ("left:hand:wrist", LEG)])
def test_tasks_for_other_limbs_are_refused_except_to_distract(lost: str, of: Chain) -> None:
    with pytest.raises(NotPossible, match="first_session for arms and first_leg_session for legs"):
        planned(lost, of=of)
    plan = planned(lost, of=of, mode="distractor")
    assert plan.acting(plan.steps[0].task) == (Limb(of, RIGHT),)
    assert plan.followed == (Limb(of, RIGHT),)
    assert plan.moves_legs is (of is LEG)


@pytest.mark.parametrize(
    ("loss", "of", "joint"),
    [
        ("left:hand:wrist", ARM, "elbow"),
        ("left:arm:forearm", ARM, "elbow"),
        ("left:arm:upper_arm", ARM, "shoulder"),
        ("left:leg:below_knee", LEG, "knee"),
        ("left:leg:knee", LEG, "hip"),
        ("left:foot:ankle", LEG, "knee"),
    ],
)
def test_residual_is_driven_by_the_last_segment_that_is_left(loss: str, of: Chain, joint: str) -> None:
    plan = planned(loss, mode="residual", of=of)
    assert plan.driven_by == {Limb(of, LEFT): joint}
    assert plan.followed == (Limb(of, LEFT),)


def test_residual_is_driven_by_where_the_tracker_is_strapped() -> None:
    mounts = (TrackerMount(joint="left_shoulder", device="/user/hand/left"),)
    assert planned("left:arm:forearm", mode="residual", tracker_mounts=mounts).driven_by == {
        Limb(ARM, LEFT): "shoulder"
    }


def test_residual_without_a_residual_limb_is_refused() -> None:
    with pytest.raises(NotPossible, match="left of the left leg to strap a tracker to, but it is lost from the hip on"):
        planned("left:leg:hip", mode="residual", of=LEG)


def test_a_mode_that_there_is_not_is_refused() -> None:
    with pytest.raises(NotPossible, match="Expected a mode of mirror, intact_only, observe, residual"):
        planned("left:hand:wrist", mode="magic")
