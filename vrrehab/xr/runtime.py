"""One instance of an OpenXR runtime and the headset it has: what it is called, what it offers.

Never draws and never locates; everything else in this package is made from a `Runtime`.
"""

from __future__ import annotations

import ctypes
import os
import sys
from ctypes import addressof
from dataclasses import dataclass
from typing import Any

import xr
import xr.api_layer

from vrrehab.xr import calls
from vrrehab.xr.errors import NoHeadset, NoRuntime, UnsupportedRuntime

OPENGL = xr.KHR_OPENGL_ENABLE_EXTENSION_NAME
EGL = "XR_MNDX_egl_enable"
HEADLESS = xr.MND_HEADLESS_EXTENSION_NAME
HAND_TRACKING = xr.EXT_HAND_TRACKING_EXTENSION_NAME
HAND_INTERACTION = xr.EXT_HAND_INTERACTION_EXTENSION_NAME
HAND_DATA_SOURCE = xr.EXT_HAND_TRACKING_DATA_SOURCE_EXTENSION_NAME
LOCAL_FLOOR = xr.EXT_LOCAL_FLOOR_EXTENSION_NAME
DEPTH_LAYER = xr.KHR_COMPOSITION_LAYER_DEPTH_EXTENSION_NAME
REFRESH_RATE = xr.FB_DISPLAY_REFRESH_RATE_EXTENSION_NAME
VIVE_TRACKERS = xr.HTCX_VIVE_TRACKER_INTERACTION_EXTENSION_NAME
CONVERT_TIME = (
    "XR_KHR_win32_convert_performance_counter_time" if sys.platform == "win32" else "XR_KHR_convert_timespec_time"
)
_DEBUG = xr.EXT_DEBUG_UTILS_EXTENSION_NAME

#: Extensions switched on wherever they are offered, and what is lost where they are not.
OPTIONAL = {
    HAND_TRACKING: "hands are not seen; only controllers move the limbs",
    HAND_INTERACTION: "a pinch does not select; touch and gaze still do",
    HAND_DATA_SOURCE: "hands guessed from a held controller cannot be told from hands that were seen",
    LOCAL_FLOOR: "the floor comes from the room's set-up, and a table may stand too high or low",
    DEPTH_LAYER: "the picture steadies itself less well when a frame is late",
    CONVERT_TIME: "the age of a pose is only estimated",
    REFRESH_RATE: "the display's rate is measured rather than known",
    VIVE_TRACKERS: "VIVE trackers are not seen; a controller can be strapped on instead",
}

#: Used where offered, but no runtime that offers it was at hand when it was written.
UNTESTED = frozenset({HAND_DATA_SOURCE, VIVE_TRACKERS})

#: What could see a whole body one day, and is not used yet.
BODY_TRACKING = (
    xr.FB_BODY_TRACKING_EXTENSION_NAME,
    xr.META_BODY_TRACKING_FULL_BODY_EXTENSION_NAME,
    xr.BD_BODY_TRACKING_EXTENSION_NAME,
    xr.HTC_BODY_TRACKING_EXTENSION_NAME,
)

# What the loader would print is raised here instead, and it would print it at every attempt to reconnect.
os.environ.setdefault("XR_LOADER_DEBUG", "none")

_VALIDATION_LAYER = xr.api_layer.LUNARG_core_validation_APILAYER_NAME


@dataclass(frozen=True, slots=True)
class Message:
    """What the runtime or the validation layer said."""

    error: bool
    function: str
    text: str


def offered_extensions() -> dict[str, int]:
    """What the active runtime offers, each with its revision. Raises `NoRuntime` if there is none."""
    try:
        properties = xr.enumerate_instance_extension_properties()
    except xr.XrException as error:
        raise NoRuntime(f"none is set as active or it does not start ({_said(error)})") from error
    return {each.extension_name.decode(): each.extension_version for each in properties}


