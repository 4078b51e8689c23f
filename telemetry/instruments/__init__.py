"""Every instrument that a record knows, by name: `INSTRUMENTS`."""

from __future__ import annotations

from telemetry.instruments.definition import Answer, Instrument, Item, Score
from telemetry.instruments.diary import MEDICATION, PAIN_LOG, TREATMENT
from telemetry.instruments.experience import EMBODIMENT, PGIC
from telemetry.instruments.harm import ADVERSE_EVENT
from telemetry.instruments.phantom import PAIN_QUESTIONNAIRE, PROFILE
from telemetry.instruments.sickness import CSQ_VR, SSQ

INSTRUMENTS: dict[str, Instrument] = {
    instrument.name: instrument
    for instrument in (
        PROFILE, PAIN_QUESTIONNAIRE, PGIC, SSQ, CSQ_VR, EMBODIMENT, PAIN_LOG, MEDICATION, TREATMENT, ADVERSE_EVENT,
    )
}  # fmt: skip

__all__ = ["INSTRUMENTS", "Answer", "Instrument", "Item", "Score"]
