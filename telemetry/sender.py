"""The session's end of the record: takes frames and events on the render thread, and loses none of them.

    frame(), event() -> bounded queue -> [thread: spool on disk -> recorder]

The spool keeps the whole session until the recorder has all of it, so that a recorder that is set back to a backup
gets again what it has lost. Where its disk gets short it lets go of acknowledged frames sooner.

On the render thread nothing here touches a socket or a file, waits for a lock that is held during either, or raises
because of one; what goes wrong is said by `status`.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from telemetry import messages
from telemetry.clock_offset import OffsetEstimate
from telemetry.delivery import Delivery
from telemetry.door import check_way
from telemetry.errors import InUse, JournalDamaged, JournalUnwritable
from telemetry.folder import lock_path
from telemetry.journal import Entry, Journal, Stream
from telemetry.keys import Keyring
from telemetry.lock import Lock
from telemetry.motion import FrameLayout, Gap
from telemetry.spool import remove_spool

_COMMIT_EVERY_S = 0.09
_LISTEN_EVERY_S = 0.005
_TRY_AGAIN_S = 0.5
# Small enough that joining one holds the interpreter for some tens of microseconds.
_MOST_CHUNK_BYTES = 1 << 17
_MOST_FRAMES_AT_ONCE = 512
#: A disk with less room than for two sessions of 20 minutes is short; and how many frames a spool lets go of at once.
_SHORT_BYTES = 1 << 30
_LOOK_AT_DISK_EVERY_S = 1.0
_MOST_LET_GO_AT_ONCE = 4096


@dataclass(frozen=True, slots=True)
class SenderStatus:
    """How the record is doing; the problems are in words for a person and empty when all is well.

    waiting_to_deliver: frames and events that the recorder has not acknowledged. acknowledged: the last acknowledged
    number of each stream.
    lost_frames: frames that found the queue full, each covered by a gap in the record. erased: the participant was
    erased from the record, and nothing of the session will be kept.
    """

    connected: bool
    recorder_problem: str
    spool_problem: str
    waiting_to_deliver: int
    acknowledged: dict[Stream, int]
    lost_frames: int
    erased: bool


@dataclass(slots=True)
class _Lost:
    """Frames that found the queue full, in their place in the queue."""

    frames: int
    mono_ns: int


class Sender:
    """Records one session. `frame`, `event` and `close` belong to one thread, `status` to any.

    spool_dir: where `SESSION_ID.db` is kept until the recorder has everything. recorder_address: None records to the
    spool alone. store: the id of the only store that may have the session, as `telemetry.folder.store_id` tells it;
    empty for any. keyring: this computer's keys, for a curve:// address. queue_frames: how many frames wait in memory
    when the disk does not keep up. short_bytes: with less room than this on its disk the spool lets go of acknowledged
    frames. recorder_clock: whether how far the recorder's clock is from ours goes on record.
    """

    def __init__(
        self,
        spool_dir: Path,
        session_id: str,
        recorder_address: str | None,
        layout: FrameLayout,
        *,
        store: str = "",
        keyring: Keyring | None = None,
        queue_frames: int = 2048,
        short_bytes: int = _SHORT_BYTES,
        recorder_clock: bool = False,
    ) -> None:
        if recorder_address is not None:
            # Here, where it can be told, and not in the thread that has to keep the record whatever happens.
            check_way(recorder_address, keyring)
        self._spool = spool_dir / f"{session_id}.db"
        self._session = session_id
        self._address = recorder_address
        self._store = store
        self._keyring = keyring
        self._frame_bytes = layout.dtype.itemsize
        self._queue_frames = queue_frames
        self._short_bytes = short_bytes
        self._clock = OffsetEstimate(session_id, time.monotonic()) if recorder_clock else None
        self._encoder = msgspec.msgpack.Encoder()

        # Written by the render thread.
        self._frames: deque[bytes | _Lost] = deque()
        self._events: deque[bytes] = deque()
        self._lost: _Lost | None = None
        self._lost_frames = 0
        self._handed_over = 0
        self._ended = False
        self._urgent = False
        self._close_by_s: float | None = None
        self._wake = threading.Event()

        # Written by the spool thread.
        self._next: dict[Stream, int] = {"events": 1, "motion": 1}
        self._pending: list[tuple[str, Stream, Entry]] = []
        self._let_go = 0
        self._delivery: Delivery | None = None
        self._look_due_s = 0.0
        self._spool_problem = ""
        self._delivered = False
        self._thread = threading.Thread(target=self._run, name="spool", daemon=True)
        self._thread.start()

    @property
    def last_motion_seq(self) -> int:
        """The number of the frame handed over last, lost ones counted; 0 before the first."""
        return self._handed_over

    def frame(self, record: NDArray[np.void]) -> None:
        """Hand over a frame record of the session's layout; its content is copied."""
        data = record.tobytes()
        if len(data) != self._frame_bytes:
            raise ValueError(f"expected one record of {self._frame_bytes} bytes, got {len(data)}")
        self._handed_over += 1
        if len(self._frames) >= self._queue_frames:
            if self._lost is None:
                self._lost = _Lost(0, time.perf_counter_ns())
            self._lost.frames += 1
            self._lost_frames += 1
            return
        if self._lost is not None:
            self._frames.append(self._lost)
            self._lost = None
        self._frames.append(data)

    def event(self, event: messages.Event) -> None:
        """Hand over an event; a rating, a task's start or end is on its way to the disk at once."""
        if isinstance(event, messages.SessionEnded):
            self._ended = True  # before it is queued: nothing of our own comes behind it
        self._events.append(self._encoder.encode(event))
        if isinstance(event, messages.URGENT):
            self._urgent = True
            self._wake.set()

    def status(self) -> SenderStatus:
        delivery = self._delivery
        acknowledged: dict[Stream, int] = dict(delivery.acknowledged) if delivery else {"events": 0, "motion": 0}
        return SenderStatus(
            connected=delivery is not None and delivery.connected,
            recorder_problem=delivery.problem if delivery else "",
            spool_problem=self._spool_problem,
            waiting_to_deliver=sum(self._next[stream] - 1 - acknowledged[stream] for stream in self._next),
            acknowledged=acknowledged,
            lost_frames=self._lost_frames,
            erased=delivery is not None and delivery.erased,
        )

    def problem(self) -> str:
        """The most important problem, in words; empty when all is well."""
        return self._spool_problem or (self._delivery.problem if self._delivery else "")

    def close(self, timeout_s: float = 5.0) -> bool:
        """Commit what was handed over, try to deliver until `timeout_s`, and stop. Whether all was acknowledged.

        The spool's file is removed once the recorder has all of it, including the session's end, or where the
        participant was erased. May be repeated.
        """
        if self._lost is not None:
            self._frames.append(self._lost)
            self._lost = None
        self._close_by_s = time.monotonic() + timeout_s
        self._wake.set()
        self._thread.join()
        return self._delivered

    # --- the spool thread ---------------------------------------------------------------------------------------------

    def _run(self) -> None:
        lock, journal = None, None
        try:
            while (opened := self._open()) is None:
                if self._closing_time():
                    return
                self._wake.wait(_TRY_AGAIN_S)
            lock, journal = opened
            self._keep(journal)
        except BaseException as error:
            self._spool_problem = f"The movement record has stopped: {error!r}"
            raise
        finally:
            if journal is not None:
                journal.close()
            if lock is not None:
                if (self._delivered and self._ended) or (self._delivery is not None and self._delivery.erased):
                    with suppress(OSError):  # whoever finds it delivers it again, which changes nothing
                        remove_spool(self._spool)
                lock.release(remove=True)

    def _open(self) -> tuple[Lock, Journal] | None:
        lock = None
        try:
            self._spool.parent.mkdir(parents=True, exist_ok=True)
            lock = Lock(lock_path(self._spool), f"{self._spool} is in use by another session of the same name")
            return lock, Journal(self._spool)
        except (OSError, JournalDamaged, InUse) as error:
            if lock is not None:
                lock.release()
            self._spool_problem = f"The movement record cannot be kept on this computer: {error}"
            return None

    def _keep(self, journal: Journal) -> None:
        """Commit and deliver until closed."""
        delivery = None
        if self._address is not None:
            delivery = Delivery(
                journal, self._session, self._address, time.monotonic(), self._store, self._keyring, self._clock
            )
        self._delivery = delivery
        try:
            due_s = time.monotonic()
            while True:
                now_s = time.monotonic()
                closing = self._close_by_s is not None
                if self._urgent or closing or now_s >= due_s:
                    self._urgent = False
                    kept = self._commit(journal, delivery)
                    due_s = now_s + (_COMMIT_EVERY_S if kept else _TRY_AGAIN_S)
                if delivery is not None:
                    delivery.step(now_s)
                if closing and delivery is not None and delivery.erased:
                    return
                if closing and self._empty():
                    self._delivered = delivery is not None and delivery.complete
                    if self._delivered or delivery is None:
                        return
                if self._closing_time():
                    return
                hurry = closing or (delivery is not None and delivery.awaiting)
                wait_s = max(0.0, due_s - time.monotonic())
                self._wake.wait(min(wait_s, _LISTEN_EVERY_S) if hurry else wait_s)
                # Whatever set it did so after its item was queued, so the next round sees that item.
                self._wake.clear()
        finally:
            if delivery is not None:
                delivery.close()

    def _closing_time(self) -> bool:
        return self._close_by_s is not None and time.monotonic() >= self._close_by_s

    def _empty(self) -> bool:
        return not (self._pending or self._frames or self._events)

    def _commit(self, journal: Journal, delivery: Delivery | None) -> bool:
        """Bring what was handed over to the disk. Whether that worked."""
        if not self._pending:
            self._take_over()
        let_go = self._to_let_go(delivery)
        if not self._pending and let_go == self._let_go:
            self._spool_problem = ""
            return True
        try:
            journal.append(self._pending, (self._session, {"motion": let_go}) if let_go > self._let_go else None)
        except (JournalUnwritable, JournalDamaged) as error:
            self._spool_problem = f"The movement record cannot be kept on this computer: {error}"
            return False
        self._spool_problem = ""
        self._pending.clear()
        self._let_go = let_go
        return True

    def _to_let_go(self, delivery: Delivery | None) -> int:
        """Through which number the spool goes without acknowledged frames; more than before where the disk is short."""
        if delivery is None or time.monotonic() < self._look_due_s:
            return self._let_go
        self._look_due_s = time.monotonic() + _LOOK_AT_DISK_EVERY_S
        with suppress(OSError):
            if shutil.disk_usage(self._spool.parent).free < self._short_bytes:
                through = min(delivery.acknowledged["motion"], self._let_go + _MOST_LET_GO_AT_ONCE)
                return max(through, self._let_go)
        return self._let_go

    def _take_over(self) -> None:
        """Move what waits in the queues into `_pending`, numbered."""
        if self._clock is not None and (offset := self._clock.take()) and self._next["events"] > 1 and not self._ended:
            self._add("events", 1, False, self._encoder.encode(offset))
        while self._events:
            self._add("events", 1, False, self._events.popleft())
        chunk: list[bytes] = []
        most = max(1, _MOST_CHUNK_BYTES // self._frame_bytes)
        for _ in range(min(len(self._frames), _MOST_FRAMES_AT_ONCE)):
            item = self._frames.popleft()
            if isinstance(item, bytes):
                chunk.append(item)
            if chunk and (len(chunk) == most or not isinstance(item, bytes)):
                self._add("motion", len(chunk), False, b"".join(chunk))
                chunk.clear()
            if isinstance(item, _Lost):
                gap = Gap(item.mono_ns, "the queue was full, because the disk did not keep up")
                self._add("motion", item.frames, True, self._encoder.encode(gap))
        if chunk:
            self._add("motion", len(chunk), False, b"".join(chunk))

    def _add(self, stream: Stream, count: int, gap: bool, payload: bytes) -> None:
        first = self._next[stream]
        self._pending.append((self._session, stream, Entry(first, first + count - 1, gap, payload)))
        self._next[stream] = first + count
