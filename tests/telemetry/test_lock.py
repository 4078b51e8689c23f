from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from telemetry.errors import InUse, JournalUnwritable
from telemetry.lock import Lock
from telemetry.testing import eventually

HOLDER = """
import sys, time
from pathlib import Path
from telemetry.lock import Lock
lock = Lock(Path(sys.argv[1]), "")
print("held", flush=True)
time.sleep(60)
"""


def test_a_lock_has_one_holder_at_a_time_in_one_process(tmp_path: Path) -> None:
    lock = Lock(tmp_path / "a.lock", "")
    with pytest.raises(InUse, match="somebody has it"):
        Lock(tmp_path / "a.lock", "somebody has it")
    lock.release()
    Lock(tmp_path / "a.lock", "").release()


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(InUse):
        Lock(path, "held")
    holder.kill()
    holder.communicate()

    def free() -> bool:
        try:
            Lock(path, "").release()
        except InUse:
            return False
        return True

    eventually(free)


def test_a_released_lock_can_take_its_file_away(tmp_path: Path) -> None:
    Lock(tmp_path / "a.lock", "").release(remove=True)
    assert list(tmp_path.iterdir()) == []


def test_a_lock_in_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(JournalUnwritable, match="choose another folder"):
        Lock(tmp_path / "nowhere" / "a.lock", "")
