"""What both eyes are drawn into: a multisampled framebuffer resolved straight into the runtime's image, or that image.

With multisampling there is exactly one copy of a picture between drawing and the runtime, the resolve itself, which
carries the depth along; without it there is none. Nothing is converted on the way: what the material shader wrote is
what the runtime gets, bit for bit.
"""

from __future__ import annotations

from vrrehab.xr.errors import XrError
from vrrehab.xr.gl import (
    CLIP_DISTANCE0,
    COLOR_ATTACHMENT0,
    COLOR_BUFFER_BIT,
    DEPTH_ATTACHMENT,
    DEPTH_BUFFER_BIT,
    DRAW_FRAMEBUFFER,
    DRAW_FRAMEBUFFER_BINDING,
    FRAMEBUFFER,
    FRAMEBUFFER_COMPLETE,
    FRAMEBUFFER_SRGB,
    GL,
    LINEAR,
    MAX_SAMPLES,
    MULTISAMPLE,
    NEAREST,
    READ_FRAMEBUFFER,
    RENDERBUFFER,
    SCISSOR_TEST,
    TEXTURE_2D,
)
from vrrehab.xr.swapchain import Format, Swapchain


class Target:
    """Between a swapchain's acquire and release: begin, draw, finish, leave.

    `leave` puts back the framebuffer that was bound at the first `begin`, whose owner expects to find it and never
    binds another. Needs the session's OpenGL context to be current throughout.
    """

    def __init__(self, gl: GL, colour: Swapchain, depth: Swapchain | None, samples: int) -> None:
        self._gl = gl
        self._colour, self._depth = colour, depth
        self._width, self._height = colour.width, colour.height
        self._images: dict[int, int] = {}
        self._before: int | None = None
        self._renderbuffers: list[int] = []
        self._samples = min(samples, gl.integer(MAX_SAMPLES))
        self._form = depth.format if depth is not None else Format.DEPTH_COMPONENT24
        before = gl.integer(DRAW_FRAMEBUFFER_BINDING)
        self._own_depth = 0
        self._multisampled = 0
        if self._samples > 1:
            self._multisampled = gl.generate("Framebuffers")
            gl.BindFramebuffer(FRAMEBUFFER, self._multisampled)
            for point, form in ((COLOR_ATTACHMENT0, colour.format), (DEPTH_ATTACHMENT, self._form)):
                gl.FramebufferRenderbuffer(FRAMEBUFFER, point, RENDERBUFFER, self._renderbuffer(form, self._samples))
            self._check_complete()
        elif depth is None:
            self._own_depth = self._renderbuffer(self._form, 0)
        gl.BindFramebuffer(FRAMEBUFFER, before)

    def begin(self, colour_index: int, depth_index: int, background: tuple[float, float, float]) -> None:
        """Makes ready to draw both eyes side by side into these images, and clears them.

        Draws are cut at the first clip distance and not converted to sRGB.
        """
        gl = self._gl
        if self._before is None:
            self._before = gl.integer(DRAW_FRAMEBUFFER_BINDING)
        self._image = self._framebuffer(colour_index, depth_index)
        gl.BindFramebuffer(FRAMEBUFFER, self._multisampled or self._image)
        gl.Viewport(0, 0, self._width, self._height)
        gl.Disable(SCISSOR_TEST)
        gl.Disable(FRAMEBUFFER_SRGB)
        gl.Enable(CLIP_DISTANCE0)
        if self._multisampled:
            gl.Enable(MULTISAMPLE)
        gl.ColorMask(1, 1, 1, 1)
        gl.DepthMask(1)
        gl.ClearColor(*background, 1.0)
        gl.ClearDepth(1.0)
        gl.Clear(COLOR_BUFFER_BIT | DEPTH_BUFFER_BIT)

    def finish(self) -> None:
        """Brings what was drawn into the runtime's images."""
        gl = self._gl
        gl.Disable(CLIP_DISTANCE0)
        if self._multisampled:
            gl.BindFramebuffer(DRAW_FRAMEBUFFER, self._image)
            what = COLOR_BUFFER_BIT | (DEPTH_BUFFER_BIT if self._depth is not None else 0)
            whole = (0, 0, self._width, self._height)
            gl.BlitFramebuffer(*whole, *whole, what, NEAREST)

    def show_left_eye(self, width: int, height: int) -> None:
        """Copies the middle of the left eye's picture into a spectator's window of this size; after `finish`."""
        gl = self._gl
        half = self._width // 2
        scale = min(half / width, self._height / height)
        across, up = int(width * scale), int(height * scale)
        x, y = (half - across) // 2, (self._height - up) // 2
        gl.BindFramebuffer(READ_FRAMEBUFFER, self._image)
        gl.BindFramebuffer(DRAW_FRAMEBUFFER, self._before)
        gl.BlitFramebuffer(x, y, x + across, y + up, 0, 0, width, height, COLOR_BUFFER_BIT, LINEAR)

    @property
    def left_eye(self) -> tuple[int, int, int]:
        """The framebuffer in which the left eye's picture stands after `finish`, from its lower left, and how wide and
        high that is.
        """
        return self._image, self._width // 2, self._height

    def leave(self) -> None:
        self._gl.BindFramebuffer(FRAMEBUFFER, self._before)

    def close(self) -> None:
        for name in (*self._images.values(), self._multisampled):
            if name:
                self._gl.delete("Framebuffers", name)
        for name in self._renderbuffers:
            self._gl.delete("Renderbuffers", name)
        self._images.clear()
        self._renderbuffers.clear()
        self._multisampled = 0

    def _framebuffer(self, colour_index: int, depth_index: int) -> int:
        # The two swapchains hand out their images independently of each other.
        key = colour_index * 64 + depth_index
        name = self._images.get(key, 0)
        if not name:
            gl = self._gl
            name = self._images[key] = gl.generate("Framebuffers")
            gl.BindFramebuffer(FRAMEBUFFER, name)
            gl.FramebufferTexture2D(FRAMEBUFFER, COLOR_ATTACHMENT0, TEXTURE_2D, self._colour.images[colour_index], 0)
            if self._depth is not None:
                image = self._depth.images[depth_index]
                gl.FramebufferTexture2D(FRAMEBUFFER, DEPTH_ATTACHMENT, TEXTURE_2D, image, 0)
            elif self._own_depth:
                gl.FramebufferRenderbuffer(FRAMEBUFFER, DEPTH_ATTACHMENT, RENDERBUFFER, self._own_depth)
            self._check_complete()
        return name

    def _renderbuffer(self, form: Format, samples: int) -> int:
        gl = self._gl
        name = gl.generate("Renderbuffers")
        self._renderbuffers.append(name)
        gl.BindRenderbuffer(RENDERBUFFER, name)
        gl.RenderbufferStorageMultisample(RENDERBUFFER, samples, form.value, self._width, self._height)
        gl.BindRenderbuffer(RENDERBUFFER, 0)
        return name

    def _check_complete(self) -> None:
        status = self._gl.CheckFramebufferStatus(FRAMEBUFFER)
        if status != FRAMEBUFFER_COMPLETE:
            raise XrError(
                f"Expected to be able to draw into the runtime's images ({self._colour.format.name}, "
                f"{self._form.name}, {self._samples} samples), but OpenGL answered {status:#x}. "
                "Install the graphics card maker's driver, or lower the drawing quality."
            )
