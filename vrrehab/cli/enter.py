"""`vrrehab enter`: what became known outside a session, such as an adverse event or a line of the pain log."""

from __future__ import annotations

import secrets
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from telemetry.messages import Entry, RatingSource
from vrrehab.cli import Data, RecorderAddress, app

if TYPE_CHECKING:
    from telemetry.instruments import Answer, Instrument


@app.command()
def enter(
    data: Data,
    instrument: Annotated[str, typer.Argument(metavar="INSTRUMENT", help="What is filled in, such as adverse_event.")],
    by: Annotated[str, typer.Option("--by", metavar="WHO", help="Who enters it.")],
    answers: Annotated[
        list[str] | None, typer.Argument(metavar="ITEM=ANSWER ...", help="Each answer, such as severity=mild.")
    ] = None,
    session: Annotated[str | None, typer.Option(metavar="ID", help="The session that it belongs to.")] = None,
    participant: Annotated[str | None, typer.Option(metavar="CODE", help="Whose it is, where it is of none.")] = None,
    about: Annotated[
        datetime | None,
        typer.Option(help="When it was, in this computer's time; now, or as it was, unless given."),
    ] = None,
    by_participant: Annotated[
        bool, typer.Option("--answered-by-participant", help="The participant answered, not who enters it.")
    ] = False,
    corrects: Annotated[
        str, typer.Option("--corrects", metavar="ENTRY", help="The entry that it takes the place of, which stays.")
    ] = "",
    recorder: RecorderAddress = None,
) -> None:
    """Add a filled-in instrument to the record, such as an adverse event that became known after its session."""
    if (session is None) == (participant is None):
        raise typer.BadParameter("give --session ID, or --participant CODE where it belongs to none")
    from telemetry.instruments import INSTRUMENTS
    from vrrehab.cli.connection import known_profile, recorder_for

    if instrument not in INSTRUMENTS:
        raise typer.BadParameter(f"expected one of {', '.join(INSTRUMENTS)}, got {instrument!r}")
    kept = _accepted(INSTRUMENTS[instrument], answers or ())
    now_ns = time.time_ns()
    source: RatingSource = "participant" if by_participant else "therapist"
    with recorder_for(data, recorder) as client:
        if participant is None:
            code = _participant_of(data, session or "")
        else:
            code = known_profile(client, data, participant).code
        corrected = next((known for known in client.entries(code) if known.entry_id == corrects), None)
        if about is not None:
            about_utc_ns = round(about.timestamp() * 1e9)
        else:
            about_utc_ns = corrected.about_utc_ns if corrected else now_ns
        entry = Entry(
            entry_id=f"{code}-e-{secrets.token_hex(6)}",
            participant=code,
            instrument=instrument,
            who=by,
            source=source,
            entered_utc_ns=now_ns,
            about_utc_ns=about_utc_ns,
            answers=kept,
            session_id=session,
            supersedes=corrects,
        )
        client.enter(entry)
    print(f"{entry.entry_id} {INSTRUMENTS[instrument].title.lower()}: {', '.join(f'{k} {v}' for k, v in kept.items())}")


def _accepted(instrument: Instrument, said: list[str] | tuple[()]) -> dict[str, Answer]:
    """The answers as they are kept; a word that reads as a number is one where a number is asked for."""
    items = {item.name: item for item in instrument.items}
    answers: dict[str, Answer] = {}
    for each in said:
        name, given, answer = each.partition("=")
        if not given or name not in items:
            raise typer.BadParameter(f"expected ITEM=ANSWER with an item of {', '.join(items)}, got {each!r}")
        takes_numbers = items[name].number is not None or any(
            isinstance(code, int) for code in items[name].levels or ()
        )
        answers[name] = _number(answer) if takes_numbers else answer
    try:
        return instrument.accept(answers)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def _number(answer: str) -> Answer:
    try:
        value = float(answer)
    except ValueError:
        return answer
    return int(value) if value.is_integer() else value


def _participant_of(data: Path, session: str) -> str:
    """Whose session it is. Raises `UnknownSession`."""
    import telemetry
    from telemetry.errors import UnknownSession

    sessions = telemetry.open_store(data).sessions()
    found = sessions["participant"][sessions["session_id"] == session]
    if found.empty:
        raise UnknownSession(f"no session {session!r} in {data}; see: vrrehab participant show CODE")
    return str(found.iloc[0])
