"""From frames to evenly sampled stretches of a point that was really seen: what every measure starts from.

A frame counts where every joint needed was measured, or scripted where there is no person. Held, inferred and mirrored
poses never count: they say what was shown, not what was done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import signal

SEEN = ("measured", "scripted")

#: Everything is brought to this rate, so that measures compare between headsets of 72, 90 and 120 Hz.
RATE_HZ = 100.0
#: With fewer frames a second neither SPARC, which looks up to 10 Hz, nor tremor, up to 12 Hz, can be had.
LEAST_RATE_HZ = 25.0
#: An unseen stretch up to this is bridged by a line; a longer one divides what is measured.
_BRIDGED_S = 0.1
_LEAST_S = 0.5
#: Human movement lies below; the noise of tracking does not (Winter, Biomechanics and Motor Control, 2009, ch. 3).
LOW_PASS_HZ = 8.0

_LOW_PASS = signal.butter(2, LOW_PASS_HZ, fs=RATE_HZ, output="sos")


@dataclass(frozen=True, slots=True)
class Stretch:
    """An uninterrupted stretch: `places` (n, k) at RATE_HZ from `start_s` on, as seen and without smoothing."""

    start_s: float
    places: NDArray[np.float64]

    @property
    def duration_s(self) -> float:
        return (len(self.places) - 1) / RATE_HZ

    def smooth(self) -> NDArray[np.float64]:
        """The places without tracking noise: fourth-order zero-lag Butterworth low-pass at 8 Hz (a second-order one
        run forth and back, which puts -3 dB at 6.4 Hz).
        """
        return signal.sosfiltfilt(_LOW_PASS, self.places, axis=0, padlen=min(len(self.places) - 1, 30))

    def velocity(self) -> NDArray[np.float64]:
        """(n, k) units a second, of the smoothed places."""
        return np.gradient(self.smooth(), 1.0 / RATE_HZ, axis=0)

    def speed(self) -> NDArray[np.float64]:
        """(n,) units a second, of the smoothed places."""
        return np.linalg.norm(self.velocity(), axis=1)


def has_joints(motion: pd.DataFrame, joints: Sequence[str]) -> bool:
    return all(f"tracked_{joint}_px" in motion for joint in joints)


def places(motion: pd.DataFrame, joint: str) -> NDArray[np.float64]:
    """Where a tracked joint was, (frames, 3) metres; NaN where unknown."""
    # Column by column: pandas takes a millisecond to pick three at once, which is most of a short task run.
    return np.column_stack([motion[f"tracked_{joint}_p{axis}"].to_numpy(np.float64) for axis in "xyz"])


def seen(motion: pd.DataFrame, joints: Sequence[str]) -> NDArray[np.bool_]:
    """(frames,) whether every one of these tracked joints was."""
    result = np.ones(len(motion), bool)
    for joint in joints:
        provenance = pd.Categorical(motion[f"tracked_{joint}_provenance"])
        # The last one is for the code -1, which stands for what is missing.
        result &= np.append(provenance.categories.isin(SEEN), False)[provenance.codes]
        result &= ~np.isnan(motion[f"tracked_{joint}_px"].to_numpy())
    return result


def stretches(time_s: NDArray[np.float64], values: NDArray[np.float64], counts: NDArray[np.bool_]) -> list[Stretch]:
    """The values (frames, k) where `counts`, resampled to RATE_HZ by lines between frames, in time order.

    Stretches shorter than 0.5 s are left out. Frames need not be evenly spaced; two of the same time count as one.
    """
    time_s, first = np.unique(time_s[counts], return_index=True)
    values = values[counts][first]
    if len(time_s) < 2:
        return []
    breaks = np.flatnonzero(np.diff(time_s) > _BRIDGED_S) + 1
    found = []
    for part in np.split(np.arange(len(time_s)), breaks):
        begin, end = time_s[part[0]], time_s[part[-1]]
        if end - begin < _LEAST_S:
            continue
        even = begin + np.arange(int((end - begin) * RATE_HZ + 1e-6) + 1) / RATE_HZ
        columns = [np.interp(even, time_s[part], column) for column in values[part].T]
        found.append(Stretch(float(begin), np.column_stack(columns)))
    return found
