from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import telemetry
from telemetry import journal, schema, wire
from telemetry.client import RecorderClient
from telemetry.errors import NotAStore, RequestRefused, UnknownSession
from telemetry.folder import Folder
from telemetry.messages import Entry
from telemetry.record import Record
from telemetry.report import write_report
from telemetry.sender import Sender
from telemetry.store import Store
from telemetry.testing import JOINTS, PretendSession, eventually
from telemetry.testing.script import Handed
from telemetry.verify import verify

Start = Callable[..., tuple[Sender, PretendSession]]


@pytest.fixture
def recorded(address: str, client: RecorderClient, start: Start, data: Path) -> Callable[..., Store]:
    """Plays a session and gives the store once all of it is sealed, or (`sealed` false) acknowledged."""

    def recorded(play: Callable[[PretendSession], None], session_id: str = "S1", sealed: bool = True) -> Store:
        sender, session = start(address, session_id)
        play(session)
        if sealed:
            session.end()
        assert sender.close(60.0)
        if sealed:
            client.wait_sealed(session_id, 60.0)
        client.status()  # asked behind the last entries, so they are in the tables when it answers
        return telemetry.open_store(data)

    return recorded


def rate(session: PretendSession, value: float | None, run: str | None = None, phase: str = "before") -> str:
    rating = session.ask(phase, run)  # type: ignore[arg-type]
    session.answer(rating, value, "declined" if value is None else "given")
    return rating


def task(session: PretendSession, value: float | None) -> str:
    run = session.begin_task()
    session.end_task(run)
    return rate(session, value, run, "after_task")


def test_pain_before_is_the_last_rating_given_before_the_task_began(recorded: Callable[..., Store]) -> None:
    def play(session: PretendSession) -> None:
        task(session, 8.0)  # nothing was asked before it
        task(session, None)  # declined: the next one looks further back
        task(session, 5.0)
        rate(session, 3.0, phase="block_end")
        task(session, 4.0)

    tasks = recorded(play).tasks()
    assert tasks["pain_before"].fillna(-1).tolist() == [-1, 8, 8, 3]
    assert tasks["pain_after"].fillna(-1).tolist() == [8, -1, 5, 4]
    assert tasks["pain_change"].fillna(99).tolist() == [99, 99, -3, 1]
    assert tasks["rating_status"].tolist() == ["given", "declined", "given", "given"]


def test_pain_before_ignores_other_sites_and_other_sessions(recorded: Callable[..., Store]) -> None:
    recorded(lambda session: (rate(session, 9.0), rate(session, 9.0)), "S0")

    def play(session: PretendSession) -> None:
        rate(session, 2.0)
        stump = session.ask("before", site="RLP")
        session.answer(stump, 7.0)
        task(session, 1.0)

    tasks = recorded(play).tasks()
    assert tasks["pain_before"].tolist() == [2.0]


def test_words_and_effort_are_ratings_of_their_own_and_never_the_pain(recorded: Callable[..., Store]) -> None:
    def play(session: PretendSession) -> None:
        rate(session, 6.0)
        session.answer(session.ask("before", item="burning"), 1.0)
        run = session.begin_task()
        session.end_task(run)
        rate(session, 4.0, run, "after_task")
        for site, item, value in (("other", "effort", 9.0), ("PLP", "burning", 0.0), ("PLP", "cold", 1.0)):
            session.answer(session.ask("after_task", run, site, item), value)  # type: ignore[arg-type]

    store = recorded(play)
    (task,) = store.tasks().itertuples()
    assert (task.pain_before, task.pain_after, task.rating_status) == (6.0, 4.0, "given")
    assert store.task_pain()[["site", "pain_before", "pain_after"]].to_numpy().tolist() == [["PLP", 6.0, 4.0]]
    ratings = store.ratings()
    assert ratings["current"].all(), "no item takes the place of another"
    assert ratings["item"].fillna("").tolist() == ["", "burning", "", "effort", "burning", "cold"]
    assert ratings["value"].tolist() == [6.0, 1.0, 4.0, 9.0, 0.0, 1.0]


def test_pain_after_is_the_rating_with_the_tasks_id_even_if_another_is_nearer(recorded: Callable[..., Store]) -> None:
    def play(session: PretendSession) -> None:
        first = session.begin_task()
        session.end_task(first)
        second = session.begin_task()
        session.end_task(second)
        rate(session, 2.0, second, "after_task")
        rate(session, 6.0, first, "after_task")

    assert recorded(play).tasks()["pain_after"].tolist() == [6.0, 2.0]


