"""Panda3D's graphics engine, opened once a process, without ShowBase.

Never owns a scene: displays make their outputs here and say when a frame is drawn.
"""

from __future__ import annotations

import atexit
import functools
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from panda3d import core

from vrrehab.errors import NoGraphics
from vrrehab.stage.material import Tier

# Read before the first display module loads; Panda keeps what it finds then.
core.load_prc_file_data(
    "vrrehab",
    """
    coordinate-system yup-right
    gl-version 3 3
    sync-video 0
    auto-flip 1
    framebuffer-srgb 0
    textures-power-2 none
    model-cache-dir
    print-pipe-types 0
    notify-level-display error
    notify-level-egldisplay error
    garbage-collect-states-rate 0.05
    transform-cache 0
    """,
)


@dataclass(frozen=True, slots=True)
class Engine:
    """The one engine and the pipe to the graphics system, `kind` being Panda's module behind it."""

    graphics: core.GraphicsEngine
    pipe: core.GraphicsPipe
    kind: str

    @property
    def windows(self) -> bool:
        """Whether this machine can show a window, and not only draw offscreen."""
        return self.kind == "pandagl"

    def render_frame(self) -> None:
        """Draw every output, then let go of some of the states that no node has any more.

        Panda3D keeps each state for a cache whose collector is a task of ShowBase's. A twentieth of them is looked at
        in each frame (garbage-collect-states-rate). Transforms are not kept at all (transform-cache): eyes that move in
        each frame never find theirs again, and only fill the cache.
        """
        self.graphics.render_frame()
        core.RenderState.garbage_collect()

    def renderer(self) -> str:
        """The graphics processor as its driver names it; opens a small buffer to ask."""
        asked = self.output("renderer", (1, 1), core.FrameBufferProperties())
        self.graphics.open_windows()
        name = str(asked.gsg.driver_renderer) if asked.gsg else "unknown"
        self.graphics.remove_window(asked)
        return name

    def software(self) -> bool:
        """Whether the processor draws, because there is no graphics card or no driver for it."""
        name = self.renderer().lower()
        return any(known in name for known in ("llvmpipe", "softpipe", "swiftshader", "gdi generic", "basic render"))

    def output(
        self,
        name: str,
        size: tuple[int, int],
        properties: core.FrameBufferProperties,
        *,
        sort: int = 0,
        window: core.WindowProperties | None = None,
        host: core.GraphicsOutput | None = None,
    ) -> core.GraphicsOutput:
        """A window if `window` says how it is to look, else a buffer, sharing textures with `host`.

        Raises `NoGraphics` when the driver refuses.
        """
        props = core.WindowProperties(window) if window else core.WindowProperties()
        props.size = size
        flags = core.GraphicsPipe.BF_require_window if window else core.GraphicsPipe.BF_refuse_window
        arguments = [self.pipe, name, sort, properties, props, flags | core.GraphicsPipe.BF_fb_props_optional]
        if host is not None:
            arguments += [host.gsg, host]
        output = self.graphics.make_output(*arguments)
        if output is None:
            what = "window" if window else "offscreen buffer"
            raise NoGraphics(
                f"Expected a {size[0]}x{size[1]} OpenGL {what}, but the graphics driver refused it. {_REMEDY}"
            )
        return output


_REMEDY = (
    "Install a graphics driver with OpenGL 3.3 from the maker of the graphics card."
    if sys.platform in ("win32", "darwin")
    else "Install one: apt install libegl1 libgl1-mesa-dri (software drawing), or the graphics card's driver."
)


@functools.cache
def engine() -> Engine:
    """The process's engine; the first call opens it.

    With a screen (Windows, macOS, or an X display that answers) windows are possible; without one Panda's EGL module
    draws offscreen. Raises `NoGraphics` where neither works.
    """
    selection = core.GraphicsPipeSelection.get_global_ptr()
    screen = sys.platform in ("win32", "darwin") or bool(os.environ.get("DISPLAY"))
    for kind in ("pandagl", "p3headlessgl") if screen else ("p3headlessgl",):
        pipe = selection.make_module_pipe(kind)
        if pipe is not None and pipe.is_valid():
            graphics = core.GraphicsEngine.get_global_ptr()
            # Left to Panda's own destructors, windows close among libraries that are already gone, and now and then
            # that ends the process with an X error and exit status 1.
            atexit.register(graphics.remove_all_windows)
            return Engine(graphics, pipe, kind)
    tried = "a screen and drawing without one" if screen else "drawing without a screen (DISPLAY is not set)"
    raise NoGraphics(f"Expected OpenGL 3.3, but none was found after trying {tried}. {_REMEDY}")


def suitable_tier() -> Tier:
    """FULL where a graphics processor draws, LOW where the computer's own does."""
    return Tier.LOW if engine().software() else Tier.FULL


def framebuffer(samples: int = 0) -> core.FrameBufferProperties:
    """8-bit colour with alpha, 24-bit depth, never sRGB: the material shader encodes its own colours."""
    properties = core.FrameBufferProperties()
    properties.rgb_color = True
    properties.set_rgba_bits(8, 8, 8, 8)
    properties.depth_bits = 24
    properties.multisamples = samples
    return properties


def set_pose(node: core.NodePath, pose: Sequence[float]) -> None:
    """Place `node` in its parent by a pose of seven plain numbers: px py pz qx qy qz qw."""
    px, py, pz, qx, qy, qz, qw = pose
    node.set_pos_quat(core.LPoint3(px, py, pz), core.LQuaternion(qw, qx, qy, qz))
