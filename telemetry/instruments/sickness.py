"""Questionnaires of sickness from what is seen in a headset."""

from __future__ import annotations

from telemetry.instruments.definition import Instrument, Item, Score

_SEVERITY = {0: "none", 1: "slight", 2: "moderate", 3: "severe"}
_SYMPTOMS = {
    "general_discomfort": "General discomfort", "fatigue": "Fatigue", "headache": "Headache",
    "eyestrain": "Eyestrain", "difficulty_focusing": "Difficulty focusing",
    "increased_salivation": "Increased salivation", "sweating": "Sweating", "nausea": "Nausea",
    "difficulty_concentrating": "Difficulty concentrating", "fullness_of_head": "Fullness of head",
    "blurred_vision": "Blurred vision", "dizzy_eyes_open": "Dizzy (eyes open)",
    "dizzy_eyes_closed": "Dizzy (eyes closed)", "vertigo": "Vertigo", "stomach_awareness": "Stomach awareness",
    "burping": "Burping",
}  # fmt: skip
_NAUSEA = (
    "general_discomfort", "increased_salivation", "sweating", "nausea", "difficulty_concentrating",
    "stomach_awareness", "burping",
)  # fmt: skip
_OCULOMOTOR = (
    "general_discomfort", "fatigue", "headache", "eyestrain", "difficulty_focusing", "difficulty_concentrating",
    "blurred_vision",
)  # fmt: skip
_DISORIENTATION = (
    "difficulty_focusing", "nausea", "fullness_of_head", "blurred_vision", "dizzy_eyes_open", "dizzy_eyes_closed",
    "vertigo",
)  # fmt: skip

SSQ = Instrument(
    "ssq",
    "Simulator Sickness Questionnaire",
    tuple(Item(name, text, levels=_SEVERITY) for name, text in _SYMPTOMS.items()),
    "Kennedy, Lane, Berbaum and Lilienthal 1993, Int J Aviat Psychol 3:203",
    "free",
    (
        Score("nausea", _NAUSEA, 9.54),
        Score("oculomotor", _OCULOMOTOR, 7.58),
        Score("disorientation", _DISORIENTATION, 13.92),
        Score("total", _NAUSEA + _OCULOMOTOR + _DISORIENTATION, 3.74, "of the unweighted sums, not of the subscales"),
    ),
)

_FEELING = {1: "absent", 2: "very mild", 3: "mild", 4: "moderate", 5: "intense", 6: "very intense", 7: "extreme"}
_PAIRS = {
    "nausea": ("nausea_a", "nausea_b"),
    "vestibular": ("vestibular_a", "vestibular_b"),
    "oculomotor": ("oculomotor_a", "oculomotor_b"),
}

CSQ_VR = Instrument(
    "csq_vr",
    "CyberSickness in Virtual Reality Questionnaire",
    tuple(Item(name, levels=_FEELING) for pair in _PAIRS.values() for name in pair),
    "Kourtesis, Linnell, Amir, Argelaguet and MacPherson 2023, Virtual Worlds 2:16; the wording is in the article",
    "elsewhere",
    (
        *(Score(name, pair) for name, pair in _PAIRS.items()),
        Score("total", tuple(name for pair in _PAIRS.values() for name in pair)),
    ),
)
