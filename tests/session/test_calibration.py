"""A session that measures the person first: right for any size, in force at once, and never in anybody's way."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest

from telemetry.client import RecorderClient
from telemetry.messages import LimbLoss, Measures, Profile, RatingAsked
from telemetry.motion import FrameLayout
from telemetry.recorder import Recorder
from telemetry.sender import Sender
from vrrehab.body.build import GROWTH_S, HAND_LENGTH, USUAL, Build
from vrrehab.body.calibration import hand_length
from vrrehab.body.hands import hand_pose
from vrrehab.body.skeleton import INDEX, JOINTS, PELVIS, TORSO, Side
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


@pytest.mark.parametrize("stature_m", [1.496, 1.68, 1.872])
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
    assert "stature_m" not in told, "what nobody measured"
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
    assert "reach_m" not in leg.detail, "it was measured on the arm"
    measures = sat.sitting.conductor.measures
    assert (measures.reach_m, measures.shin_m) == (arm.detail["reach_m"], leg.detail["shin_m"])


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


def test_the_body_grows_into_its_measures_without_a_pop(sit: Callable[..., Sat]) -> None:
    large = Build.of_stature(1.95)
    sat = sit(ARMS, participant=ScriptedParticipant(1, Side.RIGHT, build=large))
    tracked = sat.record.motion()["tracked"]
    trunk = [PELVIS, TORSO, INDEX["left_shoulder"], INDEX["right_shoulder"]]
    breadth = np.linalg.norm(tracked[:, trunk[2], :3] - tracked[:, trunk[3], :3], axis=1)
    assert breadth[0] == pytest.approx(USUAL.shoulder_breadth, abs=0.002)
    assert breadth[-1] == pytest.approx(large.shoulder_breadth, abs=0.02)
    assert np.abs(np.diff(breadth)).max() < 1.6 * (breadth[-1] - breadth[0]) / (GROWTH_S * 72)
    # A head nods and a trunk leans no faster than this in one frame.
    assert np.linalg.norm(np.diff(tracked[:, trunk, :3], axis=0), axis=2).max() < 0.02


def test_the_next_session_begins_with_what_this_one_measured(sit: Callable[..., Sat], tmp_path: Path) -> None:
    large = Build.of_stature(1.95)
    first = sit(ARMS, participant=ScriptedParticipant(1, Side.RIGHT, build=large), origin="person")
    recorder = Recorder(tmp_path / "data", "tcp://127.0.0.1:*")
    keeping = threading.Thread(target=recorder.run)
    keeping.start()
    try:
        with RecorderClient(recorder.address) as client:
            client.put_profile(first.plan.profile)
            sender = Sender(tmp_path / "spool", first.plan.session_id, recorder.address, FrameLayout(JOINTS))
            for event in first.record.events:
                sender.event(event)
            assert sender.close(10.0)
            client.status()  # asked behind the last entries, so they are in the tables when it answers
            profile = client.profile("P001")
    finally:
        recorder.stop()
        keeping.join()
    assert profile is not None
    assert profile.measures == first.sitting.conductor.measures
    second = sit(ARMS, profile=profile, participant=ScriptedParticipant(2, Side.RIGHT, build=large), most_frames=200)
    assert drawn_arms(second)[0] == pytest.approx(large.upper_arm, abs=0.008)
