"""How a body is proportioned: lengths that were measured, and for the rest the usual shares of stature.

The fractions of stature are those of Drillis and Contini (1966), as drawn in Winter, *Biomechanics and Motor
Control of Human Movement*, figure 4.1. That figure's breadths are taken across the outside; the joints' centres are put
0.02 m further in at each shoulder and 0.07 m at each hip, which is our own allowance, as is the ball of the foot.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, dataclass, fields, replace

from telemetry.messages import Measures

#: A stature between the average woman's and the average man's, so that neither is far off.
USUAL_STATURE_M = 1.68
#: How long a body takes to go over to new proportions.
GROWTH_S = 1.5
#: Shares of stature.
UPPER_ARM, FOREARM, HAND_LENGTH, THIGH, SHIN = 0.186, 0.146, 0.108, 0.245, 0.246
EYE_HEIGHT, ANKLE_HEIGHT = 0.936, 0.039


@dataclass(frozen=True, slots=True)
class Build:
    """Lengths in metres between joint centres; `eyes_above_neck` and `eyes_before_neck` place the pivot of
    a nod, `ball_before_ankle` and `ball_below_ankle` the ball of a foot that stands flat.

    The neck's pivot is that of common head-mounted displays' neck models: 0.075 m below and 0.08 m behind
    the eyes.
    """

    upper_arm: float
    forearm: float
    shoulder_breadth: float
    neck_above_shoulders: float
    shoulders_above_hips: float
    hip_breadth: float
    thigh: float
    shin: float
    ball_before_ankle: float
    ball_below_ankle: float
    eyes_above_neck: float = 0.075
    eyes_before_neck: float = 0.080

    @property
    def arm(self) -> float:
        """Shoulder to wrist, straight."""
        return self.upper_arm + self.forearm

    @property
    def leg(self) -> float:
        """Hip to ankle, straight."""
        return self.thigh + self.shin

    @property
    def ankle_height(self) -> float:
        """The ankle over the floor where the sole lies on it."""
        return ANKLE_HEIGHT / SHIN * self.shin

    @classmethod
    def of_stature(cls, stature_m: float) -> Build:
        """The usual proportions at a stature. Raises ValueError outside 0.5 to 2.5 m."""
        if not 0.5 <= stature_m <= 2.5:
            raise ValueError(f"expected a stature of 0.5 to 2.5 m, but {stature_m} came; give metres")
        return cls(
            upper_arm=UPPER_ARM * stature_m,
            forearm=FOREARM * stature_m,
            shoulder_breadth=0.259 * stature_m - 0.04,
            neck_above_shoulders=(EYE_HEIGHT - 0.818) * stature_m - 0.075,
            shoulders_above_hips=(0.818 - 0.530) * stature_m,
            hip_breadth=0.191 * stature_m - 0.14,
            thigh=THIGH * stature_m,
            shin=SHIN * stature_m,
            ball_before_ankle=0.078 * stature_m,
            ball_below_ankle=0.026 * stature_m,
        )

    @classmethod
    def of_measures(cls, measures: Measures) -> Build:
        """The proportions of a person of whom some lengths were measured; the others are usual for the stature.

        Where nobody measured the stature it is the one that goes with the reach, or else the shin, or else the hand.
        Raises ValueError for a stature outside 0.5 to 2.5 m.
        """
        build = cls.of_stature(stature_of(measures))
        if measures.reach_m is not None:
            share = UPPER_ARM / (UPPER_ARM + FOREARM)
            build = replace(build, upper_arm=share * measures.reach_m, forearm=(1.0 - share) * measures.reach_m)
        if measures.shin_m is not None:
            build = replace(build, thigh=THIGH / SHIN * measures.shin_m, shin=measures.shin_m)
        return build


def stature_of(measures: Measures, otherwise: float = USUAL_STATURE_M) -> float:
    """The stature in metres that was measured, or goes with what was; `otherwise` where nothing was."""
    if measures.stature_m is not None:
        return measures.stature_m
    for length, share in (
        (measures.reach_m, UPPER_ARM + FOREARM),
        (measures.shin_m, SHIN),
        (measures.hand_m, HAND_LENGTH),
    ):
        if length is not None:
            return length / share
    return otherwise


class Growth:
    """A person's build, which goes over to another one in a little while, so that no limb snaps.

    build: as it is now.
    """

    def __init__(self, build: Build) -> None:
        self.build = self._from = self._to = build
        self._gone = 1.0

    def take(self, build: Build) -> None:
        """The person is known to be built otherwise."""
        self._from, self._to, self._gone = self.build, build, 0.0

    def step(self, elapsed_s: float) -> bool:
        """Goes on for a frame that lasted `elapsed_s`; whether the build is another one than before."""
        if self._gone == 1.0:
            return False
        self._gone = min(self._gone + elapsed_s / GROWTH_S, 1.0)
        eased = self._gone * self._gone * (3.0 - 2.0 * self._gone)
        lengths = zip(fields(Build), astuple(self._from), astuple(self._to), strict=True)
        grown = {field.name: before + eased * (after - before) for field, before, after in lengths}
        self.build = self._to if self._gone == 1.0 else Build(**grown)
        return True


#: How a person is proportioned of whom these measures are known; a body that is drawn has proportions of its own.
BuildOf = Callable[[Measures], Build]

USUAL = Build.of_stature(USUAL_STATURE_M)
