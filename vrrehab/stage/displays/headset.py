"""The headset's display: both eyes of the stage, handed to the OpenXR runtime, and a spectator's window beside it.

The two eyes share one camera, one traversal of the scene, every draw call and one image (see `EyePair`). The eyes are
located for the time the frame will be seen and shown in that very frame: nothing waits for the next one.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from panda3d import core

from vrrehab.errors import NoGraphics
from vrrehab.geometry import invert
from vrrehab.session.frame import ClockReading, FrameTime
from vrrehab.session.view import View
from vrrehab.stage.displays.eye_pair import FAR_M, NEAR_M, EyePair
from vrrehab.stage.displays.spectator import Spectator, Taker, middle
from vrrehab.stage.displays.window import Keys, titled
from vrrehab.stage.engine import engine, framebuffer, set_pose
from vrrehab.stage.stage import Stage
from vrrehab.xr import graphics
from vrrehab.xr.errors import RuntimeLost, XrError
from vrrehab.xr.eyes import Eyes, recommended_size
from vrrehab.xr.gl import GL
from vrrehab.xr.headset import Headset, Link
from vrrehab.xr.runtime import DEPTH_LAYER
from vrrehab.xr.swapchain import DEPTH, Swapchain, choose_colour_format, choose_format
from vrrehab.xr.target import Target

_OPENING_FRAMES = 4


class HeadsetDisplay:
    """Implements `vrrehab.session.frame.Display` on a `Headset`, which it connects.

    multisamples: 0 or 1 for none. spectator: whether a window shows the left eye; closing it ends the display.
    eye_size: width and height of one eye's picture, the runtime's wish by default.

    Raises what `Headset.connect` raises, and `NoGraphics`.
    """

    def __init__(
        self,
        stage: Stage,
        headset: Headset,
        *,
        multisamples: int = 4,
        spectator: bool = True,
        eye_size: tuple[int, int] | None = None,
    ) -> None:
        self._stage = stage
        self._headset = headset
        self._samples = multisamples
        self._eye_size = eye_size
        self._number = 0
        self._submitted_ns = 0
        self._images: _Images | None = None
        self._problem: XrError | None = None
        self._spectator: Spectator | None = None

        look = core.WindowProperties()
        look.title = titled("vrrehab: what the participant sees")
        windowed = spectator and engine().windows
        size = (960, 720) if windowed else (1, 1)
        self.output: core.GraphicsOutput | None = engine().output(
            "headset", size, framebuffer(), window=look if windowed else None
        )
        self.output.disable_clears()
        self._window = self.output if windowed else None
        self._keys = Keys(self.output) if windowed else None
        self._reference = stage.root.attach_new_node("reference space")
        self._reference_from_session = b""
        self._eyes = EyePair(self._reference)
        self._region = self.output.make_display_region()
        self._region.disable_clears()
        self._region.set_camera(self._eyes.camera)
        self._region.set_draw_callback(core.PythonCallbackObject(self._draw_both))
        self._region.set_active(False)
        stage.shadow.draw_before(self.output)
        headset.on_close = self._drop_images
        try:
            headset.connect(self._open())
        except BaseException:
            self.close()
            raise

    def watch(self, taker: Taker) -> None:
        """Take pictures of the left eye for it from now on."""
        self._spectator = Spectator(taker)

    # -- the display's protocol -----------------------------------------------------------------------------------

    def wait(self) -> FrameTime | None:
        if self.output is None or (self._window is not None and self._window.is_closed()):
            return None
        should_draw = self._headset.wait()
        if should_draw is None:
            return None
        self._number += 1
        return FrameTime(
            number=self._number,
            display_time_ns=self._headset.display_time_ns,
            period_ns=self._headset.period_ns,
            mono_ns=time.perf_counter_ns(),
            should_draw=should_draw,
        )

    def draw(self, frame: FrameTime, view: View) -> None:
        self._submitted_ns = 0
        self._stage.update(view)
        link = self._headset.link
        if link is None or not self._headset.frame_open:
            self._keep_window()
            return
        try:
            link.session.begin_frame()
            if not self._draw_eyes(frame, view, link):
                link.session.end_frame()
                self._keep_window()
        except RuntimeLost as lost:
            self._headset.lose(lost)

    @property
    def submitted_ns(self) -> int:
        return self._submitted_ns

    def read_clocks(self) -> ClockReading:
        mono_ns, display_ns = self._headset.clock_pair()
        return mono_ns, display_ns, time.time_ns()

    def keys_pressed(self) -> Sequence[str]:
        return self._keys.pressed() if self._keys is not None else ()

    def close(self) -> None:
        if self.output is None:
            return
        self._headset.close()
        self._headset.on_close = None
        self._stage.shadow.close()
        self._region.clear_draw_callback()
        engine().graphics.remove_window(self.output)
        self._reference.remove_node()
        self.output = self._window = None

    def _open(self) -> graphics.Binding:
        """Opens the output, whose context is current for sure only while it is drawn."""
        bindings: list[graphics.Binding] = []

        def describe(_call: core.DisplayRegionDrawCallbackData) -> None:
            try:
                self._gl = GL()
                bindings.append(graphics.current())
            except XrError as problem:
                self._problem = problem

        output = self.output
        assert output is not None
        region = output.make_display_region()
        region.set_draw_callback(core.PythonCallbackObject(describe))
        for _ in range(_OPENING_FRAMES):
            engine().render_frame()
            self._raise_problem()
            if bindings:
                break
        output.remove_display_region(region)
        if not bindings:
            raise NoGraphics(
                "Expected the graphics driver to open what the headset's picture is drawn with, but it did not. "
                "Install the driver from the maker of the graphics card."
            )
        return bindings[0]

    # -- drawing --------------------------------------------------------------------------------------------------

    def _draw_eyes(self, frame: FrameTime, view: View, link: Link) -> bool:
        """Draws and hands over the frame; False where there is nothing to show."""
        if not frame.should_draw:
            return False
        images = self._images or self._make_images(link)
        if not images.eyes.locate(link.session.display_time_ns):
            return False
        if (reference_from_session := view.reference_from_session.tobytes()) != self._reference_from_session:
            self._reference_from_session = reference_from_session
            # `root` is session space, so the reference space hangs in it the other way round.
            set_pose(self._reference, invert(view.reference_from_session).tolist())
        self._eyes.follow(images.eyes.poses, images.eyes.fovs)
        images.acquire()
        self._region.set_active(True)
        engine().render_frame()
        self._raise_problem()
        return True

    def _draw_both(self, call: core.DisplayRegionDrawCallbackData) -> None:
        images, link = self._images, self._headset.link
        if images is None or link is None:
            return
        target = images.target
        target.begin(images.colour_index, images.depth_index, self._stage.calm_colour)
        call.upcall()
        target.finish()
        if self._window is not None:
            target.show_left_eye(self._window.get_x_size(), self._window.get_y_size())
        if self._spectator is not None and self._spectator.busy:
            picture, width, height = target.left_eye
            self._spectator.after_drawing(self._number, picture, middle(width, height), samples=1, alpha=True)
        target.leave()
        # Handed over in here, so that the window's own swap comes after and cannot hold up the headset.
        started_ns = time.perf_counter_ns()
        try:
            images.release()
            link.session.end_frame(images.eyes.layer)
        except XrError as problem:
            self._problem = problem
        self._submitted_ns = time.perf_counter_ns() - started_ns

    def _raise_problem(self) -> None:
        # Panda swallows what is raised in a draw callback.
        if self._problem is not None:
            problem, self._problem = self._problem, None
            raise problem

    def _keep_window(self) -> None:
        # Nothing to draw, but a window that is never asked for its events is taken for dead by the desktop.
        if self._window is not None:
            self._region.set_active(False)
            engine().render_frame()

    def _make_images(self, link: Link) -> _Images:
        width, height = self._eye_size or recommended_size(link.session)
        self._images = _Images(link, self._gl, width, height, self._samples)
        return self._images

    def _drop_images(self) -> None:
        if self._images is not None:
            self._images.close()
            self._images = None


class _Images:
    """What is made from one connection and goes with it: both swapchains, the target and the eyes' layer."""

    def __init__(self, link: Link, gl: GL, width: int, height: int, samples: int) -> None:
        session = link.session
        self._colour = Swapchain(session, choose_colour_format(session), 2 * width, height)
        depth_format = choose_format(session, DEPTH) if link.runtime.has(DEPTH_LAYER) else None
        self._depth = Swapchain(session, depth_format, 2 * width, height) if depth_format is not None else None
        self.target = Target(gl, self._colour, self._depth, samples)
        self.eyes = Eyes(session, link.spaces.reference, self._colour, self._depth, NEAR_M, FAR_M)
        self.colour_index = self.depth_index = 0

    def acquire(self) -> None:
        self.colour_index = self._colour.acquire()
        if self._depth is not None:
            self.depth_index = self._depth.acquire()

    def release(self) -> None:
        self._colour.release()
        if self._depth is not None:
            self._depth.release()

    def close(self) -> None:
        self.target.close()
        self._colour.close()
        if self._depth is not None:
            self._depth.close()
