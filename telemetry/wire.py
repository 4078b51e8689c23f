"""What sender and recorder say to each other: every message, its limits, and the only decoder of bytes from outside.

A conversation goes: `Hello` -> `Have` (what the recorder holds) -> `Entries` ... -> `Ack` ...; requests for profiles
and history use the same socket. Every `Have` begins a new attempt, and what was said of an earlier one counts no more:
a recorder that was set back to a backup has less than it acknowledged, and its `Have` says so. Each message is one
MessagePack map in one ZeroMQ frame. Nothing here touches a socket.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from telemetry.errors import NotUnderstood
from telemetry.journal import MOST_ENTRY_BYTES, Entry, Stream
from telemetry.messages import Addendum, AnyEvent, Origin, Profile
from telemetry.messages import Entry as InstrumentEntry

PROTOCOL = 2
T = TypeVar("T")

#: Larger messages are dropped by the socket before they are held in memory.
MOST_MESSAGE_BYTES = 2 << 20
MOST_ENTRIES = 32
#: What who asks a recorder takes for an answer: every participant of a large study, or a history of years.
MOST_REPLY_BYTES = 64 << 20

#: What of a session its participant's later ones go by: what of a course it was, and what its tasks measured.
REMEMBERED = ("course", "score")

#: Session ids and participant codes become names of folders and files, so nothing that a file system could take
#: otherwise: Windows drops a dot at the end, and takes some names for devices.
SafeName = Annotated[
    str,
    Meta(
        pattern=r"^(?!(?i:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|\Z))[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,62}[A-Za-z0-9_-])?\Z"
    ),
]
_Attempt = Annotated[int, Meta(ge=0, le=2**53)]
_Version = Annotated[int, Meta(ge=0, le=2**31)]


class _Message(Struct, frozen=True, tag_field="say", tag=str.lower):
    pass


class Hello(_Message, frozen=True):
    """A sender asks what the recorder has of its session. `attempt` comes back with the answer.

    store: the only store that the session belongs to, whose recorder alone may take it; empty for any.
    """

    session: SafeName
    attempt: _Attempt
    protocol: _Version = PROTOCOL
    store: Annotated[str, Meta(max_length=64)] = ""


class Entries(_Message, frozen=True):
    """Consecutive entries of one stream."""

    session: SafeName
    attempt: _Attempt
    stream: Stream
    entries: Annotated[list[Entry], Meta(min_length=1, max_length=MOST_ENTRIES)]


class AskTime(_Message, frozen=True):
    """What time is it there? `sent_mono_ns`, on the session's monotonic clock, comes back with the answer."""

    session: SafeName
    sent_mono_ns: Annotated[int, Meta(ge=0, le=2**63 - 1)]


class Time(_Message, frozen=True):
    """When the question came to the recorder and when it answered, by its UTC clock."""

    session: str
    sent_mono_ns: int
    came_utc_ns: int
    answered_utc_ns: int


class Have(_Message, frozen=True):
    """The recorder holds each stream through this number: go on behind it."""

    session: str
    attempt: int
    reach: dict[Stream, int]


class Ack(_Message, frozen=True):
    """The recorder has committed each stream through this number, of what came with `attempt`."""

    session: str
    attempt: int
    reach: dict[Stream, int]


class Refused(_Message, frozen=True):
    """Nothing of what came was kept; `reason` says why and what to do."""

    session: str
    reason: str


class Erased(_Message, frozen=True):
    """The session's participant was erased: nothing of it is taken, and its sender lets go of what it has."""

    session: str


class Request(_Message, frozen=True):
    """Something asked of the recorder; `request` comes back with the reply."""

    request: Annotated[int, Meta(ge=0, le=2**53)]


class GetParticipant(Request, frozen=True):
    code: SafeName


class PutParticipant(Request, frozen=True):
    """Add a participant (`version` 1) or change one (`version` one above the stored one)."""

    profile: Profile


class ListParticipants(Request, frozen=True):
    pass


class GetHistory(Request, frozen=True):
    code: SafeName


class PutAddendum(Request, frozen=True):
    """Append a fact about a sealed session; sent again, it is appended once."""

    addendum: Addendum


class PutEntry(Request, frozen=True):
    """Append an instrument that was filled in; sent again, it is appended once."""

    entry: InstrumentEntry


