"""Files by which programs find one another: what Windows refuses for a moment is done a moment later."""

from __future__ import annotations

from pathlib import Path

import pytest

from telemetry import files
from telemetry.errors import InUse
from telemetry.folder import announce_session, running_session, sole_session
from telemetry.lock import Lock


def test_a_file_that_somebody_looks_at_is_replaced_once_they_are_done(tmp_path: Path) -> None:
    part, path = tmp_path / "session.part", tmp_path / "session.json"
    part.write_text("new")
    looked_at = 3

    def replace() -> None:
        nonlocal looked_at
        if looked_at:
            looked_at -= 1
            raise PermissionError(13, "used by another process")
        part.replace(path)

    files._patiently(replace, patience_s=60.0)
    assert path.read_text() == "new"


def test_a_file_that_may_not_be_touched_at_all_is_told(tmp_path: Path) -> None:
    def refuse() -> None:
        raise PermissionError(13, "not yours")

    with pytest.raises(PermissionError, match="not yours"):
        files._patiently(refuse, patience_s=0.05)
    files.remove(tmp_path / "never there")


def test_a_session_ends_in_order_while_somebody_holds_the_file_that_says_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "used by another process")

    with announce_session(tmp_path, "S1", "tcp://127.0.0.1:1", "tcp://127.0.0.1:2", participant="P001"):
        monkeypatch.setattr(Path, "unlink", refuse)
    assert (tmp_path / "session.json").exists()
    assert running_session(tmp_path) is None, "it is nobody's file then"


def test_one_session_at_a_time_sits_on_a_folder_from_its_beginning_to_its_end(tmp_path: Path) -> None:
    ending = pytest.raises(InUse, match="just beginning or ending there; wait a moment")
    with sole_session(tmp_path), ending, sole_session(tmp_path):
        pass
    with sole_session(tmp_path), announce_session(tmp_path, "S1", "", "", participant="P001"):
        (tmp_path / "spool").mkdir()
        spool = Lock(tmp_path / "spool" / "S1.lock", "")  # as the session's spool has it
        with pytest.raises(InUse, match=r"S1 of P001 runs there since 20.*; stop it"), sole_session(tmp_path):
            pass
        spool.release()
    with sole_session(tmp_path):
        pass
