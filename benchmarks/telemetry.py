"""What the record costs, table by table:

    python benchmarks/telemetry.py                       # all of them, in full: about ten minutes on a quiet machine
    python benchmarks/telemetry.py handover live         # some of them
    python benchmarks/telemetry.py --short               # to see that they work; the figures mean little

handover   microseconds of the render thread for a frame's record; pylsl beside it where it can be imported
live       what the spool's and the live view's threads take from a render thread that is busy
recorder   ten real senders at 90 frames a second; then ever more headsets, until acknowledgements are late
bytes      megabytes a minute of session, beside XDF as LabRecorder writes it and CSV as UXF does
motion     a sealed session of 20 minutes: its size, and how long reading it takes; then files of fewer joints, too
tasks      `tasks()` over 1,000 sessions

Handing over is timed call by call at 90 frames a second, behind a millisecond of other work, with the spool's thread, a
recorder process and its acknowledgements running meanwhile. The first row is a call that does nothing: what the machine
charges for being timed. The peer pushes the same values through an outlet with a reader in another process.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

# A script's own folder comes first, where this file would stand for the package that it measures.
sys.path[0] = str(Path(__file__).parents[1])
# ruff: noqa: E402

import telemetry
from benchmarks.record import sizes, traffic
from benchmarks.record.movement import FRAME_S, FULL, LAYOUT, captured, frames, movement, of_joints
from telemetry import messages, wire
from telemetry.client import RecorderClient
from telemetry.clinic import Clinic
from telemetry.folder import Folder
from telemetry.journal import Entry
from telemetry.live import LiveShow
from telemetry.live_messages import Facts, Joints, RecordHealth, State, first_standing
from telemetry.motion import FrameLayout
from telemetry.motion_file import MotionContext, read_table, write_motion
from telemetry.sender import Sender
from telemetry.store import motion_frame
from telemetry.testing import PretendSession, RecorderProcess

#: 2 bodies x 43 joints x 7 components: about 600 floats.
SIX_HUNDRED = FULL[:43]


def paced(call, frames: int) -> np.ndarray:  # type: ignore[no-untyped-def]
    """Microseconds that each of `frames` calls took, one every 11 ms."""
    other = np.random.default_rng(0).normal(size=(67, 7))
    took = np.empty(frames)
    due = time.perf_counter()
    for n in range(frames):
        due += FRAME_S
        time.sleep(max(0.0, due - time.perf_counter()))
        busy_until = time.perf_counter() + 1e-3
        while time.perf_counter() < busy_until:
            other @ other.T
        began = time.perf_counter_ns()
        call()
        took[n] = (time.perf_counter_ns() - began) / 1e3
    return took


def row(name: str, took: np.ndarray) -> None:
    print(f"{name:<44}{np.median(took):>9.1f}{np.percentile(took, 99):>9.1f}{took.max():>9.1f}")


def sender_row(joints: tuple[str, ...], frames: int, address: str, spool: Path) -> None:
    sender = Sender(spool, f"B{len(joints)}", address, FrameLayout(joints))
    PretendSession(sender, f"B{len(joints)}", joints=joints)
    record = FrameLayout(joints).new_record()
    floats = 2 * len(joints) * 7
    row(f"Sender.frame, {floats} floats, {record.nbytes} bytes", paced(lambda: sender.frame(record), frames))
    assert sender.close(10.0)


def _read_outlet(ready) -> None:  # type: ignore[no-untyped-def]
    import pylsl

    streams = pylsl.resolve_byprop("name", "vrrehab-benchmark", timeout=15)
    if streams:
        inlet = pylsl.StreamInlet(streams[0])
        inlet.open_stream()
        ready.set()
        while True:
            inlet.pull_chunk(timeout=1.0)


def pylsl_row(floats: int, frames: int) -> None:
    try:
        import pylsl
    except (ImportError, RuntimeError) as error:
        print(f"pylsl: not measured, because it cannot be imported here ({str(error).splitlines()[0]})")
        return
    info = pylsl.StreamInfo("vrrehab-benchmark", "Mocap", floats, 90, pylsl.cf_float32, "vrrehab-benchmark")
    outlet = pylsl.StreamOutlet(info)
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    reader = context.Process(target=_read_outlet, args=(ready,), daemon=True)
    reader.start()
    heard = ready.wait(20)
    values = np.zeros(floats, np.float32)
    row(
        f"pylsl push_sample, {floats} floats{'' if heard else ', no reader'}",
        paced(lambda: outlet.push_sample(values), frames),
    )
    reader.kill()


_WATCH = """
import sys, time
from telemetry.live import LiveReader
with LiveReader(sys.argv[1], joints=True, pictures=True) as reader:
    until, states, pictures, before = time.monotonic() + float(sys.argv[2]), set(), set(), None
    while time.monotonic() < until:
        reader.receive(0.05)
        states.add(reader.state and reader.state.frame)
        pictures.add(reader.picture and reader.picture.frame)
    print(len(states), len(pictures))
