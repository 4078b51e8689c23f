"""From the limb as its mode drives it to the limb that is shown: delay and gain, the phantom's shape, an offset.

With everything at its neutral value the limb passes through to the last bit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from vrrehab import geometry
from vrrehab.body.conditions import DelayLine, Gain
from vrrehab.body.limb import CHAIN_JOINTS, Limb, displace, put_together, take_apart
from vrrehab.body.phantom import Morph, Shape
from vrrehab.body.skeleton import Body, Provenance, Side

_PASSED_ON = (Provenance.NONE, Provenance.HELD)


@dataclass(slots=True)
class Wanted:
    """What is to be done to every virtual limb; written in place, read each frame.

    gain: of movement about where it began. delay_s. offset_m: (3,) of hand or foot, session space.
    share: of the phantom's shape, and the minutes that going there from the other end takes.
    """

    gain: float = 1.0
    delay_s: float = 0.0
    offset_m: NDArray[np.float64] = field(default_factory=lambda: np.zeros(3))
    share: float = 0.0
    morph_min: float = 0.0


class Alteration:
    """Alters one virtual limb, frame by frame; one instance lasts a session."""

    def __init__(self, limb: Limb, shape: Shape, share: float = 0.0) -> None:
        """`shape` is the phantom's, and `share` how much of it the limb begins with."""
        self._limb = limb
        self._delay = DelayLine(len(CHAIN_JOINTS[limb.chain]))
        self._gain = Gain(limb.chain)
        self.morph = Morph(limb.chain, shape, share)
        self._now_s = math.nan

    def forget(self) -> None:
        """Starts afresh with the next frame, as after recentring; the phantom's share goes on."""
        self._delay.forget()
        self._gain.forget()
        self._now_s = math.nan

    def alter(self, body: Body, wanted: Wanted, now_s: float) -> None:
        """Alters the limb of `body`, a frame shown at `now_s`, in place. A limb that is not whole stays as it is."""
        elapsed_s = now_s - self._now_s if now_s > self._now_s else 0.0
        self._now_s = now_s
        limb, morph = self._limb, self.morph
        poses, provenance = body.poses[limb.joints], body.provenance[limb.joints]
        self._delay.delay(poses, provenance, now_s, wanted.delay_s)
        scaled = self._gain.approach(wanted.gain, elapsed_s)
        morph.step(elapsed_s, wanted.share, wanted.morph_min)
        if math.isnan(np.add.reduce(poses, axis=None)):
            return
        felt = not morph.idle
        if scaled or felt:
            self._turn(poses, scaled, felt)
        if felt:
            self._name(provenance)
        offset = (wanted.offset_m + morph.offset_m if felt else wanted.offset_m).tolist()
        if any(offset):
            displace(limb.chain, poses, offset)

    def _turn(self, poses: NDArray[np.float64], scaled: bool, felt: bool) -> None:
        """Turns joints and shortens bones; a left limb is worked on as its mirror image, which is exact."""
        chain, left = self._limb.chain, self._limb.side is Side.LEFT
        apart = take_apart(chain, geometry.mirror(poses) if left else poses)
        if scaled:
            apart[:, 3:] = self._gain.scale(apart[:, 3:])
        if felt:
            apart[:, 3:] = self.morph.bend(apart[:, 3:])
            apart[1:, :3] *= self.morph.lengths[1:]
        put_together(chain, apart, poses)
        if left:
            geometry.mirror(poses, out=poses)

    def _name(self, provenance: NDArray[np.uint8]) -> None:
        """A joint that the shape turns follows both it and the person: inferred on the way, scripted at its end."""
        shaped = self.morph.touched & ~np.isin(provenance, _PASSED_ON)
        provenance[shaped] = Provenance.SCRIPTED if self.morph.share == 1.0 else Provenance.INFERRED
