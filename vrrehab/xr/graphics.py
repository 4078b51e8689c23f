"""The OpenGL context that a runtime shares images with, as the operating system has it.

Describes the context that is current in the calling thread; makes none and changes nothing.
"""

from __future__ import annotations

import ctypes
import sys
from ctypes import POINTER, byref, c_int, c_uint, c_void_p
from dataclasses import dataclass
from typing import Any

import xr

from vrrehab.xr import calls, runtime
from vrrehab.xr.driver import function, library
from vrrehab.xr.errors import XrError


@dataclass(frozen=True, slots=True)
class Binding:
    """What a runtime is told about the context. `extensions` must be on in its instance."""

    system: str
    extensions: tuple[str, ...]
    structure: Any

    @property
    def pointer(self) -> c_void_p:
        return ctypes.cast(ctypes.pointer(self.structure), c_void_p)


def current() -> Binding:
    """The context current in this thread. Raises `XrError` where there is none."""
    binding = _wgl() if sys.platform == "win32" else _glx() or _egl()
    if binding is None:
        raise XrError(
            "Expected an OpenGL context to be current, but none is. Open the display's output and draw one frame "
            "before connecting to the headset."
        )
    return binding


def check_requirements(opened: runtime.Runtime) -> None:
    """The question every runtime insists on being asked before a session; its answer is only ever 'OpenGL 3 or so'."""
    ask = opened.function("xrGetOpenGLGraphicsRequirementsKHR", calls.ADDRESS, ctypes.c_uint64, calls.ADDRESS)
    needs = xr.GraphicsRequirementsOpenGLKHR()
    result = ask(calls.address(opened.instance), opened.system_id, ctypes.addressof(needs))
    calls.check(result, "xrGetOpenGLGraphicsRequirementsKHR")


def _wgl() -> Binding | None:
    opengl = ctypes.WinDLL("opengl32")  # type: ignore[attr-defined,unused-ignore]
    context = function(opengl, "wglGetCurrentContext", c_void_p)()
    device = function(opengl, "wglGetCurrentDC", c_void_p)()
    if not context:
        return None
    structure = xr.GraphicsBindingOpenGLWin32KHR(h_dc=device, h_glrc=context)
    return Binding("WGL", (runtime.OPENGL,), structure)


_GLX_FBCONFIG_ID, _GLX_VISUAL_ID, _GLX_SCREEN = 0x8013, 0x800B, 0x800C


def _glx() -> Binding | None:
    gl = library("GL")
    if gl is None or not hasattr(gl, "glXGetCurrentContext"):
        return None
    context = function(gl, "glXGetCurrentContext", c_void_p)()
    if not context:
        return None
    display = function(gl, "glXGetCurrentDisplay", c_void_p)()
    drawable = function(gl, "glXGetCurrentDrawable", ctypes.c_ulong)()
    query = function(gl, "glXQueryContext", c_int, c_void_p, c_void_p, c_int, POINTER(c_int))
    config_id, screen, count, visual = c_int(), c_int(), c_int(), c_int()
    query(display, context, _GLX_FBCONFIG_ID, byref(config_id))
    query(display, context, _GLX_SCREEN, byref(screen))
    choose = function(gl, "glXChooseFBConfig", POINTER(c_void_p), c_void_p, c_int, POINTER(c_int), POINTER(c_int))
    wanted = (c_int * 3)(_GLX_FBCONFIG_ID, config_id.value, 0)
    configs = choose(display, screen, wanted, byref(count))
    structure = xr.GraphicsBindingOpenGLXlibKHR()
    fields = {name: kind for name, kind in structure._fields_}
    structure.x_display = ctypes.cast(display, fields["x_display"])
    structure.glx_drawable = drawable
    structure.glx_context = ctypes.cast(context, fields["glx_context"])
    if count.value:
        config = configs[0]
        attribute = function(gl, "glXGetFBConfigAttrib", c_int, c_void_p, c_void_p, c_int, POINTER(c_int))
        attribute(display, config, _GLX_VISUAL_ID, byref(visual))
        structure.visualid = visual.value
        structure.glx_fbconfig = ctypes.cast(config, fields["glx_fbconfig"])
    return Binding("GLX", (runtime.OPENGL,), structure)


_EGL_CONFIG_ID = 0x3028


def _egl() -> Binding | None:
    egl = library("EGL")
    if egl is None:
        return None
    context = function(egl, "eglGetCurrentContext", c_void_p)()
    if not context:
        return None
    display = function(egl, "eglGetCurrentDisplay", c_void_p)()
    config_id, config, count = c_int(), c_void_p(), c_int()
    query = function(egl, "eglQueryContext", c_uint, c_void_p, c_void_p, c_int, POINTER(c_int))
    query(display, context, _EGL_CONFIG_ID, byref(config_id))
    choose = function(
        egl, "eglChooseConfig", c_uint, c_void_p, POINTER(c_int), POINTER(c_void_p), c_int, POINTER(c_int)
    )
    none = 0x3038
    choose(display, (c_int * 3)(_EGL_CONFIG_ID, config_id.value, none), byref(config), 1, byref(count))
    structure = xr.GraphicsBindingEGLMNDX()
    fields = {name: kind for name, kind in structure._fields_}
    structure.get_proc_address = ctypes.cast(egl.eglGetProcAddress, fields["get_proc_address"])
    structure.display = ctypes.cast(display, fields["display"])
    structure.config = ctypes.cast(config, fields["config"])
    structure.context = ctypes.cast(context, fields["context"])
    return Binding("EGL", (runtime.OPENGL, runtime.EGL), structure)
