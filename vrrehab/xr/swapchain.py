"""Images that the runtime owns and this program draws: a swapchain, and which format it has.

One image is as wide as both eyes, left eye first, so that a frame takes one image and one copy, not two.
"""

from __future__ import annotations

import ctypes
import enum
from ctypes import addressof

import xr

from vrrehab.xr import calls
from vrrehab.xr.errors import UnsupportedRuntime
from vrrehab.xr.session import Session


class Format(enum.IntEnum):
    """OpenGL's names for what may be asked of a runtime, best first."""

    #: What the material shader writes is sRGB-encoded already: the runtime must know, OpenGL must not do it again.
    SRGB8_ALPHA8 = 0x8C43
    #: A runtime that offers only this one takes the encoded values as they are, or shows the scene too bright.
    RGBA8 = 0x8058
    DEPTH_COMPONENT32F = 0x8CAC
    DEPTH_COMPONENT24 = 0x81A6
    DEPTH24_STENCIL8 = 0x88F0
    DEPTH_COMPONENT16 = 0x81A5


COLOUR = (Format.SRGB8_ALPHA8, Format.RGBA8)
DEPTH = (Format.DEPTH_COMPONENT32F, Format.DEPTH_COMPONENT24, Format.DEPTH_COMPONENT16)

_FOREVER = 0x7FFFFFFFFFFFFFFF


def choose_format(session: Session, wanted: tuple[Format, ...]) -> Format | None:
    """The first of `wanted` that the runtime offers."""
    with calls.translated("xrEnumerateSwapchainFormats"):
        offered = set(xr.enumerate_swapchain_formats(session.handle))
    return next((each for each in wanted if each.value in offered), None)


def choose_colour_format(session: Session) -> Format:
    """Raises `UnsupportedRuntime` if the runtime offers none that can be drawn to."""
    chosen = choose_format(session, COLOUR)
    if chosen is None:
        with calls.translated("xrEnumerateSwapchainFormats"):
            offered = ", ".join(hex(each) for each in xr.enumerate_swapchain_formats(session.handle))
        raise UnsupportedRuntime(
            f"Expected the runtime to offer images of the format {' or '.join(each.name for each in COLOUR)}, but it "
            f"offers only OpenGL formats {offered}. Use another OpenXR runtime."
        )
    return chosen


class Swapchain:
    """`acquire` an image, draw into it, `release` it. images: OpenGL texture names."""

    def __init__(self, session: Session, form: Format, width: int, height: int) -> None:
        self.format, self.width, self.height = form, width, height
        depth = form not in COLOUR
        usage = xr.SwapchainUsageFlags
        create = xr.SwapchainCreateInfo(
            usage_flags=usage.DEPTH_STENCIL_ATTACHMENT_BIT if depth else usage.COLOR_ATTACHMENT_BIT | usage.SAMPLED_BIT,
            format=form.value,
            sample_count=1,
            width=width,
            height=height,
            face_count=1,
            array_size=1,
            mip_count=1,
        )
        with calls.translated("xrCreateSwapchain"):
            self.handle = xr.create_swapchain(session.handle, create)
        with calls.translated("xrEnumerateSwapchainImages"):
            images = xr.enumerate_swapchain_images(self.handle, xr.SwapchainImageOpenGLKHR)
        self.images: tuple[int, ...] = tuple(each.image for each in images)

        number = calls.address(self.handle)
        index = ctypes.c_uint32()
        info, patience, done = (
            xr.SwapchainImageAcquireInfo(),
            xr.SwapchainImageWaitInfo(_FOREVER),
            xr.SwapchainImageReleaseInfo(),
        )
        self._index = index
        self._kept = (info, patience, done)
        self._acquire_arguments = (number, addressof(info), addressof(index))
        self._wait_arguments = (number, addressof(patience))
        self._release_arguments = (number, addressof(done))
        pointer = calls.ADDRESS
        function = session.runtime.function
        self._acquire = function("xrAcquireSwapchainImage", pointer, pointer, pointer, may_wait=True)
        self._wait = function("xrWaitSwapchainImage", pointer, pointer, may_wait=True)
        self._release = function("xrReleaseSwapchainImage", pointer, pointer, may_wait=True)
        self._destroy = function("xrDestroySwapchain", pointer, may_wait=True)

    def acquire(self) -> int:
        """The index of the image to draw into, ready to be drawn into."""
        calls.check(self._acquire(*self._acquire_arguments), "xrAcquireSwapchainImage")
        calls.check(self._wait(*self._wait_arguments), "xrWaitSwapchainImage")
        return self._index.value

    def release(self) -> None:
        calls.check(self._release(*self._release_arguments), "xrReleaseSwapchainImage")

    def close(self) -> None:
        if self.handle is not None:
            self._destroy(calls.address(self.handle))
            self.handle = None
