"""What happens between sessions, as dated entries: pain with what brought it on, medication, other treatments.

They are covariates for whoever reads the scores later. Nothing here advises anybody.
"""

from __future__ import annotations

from telemetry.instruments.definition import Instrument, Item

_OWN = "items of our own"

PAIN_LOG = Instrument(
    "pain_log",
    "Pain log",
    (
        Item("pain", "How strong it was, 0 no pain to 10 worst pain imaginable", levels={n: str(n) for n in range(11)}),
        Item("site", "Where", levels={"PLP": "Missing limb", "RLP": "Residual limb", "PLS": "Sensation, no pain"}),
        Item("duration", "How long it lasted", number=(0, 1440, "min"), optional=True),
        Item("triggers", "What may have brought it on", optional=True, several={
            "stress": "Stress or strong feelings", "weather": "Change of weather", "cold": "Cold",
            "bladder": "Full bladder or bowels", "prosthesis": "Prosthesis", "touch": "Touch or pressure",
            "exertion": "Exertion", "rest": "Lying or sitting still", "tired": "Tiredness or poor sleep",
            "other_pain": "Another pain or an illness", "training": "The training", "none": "Nothing that was noticed",
        }),
        Item("helped", "What helped", letters=300, optional=True),
        Item("text", "Anything else", letters=1000, optional=True),
    ),
    _OWN, "own",
)  # fmt: skip

_CHANGE = {"began": "Began", "dose": "Dose changed", "ended": "Ended", "taken": "Taken once, as needed"}

MEDICATION = Instrument(
    "medication",
    "Medication",
    (
        Item("substance", "Generic name", letters=80),
        Item("group", "What kind it is", optional=True, levels={
            "gabapentinoid": "Gabapentin, pregabalin", "tca": "Tricyclic antidepressant", "snri": "SNRI",
            "opioid": "Opioid", "lidocaine": "Lidocaine", "ketamine": "Ketamine", "nsaid": "NSAID, paracetamol",
            "cannabinoid": "Cannabinoid", "topical": "On the skin", "other": "Other",
        }),
        Item("change", "What happened", levels=_CHANGE),
        Item("daily_dose", "Daily dose from then on, or the dose taken", number=(0, 100_000, "mg"), optional=True),
        Item("text", "Anything else", letters=1000, optional=True),
    ),
    _OWN, "own",
)  # fmt: skip

TREATMENT = Instrument(
    "treatment",
    "Other treatment",
    (
        Item("kind", "What it is", levels={
            "nerve_block": "Nerve block, perineural catheter", "tmr": "Targeted muscle reinnervation",
            "neuroma_surgery": "Other surgery of the stump", "scs": "Spinal cord stimulation",
            "drg": "Dorsal root ganglion stimulation", "tens": "TENS", "tms": "Transcranial magnetic stimulation",
            "mirror": "Mirror therapy elsewhere", "gmi": "Graded motor imagery elsewhere",
            "physiotherapy": "Physiotherapy, exercise", "desensitisation": "Desensitisation, massage",
            "acupuncture": "Acupuncture", "hypnosis": "Hypnosis", "psychotherapy": "Psychotherapy, CBT",
            "emdr": "EMDR", "support_group": "Support group", "prosthesis": "Prosthesis fitted or changed",
            "other": "Other",
        }),
        Item("change", "What happened", levels={**_CHANGE, "taken": "One session or one time"}),
        Item("text", "Anything else", letters=1000, optional=True),
    ),
    _OWN, "own",
)  # fmt: skip
