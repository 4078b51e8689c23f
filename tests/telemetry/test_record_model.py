"""The record against a model of it: whatever comes, in whatever order, whenever its process dies or a backup is
restored.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from telemetry import wire
from telemetry.backup import back_up
from telemetry.errors import NotUnderstood
from telemetry.folder import Folder
from telemetry.journal import STREAMS, Entry, Journal, Stream
from telemetry.motion import Gap
from telemetry.record import Record
from telemetry.seal import seal_session
from telemetry.spool import entries_behind
from telemetry.testing.script import handed_over
from telemetry.verify import verify

SESSIONS = ("S1", "S2")
HANDED = {name: handed_over(name, seed, 12) for seed, name in enumerate(SESSIONS)}
#: What a spool of each session holds: an event an entry, three frames an entry.
SPOOLED: dict[tuple[str, Stream], list[Entry]] = {}
for _name, _handed in HANDED.items():
    SPOOLED[_name, "events"] = [
        Entry(seq, seq, False, wire.encode(event)) for seq, event in enumerate(_handed.events, start=1)
    ]
    _chunks = [_handed.frames[begin : begin + 3] for begin in range(0, len(_handed.frames), 3)]
    SPOOLED[_name, "motion"] = [
        Entry(3 * number + 1, 3 * number + len(chunk), False, b"".join(chunk)) for number, chunk in enumerate(_chunks)
    ]
streams = st.tuples(st.sampled_from(SESSIONS), st.sampled_from(STREAMS))


Key = tuple[str, Stream]
Content = dict[Key, tuple[Entry, ...]]


@dataclass(frozen=True)
class Copied:
    """What the model says is in a backup: of each stream, and which sessions are sealed there."""

    content: Content
    sealed: frozenset[str]


class RecordMachine(RuleBasedStateMachine):
    """A recorder's record, the spools that deliver to it, and a backup.

    taken, committed: the entries of each stream that the model says are there. let_go: through which frame each spool
    has let go, told or not to the recorder of a restored backup.
    """

    @initialize()
    def begin(self) -> None:
        self.place = Path(tempfile.mkdtemp(prefix="record-"))
        self.folder, self.copy = self.place / "data", self.place / "backup"
        self.record = Record(Folder(self.folder))
        self.spools = {name: Journal(self.place / f"{name}.db") for name in SESSIONS}
        for name, spool in self.spools.items():
            spool.append([(name, stream, entry) for stream in STREAMS for entry in SPOOLED[name, stream]])
        self.let_go = dict.fromkeys(SESSIONS, 0)
        self.taken: Content = dict.fromkeys(SPOOLED, ())
        self.committed = dict(self.taken)
        self.sealed: set[str] = set()
        self.begun_backup: Content | None = None
        self.backup: Copied | None = None

    @rule(key=streams, back=st.integers(0, 4), ahead=st.integers(0, 2), count=st.integers(1, 20))
    def entries_come(self, key: Key, back: int, ahead: int, count: int) -> None:
        """What the spool has next, from a little before (sent twice) or a little behind (something was lost)."""
        session, stream = key
        taken = self.taken[key]
        before = taken[-1 - back].last if back < len(taken) else 0
        entries = entries_behind(self.spools[session], session, stream, before, ahead + count)[ahead:]
        if not entries or any(e.gap and e.first <= _last(taken) < e.last for e in entries):
            return  # a gap that half of is known already is told to nobody: who asks says what it has
        took = self.record.take(session, stream, entries)
        fresh = [entry for entry in entries if entry.last > _last(taken)]
        assert took == (not fresh or fresh[0].first == _last(taken) + 1)
        if took:
            self.taken[key] = (*taken, *fresh)

    @rule(key=streams)
    def nonsense_comes(self, key: Key) -> None:
        after = _last(self.taken[key])
        try:
            self.record.take(*key, [Entry(after + 1, after + 1, key[1] == "motion", b"\xc1")])
        except NotUnderstood:
            return
        raise AssertionError("expected nonsense to be refused")

    @rule(key=streams, count=st.integers(1, 9))
    def a_gap_comes_for_what_is_there(self, key: Key, count: int) -> None:
        """Whoever says so: what the record has, it has; and events have no gaps at all."""
        session, stream = key
        last = _last(self.taken[key])
        if not last:
            return
        gap = Entry(max(1, last - count), last + 1, True, wire.encode(Gap(1, "the disk was slow")))
        try:
            self.record.take(session, stream, [gap])
        except NotUnderstood:
            return
        raise AssertionError("expected a gap over what is there, or of events, to be refused")

    @rule()
    def commit(self) -> None:
        self.record.commit()
        self.committed = dict(self.taken)

    @rule()
    def enter(self) -> None:
        self.record.enter()

    @rule()
    def die(self) -> None:
        """What was taken and not committed is gone, and nothing else."""
        self.record.close()
        self.record = Record(Folder(self.folder))
        self.taken = dict(self.committed)

    @rule()
    def seal(self) -> None:
        for session in self.record.ready():
            if session not in self.sealed:
                seal_session(self.record.folder, self.record.journal, self.record.clinic, session)
                self.sealed.add(session)
        self.record.now_sealed()

    @rule(session=st.sampled_from(SESSIONS))
    def a_disk_gets_short(self, session: str) -> None:
        """A spool lets go of what is acknowledged, of its frames alone."""
        self.let_go[session] = max(self.let_go[session], _last(self.committed[session, "motion"]))
        self.spools[session].append([], (session, {"motion": self.let_go[session]}))

    @rule()
    def begin_backup(self) -> None:
        """The journal is copied first, and more may come before the rest is."""
        self.begun_backup = dict(self.committed)
        _copy(self.record.journal.path, self.place / "journal.db")

    @rule()
    def back_up(self) -> None:
        back_up(self.folder, self.copy)
        content = dict(self.committed)
        if self.begun_backup is not None:
            shutil.copy(self.place / "journal.db", Folder(self.copy).journal)
            content = {key: content[key] if key[0] in self.sealed else self.begun_backup[key] for key in content}
        self.backup = Copied(content, frozenset(self.sealed))
        self.begun_backup = None

    @precondition(lambda self: self.backup is not None)
    @rule()
    def the_record_is_lost_and_its_backup_restored(self) -> None:
        assert self.backup is not None
        self.record.close()
        shutil.rmtree(self.folder)
        shutil.copytree(self.copy, self.folder)
        self.record = Record(Folder(self.folder))
        self.committed = dict(self.backup.content)
        self.taken = dict(self.committed)
        self.sealed = set(self.backup.sealed)
        self.begun_backup = None

    @invariant()
    def what_is_committed_is_there_and_nothing_else(self) -> None:
        for (session, stream), expected in self.committed.items():
            assert self.record.reach(session)[stream] == _last(expected)
            if session not in self.sealed:
                assert list(self.record.journal.all(session, stream)) == list(expected)

    @invariant()
    def nothing_is_in_a_gap_that_its_spool_still_has(self) -> None:
        for (session, stream), entries in self.committed.items():
            gaps = [entry for entry in entries if entry.gap]
            assert not gaps or (stream == "motion" and gaps[-1].last <= self.let_go[session])
            covered = [seq for entry in entries for seq in range(entry.first, entry.last + 1)]
            assert covered == list(range(1, len(covered) + 1))

    def teardown(self) -> None:
        """In the end everything is delivered, sealed and whole, whatever was lost before."""
        if not hasattr(self, "record"):
            return
        for key, handed in SPOOLED.items():
            while entries := entries_behind(self.spools[key[0]], *key, _last(self.taken[key]), 9):
                assert self.record.take(*key, entries)
                self.taken[key] += tuple(entries)
            assert _last(self.taken[key]) == handed[-1].last
        self.commit()
        self.enter()
        self.seal()
        assert self.sealed == set(SESSIONS)
        self.record.close()
        for spool in self.spools.values():
            spool.close()
        assert verify(self.folder) == []
        told = {name: [] for name in SESSIONS}
        with closing(sqlite3.connect(Folder(self.folder).clinic)) as db:
            for session, first, last in db.execute(
                "SELECT session_id, detail ->> 'first', detail ->> 'last' FROM events WHERE name = 'gap' ORDER BY seq"
            ):
                told[session].append((first, last))
        for name in SESSIONS:
            assert told[name] == [(e.first, e.last) for e in self.taken[name, "motion"] if e.gap]
        shutil.rmtree(self.place)


def _last(entries: tuple[Entry, ...]) -> int:
    return entries[-1].last if entries else 0


def _copy(path: Path, to: Path) -> None:
    with closing(sqlite3.connect(path)) as here, closing(sqlite3.connect(to)) as there:
        here.backup(there)


TestRecord = RecordMachine.TestCase
TestRecord.settings = settings(max_examples=25, stateful_step_count=25, deadline=None, derandomize=True)
