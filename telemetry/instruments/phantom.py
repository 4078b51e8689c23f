"""The profile and the pain questionnaire, with the field names and codes of OpenNeuro ds006921.

Ramne et al., High Density Resting State EEG of Phantom Limb Pain and Controls, doi:10.18112/openneuro.ds006921.v1.1.1,
CC0: participants.json and phenotype/pain-questionnaire_sessions.json. A table of ours and that one can be put together
as they are. The words of the short-form McGill Pain Questionnaire are licensed: its items have names and no text.
"""

from __future__ import annotations

from telemetry.instruments.definition import Instrument, Item, Score

_NO_YES = {0: "no", 1: "yes"}

PROFILE = Instrument(
    "profile",
    "Profile",
    (
        Item("Age", "Age at the time of the first recording", number=(16, 110, "years"), optional=True),
        Item("Sex", "Sex as reported by the participant", levels={"M": "Male", "F": "Female"}, optional=True),
        Item("HandLateralization", "Waterloo Handedness Questionnaire", number=(-72, 72, ""), optional=True),
        Item("FootLateralization", "Waterloo Footedness Questionnaire", number=(-20, 20, ""), optional=True),
        Item("Amputee", "Amputation status", levels={0: "Non-amputee", 1: "Amputee"}),
        Item("Pain", "Presence of phantom limb pain in the amputated limb", levels={0: "No pain", 1: "Pain"}),
        Item("AmputationLevel", "Level of amputation", letters=80, optional=True),
        Item("AmputationSide", "Side of amputation",
             levels={"Left": "Left", "Right": "Right", "Bilateral": "Both",
                     "Quadruple": "Both sides, upper and lower limb", "n/a": "Not applicable"}, optional=True),
        # What ds006921 does not ask.
        Item("AmputationYear", "Year of amputation", number=(1930, 2100, ""), optional=True),
        Item("AmputationCause", "Cause of amputation",
             levels={"trauma": "Trauma", "vascular": "Vascular disease or diabetes", "tumour": "Tumour",
                     "infection": "Infection", "congenital": "Born without the limb", "other": "Other"},
             optional=True),
        Item("PainBefore", "Pain in the limb before the amputation", levels=_NO_YES, optional=True),
        Item("ProsthesisUse", "Hours a day with a prosthesis", number=(0, 24, "h"), optional=True),
    ),
    "OpenNeuro ds006921 participants.json (CC0); from AmputationYear on, items of our own",
    "own",
)  # fmt: skip

_NRS = {0: "0 - No pain", **{n: str(n) for n in range(1, 10)}, 10: "10 - Worst possible pain"}
_INTERFERENCE = {0: "0 - No interference", **{n: str(n) for n in range(1, 10)}, 10: "10 - Full interference"}
_WORDS = {0: "0 - None", 1: "1 - Mild", 2: "2 - Moderate", 3: "3 - Severe", 4: "4 - Terrible", 5: "5 - Worst possible"}
_INTENSITY = {0: "0 - None", 1: "1 - Mild", 2: "2 - Moderate", 3: "3 - Severe"}
_FREQUENCY = {
    0: "Constantly", 1: "Few times per day", 2: "Once a day", 3: "Once a week", 4: "Few times per month",
    5: "Once a month", 6: "Never",
}  # fmt: skip
_SENSORY = (
    "MPQThrobbing", "MPQShooting", "MPQStabbing", "MPQSharp", "MPQCramping", "MPQGnawing", "MPQHotBurning", "MPQAching",
    "MPQHeavy", "MPQTender", "MPQSplitting",
)  # fmt: skip
_AFFECTIVE = ("MPQTiringExhausting", "MPQSickening", "MPQFearful", "MPQPunishingCruel")

PAIN_QUESTIONNAIRE = Instrument(
    "pain_questionnaire",
    "Phantom limb pain questionnaire",
    (
        Item("PLPNRS", "How much is your current phantom limb pain intensity?", levels=_NRS),
        Item("PLPWords", "How much is your current phantom limb pain intensity?", levels=_WORDS, optional=True),
        *(Item(name, levels=_INTENSITY, optional=True) for name in (*_SENSORY, *_AFFECTIVE)),
        *(Item(f"{what}Interference", f"How much has phantom pain interfered with your {text} in the last week?",
               levels=_INTERFERENCE, optional=True)
          for what, text in (("ADL", "activities of daily living"), ("Work", "ability to work"), ("Sleep", "sleep"))),
        Item("PLPLocation", "Where the pain is; the picture is the clinic's", letters=200, optional=True),
        Item("Telescoping", "Perceived place of the hand or foot on the clinic's picture: 0 none, 1 to 6",
             levels={n: str(n) for n in range(7)}, optional=True),
        Item("PLPFrequency", "How often do you have PLP?", levels=_FREQUENCY, optional=True),
    ),
    "OpenNeuro ds006921 phenotype/pain-questionnaire_sessions.json (CC0); items MPQ...: short-form McGill Pain "
    "Questionnaire, Melzack 1987, Pain 30:191, whose wording is licensed and not here",
    "elsewhere",
    (
        Score("PRI_sensory", _SENSORY, text="pain rating index, 0 to 33"),
        Score("PRI_affective", _AFFECTIVE, text="pain rating index, 0 to 12"),
        Score("PRI", _SENSORY + _AFFECTIVE, text="pain rating index, 0 to 45"),
    ),
)  # fmt: skip
