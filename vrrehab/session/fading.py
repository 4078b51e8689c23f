"""How solid each limb is in each frame: one that is lost dims, one hidden, covered or imagined goes, never at once."""

from __future__ import annotations

from collections.abc import Collection

from vrrehab.body.drives import WITHOUT_LIMB
from vrrehab.body.limb import Chain, Limb
from vrrehab.body.skeleton import Side
from vrrehab.session.fade import Fade
from vrrehab.session.plan import Plan
from vrrehab.session.settings import Settings
from vrrehab.session.view import View

#: A lost hand dims to this share of its opacity over this time; it never snaps away. It comes again more slowly, so
#: that one which is lost again and again does not flash.
_DIMMED_RATIO, _DIM_S, _UNDIM_S = 0.35, 0.3, 1.5
#: Hiding the limb takes so long; and covering it: first comes the cloth, then the limb beneath it goes.
_HIDE_S, _COVER_S = 0.5, 0.6
#: So long would the opacity that a therapist sets take from nothing to all.
_OPACITY_S = 1.0
#: The modes in which virtual limbs go by what is tracked.
_LED = ("mirror", "residual")
#: What is imagined is only there for half.
_IMAGINED_RATIO = 0.5


class Fading:
    """Writes the opacities and the cloth of a view, a frame at a time."""

    def __init__(self, settings: Settings, view: View) -> None:
        self._settings = settings
        self._view = view
        self._dimmed = 1.0
        #: How much is left of each limb that the session goes by, or went by: it comes again in any case.
        self._left: dict[Limb, float] = {}
        self._opacity = settings.number("limb_opacity_ratio")
        self._hidden, self._covered = Fade(_HIDE_S), Fade(_COVER_S)

    def step(self, elapsed_s: float, plan: Plan, followed: Collection[Limb], lost: bool, limb_ratio: float) -> None:
        """A frame. followed: the limbs that the session goes by, of which one may be lost; limb_ratio: how far the
        virtual ones are there while what drives them changes.
        """
        settings, view = self._settings, self._view
        share_s = (1.0 - _DIMMED_RATIO) * elapsed_s
        lost_to, step = (_DIMMED_RATIO, share_s / _DIM_S) if lost else (1.0, share_s / _UNDIM_S)
        self._dimmed = _glide(self._dimmed, lost_to, step)
        for limb in followed:
            self._left[limb] = self._dimmed
        for limb, left in self._left.items():
            if limb not in followed:
                self._left[limb] = left = _glide(left, 1.0, share_s / _UNDIM_S)
            _opacity_of(view, limb.chain)[limb.side] = left
        hidden = self._hidden.step(bool(settings["limb_hidden"]), elapsed_s)
        covered = self._covered.step(bool(settings["limb_covered"]), elapsed_s)
        self._opacity = _glide(self._opacity, settings.number("limb_opacity_ratio"), elapsed_s / _OPACITY_S)
        solid = self._opacity * (1.0 - hidden) * limb_ratio
        if plan.mode == "imagery":
            solid *= _IMAGINED_RATIO
        elif plan.mode in WITHOUT_LIMB:
            solid = 0.0
        view.cover = min(1.0, 2.0 * covered) * min(1.0, 4.0 * solid)
        solid *= min(1.0, 2.0 - 2.0 * covered)
        for limb in plan.limbs:
            _opacity_of(view, limb.chain)[limb.side] = solid * (self._dimmed if plan.mode in _LED else 1.0)


def _glide(value: float, goal: float, step: float) -> float:
    """A step of the way to a goal."""
    return min(max(goal, value - step), value + step)


def _opacity_of(view: View, chain: Chain) -> dict[Side, float]:
    return view.opacity if chain is Chain.ARM else view.leg_opacity
