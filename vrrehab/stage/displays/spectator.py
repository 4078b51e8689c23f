"""Small pictures of what the participant sees, for whoever watches from elsewhere.

The picture that was drawn anyway is halved until it is small, on the graphics card, and read back some frames later,
when nobody has to wait for it any more. While no picture is wanted a frame costs one question.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vrrehab.xr.gl import (
    COLOR_ATTACHMENT0,
    COLOR_BUFFER_BIT,
    DRAW_FRAMEBUFFER,
    DRAW_FRAMEBUFFER_BINDING,
    FRAMEBUFFER,
    GL,
    LINEAR,
    NEAREST,
    PIXEL_PACK_BUFFER,
    READ_FRAMEBUFFER,
    RENDERBUFFER,
    RGB8,
    RGBA,
    RGBA8,
    SCISSOR_TEST,
    STREAM_READ,
    UNSIGNED_BYTE,
)

#: The largest picture, and how many a second.
MOST_WIDTH, MOST_HEIGHT = 480, 360
RATE_HZ = 12.0
#: A picture is read back this many frames after it was drawn, or so much later: a graphics card has it by then.
_LATER_FRAMES, _LATER_S = 2, 0.03
#: How many pictures are under way at most; the next one waits until one has been taken.
_BUFFERS = 3


class Taker(Protocol):
    """Who takes pictures, such as `telemetry.live.LiveShow`."""

    @property
    def pictured(self) -> bool:
        """Whether anybody wants one."""
        ...

    def offer(self, frame: int, pixels: NDArray[np.uint8], done: Callable[[NDArray[np.uint8]], None]) -> None:
        """Takes (height, width, 4) with the top row first; `done` is called with it when it is free again."""
        ...


class Spectator:
    """Takes pictures for `taker`. Everything here belongs to the thread and the OpenGL context of the drawing."""

    def __init__(self, taker: Taker) -> None:
        self._taker = taker
        self._gl: GL | None = None
        self._source = (0, 0, 0, 0)
        self._size = (0, 0)
        self._levels: list[tuple[int, int, int]] = []
        self._renderbuffers: list[int] = []
        self._buffer = 0
        self._free: list[NDArray[np.uint8]] = []
        self._due_s = 0.0
        self._drawn_frame, self._drawn_s = 0, 0.0

    @property
    def busy(self) -> bool:
        """Whether `after_drawing` has anything to do in this frame."""
        return bool(self._drawn_frame) or (self._taker.pictured and time.monotonic() >= self._due_s)

    def after_drawing(
        self, frame: int, framebuffer: int | None, source: tuple[int, int, int, int], *, samples: int, alpha: bool
    ) -> None:
        """A frame has been drawn into `framebuffer` (None: the one that is bound), where `source` is the picture's x,
        y, width and height, with so many samples a pixel.
        """
        now_s = time.monotonic()
        if self._drawn_frame:
            if frame < self._drawn_frame + _LATER_FRAMES and now_s < self._drawn_s + _LATER_S:
                return
            self._collect()
        if not self._taker.pictured or now_s < self._due_s:
            return
        gl = self._gl = self._gl or GL()
        before = gl.integer(DRAW_FRAMEBUFFER_BINDING)
        if source != self._source:
            self._make(source, samples > 1, RGBA8 if alpha else RGB8)
        if not self._free:
            return
        self._due_s = now_s + 1.0 / RATE_HZ
        self._shrink(gl, before if framebuffer is None else framebuffer)
        gl.BindFramebuffer(READ_FRAMEBUFFER, self._levels[-1][0])
        gl.BindBuffer(PIXEL_PACK_BUFFER, self._buffer)
        gl.ReadPixels(0, 0, *self._size, RGBA, UNSIGNED_BYTE, None)
        gl.BindBuffer(PIXEL_PACK_BUFFER, 0)
        gl.BindFramebuffer(FRAMEBUFFER, before)
        self._drawn_frame, self._drawn_s = frame, now_s

    def _shrink(self, gl: GL, framebuffer: int) -> None:
        """From the picture to each smaller one; a multisampled one is resolved first, as it is."""
        x, y, width, height = self._source
        scissor = gl.integer(SCISSOR_TEST)
        gl.Disable(SCISSOR_TEST)
        for level, across, up in self._levels:
            how = NEAREST if (width, height) == (across, up) else LINEAR
            gl.BindFramebuffer(READ_FRAMEBUFFER, framebuffer)
            gl.BindFramebuffer(DRAW_FRAMEBUFFER, level)
            gl.BlitFramebuffer(x, y, x + width, y + height, 0, 0, across, up, COLOR_BUFFER_BIT, how)
            framebuffer, x, y, width, height = level, 0, 0, across, up
        if scissor:
            gl.Enable(SCISSOR_TEST)

    def _collect(self) -> None:
        gl, frame = self._gl, self._drawn_frame
        assert gl is not None
        self._drawn_frame = 0
        pixels = self._free.pop()
        gl.BindBuffer(PIXEL_PACK_BUFFER, self._buffer)
        gl.GetBufferSubData(PIXEL_PACK_BUFFER, 0, pixels.nbytes, pixels.ctypes.data)
        gl.BindBuffer(PIXEL_PACK_BUFFER, 0)
        # OpenGL's first row is the lowest.
        self._taker.offer(frame, pixels[::-1], lambda taken: self._free.append(taken[::-1]))

    def _make(self, source: tuple[int, int, int, int], resolve: bool, form: int) -> None:
        """What is needed for pictures from there; the size of a window changes seldom."""
        gl = self._gl
        assert gl is not None
        self._delete(gl)
        self._source, (_, _, width, height) = source, source
        self._size = small_size(width, height)
        for across, up in _sizes(width, height, self._size, resolve):
            renderbuffer, framebuffer = gl.generate("Renderbuffers"), gl.generate("Framebuffers")
            gl.BindRenderbuffer(RENDERBUFFER, renderbuffer)
            gl.RenderbufferStorageMultisample(RENDERBUFFER, 0, form, across, up)
            gl.BindFramebuffer(FRAMEBUFFER, framebuffer)
            gl.FramebufferRenderbuffer(FRAMEBUFFER, COLOR_ATTACHMENT0, RENDERBUFFER, renderbuffer)
            self._renderbuffers.append(renderbuffer)
            self._levels.append((framebuffer, across, up))
        gl.BindRenderbuffer(RENDERBUFFER, 0)
        self._buffer = gl.generate("Buffers")
        gl.BindBuffer(PIXEL_PACK_BUFFER, self._buffer)
        gl.BufferData(PIXEL_PACK_BUFFER, self._size[0] * self._size[1] * 4, None, STREAM_READ)
        gl.BindBuffer(PIXEL_PACK_BUFFER, 0)
        # A list of its own, so that arrays of the size before come back to a list that nobody takes from.
        self._free = [np.empty((self._size[1], self._size[0], 4), np.uint8) for _ in range(_BUFFERS)]

    def _delete(self, gl: GL) -> None:
        for framebuffer, _, _ in self._levels:
            gl.delete("Framebuffers", framebuffer)
        for renderbuffer in self._renderbuffers:
            gl.delete("Renderbuffers", renderbuffer)
        if self._buffer:
            gl.delete("Buffers", self._buffer)
        self._levels, self._renderbuffers, self._buffer = [], [], 0


def middle(width: int, height: int) -> tuple[int, int, int, int]:
    """The part of an eye's picture that is worth showing on a screen: x, y, width and height; never taller than 4:3."""
    up = min(height, width * MOST_HEIGHT // MOST_WIDTH)
    return 0, (height - up) // 2, width, up


def small_size(width: int, height: int) -> tuple[int, int]:
    """The picture's width and height, in the proportions of what it is of."""
    scale = min(1.0, MOST_WIDTH / width, MOST_HEIGHT / height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def _sizes(width: int, height: int, goal: tuple[int, int], resolve: bool) -> list[tuple[int, int]]:
    """Each smaller picture on the way; none is less than half of the one before, so that no pixel is passed over."""
    sizes = [(width, height)] if resolve else []
    while width > 2 * goal[0] or height > 2 * goal[1]:
        width, height = (width + 1) // 2, (height + 1) // 2
        sizes.append((width, height))
    return [*sizes, goal]
