"""A session that measures the person first: right for any size, in force at once, and never in anybody's way."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest

from telemetry.messages import LimbLoss, Measures, Profile, RatingAsked
from vrrehab.body.build import HAND_LENGTH, USUAL, Build
from vrrehab.body.calibration import hand_length
from vrrehab.body.hands import hand_pose
from vrrehab.body.skeleton import INDEX, Side
from vrrehab.session.calibration import TRY_S
from vrrehab.session.sitting import Sitting
from vrrehab.testing.participant import ScriptedParticipant

from .conftest import Sat, Told

ARMS, LEGS = (str(Path(__file__).parent / f"measured_{limb}.toml") for limb in ("arm", "leg"))
WRIST, ELBOW, SHOULDER = (INDEX[f"right_{name}"] for name in ("wrist", "elbow", "shoulder"))


def drawn_arms(sat: Sat) -> np.ndarray:
    """How long the tracked right upper arm is in each frame in which its hand was seen."""
    tracked = sat.record.motion()["tracked"]
    lengths = np.linalg.norm(tracked[:, ELBOW, :3] - tracked[:, SHOULDER, :3], axis=1)
    return lengths[~np.isnan(lengths)]


@pytest.mark.parametrize("stature_m", [1.50, 1.68, 1.88])
def test_people_of_every_size_are_measured_before_the_first_question(sit: Callable[..., Sat], stature_m: float) -> None:
    build = Build.of_stature(stature_m)
    sat = sit(ARMS, participant=ScriptedParticipant(1, Side.RIGHT, build=build))
    assert sat.status == "completed"
    (calibrated,) = sat.record.named("calibrated")
    told = calibrated.detail
    assert told["limb"] == "right arm"
    assert told["reach_m"] == pytest.approx(build.arm, abs=0.012)
    usual_hand_m = hand_length(hand_pose(Side.RIGHT))
    assert told["hand_m"] == pytest.approx(usual_hand_m * build.arm / USUAL.arm, abs=0.001)
    trunk_m, usual_m = (each.shoulders_above_hips + each.neck_above_shoulders for each in (build, USUAL))
    # Looking ahead at the board is looking down a little, which lowers the eyes by a centimetre.
    assert told["seated_eye_height_m"] == pytest.approx(1.20 + trunk_m - usual_m, abs=0.015)
    assert told["stature_m"] is None
    events = sat.record.events
    assert events.index(calibrated) < events.index(sat.record.of(RatingAsked)[0])
    # The body is built so from then on.
    lengths = drawn_arms(sat)
    assert lengths[0] == pytest.approx(USUAL.upper_arm, abs=0.002)
    assert np.median(lengths[len(lengths) // 2 :]) == pytest.approx(build.upper_arm, abs=0.008)
    assert sat.sitting.conductor.measures.reach_m == told["reach_m"]


def test_measuring_takes_no_longer_than_ten_seconds(sit: Callable[..., Sat]) -> None:
    measuring: list[float] = []

    def watch(sitting: Sitting, frame: int) -> Iterable[Told]:
        if sitting.view.activity == "measuring":
            measuring.append(frame / 72)
            assert sitting.view.title == "Getting your size"
            assert "Hold your right arm straight out" in sitting.view.text
            assert sitting.view.count.endswith(" s")
        return ()

    sit(ARMS, tell=watch)
    assert 3.0 < measuring[-1] - measuring[0] < TRY_S


def test_a_tracked_leg_is_measured_after_the_arm(sit: Callable[..., Sat]) -> None:
    lost_leg = Profile(code="P001", limb_losses=(LimbLoss(limb="leg", side="left", level="below_knee"),))
    sat = sit(LEGS, profile=lost_leg)
    arm, leg = sat.record.named("calibrated")
    assert (arm.detail["limb"], leg.detail["limb"]) == ("right arm", "right leg")
    assert leg.detail["shin_m"] == pytest.approx(USUAL.shin, abs=0.012)
    assert leg.detail["reach_m"] == arm.detail["reach_m"]


def test_who_cannot_be_measured_goes_on_with_what_is_known(sit: Callable[..., Sat]) -> None:
    class Unwilling(ScriptedParticipant):
        def _hold_out(self, limb: str) -> None:
            self._begins("leave the hand in the lap")

    known = Measures(reach_m=0.60, hand_m=HAND_LENGTH * 1.8)
    profile = Profile(code="P001", limb_losses=(LimbLoss(limb="hand", side="left", level="wrist"),), measures=known)
    sat = sit(ARMS, profile=profile, participant=Unwilling(1, Side.RIGHT))
    assert sat.status == "completed"
    assert not sat.record.named("calibrated")
    (refused,) = sat.record.named("not_calibrated")
    assert "The arm: expected 50 to 74 cm, but 46 cm came. Please stretch it" in str(refused.detail["reason"])
    assert sat.sitting.conductor.measures == known
    assert np.median(drawn_arms(sat)) == pytest.approx(Build.of_measures(known).upper_arm, abs=0.002)


def test_a_therapist_can_skip_it(sit: Callable[..., Sat]) -> None:
    skipped: list[Told] = []

    def skip(sitting: Sitting, frame: int) -> Iterable[Told]:
        if sitting.view.activity == "measuring" and not skipped:
            skipped.append(Told("skip"))
            return skipped
        return ()

    sat = sit(ARMS, tell=skip)
    assert sat.status == "completed"
    assert not sat.record.named("calibrated")


def test_a_programme_that_does_not_ask_for_it_measures_nobody(sit: Callable[..., Sat]) -> None:
    sat = sit(str(Path(ARMS).with_name("short_arm.toml")))
    assert not sat.record.named("calibrated")
    assert not sat.record.named("not_calibrated")
