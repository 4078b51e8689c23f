"""The demo as a newcomer sees it: it runs, shows, and leaves a store that says the same."""

from __future__ import annotations

import telemetry
from telemetry.verify import verify


def test_the_demo_ends_well(demo_run) -> None:
    assert demo_run.status == 0, demo_run.said


def test_the_demo_prints_every_task_with_its_own_rating(demo_run) -> None:
    tasks = telemetry.open_store(demo_run.data).tasks()
    assert tasks["task"].tolist() == ["open_close_hand", "reach_touch", "open_close_hand"]
    assert tasks["status"].tolist() == ["completed"] * 3
    assert set(tasks["rating_status"]) <= {"given", "declined"}
    assert tasks["rating_id"].notna().all()
    assert tasks["rating_id"].is_unique
    rows = [line.split("│")[1:-1] for line in demo_run.said.splitlines() if line.startswith("│")]
    printed = [[cell.strip() for cell in row] for row in rows]
    expected = []
    for task in tasks.itertuples():
        before, after = f"{task.pain_before:.0f}", f"{task.pain_after:.0f}" if task.pain_after >= 0 else "–"
        change = f"{task.pain_change:+.0f}" if task.pain_after >= 0 else "–"
        name, duration = task.task.replace("_", " "), f"{task.duration_s:.0f}"
        expected.append([name, "mirror", str(task.repetitions), duration, before, after, change, task.rating_status])
    assert printed == expected


def test_the_demo_leaves_a_whole_store_a_report_and_no_process(demo_run) -> None:
    assert verify(demo_run.data) == []
    sessions = telemetry.open_store(demo_run.data).sessions()
    assert sessions[["participant", "origin", "status"]].to_numpy().tolist() == [["DEMO", "scripted", "completed"]]
    assert sessions["session_id"].iloc[0] in (demo_run.data / "report.html").read_text(encoding="utf-8")
    assert not (demo_run.data / "recorder.json").exists()
    assert not list((demo_run.data / "spool").glob("*"))


def test_the_demo_tells_calmly_what_it_does_and_breaks_no_path(demo_run) -> None:
    lines = demo_run.said.splitlines()
    assert lines[0].startswith("A scripted participant sits down in the therapy room (drawn offscreen)")
    assert lines[1] == "  0:00  the room is shown"
    assert [line[8:] for line in lines if " of 3: " in line] == [
        "task 1 of 3: open and close",
        "task 2 of 3: reach and touch",
        "task 3 of 3: open and close",
    ]
    assert len(lines) < 32
    assert "\x1b" not in demo_run.said, "no colours where no terminal is"
    assert "Report:     demo-data/report.html" in [line.replace("\\", "/") for line in lines]
    assert 'In pandas:  import telemetry; telemetry.open_store("demo-data").tasks()' in lines
    assert not any(line != line.rstrip() for line in lines)


def test_a_console_without_a_letter_shows_another(process) -> None:
    process("verify", "Jürgen", PYTHONIOENCODING="ascii:strict").failed_with("expected a data folder", "J?rgen")
