"""The pages in a real Chromium, as a therapist uses them."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

import telemetry
from telemetry.client import RecorderClient
from telemetry.testing import eventually
from vrrehab.testing.silent_session import SilentSession

from .conftest import PASSWORD, Clinic, Visitor

Opening = Callable[..., Page]
Sitting = Callable[..., SilentSession]


def pressed_stop(page: Page) -> None:
    page.keyboard.press("Escape")
    expect(page.locator("[data-stop-said]")).to_contain_text("Stopped, in frame")


def test_prepare_start_adjust_stop_rate_report(clinic: Clinic, open_page: Opening) -> None:
    """The whole way of a session, as a therapist goes it with a participant whom the clinic knows."""
    page = open_page("anna", "/")
    page.locator("[data-code=P001]").click()
    page.locator("[data-programme=first_session]").click()
    page.get_by_label("Who moves").select_option("scripted")
    page.locator("[data-do=start]").click()
    page.wait_for_url("**/run", timeout=90_000)
    expect(page.locator("h1")).to_contain_text("P001", timeout=30_000)
    # What the participant sees: one picture, and then another.
    picture = page.locator("[data-live-picture]")
    expect(picture).to_have_attribute("data-count", re.compile(r"^([2-9]|\d\d+)$"), timeout=30_000)
    # A setting, changed live.
    page.get_by_role("tab", name="Settings").click()
    setting = page.locator("[data-setting=limb_opacity_ratio]")
    setting.locator("input").fill("0.5")
    expect(setting.locator(".outcome-line")).to_contain_text("applied in frame", timeout=20_000)
    # Stop, then the rating that it asks for.
    page.get_by_role("tab", name="Lead").click()
    expect(page.locator("[data-fact=session-time] b")).not_to_have_text("–")
    page.locator("form[data-stop] button").click()
    expect(page.locator("[data-stop-said]")).to_contain_text("Stopped, in frame", timeout=20_000)
    expect(page.get_by_text("P001: stopped").first).to_be_visible(timeout=20_000)  # what is asked is what Stop left
    rated = page.locator("[data-rate='4']")
    if rated.is_enabled(timeout=5_000):  # Stop between two tasks asks for nothing
        rated.click()
        expect(page.locator("[data-outcome]")).to_contain_text("applied", timeout=20_000)
    page.locator("form[data-stop] button").click()
    with RecorderClient(clinic.recorder) as client:
        eventually(lambda: client.history("P001") and client.history("P001")[-1].status == "stopped", 60.0)
    page.goto(f"{clinic.console}/after?participant=P001")
    report = page.frame_locator("iframe.report")
    expect(report.locator("h1")).to_contain_text("P001", timeout=90_000)
    # The day after: a rating and a treatment, which the record only ever adds.
    page.locator("[data-late=rating]").select_option("3")
    page.locator("[data-do=late-rating]").click()
    expect(page.get_by_text("Phantom limb pain: 3")).to_be_visible(timeout=20_000)
    page.locator("[data-late=instrument]").select_option("medication")
    page.locator("[data-item=substance]").fill("gabapentin")
    page.locator("[data-do=late-entry]").click()
    expect(page.get_by_role("alert")).to_contain_text("expected an answer to change")
    page.locator("[data-item=change]").select_option("dose")
    page.locator("[data-item=daily_dose]").fill("900")
    page.locator("[data-do=late-entry]").click()
    expect(page.get_by_text("Medication: gabapentin, Dose changed, 900 mg")).to_be_visible(timeout=20_000)
    store = telemetry.open_store(clinic.data)
    late = store.ratings().query("phase == 'next_day'")
    assert list(late["value"]) == [3.0]
    changed = store.settings()
    ours = changed[(changed["who"] == "anna") & (changed["name"] == "limb_opacity_ratio")]
    assert len(ours) == 1
    stops = store.events().query("name == 'stop'")
    assert '"who": "anna"' in stops["detail"].iloc[-1]


def test_a_new_participant_is_added_without_a_manual(clinic: Clinic, open_page: Opening) -> None:
    page = open_page("anna", "/")
    page.get_by_role("button", name="Add a participant").click()
    page.get_by_label("Code").fill("P077")
    page.locator("[data-do=keep]").click()
    expect(page.get_by_role("alert")).to_contain_text("at least one limb")
    page.locator("[data-do=add-loss]").click()
    page.get_by_label("Limb", exact=True).select_option("leg")
    page.get_by_label("Level").select_option("below_knee")
    page.get_by_role("combobox", name="left leg").select_option("plantarflexed")
    page.get_by_role("combobox", name="Language").select_option("de")
    page.locator("[data-do=keep]").click()
    expect(page.get_by_role("heading", name="P077: left leg (below knee)")).to_be_visible()
    expect(page.get_by_text("A clinician has yet to review the headset's texts")).to_be_visible()
    with RecorderClient(clinic.recorder) as client:
        profile = client.profile("P077")
    assert profile is not None
    assert [(loss.side, loss.limb, loss.level) for loss in profile.limb_losses] == [("left", "leg", "below_knee")]
    assert profile.phantom_shapes[0].posture == "plantarflexed"


def test_a_session_of_a_person_begins_only_after_the_checklist_and_what_speaks_against_it_is_answered_for(
    open_page: Opening,
) -> None:
    page = open_page("anna", "/?code=P001")
    start, asked = page.locator("[data-do=start]"), page.locator("[data-asked]")
    expect(start).to_be_disabled()
    for i in range(asked.count()):
        asked.nth(i).locator("label").first.click()
    expect(start).to_be_enabled()
    page.locator("[data-asked=wound] label").nth(1).click()
    expect(page.get_by_text("movement and straps can open it")).to_be_visible()
    expect(start).to_be_disabled()
    page.locator("[data-check=despite]").check()
    expect(start).to_be_enabled()


def test_a_value_out_of_range_is_refused_with_the_reason_and_the_page_shows_what_is_in_force(
    open_page: Opening, session: Sitting
) -> None:
    session()
    page = open_page("anna", "/run")
    page.get_by_role("tab", name="Settings").click()
    setting = page.locator("[data-setting=light_ratio]")
    setting.locator("input").evaluate("(e) => { e.max = 9; e.value = 9; e.dispatchEvent(new Event('change')); }")
    expect(setting.locator(".outcome-line")).to_contain_text("refused: light_ratio expects 0.4 to 1.2, got 9")
    expect(setting.locator("output")).to_have_text("1")


def test_a_change_is_undone_and_reset(open_page: Opening, session: Sitting) -> None:
    session()
    page = open_page("anna", "/run")
    page.get_by_role("tab", name="Settings").click()
    page.get_by_label("Search settings").fill("how loud the place")
    expect(page.locator("[data-setting]:visible")).to_have_count(1)
    setting = page.locator("[data-setting=sound_ratio]")
    setting.locator("input").fill("0.2")
    expect(setting.locator("output")).to_have_text("0.2")
    page.locator("[data-do=undo]").click()
    expect(setting.locator("output")).to_have_text("0.6")
    setting.locator("input").fill("0.1")
    expect(setting.locator("output")).to_have_text("0.1")
    setting.get_by_role("button").click()
    expect(setting.locator("output")).to_have_text("0.6")


def test_one_press_hides_the_limb_and_one_shows_it_again(open_page: Opening, session: Sitting) -> None:
    session()
    page = open_page("anna", "/run")
    button = page.locator("[data-command=hide]")
    button.click()
    expect(button).to_have_text("Show limb")
    button.click()
    expect(button).to_have_text("Hide limb")


def test_an_event_is_marked_with_one_press_and_a_note(clinic: Clinic, open_page: Opening, session: Sitting) -> None:
    running = session()
    page = open_page("oskar", "/run")
    page.locator("[data-note]").fill("looked away")
    page.locator("[data-do=mark]").click()
    expect(page.locator("[data-outcome]")).to_contain_text("applied in frame")
    expect(page.locator("[data-note]")).to_have_value("")
    assert page.locator("[data-command]").count() == 0  # an observer gives no other command
    running.close()
    events = telemetry.open_store(clinic.data).events()
    assert '"text": "mark: looked away"' in " ".join(events[events["name"] == "note"]["detail"])


def test_two_therapists_see_who_is_in_control(open_page: Opening, session: Sitting) -> None:
    session()
    anna, berta = open_page("anna", "/run"), open_page("berta", "/run")
    anna.locator("[data-do=pause]").click()
    expect(anna.get_by_text("You are in control")).to_be_visible()
    expect(berta.get_by_text("anna is in control")).to_be_visible()
    berta.locator("[data-do=pause]").click()
    expect(berta.locator("[data-outcome]")).to_contain_text("anna is in control")
    berta.locator("[data-do=take-control]").click()
    expect(anna.get_by_text("berta is in control")).to_be_visible()
    pressed_stop(anna)


def test_stop_works_in_the_page_while_the_pages_loop_hangs(
    clinic: Clinic, open_page: Opening, session: Sitting, visitor: Callable[..., Visitor]
) -> None:
    session()
    page = open_page("anna", "/run")
    expect(page.locator("h1")).to_contain_text("P001")
    adam = visitor("adam")
    hanging = threading.Thread(target=lambda: adam.http.get("/stuck", params={"for_s": 4}))
    hanging.start()
    time.sleep(0.3)
    count = int(page.locator("[data-live-picture]").get_attribute("data-count") or 0)
    pressed_stop(page)
    expect(page.locator("[data-live-picture]")).not_to_have_attribute("data-count", str(count))
    assert hanging.is_alive()
    hanging.join()


def test_a_session_that_hangs_and_one_that_dies_are_told_within_a_moment(open_page: Opening, session: Sitting) -> None:
    running = session()
    page = open_page("anna", "/run")
    expect(page.locator("h1")).to_contain_text("P001")
    if page.locator("[data-do=take-control]").is_visible():
        page.locator("[data-do=take-control]").click()
    running.hang()
    expect(page.locator(".veil")).to_contain_text("does not answer")
    page.locator("[data-command=skip]").click()
    expect(page.locator("[data-outcome]")).to_contain_text("not answered")
    running.go_on()
    expect(page.locator(".veil")).to_be_hidden()
    running.close()
    expect(page.locator(".veil")).to_contain_text("No session is running")


def test_a_session_whose_program_is_killed_is_told_with_what_to_do(clinic: Clinic, open_page: Opening) -> None:
    command = [
        sys.executable,
        str(Path(__file__).parent / "silent_program.py"),
        str(clinic.data),
        clinic.recorder,
        "P001",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "running\n"
        page = open_page("anna", "/run")
        expect(page.locator("h1")).to_contain_text("P001")
        program.kill()
    expect(page.locator(".veil")).to_contain_text("has ended without saying so. Look at P001")
    page.locator("form[data-stop] button").click()
    expect(page.locator("[data-stop-said]")).to_contain_text("Not stopped: no session is running.")


def test_after_a_lost_connection_the_page_shows_the_truth_again_by_itself(open_page: Opening, session: Sitting) -> None:
    session()
    page = open_page("anna", "/run")
    expect(page.locator("h1")).to_contain_text("P001")
    for _ in range(2):  # a second of every few is lost
        page.context.set_offline(True)
        time.sleep(1.0)
        page.context.set_offline(False)
        time.sleep(1.5)
    was = page.locator("[data-fact=session-time] b").inner_text()
    expect(page.locator("[data-fact=session-time] b")).not_to_have_text(was)
    page.locator("[data-do=pause]").click()
    expect(page.locator("[data-do=pause]")).to_have_text("Go on")


def test_a_login_that_is_ended_leads_back_to_the_login(open_page: Opening, session: Sitting) -> None:
    session()
    page, admin = open_page("berta", "/run"), open_page("adam", "/people")
    admin.get_by_role("button", name="End the login of berta").first.click()
    page.wait_for_url(re.compile("/login"))
    page.fill("[name=name]", "berta")
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/run")


PAGES = ("/", "/?code=P001", "/run", "/after?participant=P001", "/people", "/stop", "/login")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_has_a_serious_fault_of_accessibility(
    theme: str, clinic: Clinic, open_page: Opening, session: Sitting
) -> None:
    session()
    axe = Axe()
    page = open_page("anna", "/run")
    admin = open_page("adam", "/people")
    for of, path in ((page, path) for path in PAGES):
        of = admin if path == "/people" else of
        of.goto(clinic.console + path)
        of.evaluate(
            "theme => { localStorage.setItem('theme', theme); document.documentElement.dataset.theme = theme }", theme
        )
        of.wait_for_timeout(700)
        for tab in of.get_by_role("tab").all() or [None]:
            if tab is not None:
                tab.click()
            found = axe.run(of, options={"resultTypes": ["violations"]}).response["violations"]
            serious = [
                (fault["id"], [node["html"][:200] for node in fault["nodes"][:3]])
                for fault in found
                if fault["impact"] in ("serious", "critical")
            ]
            assert not serious, f"{path}: {serious}"


def test_every_target_is_large_enough_for_a_finger(clinic: Clinic, open_page: Opening, session: Sitting) -> None:
    session()
    page = open_page("anna", "/run")
    for path in ("/?code=P001", "/run", "/after?participant=P001"):
        page.goto(clinic.console + path)
        page.wait_for_timeout(500)
        small = page.evaluate(
            """() => [...document.querySelectorAll(
                    'button, a, select, summary, label.tick, label.button, input:not([type=checkbox], [type=radio])')]
                .map((e) => [e, e.getBoundingClientRect()])
                .filter(([e, r]) => r.width && (r.height < 43.5 || r.width < 24) && !e.classList.contains('skip-link'))
                .map(([e, r]) => `${e.outerHTML.slice(0, 120)} ${r.width}x${r.height}`)"""
        )
        assert small == [], path


def test_nothing_comes_from_another_place(clinic: Clinic, open_page: Opening) -> None:
    page = open_page("anna", "/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for path in ("/", "/run", "/after"):
        page.goto(clinic.console + path)
        page.wait_for_timeout(300)
    assert asked
    assert [
        url
        for url in asked
        if not url.startswith((clinic.console, clinic.console.replace("http", "ws"), "data:", "blob:"))
    ] == []


def test_the_browsers_heap_stays_flat_while_it_watches(open_page: Opening, session: Sitting) -> None:
    """A short form of `python benchmarks/console.py memory`, which takes an hour."""
    session()
    page = open_page("anna", "/run")
    devtools = page.context.new_cdp_session(page)
    drawn = "Number(document.querySelector('[data-skeleton]').dataset.count || 0)"

    def heap_after(updates: int) -> float:
        goal = page.evaluate(drawn) + updates
        page.wait_for_function(f"{drawn} >= {goal}", timeout=90_000)
        devtools.send("HeapProfiler.collectGarbage")
        used: float = devtools.send("Runtime.getHeapUsage")["usedSize"]
        return used

    heap_after(60)
    before = min(heap_after(10) for _ in range(3))
    # The engine's own comes and goes by a megabyte; skeletons that were kept would be three.
    heap_after(200)
    assert min(heap_after(10) for _ in range(3)) - before < 1_000_000