"""


def interruptions(what: str, place: Path, seconds: float) -> tuple[np.ndarray, str]:
    """Milliseconds that a busy render thread was kept from running, each time longer than 20 us; and what was watched.

    what: `spool` with a sender and its recorder, `live` with a console that watches everything, or `idle` with a thread
    that does nothing but take and drop the interpreter's lock, for comparison.
    """
    gaps, seen, over = [], "", threading.Event()
    record, pixels = next(frames(1)), np.zeros((360, 480, 4), np.uint8)
    free = [pixels, pixels.copy(), pixels.copy()]
    sender = show = watching = idle = None
    if what == "spool":
        recorder = RecorderProcess(place / "interrupted").__enter__()
        sender = Sender(place / "spool", "I1", recorder.address, LAYOUT)
        PretendSession(sender, "I1", joints=FULL)
    elif what == "live":
        show = LiveShow("tcp://127.0.0.1:*", lambda: RecordHealth(connected=True))
        show.stand(first_standing(_facts(), {f"setting_{n}": 1.0 for n in range(60)}))
        root = str(Path(__file__).parents[1])
        watching = subprocess.Popen([sys.executable, "-c", _WATCH, show.address, str(seconds)], stdout=subprocess.PIPE,
                                    text=True, env={**os.environ, "PYTHONPATH": root})  # fmt: skip
        while not show.watched:
            time.sleep(0.01)
    else:
        idle = threading.Thread(target=lambda: [time.sleep(0.005) for _ in iter(over.is_set, True)])
        idle.start()
    n, before = 0, time.perf_counter_ns()
    next_frame, until = before, before + int(seconds * 1e9)
    while before < until:
        if before >= next_frame:
            n, next_frame = n + 1, next_frame + int(FRAME_S * 1e9)
            if sender is not None:
                sender.frame(record)
            if show is not None and n % 9 == 0:
                show.show(State(frame=n, mono_ns=before, time_s=0.0, doing="task"),
                          Joints(n, before, record["tracked"].tobytes() * 2, bytes(2 * len(FULL))))  # fmt: skip
            if show is not None and n % 8 == 0 and show.pictured and free:
                show.offer(n, free.pop(), free.append)
            before = time.perf_counter_ns()
        now = time.perf_counter_ns()
        if now - before > 20_000:
            gaps.append((now - before) / 1e6)
        before = now
    over.set()
    if sender is not None:
        sender.close(10.0)
        recorder.stop()
    if show is not None and watching is not None:
        states, pictures = watching.communicate()[0].split()
        seen = f"{int(states) / seconds:.0f} states and {int(pictures) / seconds:.0f} pictures a second"
        show.close()
    if idle is not None:
        idle.join()
    return np.array(gaps or [0.0]), seen


def _facts() -> Facts:
    return Facts(
        session_id="L", participant="P001", programme="p", title="P", mode="mirror", origin="scripted",
        intact_side="right", limbs=("left arm",), steps=(), place="room", joints=FULL, software_version="0",
        runtime="none", commands="", started_utc_ns=0,
    )  # fmt: skip


def sealed_file(minutes: float, folder: Path, capture: np.ndarray | None) -> None:
    """A session of all joints with plausible movement: sealed, its size, and what reading it takes."""
    count = int(minutes * 60 / FRAME_S)
    with RecorderProcess(folder) as recorder, RecorderClient(recorder.address, 30.0) as client:
        sender = Sender(folder / "spool", "L1", recorder.address, LAYOUT)
        session = PretendSession(sender, "L1", joints=FULL)
        run = session.begin_task()
        began = time.perf_counter()
        for piece in movement(count, capture):
            for n in range(len(piece)):
                sender.frame(piece[n : n + 1])
                while len(sender._frames) > 1000:
                    time.sleep(0.001)
        session.frames = count
        session.end_task(run)
        session.end()
        assert sender.close(120.0)
        delivered = time.perf_counter()
        client.wait_sealed("L1", 600.0)
        sealed = time.perf_counter()
    path = next(folder.rglob("motion.parquet"))
    store = telemetry.open_store(folder)
    took = []
    for _ in range(3):
        began_reading = time.perf_counter()
        motion = store.motion("L1")
        took.append(time.perf_counter() - began_reading)
    assert len(motion) == count
    print(f"| {minutes:g} minutes, {count:,} frames of {len(FULL)} joints, lost | {sender.status().lost_frames} |")
    print(f"| delivered as fast as it goes | {count / (delivered - began):,.0f} frames a second |")
    print(f"| sealed in | {sealed - delivered:.1f} s |")
    print(f"| motion.parquet | {path.stat().st_size / 1e6:.0f} MB |")
    print(f"| `store.motion()`, {motion.shape[0]:,} x {motion.shape[1]}, best of three | {min(took):.2f} s |")


def files(minutes: float, folder: Path, capture: np.ndarray | None) -> None:
    """Motion files of fewer joints and of other movement: their sizes, and what reading them as a table takes."""
    count = int(minutes * 60 / FRAME_S)
    print("| joints of each body | movement | as records | motion.parquet | read, best of five | of CPU |")
    print("| ---: | --- | ---: | ---: | ---: | ---: |")
    for name, of in (("a capture's", capture), ("every joint shivers", None)):
        if name == "a capture's" and capture is None:
            continue
        for joints in (FULL[:53], FULL):
            layout, path, seq, pieces = FrameLayout(joints), folder / "motion.parquet", 1, []
            for piece in of_joints(movement(count, of), layout):
                pieces.append((seq, piece))
                seq += len(piece)
            write_motion(path, pieces, MotionContext(layout, 0, ((1, 0, "t01"),)))
            pieces.clear()
            took = []
            for _ in range(5):
                began, began_cpu = time.perf_counter(), time.process_time()
                read = motion_frame(read_table(path))
                took.append((time.perf_counter() - began, time.process_time() - began_cpu))
                del read
            megabytes, (wall_s, cpu_s) = path.stat().st_size / 1e6, min(took)
            raw = count * layout.dtype.itemsize / 1e6
            row = f"| {len(joints)} | {name} | {raw:.0f} MB | {megabytes:.0f} MB | {wall_s:.2f} s | {cpu_s:.2f} s |"
            print(row, flush=True)


class _Told:
    """Keeps a session's events; implements `telemetry.testing.Recording`."""

    last_motion_seq = 0

    def __init__(self) -> None:
        self.events: list[messages.Event] = []

    def event(self, event: messages.Event) -> None:
        self.events.append(event)

    def frame(self, record: np.ndarray) -> None:
        """Not wanted here."""


