from __future__ import annotations

from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry import messages, wire
from telemetry.errors import NotUnderstood

names = st.from_regex(r"S[A-Za-z0-9_.-]{0,20}[A-Za-z0-9_-]", fullmatch=True)
seqs = st.integers(1, 2**53)
numbers = st.integers(0, 2**53)
entries = st.builds(wire.Entry, seqs, seqs, st.booleans(), st.binary(max_size=200))
losses = st.builds(
    messages.LimbLoss, limb=st.sampled_from(["hand", "leg"]), side=st.sampled_from(["left", "right"]), level=st.text()
)
profiles = st.builds(
    messages.Profile, code=names, limb_losses=st.lists(losses, max_size=3).map(tuple), version=st.integers(0, 99)
)
to_recorder = st.one_of(
    st.builds(wire.Hello, names, numbers, st.integers(0, 99)),
    st.builds(
        wire.Entries, names, numbers, st.sampled_from(["events", "motion"]), st.lists(entries, min_size=1, max_size=5)
    ),
    st.builds(wire.GetParticipant, numbers, names),
    st.builds(wire.PutParticipant, numbers, profiles),
    st.builds(wire.GetStatus, numbers),
)
floats = st.floats(allow_nan=False)
scalars = st.one_of(floats, st.integers(-(2**63), 2**63 - 1), st.text(), st.booleans())
times = st.integers(-(2**63), 2**63 - 1)
events = st.one_of(
    st.builds(messages.RatingAnswered, mono_ns=times, rating_id=st.text(), status=st.just("given"),
              value=st.none() | floats, source=st.just("participant"), by=st.text()),
    st.builds(messages.Happened, mono_ns=times, name=st.text(), detail=st.dictionaries(st.text(), scalars | st.none()),
              task_run_id=st.none() | st.text()),
    st.builds(messages.SettingChanged, mono_ns=times, who=st.text(), name=st.text(), old=scalars, new=scalars,
              applied_frame=times),
)  # fmt: skip


@given(to_recorder)
def test_what_is_said_to_the_recorder_comes_back_as_it_was(message: wire.ToRecorder) -> None:
    assert wire.decode_to_recorder(wire.encode(message)) == message


@given(events)
def test_an_event_comes_back_as_it_was(event: messages.AnyEvent) -> None:
    assert wire.decode_event(wire.encode(event)) == event


@given(st.binary(max_size=300))
def test_bytes_that_are_no_message_are_told_and_never_anything_else(data: bytes) -> None:
    for decode in (wire.decode_to_recorder, wire.decode_from_recorder, wire.decode_event):
        with pytest.raises(NotUnderstood):
            decode(data)


@given(to_recorder, st.data())
def test_a_broken_message_is_understood_as_a_message_or_told(message: wire.ToRecorder, draw: st.DataObject) -> None:
    data = bytearray(wire.encode(message))
    place = draw.draw(st.integers(0, len(data) - 1))
    data[place] = draw.draw(st.integers(0, 255))
    data = data[: draw.draw(st.integers(0, len(data)))]
    with suppress(NotUnderstood):
        wire.decode_to_recorder(bytes(data))


@pytest.mark.parametrize(
    "name",
    ["", "../x", "a/b", "a\\b", ".hidden", "x" * 65, "a\n", "a b", "é", "P001.", "nul", "CON", "com1.x", "Lpt9"],
)
def test_a_name_that_could_leave_its_folder_is_not_understood(name: str) -> None:
    with pytest.raises(NotUnderstood):
        wire.decode_to_recorder(wire.encode(wire.Hello(name, 1)))


def test_promises_of_huge_content_are_not_believed() -> None:
    for huge in (b"\xdd\xff\xff\xff\xff", b"\xdf\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff", b"\x91" * 200_000):
        message = msgspec.msgpack.encode({"say": "entries", "session": "S1"})[:-3] + huge
        with pytest.raises(NotUnderstood):
            wire.decode_to_recorder(message)


def test_more_entries_than_allowed_are_not_understood() -> None:
    entry = wire.Entry(1, 1, False, b"")
    with pytest.raises(NotUnderstood):
        wire.decode_to_recorder(wire.encode(wire.Entries("S1", 1, "motion", [entry] * (wire.MOST_ENTRIES + 1))))
