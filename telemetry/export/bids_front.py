"""The front of a BIDS data set: what it is, how to read it, and what was removed from it."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import Any

import pandas as pd

from telemetry.export.release import Level, Release
from telemetry.export.tsv import write_json

BIDS_VERSION = "1.10.0"

_SYNTHETIC = """No person is behind this: scores were drawn by chance around planted effects, and movement was made up.

"""

_README = """# {name}

{people} participants, {sessions} sessions. After each movement task the person was asked how much the phantom limb
hurt: 0 no pain to 10 worst pain imaginable.

{origin}## Where things are

| file | what it has |
| --- | --- |
| `participants.tsv` | a row a participant, with the fields of OpenNeuro ds006921 where there are any |
| `phenotype/` | a row a participant: each questionnaire as it was first filled in |
| `sub-*/sub-*_sessions.tsv` | a row a session: programme, mode, days since the first |
| `sub-*/ses-*/motion/*_motion.tsv` | a row a frame, without a header; the columns are the rows of `*_channels.tsv` |
| `sub-*/ses-*/**/*_events.tsv` | task runs, ratings, settings, events; onset from the first frame of the movement |
| `sub-*/ses-*/beh/*_acq-ratings_beh.tsv` | a row a rating, with those that were declined or missed |
| `sub-*/ses-*/beh/*_acq-taskruns_beh.tsv` | a row a task run: pain before and after, dose, order, settings, measures |
| `sub-*/beh/*_beh.tsv` | a row each time that an instrument was filled in |

`tracksys-tracked` is the body as it was seen, `tracksys-virtual` as it was shown. Each joint has a channel that says
for each frame where its pose came from; measures of movement should come from measured joints. A rating belongs to the
task run whose `run_number` it carries. That pain was lower after a task does not show that the task caused it.

## What was removed

{statement}"""


def write_front(out: Path, release: Release, sessions: pd.DataFrame, people: int) -> None:
    """Write dataset_description.json and README.md; sessions: those that are in it."""
    synthetic = bool(len(sessions)) and bool(sessions["origin"].eq("scripted").all())
    what = "Synthetic sessions" if synthetic else "Sessions"
    content: dict[str, Any] = {
        "Name": f"{what} of virtual-reality training with phantom limb pain",
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "raw",
        "GeneratedBy": [{"Name": "vrrehab", "Version": metadata.version("vrrehab")}],
        "Keywords": ["phantom limb pain", "virtual reality", "mirror therapy", "motion"],
    }
    if synthetic:
        content["License"] = "CC0-1.0"
    elif release.level is Level.FULL:
        content["License"] = "none: this is the full record, and stays in the clinic"
    write_json(out / "dataset_description.json", content)
    text = _README.format(
        name=content["Name"],
        people=people,
        sessions=len(sessions),
        origin=_SYNTHETIC if synthetic else "",
        statement=release.statement(),
    )
    (out / "README.md").write_text(text, "utf-8", newline="\n")
