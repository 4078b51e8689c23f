"""What stands still round the person, and the light on it; one place after the other, if the view goes to another.

Another place takes the first one's stead while all that stands still is in the mist (`vrrehab.session.going`), a layer
a frame, so that the graphics driver is never handed all of it at once. What moves stays in sight, and the light on it
glides from the one place's to the other's while the mist lifts.
"""

from __future__ import annotations

from collections.abc import Callable

from panda3d import core

from vrrehab.session.view import Ambience
from vrrehab.stage.lettering import RGB
from vrrehab.stage.material import Light, Materials
from vrrehab.stage.place import AnyPlace
from vrrehab.stage.places import Made
from vrrehab.stage.shadow import Shadow
from vrrehab.stage.signs import BoardSign, rgb
from vrrehab.stage.world import Layer

#: Wind and waves begin again after this long, with whole cycles behind them.
_CYCLE_S = 240.0
_EASE = 0.1


class Scenery:
    """A place that is shown, with its board. calm_colour: the display colour (3,) that the view fades to."""

    def __init__(
        self, made: Made, root: core.NodePath, materials: Materials, shadow: Shadow, take: Callable[[str], Made]
    ) -> None:
        """take: gives a place by its name, ready made, when the view goes there."""
        self.place: AnyPlace = made.place
        self.calm_colour: RGB = rgb(made.place.calm)
        self.board = BoardSign(root, materials, made.place.board, made.place.board_pose)
        self._root, self._materials, self._shadow, self._take = root, materials, shadow, take
        self._given = Ambience()
        #: The light and the colour of the place that was left, while the mist lifts.
        self._left: tuple[Light, RGB] | None = None
        self._patterns = made.patterns
        self._still = self._decor = core.NodePath("nothing")
        #: What is still to be put there, the last of it first.
        self._to_come: list[Layer] = []
        self._stand(made)
        while self._to_come:
            self._add(self._to_come.pop())

    def surround(self, ambience: Ambience) -> Made | None:
        """Light and detail glide to what is asked for, over some thirty frames: gently, and never a flash. Gives the
        place that takes the other's stead in this frame.
        """
        given = self._given
        self._materials.day[0, 3] = ambience.time_s % _CYCLE_S
        if given.detail != ambience.detail:
            given.detail = ambience.detail
            self._decor.show() if given.detail else self._decor.hide()
        if given.veil != ambience.veil or given.arrivals != ambience.arrivals or self._to_come:
            return self._go(ambience)
        if given.hour_h == ambience.hour_h and given.light_ratio == ambience.light_ratio:
            return None
        given.hour_h = _nearer(given.hour_h, ambience.hour_h, 0.01)
        given.light_ratio = _nearer(given.light_ratio, ambience.light_ratio, 0.002)
        self._hour = self._world.at(given.hour_h).dimmed(given.light_ratio)
        self._light()
        return None

    def _go(self, ambience: Ambience) -> Made | None:
        """A step of the way to another place: into the mist, there, or out of it again."""
        given = self._given
        given.veil = ambience.veil
        self._materials.set_veil(ambience.veil)
        if self._to_come:
            self._add(self._to_come.pop())
        arrived = None
        # A session's first place is the one that the stage was made with.
        if given.arrivals != ambience.arrivals != 0:
            arrived = self._take(ambience.place)
            self._left = self._materials.light, self.calm_colour
            self._stand(arrived)
            self.board.stand(arrived.place.board, arrived.place.board_pose)
        given.arrivals = ambience.arrivals
        if self._left is not None:
            self._light()
        return arrived

    def _stand(self, made: Made) -> None:
        """This place from now on; its layers are still to come."""
        self.place, self._world, given = made.place, made.world, self._given
        self._patterns = made.patterns or self._patterns
        self._still.remove_node()
        self._still = self._root.attach_new_node("what stands still")
        self._still.set_shader_input("patterns", self._patterns)
        self._decor = self._still.attach_new_node("decor")
        if not given.detail:
            self._decor.hide()
        self._to_come = list(reversed(made.world.layers))
        self._hour = self._world.at(given.hour_h).dimmed(given.light_ratio)
        day, time_s = self._materials.day, self._materials.day[0, 3]
        day[:] = self._hour.day
        day[0, 3] = time_s

    def _light(self) -> None:
        """The light of the hour; coming from another place, as much of it as the mist has lifted."""
        light, colour = self._hour.light, rgb(self.place.calm)
        if self._left is not None:
            share = 1.0 - self._given.veil
            was_lit, was_coloured = self._left
            light = was_lit.towards(light, share)
            r, g, b = ((1.0 - share) * a + share * b for a, b in zip(was_coloured, colour, strict=True))
            colour = r, g, b
            if share == 1.0:
                self._left = None
        self.calm_colour = colour
        self._materials.set_light(light)
        self._materials.day[:, :3] = self._hour.day[:, :3]
        self._shadow.aim()

    def _add(self, layer: Layer) -> None:
        path = (self._decor if layer.decor else self._still).attach_new_node(layer.node)
        path.set_shader(self._materials.shader(*layer.shader, "STILL"))
        if layer.thin:
            path.set_two_sided(True)
        if layer.transparent:
            path.set_transparency(core.TransparencyAttrib.M_alpha)
        if layer.order is not None:
            path.set_bin("fixed", layer.order)
        if layer.everywhere:
            # It is wherever the eye is, or moved by its shader alone.
            layer.node.set_bounds(core.OmniBoundingVolume())
            layer.node.set_final(True)


def _nearer(value: float, goal: float, close: float) -> float:
    """A step of the way to a goal, and the goal itself once it is close."""
    return goal if abs(goal - value) < close else value + _EASE * (goal - value)
