"""The stage: a place, the virtual body, targets and signs, brought up to date from a `View` once a frame.

Touches only what changed: text is set again when it reads differently, a render state when a limb begins to fade. Draws
nothing itself; a display does.
"""

from __future__ import annotations

from collections.abc import Collection

from panda3d import core

from telemetry.messages import Appearance, Measures
from vrrehab.body.build import Build
from vrrehab.body.loss import Loss
from vrrehab.body.skeleton import HEAD
from vrrehab.session.view import Ambience, View
from vrrehab.stage.audio import Audio
from vrrehab.stage.avatar import Avatar, Ghost, LoneLimb, body_model, build_of
from vrrehab.stage.material import Materials, Tier
from vrrehab.stage.patterns import INDOORS, Pattern, texture
from vrrehab.stage.place import AnyPlace, RoomPlace, load_place
from vrrehab.stage.places import build
from vrrehab.stage.props import Props
from vrrehab.stage.shadow import Shadow
from vrrehab.stage.signs import BoardSign, NoticeSign, PanelSign, rgb
from vrrehab.stage.skin import DEFAULT_TONE
from vrrehab.stage.sounds import CUES
from vrrehab.stage.targets import Targets
from vrrehab.stage.world import Layer

#: Wind and waves begin again after this long, with whole cycles behind them.
_CYCLE_S = 240.0
_EASE = 0.1
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
    ) -> None:
        """The body is the person's whose losses, appearance and measures are given, else one in the middle of all.
        `audio` is what the place is heard through, if it is.
        """
        place = load_place(place) if isinstance(place, str) else place
        self._world = build(place, tier)
        self.place = place
        self.tier = tier
        #: The display colour (3,) that the view fades to.
        self.calm_colour = rgb(place.calm)
        self._audio = audio
        self._heard = dict.fromkeys(CUES, 0)
        self._given = Ambience()
        hour = self._world.at(self._given.hour_h)
        self.materials = Materials(tier, hour.light)
        self.materials.day[:] = hour.day
        self.root = core.NodePath("session space")
        self.movers = self.root.attach_new_node("movers")
        self.shadow = Shadow(self.materials, self.movers, self.root)
        self.materials.share(self.root)
        self._resting = False
        size, anisotropy = (1024, 8) if tier is Tier.FULL else (512, 1)
        still = self.root.attach_new_node("what stands still")
        last = INDOORS if isinstance(place, RoomPlace) else Pattern.CLOUDS
        still.set_shader_input("patterns", texture(size, anisotropy, last))
        self._decor = still.attach_new_node("decor")
        for layer in self._world.layers:
            self._add(layer, self._decor if layer.decor else still)
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
        self._board = BoardSign(self.root, self.materials, place.board, place.board_pose)
        self._panel = PanelSign(self.root, self.materials)
        self._way_out = PanelSign(self.root, self.materials)
        self._notice = NoticeSign(self.root, self.materials)

    def build_of(self, measures: Measures) -> Build:
        """The proportions of this stage's body for a person of these measures."""
        return build_of(self._model, measures)

    def _add(self, layer: Layer, parent: core.NodePath) -> None:
        path = parent.attach_new_node(layer.node)
        path.set_shader(self.materials.shader(*layer.shader))
        if layer.thin:
            path.set_two_sided(True)
        if layer.transparent:
            path.set_transparency(core.TransparencyAttrib.M_alpha)
        if layer.order is not None:
            path.set_bin("fixed", layer.order)

    def _surround(self, ambience: Ambience) -> None:
        """Light and detail glide to what is asked for, over some thirty frames: gently, and never a flash."""
        given = self._given
        self.materials.day[0, 3] = ambience.time_s % _CYCLE_S
        if given.detail != ambience.detail:
            given.detail = ambience.detail
            self._decor.show() if given.detail else self._decor.hide()
        if given.hour_h == ambience.hour_h and given.light_ratio == ambience.light_ratio:
            return
        given.hour_h = _nearer(given.hour_h, ambience.hour_h, 0.01)
        given.light_ratio = _nearer(given.light_ratio, ambience.light_ratio, 0.002)
        hour = self._world.at(given.hour_h).dimmed(given.light_ratio)
        self.materials.set_light(hour.light)
        self.materials.day[:, :3] = hour.day[:, :3]
        self.shadow.aim()

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
        self._surround(view.ambience)
        if self._audio is not None:
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


def _nearer(value: float, goal: float, close: float) -> float:
    """A step of the way to a goal, and the goal itself once it is close."""
    return goal if abs(goal - value) < close else value + _EASE * (goal - value)
