"""Proves the record path: real sessions and recorders over a bad wire, killed at random, compared with a reference.

python -m telemetry.testing.prove --runs 200

A run is one store with one or two sessions. A seed decides what is killed, frozen or absent, and when; how the
operating system interleaves the rest is left to it. `Disproved` names the seed and everything that was done.
"""

from __future__ import annotations

import itertools
import json
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections import Counter, deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np

import telemetry
from telemetry import messages, wire
from telemetry.backup import back_up
from telemetry.errors import JournalUnwritable
from telemetry.folder import Folder
from telemetry.journal import STREAMS, Journal, Stream
from telemetry.leftovers import deliver_leftovers
from telemetry.motion import FrameLayout
from telemetry.motion_file import read_groups, to_frames
from telemetry.seal import EVENTS_FILE, MOTION_FILE, EventLine
from telemetry.testing.pretend import JOINTS
from telemetry.testing.processes import Faults, LossyWire, RecorderProcess, eventually
from telemetry.testing.script import Handed, expected_tasks, handed_over
from telemetry.verify import verify

#: Long, because a machine that is busy with other work is slow, and slow is not lost.
_PATIENCE_S = 180.0
_LAYOUT = FrameLayout(JOINTS)
#: More than any disk has free.
_ANY_DISK = 1 << 60
_line = msgspec.json.Decoder(EventLine)


class Disproved(AssertionError):
    """The record path broke a promise."""


class Session:
    """A session in a process of its own, and everything that it hands over if it is left alone."""

    def __init__(self, folder: Path, name: str, address: str, chance: random.Random) -> None:
        self.name = name
        seed, steps = chance.randrange(2**31), chance.randint(40, 120)
        self.handed: Handed = handed_over(name, seed, steps)
        self.spool = folder / "spool" / f"{name}.db"
        self.killed = False
        #: What the spool held when the session was dead: it has to arrive.
        self.committed: dict[Stream, int] = dict.fromkeys(STREAMS, 0)
        self._said = folder / f"{name}.out"
        self._heard_before = 0
        command = [sys.executable, "-m", "telemetry.testing.script", "--spool", str(self.spool.parent)]
        command += ["--session", name, "--recorder", address, "--seed", str(seed), "--steps", str(steps)]
        # Whether its disk is short, so that it lets go of frames once they are acknowledged.
        self.short = chance.random() < 0.3
        command += ["--queue", str(chance.choice((128, 2048))), "--short", str(_ANY_DISK if self.short else 0)]
        with self._said.open("wb") as out:
            self.process = subprocess.Popen(command, stdout=out)

    def acknowledged(self) -> dict[Stream, int]:
        """What the session was last told to be in the record; nothing before it has heard of one that was set back."""
        told = self._told()[self._heard_before :]
        if self._heard_before:
            heard = (n for n, (before, now) in enumerate(pairwise(told), 1) if now < before or now[1] < before[1])
            told = told[next(heard, len(told)) :]
        return {"events": told[-1][0], "motion": told[-1][1]} if told else dict.fromkeys(STREAMS, 0)

    def set_back(self) -> None:
        """The record is an earlier one: what the session was told before counts no more."""
        self._heard_before = max(1, len(self._told()) - 1)

    def delivers_again(self) -> bool:
        """Whether its spool will be there for a recorder that starts from now on, asked while none runs."""
        if self.process.poll() is not None:
            return self.spool.exists()
        # One that is ending may be about to hear that all of it was acknowledged, and to remove its spool.
        try:
            spool = Journal(self.spool, read_only=True)
        except JournalUnwritable:
            return False
        try:
            newest = spool.newest(self.name, "events")
        except JournalUnwritable:
            return False
        finally:
            spool.close()
        return newest is not None and not isinstance(wire.decode_event(newest.payload), messages.SessionEnded)

    def _told(self) -> list[tuple[int, int]]:
        # A line that was cut off by the kill does not count.
        whole = self._said.read_text().rpartition("\n")[0].splitlines()
        told = (line.split() for line in whole if not line.startswith("closed"))
        return [(int(events), int(motion)) for events, motion in told]

    def kill(self) -> None:
        self.killed = True
        self.process.kill()
        self.process.wait()
        self._look()

    def wait(self) -> None:
        if self.process.wait(_PATIENCE_S):
            raise Disproved(f"session {self.name} ended with status {self.process.returncode}")
        self._look()

    def _look(self) -> None:
        if self.spool.exists():
            self.committed = _reach(self.spool, self.name)
        elif not self.killed:
            # Removed because the recorder has all of it.
            self.committed = {"events": len(self.handed.events), "motion": len(self.handed.frames)}


