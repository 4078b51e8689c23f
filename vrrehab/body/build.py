"""How a body is proportioned, where nobody has measured it: lengths from stature.

The fractions of stature are those of Drillis and Contini (1966), as drawn in Winter, *Biomechanics and Motor
Control of Human Movement*, figure 4.1. That figure's shoulder breadth is taken across the outside; the joints'
centres are put 0.02 m further in on each side, which is our own allowance.
"""

from __future__ import annotations

from dataclasses import dataclass

#: A stature between the average woman's and the average man's, so that neither is far off.
USUAL_STATURE_M = 1.68


@dataclass(frozen=True, slots=True)
class Build:
    """Lengths in metres between joint centres; `eyes_above_neck` and `eyes_before_neck` place the pivot of
    a nod.

    The neck's pivot is that of common head-mounted displays' neck models: 0.075 m below and 0.08 m behind
    the eyes.
    """

    upper_arm: float
    forearm: float
    shoulder_breadth: float
    neck_above_shoulders: float
    shoulders_above_hips: float
    eyes_above_neck: float = 0.075
    eyes_before_neck: float = 0.080

    @property
    def arm(self) -> float:
        """Shoulder to wrist, straight."""
        return self.upper_arm + self.forearm

    @classmethod
    def of_stature(cls, stature_m: float) -> Build:
        """The usual proportions at a stature. Raises ValueError outside 0.5 to 2.5 m."""
        if not 0.5 <= stature_m <= 2.5:
            raise ValueError(f"expected a stature of 0.5 to 2.5 m, but {stature_m} came; give metres")
        return cls(
            upper_arm=0.186 * stature_m,
            forearm=0.146 * stature_m,
            shoulder_breadth=0.259 * stature_m - 0.04,
            neck_above_shoulders=(0.936 - 0.818) * stature_m - 0.075,
            shoulders_above_hips=(0.818 - 0.530) * stature_m,
        )


USUAL = Build.of_stature(USUAL_STATURE_M)
