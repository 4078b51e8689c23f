"""A reflected limb joined to the trunk again.

The mirror's plane is fixed and the trunk is not: it sways, leans to a side and follows a head that turns far, and the
reflection of a shoulder is then beside the shoulder (by twice a lateral lean). The hand stays the exact reflection,
because it is what the movement is felt by; the shoulder goes to where it is on this trunk, and the elbow between them
bends in the plane in which its reflection bent.
"""

from __future__ import annotations

import math

from vrrehab.body.ik import ARM_EASING, LEG_EASING, aimed, two_bones
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
    root_x, root_y, root_z, *upper = poses[root].tolist()
    # The root that was reflected, in the trunk's frame; and its image across the trunk's own plane.
    right, up, back = rotate(conjugate(attitude), (-root_x - x, root_y - y, root_z - z))
    right, up, back = rotate(attitude, (-right, up, back))
    place = x + right, y + up, z + back
    moved_m = math.dist(place, (root_x, root_y, root_z))
    if not moved_m > _IN_PLANE_M:
        return
    hinge = root + 1
    poses[root, :3], provenance[root] = place, _INFERRED
    if provenance[hinge] and provenance[end]:
        joint, goal = poses[hinge, :3].tolist(), poses[end, :3].tolist()
        upper_m, lower_m = math.dist((root_x, root_y, root_z), joint), math.dist(joint, goal)
        frame, easing = aimed(upper, place, goal), ARM_EASING if trunk == TORSO else LEG_EASING
        poses[root : hinge + 1] = two_bones(place, goal, (upper_m, lower_m), frame, easing, _GIVES_M)
        provenance[hinge] = _INFERRED
