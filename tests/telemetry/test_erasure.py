"""A person who was erased is nowhere to be found, and does not come back."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import telemetry
from telemetry.client import RecorderClient
from telemetry.erasure import erase
from telemetry.errors import InUse, NotAStore, RequestRefused
from telemetry.folder import Folder
from telemetry.keys import Keyring
from telemetry.leftovers import deliver_leftovers
from telemetry.messages import Profile
from telemetry.motion import FrameLayout
from telemetry.recovery import recover
from telemetry.sender import Sender
from telemetry.testing import JOINTS, PretendSession, RecorderProcess, eventually
from telemetry.verify import verify

LAYOUT = FrameLayout(JOINTS)


def record(address: str | None, spool: Path, session: str, participant: str, *, end: bool = True) -> bool:
    """A session of that person; whether it was delivered."""
    sender = Sender(spool, session, address, LAYOUT)
    pretend = PretendSession(sender, session, participant)
    if end:
        pretend.perform((6.0, 5.0), frames=20)
    else:
        pretend.move(30)
    return sender.close(10.0 if address else 0.5)


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `data`, a store with sessions of GONE and STAY, and the `spool` of another computer."""
    place = tmp_path_factory.mktemp("clinic")
    data, spool = place / "data", place / "spool"
    with RecorderProcess(data) as recorder:
        with RecorderClient(recorder.address) as client:
            for code in ("GONE", "STAY"):
                client.put_profile(Profile(code=code))
            assert record(recorder.address, spool, "SA-gone", "GONE")
            assert record(recorder.address, spool, "SB-stay", "STAY")
            client.wait_sealed("SA-gone", 60.0)
            client.wait_sealed("SB-stay", 60.0)
        assert record(recorder.address, spool, "SC-gone", "GONE", end=False)
        assert recorder.stop() == 0
    record(None, Folder(data).spool, "SD-gone", "GONE")
    folder = Folder(data)
    folder.profile("GONE").parent.mkdir()
    folder.profile("GONE").write_text("{}")
    folder.features.write_bytes(b"measures of SA-gone, GONE")
    return place


@pytest.fixture
def two_people(clinic: Path, data: Path, spool: Path) -> Path:
    """A store with a sealed and an unsealed session of GONE, and a sealed one of STAY; no recorder runs on it."""
    shutil.copytree(clinic / "data", data)
    shutil.copytree(clinic / "spool", spool)
    return data


def _bytes_of(data: Path) -> dict[str, bytes]:
    return {str(path.relative_to(data)): path.read_bytes() for path in data.rglob("*") if path.is_file()}


def test_nothing_of_an_erased_person_is_left_but_the_code_and_the_ids_of_the_sessions(two_people: Path) -> None:
    before = _bytes_of(two_people)
    # A row names its task run: what was deleted must not be in a free page of the file either.
    assert b"SA-gone-t01" in before["clinic.db"]
    done = erase(two_people, "GONE")
    assert done.sessions == ("SA-gone", "SC-gone", "SD-gone")
    store = telemetry.open_store(two_people)
    for table in (store.sessions(), store.tasks(), store.ratings(), store.events(), store.settings()):
        assert set(table["participant"]) <= {"STAY"}
    after = _bytes_of(two_people)
    assert not [name for name in after if "GONE" in name or "gone" in name]
    holding = [name for name, content in after.items() if b"GONE" in content or b"-gone" in content]
    assert holding == ["clinic.db"], "the list of who was erased"
    assert b"SA-gone-t01" not in after["clinic.db"]


def test_a_code_in_other_capitals_erases_all_of_the_same_person(two_people: Path) -> None:
    done = erase(two_people, "gone")
    assert (done.code, done.sessions) == ("GONE", ("SA-gone", "SC-gone", "SD-gone"))
    assert telemetry.open_store(two_people).participants()["code"].tolist() == ["STAY"]
    assert not list(two_people.rglob("participant=GONE"))


def test_the_others_are_untouched(two_people: Path) -> None:
    store = telemetry.open_store(two_people)
    motion, tasks = store.motion("SB-stay"), store.tasks()
    erase(two_people, "GONE")
    assert store.motion("SB-stay").equals(motion)
    assert store.tasks()["task_run_id"].tolist() == tasks[tasks["participant"] == "STAY"]["task_run_id"].tolist()
    assert verify(two_people) == []


def test_what_is_delivered_late_is_refused_and_dropped_where_it_comes_from(two_people: Path, spool: Path) -> None:
    assert (spool / "SC-gone.db").exists(), "another computer still has the session that never ended"
    record(None, spool, "SE-gone", "GONE")
    record(None, spool, "SF-stay", "STAY")
    erase(two_people, "GONE")
    with RecorderProcess(two_people) as recorder:
        left = {leftover.session_id: leftover for leftover in deliver_leftovers(spool, recorder.address)}
        assert left["SC-gone"].dropped
        assert left["SE-gone"].dropped
        assert "was erased from the record" in left["SE-gone"].problem
        assert left["SF-stay"].delivered
        assert list(spool.iterdir()) == []
        with RecorderClient(recorder.address) as client:
            client.wait_sealed("SF-stay", 60.0)
            assert client.status().problem == ""
    assert set(telemetry.open_store(two_people).sessions()["participant"]) == {"STAY"}
    assert verify(two_people) == []


