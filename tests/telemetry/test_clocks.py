"""The recorder's clock is estimated while a session runs, kept as it was found, and put to use in analysis."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import telemetry
from telemetry import clock_offset, wire
from telemetry.client import RecorderClient
from telemetry.clock_offset import NAME, OffsetEstimate, trip_of
from telemetry.clocks import SessionClock
from telemetry.errors import UnknownSession
from telemetry.motion import FrameLayout
from telemetry.recorder import Recorder
from telemetry.sender import Sender
from telemetry.testing import JOINTS, Faults, LossyWire, PretendSession, eventually

AHEAD_NS = 3_600_000_000_000


@pytest.fixture
def ahead(data: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A recorder whose clock is an hour ahead."""
    shifted = SimpleNamespace(time_ns=lambda: time.time_ns() + AHEAD_NS, monotonic=time.monotonic)
    monkeypatch.setattr("telemetry.recorder.time", shifted)
    recorder = Recorder(data, "tcp://127.0.0.1:*")
    thread = threading.Thread(target=recorder.run)
    thread.start()
    yield recorder.address
    recorder.stop()
    thread.join()


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock_offset, "_FIRST_S", 0.0)
    monkeypatch.setattr(clock_offset, "_EVERY_S", 0.3)


def recorded(address: str, spool: Path, data: Path, estimates: int, through: str | None = None) -> pd.DataFrame:
    """The estimates that a session put on record."""
    sender = Sender(spool, "S1", through or address, FrameLayout(JOINTS), recorder_clock=True)
    session = PretendSession(sender)

    def enough() -> bool:
        events = telemetry.open_store(data).events()
        return int((events["name"] == NAME).sum()) >= estimates

    with RecorderClient(address) as client:
        eventually(lambda: client.seal_state("S1") == "open")
        eventually(enough)
        session.end()
        assert sender.close(60.0)
        client.wait_sealed("S1", 60.0)
    events = telemetry.open_store(data).events()
    return events[events["name"] == NAME]


def test_the_middle_of_a_round_trip_is_when_the_recorders_clock_was_read() -> None:
    # 4 ms there, 1 ms to answer, 4 ms back.
    said = wire.Time("S1", 1_000_000, AHEAD_NS + 5_000_000, AHEAD_NS + 6_000_000)
    trip = trip_of(said, 10_000_000)
    assert (trip.mono_ns, trip.recorder_utc_ns - AHEAD_NS, trip.round_trip_ns) == (5_500_000, 5_500_000, 8_000_000)


def test_of_several_round_trips_the_quickest_one_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    now_ns = [0]
    monkeypatch.setattr(clock_offset, "time", SimpleNamespace(perf_counter_ns=lambda: now_ns[0]))
    estimate, waits_ms = OffsetEstimate("S1", 0.0), iter((9, 40, 3, 15, 60, 8, 30, 12))
    for n in range(200):
        now_ns[0] = n * 100_000_000 + 1
        question = estimate.question(now_ns[0] / 1e9)
        if question is None:
            continue
        # All of the delay is on the way there, which nobody can know.
        arrives_ns = now_ns[0] + next(waits_ms) * 1_000_000
        now_ns[0] = arrives_ns
        estimate.answer(wire.Time("S1", question.sent_mono_ns, AHEAD_NS + arrives_ns, AHEAD_NS + arrives_ns))
        if (found := estimate.take()) is not None:
            break
    else:
        pytest.fail("there was no estimate")
    assert found.detail["round_trip_ns"] == 3_000_000
    assert found.detail["round_trips"] == 8
    off_ns = found.detail["recorder_utc_ns"] - AHEAD_NS - found.mono_ns  # type: ignore[operator]
    assert off_ns == 1_500_000, "half of the way at most"


def test_a_session_puts_the_recorders_clock_on_record_and_analysis_uses_it(
    at_once: None, ahead: str, spool: Path, data: Path
) -> None:
    found = recorded(ahead, spool, data, 2)
    # Whoever is interrupted between the two readings has the second one late.
    apart_ns = max(time.time_ns() - time.monotonic_ns() for _ in range(100))
    for event in found.itertuples():
        told = json.loads(event.detail)
        truth_ns = event.mono_ns + AHEAD_NS + apart_ns
        assert abs(told["recorder_utc_ns"] - truth_ns) <= told["round_trip_ns"] / 2 + 200_000
    clock = telemetry.open_store(data).clock("S1")
    mono_ns = int(found["mono_ns"].iloc[0])
    (recorder,), (truth,) = clock.recorder_utc(mono_ns), pd.to_datetime([truth_ns - event.mono_ns + mono_ns], utc=True)
    assert abs((recorder - truth).total_seconds()) <= clock.recorder_error_s + 0.001
    with pytest.raises(UnknownSession):
        telemetry.open_store(data).clock("S9")


def test_a_wire_that_holds_things_up_costs_less_than_it_holds(
    at_once: None, ahead: str, spool: Path, data: Path
) -> None:
    with LossyWire(ahead, Faults(delay=0.5, delay_s=0.3), seed=5) as through:
        found = recorded(ahead, spool, data, 1, through.address)
    assert json.loads(found["detail"].iloc[0])["round_trip_ns"] < 300_000_000


def test_without_being_asked_for_it_nothing_comes_between_a_sessions_own_events(
    at_once: None, address: str, client: RecorderClient, start, data: Path
) -> None:
    sender, session = start(address)
    time.sleep(0.8)
    session.end()
    assert sender.close(60.0)
    client.wait_sealed("S1", 60.0)
    assert NAME not in set(telemetry.open_store(data).events()["name"])


def test_clocks_that_drift_apart_are_followed() -> None:
    chance = np.random.default_rng(4)
    mono = (np.arange(40) * 30e9).astype(np.int64) + 10**15
    trips = (chance.exponential(2e6, 40) + 1e6).astype(np.int64)
    asymmetry = chance.uniform(-0.5, 0.5, 40) * trips
    drift = 20e-6
    true = AHEAD_NS + mono + np.rint(drift * (mono - mono[0])).astype(np.int64)
    events = pd.DataFrame(
        {
            "mono_ns": mono,
            "detail": [
                json.dumps({"recorder_utc_ns": int(t + a), "round_trip_ns": int(r)})
                for t, a, r in zip(true, asymmetry, trips, strict=True)
            ],
        }
    )
    pairs = pd.DataFrame({"mono_ns": mono, "xr_ns": mono + 5, "utc_ns": mono + 10**18})
    clock = SessionClock(pairs, events)
    assert clock.drift_ppm == pytest.approx(20, abs=2)
    off = clock.recorder_utc(mono).astype("int64").to_numpy() - true
    assert np.abs(off).max() < 1_000_000
    assert clock.estimates["trusted"].sum() < 40, "slow ones are left out"
    np.testing.assert_array_equal(clock.xr_ns(mono[3] + 7), [mono[3] + 12])
    assert clock.utc(mono[0])[0].value == mono[0] + 10**18


def test_a_session_that_reached_no_recorder_has_no_time_of_one() -> None:
    pairs = pd.DataFrame({"mono_ns": [1, 2], "xr_ns": [1, 2], "utc_ns": [1, 2]})
    clock = SessionClock(pairs, pd.DataFrame({"mono_ns": pd.Series([], dtype="int64"), "detail": []}))
    assert clock.recorder_utc([1, 2]).isna().all()
    assert np.isnan(clock.recorder_error_s)
