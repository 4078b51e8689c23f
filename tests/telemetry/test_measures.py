"""What a session measured of a person is in their profile for the next one, once, and never from a script."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from telemetry.client import RecorderClient
from telemetry.messages import Measures, Origin, Profile
from telemetry.sender import Sender
from telemetry.testing import PretendSession

from .conftest import LAYOUT

BEFORE = Profile(code="P001", language="de", measures=Measures(stature_m=1.71, reach_m=0.5))


@pytest.fixture
def measure(address: str, client: RecorderClient, spool: Path) -> Callable[..., Measures]:
    """Plays a session that began at a time and measured this and that; returns the profile's measures after it."""

    def measure(
        session_id: str, *measured: dict[str, float | str | None], began_ns: int = 1, origin: Origin = "person"
    ) -> Measures:
        sender = Sender(spool, session_id, address, LAYOUT)
        session = PretendSession(sender, session_id, utc_ns=began_ns, origin=origin)
        for each in measured:
            session.happened("calibrated", **each)
        session.end()
        assert sender.close(60.0)
        client.wait_sealed(session_id, 60.0)
        profile = client.profile("P001")
        assert profile is not None
        return profile.measures

    return measure


def test_what_was_measured_goes_into_the_profile_and_leaves_the_rest_of_it(
    client: RecorderClient, measure: Callable[..., Measures]
) -> None:
    client.put_profile(BEFORE)
    arm = {"limb": "right arm", "reach_m": 0.57, "hand_m": 0.19, "seated_eye_height_m": 1.18}
    measure("S1", arm, {"limb": "right leg", "shin_m": 0.42})
    profile = client.profile("P001")
    assert profile is not None
    assert profile.measures == Measures(
        stature_m=1.71, reach_m=0.57, hand_m=0.19, seated_eye_height_m=1.18, shin_m=0.42
    )
    assert (profile.language, profile.version) == ("de", 3)


def test_a_participant_whom_only_a_session_knows_has_measures_too(measure: Callable[..., Measures]) -> None:
    assert measure("S1", {"limb": "right arm", "reach_m": 0.57}) == Measures(reach_m=0.57)


@pytest.mark.parametrize("origin", ["scripted", "recording"])
def test_a_script_or_a_recording_is_not_the_person(
    client: RecorderClient, measure: Callable[..., Measures], origin: Origin
) -> None:
    client.put_profile(BEFORE)
    assert measure("S1", {"limb": "right arm", "reach_m": 0.57}, origin=origin) == BEFORE.measures


def test_a_session_that_is_delivered_late_does_not_undo_what_a_later_one_measured(
    measure: Callable[..., Measures],
) -> None:
    measure("S2", {"limb": "right arm", "reach_m": 0.60}, began_ns=2)
    assert measure("S1", {"limb": "right arm", "reach_m": 0.57}, began_ns=1).reach_m == 0.60
    assert measure("S3", {"limb": "right arm", "reach_m": 0.61}, began_ns=3).reach_m == 0.61


def test_what_is_no_length_is_left_out(measure: Callable[..., Measures]) -> None:
    assert measure("S1", {"limb": "right arm", "reach_m": "long", "hand_m": None, "waist_m": 0.8}) == Measures()