def tasks(folder: Path, sessions: int) -> None:
    """Many sessions of six tasks each, without movement and not sealed: what the ledger takes."""
    clinic = Clinic(Folder(folder).clinic)
    for n in range(sessions):
        told = _Told()
        PretendSession(told, f"S{n:04d}").perform((6.0, 5.0, None, 4.0, 5.0, 3.0), frames=0)
        entries = [Entry(seq, seq, False, wire.encode(event)) for seq, event in enumerate(told.events, 1)]
        clinic.project(f"S{n:04d}", entries, ())
    clinic.close()
    store = telemetry.open_store(folder)
    took, cpu = [], []
    for _ in range(5):
        began, began_cpu = time.perf_counter(), time.process_time()
        table = store.tasks()
        took.append(time.perf_counter() - began)
        cpu.append(time.process_time() - began_cpu)
    found, of_cpu = len(store.sessions()), f"{np.median(took):.2f} s, {np.median(cpu):.2f} s of CPU"
    print(f"| `tasks()`, {len(table):,} task runs of {found:,} sessions, median of five | {of_cpu} |")


SECTIONS = ("handover", "live", "recorder", "bytes", "motion", "tasks")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=", ".join(SECTIONS))
    parser.add_argument("--short", action="store_true", help="a few seconds of each")
    parser.add_argument("--capture", type=Path, help="for bytes and motion a capture of real hands, as --source "
                        "recording: plays; else every joint is tracked, and shivers")  # fmt: skip
    parser.add_argument("--minutes", type=float, help="of the session of motion, instead of 20")
    options = parser.parse_args()
    capture = captured(options.capture) if options.capture else None
    if unknown := [name for name in options.sections if name not in SECTIONS]:
        parser.error(f"expected sections of {', '.join(SECTIONS)}, got {unknown[0]}")
    chosen, short = options.sections or SECTIONS, options.short
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} when it began\n")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for name in SECTIONS:
            if name in chosen:
                print(f"### {name}\n", flush=True)
                (folder / name).mkdir()
                _section(name, folder / name, short, capture, options.minutes or (0.5 if short else 20.0))
                print(flush=True)


