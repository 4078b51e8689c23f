"""What is offered for a session, of programmes and of courses."""

from __future__ import annotations

from telemetry.messages import LimbLoss, Profile
from telemetry.wire import PastSession
from vrrehab.console.choices import continued, offers, why_not

PERSON = Profile(code="P001", limb_losses=(LimbLoss(limb="hand", side="left", level="wrist"),))


def past(programme: str, course: str = "", condition: str = "", mode: str = "mirror") -> PastSession:
    told = (("course", {"course": course, "condition": condition}),) if course else ()
    return PastSession("S1", programme, mode, "person", "completed", 0, 3, 3, 5.0, 5.0, told)


def test_a_first_session_comes_first_then_programmes_then_courses_as_what_is_due_and_last_what_cannot_be() -> None:
    found = offers(PERSON)
    names = [offer.name for offer in found if not offer.refused]
    assert names[0] == "first_session"
    assert names.index("hand") < names.index("demo") < names.index("gmi_hand")
    (gmi,) = [offer for offer in found if offer.name == "gmi_hand"]
    assert (gmi.title, gmi.due) == ("Graded motor imagery, hand", (1, "laterality"))
    later = [past("gmi_hand_imagery", "gmi_hand", "imagery", "imagery")]
    (gmi,) = [offer for offer in offers(PERSON, past=later) if offer.name == "gmi_hand"]
    assert gmi.due == (2, "imagery")
    assert why_not(PERSON, "gmi_hand", None, None, later) == ""


def test_what_is_for_other_limbs_is_refused_in_so_many_words_whatever_the_mode_of_its_first_session() -> None:
    refused = {offer.name: offer.refused for offer in offers(PERSON) if offer.refused}
    assert {"leg", "foot", "first_leg_session", "bilateral_legs", "gmi_foot", "abab_foot"} <= refused.keys()
    assert set(refused.values()) == {"It is for feet and legs, and none is lost."}
    leg = Profile(code="P002", limb_losses=(LimbLoss(limb="foot", side="left", level="ankle"),))
    possible = [offer.name for offer in offers(leg) if not offer.refused]
    assert possible[0] == "first_leg_session"
    assert not {"hand", "arm", "abab_hand", "alternating_hand"} & set(possible)


def test_a_course_of_which_a_later_session_cannot_be_is_not_begun() -> None:
    both = tuple(LimbLoss(limb="arm", side=side, level="upper_arm") for side in ("left", "right"))
    offered = {offer.name: offer for offer in offers(Profile(code="P003", limb_losses=both))}
    assert offered["bilateral_arms"].refused == ""
    assert "one intact arm to mirror" in offered["alternating_hand"].refused  # its first session is in relaxation


def test_a_course_that_is_over_cannot_be_gone_on_with() -> None:
    over = [past("hand", "alternating_hand", "mirror")] * 12
    (offer,) = [offer for offer in offers(PERSON, past=over) if offer.name == "alternating_hand"]
    assert "which has 12, but P001 is at number 13" in offer.refused


def test_what_went_on_last_goes_on_again() -> None:
    possible = [offer for offer in offers(PERSON) if not offer.refused]
    assert continued([], possible) is None
    assert continued([past("hand", mode="imagery")], possible) == ("hand", "imagery")
    assert continued([past("hand", "abab_hand", "A", "intact_only")], possible) == ("abab_hand", "")
