from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import pytest

import telemetry
from telemetry.errors import UnknownSession
from telemetry.folder import Folder
from telemetry.messages import Addendum, LateRating
from telemetry.motion import FrameLayout
from telemetry.record import Record
from telemetry.report import write_report
from telemetry.sender import Sender
from telemetry.testing import JOINTS, PretendSession
from telemetry.verify import recover


def report_of(data: Path, values: tuple[float | None, ...]) -> str:
    sender = Sender(data / "spool", "S1", None, FrameLayout(JOINTS))
    PretendSession(sender).perform(values, frames=3)
    sender.close(5.0)
    recover(data)
    write_report(data, "S1", data / "out" / "report.html")
    return (data / "out" / "report.html").read_text("utf-8")


class Cells(HTMLParser):
    """The rows of the page's first table, as text."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._in_cell = False

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag == "tr":
            self.rows.append([])
        if tag == "td":
            self.rows[-1].append("")
            self._in_cell = True

    def handle_endtag(self, tag: str) -> None:
        self._in_cell = self._in_cell and tag != "td"

    def handle_data(self, data: str) -> None:
        if self._in_cell:
            self.rows[-1][-1] += data


def test_a_report_has_each_task_with_its_pain(data: Path) -> None:
    page = report_of(data, (6.0, None, 7.0))
    cells = Cells()
    cells.feed(page)
    rows = [row for row in cells.rows if row][:3]
    assert rows[0] == ["1", "open close", "left hand", "mirror", "5", "12 s", "completed", "7", "6", "−1"]
    assert rows[1][-2:] == ["6", "declined to answer"]
    assert rows[2][-3:] == ["6", "7", "+1"]
    assert "The movement was scripted" in page
    assert "do not show that the task caused the change" in page


def test_the_next_days_score_is_no_score_of_the_sitting(data: Path) -> None:
    report_of(data, (6.0, 5.0))
    record = Record(Folder(data))
    entered_ns = telemetry.open_store(data).sessions()["started_utc_ns"].iloc[0] + 86_400 * 10**9
    record.clinic.add(
        Addendum(addendum_id="a1", session_id="S1", kind="rating", who="anna", entered_utc_ns=int(entered_ns),
                 about_utc_ns=int(entered_ns), rating=LateRating(rating_id="late", value=2.0, source="participant"))
    )  # fmt: skip
    record.close()
    write_report(data, "S1", data / "report.html")
    page = (data / "report.html").read_text("utf-8")
    assert "<b>5</b><span>last pain score</span>" in page
    assert "3 of 3" in page
    assert re.search(r"Phantom limb pain on the next day: 2 on \d\d \w+\.", page)
    svg = page[page.index("<svg") : page.index("</svg>") + 6]
    assert ">24:" not in svg, "the axis ends with the session"
    assert telemetry.open_store(data).task_pain()["pain_at_start"].tolist() == [7.0, 7.0]


def test_a_report_needs_nothing_but_itself(data: Path) -> None:
    page = report_of(data, (6.0,))
    outside = re.findall(r"""(?:src|href)=["'](?!#)([^"']*)|url\((?!#)([^)]*)|@import""", page)
    assert outside == []
    svg = page[page.index("<svg") : page.index("</svg>") + 6]
    assert "phantom limb pain" in "".join(ET.fromstring(svg).itertext())


def test_a_session_without_tasks_has_a_report(data: Path) -> None:
    sender = Sender(data / "spool", "S1", None, FrameLayout(JOINTS))
    PretendSession(sender).end("stopped")
    sender.close(5.0)
    recover(data)
    write_report(data, "S1", data / "report.html")
    assert "No movement task was begun" in (data / "report.html").read_text("utf-8")


def test_an_unknown_session_is_told(data: Path) -> None:
    report_of(data, (1.0,))
    with pytest.raises(UnknownSession, match="no session 'S7'"):
        write_report(data, "S7", data / "other.html")


def test_a_report_has_the_adverse_events(data: Path) -> None:
    sender = Sender(data / "spool", "S1", None, FrameLayout(JOINTS))
    session = PretendSession(sender)
    session.adverse_event(what="sickness", severity="severe", serious=True, text="vomited, <b>rested</b>")
    session.end()
    sender.close(5.0)
    recover(data)
    write_report(data, "S1", data / "report.html")
    cells = Cells()
    cells.feed(page := (data / "report.html").read_text("utf-8"))
    assert ["sickness", "severe, serious", "possible", "paused", "vomited, <b>rested</b> (anna)"] in [
        row[1:] for row in cells.rows
    ]
    assert "<b>rested" not in page


def test_what_is_not_in_the_plot_is_told_with_the_reason(data: Path) -> None:
    sender = Sender(data / "spool", "S1", None, FrameLayout(JOINTS))
    session = PretendSession(sender)
    session.answer(session.ask("before"), 7.0)
    for scale, value in (("nrs_0_10", 6.0), ("VAS-100", 60.0), ("VAS-100", 40.0)):
        run = session.begin_task()
        session.end_task(run)
        session.answer(session.ask("after_task", run, scale=scale), value)
    session.answer(session.ask("block_end", site="RLP"), 2.0)
    session.answer(session.ask("after", item="limb_ownership", scale="agree_7"), 3.0)
    session.end()
    sender.close(5.0)
    recover(data)
    write_report(data, "S1", data / "report.html")
    page = (data / "report.html").read_text("utf-8")
    assert "neither in the plot nor in the numbers on top: 2 on VAS-100." in page
    assert "Other questions are not on this page: 1 stump pain, 1 limb ownership." in page
    assert "<b>6</b><span>last pain score</span>" in page
    cells = Cells()
    cells.feed(page)
    rows = [row[-3:] for row in cells.rows if row][:3]
    assert rows == [["7", "6", "−1"], ["–", "60 (VAS-100)", "–"], ["60 (VAS-100)", "40 (VAS-100)", "−20"]]
    svg = page[page.index("<svg") : page.index("</svg>") + 6]
    assert ">60<" not in svg


def test_a_page_that_leaves_nothing_out_says_nothing_of_it(data: Path) -> None:
    page = report_of(data, (6.0, None))
    assert "another scale" not in page
    assert "Other questions" not in page
