"""What a desktop window and an offscreen buffer share: one eye at the participant's head."""

from __future__ import annotations

import time
from collections.abc import Sequence
from math import atan, degrees, radians, tan

from panda3d import core

from vrrehab.body.skeleton import HEAD
from vrrehab.session.frame import Clock, ClockReading, FrameTime, MonotonicClock
from vrrehab.session.view import View
from vrrehab.stage.displays.pacing import Pacer
from vrrehab.stage.displays.spectator import Spectator, Taker
from vrrehab.stage.engine import engine, framebuffer, set_pose
from vrrehab.stage.stage import Stage

#: The vertical field of view: enough to see the board and the hands on the table together.
FIELD_OF_VIEW_DEG = 78.0
_AFTER_ALL = 1000


class FlatDisplay:
    """Draws the stage through one camera at the virtual body's head, `rate_hz` times a second of `clock`."""

    def __init__(
        self,
        stage: Stage,
        size: tuple[int, int],
        rate_hz: float,
        clock: Clock | None,
        window: core.WindowProperties | None = None,
        *,
        field_of_view_deg: float = FIELD_OF_VIEW_DEG,
    ) -> None:
        self._stage = stage
        self._clock = clock or MonotonicClock()
        self.output: core.GraphicsOutput | None = engine().output(
            "eye", size, framebuffer(stage.tier.samples), window=window
        )
        self._behind = stage.calm_colour
        self.output.set_clear_color((*self._behind, 1.0))
        self._lens = core.PerspectiveLens()
        self._lens.set_near_far(0.05, 40.0)
        self._field_of_view_deg = field_of_view_deg
        self._fit(size)
        self._eye = stage.root.attach_new_node(core.Camera("eye", self._lens))
        self.output.make_display_region().set_camera(self._eye)
        stage.shadow.draw_before(self.output)
        self._pacer = Pacer(rate_hz, self._clock)
        self._frame = 0
        self._watched: core.DisplayRegion | None = None
        self._spectator: Spectator | None = None

    def _fit(self, size: tuple[int, int]) -> None:
        upright = self._field_of_view_deg
        across = 2 * degrees(atan(tan(radians(upright) / 2) * size[0] / size[1]))
        self._lens.set_fov(across, upright)

    def watch(self, taker: Taker) -> None:
        """Take pictures for it from now on."""
        spectator, output = Spectator(taker), self.output
        assert output is not None

        def after_drawing(_call: core.DisplayRegionDrawCallbackData) -> None:
            source = (0, 0, output.get_x_size(), output.get_y_size())
            properties = output.get_fb_properties()
            samples, alpha = properties.multisamples, properties.alpha_bits > 0
            spectator.after_drawing(self._frame, None, source, samples=samples, alpha=alpha)

        region = output.make_display_region()
        region.sort = _AFTER_ALL
        region.set_draw_callback(core.PythonCallbackObject(after_drawing))
        region.set_active(False)
        self._watched, self._spectator = region, spectator

    def wait(self) -> FrameTime | None:
        return self._pacer.wait()

    def draw(self, frame: FrameTime, view: View) -> None:
        self._frame = frame.number
        if self._watched is not None and self._spectator is not None:
            self._watched.set_active(self._spectator.busy)
        self._stage.update(view)
        if self._stage.calm_colour is not self._behind and self.output is not None:
            self._behind = self._stage.calm_colour
            self.output.set_clear_color((*self._behind, 1.0))
        if view.virtual.has(HEAD):
            set_pose(self._eye, view.virtual.poses[HEAD].tolist())
        engine().render_frame()

    @property
    def submitted_ns(self) -> int:
        """Always 0: the graphics driver shows what was drawn, there is no compositor to hand it to."""
        return 0

    def read_clocks(self) -> ClockReading:
        now_ns = self._clock.now_ns()
        return now_ns, now_ns, time.time_ns()

    def keys_pressed(self) -> Sequence[str]:
        return ()

    def close(self) -> None:
        if self.output is None:
            return
        if self._watched is not None:
            self._watched.clear_draw_callback()
        self._stage.shadow.close()
        engine().graphics.remove_window(self.output)
        self._eye.remove_node()
        self.output = None
