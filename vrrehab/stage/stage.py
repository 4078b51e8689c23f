"""The stage: a place, the virtual body, targets and signs, brought up to date from a `View` once a frame.

Touches only what changed: text is set again when it reads differently, a render state when a limb begins to fade. Draws
nothing itself; a display does.
"""

from __future__ import annotations

from collections.abc import Collection

from panda3d import core

from vrrehab.body.loss import Loss
from vrrehab.body.skeleton import HEAD
from vrrehab.session.view import View
from vrrehab.stage.avatar import Avatar, GhostArm, body_model
from vrrehab.stage.material import Materials, Tier
from vrrehab.stage.patterns import texture
from vrrehab.stage.place import Place, load_place
from vrrehab.stage.shadow import Shadow
from vrrehab.stage.signs import BoardSign, NoticeSign, PanelSign, rgb
from vrrehab.stage.skin import DEFAULT_TONE
from vrrehab.stage.targets import Targets
from vrrehab.stage.world import build


class Stage:
    """A place with what happens in it.

    root: session space, the world of every camera. movers: where limbs and all else that moves and casts a shadow
    hang, placed in session space too. A display with a reference space of its own hangs its eyes under a node of
    `root` that it places.
    """

    def __init__(
        self,
        place: Place | str,
        tier: Tier = Tier.FULL,
        *,
        losses: Collection[Loss] = (),
        tone: int = DEFAULT_TONE,
    ) -> None:
        """`losses` are the participant's, `tone` is the skin's on the Monk scale, 1 to 10."""
        place = load_place(place) if isinstance(place, str) else place
        world = build(place)
        self.place = place
        self.tier = tier
        #: The display colour (3,) that the view fades to.
        self.calm_colour = rgb(place.calm)
        self.materials = Materials(tier, world.light)
        self.root = core.NodePath("session space")
        self.movers = self.root.attach_new_node("movers")
        self.shadow = Shadow(self.materials, self.movers, self.root)
        self.materials.share(self.root)
        room = self.root.attach_new_node(world.node)
        room.set_shader(self.materials.shader("surface", "BAKED"))
        size, anisotropy = (1024, 8) if tier is Tier.FULL else (512, 1)
        room.set_shader_input("patterns", texture(size, anisotropy))
        model = body_model()
        self._avatar = Avatar(self.movers, self.materials, losses=losses, tone=tone, model=model)
        self._ghost = GhostArm(self.movers, self.materials, model=model)
        self._targets = Targets(self.movers, self.materials)
        self._board = BoardSign(self.root, self.materials, place.board, -place.room.front_m)
        self._panel = PanelSign(self.root, self.materials)
        self._notice = NoticeSign(self.root, self.materials)

    def update(self, view: View) -> None:
        """Take over what the participant is to see this frame."""
        self.materials.set_calm(self.calm_colour, view.calm)
        self.materials.set_softness(view.boundary_softness_m)
        self._avatar.pose(view.virtual, view.opacity, view.leg_opacity, view.limb_size)
        self._ghost.pose(view.ghost_side, view.ghost_arm, view.ghost_opacity)
        self._targets.show(view.targets)
        self._board.say(view.title, view.text, view.count)
        self._panel.show(view.panel)
        self._notice.say(view.notice, view.virtual.poses[HEAD])