class PutEntries(Request, frozen=True):
    """Append all of these, or none; those that are there already are passed over. The reply says how many were new."""

    entries: tuple[InstrumentEntry, ...]


class GetEntries(Request, frozen=True):
    code: SafeName


class GetStatus(Request, frozen=True):
    pass


class GetSealState(Request, frozen=True):
    session: SafeName


SealState = Literal["unknown", "open", "sealed"]


class PastSession(Struct, frozen=True):
    """A session in a participant's history; times are UTC nanoseconds.

    pain_first, pain_most: the first and the highest score of phantom limb pain, None where none was given. told: the
    events that a later session goes by (`REMEMBERED`), each with its detail, in order.
    """

    session_id: str
    programme: str
    mode: str
    origin: Origin
    status: str
    started_utc_ns: int
    task_runs: int
    pain_given: int
    pain_first: float | None = None
    pain_most: float | None = None
    told: tuple[tuple[str, dict[str, float | int | str | bool | None]], ...] = ()


class RecorderStatus(Struct, frozen=True):
    """problem: in words, empty when all is well. dropped_messages: how many came that were no message.

    refused_peers: how many handshakes failed. refused: who was turned away last, in words.
    """

    data_dir: str
    store_id: str
    open_sessions: tuple[str, ...]
    journal_entries: int
    dropped_messages: int
    problem: str
    refused_peers: int = 0
    refused: str = ""


class Reply(_Message, frozen=True):
    """The answer to a request; which field is filled depends on what was asked, `refused` where it was declined."""

    request: int
    profiles: tuple[Profile, ...] = ()
    history: tuple[PastSession, ...] = ()
    status: RecorderStatus | None = None
    seal: SealState = "unknown"
    refused: str = ""
    entries: tuple[InstrumentEntry, ...] = ()
    appended: int = 0


AnyRequest = (
    GetParticipant
    | PutParticipant
    | ListParticipants
    | GetHistory
    | PutAddendum
    | PutEntry
    | PutEntries
    | GetEntries
    | GetStatus
    | GetSealState
)
ToRecorder = Hello | Entries | AskTime | AnyRequest
FromRecorder = Have | Ack | Refused | Erased | Time | Reply

_encoder = msgspec.msgpack.Encoder()
_to_recorder = msgspec.msgpack.Decoder(ToRecorder)
_from_recorder = msgspec.msgpack.Decoder(FromRecorder)
_event = msgspec.msgpack.Decoder(AnyEvent)

encode = _encoder.encode


def decode_to_recorder(data: bytes) -> ToRecorder:
    """Raises `NotUnderstood` for anything that is not exactly such a message."""
    return _decode(_to_recorder, data)


def decode_from_recorder(data: bytes) -> FromRecorder:
    """Raises `NotUnderstood` for anything that is not exactly such a message."""
    return _decode(_from_recorder, data, MOST_REPLY_BYTES)


def decode_event(data: bytes) -> AnyEvent:
    """The event in an entry of the events stream. Raises `NotUnderstood`."""
    return _decode(_event, data)


def _decode(decoder: msgspec.msgpack.Decoder[T], data: bytes, most_bytes: int = MOST_MESSAGE_BYTES) -> T:
    if len(data) > most_bytes:
        raise NotUnderstood(f"expected at most {most_bytes} bytes, got {len(data)}")
    try:
        return decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotUnderstood(f"expected a message of protocol {PROTOCOL}, got {len(data)} bytes: {error}") from error


__all__ = [
    "MOST_ENTRIES", "MOST_ENTRY_BYTES", "MOST_MESSAGE_BYTES", "MOST_REPLY_BYTES", "PROTOCOL", "Ack", "AnyRequest",
    "AskTime", "Entries", "Entry", "Erased", "FromRecorder", "GetEntries", "GetHistory", "GetParticipant",
    "GetSealState", "GetStatus", "Have", "Hello", "ListParticipants", "PastSession", "PutAddendum", "PutEntries",
    "PutEntry", "PutParticipant", "RecorderStatus", "Refused", "Reply", "SafeName", "SealState", "Time", "ToRecorder",
    "decode_event", "decode_from_recorder", "decode_to_recorder", "encode",
]  # fmt: skip
