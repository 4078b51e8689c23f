"""The same session on disk: ours, as LabRecorder writes XDF, and as the Unity Experiment Framework writes CSV."""

from __future__ import annotations

import gzip
import shutil
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.record.movement import FULL, LAYOUT, RATE_HZ, movement
from telemetry.motion import BODIES
from telemetry.motion_file import MotionContext, write_motion

_CHANNELS = len(BODIES) * len(FULL) * 7


def sizes(folder: Path, minutes: float, capture: np.ndarray | None) -> dict[str, float]:
    """Megabytes a minute of session of each format; poses and provenance of every joint of both bodies."""
    count = round(minutes * 60 * RATE_HZ)
    written = {
        "motion.parquet": _parquet(folder / "motion.parquet", movement(count, capture)),
        "XDF, as LabRecorder writes it": _xdf(folder / "session.xdf", movement(count, capture), count),
        "the same, gzip": _zipped(folder / "session.xdf"),
        "CSV, as UXF writes it": _csv(folder / "csv", movement(count, capture)),
    }
    _read_by_its_own_reader(folder / "session.xdf", count)
    return {name: size / 1e6 / minutes for name, size in written.items()}


def _parquet(path: Path, frames: Iterator[np.ndarray]) -> int:
    first = 1
    chunks = []
    for piece in frames:
        chunks.append((first, piece))
        first += len(piece)
    write_motion(path, chunks, MotionContext(LAYOUT, 0, ((1, 0, "t01"),)))
    return path.stat().st_size


def _xdf(path: Path, frames: Iterator[np.ndarray], count: int) -> int:
    """XDF 1.0 (Swartz Center): one stream of float32 poses, one of int8 provenances, chunks of half a second.

    Times are left out where they follow from the rate, as LabRecorder does, which costs one byte a sample.
    """
    with path.open("wb") as file:
        file.write(b"XDF:")
        _chunk(file, 1, b'<?xml version="1.0"?><info><version>1.0</version></info>')
        for stream, (name, kind, channels) in enumerate((("poses", "float32", _CHANNELS), ("provenance", "int8", 134))):
            labels = "".join(f"<channel><label>{name}_{n}</label></channel>" for n in range(channels))
            header = (f'<?xml version="1.0"?><info><name>{name}</name><type>Mocap</type><channel_count>{channels}'
                      f"</channel_count><nominal_srate>{RATE_HZ}</nominal_srate><channel_format>{kind}"
                      f"</channel_format><desc><channels>{labels}</channels></desc></info>")  # fmt: skip
            _chunk(file, 2, struct.pack("<I", stream + 1) + header.encode())
        for piece in (part for long in frames for part in np.array_split(long, max(1, len(long) // 45))):
            poses = np.concatenate([piece[body].reshape(len(piece), -1) for body in BODIES], axis=1)
            codes = np.concatenate([piece[f"{body}_provenance"] for body in BODIES], axis=1).astype(np.int8)
            for stream, values in ((1, poses.astype("<f4")), (2, codes)):
                samples = [_sample(n, float(piece["mono_ns"][n]) / 1e9, row.tobytes()) for n, row in enumerate(values)]
                _chunk(file, 3, struct.pack("<IBB", stream, 1, len(samples)) + b"".join(samples))
        for stream in (1, 2):
            footer = f"<?xml version='1.0'?><info><sample_count>{count}</sample_count></info>".encode()
            _chunk(file, 6, struct.pack("<I", stream) + footer)
    return path.stat().st_size


def _read_by_its_own_reader(path: Path, count: int) -> None:
    """A check that what stands for XDF is XDF, where pyxdf can be imported; says whether it was."""
    try:
        import pyxdf
    except ImportError:
        print("| pyxdf cannot be imported here: that the file is XDF was not checked | |")
        return
    streams, _ = pyxdf.load_xdf(path)
    shapes = sorted(stream["time_series"].shape for stream in streams)
    assert shapes == [(count, 134), (count, _CHANNELS)], shapes
    print(f"| the XDF was read back by pyxdf, {count:,} samples of {_CHANNELS} and of 134 channels | |")


def _sample(n: int, time_s: float, values: bytes) -> bytes:
    return (b"\0" if n else b"\x08" + struct.pack("<d", time_s)) + values


def _chunk(file, tag: int, content: bytes) -> None:  # type: ignore[no-untyped-def]
    length = len(content) + 2
    head = struct.pack("<BB", 1, length) if length < 256 else struct.pack("<BI", 4, length)
    file.write(head + struct.pack("<H", tag) + content)


def _zipped(path: Path) -> int:
    target = path.with_suffix(".xdfz")
    with path.open("rb") as source, gzip.open(target, "wb", 6) as zipped:
        shutil.copyfileobj(source, zipped)
    return target.stat().st_size


def _csv(folder: Path, frames: Iterator[np.ndarray]) -> int:
    """A file a tracked thing: time, position and Euler angles, four decimals (UXF's PositionRotationTracker)."""
    folder.mkdir()
    things = [(body, j) for body in BODIES for j in range(len(FULL))]
    files = [(folder / f"{body}_{FULL[j]}_movement_T001.csv").open("w") for body, j in things]
    for file in files:
        file.write("time,pos_x,pos_y,pos_z,rot_x,rot_y,rot_z\n")
    for piece in frames:
        time_s = piece["mono_ns"] / 1e9
        for (body, j), file in zip(things, files, strict=True):
            pose = piece[body][:, j]
            columns = np.column_stack([time_s, pose[:, :3], _euler_deg(pose[:, 3:])])
            np.savetxt(file, columns, fmt="%.4f", delimiter=",")
    for file in files:
        file.close()
    return sum(path.stat().st_size for path in folder.iterdir())


def _euler_deg(q: np.ndarray) -> np.ndarray:
    x, y, z, w = q.T
    return np.degrees(np.column_stack([
        np.arctan2(2 * (w * x + y * z), 1 - 2 * (x * x + y * y)),
        np.arcsin(np.clip(2 * (w * y - z * x), -1, 1)),
        np.arctan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z)),
    ])) % 360  # fmt: skip
