"""A programme that was edited while its session runs: read and checked in a process of its own.

Reading TOML would hold the lock of Python for longer than a frame has to spare, so the session gets it ready made. Run
as `python -m vrrehab.session.edited NAME SEED [MODE]`: writes an `Edited` to the standard output as MessagePack, or
ends with 1 and one line that says what is wrong with which file.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from telemetry.messages import Phase
from vrrehab.errors import SceneFileError, UnknownName
from vrrehab.session.checking import check
from vrrehab.session.programme import Programme, Step, lay_out, load_programme, programme_file
from vrrehab.session.questions import Question, questions_of
from vrrehab.tasks.definition import task_file


class Edited(msgspec.Struct, frozen=True):
    """The programme as it is written now, with everything that it names."""

    programme: Programme
    steps: tuple[Step, ...]
    questions: dict[Phase, tuple[Question, ...]]


def files_of(programme: Programme, name: str) -> Iterator[Path]:
    """The files that the programme `name` is made of: its own, and its tasks'."""
    yield programme_file(name)
    for task in dict.fromkeys(planned.task for block in programme.blocks for planned in block.tasks):
        yield task_file(task)


def read(name: str, seed: int, mode: str | None) -> Edited:
    """Raises `SceneFileError` and `UnknownName` for what could not begin a session either."""
    programme = load_programme(name)
    check(programme, programme_file(name), mode)
    return Edited(programme, lay_out(programme, seed, mode), questions_of(programme.ask))


def decode(data: bytes) -> Edited:
    return msgspec.msgpack.decode(data, type=Edited)


def main() -> None:
    name, seed, *mode = sys.argv[1:]
    try:
        edited = read(name, int(seed), mode[0] if mode else None)
    except (SceneFileError, UnknownName) as error:
        sys.exit(" ".join(str(error).split()))
    sys.stdout.buffer.write(msgspec.msgpack.encode(edited))


if __name__ == "__main__":
    main()
