"""Measures of movement against movements whose measures are known."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from telemetry.features.movements import synchrony
from telemetry.features.signals import stretches
from telemetry.features.task_run import measure
from telemetry.testing.write_study import to_and_fro

RATE_HZ = 90.0
TIME_S = np.arange(round(12 * RATE_HZ)) / RATE_HZ


def frames(time_s: NDArray[np.float64] = TIME_S, **joints: NDArray[np.float64]) -> pd.DataFrame:
    """Motion with these joints' places (frames, 3), all measured."""
    columns: dict[str, object] = {"time_s": time_s, "pose_age_ns": np.full(len(time_s), 25_000_000)}
    for joint, places in joints.items():
        columns |= {f"tracked_{joint}_p{axis}": places[:, n].astype(np.float32) for n, axis in enumerate("xyz")}
        columns[f"tracked_{joint}_provenance"] = ["measured"] * len(time_s)
    return pd.DataFrame(columns)


def along_x(way_m: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.stack([way_m, np.zeros_like(way_m), np.zeros_like(way_m)], axis=1)


def test_a_sine_has_its_known_speed_and_path() -> None:
    found = measure(frames(right_wrist=along_x(0.1 * np.sin(2 * np.pi * 0.5 * TIME_S))), "arm", "right")
    assert found["path_length_m"] == pytest.approx(12 * 0.5 * 0.4, rel=0.01)
    assert found["peak_speed_mps"] == pytest.approx(0.1 * np.pi, rel=0.01)
    assert found["mean_speed_mps"] == pytest.approx(0.1 * np.pi * 2 / np.pi, rel=0.02)
    assert (found["moved_side"], found["seen_ratio"], found["longest_unseen_s"]) == ("right", 1.0, 0.0)
    assert found["frame_rate_hz"] == pytest.approx(90)
    assert found["pose_age_ms"] == 25.0


def test_minimum_jerk_movements_are_counted_and_as_smooth_as_can_be() -> None:
    found = measure(frames(right_wrist=along_x(0.3 * to_and_fro(TIME_S, 0.9, rest_s=0.3))), "arm", "right")
    assert found["movements"] == 10
    assert found["movement_time_s"] == pytest.approx(0.9, rel=0.15)
    assert found["reaction_time_s"] == pytest.approx(0.3, abs=0.1)
    assert found["sparc"] == pytest.approx(-1.406, abs=0.03)
    assert found["log_dimensionless_jerk"] == pytest.approx(-5.32, abs=0.5)


@pytest.mark.parametrize(("frequency_hz", "inside"), [(6.0, True), (10.0, True), (1.0, False), (20.0, False)])
def test_tremor_is_measured_in_its_band(frequency_hz: float, inside: bool) -> None:
    amplitude_m = 0.001
    place = along_x(amplitude_m * np.sin(2 * np.pi * frequency_hz * TIME_S))
    # Poses are float32; at 120 frames a second and more the lines between frames take little of a tremor.
    fine_s = np.arange(12 * 1000) / 1000
    place = along_x(amplitude_m * np.sin(2 * np.pi * frequency_hz * fine_s))
    rms = measure(frames(fine_s, right_wrist=place), "arm", "right")["tremor_rms_mps2"]
    whole = amplitude_m * (2 * np.pi * frequency_hz) ** 2 / math.sqrt(2)
    assert rms == pytest.approx(whole, rel=0.03) if inside else rms < 0.05 * whole


def test_the_range_of_an_elbow_is_the_angle_that_it_went_through() -> None:
    angle = math.radians(90) + math.radians(60) * to_and_fro(TIME_S, 1.2)
    elbow = np.zeros((len(TIME_S), 3))
    shoulder = elbow + np.array([0.0, 0.3, 0.0])
    wrist = 0.25 * np.stack([np.zeros_like(angle), np.cos(angle), -np.sin(angle)], axis=1)
    motion = frames(right_shoulder=shoulder, right_elbow=elbow, right_wrist=wrist)
    found = measure(motion, "arm", "right")
    assert math.degrees(found["rom_elbow_rad"]) == pytest.approx(60, abs=1)
    assert found["rom_shoulder_rad"] == pytest.approx(0, abs=1e-4)
    assert math.isnan(found["rom_knee_rad"])
    motion["tracked_right_elbow_provenance"] = "inferred"
    assert math.isnan(measure(motion, "arm", "right")["rom_elbow_rad"]), "an inferred elbow was not seen"


def test_held_frames_do_not_count_and_a_gap_is_not_movement() -> None:
    place = along_x(0.1 * np.sin(2 * np.pi * 0.5 * TIME_S))
    motion = frames(right_wrist=place)
    lost = (TIME_S >= 4) & (TIME_S < 7)
    motion.loc[lost, "tracked_right_wrist_px"] = 5.0  # wherever tracking thought it was
    motion.loc[lost, "tracked_right_wrist_provenance"] = "held"
    found = measure(motion, "arm", "right")
    assert found["seen_ratio"] == pytest.approx(0.75, abs=0.01)
    assert found["longest_unseen_s"] == pytest.approx(3.0, abs=0.05)
    assert found["peak_speed_mps"] == pytest.approx(0.1 * np.pi, rel=0.05)
    assert found["path_length_m"] == pytest.approx(0.75 * 12 * 0.2, rel=0.05)


def test_a_break_counts_in_nothing() -> None:
    way = 0.3 * to_and_fro(TIME_S, 0.9, rest_s=0.3)
    whole = measure(frames(right_wrist=along_x(way)), "arm", "right")
    time_s = np.arange(round(72 * RATE_HZ)) / RATE_HZ
    begin, end = round(3 * RATE_HZ), round(63 * RATE_HZ)
    held = np.concatenate([way[:begin], np.full(end - begin, way[begin]), way[begin:]])
    motion = frames(time_s, right_wrist=along_x(held))
    motion.loc[begin + 90 : begin + 900, "tracked_right_wrist_provenance"] = "held"
    found = measure(motion, "arm", "right", [(3.0, 63.0)])
    for name in ("path_length_m", "mean_speed_mps", "stillness_ratio", "seen_ratio", "movements", "sparc"):
        assert found[name] == pytest.approx(whole[name], rel=0.1), name
    assert found["longest_unseen_s"] == 0.0
    assert measure(motion, "arm", "right")["stillness_ratio"] > 1.5 * whole["stillness_ratio"], "else it would"


def test_uneven_and_repeated_frame_times_change_little() -> None:
    random = np.random.default_rng(3)
    time_s = np.sort(random.choice(TIME_S, 800, replace=False))
    time_s[100] = time_s[101]
    found = measure(frames(time_s, right_wrist=along_x(0.1 * np.sin(np.pi * time_s))), "arm", "right")
    assert found["path_length_m"] == pytest.approx(12 * 0.2, rel=0.03)


def test_a_still_limb_is_still_and_says_that_it_did_not_move() -> None:
    noise = np.random.default_rng(5).normal(0, 2e-4, (len(TIME_S), 3))
    found = measure(frames(right_wrist=noise), "arm", "right")
    assert found["stillness_ratio"] == 1.0
    # The noise alone goes half a metre from frame to frame.
    assert np.linalg.norm(np.diff(noise, axis=0), axis=1).sum() > 0.45
    assert found["path_length_m"] < 0.1
    assert (found["movements"], math.isnan(found["sparc"])) == (0, True)
    assert "nothing faster than 20 mm/s" in found["problem"]


@pytest.mark.parametrize(
    ("motion", "problem"),
    [
        (frames(right_wrist=along_x(TIME_S)).iloc[:0], "no frames"),
        (frames(right_wrist=along_x(TIME_S)).assign(tracked_right_wrist_provenance="none"), "never seen"),
        (frames(right_wrist=along_x(TIME_S)).assign(time_s=1.0), "time_s never advances"),
        (frames(right_wrist=along_x(TIME_S)).iloc[::30], "3 frames a second by time_s are too few"),
        (frames(right_knee=along_x(TIME_S)), "no joints of a arm"),
    ],
)
def test_poor_motion_says_why_it_has_no_measures(motion: pd.DataFrame, problem: str) -> None:
    found = measure(motion, "arm", "right")
    assert problem in found["problem"]
    assert math.isnan(found["path_length_m"])


def test_the_side_that_was_seen_is_measured() -> None:
    moving, still = along_x(0.1 * np.sin(np.pi * TIME_S)), np.zeros((len(TIME_S), 3))
    motion = frames(left_wrist=still, right_wrist=moving).assign(tracked_left_wrist_provenance="mirrored")
    assert measure(motion, "arm", "left")["moved_side"] == "right"


def test_symmetry_and_lag_of_two_arms_are_those_planted() -> None:
    left, right = (0.2 * np.sin(np.pi * (TIME_S - late)) for late in (0.0, 0.15))
    found = measure(frames(left_wrist=along_x(left), right_wrist=along_x(0.5 * right)), "arm", "left")
    assert found["symmetry"] == pytest.approx((1 - 0.5) / 0.75, rel=0.02)
    assert found["lag_s"] == pytest.approx(0.15, abs=0.011)
    assert found["synchrony"] == pytest.approx(1.0, abs=0.01)


def test_synchrony_of_unrelated_movements_is_low() -> None:
    counts = np.ones(len(TIME_S), bool)
    one = stretches(TIME_S, along_x(0.1 * np.sin(2 * np.pi * 0.5 * TIME_S)), counts)
    other = stretches(TIME_S, along_x(0.1 * np.sin(2 * np.pi * 0.83 * TIME_S)), counts)
    assert synchrony(one, other)[0] < 0.5


def test_the_trunk_that_leans_along_is_measured_against_the_arm() -> None:
    reach = to_and_fro(TIME_S, 1.0)
    found = measure(frames(right_wrist=along_x(0.4 * reach), centre_head=along_x(0.1 * reach)), "arm", "right")
    assert found["trunk_displacement_m"] == pytest.approx(0.1, abs=0.002)
    assert found["trunk_share"] == pytest.approx(0.25, abs=0.01)
