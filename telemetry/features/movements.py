"""Single movements from rest to rest within a task run, and what is measured of each and of all of them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from telemetry.features.signals import RATE_HZ, Stretch
from telemetry.features.smoothness import log_dimensionless_jerk, sparc

#: A movement lasts while the speed is above this share of the task run's speed at its 95th percentile.
_THRESHOLD = 0.05
#: Slower than this is rest, whatever the share.
REST_MPS = 0.02
_LEAST_MOVEMENT_S = 0.2

TREMOR_HZ = (4.0, 12.0)


def movements(stretches: list[Stretch]) -> list[tuple[float, NDArray[np.float64]]]:
    """(start in seconds, speed) of each movement: where the speed stays above 5 % of the task run's 95th percentile,
    and above 20 mm/s, for 0.2 s at least. One that the stretch's edge cuts off does not count.
    """
    speeds = [stretch.speed() for stretch in stretches]
    if not speeds:
        return []
    threshold = max(REST_MPS, _THRESHOLD * float(np.percentile(np.concatenate(speeds), 95)))
    found = []
    for stretch, speed in zip(stretches, speeds, strict=True):
        edges = np.flatnonzero(np.diff((speed > threshold).astype(np.int8)))
        for begin in (edges[speed[edges] <= threshold] + 1).tolist():
            ends = edges[edges >= begin].tolist()
            if ends and (ends[0] + 1 - begin) / RATE_HZ >= _LEAST_MOVEMENT_S:
                first, last = _from_rest(speed, begin, ends[0])
                found.append((stretch.start_s + first / RATE_HZ, speed[first : last + 1]))
    return found


def _from_rest(speed: NDArray[np.float64], first: int, last: int) -> tuple[int, int]:
    """The movement out to where the speed is least: what a threshold cuts off would count for the jerk."""
    while first > 0 and speed[first - 1] < speed[first]:
        first -= 1
    while last < len(speed) - 1 and speed[last + 1] < speed[last]:
        last += 1
    return first, last


def smoothness(found: list[tuple[float, NDArray[np.float64]]]) -> tuple[float, float]:
    """The medians over movements of SPARC and log dimensionless jerk; NaN without movements."""
    if not found:
        return math.nan, math.nan
    return (
        float(np.median([sparc(speed, RATE_HZ) for _, speed in found])),
        float(np.median([log_dimensionless_jerk(speed, RATE_HZ) for _, speed in found])),
    )


def tremor_rms(stretches: list[Stretch]) -> float:
    """Root mean square acceleration in the band 4 to 12 Hz, m/s2; NaN where no stretch lasts 1 s.

    Power spectral density of the unsmoothed second differences of place (Welch, Hann, 1 s, half overlapping), corrected
    for what differences take at each frequency, over the band, summed over the axes. Parkinsonian and essential tremor
    lie at 4 to 8 Hz, physiological tremor at 8 to 12 (Elble & McNames, Tremor Other Hyperkinet Mov 2016; 6:376).
    """
    powers, weights = [], []
    window = int(RATE_HZ)
    for stretch in stretches:
        if len(stretch.places) < window + 2:
            continue
        acceleration = np.diff(stretch.places, 2, axis=0) * RATE_HZ**2
        frequency, density = signal.welch(acceleration, RATE_HZ, nperseg=window, axis=0)
        inside = (frequency >= TREMOR_HZ[0]) & (frequency <= TREMOR_HZ[1])
        half_turn = math.pi * frequency[inside] / RATE_HZ
        lost = (np.sin(half_turn) / half_turn) ** 4
        powers.append(float((density[inside] / lost[:, None]).sum()) * float(frequency[1]))
        weights.append(stretch.duration_s)
    return math.sqrt(np.average(powers, weights=weights)) if powers else math.nan


def path_length(stretches: list[Stretch]) -> float:
    """Metres along the smoothed way, of all stretches; NaN without any."""
    if not stretches:
        return math.nan
    return float(sum(np.linalg.norm(np.diff(s.smooth(), axis=0), axis=1).sum() for s in stretches))


def synchrony(left: list[Stretch], right: list[Stretch]) -> tuple[float, float]:
    """(correlation, lag in seconds) of both sides' speeds where it is greatest within one second.

    The lag is positive where the right side moves later. Over the longest time that both were seen; NaN where that is
    shorter than 3 s, or one side keeps still.
    """
    nothing = math.nan, math.nan
    best: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None
    for one in left:
        for other in right:
            begin = max(one.start_s, other.start_s)
            end = min(one.start_s + one.duration_s, other.start_s + other.duration_s)
            if end - begin >= max(3.0, 0.0 if best is None else (len(best[0]) + 1) / RATE_HZ):
                samples = int((end - begin) * RATE_HZ)
                offsets = (round((begin - s.start_s) * RATE_HZ) for s in (one, other))
                a, b = (s.speed()[o : o + samples] for s, o in zip((one, other), offsets, strict=True))
                samples = min(len(a), len(b))
                best = a[:samples], b[:samples]
    if best is None or min(np.max(speed) for speed in best) < REST_MPS:
        return nothing
    most = int(RATE_HZ)
    lags = np.arange(-most, most + 1)
    together = [_correlation(best[0], best[1], int(lag)) for lag in lags]
    if np.all(np.isnan(together)):
        return nothing
    at = int(np.nanargmax(together))
    return together[at], lags[at] / RATE_HZ


def _correlation(a: NDArray[np.float64], b: NDArray[np.float64], lag: int) -> float:
    a, b = (a[: len(a) - lag], b[lag:]) if lag >= 0 else (a[-lag:], b[: len(b) + lag])
    a, b = a - a.mean(), b - b.mean()
    size = math.sqrt(float(a @ a) * float(b @ b))
    return float(a @ b) / size if size > 0 else math.nan
