"""Against analytic values, a quadrature of the definition, and scikit-digital-health."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from telemetry.features.smoothness import log_dimensionless_jerk, sparc

RATE_HZ = 100.0


def minimum_jerk(duration_s: float, rate_hz: float = RATE_HZ) -> NDArray[np.float64]:
    """The speed of a movement over 1 m (Flash & Hogan 1985)."""
    tau = np.arange(round(duration_s * rate_hz) + 1) / rate_hz / duration_s
    return 30 * tau**2 * (1 - tau) ** 2 / duration_s


@pytest.mark.parametrize(("duration_s", "rate_hz", "size"), [(1.0, 1000.0, 1.0), (0.5, 2000.0, 3.0), (4.0, 500.0, 0.1)])
def test_minimum_jerk_has_its_known_dimensionless_jerk(duration_s: float, rate_hz: float, size: float) -> None:
    # T^3 / v_peak^2 * integral of jerk^2 = 720 / 1.875^2, whatever the size and the duration.
    expected = -math.log(720 / 1.875**2)
    assert log_dimensionless_jerk(size * minimum_jerk(duration_s, rate_hz), rate_hz) == pytest.approx(
        expected, abs=0.02
    )


def test_a_half_sine_has_its_known_dimensionless_jerk() -> None:
    speed = np.sin(np.pi * np.arange(1001) / 1000)
    # Jerk is -pi^2 sin(pi t): T^3 / 1 * pi^4 / 2.
    assert log_dimensionless_jerk(speed, 1000.0) == pytest.approx(-math.log(math.pi**4 / 2), abs=1e-3)


def test_sparc_is_the_arc_length_of_the_movements_continuous_spectrum() -> None:
    """The spectrum of minimum jerk by quadrature at each frequency, with no transform and no padding."""
    frequency = np.linspace(0.0, 10.0, 4001)
    tau = np.linspace(0.0, 1.0, 2001)
    speed = 30 * tau**2 * (1 - tau) ** 2
    amplitude = np.abs(np.trapezoid(speed * np.exp(-2j * np.pi * np.outer(frequency, tau)), tau, axis=1))
    last = np.flatnonzero(amplitude >= 0.05)[-1]
    steps = np.diff(frequency[: last + 1]) / frequency[last]
    expected = -np.hypot(steps, np.diff(amplitude[: last + 1])).sum()
    # The padded spectrum ends up to one of its steps, 0.06 Hz, before the amplitude falls below 0.05.
    assert sparc(minimum_jerk(1.0, 1000.0), 1000.0) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(
    ("durations_s", "expected"),
    [((1.0,), -1.4058293270784663), ((2.0,), -1.4058292866252673), ((0.6, 0.6), -2.2808982687857275),
     ((0.5, 0.5, 0.5), -2.844498854035977)],
)  # fmt: skip
def test_sparc_agrees_with_scikit_digital_health(durations_s: tuple[float, ...], expected: float) -> None:
    """Reference: skdh 0.17.18, SPARC(padlevel=4, fc=10.0, amplitude_threshold=0.05).compute(speed, fs=100)."""
    speed = np.concatenate([minimum_jerk(duration_s) for duration_s in durations_s])
    assert sparc(speed, RATE_HZ) == pytest.approx(expected, rel=1e-7)


def test_two_hesitant_movements_are_less_smooth_than_one() -> None:
    one, two = minimum_jerk(1.2), np.concatenate([minimum_jerk(0.6), minimum_jerk(0.6)])
    assert sparc(two, RATE_HZ) < sparc(one, RATE_HZ) - 0.5
    assert log_dimensionless_jerk(two, RATE_HZ) < log_dimensionless_jerk(one, RATE_HZ) - 1


def test_no_movement_has_no_smoothness() -> None:
    for speed in (np.zeros(50), np.empty(0)):
        assert math.isnan(sparc(speed, RATE_HZ))
        assert math.isnan(log_dimensionless_jerk(speed, RATE_HZ))
