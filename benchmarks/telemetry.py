"""What the record costs: handing a frame over, what the spool's thread takes from the render thread, the sealed file.

    python benchmarks/telemetry.py                # tables; pylsl beside it where it can be imported
    python benchmarks/telemetry.py --minutes 20   # the sealed file of a whole session

Handing over is timed call by call at 90 frames a second, behind a millisecond of other work, with the spool's thread, a
recorder process and its acknowledgements running meanwhile. The first row is a call that does nothing: what the machine
charges for being timed. The peer pushes the same values through an outlet with a reader in another process.

The second table is about the interpreter lock, beside a thread that does nothing but take and drop it.
"""

from __future__ import annotations

import argparse
import multiprocessing
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
from telemetry.client import RecorderClient
from telemetry.motion import FrameLayout
from telemetry.sender import Sender
from telemetry.testing import PretendSession, RecorderProcess

FRAME_S = 1 / 90
SIDE = ("shoulder", "elbow", *(f"hand_{n}" for n in range(26)), "hip", "knee", "ankle", "ball")
#: As many joints as the product records.
FULL = ("centre_head", "centre_torso", "centre_pelvis", *(f"{s}_{j}" for s in ("left", "right") for j in SIDE))
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

    streams = pylsl.resolve_byprop("name", "vrrehab-benchmark", timeout=5)
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
    heard = ready.wait(8)
    values = np.zeros(floats, np.float32)
    row(
        f"pylsl push_sample, {floats} floats{'' if heard else ', no reader'}",
        paced(lambda: outlet.push_sample(values), frames),
    )
    reader.kill()


def interruptions(address: str | None, spool: Path, seconds: float) -> np.ndarray:
    """Milliseconds that a busy render thread was kept from running, each time longer than 20 us."""
    record = FrameLayout(FULL).new_record()
    sender = None
    if address is not None:
        sender = Sender(spool, "I1", address, FrameLayout(FULL))
        PretendSession(sender, "I1", joints=FULL)
    over = threading.Event()
    idle = threading.Thread(target=lambda: [time.sleep(0.005) for _ in iter(over.is_set, True)])
    if sender is None:
        idle.start()
    gaps = []
    until = before = time.perf_counter_ns()
    next_frame = before
    until += int(seconds * 1e9)
    while before < until:
        if sender is not None and before >= next_frame:
            sender.frame(record)
            next_frame += int(FRAME_S * 1e9)
        now = time.perf_counter_ns()
        if now - before > 20_000:
            gaps.append((now - before) / 1e6)
        before = now
    over.set()
    if sender is not None:
        sender.close(10.0)
    else:
        idle.join()
    return np.array(gaps or [0.0])


def sealed_file(minutes: float, folder: Path) -> None:
    """A session of all joints with plausible movement: sealed, its size, and what reading it takes."""
    frames = int(minutes * 60 / FRAME_S)
    layout = FrameLayout(FULL)
    record = layout.new_record()
    chance = np.random.default_rng(1)
    with RecorderProcess(folder) as recorder, RecorderClient(recorder.address) as client:
        sender = Sender(folder / "spool", "L1", recorder.address, layout)
        session = PretendSession(sender, "L1", joints=FULL)
        run = session.begin_task()
        pose = chance.normal(size=record["tracked"].shape).astype(np.float32)
        record["tracked_provenance"] = record["virtual_provenance"] = 1
        record["run_number"] = 1
        began = time.perf_counter()
        for n in range(frames):
            pose += chance.normal(scale=1e-3, size=pose.shape).astype(np.float32)
            record["frame"], record["mono_ns"] = n + 1, n * 11_111_111
            record["display_time_ns"] = n * 11_111_111 + 40_000_000
            record["tracked"], record["virtual"] = pose, -pose
            sender.frame(record)
            while len(sender._frames) > 1000:
                time.sleep(0.001)
        session.end_task(run)
        session.end()
        assert sender.close(120.0)
        delivered = time.perf_counter()
        client.wait_sealed("L1", 600.0)
        sealed = time.perf_counter()
    path = next(folder.rglob("motion.parquet"))
    store = telemetry.open_store(folder)
    began_reading = time.perf_counter()
    motion = store.motion("L1")
    read = time.perf_counter()
    assert len(motion) == frames
    print(f"{frames} frames of {len(FULL)} joints, {minutes:g} minutes ({sender.status().lost_frames} lost)")
    print(
        f"  delivered to the recorder in {delivered - began:.1f} s: {frames / (delivered - began):.0f} frames a second"
    )
    print(f"  sealed in {sealed - delivered:.1f} s; motion.parquet {path.stat().st_size / 1e6:.0f} MB")
    print(f"  store.motion() in {read - began_reading:.2f} s, {motion.shape[0]} x {motion.shape[1]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each hand-over row")
    parser.add_argument("--minutes", type=float, default=2.0, help="of the sealed session")
    options = parser.parse_args()
    frames = int(options.seconds / FRAME_S)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        print(f"{'microseconds on the render thread, a call':<44}{'median':>9}{'p99':>9}{'max':>9}")
        with RecorderProcess(folder / "a") as recorder:
            row("nothing", paced(lambda: None, frames))
            sender_row(SIX_HUNDRED, frames, recorder.address, folder / "spool")
            sender_row(FULL, frames, recorder.address, folder / "spool")
            pylsl_row(2 * len(SIX_HUNDRED) * 7, frames)
            print()
            print("a busy render thread kept from running, stretches over 20 us:   number  >0.2 ms  median ms")
            for name, address in (
                ("with the spool's thread", recorder.address),
                ("with a thread that only takes and drops the lock", None),
            ):
                gaps = interruptions(address, folder / "spool", options.seconds)
                print(f"  {name:<60}{len(gaps):>8}{np.count_nonzero(gaps > 0.2):>9}{np.median(gaps):>11.3f}")
        print()
        sealed_file(options.minutes, folder / "b")


if __name__ == "__main__":
    main()