def test_a_spool_that_somebody_holds_is_told_and_keeps_no_other_from_its_way(
    two_people: Path, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Windows has it while a virus scanner looks at a file."""
    record(None, spool, "SF-stay", "STAY")
    record(None, spool, "SJ-stay", "STAY")
    erase(two_people, "GONE")
    unlink = Path.unlink

    def held(path: Path, missing_ok: bool = False) -> None:
        if path.stem in ("SC-gone", "SF-stay") and path.suffix == ".db":
            raise PermissionError(13, "used by another process")
        unlink(path, missing_ok)

    with RecorderProcess(two_people) as recorder:
        monkeypatch.setattr(Path, "unlink", held)
        left = {leftover.session_id: leftover for leftover in deliver_leftovers(spool, recorder.address)}
        assert left["SF-stay"].delivered
        assert left["SJ-stay"].delivered
        assert not left["SC-gone"].dropped
        assert "is to be removed, but: used by another process" in left["SC-gone"].problem
        monkeypatch.undo()
        assert [leftover.dropped for leftover in deliver_leftovers(spool, recorder.address)] == [True, False]
        assert list(spool.iterdir()) == []


def test_a_session_of_an_erased_person_is_told_and_keeps_nothing(two_people: Path, spool: Path) -> None:
    erase(two_people, "GONE")
    with RecorderProcess(two_people) as recorder:
        sender = Sender(spool, "SG-gone", recorder.address, LAYOUT)
        session = PretendSession(sender, "SG-gone", "GONE")
        session.move(20)
        eventually(lambda: "was erased" in sender.problem())
        session.perform((6.0,))
        assert not sender.close(60.0)
        assert sender.status().erased
        assert not (spool / "SG-gone.db").exists()


def test_a_code_that_was_erased_is_not_given_again(two_people: Path) -> None:
    erase(two_people, "GONE")
    with RecorderProcess(two_people) as recorder, RecorderClient(recorder.address) as client:
        with pytest.raises(RequestRefused, match="was erased"):
            client.put_profile(Profile(code="GONE"))
        assert [profile.code for profile in client.profiles()] == ["STAY"]


def test_recover_does_not_bring_an_erased_person_back(two_people: Path) -> None:
    erase(two_people, "GONE")
    spool = Folder(two_people).spool
    record(None, spool, "SH-gone", "GONE")
    assert recover(two_people) == []
    assert list(spool.iterdir()) == []
    assert set(telemetry.open_store(two_people).sessions()["participant"]) == {"STAY"}


def test_erasing_that_was_cut_off_is_finished_by_the_next(two_people: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut_off(_path: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("telemetry.erasure.shutil.rmtree", cut_off)
        with pytest.raises(KeyboardInterrupt):
            erase(two_people, "GONE")
    assert erase(two_people, "GONE").sessions == ("SA-gone", "SC-gone", "SD-gone")
    assert not Folder(two_people).of_participant("GONE").exists()
    assert erase(two_people, "GONE").sessions == ("SA-gone", "SC-gone", "SD-gone")


def test_what_cannot_be_reached_is_named(two_people: Path) -> None:
    Keyring(Folder(two_people).keys).allow(bytes(32), "headset-2")
    (two_people / "clinic.db.bak").write_text("a copy")
    (Folder(two_people).spool / "broken.db").write_text("no spool")
    unreached = " ".join(erase(two_people, "GONE").unreached)
    for name in ("headset-2", "clinic.db.bak", "broken.db", "backups"):
        assert name in unreached


def test_nothing_is_erased_where_the_code_is_unknown_or_a_recorder_runs(two_people: Path, tmp_path: Path) -> None:
    with pytest.raises(RequestRefused, match="got TYPO"):
        erase(two_people, "TYPO")
    with pytest.raises(NotAStore):
        erase(tmp_path / "nowhere", "GONE")
    with RecorderProcess(two_people), pytest.raises(InUse, match="stop that one first"):
        erase(two_people, "GONE")
    assert "SA-gone" in telemetry.open_store(two_people).sessions()["session_id"].tolist()


def test_a_running_session_of_the_person_is_in_the_way(two_people: Path) -> None:
    sender = Sender(Folder(two_people).spool, "SI-gone", None, LAYOUT)
    PretendSession(sender, "SI-gone", "GONE")
    eventually(lambda: sender.status().waiting_to_deliver and (Folder(two_people).spool / "SI-gone.db").exists())
    with pytest.raises(InUse, match="end that first"):
        erase(two_people, "GONE")
    sender.close(0.5)
    assert "SA-gone" in telemetry.open_store(two_people).sessions()["session_id"].tolist()
