"""What is offered for a session, of programmes and of courses."""

from __future__ import annotations

from telemetry.messages import LimbLoss, Profile
from telemetry.wire import PastSession
from vrrehab.console.choices import continued, offers, why_not

PERSON = Profile(code="P001", limb_losses=(LimbLoss(limb="hand", side="left", level="wrist"),))


def past(programme: str, course: str = "", condition: str = "", mode: str = "mirror") -> PastSession:
    told = (("course", {"course": course, "condition": condition}),) if course else ()
    return PastSession("S1", programme, mode, "person", "completed", 0, 3, 3, 5.0, 5.0, told)


def test_programmes_come_first_then_courses_as_what_of_them_is_due_and_last_what_cannot_be() -> None:
    found = offers(PERSON)
    names = [offer.name for offer in found if not offer.refused]
    assert names[0] == "arm"
    assert names.index("hand") < names.index("gmi_hand")
    assert {"leg", "gmi_foot"} <= {offer.name for offer in found if offer.refused}
    (gmi,) = [offer for offer in found if offer.name == "gmi_hand"]
    assert gmi.title == "Graded motor imagery, hand: 1, laterality"
    later = [past("gmi_hand_imagery", "gmi_hand", "imagery", "imagery")]
    (gmi,) = [offer for offer in offers(PERSON, past=later) if offer.name == "gmi_hand"]
    assert gmi.title == "Graded motor imagery, hand: 2, imagery"
    assert why_not(PERSON, "gmi_hand", None, None, later) == ""


def test_a_course_that_is_over_cannot_be_gone_on_with() -> None:
    over = [past("hand", "alternating_hand", "mirror")] * 12
    (offer,) = [offer for offer in offers(PERSON, past=over) if offer.name == "alternating_hand"]
    assert "which has 12, but P001 is at number 13" in offer.refused


def test_what_went_on_last_goes_on_again() -> None:
    possible = [offer for offer in offers(PERSON) if not offer.refused]
    assert continued([], possible) is None
    assert continued([past("hand", mode="imagery")], possible) == ("hand", "imagery")
    assert continued([past("hand", "abab_hand", "A", "intact_only")], possible) == ("abab_hand", "")
