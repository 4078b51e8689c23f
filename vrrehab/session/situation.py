"""What the scripts of a session share: the plan, the picture, the record, and the frame that is being stepped.

A script is a generator whose every `yield` is one frame; after it, the fields of the frame are those of the next one.
Holds facts and small questions about them; what happens in a session is in `conductor` and the scripts it calls.
"""

from __future__ import annotations

import math
from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray

from vrrehab.body.build import BuildOf
from vrrehab.body.limb import Limb
from vrrehab.body.sight import Sight
from vrrehab.body.skeleton import HEAD, Body, Provenance
from vrrehab.session.ledger import Ledger
from vrrehab.session.plan import Plan
from vrrehab.session.settings import Settings
from vrrehab.session.view import View
from vrrehab.tasks.mechanic import Brush

Script = Generator[None, None, None]

_NOT_SEEN = int(Provenance.NONE), int(Provenance.HELD)


class Situation:
    """See the module.

    tracked, driven: the body as tracked, and with its virtual limbs as the mode drives them, before an experiment
    or the phantom's shape alters what is seen of them. lost: the limb that has been out of sight for too long, None
    while none is. seen: whether all that the session goes by is seen in this frame. held: whether a therapist holds
    the programme. unwatched: whether the console in control is lost. unheld_s: how long the programme has gone on,
    breaks left out. build: how the person's body is drawn, as `build_of` makes it of what is measured. brush: what
    the therapist strokes with. asked_at: where the last question stood, (7,).
    recentrings: how often session space has moved. may_move_on: whether something was shown in the last frame that
    `move_on` would end.
    """

    def __init__(self, plan: Plan, settings: Settings, view: View, ledger: Ledger, build_of: BuildOf) -> None:
        self.plan = plan
        self.settings = settings
        self.view = view
        self.ledger = ledger
        self.elapsed_s = self.unheld_s = 0.0
        self.tracked = self.driven = view.virtual
        self.selecting = False
        self.lost: Limb | None = None
        self.seen = False
        self.held = False
        self.unwatched = False
        self.build = build_of(plan.profile.measures)
        self.brush = Brush()
        self.asked_at: NDArray[np.float64] | None = None
        self.recentrings = 0
        self._never_seen = True
        self.may_move_on = False
        self._moving_on = False

    def step(self, elapsed_s: float, tracked: Body, driven: Body, sight: Sight, selecting: bool) -> None:
        """Take a frame; `sight` has what is seen of the limbs that the session goes by."""
        self.elapsed_s = elapsed_s
        self.tracked = tracked
        self.driven = driven
        self.selecting = selecting
        self.may_move_on = False
        self._watch_tracking(sight)

    def say(self, text: str, **values: object) -> str:
        """A text in the participant's language."""
        return self.plan.language.say(text, **values)

    @property
    def ready(self) -> bool:
        """Whether no break is on and somebody is there to see what is shown."""
        return not self.held and self.worn

    @property
    def worn(self) -> bool:
        """Whether the headset is: its place is seen, and not just held where it was."""
        return self.tracked.provenance.item(HEAD) not in _NOT_SEEN

    @property
    def met(self) -> bool:
        """Whether the head is seen, and all that the session goes by has been."""
        return not self._never_seen and self.tracked.has(HEAD)

    def until_ready(self) -> Script:
        while not self.ready:
            yield

    def until_watched(self) -> Script:
        """No task begins while the console that is in control is lost."""
        while self.unwatched:
            yield

    def move_on(self) -> None:
        """The script that runs should come to the end of what it shows now."""
        self._moving_on = True

    def take_moving_on(self) -> bool:
        """Whether it should; asked once, it is done. Whatever can be moved on from asks this in every frame."""
        self.may_move_on = True
        moving_on, self._moving_on = self._moving_on, False
        return moving_on

    def forget_moving_on(self) -> None:
        """What was to be moved on from is over: what comes next is shown."""
        self._moving_on = False

    def _watch_tracking(self, sight: Sight) -> None:
        lost_for_s = sight.lost_for_s
        self.seen = lost_for_s == 0.0
        self._never_seen = lost_for_s == math.inf
        lost = sight.missing if lost_for_s > self.settings.number("pause_after_lost_s") else None
        if lost == self.lost:
            return
        for limb, name in ((self.lost, "tracking_found"), (lost, "tracking_lost")):
            if limb is not None:
                self.ledger.happened(name, {"limb": limb.chain.value, "side": limb.side.value})
        self.lost = lost
