"""How much a recorder takes: real senders for a while, then ever more headsets until it is too much.

A real sender keeps a spool on the same disk, with a commit eleven times a second. To find where the recorder itself
gives up, headsets are played that send the same messages without keeping anything, several in a process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import zmq

from benchmarks.record.movement import FRAME_S, LAYOUT, RATE_HZ, frames
from telemetry import messages, wire
from telemetry.client import RecorderClient
from telemetry.journal import Entry
from telemetry.sender import Sender
from telemetry.testing import PretendSession, RecorderProcess

#: An acknowledgement that takes longer is late.
GOAL_MS = 500.0
_FRAMES_IN_ONE = 8
#: A process takes 0.05 of a core to play so many; more processes would be measured by how they start.
_HEADSETS_IN_A_PROCESS = 25
_STEPS = (25, 50, 75, 100, 125, 150, 200, 300, 400)


def fsyncs_a_second(folder: Path, seconds: float = 2.0) -> float:
    """How often the disk can be made to keep 4 KiB, one after the other."""
    done, began = 0, time.perf_counter()
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        while time.perf_counter() - began < seconds:
            file.write(b"\0" * 4096)
            os.fsync(file.fileno())
            done += 1
    return done / (time.perf_counter() - began)


def sender(name: str, address: str, spool: str, seconds: str) -> None:
    """In a process of its own: one real session, frame by frame; prints what became of it."""
    sending = Sender(Path(spool), name, address, LAYOUT)
    session = PretendSession(sending, name, joints=LAYOUT.joints)
    records = next(frames(900))
    count = round(float(seconds) * RATE_HZ)
    handed: deque[tuple[int, float]] = deque()
    took: list[float] = []
    due = time.perf_counter()
    for n in range(count):
        due += FRAME_S
        while (left := due - time.perf_counter()) > 0:
            time.sleep(min(left, 0.004))
            _acknowledged(sending, handed, took)
        sending.frame(records[n % 900 : n % 900 + 1])
        handed.append((n + 1, time.perf_counter()))
        _acknowledged(sending, handed, took)
    session.frames = count
    session.end()
    until_s = time.perf_counter() + 20
    while handed and time.perf_counter() < until_s:
        time.sleep(0.002)
        _acknowledged(sending, handed, took)
    delivered = sending.close(20.0)
    said = {"name": name, "delivered": delivered, "lost": sending.status().lost_frames,
            "ms": np.percentile(took, range(1, 101)).tolist(), "cpu_s": time.process_time()}  # fmt: skip
    print(json.dumps(said), flush=True)


def _acknowledged(sending: Sender, handed: deque[tuple[int, float]], took: list[float]) -> None:
    reach, now = sending.status().acknowledged["motion"], time.perf_counter()
    while handed and handed[0][0] <= reach:
        took.append((now - handed.popleft()[1]) * 1000)


def headsets(first: str, count: str, address: str, seconds: str) -> None:
    """In a process of its own: so many headsets that send and keep nothing; prints what became of them."""
    played = [_Headset(f"H{int(first) + n:03d}", address) for n in range(int(count))]
    payload = next(frames(_FRAMES_IN_ONE)).tobytes()
    poller = zmq.Poller()
    by_socket = {each.socket: each for each in played}
    for each in played:
        poller.register(each.socket, zmq.POLLIN)
    began = time.perf_counter()
    every_s = _FRAMES_IN_ONE * FRAME_S
    over = began + float(seconds)
    while (now := time.perf_counter()) < over + 5.0 and not (now > over and all(each.idle for each in played)):
        for n, each in enumerate(played):
            each.send(payload, now, began + n / len(played) * every_s, every_s, now < over)
        for socket, _ in poller.poll(2):
            by_socket[socket].hear()
    took = [ms for each in played for ms in each.took]
    waiting = sum(len(each.waiting) for each in played)
    said = {"sent": sum(each.sent for each in played), "waiting": waiting,
            "ms": np.percentile(took or [1e9], range(1, 101)).tolist(), "cpu_s": time.process_time()}  # fmt: skip
    print(json.dumps(said), flush=True)


class _Headset:
    def __init__(self, name: str, address: str) -> None:
        self.name = name
        self.socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.connect(address)
        self.sent, self.took = 0, []
        self.waiting: deque[tuple[int, float]] = deque()
        start = messages.SessionStarted(
            mono_ns=0, session_id=name, participant=f"P{name}", profile_version=0, programme="load", mode="mirror",
            origin="scripted", intact_side="right", software_version="0", runtime="none", seed=1,
            joints=LAYOUT.joints, xr_ns=0, utc_ns=0,
        )  # fmt: skip
        self._say(wire.Entries(name, 0, "events", [Entry(1, 1, False, wire.encode(start))]))

    @property
    def idle(self) -> bool:
        return not self.waiting

    def send(self, payload: bytes, now: float, began: float, every_s: float, more: bool) -> None:
        """A message of frames whenever one is due."""
        while more and now >= began + self.sent // _FRAMES_IN_ONE * every_s:
            entry = Entry(self.sent + 1, self.sent + _FRAMES_IN_ONE, False, payload)
            self.sent += _FRAMES_IN_ONE
            self.waiting.append((self.sent, now))
            self._say(wire.Entries(self.name, 0, "motion", [entry]))

    def hear(self) -> None:
        said = wire.decode_from_recorder(self.socket.recv())
        now = time.perf_counter()
        if isinstance(said, wire.Ack):
            while self.waiting and self.waiting[0][0] <= said.reach["motion"]:
                self.took.append((now - self.waiting.popleft()[1]) * 1000)

    def _say(self, message: wire.ToRecorder) -> None:
        self.socket.send(wire.encode(message))


def _processes(*calls: tuple[str, ...]) -> list[dict]:
    """Each call in a process of its own; what each says at its end."""
    script = "import sys; from benchmarks.record import traffic; getattr(traffic, sys.argv[1])(*sys.argv[2:])"
    root = str(Path(__file__).parents[2])
    running = [
        subprocess.Popen([sys.executable, "-c", script, *call], stdout=subprocess.PIPE, text=True,
                         env={**os.environ, "PYTHONPATH": root})
        for call in calls
    ]  # fmt: skip
    said = [process.communicate()[0] for process in running]
    return [json.loads(each) for each in said]


def _cpu_s(pid: int) -> float:
    """Processor time that a process has used (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ten_senders(folder: Path, seconds: float, count: int = 10) -> Iterator[str]:
    """Rows: real senders at 90 frames a second."""
    with RecorderProcess(folder / "data") as recorder, RecorderClient(recorder.address, 30.0) as client:
        began = time.perf_counter()
        said = _processes(*(("sender", f"S{n}", recorder.address, str(folder / f"spool{n}"), str(seconds))
                            for n in range(count)))  # fmt: skip
        wall = time.perf_counter() - began
        used = _cpu_s(recorder.process.pid)
        dropped = client.status().dropped_messages
    p = np.array([each["ms"] for each in said])
    cores = os.cpu_count() or 1
    yield f"| senders, all delivered | {count}, {'yes' if all(each['delivered'] for each in said) else '**no**'} |"
    yield f"| frames handed over / lost | {round(seconds * RATE_HZ) * count:,} / {sum(each['lost'] for each in said)} |"
    late = f"{np.median(p[:, 49]):.0f} / {p[:, 98].max():.0f} / {p[:, 99].max():.0f} ms"
    yield f"| acknowledged after, median / p99 / worst | {late} |"
    yield f"| messages that were none | {dropped} |"
    yield f"| recorder's share of a core | {used / wall:.2f} |"
    yield f"| senders' share of the {cores} cores | {sum(each['cpu_s'] for each in said) / wall / cores:.0%} |"


def saturation(folder: Path, seconds: float, most: int) -> Iterator[str]:
    """Rows: ever more headsets, until acknowledgements are late or do not come."""
    yield "| headsets | frames a second | median | p99 | still waiting | recorder, cores | senders, cores |"
    yield "| ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    for count in (step for step in _STEPS if step <= most):
        with RecorderProcess(folder / f"data{count}") as recorder:
            began = time.perf_counter()
            said = _processes(*(
                ("headsets", str(n), str(min(_HEADSETS_IN_A_PROCESS, count - n)), recorder.address, str(seconds))
                for n in range(0, count, _HEADSETS_IN_A_PROCESS)
            ))  # fmt: skip
            wall = time.perf_counter() - began
            used = _cpu_s(recorder.process.pid)
        p = np.array([each["ms"] for each in said])
        sent, waiting = sum(each["sent"] for each in said), sum(each["waiting"] for each in said)
        late = p[:, 98].max() > GOAL_MS or waiting
        yield (f"| {count}{' **too many**' if late else ''} | {sent / seconds:,.0f} | {np.median(p[:, 49]):.0f} ms | "
               f"{p[:, 98].max():.0f} ms | {waiting} | {used / wall:.2f} | "
               f"{sum(each['cpu_s'] for each in said) / wall:.2f} |")  # fmt: skip
        if late:
            return
