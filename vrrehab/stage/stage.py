"""The stage: a place, the virtual body, targets and signs, brought up to date from a `View` once a frame.

Touches only what changed: text is set again when it reads differently, a render state when a limb begins to fade. Draws
nothing itself; a display does.
"""

from __future__ import annotations

from panda3d import core

from vrrehab.session.view import View
from vrrehab.stage.material import Materials, Tier
from vrrehab.stage.patterns import texture
from vrrehab.stage.place import Place, load_place
from vrrehab.stage.shadow import Shadow
from vrrehab.stage.world import build


class Stage:
    """A place with what happens in it.

    root: session space, the world of every camera. movers: where limbs and all else that moves and casts a shadow
    hang, placed in session space too. A display with a reference space of its own hangs its eyes under a node of
    `root` that it places.
    """

    def __init__(self, place: Place | str, tier: Tier = Tier.FULL) -> None:
        place = load_place(place) if isinstance(place, str) else place
        world = build(place)
        self.place = place
        self.tier = tier
        #: The display colour (3,) that the view fades to.
        self.calm_colour = tuple(int(place.calm[i : i + 2], 16) / 255 for i in (1, 3, 5))
        self.materials = Materials(tier, world.light)
        self.root = core.NodePath("session space")
        self.movers = self.root.attach_new_node("movers")
        self.shadow = Shadow(self.materials, self.movers, self.root)
        self.materials.share(self.root)
        room = self.root.attach_new_node(world.node)
        room.set_shader(self.materials.shader("surface", "BAKED"))
        size, anisotropy = (1024, 8) if tier is Tier.FULL else (512, 1)
        room.set_shader_input("patterns", texture(size, anisotropy))

    def update(self, view: View) -> None:
        """Take over what the participant is to see this frame."""
        self.materials.set_calm(self.calm_colour, view.calm)



