"""Where the elbow is, given shoulder and wrist: two bones, one hinge, solved in closed form.

Both arms are solved at once; nothing iterates and nothing remembers, so the same wrist always gives the
same elbow.

The frames written follow the hand's (OpenXR): -Z along the bone, +Y on the side on which the elbow points
when the arm bends, so that bending is a negative turn about +X in the elbow as it is in every finger joint.
"""

from __future__ import annotations

import numpy as np

from vrrehab import geometry
from vrrehab.body.build import Build
from vrrehab.body.skeleton import Side
from vrrehab.geometry import Array

#: Where the wrist of an arm that reaches forward lies from the shoulder, and which way its elbow points:
#: down and a little outward.
FORWARD = np.array([0.0, 0.0, -1.0])
ELBOW_POLE = {
    Side.LEFT: np.array([-0.4, -0.9, 0.0]) / np.hypot(0.4, 0.9),
    Side.RIGHT: np.array([0.4, -0.9, 0.0]) / np.hypot(0.4, 0.9),
}


def swing_pole(direction: Array, rest_direction: Array, rest_pole: Array) -> Array:
    """Which way the elbow points, (..., 3), for unit directions shoulder to wrist (..., 3).

    The pole of the resting arm is carried along by the shortest turn from the resting direction, so it
    varies smoothly with the wrist and is always at right angles to `direction`. The one direction without an
    answer is opposite to rest: straight behind the shoulder, where no hand reaches. `rest_pole` must be at
    right angles to `rest_direction`.
    """
    along = np.einsum("...i,...i->...", rest_pole, direction)
    facing = 1.0 + np.einsum("...i,...i->...", rest_direction, direction)
    ratio = along / np.maximum(facing, 1e-9)
    return rest_pole - ratio[..., None] * (rest_direction + direction)


def solve_arm(
    shoulder: Array, wrist: Array, build: Build, rest_pole: Array, rest_direction: Array = FORWARD
) -> Array:
    """Poses of shoulder and elbow, (..., 2, 7), for positions (..., 3) of shoulder and wrist.

    rest_direction, rest_pole: unit vectors (..., 3) at right angles, where the resting wrist lies from the
    shoulder and which way the elbow then points; by default those of an upright body, `FORWARD` and
    `ELBOW_POLE[side]`. See `swing_pole`.

    A wrist out of reach stretches both bones evenly on a straight line, and one too near (unequal bones)
    shortens the forearm, so that the arm never comes apart from the hand that was measured. NaN in gives
    NaN out.
    """
    upper_m, fore_m = build.upper_arm, build.forearm
    reach = wrist - shoulder
    distance = np.sqrt(np.einsum("...i,...i->...", reach, reach))
    # A wrist in the shoulder has no direction; it takes the resting one.
    direction = np.where(
        distance[..., None] > 1e-6, reach / np.maximum(distance, 1e-6)[..., None], rest_direction
    )
    pole = swing_pole(direction, rest_direction, rest_pole)
    pole /= np.sqrt(np.einsum("...i,...i->...", pole, pole))[..., None]

    whole = upper_m + fore_m
    stretch = np.maximum(distance / whole, 1.0)
    span = np.clip(distance, max(abs(upper_m - fore_m), 1e-6), whole)
    # The law of cosines: how far along the line to the wrist the elbow is, and how far beside it.
    along = (upper_m**2 - fore_m**2 + span**2) / (2 * span)
    beside = np.sqrt(np.maximum(upper_m**2 - along**2, 0.0))
    elbow = shoulder + direction * (along * stretch)[..., None] + pole * beside[..., None]

    bones = np.stack((elbow - shoulder, wrist - elbow), axis=-2)
    lengths = np.sqrt(np.einsum("...i,...i->...", bones, bones))[..., None]
    axes = np.empty((*bones.shape, 3))
    z = -bones / np.maximum(lengths, 1e-9)
    x = geometry.cross(direction, pole)[..., None, :]
    axes[..., 0], axes[..., 1], axes[..., 2] = x, geometry.cross(z, x), z
    out = np.empty((*bones.shape[:-1], 7))
    out[..., 0, :3], out[..., 1, :3] = shoulder, elbow
    out[..., 3:] = geometry.quaternions_of(axes)
    return out