def test_a_correction_counts_and_the_corrected_rating_stays(recorded: Callable[..., Store]) -> None:
    def play(session: PretendSession) -> None:
        before = rate(session, 1.0)
        after = task(session, 9.0)
        session.correct(session.correct(after, 3.0), 4.0)
        declined = task(session, None)
        session.correct(declined, 2.0)
        session.correct(before, 6.0)

    store = recorded(play)
    tasks, ratings = store.tasks(), store.ratings().set_index("rating_id")
    assert tasks["pain_before"].tolist() == [6.0, 4.0], "a correction is about the moment that was rated"
    assert tasks["pain_after"].tolist() == [4.0, 2.0]
    assert tasks["rating_status"].tolist() == ["given", "given"]
    assert ratings.loc["S1-r02", "value"] == 9.0
    assert not ratings.loc["S1-r02", "current"]
    assert ratings.loc["S1-r02cc", "supersedes"] == "S1-r02c"
    assert ratings.loc["S1-r02cc", "answered_at"] == ratings.loc["S1-r02", "answered_at"]
    assert ratings.loc["S1-r02cc", "corrected_at"] > ratings.loc["S1-r02", "answered_at"]
    assert ratings["current"].sum() == 3


def test_a_question_asked_again_takes_the_place_of_the_first(recorded: Callable[..., Store]) -> None:
    def play(session: PretendSession) -> None:
        run = session.begin_task()
        session.end_task(run)
        session.answer(session.ask("after_task", run), None, "missed")
        rate(session, 4.0, run, "after_task")

    store = recorded(play)
    assert store.tasks()["pain_after"].tolist() == [4.0]
    assert store.ratings()["current"].tolist() == [False, True]


def test_a_finished_task_awaits_its_rating_and_the_seal_makes_that_interrupted(recorded: Callable[..., Store]) -> None:
    def play(session: PretendSession) -> None:
        asked = session.begin_task()
        session.end_task(asked)
        session.ask("after_task", asked)
        session.end_task(session.begin_task())

    open_tasks = recorded(play, "S1", sealed=False).tasks()
    assert open_tasks["rating_status"].tolist() == ["awaiting", "awaiting"]
    store = recorded(play, "S2")
    tasks = store.tasks()
    assert tasks.loc[tasks["session_id"] == "S2", "rating_status"].tolist() == ["interrupted", "interrupted"]
    ratings = store.ratings()
    assert ratings.loc[ratings["session_id"] == "S2", "status"].tolist() == ["interrupted"]


def test_an_event_that_contradicts_the_tables_is_kept_and_stops_nothing(recorded: Callable[..., Store]) -> None:
    def play(session: PretendSession) -> None:
        session.answer("nobody-asked-this", 4.0)
        session.end_task("never-begun")
        task(session, 3.0)

    store = recorded(play)
    assert store.tasks()["pain_after"].tolist() == [3.0]
    assert store.events()["name"].tolist() == ["contradiction", "contradiction"]
    assert "nobody-asked-this" in store.events()["detail"][0]


def test_settings_and_events_come_with_their_times(recorded: Callable[..., Store]) -> None:
    def play(session: PretendSession) -> None:
        session.change_setting("gaze_dwell_s", 1.0, 0.5)
        session.happened("tracking_lost", side="right")

    store = recorded(play)
    (setting,) = store.settings().to_dict("records")
    assert (setting["name"], setting["old"], setting["new"], setting["who"]) == ("gaze_dwell_s", "1.0", "0.5", "anna")
    (event,) = store.events().to_dict("records")
    assert (event["name"], event["detail"]) == ("tracking_lost", '{"side": "right"}')
    start = store.sessions()["started_at"][0]
    assert (setting["changed_at"] - start, event["at"] - start) == (pd.Timedelta("1s"), pd.Timedelta("2s"))


def test_every_table_has_the_declared_columns_and_useful_types(recorded: Callable[..., Store]) -> None:
    store = recorded(lambda session: (rate(session, 7.0), task(session, 5.0)))
    tables = {"sessions": store.sessions(), "tasks": store.tasks(), "ratings": store.ratings(),
              "settings": store.settings(), "events": store.events()}  # fmt: skip
    dictionary = store.dictionary()
    for name, table in tables.items():
        assert list(table) == dictionary.loc[dictionary["table"] == name, "column"].tolist()
    tasks = tables["tasks"]
    assert str(tasks["started_at"].dtype) == "datetime64[ns, UTC]"
    assert isinstance(tasks["rating_status"].dtype, pd.CategoricalDtype)
    assert tasks["repetitions"].dtype == "Int64"
    assert tasks["pain_after"].dtype == "float64"
    assert tasks["task_run_id"].dtype == "string"
    assert isinstance(tables["ratings"]["phase"].dtype, pd.CategoricalDtype)
    assert list(tables["ratings"]["phase"].cat.categories) == ["before", "after_task", "block_end", "after", "next_day"]


