"""Both eyes: where they are, what they see, and the layer that shows them an image.

The pose submitted with an image is the very one it was drawn for, bit for bit: `locate` fills both.
"""

from __future__ import annotations

import ctypes
from ctypes import addressof

import numpy as np
import xr

from vrrehab.xr import calls
from vrrehab.xr.session import Session
from vrrehab.xr.swapchain import Swapchain

_POSE_BYTES = slice(16, 16 + 7 * 4)
_FOV_BYTES = slice(_POSE_BYTES.stop, _POSE_BYTES.stop + 4 * 4)
_VALID = 0x1 | 0x2


def recommended_size(session: Session) -> tuple[int, int]:
    """Width and height in pixels that the runtime would like for one eye."""
    runtime = session.runtime
    with calls.translated("xrEnumerateViewConfigurationViews"):
        views = xr.enumerate_view_configuration_views(
            runtime.instance, runtime.system_id, xr.ViewConfigurationType.PRIMARY_STEREO
        )
    width = max(each.recommended_image_rect_width for each in views)
    height = max(each.recommended_image_rect_height for each in views)
    # Both eyes lie side by side in one image.
    return min(width, runtime.largest_image[0] // 2), min(height, runtime.largest_image[1])


class Eyes:
    """After `locate`, for the left and the right eye:

    poses: (2, 7) float32 in the reference space, quaternion xyzw first, then position (OpenXR's order).
    fovs: (2, 4) float32, the angles in radians of the left, right, upper and lower edge; left and lower are negative.
    """

    def __init__(
        self,
        session: Session,
        reference: xr.Space,
        colour: Swapchain,
        depth: Swapchain | None,
        near_m: float,
        far_m: float,
    ) -> None:
        """near_m, far_m: where depth 0 and 1 of the drawn depth images are."""
        self._reference = reference
        located = (xr.View * 2)(xr.View(), xr.View())
        shown = (xr.CompositionLayerProjectionView * 2)(
            xr.CompositionLayerProjectionView(), xr.CompositionLayerProjectionView()
        )
        depths = (xr.CompositionLayerDepthInfoKHR * 2)(
            xr.CompositionLayerDepthInfoKHR(), xr.CompositionLayerDepthInfoKHR()
        )
        for eye in range(2):
            _whole_eye(shown[eye].sub_image, colour, eye)
            if depth is not None:
                info = depths[eye]
                _whole_eye(info.sub_image, depth, eye)
                info.min_depth, info.max_depth = 0.0, 1.0
                info.near_z, info.far_z = near_m, far_m
                shown[eye]._next = addressof(depths) + eye * ctypes.sizeof(xr.CompositionLayerDepthInfoKHR)
        layer = xr.CompositionLayerProjection()
        layer.space = reference
        layer.view_count = 2
        layer._views = ctypes.cast(shown, type(layer._views))
        #: For `Session.end_frame`.
        self.layer = addressof(layer)

        seen = np.frombuffer(located, np.uint8).reshape(2, -1)
        told = np.frombuffer(shown, np.uint8).reshape(2, -1)
        self.poses = seen[:, _POSE_BYTES].view(np.float32)
        self.fovs = seen[:, _FOV_BYTES].view(np.float32)
        both = slice(_POSE_BYTES.start, _FOV_BYTES.stop)
        self._seen, self._told = seen[:, both].view(np.float32), told[:, both].view(np.float32)

        info, state, count = (
            xr.ViewLocateInfo(xr.ViewConfigurationType.PRIMARY_STEREO, 0, reference),
            xr.ViewState(),
            ctypes.c_uint32(),
        )
        self._info, self._state = info, state
        self._kept = (located, shown, depths, layer, count)
        self._arguments = (
            calls.address(session.handle), addressof(info), addressof(state), 2, addressof(count), addressof(located),
        )  # fmt: skip
        pointer = calls.ADDRESS
        self._call = session.runtime.function(
            "xrLocateViews", pointer, pointer, pointer, ctypes.c_uint32, pointer, pointer
        )

    def locate(self, time_ns: int) -> bool:
        """Where the eyes will be at `time_ns` (XrTime); False where the runtime does not know, then show nothing."""
        self._info.display_time = time_ns
        calls.check(self._call(*self._arguments), "xrLocateViews")
        self._told[:] = self._seen
        return self._state._view_state_flags & _VALID == _VALID


def _whole_eye(rectangle: xr.SwapchainSubImage, images: Swapchain, eye: int) -> None:
    width = images.width // 2
    rectangle.swapchain = images.handle
    rectangle.image_rect.offset.x, rectangle.image_rect.offset.y = eye * width, 0
    rectangle.image_rect.extent.width, rectangle.image_rect.extent.height = width, images.height
