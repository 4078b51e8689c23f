"""What a desktop window and an offscreen buffer share: one eye at the participant's head."""

from __future__ import annotations

from math import atan, degrees, radians, tan

import numpy as np
from numpy.typing import NDArray
from panda3d import core

from vrrehab.body.skeleton import HEAD
from vrrehab.session.view import View
from vrrehab.stage.displays import FrameTime
from vrrehab.stage.displays.pacing import Clock, Pacer
from vrrehab.stage.engine import engine, framebuffer, set_pose
from vrrehab.stage.stage import Stage

#: The vertical field of view: enough to see the board and the hands on the table together.
FIELD_OF_VIEW_DEG = 78.0


class FlatDisplay:
    """Draws the stage through one camera at the virtual body's head; paced by the clock at `rate_hz`."""

    def __init__(
        self,
        stage: Stage,
        size: tuple[int, int],
        rate_hz: float,
        clock: Clock | None,
        window: core.WindowProperties | None = None,
    ) -> None:
        self._stage = stage
        self._graphics = engine().graphics
        self._pacer = Pacer(rate_hz, clock)
        self.output = engine().output("eye", size, framebuffer(stage.tier.samples), window=window)
        self.output.set_clear_color((*stage.calm_colour, 1.0))
        self._lens = core.PerspectiveLens()
        self._lens.set_near_far(0.05, 40.0)
        self._frame_for(*size)
        self._eye = stage.root.attach_new_node(core.Camera("eye", self._lens))
        self.output.make_display_region().set_camera(self._eye)
        stage.shadow.draw_before(self.output)

    def _frame_for(self, width: int, height: int) -> None:
        across = 2 * degrees(atan(tan(radians(FIELD_OF_VIEW_DEG) / 2) * width / height))
        self._lens.set_fov(across, FIELD_OF_VIEW_DEG)

    def wait(self) -> FrameTime | None:
        return self._pacer.wait()

    def draw(self, view: View, reference_from_session: NDArray[np.float64]) -> None:
        self._stage.update(view)
        if view.virtual.has(HEAD):
            set_pose(self._eye, view.virtual.poses[HEAD])
        self._graphics.render_frame()

    def close(self) -> None:
        self._stage.shadow.leave(self.output)
        self._graphics.remove_window(self.output)
        self._eye.remove_node()