@pytest.mark.parametrize("sealed", [True, False])
def test_motion_has_one_row_a_frame_with_every_joint(recorded: Callable[..., Store], sealed: bool) -> None:
    def play(session: PretendSession) -> None:
        session.move(5)
        run = session.begin_task()
        session.move(12)
        session.end_task(run)

    store = recorded(play, sealed=sealed)
    motion = store.motion("S1")
    dictionary = store.dictionary()
    assert list(motion) == dictionary.loc[dictionary["table"] == "motion", "column"].tolist()
    assert len(motion) == 17
    assert motion["time_s"].dtype == "float64"
    # Handed over 11 ms apart and seen 25 us after; the runtime's clock is 5 us ahead.
    assert motion["time_s"][0] == pytest.approx(0.011 + 20e-6, abs=1e-9)
    assert np.allclose(np.diff(motion["time_s"][:5]), 0.011)
    for joint in JOINTS:
        assert motion[f"virtual_{joint}_qw"].dtype == "float32"
        provenance = motion[f"tracked_{joint}_provenance"].dtype
        assert list(provenance.categories) == ["measured", "inferred", "held", "mirrored", "scripted", "none"]
    assert motion["tracked_centre_head_px"].isna().all()
    assert set(motion["tracked_centre_head_provenance"]) == {"none"}
    assert motion["virtual_left_wrist_provenance"][:5].tolist() == [
        "inferred",
        "held",
        "mirrored",
        "scripted",
        "measured",
    ]
    assert motion["task_run_id"].isna().sum() == 5
    run = store.motion("S1", "S1-t01")
    assert run["frame"].tolist() == list(range(6, 18))
    assert set(run["task_run_id"]) == {"S1-t01"}


def test_sealed_and_unsealed_motion_are_the_same_table(
    address: str, client: RecorderClient, start: Start, data: Path
) -> None:
    sender, session = start(address)
    run = session.begin_task()
    session.move(30)
    session.end_task(run)
    eventually(lambda: sender.status().acknowledged["motion"] == sender.last_motion_seq)
    client.status()
    before = telemetry.open_store(data).motion("S1")
    session.end()
    assert sender.close(60.0)
    client.wait_sealed("S1", 60.0)
    pd.testing.assert_frame_equal(telemetry.open_store(data).motion("S1"), before, check_categorical=False)


@pytest.mark.parametrize("sealed", [True, False])
def test_a_session_without_frames_has_a_motion_table_without_rows(recorded: Callable[..., Store], sealed: bool) -> None:
    motion = recorded(lambda session: rate(session, 7.0), sealed=sealed).motion("S1")
    assert len(motion) == 0
    assert "virtual_left_wrist_px" in motion


def test_the_dictionary_explains_every_column(recorded: Callable[..., Store]) -> None:
    dictionary = recorded(lambda session: session.move(1)).dictionary()
    assert dictionary["description"].str.len().min() > 3
    unit = dictionary.set_index(["table", "column"])["unit"]
    assert unit["motion", "tracked_left_wrist_px"] == "m"
    assert unit["tasks", "duration_s"] == "s"
    values = dictionary.set_index(["table", "column"])["values"]
    assert values["ratings", "status"] == "awaiting, given, declined, missed, interrupted"


def test_an_unknown_session_or_task_run_is_told(recorded: Callable[..., Store]) -> None:
    store = recorded(lambda session: session.move(1))
    with pytest.raises(UnknownSession, match="no session 'S9'"):
        store.motion("S9")
    with pytest.raises(UnknownSession, match="no task run 'S1-t07'"):
        store.motion("S1", "S1-t07")


