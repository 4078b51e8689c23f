"""Plays a recorded movement as a source, at the times that are asked for.

Reads the capture format of Meta's Immersive Web Emulation Runtime: a WebXR session on a Meta Quest 3, head, controllers
and hands. Plays what is there and nothing else: a hand that was lost in the recording is unseen here.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vrrehab import geometry
from vrrehab.body.skeleton import HAND, HAND_JOINTS, HEAD, Body, Provenance, Side
from vrrehab.errors import BadRecording
from vrrehab.session.view import View
from vrrehab.sources import Origin

_PALM = HAND_JOINTS.index("palm")
_MIDDLE = HAND_JOINTS.index("middle_metacarpal")


class RecordingSource:
    """Implements `vrrehab.sources.Source` on a capture file.

    Playing begins with the first `locate`, `start_s` into the recording. Between two frames joints are interpolated
    (straight line, shortest turn); a hand is seen only where both frames have it. Controllers are not hands: only their
    select button is played. After the last frame nothing is seen and `exhausted` is true.

    times_ns: when each recorded frame was, (n,) from 0. duration_s: the recording's whole length, whatever
    `start_s`.
    """

    origin: Origin = "recording"

    def __init__(self, path: Path, start_s: float = 0.0) -> None:
        """Raises `BadRecording` for a file that is missing or of another format, ValueError for a `start_s` outside."""
        capture = _Capture(path)
        self.times_ns, self._head, self._hands = capture.times_ns, capture.head, capture.hands
        self._select = capture.select
        self.duration_s = int(self.times_ns[-1]) / 1e9
        if not 0.0 <= start_s < self.duration_s:
            raise ValueError(
                f"expected a start of 0 to {self.duration_s:.2f} s into {path}, but {start_s} came; start earlier"
            )
        self._start_ns = round(start_s * 1e9)
        self._began_ns: int | None = None
        self._selecting = False
        self.exhausted = False

    def locate(self, display_time_ns: int, body: Body) -> None:
        if self._began_ns is None:
            self._began_ns = display_time_ns
        time_ns = display_time_ns - self._began_ns + self._start_ns
        body.forget()
        last = len(self.times_ns) - 1
        self.exhausted = time_ns > self.times_ns[last]
        self._selecting = False
        if self.exhausted or time_ns < 0:
            return
        before = int(np.searchsorted(self.times_ns, time_ns, side="right")) - 1
        after = min(before + 1, last)
        step_ns = int(self.times_ns[after] - self.times_ns[before])
        # On a frame's very time that frame alone counts, also where a hand is lost in the next one.
        if time_ns == self.times_ns[before]:
            after = before
        ratio = (time_ns - int(self.times_ns[before])) / step_ns if after > before else 0.0
        self._selecting = bool(self._select[before])
        body.poses[HEAD] = geometry.interpolate(self._head[before], self._head[after], ratio)
        body.provenance[HEAD] = Provenance.MEASURED
        for side, hands in self._hands.items():
            if not (np.isnan(hands[before, 0, 0]) or np.isnan(hands[after, 0, 0])):
                body.poses[HAND[side]] = geometry.interpolate(hands[before], hands[after], ratio)
                body.provenance[HAND[side]] = Provenance.MEASURED

    def see(self, view: View) -> None:
        """Nobody is there to look."""

    def news(self) -> tuple[()]:
        return ()

    def selecting(self) -> bool:
        return self._selecting

    def pressed(self) -> tuple[()]:
        return ()


class _Capture:
    """A capture file as arrays: times from 0, head (n, 7), hands (n, 26, 7) by side with NaN where absent."""

    def __init__(self, path: Path) -> None:
        try:
            data = json.loads(path.read_bytes())
        except OSError as error:
            raise BadRecording(path, f"it cannot be read ({error.strerror})") from error
        except ValueError as error:
            raise BadRecording(path, "it is not JSON") from error
        if not (isinstance(data, dict) and data.keys() >= {"schema", "frames"} and data["frames"]):
            raise BadRecording(path, 'it has no "schema" and "frames"')
        try:
            self._read(data)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise BadRecording(path, f"its content is not as expected ({error!r})") from error

    def _read(self, data: dict[str, Any]) -> None:
        inputs = {index: _Input(kind) for index, kind in data["schema"]}
        frames = data["frames"]
        count = len(frames)
        self.times_ns = np.array([round((frame[0] - frames[0][0]) * 1e6) for frame in frames], np.int64)
        if np.any(np.diff(self.times_ns) <= 0):
            raise ValueError("frame times do not rise")
        self.head = _poses(np.array([frame[1:8] for frame in frames], float))
        self.hands = {side: np.full((count, 26, 7), np.nan) for side in Side}
        self.select = np.zeros(count, bool)
        rays = {side: np.full((count, 1, 7), np.nan) for side in Side}
        for row, frame in enumerate(frames):
            for values in frame[8:]:
                seen = inputs[values[0]]
                if seen.joints is None:
                    self.select[row] |= bool(values[-1][0][0])
                else:
                    rays[seen.side][row, 0] = values[1:8]
                    joints = np.array(values[seen.hand_at], float).reshape(-1, 8)[:, :7]
                    self.hands[seen.side][row, seen.joints] = joints
        for side, hands in self.hands.items():
            # Joints are told relative to the pointing ray. The palm is OpenXR's own: the middle metacarpal's middle.
            hands[:, _PALM] = hands[:, _MIDDLE]
            hands[:, _PALM, :3] = (hands[:, _MIDDLE, :3] + hands[:, _MIDDLE + 1, :3]) / 2
            hands[:] = geometry.compose(_poses(rays[side]), _poses(hands))


class _Input:
    """What the schema says of one input: its side, and for a hand where each joint goes."""

    def __init__(self, kind: dict[str, Any]) -> None:
        self.side = Side(kind["handedness"])
        self.hand_at = 9 if kind["hasGrip"] else 8
        self.joints: list[int] | None = None
        if kind["hasHand"]:
            self.joints = [HAND_JOINTS.index(_openxr_name(name)) for name in kind["jointSequence"]]
            if len(set(self.joints)) != len(HAND_JOINTS) - 1:
                raise ValueError(f"a hand of {len(self.joints)} joints, expected 25")


def _openxr_name(webxr_name: str) -> str:
    """`pinky-finger-phalanx-proximal` is `little_proximal`."""
    for webxr, openxr in (("-finger", ""), ("-phalanx", ""), ("pinky", "little"), ("-", "_")):
        webxr_name = webxr_name.replace(webxr, openxr)
    return webxr_name


def _poses(poses: NDArray[np.float64]) -> NDArray[np.float64]:
    """Poses whose quaternions, rounded in the file, are unit again."""
    lengths = np.linalg.norm(poses[..., 3:], axis=-1)
    if np.any(np.abs(lengths[~np.isnan(lengths)] - 1.0) > 0.02):
        raise ValueError("a rotation that is no unit quaternion")
    poses[..., 3:] /= lengths[..., None]
    return poses
