"""The virtual limbs of a sitting: how each is altered on its way from its drive to the picture, as settings say."""

from __future__ import annotations

from telemetry.messages import PhantomShape
from vrrehab.body.alteration import Alteration, Wanted
from vrrehab.body.limb import Limb
from vrrehab.body.phantom import POSTURES, Shape, shape_of
from vrrehab.body.posture import MOVEMENTS
from vrrehab.body.skeleton import Body
from vrrehab.session.plan import Plan
from vrrehab.session.settings import AS_FELT, Settings


class VirtualLimbs:
    """Alters every virtual limb of a plan each frame. A limb whose phantom's shape is on record begins as it is felt.

    Raises `UnknownName` for a posture or a movement of the profile that there is not.
    """

    def __init__(self, plan: Plan, settings: Settings) -> None:
        self._plan = plan
        self._settings = settings
        self._wanted = Wanted()
        self._take_settings()
        self._alterations = {
            limb: Alteration(limb, self._shape(limb), 0.0 if plan.felt(limb) is None else 1.0) for limb in plan.limbs
        }

    def alter(self, body: Body, now_s: float) -> None:
        """Alter the limbs of `body`, a frame shown at `now_s`, in place."""
        if self._settings.changes != self._changes:
            self._take_settings()
            for limb, alteration in self._alterations.items():
                alteration.morph.take(self._shape(limb))
        for alteration in self._alterations.values():
            alteration.alter(body, self._wanted, now_s)

    def forget(self) -> None:
        """Starts afresh with the next frame, as after recentring."""
        for alteration in self._alterations.values():
            alteration.forget()

    def _take_settings(self) -> None:
        # Not every frame: they seldom change, and to look a dozen of them up takes as long as to move an arm.
        settings, wanted = self._settings, self._wanted
        self._changes = settings.changes
        wanted.gain = settings.number("limb_gain_ratio")
        wanted.delay_s = settings.number("limb_delay_ms") / 1000.0
        wanted.offset_m[:] = [settings.number(f"limb_offset_{axis}_m") for axis in "xyz"]
        wanted.share = settings.number("phantom_share")
        wanted.morph_min = settings.number("phantom_morph_min")

    def _shape(self, limb: Limb) -> Shape:
        """The phantom's shape as the profile has it, with what was changed live."""
        settings = self._settings
        felt = self._plan.felt(limb) or PhantomShape(limb=limb.chain.value, side=limb.side.value)
        angles = dict(felt.joints_rad)
        for name in MOVEMENTS[limb.chain]:
            if change := settings.number(f"phantom_{name}_rad"):
                angles[name] = angles.get(name, 0.0) + change
        chosen = str(settings["phantom_posture"])
        posture = chosen if chosen != AS_FELT and chosen in POSTURES[limb.chain] else felt.posture
        telescoping = min(max(felt.telescoping + settings.number("phantom_telescoping"), 0.0), 1.0)
        x, y, z = (
            at + settings.number(f"phantom_offset_{axis}_m") for at, axis in zip(felt.offset_m, "xyz", strict=True)
        )
        return shape_of(limb.chain, posture, angles, telescoping, (x, y, z), self._plan.segments_left(limb))
