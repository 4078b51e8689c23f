"""The console by keyboard alone, in a real Chromium: no mouse, no touch, and at every step one sees where one is."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Browser, Locator, Page, expect

import telemetry
from telemetry.client import RecorderClient
from telemetry.testing import eventually
from vrrehab.session.checklist import load_checklist

from .conftest import PASSWORD, Clinic, Visitor

#: In the page: what has the focus, and what is wrong with how that is seen. A radio button's label shows it.
_WHERE = """() => {
    const it = document.activeElement, bar = document.querySelector('.stopbar');
    if (!it || it === document.body) return { name: '', tag: '', wrong: '' };
    const shown = it.type === 'radio' ? it.closest('label') : it, style = getComputedStyle(shown);
    const box = shown.getBoundingClientRect();
    const edge = bar && !bar.contains(it) ? bar.getBoundingClientRect().top : innerHeight;
    const labelled = document.getElementById(it.getAttribute('aria-labelledby'));
    const tall = box.height > edge / 2;
    let wrong = '';
    if (style.outlineStyle === 'none' || parseFloat(style.outlineWidth) < 2) wrong = 'no outline';
    else if (tall ? box.bottom < 0 || box.top > edge : box.top < -1 || box.bottom > edge + 1) wrong = 'out of sight';
    return {
        name: it.getAttribute('aria-label') || labelled?.innerText || it.innerText || it.title || it.value || '',
        tag: it.tagName.toLowerCase(), wrong,
    };
}"""
#: Most Tabs within one thing, such as the parts of a date.
_WITHIN = 12


class Hands:
    """Somebody at a keyboard. passed: what they have come by since they last sat down at a page, by name."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.passed: list[str] = []

    def where(self) -> dict[str, str]:
        """What has the focus; seen to be visible."""
        found: dict[str, str] = self.page.evaluate(_WHERE)
        assert found["wrong"] == "", found
        return found

    def to(self, what: str, key: str = "Tab", most: int = 70) -> None:
        """Press Tab until this has the focus: a CSS selector."""
        last, within = "", 0
        for _ in range(most):
            self.page.keyboard.press(key)
            found = self.where()
            within = within + 1 if found["name"] == last else 0
            assert within < _WITHIN, f"nothing leads on from {last}"
            last = found["name"]
            self.passed.append(" ".join(last.split()))
            if self._at(what):
                return
        raise AssertionError(f"{most} times {key} lead past {self.passed[-max(most, 30) :]}, and never to {what}")

    def press(self, key: str = "Enter") -> None:
        self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    def arrow_to(self, what: str, key: str = "ArrowRight") -> None:
        """Within a group: by arrows."""
        for _ in range(30):
            if self._at(what):
                self.where()
                return
            self.press(key)
        raise AssertionError(f"no arrow leads to {what}")

    def is_still_somewhere(self) -> None:
        """What was pressed has not taken the focus away with it."""
        eventually(lambda: self.where()["tag"] != "", 5.0)

    def _at(self, what: str) -> bool:
        there: bool = self.page.evaluate("what => document.activeElement.matches(what)", what)
        return there


def _in_order(passed: list[str], *names: str) -> bool:
    """Whether somebody came by these in this order."""
    rest = iter(passed)
    return all(any(name in each for each in rest) for name in names)


