"""What a therapist may tell a running session, by name, and what each does; anything else is refused with
the reason.

The one table `COMMANDS` is what the session obeys and what a console can offer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from vrrehab.session.sitting import Sitting

Value = float | int | str | bool | None


class Command(Protocol):
    """One command as it came, to be answered exactly once."""

    @property
    def name(self) -> str: ...

    @property
    def arguments(self) -> Mapping[str, Value]: ...

    @property
    def who(self) -> str: ...

    def applied(self, frame: int) -> None: ...

    def refused(self, reason: str) -> None: ...


def _set(sitting: Sitting, arguments: Mapping[str, Value], who: str) -> None:
    name, value = arguments.get("name"), arguments.get("value")
    if not isinstance(name, str) or value is None:
        raise ValueError(f"set expects a name and a value, got {dict(arguments)}")
    sitting.change_setting(name, value, who)


def _rate(sitting: Sitting, arguments: Mapping[str, Value], who: str) -> None:
    value = arguments.get("value")
    if isinstance(value, bool) or not isinstance(value, int | float) or value not in range(11):
        raise ValueError(f"rate expects a whole number from 0 to 10, got {value!r}")
    sitting.conductor.rate(float(value), who)


def _note(sitting: Sitting, arguments: Mapping[str, Value], who: str) -> None:
    text = arguments.get("text")
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"note expects some text, got {text!r}")
    sitting.conductor.happened("note", {"who": who, "text": text[:2000]})


#: Every command: what it does to the sitting, given its arguments and who asks.
COMMANDS: dict[str, Callable[[Sitting, Mapping[str, Value], str], None]] = {
    "stop": lambda sitting, _, who: sitting.conductor.stop(who),
    "pause": lambda sitting, _, who: sitting.conductor.pause(True, who),
    "resume": lambda sitting, _, who: sitting.conductor.pause(False, who),
    "skip": lambda sitting, _, who: sitting.conductor.move_on(who),
    "recentre": lambda sitting, _, who: sitting.recentre(who),
    "decline": lambda sitting, _, who: sitting.conductor.rate(None, who),
    "rate": _rate,
    "set": _set,
    "note": _note,
}


def obey(sitting: Sitting, command: Command, frame: int) -> None:
    """Carry out a command before frame `frame` and answer it."""
    action = COMMANDS.get(command.name)
    if action is None:
        command.refused(f"no command {command.name!r}; there are {', '.join(COMMANDS)}")
        return
    try:
        action(sitting, command.arguments, command.who)
    except ValueError as error:
        command.refused(str(error))
    else:
        command.applied(frame)
