"""Who may do what in the console: the one table, which docs/security.md shows and the tests compare with it."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    THERAPIST = "therapist"
    OBSERVER = "observer"
    RESEARCHER = "researcher"
    ADMINISTRATOR = "administrator"


_EVERYBODY = frozenset(Role)
_SEEING = frozenset({Role.THERAPIST, Role.OBSERVER, Role.RESEARCHER})
_LEADING = frozenset({Role.THERAPIST})

#: Commands to the session that others than therapists may give; every command that is not here is a therapist's.
_COMMANDS: dict[str, frozenset[Role]] = {"stop": _EVERYBODY, "note": _SEEING, "adverse_event": _SEEING}

#: Everything else that can be done in the console.
ACTIONS: dict[str, frozenset[Role]] = {
    "watch": _SEEING,
    "history": frozenset({Role.THERAPIST, Role.RESEARCHER}),
    "control": _LEADING,
    "participants": _LEADING,
    "start": _LEADING,
    "addenda": _LEADING,
    "people": frozenset({Role.ADMINISTRATOR}),
}


def may(roles: frozenset[Role], action: str) -> bool:
    """Whether somebody with these roles may do an action of the console."""
    return bool(roles & ACTIONS[action])


def may_command(roles: frozenset[Role], command: str) -> bool:
    """Whether somebody with these roles may give the session this command; what is new is a therapist's."""
    return bool(roles & _COMMANDS.get(command, _LEADING))
