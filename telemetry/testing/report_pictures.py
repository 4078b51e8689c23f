"""Pictures of the reports for docs/data.md, in a real Chromium, of a synthetic study.

    vrrehab demo-study --participants 8 --sessions 21 --data DIR && vrrehab features --data DIR
    python -m telemetry.testing.report_pictures DIR docs/pictures

Needs the extra `dev` and chromium (or google-chrome).
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from telemetry.report import write_report
from telemetry.report_cohort import write_cohort_report
from telemetry.report_participant import write_participant_report


def take(data: Path, out: Path) -> None:
    """Pictures of a session's, a participant's and the cohort's report of the study in `data`."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        pages = Path(folder)
        write_report(data, "SIM002-01", pages / "report_session.html")
        write_participant_report(data, "SIM002", pages / "report_participant.html", ("scripted",))
        write_cohort_report(data, pages / "report_cohort.html", ("scripted",))
        program = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for path in sorted(pages.glob("*.html")):
            page = browser.new_page(viewport={"width": 1000, "height": 1000})
            page.goto(path.as_uri())
            page.screenshot(path=out / f"{path.stem}.png", full_page=True)
        browser.close()


if __name__ == "__main__":
    take(Path(sys.argv[1]), Path(sys.argv[2]))
