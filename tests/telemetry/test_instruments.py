"""Instruments score as they are published to score, and take no answer that they do not have."""

from __future__ import annotations

import math

import pytest

from telemetry.instruments import INSTRUMENTS
from telemetry.instruments.experience import PGIC_RESPONDER_AT_MOST

SSQ, PAIN = INSTRUMENTS["ssq"], INSTRUMENTS["pain_questionnaire"]
NOTHING = {item.name: 0 for item in SSQ.items}


def test_the_simulator_sickness_scores_have_the_published_maxima() -> None:
    """Every symptom severe: 200.34, 159.18, 292.32 and 235.62 (Kennedy et al. 1993)."""
    worst = SSQ.score({item.name: 3 for item in SSQ.items})
    assert worst == {"nausea": 200.34, "oculomotor": 159.18, "disorientation": 292.32, "total": 235.62}
    assert set(SSQ.score(NOTHING).values()) == {0.0}


@pytest.mark.parametrize(
    ("symptom", "nausea", "oculomotor", "disorientation"),
    [
        ("general_discomfort", 9.54, 7.58, 0.0),  # counts in two subscales, and so twice in the total
        ("fatigue", 0.0, 7.58, 0.0),
        ("nausea", 9.54, 0.0, 13.92),
        ("blurred_vision", 0.0, 7.58, 13.92),
        ("difficulty_concentrating", 9.54, 7.58, 0.0),
        ("vertigo", 0.0, 0.0, 13.92),
        ("burping", 9.54, 0.0, 0.0),
    ],
)
def test_a_symptom_counts_where_the_article_has_it(
    symptom: str, nausea: float, oculomotor: float, disorientation: float
) -> None:
    scores = SSQ.score(NOTHING | {symptom: 1})
    subscales = [nausea, oculomotor, disorientation]
    assert [scores[name] for name in ("nausea", "oculomotor", "disorientation")] == subscales
    assert scores["total"] == pytest.approx(3.74 * sum(score > 0 for score in subscales))


def test_a_worked_example_of_the_sickness_scores() -> None:
    """Raw sums N 4, O 5, D 3 by hand: 38.16, 37.90, 41.76 and (4 + 5 + 3) x 3.74 = 44.88."""
    answers = NOTHING | {"general_discomfort": 2, "nausea": 1, "sweating": 1, "eyestrain": 2, "difficulty_focusing": 1,
                         "vertigo": 1}  # fmt: skip
    assert SSQ.score(answers) == {"nausea": 38.16, "oculomotor": 37.9, "disorientation": 41.76, "total": 44.88}


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        ({}, {"nausea": 95.4, "oculomotor": 53.06, "disorientation": 69.6, "total": 82.28}),
        ({"difficulty_focusing": 2, "fullness_of_head": 3, "stomach_awareness": 3},
         {"nausea": 124.02, "oculomotor": 60.64, "disorientation": 125.28, "total": 112.2}),
    ],
)  # fmt: skip
def test_the_sickness_scores_are_those_of_another_implementation(raised: dict, expected: dict) -> None:
    """Before and after, as the example of CSSI has them (Brion Mario 2019, github.com/brionmario/cssi-core, MIT), with
    what that library makes of them; it keeps its own table of which symptom counts where.
    """
    before = NOTHING | {"blurred_vision": 1, "burping": 2, "difficulty_concentrating": 3, "difficulty_focusing": 1,
                        "dizzy_eyes_closed": 1, "fatigue": 1, "headache": 1, "increased_salivation": 2, "nausea": 2,
                        "sweating": 1}  # fmt: skip
    assert SSQ.score(before | raised) == expected


def test_cybersickness_goes_from_6_to_42_in_pairs() -> None:
    csq = INSTRUMENTS["csq_vr"]
    least, most = ({item.name: value for item in csq.items} for value in (1, 7))
    assert csq.score(least) == {"nausea": 2, "vestibular": 2, "oculomotor": 2, "total": 6}
    assert csq.score(most | {"nausea_a": 1}) == {"nausea": 8, "vestibular": 14, "oculomotor": 14, "total": 36}


def test_the_pain_rating_index_goes_to_45_and_none_is_made_of_a_part() -> None:
    words = [item.name for item in PAIN.items if item.name.startswith("MPQ")]
    assert len(words) == 15
    worst = {"PLPNRS": 10, **dict.fromkeys(words, 3)}
    assert PAIN.score(worst) == {"PRI_sensory": 33, "PRI_affective": 12, "PRI": 45}
    assert PAIN.score({name: value for name, value in worst.items() if name != "MPQHeavy"}) == {"PRI_affective": 12}


