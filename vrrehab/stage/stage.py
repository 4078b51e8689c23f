"""The stage: a place, the virtual body, targets and signs, brought up to date from a `View` once a frame.

Touches only what changed: text is set again when it reads differently, a render state when a limb begins to fade. Draws
nothing itself; a display does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from panda3d import core

from telemetry.messages import Appearance, Measures
from vrrehab.body.build import Build
from vrrehab.body.loss import Loss
from vrrehab.body.skeleton import HEAD
from vrrehab.session.view import Ambience, View
from vrrehab.stage.audio import Audio
from vrrehab.stage.avatar import Avatar, Ghost, LoneLimb, body_model, build_of
from vrrehab.stage.lettering import RGB
from vrrehab.stage.material import Materials, Tier
from vrrehab.stage.place import AnyPlace, load_place
from vrrehab.stage.places import Made, make
from vrrehab.stage.props import Props
from vrrehab.stage.scenery import Scenery
from vrrehab.stage.shadow import Shadow
from vrrehab.stage.signs import NoticeSign, PanelSign
from vrrehab.stage.skin import DEFAULT_TONE
from vrrehab.stage.sounds import CUES
from vrrehab.stage.targets import Targets

#: How much quieter the place is when the view has faded to calm.
_QUIETER = 0.6
#: How much of the picture the mist of the calm scene takes.
_MIST = 0.9


class Stage:
    """A place with what happens in it.

    root: session space, the world of every camera. movers: where limbs and all else that moves and casts a shadow
    hang, placed in session space too. A display with a reference space of its own hangs its eyes under a node of
    `root` that it places.
    """

    def __init__(
        self,
        place: AnyPlace | str,
        tier: Tier = Tier.FULL,
        *,
        losses: Collection[Loss] = (),
        appearance: Appearance | None = None,
        measures: Measures | None = None,
        audio: Audio | None = None,
        take: Callable[[str], Made] | None = None,
    ) -> None:
        """The body is the person's whose losses, appearance and measures are given, else one in the middle of all.
        `audio` is what the place is heard through, if it is. take: gives another place by its name once the view goes
        there; without it that place is made then, which takes seconds.
        """
        place = load_place(place) if isinstance(place, str) else place
        made = make(place, tier)
        self.tier = tier
        self._audio = audio
        self._heard = dict.fromkeys(CUES, 0)
        self.materials = Materials(tier, made.world.at(Ambience().hour_h).light)
        self.root = core.NodePath("session space")
        self.movers = self.root.attach_new_node("movers")
        self.shadow = Shadow(self.materials, self.movers, self.root)
        self.materials.share(self.root)
        self._resting = False
        self._scenery = Scenery(made, self.root, self.materials, self.shadow, take or self._made_here)
        self._board = self._scenery.board
        model = body_model(appearance, measures)
        self._model = model
        #: The proportions of the body, for what infers joints that nobody sees.
        self.build = self.build_of(measures or Measures())
        tone = appearance.tone if appearance else DEFAULT_TONE
        self._avatar = Avatar(self.movers, self.materials, losses=losses, tone=tone, model=model)
        self._ghost = Ghost(self.movers, self.materials, model=model)
        self._lone = LoneLimb(self.movers, self.materials, tone=tone, model=model)
        self._targets = Targets(self.movers, self.materials)
        self._props = Props(self.movers, self.materials)
        self._panel = PanelSign(self.root, self.materials)
        self._way_out = PanelSign(self.root, self.materials)
        self._notice = NoticeSign(self.root, self.materials)

    def build_of(self, measures: Measures) -> Build:
        """The proportions of this stage's body for a person of these measures."""
        return build_of(self._model, measures)

    @property
    def place(self) -> AnyPlace:
        """The place that is shown."""
        return self._scenery.place

    @property
    def calm_colour(self) -> RGB:
        """The display colour (3,) that the view fades to."""
        return self._scenery.calm_colour

    def _made_here(self, name: str) -> Made:
        return make(load_place(name), self.tier, heard=self._audio is not None)

    def _sound_cues(self, audio: Audio, view: View) -> None:
        """Plays what has become due since the last frame; in the calm scene nothing is."""
        heard = self._heard
        for cue, count in view.cues.items():
            if count != heard[cue]:
                heard[cue] = count
                if view.calm == 0.0:
                    audio.cue(cue, view.cue_ratio)

    def update(self, view: View) -> None:
        """Take over what the participant is to see this frame."""
        arrived = self._scenery.surround(view.ambience)
        if self._audio is not None:
            if arrived is not None and arrived.sound is not None:
                self._audio.change(arrived.place.sound, arrived.sound)
            self._audio.hear(view.ambience.sound_ratio * (1.0 - _QUIETER * view.calm))
            self._sound_cues(self._audio, view)
        self._calm(view.calm)
        self.materials.set_softness(view.boundary_softness_m)
        self._avatar.pose(view.virtual, view.opacity, view.leg_opacity, view.limb_size, view.cover)
        self._ghost.pose(view.ghost, view.ghost_joints, view.ghost_opacity)
        lone = view.lone
        if lone is None:
            self._lone.pose(None, {}, 0.0)
        else:
            self._lone.pose(lone.limb, {lone.limb.chain: lone.joints}, lone.opacity)
        self._targets.show(view.targets)
        self._props.show(view.props)
        self._board.say(view.title, view.text, view.count)
        self._panel.show(None if self._resting else view.panel)
        self._way_out.show(view.way_out)
        self._notice.say(view.notice, view.virtual.poses[HEAD], quiet=view.calm > 0.0)

    def _calm(self, amount: float) -> None:
        """The place goes into a mist, in which it is still there, so that nobody loses the ground; limbs, and all else
        that moves, are gone in the end.
        """
        self.materials.set_calm(self.calm_colour, _MIST * amount)
        resting = amount >= 1.0
        if resting is not self._resting:
            self._resting = resting
            self.movers.hide() if resting else self.movers.show()
