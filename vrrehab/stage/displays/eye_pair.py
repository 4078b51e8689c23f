"""One Panda3D camera that serves both eyes of a headset, so that the scene is traversed once a frame and not twice.

Follows the eyes that the runtime located; knows nothing of images or frames.
"""

from __future__ import annotations

from math import tan

import numpy as np
from numpy.typing import NDArray
from panda3d import core

NEAR_M, FAR_M = 0.05, 40.0

# How much the eyes may stir within the headset without being fitted again: the noise of float32 poses, several times.
_SAME_PLACE_M = 2e-5
_SAME_TURN = 5e-7  # in the cosine of half the angle between the eyes


class EyePair:
    """Draw its `camera` in two regions, one for each of Panda3D's stereo channels.

    Its node looks from between them, far enough back to see all that either sees, so that one traversal serves both;
    each stereo channel's matrix goes from that node through the eye itself to its picture. A shader must therefore
    take the eye from the projection (where x, y and w of clip space vanish), not from the camera's node.
    """

    def __init__(self, reference: core.NodePath) -> None:
        self._lens = core.MatrixLens()
        camera = core.Camera("eyes", self._lens)
        camera.set_initial_state(core.RenderState.make(core.AntialiasAttrib.make(core.AntialiasAttrib.M_multisample)))
        self.camera = reference.attach_new_node(camera)
        self._fovs = b""
        self._offset = core.LVector3()
        self._alike = 0.0
        self._back_m = 0.0

    def follow(self, poses: NDArray[np.float32], fovs: NDArray[np.float32]) -> None:
        """poses: (2, 7) quaternion xyzw and position; fovs: (2, 4) left, right, up, down in radians."""
        (lx, ly, lz, lw, *left_at), (rx, ry, rz, rw, *right_at) = poses.tolist()
        alike = lx * rx + ly * ry + lz * rz + lw * rw
        if alike < 0:  # the same turn, written the other way
            alike, rx, ry, rz, rw = -alike, -rx, -ry, -rz, -rw
        # The eyes of a headset look nearly the same way, and halfway is the sum of both turns.
        turn = core.LQuaternion(lw + rw, lx + rx, ly + ry, lz + rz)
        turn.normalize()
        (left_x, left_y, left_z), (right_x, right_y, right_z) = left_at, right_at
        apart = core.LVector3(right_x - left_x, right_y - left_y, right_z - left_z)
        offset = turn.conjugate().xform(apart)
        fov_bytes = fovs.tobytes()
        # The eyes keep their places in the headset until its wearer turns a wheel.
        if (
            fov_bytes != self._fovs
            or abs(alike - self._alike) > _SAME_TURN
            or not offset.almost_equal(self._offset, _SAME_PLACE_M)
        ):
            self._fovs, self._alike, self._offset = fov_bytes, alike, offset
            turns = core.LQuaternion(lw, lx, ly, lz), core.LQuaternion(rw, rx, ry, rz)
            self._fit(fovs.tolist(), [each * turn.conjugate() for each in turns])
        place = turn.xform(core.LVector3(0, 0, self._back_m))
        place += core.LVector3((left_x + right_x) / 2, (left_y + right_y) / 2, (left_z + right_z) / 2)
        self.camera.set_pos_quat(place, turn)

    def _fit(self, fovs: list[list[float]], turns: list[core.LQuaternion]) -> None:
        """Each eye's way from the camera into its picture, and one frustum that holds both for the traversal.

        turns: how each eye is turned in the camera's own frame.
        """
        tangents = [(tan(left), tan(right), tan(down), tan(up)) for left, right, up, down in fovs]
        corners = [
            turned.xform(core.LVector3(x, y, -1))
            for turned, edges in zip(turns, tangents, strict=True)
            for x in edges[:2]
            for y in edges[2:]
        ]
        across = [corner.x / -corner.z for corner in corners]
        upward = [corner.y / -corner.z for corner in corners]
        left, right, down, up = min(across), max(across), min(upward), max(upward)
        # Back from between the eyes until neither eye is outside, with a little to spare.
        x, y, z = (abs(each) / 2 for each in self._offset)
        self._back_m = 0.001 + z + max(x / min(-left, right), y / min(-down, up))
        self._lens.set_user_mat(_projection(left, right, down, up, NEAR_M, FAR_M + self._back_m))
        for turned, edges, side, show in (
            (turns[0], tangents[0], -0.5, self._lens.set_left_eye_mat),
            (turns[1], tangents[1], 0.5, self._lens.set_right_eye_mat),
        ):
            eye = core.LMatrix4()
            turned.extract_to_matrix(eye)
            eye.set_row(3, self._offset * side - core.LVector3(0, 0, self._back_m))
            eye.invert_in_place()
            show(eye * _projection(*edges, NEAR_M, FAR_M))


def _projection(left: float, right: float, down: float, up: float, near_m: float, far_m: float) -> core.LMatrix4:
    """OpenGL's frustum between these tangents, for row vectors."""
    width, height, depth = right - left, up - down, far_m - near_m
    return core.LMatrix4(
        2 / width, 0, 0, 0,
        0, 2 / height, 0, 0,
        (right + left) / width, (up + down) / height, -(far_m + near_m) / depth, -1,
        0, 0, -2 * far_m * near_m / depth, 0,
    )  # fmt: skip
