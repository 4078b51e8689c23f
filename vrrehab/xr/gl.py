"""The few OpenGL functions that swapchain images and the spectator need, as bare pointers into the current context.

Called a dozen times a frame: a bare pointer costs 0.3 us where PyOpenGL's wrapper, errors unchecked, costs 1.
"""

from __future__ import annotations

import ctypes
import sys
from ctypes import c_double, c_float, c_int, c_ssize_t, c_ubyte, c_uint, c_void_p
from typing import Any

from vrrehab.xr.driver import procedure

FRAMEBUFFER, READ_FRAMEBUFFER, DRAW_FRAMEBUFFER = 0x8D40, 0x8CA8, 0x8CA9
DRAW_FRAMEBUFFER_BINDING = 0x8CA6
FRAMEBUFFER_COMPLETE = 0x8CD5
COLOR_ATTACHMENT0, DEPTH_ATTACHMENT = 0x8CE0, 0x8D00
RENDERBUFFER, TEXTURE_2D = 0x8D41, 0x0DE1
COLOR_BUFFER_BIT, DEPTH_BUFFER_BIT = 0x4000, 0x100
FRAMEBUFFER_SRGB, MULTISAMPLE, SCISSOR_TEST = 0x8DB9, 0x809D, 0x0C11
MAX_SAMPLES = 0x8D57
CLIP_DISTANCE0 = 0x3000
NEAREST, LINEAR = 0x2600, 0x2601
PIXEL_PACK_BUFFER, STREAM_READ = 0x88EB, 0x88E1
RGBA, RGB8, RGBA8, UNSIGNED_BYTE = 0x1908, 0x8051, 0x8058, 0x1401

_PROTOTYPE: Any = getattr(ctypes, "WINFUNCTYPE" if sys.platform == "win32" else "PYFUNCTYPE")
_SIGNATURES: dict[str, tuple[type, ...]] = {
    "BindBuffer": (c_uint, c_uint),
    "BindFramebuffer": (c_uint, c_uint),
    "BindRenderbuffer": (c_uint, c_uint),
    "BlitFramebuffer": (c_int,) * 8 + (c_uint, c_uint),
    "BufferData": (c_uint, c_ssize_t, c_void_p, c_uint),
    "Clear": (c_uint,),
    "ClearColor": (c_float,) * 4,
    "ClearDepth": (c_double,),
    "ColorMask": (c_ubyte,) * 4,
    "DeleteBuffers": (c_int, c_void_p),
    "DeleteFramebuffers": (c_int, c_void_p),
    "DeleteRenderbuffers": (c_int, c_void_p),
    "DepthMask": (c_ubyte,),
    "Disable": (c_uint,),
    "Enable": (c_uint,),
    "Flush": (),
    "FramebufferRenderbuffer": (c_uint,) * 4,
    "FramebufferTexture2D": (c_uint, c_uint, c_uint, c_uint, c_int),
    "GenBuffers": (c_int, c_void_p),
    "GenFramebuffers": (c_int, c_void_p),
    "GenRenderbuffers": (c_int, c_void_p),
    "GetBufferSubData": (c_uint, c_ssize_t, c_ssize_t, c_void_p),
    "GetIntegerv": (c_uint, c_void_p),
    "ReadPixels": (c_int,) * 4 + (c_uint, c_uint, c_void_p),
    "RenderbufferStorageMultisample": (c_uint, c_int, c_uint, c_int, c_int),
    "Viewport": (c_int,) * 4,
}


class GL:
    """`gl.BindFramebuffer(...)` and so on; valid while the context that was current at its making is."""

    def __init__(self) -> None:
        for name, arguments in _SIGNATURES.items():
            setattr(self, name, _PROTOTYPE(None, *arguments)(procedure(f"gl{name}")))
        self._answer = c_int()
        self._answer_at = ctypes.addressof(self._answer)
        check = _PROTOTYPE(c_uint, c_uint)
        self.CheckFramebufferStatus = check(procedure("glCheckFramebufferStatus"))

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"{name} is not among the functions loaded; add its signature to {__name__}")

    def integer(self, what: int) -> int:
        self.GetIntegerv(what, self._answer_at)
        return self._answer.value

    def generate(self, what: str) -> int:
        """One new name of `what`, such as "Framebuffers"."""
        name = c_uint()
        getattr(self, f"Gen{what}")(1, ctypes.addressof(name))
        return name.value

    def delete(self, what: str, name: int) -> None:
        names = c_uint(name)
        getattr(self, f"Delete{what}")(1, ctypes.addressof(names))
