"""The record against a model of it: whatever comes, in whatever order, and whenever its process dies."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from telemetry import wire
from telemetry.errors import NotUnderstood
from telemetry.folder import Folder
from telemetry.journal import STREAMS, Entry, Stream
from telemetry.record import Record
from telemetry.seal import seal_session
from telemetry.testing.script import handed_over

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


class RecordMachine(RuleBasedStateMachine):
    """taken, committed: how many entries of each stream the model says are there."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="record-"))
        self.record = Record(Folder(self.folder))
        self.taken = dict.fromkeys(SPOOLED, 0)
        self.committed = dict.fromkeys(SPOOLED, 0)
        self.sealed: set[str] = set()

    @rule(key=streams, back=st.integers(0, 4), ahead=st.integers(0, 2), count=st.integers(1, 20))
    def entries_come(self, key: tuple[str, Stream], back: int, ahead: int, count: int) -> None:
        """What comes next, from a little before (sent twice) or a little behind (something was lost)."""
        session, stream = key
        first = max(0, self.taken[key] - back + ahead)
        entries = SPOOLED[key][first : first + count]
        if not entries:
            return
        took = self.record.take(session, stream, entries)
        assert took == (first <= self.taken[key])
        if took:
            self.taken[key] = max(self.taken[key], first + len(entries))

    @rule(key=streams)
    def nonsense_comes(self, key: tuple[str, Stream]) -> None:
        after = SPOOLED[key][self.taken[key] - 1].last if self.taken[key] else 0
        try:
            self.record.take(*key, [Entry(after + 1, after + 1, key[1] == "motion", b"\xc1")])
        except NotUnderstood:
            return
        raise AssertionError("expected nonsense to be refused")

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

    @invariant()
    def what_is_committed_is_there_and_nothing_else(self) -> None:
        for (session, stream), count in self.committed.items():
            expected = SPOOLED[session, stream][:count]
            assert self.record.reach(session)[stream] == (expected[-1].last if expected else 0)
            if session not in self.sealed:
                assert list(self.record.journal.all(session, stream)) == expected

    def teardown(self) -> None:
        if hasattr(self, "record"):
            self.record.close()
            shutil.rmtree(self.folder)


TestRecord = RecordMachine.TestCase
TestRecord.settings = settings(max_examples=25, stateful_step_count=25, deadline=None, derandomize=True)
