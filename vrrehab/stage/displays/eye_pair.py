"""One Panda3D camera that serves both eyes of a headset: one traversal of the scene a frame, one draw call a thing.

Follows the eyes that the runtime located; knows nothing of images or frames.
"""

from __future__ import annotations

from math import sqrt, tan

import numpy as np
from numpy.typing import NDArray
from panda3d import core

from vrrehab.body.single import Quaternion, conjugate, multiply, rotate
from vrrehab.geometry import rotation_matrices
from vrrehab.stage.engine import set_pose
from vrrehab.stage.material import eye_inputs

NEAR_M, FAR_M = 0.05, 40.0

# How much the eyes may stir within the headset without being fitted again: the noise of float32 poses, several times.
_SAME_PLACE_M = 2e-5
_SAME_TURN = 5e-7  # in the cosine of half the angle between the eyes

#: Each eye's half is on its own side of x = 0.
_EDGES = np.array([[-1.0, 0, 0, 0], [1.0, 0, 0, 0]])
#: Over what the scene says for a camera that is an eye itself.
_EYES_PRIORITY = 1


class EyePair:
    """Draw its `camera` once, into a picture whose left half is the left eye's and whose right half the right one's.

    Its node looks from between them, far enough back to see all that either sees. Everything is drawn as two instances,
    one an eye, which the shaders take from the camera's clip space on to the eye's half (shaders/eyes.glsl). OpenGL
    must cut at the first clip distance meanwhile, or one half's picture runs into the other's.
    """

    def __init__(self, reference: core.NodePath) -> None:
        self._lens = core.MatrixLens()
        self.camera = reference.attach_new_node(core.Camera("eyes", self._lens))
        #: (2, 4, 4) for row vectors: from the camera's clip space to each eye's half of the picture.
        self.pictures = np.zeros((2, 4, 4))
        self._fovs = b""
        self._offset = (0.0, 0.0, 0.0)
        self._alike = 0.0
        self._back_m = 0.0

    def follow(self, poses: NDArray[np.float32], fovs: NDArray[np.float32]) -> None:
        """poses: (2, 7) quaternion xyzw and position; fovs: (2, 4) left, right, up, down in radians."""
        (lx, ly, lz, lw, *left_at), (rx, ry, rz, rw, *right_at) = poses.tolist()
        alike = lx * rx + ly * ry + lz * rz + lw * rw
        if alike < 0:  # the same turn, written the other way
            alike, rx, ry, rz, rw = -alike, -rx, -ry, -rz, -rw
        # The eyes of a headset look nearly the same way, and halfway is the sum of both turns.
        length = sqrt(2.0 + 2.0 * alike)
        turn = (lx + rx) / length, (ly + ry) / length, (lz + rz) / length, (lw + rw) / length
        (left_x, left_y, left_z), (right_x, right_y, right_z) = left_at, right_at
        x, y, z = rotate(conjugate(turn), (right_x - left_x, right_y - left_y, right_z - left_z))
        was_x, was_y, was_z = self._offset
        fov_bytes = fovs.tobytes()
        # The eyes keep their places in the headset until its wearer turns a wheel.
        if (
            fov_bytes != self._fovs
            or abs(alike - self._alike) > _SAME_TURN
            or max(abs(x - was_x), abs(y - was_y), abs(z - was_z)) > _SAME_PLACE_M
        ):
            self._fovs, self._alike, self._offset = fov_bytes, alike, (x, y, z)
            self._fit(fovs.tolist(), [multiply(conjugate(turn), each) for each in ((lx, ly, lz, lw), (rx, ry, rz, rw))])
        back_x, back_y, back_z = rotate(turn, (0.0, 0.0, self._back_m))
        place = (left_x + right_x) / 2 + back_x, (left_y + right_y) / 2 + back_y, (left_z + right_z) / 2 + back_z
        set_pose(self.camera, (*place, *turn))

    def _fit(self, fovs: list[list[float]], turns: list[Quaternion]) -> None:
        """Each eye's way from the camera into its picture, and one frustum that holds both for the traversal.

        turns: how each eye is turned in the camera's own frame.
        """
        tangents = [(tan(left), tan(right), tan(down), tan(up)) for left, right, up, down in fovs]
        corners = [
            rotate(turned, (x, y, -1.0))
            for turned, edges in zip(turns, tangents, strict=True)
            for x in edges[:2]
            for y in edges[2:]
        ]
        across = [x / -z for x, _, z in corners]
        upward = [y / -z for _, y, z in corners]
        left, right, down, up = min(across), max(across), min(upward), max(upward)
        # Back from between the eyes until neither eye is outside, with a little to spare.
        x, y, z = (abs(each) / 2 for each in self._offset)
        self._back_m = 0.001 + z + max(x / min(-left, right), y / min(-down, up))
        both = _projection(left, right, down, up, NEAR_M, FAR_M + self._back_m)
        self._lens.set_user_mat(core.LMatrix4(*both.ravel().tolist()))
        for picture, turned, edges, side in zip(self.pictures, turns, tangents, (-0.5, 0.5), strict=True):
            camera_from_eye = np.eye(4)
            camera_from_eye[:3, :3] = rotation_matrices(np.array(turned)).T
            camera_from_eye[3, :3] = side * np.array(self._offset) - (0.0, 0.0, self._back_m)
            eye_from_camera = np.linalg.inv(camera_from_eye)
            picture[:] = np.linalg.inv(both) @ eye_from_camera @ _projection(*edges, NEAR_M, FAR_M)
            # Half as wide, and beside the other.
            picture[:, 0] = 0.5 * picture[:, 0] + side * picture[:, 3]
        inputs = core.ShaderAttrib.make().set_instance_count(2)
        for name, value in eye_inputs(self.pictures, _EDGES).items():
            inputs = inputs.set_shader_input(core.ShaderInput(name, value, _EYES_PRIORITY))
        antialias = core.AntialiasAttrib.make(core.AntialiasAttrib.M_multisample)
        self.camera.node().initial_state = core.RenderState.make(antialias, inputs)


def _projection(left: float, right: float, down: float, up: float, near_m: float, far_m: float) -> NDArray[np.float64]:
    """OpenGL's frustum between these tangents, (4, 4) for row vectors."""
    width, height, depth = right - left, up - down, far_m - near_m
    return np.array([
        [2 / width, 0, 0, 0],
        [0, 2 / height, 0, 0],
        [(right + left) / width, (up + down) / height, -(far_m + near_m) / depth, -1],
        [0, 0, -2 * far_m * near_m / depth, 0],
    ])  # fmt: skip
