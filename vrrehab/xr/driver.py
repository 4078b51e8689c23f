"""Where OpenGL's functions are: asked of the operating system, for the context that is current.

Apart from `vrrehab.xr.graphics`, for a picture without a headset need not wait for OpenXR to be imported.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import sys
from ctypes import c_void_p
from typing import Any

from vrrehab.xr.errors import XrError


def procedure(name: str) -> int:
    """The address of an OpenGL function in the current context, whichever system made it."""
    for find in _finders():
        found = find(name.encode())
        # Windows answers small numbers for what it does not have.
        if found and found > 3:
            return int(found)
    raise XrError(f"Expected OpenGL 3.3, but the driver has no {name}. Install the graphics card maker's driver.")


def library(name: str) -> ctypes.CDLL | None:
    """A library of the system's, where it has it."""
    try:
        return ctypes.CDLL(ctypes.util.find_library(name) or f"lib{name}.so.{0 if name == 'OpenGL' else 1}")
    except OSError:
        return None


def function(library: ctypes.CDLL, name: str, result: Any, *arguments: Any) -> Any:
    function = getattr(library, name)
    function.restype, function.argtypes = result, list(arguments)
    return function


def _finders() -> list[Any]:
    if sys.platform == "win32":
        opengl = ctypes.WinDLL("opengl32")

        def exported(name: bytes) -> int:
            # OpenGL 1.1 is exported by the library; only what came later is asked for.
            symbol = getattr(opengl, name.decode(), None)
            return ctypes.cast(symbol, c_void_p).value or 0 if symbol else 0

        return [function(opengl, "wglGetProcAddress", c_void_p, ctypes.c_char_p), exported]
    finders = []
    if (gl := library("GL")) and function(gl, "glXGetCurrentContext", c_void_p)():
        finders.append(function(gl, "glXGetProcAddressARB", c_void_p, ctypes.c_char_p))
    elif egl := library("EGL"):
        finders.append(function(egl, "eglGetProcAddress", c_void_p, ctypes.c_char_p))
    return finders
