"""What a therapist may tell a running session, by name, and what each does; anything else is refused with
the reason.

The one table `COMMANDS` is what the session obeys and what a console can offer; `KEYS` is what the desktop's keyboard
does. Every command says who gives it.

A console that is in control sends `heartbeat` every second, and `release` when it gives control away on purpose: one
that falls silent is lost (`vrrehab.session.attendance`). One that only looks on sends neither. Any console may `stop`.
`resume` ends a break and the calm scene, and must say who restarts.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Any, Protocol, get_args

import msgspec

from telemetry import messages
from vrrehab.body.drives import MODES
from vrrehab.session.going import Journey
from vrrehab.session.sitting import Sitting

Value = float | int | str | bool | None
#: What a command does to a sitting, given its arguments and who asks; the journey that it begins, if it begins one.
Action = Callable[[Sitting, Mapping[str, Value], str], Journey | None]


#: What the command `adverse_event` has to be told, and the words for it.
ADVERSE: dict[str, tuple[str, ...]] = {
    "kind": get_args(messages.AdverseKind),
    "severity": get_args(messages.Severity),
    "relatedness": get_args(messages.Relatedness),
    "action": get_args(messages.AdverseAction),
}


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


def _set(sitting: Sitting, arguments: Mapping[str, Value], who: str) -> Journey | None:
    name, value = arguments.get("name"), arguments.get("value")
    if not isinstance(name, str) or value is None:
        raise ValueError(f"set expects a name and a value, got {dict(arguments)}")
    return sitting.change_setting(name, value, who)


def _rate(sitting: Sitting, arguments: Mapping[str, Value], who: str) -> None:
    """rate value=VALUE: a number, or words with commas between them; question, site, scale or item say of what."""
    value = arguments.get("value")
    if value is None or isinstance(value, bool):
        raise ValueError(f"rate expects a value, got {value!r}; to decline there is decline")
    sitting.conductor.therapist.rate(value, who, _meant(arguments))


def _decline(sitting: Sitting, arguments: Mapping[str, Value], who: str) -> None:
    sitting.conductor.therapist.rate(None, who, _meant(arguments))


def _correct(sitting: Sitting, arguments: Mapping[str, Value], who: str) -> None:
    rating_id, value = arguments.get("rating_id"), arguments.get("value")
    if not isinstance(rating_id, str) or isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"correct expects a rating_id and a number as its value, got {dict(arguments)}")
    sitting.conductor.ledger.correct(rating_id, value, who)


def _meant(arguments: Mapping[str, Value]) -> dict[str, str]:
    return {what: str(arguments[what]) for what in ("question", "site", "scale", "item") if what in arguments}


def _extend(sitting: Sitting, arguments: Mapping[str, Value], who: str) -> None:
    seconds = arguments.get("seconds", 60)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 5 <= seconds <= 600:
        raise ValueError(f"extend expects 5 to 600 seconds, got {seconds!r}")
    sitting.conductor.therapist.extend(float(seconds), who)


def _choose(sitting: Sitting, arguments: Mapping[str, Value], who: str) -> None:
    task, mode = arguments.get("task"), arguments.get("mode")
    if not isinstance(task, str) or not isinstance(mode, str | None):
        raise ValueError(f"choose expects a task and, where it is to change, a mode, got {dict(arguments)}")
    sitting.conductor.therapist.choose(task, mode, who)


def _press(sitting: Sitting, arguments: Mapping[str, Value], who: str) -> None:
    sitting.conductor.therapist.press(str(arguments.get("button")), who)


def _mode(sitting: Sitting, arguments: Mapping[str, Value], who: str) -> None:
    mode = arguments.get("mode")
    if mode not in MODES:
        raise ValueError(f"mode expects one of {', '.join(MODES)}, got {mode!r}")
    sitting.conductor.therapist.change_mode(str(mode), who)


def _stroke(sitting: Sitting, arguments: Mapping[str, Value], who: str) -> None:
    at = arguments.get("at")
    if at is not None and (isinstance(at, bool) or not isinstance(at, int | float) or not 0.0 <= at <= 1.0):
        raise ValueError(
            f"stroke expects how far along the limb the hand is, 0 to 1, or nothing once lifted, got {at!r}"
        )
    sitting.conductor.therapist.stroke(None if at is None else float(at), who)


def _note(sitting: Sitting, arguments: Mapping[str, Value], who: str) -> None:
    text = arguments.get("text")
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"note expects some text, got {text!r}")
    sitting.conductor.happened("note", {"who": who, "text": text[:2000]})


def _adverse_event(sitting: Sitting, arguments: Mapping[str, Value], who: str) -> None:
    """Arguments: kind, severity, relatedness, action, each a word; serious, a truth; text, up to 2000 characters."""
    if not who.strip():
        raise ValueError("adverse_event expects who saw it, got nobody")
    told: dict[str, Any] = {"mono_ns": 0, "who": who, "serious": arguments.get("serious", False)}
    told |= {"what" if name == "kind" else name: arguments.get(name) for name in ADVERSE}
    try:
        event = msgspec.convert(told, messages.AdverseEvent)
    except msgspec.ValidationError as error:
        wanted = "; ".join(f"{name}, one of {', '.join(words)}" for name, words in ADVERSE.items())
        raise ValueError(f"adverse_event expects {wanted}; serious, true or false; and text: {error}") from None
    text = arguments.get("text") or ""
    sitting.conductor.ledger.adverse(msgspec.structs.replace(event, text=str(text)[:2000]))


def _toggle(name: str) -> Action:
    return lambda sitting, _, who: sitting.change_setting(name, not sitting.settings[name], who)


def _switch(name: str, value: bool) -> Action:
    return lambda sitting, _, who: sitting.change_setting(name, value, who)


def _break(sitting: Sitting, _arguments: Mapping[str, Value], who: str) -> None:
    """The pause key: a break begins, or a break or the calm scene ends."""
    guard = sitting.conductor.guard
    if guard.resting:
        guard.go_on(who)
    else:
        guard.pause(True, who)


#: Every command, by name.
COMMANDS: dict[str, Action] = {
    "stop": lambda sitting, _, who: sitting.conductor.guard.stop(who),
    "calm": lambda sitting, _, who: sitting.conductor.guard.rest(who),
    "pause": lambda sitting, _, who: sitting.conductor.guard.pause(True, who),
    "resume": lambda sitting, _, who: sitting.conductor.guard.go_on(who),
    "hide": _switch("limb_hidden", True),
    "show": _switch("limb_hidden", False),
    "cover": _switch("limb_covered", True),
    "uncover": _switch("limb_covered", False),
    "heartbeat": lambda sitting, _, who: sitting.conductor.guard.attended(who),
    "release": lambda sitting, _, who: sitting.conductor.guard.unattended(who),
    "skip": lambda sitting, _, who: sitting.conductor.therapist.move_on(who),
    "repeat": lambda sitting, _, who: sitting.conductor.therapist.repeat(who),
    "extend": _extend,
    "choose": _choose,
    "mode": _mode,
    "press": _press,
    "recentre": lambda sitting, _, who: sitting.recentre(who),
    "decline": _decline,
    "rate": _rate,
    "correct": _correct,
    "set": _set,
    "note": _note,
    "adverse_event": _adverse_event,
    "stroke": _stroke,
}

#: What a key does, by its name as a display tells it; the words are for whoever sits before the keyboard.
KEYS: dict[str, tuple[str, Action]] = {
    "escape": ("Esc stop", COMMANDS["stop"]),
    "h": ("H hide the limb", _toggle("limb_hidden")),
    "c": ("C cover it", _toggle("limb_covered")),
    "space": ("Space pause and go on", _break),
}
KEYS_IN_WORDS = " · ".join(words for words, _ in KEYS.values())


def press(sitting: Sitting, key: str) -> None:
    """A key of `KEYS` went down on the session's own keyboard; what cannot be done now is passed over."""
    with contextlib.suppress(ValueError):
        KEYS[key][1](sitting, {}, "keyboard")


def obey(sitting: Sitting, command: Command, frame: int) -> None:
    """Carry out a command before frame `frame` and answer it: at once, or when the journey that it begins is over."""
    action = COMMANDS.get(command.name)
    if action is None:
        command.refused(f"no command {command.name!r}; there are {', '.join(COMMANDS)}")
        return
    try:
        journey = action(sitting, command.arguments, command.who)
    except ValueError as error:
        command.refused(str(error))
    else:
        if journey is None:
            command.applied(frame)
        else:
            journey.asked = command
