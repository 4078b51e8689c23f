"""Delivers what earlier sessions could not: spools left by a crash, or by a recorder that was not there.

A spool whose session still lives is left alone. A session that died without an end gets one here, `interrupted`,
because only its own spool knows for certain that nothing more will come.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from telemetry import messages, wire
from telemetry.delivery import Delivery
from telemetry.door import check_way
from telemetry.errors import Erased, InUse, JournalDamaged, JournalUnwritable
from telemetry.folder import lock_path
from telemetry.journal import Entry, Journal
from telemetry.keys import Keyring
from telemetry.lock import Lock
from telemetry.motion import last_mono_ns
from telemetry.spool import remove_spool

_LISTEN_EVERY_S = 0.005


@dataclass(frozen=True, slots=True)
class Leftover:
    """One spool that was found: whether the recorder now has all of it (the file is gone then), or why not.

    dropped: its participant was erased from the record, so that the file was removed undelivered.
    """

    session_id: str
    spool: Path
    delivered: bool
    problem: str
    dropped: bool = False


def deliver_leftovers(
    spool_dir: Path, address: str, timeout_s: float = 10.0, *, store: str = "", keyring: Keyring | None = None
) -> tuple[Leftover, ...]:
    """Deliver every spool in `spool_dir` that no live process holds; `timeout_s` is for each without progress.

    One that the recorder refuses is not waited for.

    store: the id of the only store that may have them; empty for any. keyring: this computer's keys, for a curve://
    address.
    """
    check_way(address, keyring)
    found = []
    for spool in sorted(spool_dir.glob("*.db")):
        try:
            lock = Lock(lock_path(spool), f"{spool} belongs to a running session")
        except InUse:
            continue
        except JournalUnwritable as error:
            found.append(Leftover(spool.stem, spool, False, str(error)))
            continue
        try:
            problem = _deliver(spool, address, timeout_s, store, keyring)
            found.append(Leftover(spool.stem, spool, not problem, problem))
        except Erased as error:
            found.append(_dropped(spool, str(error)))
        finally:
            lock.release(remove=True)
    return tuple(found)


def end_interrupted(journal: Journal, session: str, *known_ns: int) -> None:
    """Give a spool whose session died the end that it lacks; nothing is done to one that has it.

    known_ns: monotonic times at which the session is known to have run besides.
    """
    newest = journal.newest(session, "events")
    if newest is None:
        return
    event = wire.decode_event(newest.payload)
    if isinstance(event, messages.SessionEnded):
        return
    last = journal.newest(session, "motion")
    of_motion = () if last is None else (last_mono_ns(last),)
    ended = messages.SessionEnded(
        mono_ns=max((event.mono_ns, *of_motion, *known_ns)),
        status="interrupted",
        last_motion_seq=journal.reach(session, "motion"),
    )
    seq = newest.last + 1
    journal.append([(session, "events", Entry(seq, seq, False, wire.encode(ended)))])


def _deliver(spool: Path, address: str, timeout_s: float, store: str, keyring: Keyring | None) -> str:
    """The reason why the spool could not be delivered; empty when it was, and is removed. Raises `Erased`."""
    session = spool.stem
    try:
        journal = Journal(spool)
    except (JournalUnwritable, JournalDamaged) as error:
        return str(error)
    try:
        end_interrupted(journal, session)
        problem = _bring(journal, session, address, timeout_s, store, keyring)
    except (JournalUnwritable, JournalDamaged, ValueError) as error:
        problem = str(error)
    finally:
        journal.close()
    if not problem:
        with suppress(OSError):  # whoever finds it delivers it again, which changes nothing
            remove_spool(spool)
    return problem


def _dropped(spool: Path, problem: str) -> Leftover:
    try:
        remove_spool(spool)
    except OSError as error:
        return Leftover(spool.stem, spool, False, f"{problem} {spool} is to be removed, but: {error.strerror}")
    return Leftover(spool.stem, spool, False, problem, dropped=True)


def _bring(journal: Journal, session: str, address: str, timeout_s: float, store: str, keyring: Keyring | None) -> str:
    delivery = Delivery(journal, session, address, time.monotonic(), store, keyring)
    try:
        before = dict(delivery.acknowledged)
        give_up_s = time.monotonic() + timeout_s
        while not delivery.complete:
            now_s = time.monotonic()
            delivery.step(now_s)
            if delivery.erased:
                raise Erased(delivery.problem)
            if delivery.acknowledged != before:
                before = dict(delivery.acknowledged)
                give_up_s = now_s + timeout_s
            if delivery.refused:
                return delivery.problem  # whoever delivers it next asks again
            if now_s > give_up_s:
                return delivery.problem or f"the recorder at {address} did not acknowledge in {timeout_s:g} s"
            time.sleep(_LISTEN_EVERY_S)
        return ""
    finally:
        delivery.close()
