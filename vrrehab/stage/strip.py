"""Film strips of real movements, for the documents: `python -m vrrehab.stage.strip --help`.

A recording of hands (`vrrehab.sources.recording`) and one of legs (`vrrehab.testing.inertial`) go through tracking,
smoothing and, for hands, the mirror, as in a session, and some moments of them are drawn. The recordings themselves are
not in the repository.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vrrehab.body.drives import MirrorDrive
from vrrehab.body.limb import Chain, Limb
from vrrehab.body.loss import Loss
from vrrehab.body.recentre import Recentring
from vrrehab.body.skeleton import HEAD, Body, Side
from vrrehab.body.smoothing import Smoother
from vrrehab.body.tracking import Tracker
from vrrehab.session.view import View
from vrrehab.sources.recording import RecordingSource
from vrrehab.stage.material import Tier
from vrrehab.stage.picture import seen_from, take, write
from vrrehab.stage.stage import Stage
from vrrehab.testing.inertial import RATE_HZ, Legs, of_walk, played, strung

Picture = NDArray[np.uint8]

_LOST = Limb(Chain.ARM, Side.LEFT)
#: Both hands are seen from here on, and make fists.
_HANDS_FROM_S, _HANDS_AT_S, _HANDS_HZ = 10.7, (0.4, 1.0, 3.2, 5.6, 7.6), 90.0
_STEPS_AT_S = (6.0, 6.25, 6.5, 6.75, 7.0)


def hands(recording: Path) -> Iterator[tuple[float, Body, Body]]:
    """(seconds, the body as it was tracked, its left arm as the mirror image of the right one), a frame at a time."""
    source = RecordingSource(recording, start_s=_HANDS_FROM_S)
    seen, tracked, steady, virtual = (Body.unseen() for _ in range(4))
    source.locate(0, seen)
    recentring = Recentring.from_head(seen.poses[HEAD])
    tracker, smoother, drive = Tracker(recentring.eye_height_m), Smoother(), MirrorDrive([_LOST])
    frame = 0
    while not source.exhausted:
        now_s = frame / _HANDS_HZ
        source.locate(round(now_s * 1e9), seen)
        recentring.to_session(seen)
        tracker.update(seen, tracked, now_s)
        smoother.smooth(tracked, steady, now_s)
        drive.drive(steady, virtual, now_s)
        yield now_s, steady, virtual
        frame += 1


def hands_strip(recording: Path, size: tuple[int, int] = (320, 300), tier: Tier = Tier.FULL) -> Picture:
    """Above both hands as they were tracked; below the left one lost and mirrored. Without the room, from in front."""
    stage = _bare(Stage("therapy_room", tier))
    rows: tuple[list[Picture], list[Picture]] = ([], [])
    due = list(_HANDS_AT_S)
    for now_s, tracked, virtual in hands(recording):
        if due and now_s >= due[0]:
            due.pop(0)
            for row, body in zip(rows, (tracked, virtual), strict=True):
                view = View(Body.unseen())
                view.virtual.copy_from(body)
                row.append(take(stage, seen_from(view, (0.0, 1.45, -1.25), (0.0, 1.0, -0.22)), size, 48.0))
        if not due:
            break
    return np.vstack([np.hstack(row) for row in rows])


def legs_strip(legs: Legs, size: tuple[int, int] = (320, 420), tier: Tier = Tier.FULL) -> Picture:
    """Steps of a walk, of which pelvis and feet were shown to tracking and the knees found; from the right."""
    stage = _bare(Stage("therapy_room", tier, losses=[Loss(Side.LEFT, "below_knee")]))
    due = [round(at_s * RATE_HZ) for at_s in _STEPS_AT_S]
    tiles = []
    for frame, body in enumerate(played(legs, smooth=True)):
        if frame == due[0]:
            due.pop(0)
            x, y, z = body.poses[HEAD, :3].tolist()
            view = View(body)
            # Arms that nobody tracked are not drawn.
            for side in Side:
                view.opacity[side] = 0.0
            tiles.append(take(stage, seen_from(view, (x + 2.0, y - 0.55, z - 0.7), (x, y - 0.9, z + 0.1)), size, 42.0))
        if not due:
            break
    return np.hstack(tiles)


def _bare(stage: Stage) -> Stage:
    stage.root.find("what stands still").hide()
    return stage


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m vrrehab.stage.strip", description="Film strips of real movements.")
    parser.add_argument("--hands", type=Path, help="a capture of Meta's Immersive Web Emulation Runtime, .json")
    parser.add_argument("--legs", type=Path, help="a folder of OpenSense's walk, one .txt a sensor")
    parser.add_argument("--out", type=Path, required=True, help="a folder, such as docs/pictures")
    given = parser.parse_args()
    if given.hands is not None:
        write(hands_strip(given.hands), given.out / "real_hands.jpg")
    if given.legs is not None:
        write(legs_strip(strung(of_walk(given.legs))), given.out / "real_walk.jpg")


if __name__ == "__main__":
    main()
