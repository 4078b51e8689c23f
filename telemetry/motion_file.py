"""Motion as a table: frame records to Arrow, to a Parquet file, and back to the very same bytes.

zstd and BYTE_STREAM_SPLIT halve the size of poses against Parquet's defaults, and read in a third of the time. Only the
task run may be missing in a row; what is never missing needs no levels and is read in one go.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from telemetry.motion import BODIES, COMPONENTS, PROVENANCE, STAGES, FrameLayout
from telemetry.schema import PROVENANCE_CATEGORIES, motion_columns

SPACE = "one recentred session space; X right, Y up, Z backward (OpenXR); metres; unit quaternions xyzw"

_MOST_ROWS_IN_A_GROUP = 16_384
_INTEGERS = ("frame", "display_time_ns", "mono_ns", "run_number", "pose_age_ns")
# Code to category and back; a code that has no name is noticed, not renamed.
_CATEGORY = np.full(256, -1, np.int8)
_CATEGORY[: len(PROVENANCE)] = [PROVENANCE_CATEGORIES.index(name) for name in PROVENANCE]
_CODE = np.array([PROVENANCE.index(name) for name in PROVENANCE_CATEGORIES], np.uint8)


@dataclass(frozen=True, slots=True)
class MotionContext:
    """What turns a session's frames into its table: joints, start on the runtime's clock, and its task runs.

    runs: (run_number, block_index, task_run_id), in order.
    """

    layout: FrameLayout
    started_xr_ns: int
    runs: tuple[tuple[int, int, str], ...]

    def block_of(self, run_number: int) -> int:
        return next((block for number, block, _ in self.runs if number == run_number), -1)


def to_table(frames: NDArray[np.void], seqs: NDArray[np.int64], context: MotionContext) -> pa.Table:
    """The frames with their sequence numbers as a table with the columns of `motion_columns`.

    Raises ValueError for a provenance that has no name.
    """
    values: dict[str, pa.Array] = {
        "time_s": pa.array((frames["display_time_ns"] - context.started_xr_ns) / 1e9),
        "task_run_id": _task_run_ids(frames["run_number"], context),
        "seq": pa.array(seqs),
    }
    for name in (*_INTEGERS, *STAGES):
        values[name] = pa.array(np.ascontiguousarray(frames[name]))
    across = len(frames), len(context.layout.joints) * len(COMPONENTS)
    for body in BODIES:
        # One transposition, so that each column is contiguous; picking columns one by one takes five times as long.
        columns = np.ascontiguousarray(frames[body].reshape(across).T)
        categories = np.ascontiguousarray(_CATEGORY[frames[f"{body}_provenance"]].T)
        if (categories < 0).any():
            code = int(frames[f"{body}_provenance"].max())
            raise ValueError(f"expected provenance codes 0 to {len(PROVENANCE) - 1}, got {code}; {body} poses have it")
        for j, joint in enumerate(context.layout.joints):
            for c, component in enumerate(COMPONENTS):
                values[f"{body}_{joint}_{component}"] = pa.array(columns[j * len(COMPONENTS) + c])
            values[f"{body}_{joint}_provenance"] = pa.DictionaryArray.from_arrays(
                pa.array(categories[j], mask=categories[j] < 0), pa.array(PROVENANCE_CATEGORIES)
            )
    schema = arrow_schema(context.layout)
    return pa.Table.from_arrays([values[name] for name in schema.names], schema=schema)


def arrow_schema(layout: FrameLayout) -> pa.Schema:
    """The table's columns, each with unit and description, and what the poses are relative to."""
    head = {"time_s": pa.float64(), "seq": pa.int64(), "task_run_id": pa.dictionary(pa.int32(), pa.string())}
    head |= {name: pa.from_numpy_dtype(layout.dtype[name]) for name in (*_INTEGERS, *STAGES)}
    joint = {"real": pa.float32(), "choice": pa.dictionary(pa.int8(), pa.string())}
    return pa.schema(
        [
            pa.field(
                column.name,
                head[column.name] if column.name in head else joint[column.kind],
                nullable=column.name == "task_run_id",
                metadata={"unit": column.unit, "description": column.description},
            )
            for column in motion_columns(layout.joints)
        ],
        metadata={"joints": json.dumps(layout.joints), "space": SPACE},
    )


def _task_run_ids(numbers: NDArray[np.int32], context: MotionContext) -> pa.DictionaryArray:
    codes = np.full(len(numbers), -1, np.int32)
    for code, (number, _, _) in enumerate(context.runs):
        codes[numbers == number] = code
    names = pa.array([task_run_id for _, _, task_run_id in context.runs], pa.string())
    return pa.DictionaryArray.from_arrays(pa.array(codes, mask=codes < 0), names)