class Runtime:
    """The connection to the active runtime.

    offered: every extension and its revision. extensions: those switched on. `hand_tracking` says whether the headset
    itself has it, which a runtime may offer for headsets that do not.

    Raises `NoRuntime`, `NoHeadset`, `UnsupportedRuntime` (a required extension is not offered).
    """

    def __init__(self, required: tuple[str, ...] = (), *, validate: bool = False) -> None:
        """validate: load the Khronos validation layer; what it says is kept in `messages`."""
        offered = offered_extensions()
        for name in required:
            if name not in offered:
                raise UnsupportedRuntime(
                    f"Expected the active OpenXR runtime to offer {name}, but it does not. Use a runtime that does "
                    "(Meta Quest Link, SteamVR and Monado draw with OpenGL); `vrrehab doctor` lists what it offers."
                )
        self.offered = offered
        self.extensions = {*required, *(name for name in OPTIONAL if name in offered)}
        self.messages: list[Message] = []
        if validate:
            self.extensions.add(_DEBUG)
            # The layer prints unless told to hand its words to the messenger.
            os.environ["XR_CORE_VALIDATION_EXPORT_TYPE"] = "none"
        listen = self._listen() if validate else None
        create = xr.InstanceCreateInfo(
            application_info=xr.ApplicationInfo(
                application_name="vrrehab",
                engine_name="Panda3D",
                engine_version=0,
                api_version=xr.Version(1, 0, 34),
            ),
            enabled_extension_names=sorted(self.extensions),
            enabled_api_layer_names=[_VALIDATION_LAYER] if validate else [],
            next=listen,
        )
        try:
            self.instance = xr.create_instance(create)
        except xr.XrException as error:
            raise NoRuntime(f"the active one did not start ({_said(error)})") from error
        if listen is not None:
            self._messenger = xr.create_debug_utils_messenger_ext(self.instance, listen)
        try:
            self._describe()
        except BaseException:
            self.close()
            raise

    def _describe(self) -> None:
        properties = xr.get_instance_properties(self.instance)
        self.name = properties.runtime_name.decode()
        self.version = str(xr.Version(properties.runtime_version))
        try:
            self.system_id = xr.get_system(self.instance, xr.SystemGetInfo(xr.FormFactor.HEAD_MOUNTED_DISPLAY))
        except (xr.exception.FormFactorUnavailableError, xr.exception.FormFactorUnsupportedError) as error:
            raise NoHeadset(f"{self.name} {self.version}") from error
        except xr.XrException as error:
            raise NoRuntime(f"{self.name} failed to say which headset it has ({_said(error)})") from error
        system = xr.SystemProperties()
        hands = xr.SystemHandTrackingPropertiesEXT()
        if HAND_TRACKING in self.extensions:
            system.next = ctypes.cast(ctypes.pointer(hands), ctypes.c_void_p)
        ask = calls.load(self.instance, "xrGetSystemProperties", calls.ADDRESS, ctypes.c_uint64, calls.ADDRESS)
        calls.check(ask(calls.address(self.instance), self.system_id, addressof(system)), "xrGetSystemProperties")
        self.headset = system.system_name.decode()
        self.hand_tracking = bool(hands.supports_hand_tracking)
        self.largest_image = (
            system.graphics_properties.max_swapchain_image_width,
            system.graphics_properties.max_swapchain_image_height,
        )

    def function(self, name: str, *arguments: Any, may_wait: bool = False) -> calls.Call:
        """A function of this runtime; see `calls.load`."""
        return calls.load(self.instance, name, *arguments, may_wait=may_wait)

    def has(self, extension: str) -> bool:
        return extension in self.extensions

    def path(self, text: str) -> int:
        """The number that stands for a path such as `/user/hand/left`."""
        with calls.translated("xrStringToPath"):
            return int(xr.string_to_path(self.instance, text).value)

    def text(self, path: int) -> str:
        """The path that a number stands for."""
        with calls.translated("xrPathToString"):
            return str(xr.path_to_string(self.instance, path))

    def close(self) -> None:
        """Ends the connection; a runtime that has already gone is no trouble."""
        if self.instance is None:
            return
        destroy = self.function("xrDestroyInstance", calls.ADDRESS, may_wait=True)
        destroy(calls.address(self.instance))
        self.instance = None

    def _listen(self) -> xr.DebugUtilsMessengerCreateInfoEXT:
        severity = xr.DebugUtilsMessageSeverityFlagsEXT
        return xr.DebugUtilsMessengerCreateInfoEXT(
            message_severities=severity.WARNING_BIT | severity.ERROR_BIT, user_callback=self._hear
        )

    def _hear(self, severity: Any, _kind: Any, said: Any, _user: Any) -> bool:
        error = bool(severity & xr.DebugUtilsMessageSeverityFlagsEXT.ERROR_BIT)
        self.messages.append(Message(error, said.function_name, said.message))
        return False


def _said(error: xr.XrException) -> str:
    text = str(error).strip()
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
