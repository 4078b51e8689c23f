"""A reflected limb joined to the trunk again.

The mirror's plane is fixed and the trunk is not: it sways, leans to a side and follows a head that turns far, and the
reflection of a shoulder is then beside the shoulder (by twice a lateral lean). The hand stays the exact reflection,
because it is what the movement is felt by; the shoulder goes to where it is on this trunk, and the elbow between them
bends in the plane in which its reflection bent.
"""

from __future__ import annotations

import math

from vrrehab.body.ik import ARM_EASING, LEG_EASING, aimed, distance_before_easing, two_bones
from vrrehab.body.single import conjugate, rotate
from vrrehab.body.skeleton import TORSO, Body, Provenance

_INFERRED = int(Provenance.INFERRED)
#: A trunk nearer than this to the mirror's plane leaves the reflection as it is, to the last bit.
_IN_PLANE_M = 1e-9
#: The joint at the trunk comes this much towards a hand that is out of reach before the bones stretch.
_GIVES_M = 0.05


def rejoin(body: Body, root: int, end: int, trunk: int) -> None:
    """Writes root and hinge of a limb that was reflected as a whole; for the joints' indices, such as shoulder, wrist
    and torso, or hip, ankle and pelvis. The hinge follows the root.

    Does nothing where the trunk, or the limb, is not there.
    """
    poses, provenance = body.poses, body.provenance
    x, y, z, *attitude = poses[trunk].tolist()
    root_at, hinge_at, end_at = poses[root, :3].tolist(), poses[root + 1, :3].tolist(), poses[end, :3].tolist()
    easing = ARM_EASING if trunk == TORSO else LEG_EASING
    bones_m = math.dist(root_at, hinge_at), math.dist(hinge_at, end_at)
    span = math.dist(root_at, end_at)
    if span > 0.0:
        # Where the trunk has it, before it gave way to a limb nearly straight or folded, as it will again.
        back_to = distance_before_easing(span, bones_m, easing) / span
        root_at = [far + back_to * (near - far) for near, far in zip(root_at, end_at, strict=True)]
    root_x, root_y, root_z = root_at
    # In the trunk's frame, before it was reflected; and from there its image across the trunk's own plane.
    right, up, back = rotate(conjugate(attitude), (-root_x - x, root_y - y, root_z - z))
    right, up, back = rotate(attitude, (-right, up, back))
    place = x + right, y + up, z + back
    if not math.dist(place, root_at) > _IN_PLANE_M:
        return
    if provenance[root + 1] and provenance[end]:
        frame = aimed(poses[root, 3:].tolist(), place, end_at)
        poses[root : root + 2] = two_bones(place, end_at, bones_m, frame, easing, _GIVES_M)
        provenance[root + 1] = _INFERRED
    else:
        poses[root, :3] = place
    provenance[root] = _INFERRED
