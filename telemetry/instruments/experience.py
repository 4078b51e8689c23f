"""Questionnaires of how the virtual body was felt, and of change as a whole."""

from __future__ import annotations

from telemetry.instruments.definition import Instrument, Item, Score

#: Items R1 to R16 in the order of the article; some have blanks to be filled for the experiment.
EMBODIMENT = Instrument(
    "embodiment_2021",
    "Avatar Embodiment Questionnaire",
    tuple(Item(f"R{n}", levels={value: str(value) for value in range(-3, 4)}) for n in range(1, 17)),
    "Peck and Gonzalez-Franco 2021, Front Virtual Real 1:575943; the wording is in the article",
    "elsewhere",
    unscored="Which items make Appearance, Response, Ownership and Multi-Sensory could not be checked against the "
    "article when this was written; the answers are kept, so that they can be scored later.",
)

_CHANGE = {
    1: "very much improved", 2: "much improved", 3: "minimally improved", 4: "no change", 5: "minimally worse",
    6: "much worse", 7: "very much worse",
}  # fmt: skip

#: A responder is who answers 1 or 2 (Farrar et al. 2001, Pain 94:149).
PGIC = Instrument(
    "pgic",
    "Patient Global Impression of Change",
    (Item("change", "Since the training began, my pain in the missing limb is ...", levels=_CHANGE),),
    "Guy 1976; 1 very much improved to 7 very much worse, in the public domain (NINDS common data elements)",
    "free",
    (Score("change", ("change",)),),
)
PGIC_RESPONDER_AT_MOST = 2
