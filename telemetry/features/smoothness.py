"""How smooth one movement was, by the two measures that stood the test of Balasubramanian et al. (2012, 2015).

Both take the speed of one movement from rest to rest. A minimum-jerk movement has SPARC -1.406 and log dimensionless
jerk -5.322 whatever its size and duration; less smooth ones are more negative.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

#: Balasubramanian et al. 2015: how far the spectrum is looked at, and how small an amplitude still counts.
HIGHEST_HZ = 10.0
LEAST_AMPLITUDE = 0.05
_PADDING = 4


def sparc(speed: NDArray[np.float64], rate_hz: float) -> float:
    """The spectral arc length of a movement's speed (n,), sampled at `rate_hz`; NaN without movement.

    The length of the curve of the normalised amplitude spectrum, taken negative, from 0 to the last frequency up to
    10 Hz whose amplitude reaches 0.05:  -sum sqrt((df / f_last)^2 + dA^2). The spectrum is zero-padded 16-fold.
    Source: Balasubramanian, Melendez-Calderon, Roby-Brami & Burdet, J NeuroEng Rehabil 2015; 12:112, eq. 6 and 7.
    """
    if len(speed) < 2 or not np.any(speed):
        return math.nan
    padded = 2 ** (math.ceil(math.log2(len(speed))) + _PADDING)
    amplitude = np.abs(np.fft.rfft(speed, padded))
    frequency = np.fft.rfftfreq(padded, 1.0 / rate_hz)
    amplitude = amplitude[frequency <= HIGHEST_HZ] / amplitude.max()
    counts = np.flatnonzero(amplitude >= LEAST_AMPLITUDE)
    amplitude = amplitude[counts[0] : counts[-1] + 1]
    if len(amplitude) < 2:
        return math.nan
    return -float(np.hypot(1.0 / (len(amplitude) - 1), np.diff(amplitude)).sum())


def log_dimensionless_jerk(speed: NDArray[np.float64], rate_hz: float) -> float:
    """The log dimensionless jerk of a movement's speed (n,), sampled at `rate_hz`; NaN without movement.

    -ln(T^3 / v_peak^2 * integral of (d2v/dt2)^2 dt), T its duration. For minimum jerk the argument is 204.8.
    Source: Balasubramanian, Melendez-Calderon & Burdet, IEEE Trans Biomed Eng 2012; 59:2126 (dimensionless jerk);
    Balasubramanian et al. 2015, eq. 3. The measure is for speeds without noise: smooth first, and never compare values
    of recordings that were smoothed differently.
    """
    if len(speed) < 4 or not np.any(speed):
        return math.nan
    step_s = 1.0 / rate_hz
    duration_s = (len(speed) - 1) * step_s
    jerk = np.diff(speed, 2) / step_s**2
    integral = float(jerk @ jerk) * step_s
    if integral == 0.0:
        return math.nan
    return -math.log(duration_s**3 / float(np.max(speed)) ** 2 * integral)