def test_prepare_start_pause_adjust_mark_stop_rate_report_and_log_out(clinic: Clinic, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    try:
        page = context.new_page()
        page.set_default_timeout(40_000)
        expect.set_options(timeout=60_000)
        _log_in(Hands(page), clinic)
        _prepare(Hands(page))
        page.wait_for_url("**/run", timeout=180_000)
        expect(page.locator("h1")).to_contain_text("P001")
        _lead(Hands(page), clinic)
        _look_back(Hands(page), clinic)
        hands = Hands(page)
        page.reload()
        hands.to("details.menu > summary")
        hands.press()
        hands.to("form[action='/logout'] button", most=6)
        hands.press()
        page.wait_for_url("**/login")
    finally:
        context.close()
        with Visitor(clinic.console, "anna") as visitor:  # a session that a failure has left running ends then
            visitor.stop()


def _log_in(hands: Hands, clinic: Clinic) -> None:
    hands.page.goto(f"{clinic.console}/login")
    expect(hands.page.locator("[name=name]")).to_be_focused()
    hands.type("anna")
    hands.to("[name=password]", most=2)
    hands.type(PASSWORD)
    hands.press()
    expect(hands.page.locator("[data-code=P001]")).to_be_visible()


def _prepare(hands: Hands) -> None:
    page = hands.page
    hands.to("a.skip-link", most=3)
    hands.press()
    hands.to("[data-code]", most=6)
    hands.arrow_to("[data-code=P001]", "ArrowDown")
    hands.press()
    expect(page.locator("[data-programme]").first).to_be_visible()
    hands.to("[data-programme]", most=5)
    hands.arrow_to("[data-programme=demo]")
    hands.press()
    expect(page.locator("[data-programme=demo]")).to_have_attribute("aria-checked", "true")
    hands.to("[aria-label=Place]", most=3)
    hands.type("The")
    # The checklist of a person who wears the headset: an answer each, and Start can be pressed.
    for item in load_checklist().items:
        hands.to(f"[name={item.name}]", most=2)
        hands.press("Space")
    hands.to("[data-do=start]", most=2)
    expect(page.locator("[data-do=start]")).to_be_enabled()
    expected = ("Search", "P001", "Sessions and reports", "Edit P001", "First session", "Mode", "Place", "Who moves")
    assert _in_order(hands.passed, *expected, "yes", "Start")
    # And of a rehearsal, which needs none.
    hands.to("[aria-label='Who moves']", "Shift+Tab", most=20)
    hands.type("Reh")
    expect(page.locator("[data-asked]").first).to_be_hidden()
    hands.to("[data-do=start]", most=2)
    hands.press()


def _lead(hands: Hands, clinic: Clinic) -> None:
    page = hands.page
    outcome = page.locator("[data-outcome]")
    hands.to("[data-do=pause]")
    for said in ("Go on", "Pause"):
        hands.press()
        expect(page.locator("[data-do=pause]")).to_have_text(said)
    # A setting: several presses of an arrow are one change.
    hands.to("[role=tab]", most=3)
    hands.press("ArrowRight")
    expect(page.get_by_role("tab", name="Settings")).to_have_attribute("aria-selected", "true")
    hands.to("[type=search]", most=4)
    hands.type("limb opacity")
    setting = page.locator("[data-setting=limb_opacity_ratio]")
    expect(page.locator("[data-setting]:visible")).to_have_count(1)
    hands.to("[data-setting=limb_opacity_ratio] input", most=2)
    for _ in range(4):
        hands.press("ArrowLeft")
    expect(setting.locator(".outcome-line")).to_contain_text("applied in frame")
    hands.to("[data-setting=limb_opacity_ratio] button", "Shift+Tab", most=1)
    hands.press()
    expect(setting.locator("output")).to_have_text("1")
    hands.is_still_somewhere()
    # An event, with a note.
    hands.to("[role=tab]", "Shift+Tab", most=6)
    hands.press("ArrowLeft")
    expect(page.locator("[data-note]")).to_be_visible()
    hands.to("[data-note]", most=8)
    hands.type("looked away")
    hands.press()
    expect(outcome).to_contain_text("Note: applied in frame")
    hands.is_still_somewhere()
    # Stop, from wherever one is; then the rating that it asks for, and another value for it.
    expect(page.get_by_role("heading", name="Open and close", exact=True)).to_be_visible()
    hands.press("Escape")
    expect(page.locator("[data-stop-said]")).to_contain_text("Stopped, in frame")
    expect(page.locator("[data-rate='4']")).to_be_enabled()
    hands.to("[data-rate]", "Shift+Tab", most=6)
    hands.arrow_to("[data-rate='4']")
    hands.press()
    expect(outcome).to_contain_text("Rate: applied")
    # Once it is among the scores: with each that comes, what corrects one is made anew.
    expect(page.locator(".plot")).to_have_attribute("aria-label", re.compile(r"\b4\b"))
    hands.is_still_somewhere()
    hands.to("summary", most=4)
    hands.press()
    expect(page.locator("[data-kept=corrected]")).to_be_visible()
    hands.to("[data-kept=corrected]", most=2)
    hands.type("3")
    hands.to("[data-do=correct]", most=1)
    hands.press()
    expect(outcome).to_contain_text("Correct: applied")
    hands.is_still_somewhere()
    page.wait_for_timeout(2_500)  # sooner it would be the same Stop
    hands.press("Escape")
    with RecorderClient(clinic.recorder) as client:
        eventually(lambda: client.history("P001") and client.history("P001")[-1].status == "stopped", 60.0)
    ratings = telemetry.open_store(clinic.data).ratings()
    assert ratings[ratings["value"] == 3.0]["supersedes"].notna().any()


def _look_back(hands: Hands, clinic: Clinic) -> None:
    page = hands.page
    hands.to("nav a[href='/after']")
    hands.press()
    page.wait_for_url("**/after")
    hands.to("[aria-label=Participant]")
    hands.type("P001")
    report: Callable[[], Any] = page.frame_locator("iframe.report").locator("h1").text_content
    eventually(lambda: "P001" in str(report()), 180.0)
    hands.to("iframe", most=8)
    said = page.locator("[data-stop-said]")
    hands.press("Escape")  # whoever reads the report stops, too
    expect(said).to_contain_text("no session is running")
    hands.to("[data-late=rating]", most=40)
    hands.type("2")
    hands.to("[data-do=late-rating]", most=12)
    hands.press()
    expect(page.get_by_text("Phantom limb pain: 2")).to_be_visible()
    assert _in_order(hands.passed, "Participant", "Open to print", "Report of the session", "Score, 0 to 10")
    _prints(page.get_by_role("link", name="Open to print"), hands)


def _prints(link: Locator, hands: Hands) -> None:
    """The report opens on a page of its own, for printing."""
    hands.to("a[href^='/report/']", "Shift+Tab", most=60)
    hands.to("a[href^='/report/']", "Shift+Tab", most=1)
    with hands.page.expect_popup() as opened:
        hands.press()
    expect(opened.value.locator("h1")).to_contain_text("P001")
    opened.value.close()
