"""One session's movement as Motion-BIDS: a file of numbers without a header, its channels, and what it is.

Goes through the record a piece at a time, so that a long session needs no more memory than a short one. BIDS 1.8 and
later, motion: Jeung et al. 2024, Scientific Data 11:716.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from telemetry.export.tsv import MISSING, write_json, write_tsv
from telemetry.motion import COMPONENTS, PROVENANCE
from telemetry.motion_file import read_groups, recorded_codes

#: The one space of every channel of place and rotation. SpatialAxes: X right, Y up (superior), Z backward (posterior).
REFERENCE_FRAMES = {
    "reference_frame": {
        "Description": "What places and rotations are relative to.",
        "Levels": {
            "session": {
                "Description": "One recentred space a session: origin on the floor below the head, -Z where the person "
                "faced. X right, Y up, Z backward, as in OpenXR; metres; unit quaternions.",
                "SpatialAxes": "RSP",
                "RotationOrder": MISSING,
                "RotationRule": "right-hand",
            }
        },
    },
    "tracked_point": {"Description": "The joint: its side, and its name as in OpenXR where OpenXR names it."},
}  # fmt: skip

_CODES = "; ".join(f"{code} {name}" for code, name in enumerate(PROVENANCE))
_TYPE = {name: ("POS" if name.startswith("p") else "ORNT") for name in COMPONENTS}
_COMPONENT = {"px": "x", "py": "y", "pz": "z", "qx": "quat_x", "qy": "quat_y", "qz": "quat_z", "qw": "quat_w"}
#: The types that a motion file's description counts, whether or not it has them.
CHANNEL_TYPES = ("ACCEL", "ANGACCEL", "GYRO", "JNTANG", "LATENCY", "MAGN", "MISC", "ORNT", "POS", "VEL")

_ROWS_IN_A_PIECE = 2_048


@dataclass(frozen=True, slots=True)
class Piece:
    """Some frames: times (n,) s, poses (n, joints, 7), provenance codes (n, joints) uint8."""

    times_s: NDArray[np.float64]
    poses: NDArray[np.float32]
    codes: NDArray[np.uint8]


class SessionMotion:
    """The movement of one body (`tracked` or `virtual`) in a sealed session's Parquet file.

    joints: those that have a pose at any time. first_s, last_s: its first and last frame, in the session's time.
    frames: how many there are. Raises OSError and ValueError where the file cannot be read.
    """

    def __init__(self, path: Path, body: str) -> None:
        self._path, self._body = path, body
        with pq.ParquetFile(path) as file:
            names = [n for n in file.schema_arrow.names if n.startswith(f"{body}_") and n.endswith("_provenance")]
            times = file.read(columns=["time_s"]).column("time_s").to_numpy()
        seen = dict.fromkeys(names, False)
        for group in read_groups(path, names):
            for name in names:
                seen[name] |= bool(recorded_codes(group.column(name)).any())
        self.joints = [name.removeprefix(f"{body}_").removesuffix("_provenance") for name in names if seen[name]]
        self.frames = len(times)
        self.first_s, self.last_s = (float(times[0]), float(times[-1])) if len(times) else (0.0, 0.0)
        steps = np.diff(times)
        self.rate_hz = float(1.0 / np.median(steps)) if len(steps) and np.median(steps) > 0 else 0.0

    def pieces(self) -> Iterator[Piece]:
        """The frames in order, a few thousand at a time: as text they take ten times the room."""
        names = [f"{self._body}_{joint}_{part}" for joint in self.joints for part in (*COMPONENTS, "provenance")]
        for rows in read_groups(self._path, ["time_s", *names]):
            yield from (self._piece(rows.slice(start, _ROWS_IN_A_PIECE))
                        for start in range(0, rows.num_rows, _ROWS_IN_A_PIECE))  # fmt: skip

    def _piece(self, group: pa.Table) -> Piece:
        poses = np.empty((group.num_rows, len(self.joints), 7), np.float32)
        codes = np.empty((group.num_rows, len(self.joints)), np.uint8)
        for j, joint in enumerate(self.joints):
            for c, component in enumerate(COMPONENTS):
                poses[:, j, c] = group.column(f"{self._body}_{joint}_{component}").to_numpy()
            codes[:, j] = recorded_codes(group.column(f"{self._body}_{joint}_provenance"))
        return Piece(group.column("time_s").to_numpy(), poses, codes)


def coarser(pieces: Iterator[Piece], rate_hz: float, start_s: float) -> Iterator[Piece]:
    """The movement at a lower rate: each frame is the mean of all that fell into its interval, to a millimetre.

    A joint counts with the frames that saw it; its provenance is that of the first of those. Rotations are averaged as
    unit quaternions on one hemisphere, which holds for turns as small as within such an interval.
    """
    rest: Piece | None = None
    for piece in pieces:
        if rest is not None:
            piece = Piece(*(np.concatenate(both) for both in zip(_parts(rest), _parts(piece), strict=True)))
        interval = np.floor((piece.times_s - start_s) * rate_hz).astype(np.int64)
        whole = interval < interval[-1]  # the last one may go on in the next piece
        rest = Piece(*(part[~whole] for part in _parts(piece)))
        if whole.any():
            yield _means(Piece(*(part[whole] for part in _parts(piece))), interval[whole])
    if rest is not None and len(rest.times_s):
        yield _means(rest, np.floor((rest.times_s - start_s) * rate_hz).astype(np.int64))


def _parts(piece: Piece) -> tuple[NDArray[Any], ...]:
    return piece.times_s, piece.poses, piece.codes


def _means(piece: Piece, interval: NDArray[np.int64]) -> Piece:
    starts = np.concatenate([[0], np.flatnonzero(np.diff(interval)) + 1])
    lengths = np.diff(np.concatenate([starts, [len(interval)]]))
    seen = (piece.codes != 0) & np.isfinite(piece.poses).all(axis=2)
    # The first frame of each interval that saw the joint stands for its provenance and its hemisphere.
    rows = np.arange(len(interval))[:, None]
    first = np.minimum.reduceat(np.where(seen, rows, len(interval)), starts, axis=0)
    any_seen = first < len(interval)
    first = np.where(any_seen, first, starts[:, None])
    joints = np.arange(piece.codes.shape[1])[None, :]
    reference = np.repeat(piece.poses[first, joints, 3:], lengths, axis=0)
    poses = np.where(seen[..., None], piece.poses, 0.0).astype(np.float64)
    turned = np.sum(poses[..., 3:] * np.where(seen[..., None], reference, 0.0), axis=2) < 0
    poses[..., 3:][turned] *= -1
    sums = np.add.reduceat(poses, starts, axis=0)
    counts = np.add.reduceat(seen.astype(np.int64), starts, axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        places = sums[..., :3] / counts[..., None]
        turns = sums[..., 3:] / np.linalg.norm(sums[..., 3:], axis=2, keepdims=True)
    turns = np.where(turns[..., 3:] < 0, -turns, turns)
    means = np.concatenate([np.round(places, 3), np.round(turns, 4)], axis=2)
    means[~any_seen] = np.nan
    times = np.add.reduceat(piece.times_s, starts) / lengths
    codes = np.where(any_seen, piece.codes[first, joints], 0).astype(np.uint8)
    return Piece(np.round(times, 3), means.astype(np.float32), codes)


def write_motion(stem: str, motion: SessionMotion, facts: dict[str, Any], rate_hz: float | None) -> None:
    """Write `stem`_motion.tsv, _motion.json and _channels.tsv. rate_hz: None for every frame as it was recorded.

    facts: what the description says besides. A frame's first channel is its time from the file's first frame.
    """
    schema = pa.schema([(name, pa.string()) for name in _names(motion.joints)])
    options = pyarrow.csv.WriteOptions(include_header=False, delimiter="\t", quoting_style="none")
    pieces = motion.pieces() if rate_hz is None else coarser(motion.pieces(), rate_hz, motion.first_s)
    rows, first_s, last_s = 0, 0.0, 0.0
    with pyarrow.csv.CSVWriter(f"{stem}_motion.tsv", schema, write_options=options) as writer:
        for piece in pieces:
            if not rows:
                first_s = float(piece.times_s[0])
            rows, last_s = rows + len(piece.times_s), float(piece.times_s[-1])
            writer.write_table(_as_text(piece, first_s, schema))
    channels = _channels(motion.joints)
    write_tsv(Path(f"{stem}_channels.tsv"), channels)
    counts = channels["type"].value_counts()
    effective = (rows - 1) / (last_s - first_s) if rows > 1 and last_s > first_s else 0.0
    content = facts | {
        "SamplingFrequency": rate_hz or round(motion.rate_hz, 3),
        "SamplingFrequencyEffective": round(effective, 3),
        "RecordingDuration": round(last_s - first_s, 6),
        "MissingValues": MISSING,
        "TrackedPointsCount": len(motion.joints),
        "MotionChannelCount": len(channels),
        **{f"{kind}ChannelCount": int(counts.get(kind, 0)) for kind in CHANNEL_TYPES},
    }
    write_json(Path(f"{stem}_motion.json"), content)


def _names(joints: list[str]) -> list[str]:
    return ["latency", *(f"{joint}_{part}" for joint in joints for part in (*COMPONENTS, "provenance"))]


def _as_text(piece: Piece, first_s: float, schema: pa.Schema) -> pa.Table:
    columns: list[pa.Array] = [pa.array(np.round(piece.times_s - first_s, 9)).cast(pa.string())]
    for j in range(piece.codes.shape[1]):
        for c in range(7):
            values = np.ascontiguousarray(piece.poses[:, j, c])
            missing = np.isnan(values)
            text = pa.array(values, mask=missing).cast(pa.string())
            columns.append(pc.fill_null(text, MISSING) if missing.any() else text)
        columns.append(pa.array(np.ascontiguousarray(piece.codes[:, j])).cast(pa.string()))
    return pa.Table.from_arrays(columns, schema=schema)


def _channels(joints: list[str]) -> pd.DataFrame:
    rows: list[tuple[str, str, str, str, str, str, str]] = [
        ("latency", MISSING, "LATENCY", MISSING, "s", MISSING, "From the first frame of this file.")
    ]
    for joint in joints:
        for name in COMPONENTS:
            unit = "m" if _TYPE[name] == "POS" else MISSING
            rows.append((f"{joint}_{name}", _COMPONENT[name], _TYPE[name], joint, unit, "session", MISSING))
        rows.append((f"{joint}_provenance", MISSING, "MISC", joint, MISSING, MISSING, f"Where it came from: {_CODES}."))
    names = ["name", "component", "type", "tracked_point", "units", "reference_frame", "description"]
    return pd.DataFrame(rows, columns=names)
