"""Files for other programs hold what the store holds."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

import telemetry
from telemetry.errors import FolderTaken
from telemetry.export import export_tables
from telemetry.store import Store
from telemetry.testing.study import Truth, simulate
from telemetry.testing.write_study import write_study


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    write_study(folder, simulate(Truth(declined=0.3), participants=1, sessions=2, seed=4), movement_s=0.5)
    return folder


@pytest.fixture
def store(data: Path) -> Store:
    return telemetry.open_store(data)


def test_parquet_comes_back_as_the_store_gives_it(store: Store, tmp_path: Path) -> None:
    export_tables(store, tmp_path / "out", "parquet", motion=True)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "out/task_pain.parquet"), store.task_pain())
    for session in store.sessions()["session_id"]:
        back = pd.read_parquet(tmp_path / f"out/motion/{session}.parquet")
        pd.testing.assert_frame_equal(back, store.motion(session))


def test_csv_has_every_task_run_with_its_pain_and_leaves_what_is_missing_empty(store: Store, tmp_path: Path) -> None:
    exported = export_tables(store, tmp_path / "out", "csv")
    tasks, back = store.tasks(), pd.read_csv(tmp_path / "out/tasks.csv")
    assert list(back.columns) == list(tasks.columns)
    assert list(back["task_run_id"]) == list(tasks["task_run_id"])
    assert back["pain_after"].isna().tolist() == tasks["pain_after"].isna().tolist()
    assert tasks["pain_after"].isna().any(), "some declined"
    assert (pd.to_datetime(back["started_at"], utc=True) - tasks["started_at"]).abs().max() < pd.Timedelta("2us")
    assert not [path for path in exported.files if "motion" in path.parts], (
        "movement goes out only when it is asked for"
    )


def test_every_column_of_a_table_is_in_the_dictionary_beside_it(store: Store, tmp_path: Path) -> None:
    export_tables(store, tmp_path / "out", "csv")
    explained = pd.read_csv(tmp_path / "out/dictionary.csv").groupby("table")["column"].agg(set)
    for name in ("sessions", "tasks", "ratings", "settings", "events"):
        assert set(pd.read_csv(tmp_path / f"out/{name}.csv", nrows=0).columns) <= explained[name], name


def test_a_folder_that_holds_something_is_left_as_it_is(store: Store, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(FolderTaken, match="expected an empty folder"):
        export_tables(store, tmp_path, "csv")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_session_whose_movement_cannot_be_read_is_named_and_the_rest_goes_on(data: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(data, broken)
    first, second = telemetry.open_store(broken).sessions()["session_id"]
    (path,) = (broken / "motion").rglob(f"*{first}*/*.parquet")
    path.write_bytes(path.read_bytes()[:100])
    exported = export_tables(telemetry.open_store(broken), tmp_path / "out", "parquet", motion=True)
    assert [session for session, _ in exported.unreadable] == [first]
    assert [path.name for path in (tmp_path / "out/motion").iterdir()] == [f"{second}.parquet"]
