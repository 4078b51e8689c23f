"""What was to come when and who decided it, out of what a session put on record."""

from __future__ import annotations

import json

import pandas as pd

from telemetry.allocation import with_allocation, with_course


def events(*rows: tuple[str, str | None, dict[str, object]]) -> pd.DataFrame:
    """Events as they are stored: session, task run and detail."""
    table = pd.DataFrame(rows, columns=["session_id", "task_run_id", "detail"])
    return table.assign(detail=table["detail"].map(json.dumps))


def test_a_task_run_says_its_place_by_lot_who_chose_it_and_by_how_much_it_was_extended() -> None:
    drawn = {"goal": 8, "drawn_index": 2, "chosen_by": "therapist"}
    runs = pd.DataFrame({"task_run_id": ["t1", "t2"], "parameters": [json.dumps(drawn), json.dumps({"goal": 8})]})
    found = with_allocation(
        runs,
        events(
            ("S1", "t1", {"what": "extend", "who": "dr_a", "seconds": 30}),
            ("S1", "t1", {"what": "extend", "who": "dr_a", "seconds": 60.5}),
            ("S1", "t2", {"what": "skip", "who": "dr_a"}),
            ("S1", None, {"what": "repeat", "who": "dr_a"}),
        ),
    )
    assert found["drawn_index"].tolist() == [2, pd.NA]
    assert found["chosen_by"].tolist()[0] == "therapist"
    assert found["chosen_by"].isna().tolist() == [False, True], "of an older record nothing is made up"
    assert found["extended_s"].tolist() == [90.5, 0.0]


def test_a_session_says_what_of_a_course_it_was_and_one_of_none_says_nothing() -> None:
    told = events(("S1", None, {"course": "abab", "condition": "B", "block": 2, "by": "therapist", "session": 6}))
    found = with_course(pd.DataFrame({"session_id": ["S1", "S2"]}), told)
    first, second = found.to_dict("records")
    assert (first["course"], first["condition"], first["condition_block"]) == ("abab", "B", 2)
    assert (first["condition_by"], first["course_session"]) == ("therapist", 6)
    assert found.drop(columns="session_id").iloc[1].isna().all(), second
