"""The step of a session that measures the person: what they are asked, for how long, and when it is enough.

A limb is held straight out until `vrrehab.body.calibration` trusts what it saw, for ten seconds at most, and once more
if that did not do. Whoever cannot do it goes on with the measures that are known.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator, Iterator

from msgspec.structs import asdict

from telemetry.messages import Measures
from vrrehab.body.calibration import WINDOW_S, Calibration
from vrrehab.body.limb import Chain, Limb
from vrrehab.body.skeleton import Body, Side, joint
from vrrehab.errors import NotMeasured
from vrrehab.language import ENGLISH, mark
from vrrehab.session.plan import lost_limbs
from vrrehab.session.situation import Situation

#: One try takes no longer than this; the first look at what was seen comes when an arm has had time to rise.
TRY_S, _FIRST_S, _EVERY_S = 10.0, WINDOW_S + 1.5, 0.25
_TRIES = 2
_ASKED = {
    Limb(Chain.ARM, Side.LEFT): mark(
        "Sit upright and look ahead. Hold your left arm straight out in front of you, the hand open."
    ),
    Limb(Chain.ARM, Side.RIGHT): mark(
        "Sit upright and look ahead. Hold your right arm straight out in front of you, the hand open."
    ),
    Limb(Chain.LEG, Side.LEFT): mark("Sit upright and look ahead. Hold your left leg straight out in front of you."),
    Limb(Chain.LEG, Side.RIGHT): mark("Sit upright and look ahead. Hold your right leg straight out in front of you."),
}


class Measuring:
    """One limb of one person, a frame at a time.

    measures: what was found, with everything that was known before; None until it was. reason: why the last look was
    not trusted. over: whether there is nothing more to wait for.
    """

    def __init__(self, limb: Limb, known: Measures, say: Callable[..., str] = ENGLISH.say) -> None:
        self._say = say
        self.measures: Measures | None = None
        self.reason = ""
        self._limb = limb
        self._known = known
        self._tries_left = _TRIES
        self._begin()

    def _begin(self) -> None:
        self._calibration = Calibration(self._limb.side, self._limb.chain, self._known)
        self._now_s = 0.0
        self._look_s = _FIRST_S

    @property
    def over(self) -> bool:
        return self.measures is not None or self._tries_left == 0

    @property
    def text(self) -> str:
        """What the person is asked to do now."""
        asked = self._say(_ASKED[self._limb])
        return asked if self._tries_left == _TRIES else f"{self._say('Once more, please.')} {asked}"

    @property
    def count(self) -> str:
        return self._say("{seconds} s", seconds=round(max(TRY_S - self._now_s, 0.0)))

    def step(self, elapsed_s: float, tracked: Body) -> None:
        """One frame that lasted `elapsed_s`, of which only what was measured counts."""
        self._now_s += elapsed_s
        self._calibration.add(tracked, self._now_s)
        if self._now_s < self._look_s:
            return
        self._look_s = self._now_s + _EVERY_S
        try:
            self.measures = self._calibration.measures()
        except NotMeasured as refused:
            self.reason = str(refused)
            if self._now_s >= TRY_S:
                self._tries_left -= 1
                self._begin()


def calibrate(here: Situation, known: Measures) -> Generator[None, None, Measures]:
    """Measure the person on one whole arm, and on a leg if one is tracked; returns what is known of them then."""
    view = here.view
    for limb in _measurable(here):
        yield from here.until_ready()
        measuring = Measuring(limb, known, here.say)
        view.title, view.activity, view.movement = here.say("Getting your size"), "measuring", str(limb)
        while not measuring.over and not here.take_moving_on():
            view.text, view.count = measuring.text, measuring.count
            yield
            if not here.held:
                measuring.step(here.elapsed_s, here.tracked)
        view.text, view.count, view.activity, view.movement = "", "", "", ""
        if measuring.measures is None:
            here.ledger.happened("not_calibrated", {"limb": str(limb), "reason": measuring.reason})
        else:
            before, known = known, measuring.measures
            here.ledger.happened("calibrated", {"limb": str(limb), **_measured(before, known)})
    return known


def _measured(before: Measures, now: Measures) -> dict[str, float]:
    """What was measured anew, for the recorder to take into the profile."""
    return {name: value for name, value in asdict(now).items() if value != getattr(before, name)}


def _measurable(here: Situation) -> Iterator[Limb]:
    """A whole arm, that of the intact side first; and a whole leg that something is strapped to."""
    lost = lost_limbs(here.plan.profile)
    for chain, joint_name in ((Chain.ARM, "wrist"), (Chain.LEG, "ankle")):
        whole = [limb for side in Side if (limb := Limb(chain, side)) not in lost]
        whole.sort(key=lambda limb: limb.side is not here.plan.intact_side)
        seen = (limb for limb in whole if here.tracked.has(joint(limb.side, joint_name)))
        yield from itertools.islice(seen, 1)
