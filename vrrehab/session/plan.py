"""What is settled before a session begins: who, which programme, which mode, which side is intact."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from telemetry.messages import Origin, Profile
from vrrehab.body.drives import MODES
from vrrehab.body.skeleton import Side
from vrrehab.errors import NotPossible
from vrrehab.session.programme import Programme, Step, lay_out


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a session needs to know that does not change while it runs."""

    session_id: str
    participant: str
    profile_version: int
    programme: Programme
    steps: tuple[Step, ...]
    mode: str
    intact_side: Side
    origin: Origin
    seed: int

    @property
    def affected_side(self) -> Side:
        return self.intact_side.other

    @property
    def acting_side(self) -> Side:
        """The side whose movement is counted: the virtual limb, or the intact one where there is no virtual
        limb.
        """
        return self.intact_side if self.mode == "intact_only" else self.affected_side


def new_session_id(now: datetime | None = None) -> str:
    """A session's name: when it began, in UTC, and four random characters so that no two are the same."""
    now = now or datetime.now(UTC)
    return f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"


def intact_side_of(profile: Profile) -> Side:
    """The side with no lost arm or hand. Raises `NotPossible` where both are lost, or the loss is not of an
    arm.
    """
    lost = {Side(loss.side) for loss in profile.limb_losses if loss.limb in ("hand", "arm")}
    if len(lost) == 1:
        return lost.pop().other
    if len(lost) == 2:
        raise NotPossible(
            f"{profile.code} has lost both hands or arms, so there is no intact side to follow. "
            "Movement for both sides comes with a later version."
        )
    raise NotPossible(
        f"{profile.code} has no lost hand or arm on record, so the intact side is not known. Add it with: "
        f"vrrehab participant add {profile.code} --lost left:hand:wrist"
    )


def make_plan(profile: Profile, programme: Programme, mode: str | None, origin: Origin, seed: int) -> Plan:
    """The plan for one sitting; mode and every task are checked here, before anything starts."""
    mode = mode or programme.mode
    if mode not in MODES:
        raise NotPossible(f"Expected a mode of {', '.join(MODES)}, but {mode!r} came; choose one of these.")
    return Plan(
        session_id=new_session_id(),
        participant=profile.code,
        profile_version=profile.version,
        programme=programme,
        steps=lay_out(programme),
        mode=mode,
        intact_side=intact_side_of(profile),
        origin=origin,
        seed=seed,
    )