def test_a_folder_that_is_no_store_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="there is none"):
        telemetry.open_store(tmp_path / "nowhere")
    (tmp_path / "holiday.txt").write_text("x")
    with pytest.raises(NotAStore, match="with other things"):
        telemetry.open_store(tmp_path)
    (tmp_path / "clinic.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(NotAStore, match="cannot be read"):
        telemetry.open_store(tmp_path).tasks()


def test_a_store_before_its_first_session_has_empty_tables(data: Path) -> None:
    data.mkdir()
    for make in (lambda: None, lambda: Record(Folder(data)).close()):
        make()
        store = telemetry.open_store(data)
        for table in (store.sessions(), store.tasks(), store.ratings(), store.settings(), store.events()):
            assert len(table) == 0
        assert list(store.tasks())[:3] == ["session_id", "participant", "task_run_id"]
        assert "tasks" in set(store.dictionary()["table"])


def test_a_store_on_a_read_only_disk_can_be_read_with_what_is_not_sealed_yet(small_disk: Path) -> None:
    handed = Handed()
    PretendSession(handed, "S1").move(3)
    record = Record(Folder(small_disk))
    entry = journal.Entry
    record.take("S1", "events", [entry(n, n, False, wire.encode(e)) for n, e in enumerate(handed.events, 1)])
    record.take("S1", "motion", [entry(n, n, False, frame) for n, frame in enumerate(handed.frames, 1)])
    record.commit()
    record.enter()
    record.close()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    store = telemetry.open_store(small_disk)
    assert (len(store.tasks()), len(store.motion("S1"))) == (0, 3)
    assert [str(finding) for finding in verify(small_disk)] == [
        "open: S1: is not sealed; it is running, or: vrrehab recover"
    ]


def test_the_database_itself_refuses_two_current_ratings_and_unlinked_rows(
    recorded: Callable[..., Store], data: Path
) -> None:
    import sqlalchemy as sa

    from telemetry.database import connect

    recorded(lambda session: task(session, 5.0))
    engine = connect(data / "clinic.db").execution_options(writes=True)
    for statement in (
        "INSERT INTO ratings SELECT 'other', session_id, task_run_id, phase, site, item, scale, value, status, source, "
        "by, who, supersedes, current, asked_mono_ns, answered_mono_ns, corrected_mono_ns FROM ratings",
        "UPDATE ratings SET session_id = 'nowhere'",
        "UPDATE ratings SET value = NULL",
        "UPDATE task_runs SET rating_status = NULL",
        "UPDATE task_runs SET side = 'middle'",
    ):
        with pytest.raises(sa.exc.IntegrityError), engine.begin() as db:
            db.exec_driver_sql(statement)
    engine.dispose()


def test_no_column_is_declared_twice_in_a_table() -> None:
    for table in schema.STORED:
        names = [column.name for column in table.columns]
        assert len(names) == len(set(names)), table.name


def test_an_adverse_event_is_a_row_of_its_own_with_words_for_everything(recorded: Callable[..., Store]) -> None:
    def play(session: PretendSession) -> None:
        run = session.begin_task()
        session.adverse_event(task_run_id=run)
        session.adverse_event(what="pain_increase", relatedness="unrelated", action="none", text="a bad night")
        session.end_task(run)

    store = recorded(play)
    events = store.adverse_events()
    assert events["kind"].tolist() == ["dizziness", "pain_increase"]
    assert events["task_run_id"].tolist()[0] == store.tasks()["task_run_id"].iloc[0]
    assert events["task_run_id"].isna().tolist() == [False, True]
    assert events["severity"].dtype == "category"
    assert events["serious"].tolist() == [False, False]
    assert (events["reported_at"] > store.sessions()["started_at"].iloc[0]).all()
    assert "adverse_events" in set(store.dictionary()["table"])


HARM = {"kind": "dizziness", "severity": "mild", "serious": "no", "relatedness": "possible", "action": "none"}


def test_an_adverse_event_that_became_known_after_the_seal_is_counted_and_reported_with_the_others(
    data: Path, client: RecorderClient, recorded: Callable[..., Store]
) -> None:
    store = recorded(lambda session: session.adverse_event(what="sickness"))
    (session,) = store.sessions().itertuples()
    began_ns, day_ns = session.started_at.value, 86_400 * 10**9

    def late(entry_id: str, supersedes: str = "", session_id: str | None = "S1", **more: str) -> Entry:
        return Entry(
            entry_id=entry_id, participant=session.participant, instrument="adverse_event", who="dr_a",
            source="therapist", entered_utc_ns=began_ns + 2 * day_ns, about_utc_ns=began_ns + day_ns,
            answers={**HARM, **more}, session_id=session_id, supersedes=supersedes,
        )  # fmt: skip

    client.enter(late("e1"))
    client.enter(late("e2", supersedes="e1", severity="severe", serious="yes", text="in bed <all> day"))
    with pytest.raises(RequestRefused, match="expected the session that an adverse event"):
        client.enter(late("e3", session_id=None))
    events = store.adverse_events()
    assert events["kind"].tolist() == ["sickness", "dizziness"]
    assert (events["severity"].iloc[1], events["serious"].tolist()) == ("severe", [False, True])
    assert events["entry_id"].isna().tolist() == [True, False]
    assert (events["happened_at"].iloc[1].value, events["reported_at"].iloc[1].value) == (
        began_ns + day_ns,
        began_ns + 2 * day_ns,
    )
    write_report(data, "S1", data / "report.html")
    assert "in bed &lt;all&gt; day" in (data / "report.html").read_text("utf-8")