def test_fields_and_codes_are_those_of_ds006921() -> None:
    """Names, ranges and codes as its two JSON files have them (CC0)."""
    items = {item.name: item for item in PAIN.items}
    assert set(items) >= {"PLPNRS", "PLPWords", "MPQHotBurning", "MPQTiringExhausting", "ADLInterference",
                          "WorkInterference", "SleepInterference", "PLPLocation", "Telescoping",
                          "PLPFrequency"}  # fmt: skip
    assert items["PLPNRS"].levels == {0: "0 - No pain", **{n: str(n) for n in range(1, 10)},
                                      10: "10 - Worst possible pain"}  # fmt: skip
    assert items["PLPWords"].levels[4] == "4 - Terrible"  # type: ignore[index]
    assert items["PLPFrequency"].levels[6] == "Never"  # type: ignore[index]
    profile = {item.name: item for item in INSTRUMENTS["profile"].items}
    assert profile["AmputationSide"].levels["Quadruple"] == "Both sides, upper and lower limb"  # type: ignore[index]
    assert profile["HandLateralization"].number == (-72, 72, "")


def test_who_is_much_improved_is_a_responder() -> None:
    pgic = INSTRUMENTS["pgic"]
    levels = pgic.items[0].levels
    assert levels is not None
    improved = [code for code, words in levels.items() if "improved" in words and "minimally" not in words]
    assert max(improved) == PGIC_RESPONDER_AT_MOST  # type: ignore[type-var]


def test_what_could_not_be_checked_is_kept_and_not_scored_and_licensed_words_are_not_here() -> None:
    embodiment = INSTRUMENTS["embodiment_2021"]
    assert len(embodiment.items) == 16
    assert embodiment.score({item.name: 3 for item in embodiment.items}) == {}
    assert "could not be checked" in embodiment.unscored
    for instrument in INSTRUMENTS.values():
        texts = [item.text for item in instrument.items if item.name.startswith(("MPQ", "R", "nausea_"))]
        if instrument.wording == "elsewhere":
            assert not any(texts)
        else:
            assert all(item.text for item in instrument.items)


@pytest.mark.parametrize(
    ("instrument", "answers", "expected"),
    [
        ("ssq", NOTHING | {"vertigo": 4}, "vertigo to be one of 0, 1, 2, 3, got 4"),
        ("ssq", {}, "an answer to general_discomfort, got none"),
        ("ssq", NOTHING | {"hunger": 1}, "items of ssq"),
        ("pain_log", {"pain": 11, "site": "PLP"}, "pain to be one of"),
        ("pain_log", {"pain": 5, "site": "PLP", "triggers": "stress,moon"}, "triggers to be some of .* got 'moon'"),
        ("pain_log", {"pain": 5, "site": "PLP", "duration": 5000}, "duration to be 0 to 1440 min, got 5000"),
        ("medication", {"substance": "x" * 99, "change": "began"}, "text of at most 80 letters"),
        ("medication", {"substance": "pregabalin", "change": "began", "daily_dose": math.nan}, "daily_dose to be 0 to"),
        ("profile", {"Amputee": True, "Pain": 1}, "Amputee to be one of 0, 1, got True"),
    ],
)
def test_an_answer_that_there_is_not_is_refused_with_what_was_expected(
    instrument: str, answers: dict, expected: str
) -> None:
    with pytest.raises(ValueError, match=expected):
        INSTRUMENTS[instrument].accept(answers)


def test_what_is_left_out_is_left_out_and_triggers_come_in_one_order() -> None:
    accept = INSTRUMENTS["pain_log"].accept
    assert accept({"pain": 5.0, "site": "PLP", "triggers": "weather, stress", "text": "", "helped": None}) == {
        "pain": 5, "site": "PLP", "triggers": "stress,weather",
    }  # fmt: skip


def test_every_item_takes_exactly_one_kind_of_answer_and_scores_name_items() -> None:
    for instrument in INSTRUMENTS.values():
        names = [item.name for item in instrument.items]
        assert len(set(names)) == len(names)
        for item in instrument.items:
            kinds = (item.levels is not None, item.several is not None, item.number is not None, item.letters > 0)
            assert sum(kinds) == 1, (instrument.name, item.name)
        for score in instrument.scores:
            assert set(score.items) <= set(names)
        assert instrument.source
