"""Finding the recorder: the one named, the one running on the data folder, or one of our own for a moment."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec

from telemetry.client import RecorderClient
from telemetry.errors import InUse, NobodyAnswers
from telemetry.folder import Folder
from telemetry.messages import Profile
from telemetry.recorder import Recorder
from vrrehab.errors import UnknownName


def running_recorder(data: Path) -> str | None:
    """The address that the recorder on `data` has left there; None where there is none."""
    try:
        return str(json.loads(Folder(data).address.read_text(encoding="utf-8"))["address"])
    except (OSError, ValueError, KeyError):
        return None


@contextlib.contextmanager
def recorder_for(data: Path, address: str | None) -> Iterator[RecorderClient]:
    """A client of the recorder at `address`, or of the one on `data`; without either, one that runs here meanwhile.

    Every write to a store goes through a recorder, its only writer, whoever asks for it.
    """
    with contextlib.ExitStack() as open_parts:
        if address is None:
            try:
                recorder = Recorder(data, "tcp://127.0.0.1:*")
            except InUse:
                address = running_recorder(data)
                if address is None:
                    raise
            else:
                thread = threading.Thread(target=recorder.run, name="recorder", daemon=True)
                thread.start()
                open_parts.callback(thread.join)
                open_parts.callback(recorder.stop)
                address = recorder.address
        yield open_parts.enter_context(RecorderClient(address))


def profile_for_session(data: Path, address: str | None, code: str) -> Profile:
    """The participant's profile from the recorder, or the copy kept from last time where none answers.

    Raises `UnknownName` for a participant nobody knows, `NobodyAnswers` where there is no copy either.
    """
    copy = data / "profiles" / f"{code}.json"
    if address is not None:
        with contextlib.suppress(NobodyAnswers), RecorderClient(address) as client:
            profile = client.profile(code)
            if profile is None:
                raise UnknownName("participant", code, [known.code for known in client.profiles()], address)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(msgspec.json.encode(profile))
            return profile
    if not copy.is_file():
        raise NobodyAnswers(
            f"Expected a recorder that knows {code}, but none answers and no copy of the profile is kept in "
            f"{copy.parent}. Start one with: vrrehab recorder --data {data}"
        )
    return msgspec.json.decode(copy.read_bytes(), type=Profile)
