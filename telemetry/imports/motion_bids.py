"""A Motion-BIDS recording as frames, for playing it again: one of ours, or another's whose points are named as ours.

Reads a piece at a time. A tracked point is a joint where its name is one of `left_wrist`, `centre_head`, ... and it has
three channels of place (POS x y z) and four of rotation (ORNT quat_x quat_y quat_z quat_w).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telemetry.errors import BadImport
from telemetry.export.tsv import MISSING
from telemetry.imports.tsv import read_tsv
from telemetry.motion import COMPONENTS, PROVENANCE, FrameLayout

_ROWS_IN_A_PIECE = 2_000
_OF = {("POS", "x"): "px", ("POS", "y"): "py", ("POS", "z"): "pz", ("ORNT", "quat_x"): "qx", ("ORNT", "quat_y"): "qy",
       ("ORNT", "quat_z"): "qz", ("ORNT", "quat_w"): "qw"}  # fmt: skip
_METRES = {"m": 1.0, "cm": 0.01, "mm": 0.001, MISSING: 1.0}
_AXES = "RSP"
_MEASURED = PROVENANCE.index("measured")


class BidsRecording:
    """A `*_motion.tsv` file, or a folder that has one of a tracked body, with its channels and description beside it.

    layout: the joints that it has. ended_mono_ns: when its last frame is; its first one is at 0. Raises `BadImport`.
    """

    def __init__(self, path: Path) -> None:
        self.path = _motion_file(path)
        self.session_id = self.path.name.removesuffix("_motion.tsv")
        channels = read_tsv(
            self.path.with_name(f"{self.session_id}_channels.tsv"), ("name", "component", "type", "tracked_point")
        )
        self._width = len(channels)
        if not self._width:
            raise BadImport(
                self.path.with_name(f"{self.session_id}_channels.tsv"), "expected a row a channel, got none"
            )
        self._latency = next((i for i, row in enumerate(channels) if row["type"] == "LATENCY"), None)
        self._rate_hz = self._read_rate()
        self._check_axes()
        joints: dict[str, dict[str, tuple[int, float]]] = {}
        for index, row in enumerate(channels):
            part = _OF.get((row["type"], row["component"]))
            if row["type"] == "MISC" and row["name"] == f"{row['tracked_point']}_provenance":
                part = "provenance"
            if part is not None:
                scale = (
                    _METRES.get(row.get("units", MISSING), math.nan) if part.startswith("p") and len(part) == 2 else 1.0
                )
                if math.isnan(scale):
                    raise BadImport(
                        self.path.with_name(f"{self.session_id}_channels.tsv"),
                        f"expected metres, cm or mm, got {row['units']!r}", index + 2, "units",
                    )  # fmt: skip
                joints.setdefault(row["tracked_point"], {})[part] = index, scale
        self._joints = {name: parts for name, parts in joints.items() if set(COMPONENTS) <= set(parts)}
        if not self._joints:
            raise BadImport(
                self.path, "expected tracked points with POS x, y, z and ORNT quat_x, quat_y, quat_z, quat_w; "
                f"of {', '.join(joints) or 'none'} none has them all",
            )  # fmt: skip
        self.layout = FrameLayout(tuple(self._joints))
        self.ended_mono_ns = self._last_ns()

    def frames(self) -> Iterator[NDArray[np.void]]:
        """The frames in order, in pieces."""
        for first, values in self._pieces():
            frames = np.repeat(self.layout.new_record(), len(values))
            frames["mono_ns"] = frames["display_time_ns"] = self._times_ns(first, values)
            frames["frame"] = np.arange(first + 1, first + len(values) + 1)
            for j, parts in enumerate(self._joints.values()):
                for c, component in enumerate(COMPONENTS):
                    index, scale = parts[component]
                    frames["tracked"][:, j, c] = values[:, index] * scale
                seen = np.isfinite(frames["tracked"][:, j]).all(axis=1)
                told = values[:, parts["provenance"][0]] if "provenance" in parts else np.full(len(values), math.nan)
                codes = np.nan_to_num(told, nan=_MEASURED)
                frames["tracked_provenance"][:, j] = np.where(seen, codes, 0)
                frames["tracked"][~seen, j] = np.nan
            yield frames

    def _times_ns(self, first: int, values: NDArray[np.float64]) -> NDArray[np.int64]:
        if self._latency is not None:
            times = values[:, self._latency]
        else:
            times = np.arange(first, first + len(values)) / self._rate_hz
        return np.round(times * 1e9).astype(np.int64)

    def _pieces(self) -> Iterator[tuple[int, NDArray[np.float64]]]:
        row, last_s = 0, -math.inf
        with self.path.open(encoding="utf-8") as file:
            while lines := [line for _, line in zip(range(_ROWS_IN_A_PIECE), file, strict=False)]:
                values = np.empty((len(lines), self._width))
                for n, line in enumerate(lines):
                    fields = line.rstrip("\r\n").split("\t")
                    if len(fields) != self._width:
                        raise BadImport(
                            self.path, f"expected {self._width} values, one a channel, got {len(fields)}", row + n + 1
                        )
                    try:
                        values[n] = [math.nan if field == MISSING else float(field) for field in fields]
                    except ValueError as error:
                        raise BadImport(self.path, f"expected numbers or {MISSING}: {error}", row + n + 1) from error
                if self._latency is not None:
                    times = np.concatenate([[last_s], values[:, self._latency]])
                    if not np.all(np.diff(times) > 0):
                        at = row + int(np.argmax(~(np.diff(times) > 0))) + 1
                        raise BadImport(self.path, "expected times that rise", at, "latency")
                    last_s = times[-1]
                yield row, values
                row += len(lines)

    def _last_ns(self) -> int:
        last = None
        for first, values in self._pieces():  # which also looks at every value before anything is played
            last = int(self._times_ns(first, values)[-1])
        if last is None:
            raise BadImport(self.path, "expected at least one frame, but the file is empty")
        return last

    def _check_axes(self) -> None:
        """Places and rotations are taken as they are, so that other axes than ours would be played askew."""
        own = self.path.with_name(f"{self.session_id}_channels.json")
        for path in (own, *(folder / "channels.json" for folder in list(self.path.parents)[:5])):
            if not path.exists():
                continue
            try:
                levels = json.loads(path.read_text("utf-8"))["reference_frame"]["Levels"].values()
                axes = {str(level["SpatialAxes"]) for level in levels}
            except (ValueError, KeyError, TypeError, AttributeError):
                continue  # it does not say
            if axes - {_AXES}:
                raise BadImport(path, f"expected SpatialAxes {_AXES} (X right, Y up, Z backward), got {sorted(axes)}")
            return

    def _read_rate(self) -> float:
        path = self.path.with_suffix(".json")
        try:
            told: dict[str, Any] = json.loads(path.read_text("utf-8"))
            rate_hz = float(told["SamplingFrequency"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BadImport(path, f"expected JSON with SamplingFrequency in Hz ({error!r})") from error
        if not (math.isfinite(rate_hz) and rate_hz > 0):
            raise BadImport(path, f"expected a SamplingFrequency above 0 Hz, got {rate_hz}")
        return rate_hz


def is_motion_bids(path: Path) -> bool:
    """Whether a path is a Motion-BIDS file or a folder with one."""
    return path.name.endswith("_motion.tsv") or (path.is_dir() and any(path.rglob("*_motion.tsv")))


def _motion_file(path: Path) -> Path:
    if path.is_file():
        return path
    found = sorted(path.rglob("*_motion.tsv"))
    tracked = [file for file in found if "_tracksys-virtual_" not in file.name]
    if len(tracked) == 1:
        return tracked[0]
    if not tracked:
        raise BadImport(path, "expected a file *_motion.tsv of a tracked body in it, but there is none")
    some = ", ".join(str(file.relative_to(path)) for file in tracked[:3])
    raise BadImport(path, f"expected one recording, but it holds {len(tracked)}; name one, such as {some}")
