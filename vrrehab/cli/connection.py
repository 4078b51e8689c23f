"""Finding the recorder: the one named, the one running on the data folder, or one of our own for a moment."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from telemetry.address import RECORDER
from telemetry.client import RecorderClient
from telemetry.errors import InUse, NobodyAnswers, NotAStore
from telemetry.files import put_in_place
from telemetry.folder import Folder, running_recorder, store_id
from telemetry.keys import Keyring
from telemetry.messages import Profile
from vrrehab.errors import UnknownName

#: A recorder on this computer answers in milliseconds; a busy disk makes it more.
_LISTENS_S, _ANSWERS_S = 0.3, 1.0


def keyring_of(data: Path) -> Keyring:
    """This computer's keys, which it needs to reach a recorder on another one."""
    return Keyring(Folder(data).keys)


@contextlib.contextmanager
def recorder_for(data: Path, address: str | None, *, new: bool = False) -> Iterator[RecorderClient]:
    """A client of the recorder at `address`, or of the one on `data`; without either, one that runs here meanwhile.

    Every write to a store goes through a recorder, its only writer, whoever asks for it. Raises `NotAStore` where there
    is no record, unless one is to be begun (`new`).
    """
    address = address or running_recorder(data)
    with contextlib.ExitStack() as open_parts:
        if address is None:
            address = open_parts.enter_context(_recorder_here(data, new))
        yield open_parts.enter_context(RecorderClient(address, keyring=keyring_of(data)))


@contextlib.contextmanager
def _recorder_here(data: Path, new: bool) -> Iterator[str]:
    from telemetry.recorder import Recorder

    if not new and not Folder(data).clinic.exists():
        raise NotAStore(f"expected a record in {data}, but there is none; give the recorder's --data")
    recorder = Recorder(data, "tcp://127.0.0.1:*")
    thread = threading.Thread(target=recorder.run, name="recorder", daemon=True)
    thread.start()
    try:
        yield recorder.address
    finally:
        recorder.stop()
        thread.join()


@dataclass(frozen=True, slots=True)
class Recipient:
    """Where a session sends its record. store: the only store that may have it; empty for whichever is there."""

    address: str
    store: str = ""


def recipient_of_session(data: Path, named: str | None) -> Recipient:
    """The recorder named, or else only that of the folder `data`, running or not.

    Where none runs, it is heard at its usual address as soon as it is started. Raises `InUse` where the recorder of
    another folder listens there: the session would land in the wrong record.
    """
    if named:
        return Recipient(named)
    own = store_id(data)
    if address := running_recorder(data):
        return Recipient(address, own)
    with contextlib.suppress(NobodyAnswers), RecorderClient(RECORDER, _LISTENS_S) as client:
        other = client.status()
        if other.store_id != own:
            raise InUse(
                f"expected a recorder on {data}, but the one that is running keeps {other.data_dir}; start one with: "
                f"vrrehab recorder --data {data} --bind 'tcp://127.0.0.1:*'"
            )
    return Recipient(RECORDER, own)


def known_profile(client: RecorderClient, data: Path, code: str) -> Profile:
    """The participant's profile. Raises `UnknownName` for one whom nobody knows."""
    profile = client.profile(code)
    if profile is None:
        raise UnknownName("participant", code, [known.code for known in client.profiles()], data)
    return profile


def profile_for_session(data: Path, address: str, code: str) -> Profile:
    """The participant's profile from the recorder, or the copy kept from last time where none answers.

    Raises `UnknownName` for a participant nobody knows, `NobodyAnswers` where there is no copy either.
    """
    try:
        with RecorderClient(address, _ANSWERS_S, keyring=keyring_of(data)) as client:
            profile = known_profile(client, data, code)
    except NobodyAnswers:
        return _kept_copy(data, address, code)
    keep_copy(data, profile)
    return profile


def keep_copy(data: Path, profile: Profile) -> None:
    """Keep what is known of a participant, for a session without a recorder."""
    copy = _copy(data, profile.code)
    copy.parent.mkdir(parents=True, exist_ok=True)
    part = copy.with_suffix(".part")
    part.write_bytes(msgspec.json.encode(profile))
    put_in_place(part, copy)


def _kept_copy(data: Path, address: str, code: str) -> Profile:
    copy = _copy(data, code)
    try:
        return msgspec.json.decode(copy.read_bytes(), type=Profile)
    except (OSError, msgspec.DecodeError):
        kept = ", ".join(sorted(path.stem for path in copy.parent.glob("*.json"))) or "none"
        raise NobodyAnswers(
            f"expected a recorder that knows {code}, but none answers at {address}, and of the profiles kept in "
            f"{copy.parent} ({kept}) none is of {code}; start one with: vrrehab recorder --data {data}"
        ) from None


def _copy(data: Path, code: str) -> Path:
    return Folder(data).profile(code)