def to_frames(table: pa.Table, layout: FrameLayout) -> NDArray[np.void]:
    """The frame records that the table was made of, to the last bit."""
    frames = np.empty(table.num_rows, layout.dtype)
    for name in (*_INTEGERS, *STAGES):
        frames[name] = table.column(name).to_numpy()
    for body in BODIES:
        columns = np.empty((len(layout.joints) * len(COMPONENTS), table.num_rows), np.float32)
        for j, joint in enumerate(layout.joints):
            for c, component in enumerate(COMPONENTS):
                columns[j * len(COMPONENTS) + c] = table.column(f"{body}_{joint}_{component}").to_numpy()
            frames[f"{body}_provenance"][:, j] = recorded_codes(table.column(f"{body}_{joint}_provenance"))
        frames[body] = columns.T.reshape(table.num_rows, len(layout.joints), len(COMPONENTS))
    return frames


def provenance_codes(column: pa.ChunkedArray) -> NDArray[np.int8]:
    """A provenance column as indices of `PROVENANCE_CATEGORIES`, whichever dictionaries its chunks have."""
    codes = np.empty(len(column), np.int8)
    first = 0
    for chunk in column.chunks:
        lookup = np.array([PROVENANCE_CATEGORIES.index(name) for name in chunk.dictionary.to_pylist()], np.int8)
        here = codes[first : first + len(chunk)]
        if len(lookup) == 1:  # most joints, most of the time
            here.fill(lookup[0])
        elif len(chunk):
            np.take(lookup, chunk.indices.to_numpy(), out=here)
        first += len(chunk)
    return codes


def recorded_codes(column: pa.ChunkedArray) -> NDArray[np.uint8]:
    """A provenance column as the codes of `PROVENANCE`, as frame records have them."""
    return _CODE[provenance_codes(column)]


def write_motion(path: Path, chunks: Iterable[tuple[int, NDArray[np.void]]], context: MotionContext) -> None:
    """Write (first seq, frames) chunks to a Parquet file, a row group a block of the programme."""
    schema = arrow_schema(context.layout)
    categories = [field.name for field in schema if pa.types.is_dictionary(field.type)]
    encodings = {
        field.name: "BYTE_STREAM_SPLIT" if pa.types.is_floating(field.type) else "DELTA_BINARY_PACKED"
        for field in schema
        if field.name not in categories
    }
    with pq.ParquetWriter(
        path,
        schema,
        compression="zstd",
        use_dictionary=categories,
        column_encoding=encodings,
        write_statistics=["run_number"],
    ) as writer:
        for seqs, frames in _groups(chunks, context):
            writer.write_table(to_table(frames, seqs, context), row_group_size=len(frames))


def _groups(
    chunks: Iterable[tuple[int, NDArray[np.void]]], context: MotionContext
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.void]]]:
    """Chunks joined until a block begins or the group is large; frames between task runs belong to the block before."""
    frames: list[NDArray[np.void]] = []
    seqs: list[NDArray[np.int64]] = []
    rows, block = 0, -1
    for first, chunk in chunks:
        # Pieces of one run number each, so that a chunk may hold the end of one block and the start of the next.
        begins = [0, *(np.flatnonzero(np.diff(chunk["run_number"])) + 1).tolist(), len(chunk)]
        for begin, end in itertools.pairwise(begins):
            of_block = context.block_of(int(chunk["run_number"][begin]))
            if rows and (rows + end - begin > _MOST_ROWS_IN_A_GROUP or (of_block not in (-1, block) and block != -1)):
                yield np.concatenate(seqs), np.concatenate(frames)
                frames, seqs, rows = [], [], 0
            if of_block != -1:
                block = of_block
            frames.append(chunk[begin:end])
            seqs.append(np.arange(first + begin, first + end, dtype=np.int64))
            rows += end - begin
    if rows:
        yield np.concatenate(seqs), np.concatenate(frames)


def read_groups(path: Path, columns: list[str] | None = None) -> Iterator[pa.Table]:
    """The file's row groups, one after the other."""
    with pq.ParquetFile(path) as file:
        for index in range(file.num_row_groups):
            yield file.read_row_group(index, columns)


def read_table(path: Path, columns: Collection[str] | None = None, run_number: int | None = None) -> pa.Table:
    """The file's table: these columns of it, and the frames of this task run alone.

    Read where the file lies, without the layers that look for a data set of many files: half the processor's work.
    """
    with pq.ParquetFile(path, memory_map=True) as file:
        names = [name for name in file.schema_arrow.names if columns is None or name in columns]
        if run_number is None:
            return file.read(names)
        groups = [n for n in range(file.num_row_groups) if _may_have(file.metadata.row_group(n), run_number)]
        table = file.read_row_groups(groups, list(dict.fromkeys([*names, "run_number"])))
        return table.filter(pc.equal(table.column("run_number"), run_number)).select(names)


def _may_have(group: pq.RowGroupMetaData, run_number: int) -> bool:
    """Whether a row group may have frames of the task run, by its statistics."""
    for n in range(group.num_columns):
        column = group.column(n)
        if column.path_in_schema == "run_number" and column.is_stats_set and column.statistics.has_min_max:
            return bool(column.statistics.min <= run_number <= column.statistics.max)
    return True