def _section(name: str, folder: Path, short: bool, capture: np.ndarray | None, minutes: float) -> None:
    seconds = 2.0 if short else 10.0
    if name == "handover":
        print(f"{'microseconds on the render thread, a call':<44}{'median':>9}{'p99':>9}{'max':>9}")
        with RecorderProcess(folder / "a") as recorder:
            count = int(seconds / FRAME_S)
            row("nothing", paced(lambda: None, count))
            sender_row(SIX_HUNDRED, count, recorder.address, folder / "spool")
            sender_row(FULL, count, recorder.address, folder / "spool")
            pylsl_row(2 * len(SIX_HUNDRED) * 7, count)
    elif name == "live":
        print(
            "| a busy render thread kept from running, over 20 us | times a second | over 0.2 ms a second | median ms |"
        )
        print("| --- | ---: | ---: | ---: |")
        for what, said in (("idle", "a thread that only takes and drops the lock"), ("spool", "the spool's thread"),
                           ("live", "the live view's thread")):  # fmt: skip
            gaps, seen = interruptions(what, folder, seconds)
            many = len(gaps) / seconds, np.count_nonzero(gaps > 0.2) / seconds
            print(f"| {said}{': ' + seen if seen else ''} | {many[0]:.0f} | {many[1]:.1f} | {np.median(gaps):.3f} |")
    elif name == "recorder":
        print(
            f"| the disk's own fsyncs a second | {traffic.fsyncs_a_second(folder, seconds / 5):.0f} |\n| --- | ---: |"
        )
        for line in traffic.ten_senders(folder, 5.0 if short else 60.0):
            print(line, flush=True)
        print()
        for line in traffic.saturation(folder, 3.0 if short else 20.0, 40 if short else 400):
            print(line, flush=True)
    elif name == "bytes":
        for format_name, megabytes in sizes.sizes(folder, 0.3 if short else 2.0, capture).items():
            print(f"| {format_name} | {megabytes:.1f} MB a minute |", flush=True)
    elif name == "motion":
        sealed_file(minutes, folder, capture)
        print()
        files(minutes, folder, capture)
    else:
        tasks(folder, 200 if short else 1000)


if __name__ == "__main__":
    main()