class Run:
    """One store, from its first session to its last seal, with everything that goes wrong in between."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.chance = random.Random(seed)
        self.data = folder / "data"
        self.folder = folder
        self.steps: list[str] = []
        self.done: Counter[str] = Counter()
        self.sessions: list[Session] = []
        self.recorder_there = True
        self.backed_up = self.set_back = False

    def note(self, what: str) -> None:
        self.done[what] += 1
        self.steps.append(what)

    def go(self) -> None:
        chance = self.chance
        faults = Faults(chance.choice((0.0, 0.1, 0.3)), chance.choice((0.0, 0.3)), chance.choice((0.0, 0.3)), 0.3)
        with ExitStack() as alive:
            self.recorder = alive.enter_context(RecorderProcess(self.data))
            self.wire = alive.enter_context(LossyWire(self.recorder.address, faults, chance.randrange(2**31)))
            if chance.random() < 0.5:
                self.backed_up = True
                back_up(self.data, self.folder / "backup")
                self.note("backup made")
            if chance.random() < 0.15:
                self._kill_recorder("recorder absent for the whole session")
            for number in range(chance.choice((1, 1, 2))):
                session = Session(self.folder, f"S{number + 1}", self.wire.address, chance)
                alive.callback(session.process.kill)
                self.sessions.append(session)
            self.note("two sessions at once" if len(self.sessions) == 2 else "one session")
            for _ in range(chance.randint(1, 4)):
                time.sleep(chance.uniform(0.1, 1.5))
                self._harm()
            for session in self.sessions:
                if not session.killed:
                    session.wait()
            if not self.recorder_there:
                self._start_recorder()
            # One that was killed before its first commit has left nothing, and nothing has to arrive.
            self.sessions = [
                s for s in self.sessions if any((*s.committed.values(), *self._in_record(s.name).values()))
            ]
            self._compare_while_open()
            self._deliver()
            for session in self.sessions:
                self._compare(session)
            if found := verify(self.data):
                raise Disproved("; ".join(map(str, found)))

    def _harm(self) -> None:
        harms = ["recorder", "recorder", "session", "session", "session", "wire", "freeze", "backup"]
        match self.chance.choice(harms + ["backup"] * 4 * self.backed_up):
            case "recorder" if self.recorder_there:
                self._kill_recorder("recorder killed")
                time.sleep(self.chance.uniform(0.0, 0.5))
                self._start_recorder()
            case "session":
                victim = self.chance.choice(self.sessions)
                if victim.process.poll() is None:
                    victim.kill()
                    self.note("session killed")
            case "backup" if self.recorder_there and self.backed_up:
                self._kill_recorder("recorder killed")
                self._set_back()
                self._start_recorder()
            case "backup" if self.recorder_there:
                back_up(self.data, self.folder / "backup")
                self.backed_up = True
                self.note("backup made")
            case "wire":
                self.wire.kill()
                self.note("wire broken")
                time.sleep(self.chance.uniform(0.0, 0.3))
                self.wire.start()
            case "freeze":
                self.wire.freeze()
                self.note("wire half open")
                time.sleep(self.chance.uniform(0.0, 4.0))
                self.wire.thaw()

    def _kill_recorder(self, what: str) -> None:
        self.recorder.kill()
        self.recorder_there = False
        self.note(what)
        for session in self.sessions:
            self._compare_acknowledged(session)

    def _set_back(self) -> None:
        """The dead recorder's folder is lost, and its backup takes its place.

        Not where a session is over, and its spool gone: what came of it since the backup is then lost for good.
        """
        if not all(session.delivers_again() for session in self.sessions):
            return
        shutil.rmtree(self.data)
        shutil.copytree(self.folder / "backup", self.data)
        self.set_back = True
        self.note("record set back to its backup")
        for session in self.sessions:
            session.set_back()

    def _compare_acknowledged(self, session: Session) -> None:
        has = self._in_record(session.name)
        if lost := {s: (n, has[s]) for s, n in session.acknowledged().items() if n > has[s]}:
            raise Disproved(f"{session.name} was told of an acknowledgement that is not in the record: {lost}")

    def _start_recorder(self) -> None:
        self.recorder.start()
        self.recorder_there = True

    def _in_record(self, session: str) -> dict[Stream, int]:
        """What the files of a record hold of a session, whoever asks."""
        folder = Folder(self.data)
        with closing(sqlite3.connect(folder.clinic)) as db:
            sealed = db.execute("SELECT events, last_seq FROM seals WHERE session_id = ?", (session,)).fetchone()
        if sealed:
            return {"events": sealed[0], "motion": sealed[1]}
        return _reach(folder.journal, session)

    def _compare_while_open(self) -> None:
        """The tables follow what has arrived; a task without an answer awaits one."""
        for session in self.sessions:

            def tables_follow(name: str = session.name, events: list[messages.Event] = session.handed.events) -> bool:
                if self._sealed(name):
                    return True  # compared below
                arrived = events[: self._in_record(name)["events"]]
                return _ledger(self.data, name) == expected_tasks(arrived, sealed=False)

            try:
                eventually(tables_follow, _PATIENCE_S)
            except AssertionError as error:
                raise Disproved(f"the tables never followed what arrived of {session.name}") from error
            if not self._sealed(session.name):
                awaiting = [s for s, _ in _ledger(self.data, session.name).values() if s == "awaiting"]
                self.done["tasks seen awaiting an answer"] += len(awaiting)

    def _deliver(self) -> None:
        """Bring what is left through the same wire until all of it is sealed; the recorder may be killed meanwhile."""
        until_s = time.monotonic() + _PATIENCE_S
        if self.chance.random() < 0.3:
            time.sleep(self.chance.uniform(0.0, 0.3))
            self._kill_recorder("recorder killed")
            self._start_recorder()
        spools = self.folder / "spool"
        while list(spools.glob("*.db")) or not all(self._sealed(session.name) for session in self.sessions):
            left = deliver_leftovers(spools, self.wire.address, 10.0)
            self.done["spools delivered later"] += sum(spool.delivered for spool in left)
            if time.monotonic() > until_s:
                raise Disproved(f"not delivered and sealed: {left} {[s.name for s in self.sessions]}")
            time.sleep(0.02)

    def _sealed(self, session: str) -> bool:
        with closing(sqlite3.connect(Folder(self.data).clinic)) as db:
            return db.execute("SELECT 1 FROM seals WHERE session_id = ?", (session,)).fetchone() is not None

    def _compare(self, session: Session) -> None:
        """What is sealed is what was handed over: a beginning of it, each piece once, in order, gaps named."""
        self._compare_acknowledged(session)
        place = Folder(self.data).session("P001", session.name)
        lines = [_line.decode(line) for line in (place / EVENTS_FILE).read_bytes().splitlines()]
        stored = [wire.encode(line.event) for line in lines]
        expected = [wire.encode(event) for event in session.handed.events]
        # Behind the last event that a killed session committed, which may be all but its end, the seal says so.
        same = len(stored) - 1 if session.killed and stored != expected else len(stored)
        if [line.seq for line in lines] != list(range(1, len(lines) + 1)) or stored[:same] != expected[:same]:
            raise Disproved(f"{session.name}: the events in the record are not those handed over")
        if same < len(stored):
            ended = lines[-1].event
            if not isinstance(ended, messages.SessionEnded) or ended.status != "interrupted":
                raise Disproved(f"{session.name} was killed and has no end that says so")
        if not session.killed and len(stored) != len(expected):
            raise Disproved(f"{session.name} ended, and {len(stored)} of {len(expected)} events arrived")
        reach = self._in_record(session.name)["motion"]
        if same < session.committed["events"] or reach < session.committed["motion"]:
            raise Disproved(f"{session.name} had committed {session.committed}, and {same}, {reach} arrived")
        gaps = self._compare_frames(session, place / MOTION_FILE, reach)
        self.done["events compared"] += len(stored)
        self.done["frames in gaps"] += gaps
        if _ledger(self.data, session.name) != expected_tasks([line.event for line in lines], sealed=True):
            raise Disproved(f"{session.name}: the task-pain ledger differs from the events")

    def _compare_frames(self, session: Session, path: Path, reach: int) -> int:
        seqs, records = [], []
        for group in read_groups(path):
            seqs += group.column("seq").to_pylist()
            frames = to_frames(group, _LAYOUT)
            records += [frame.tobytes() for frame in np.split(frames, len(frames))] if len(frames) else []
        if any(record != session.handed.frames[seq - 1] for seq, record in zip(seqs, records, strict=True)):
            raise Disproved(f"{session.name}: a frame in the record is not the one handed over")
        events = telemetry.open_store(self.data).events()
        of_session = (events["session_id"] == session.name) & (events["name"] == "gap")
        told = [json.loads(detail) for detail in events.loc[of_session, "detail"]]
        if any("set back" in gap["reason"] for gap in told):
            if not (self.set_back and session.short):
                raise Disproved(f"{session.name}: frames are told to be lost that its spool had")
            self.done["sessions with frames that only a lost record had"] += 1
        lost = [seq for gap in told for seq in range(gap["first"], gap["last"] + 1)]
        if sorted(seqs + lost) != list(range(1, reach + 1)) or seqs != sorted(seqs):
            raise Disproved(f"{session.name}: frames and gaps do not cover 1 to {reach} once each and in order")
        self.done["frames compared"] += len(seqs)
        return len(lost)


def _reach(path: Path, session: str) -> dict[Stream, int]:
    journal = Journal(path)
    try:
        return {stream: journal.reach(session, stream) for stream in STREAMS}
    finally:
        journal.close()


def _ledger(data: Path, session: str) -> dict[str, tuple[str | None, float | None]]:
    tasks = telemetry.open_store(data).tasks()
    tasks = tasks[tasks["session_id"] == session]
    rows = zip(tasks["task_run_id"], tasks["rating_status"], tasks["pain_after"], strict=True)
    return {run: (None if status != status else status, None if pain != pain else pain) for run, status, pain in rows}


def prove(seed: int, runs: int, *, kills: int = 0, at_once: int = 4, say: bool = False) -> Counter[str]:
    """Do `runs` runs, `at_once` of them at a time, and go on until there were `kills` of a recorder or session.

    What was done and compared. Raises `Disproved`.
    """
    done: Counter[str] = Counter()
    seeds = itertools.count(seed)
    with ThreadPoolExecutor(at_once) as pool:
        going = deque((number, pool.submit(_run, number)) for number in itertools.islice(seeds, at_once))
        while going:
            number, run = going.popleft()
            steps, counts = run.result()
            done += counts
            done["runs"] += 1
            if say:
                print(f"run {done['runs']}, seed {number}: {', '.join(steps)}", flush=True)
            enough = done["recorder killed"] + done["session killed"] >= kills
            if not enough or done["runs"] + len(going) < runs:
                number = next(seeds)
                going.append((number, pool.submit(_run, number)))
    return done


def _run(seed: int) -> tuple[list[str], Counter[str]]:
    with tempfile.TemporaryDirectory(prefix="prove-") as folder:
        run = Run(seed, Path(folder))
        try:
            run.go()
        except Exception as error:
            raise Disproved(f"seed {seed}: {error!r}; done: {', '.join(run.steps)}") from error
    return run.steps, run.done


def main() -> int:
    parser = ArgumentParser(prog="python -m telemetry.testing.prove", description="Prove the record path.")
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--at-once", type=int, default=4)
    said = parser.parse_args()
    began_s = time.monotonic()
    try:
        done = prove(said.seed, said.runs, at_once=said.at_once, say=True)
    except Disproved as error:
        print(f"DISPROVED: {error}", file=sys.stderr)
        return 1
    for what, count in sorted(done.items()):
        print(f"{count:8}  {what}")
    print(f"Nothing was lost, doubled or out of order in {done['runs']} runs ({time.monotonic() - began_s:.0f} s).")
    return 0


if __name__ == "__main__":
    sys.exit(main())
