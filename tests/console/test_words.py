from __future__ import annotations

import ast
import string
from datetime import datetime
from pathlib import Path
from typing import get_args

import polib
import pytest
from msgspec.structs import replace

import vrrehab.console
from telemetry.instruments import INSTRUMENTS
from telemetry.live_messages import Facts
from telemetry.messages import LimbLoss, Profile, SessionStatus
from vrrehab.body.drives import MODES
from vrrehab.body.skeleton import Side
from vrrehab.cli.participant import LEVELS
from vrrehab.console import choices
from vrrehab.console.choices import titles
from vrrehab.console.concerns import FOUND, RESTS
from vrrehab.console.run import title_of_session
from vrrehab.console.settings_panel import grouped, title
from vrrehab.console.words import Words, catalogue_file
from vrrehab.session.checklist import load_checklist
from vrrehab.session.commands import ADVERSE
from vrrehab.session.settings import DECLARED

OUR_OWN = tuple(name for name, instrument in INSTRUMENTS.items() if instrument.wording == "own")
SAYING = ("t", "_t")


@pytest.fixture(scope="module")
def sentences() -> set[str]:
    """Everything that the console's pages say outright."""
    found = set()
    for path in Path(vrrehab.console.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                name = getattr(node.func, "attr", None) or getattr(node.func, "id", "")
                if name in SAYING and isinstance(node.args[0].value, str):
                    found.add(node.args[0].value)
    return found


def test_every_sentence_of_the_console_is_there_in_german(sentences: set[str]) -> None:
    catalogue = {entry.msgid: entry.msgstr for entry in polib.pofile(str(catalogue_file("de")))}
    assert len(sentences) > 200
    assert sorted(sentences - catalogue.keys()) == []
    assert [text for text, said in catalogue.items() if not said] == []


def test_what_is_declared_is_there_in_german_settings_and_our_own_instruments() -> None:
    """A questionnaire that others validated is shown as they wrote it: a translation would be another one."""
    german = Words("de")
    said = {text for setting in DECLARED for text in (title(setting), setting.description)} | set(grouped())
    for instrument in (INSTRUMENTS[name] for name in OUR_OWN):
        for item in instrument.items:
            said |= {item.text, *map(str, (item.levels or item.several or {}).values())}
    same = {"Phantom", "SNRI", "Opioid", "TENS", "EMDR", "Cannabinoid"}
    assert sorted(text for text in said if text and not text.isdigit() and german(text) == text) == sorted(same)


def test_a_translation_has_the_places_of_its_sentence() -> None:
    def places(text: str) -> set[str | None]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}

    for entry in polib.pofile(str(catalogue_file("de"))):
        assert places(entry.msgid) == places(entry.msgstr), entry.msgid


def test_what_a_catalogue_lacks_is_said_in_english() -> None:
    assert Words("de")("Stop") == "Stopp"
    assert Words("fr")("Stop") == "Stop"
    assert Words("de")("No such sentence {n}", n=3) == "No such sentence 3"


def test_what_another_program_said_with_its_values_in_it_is_said_in_german_too() -> None:
    german, english = Words("de"), Words("en")
    told = "No recorder answers at tcp://h:7; all is kept on this computer and delivered later."
    assert german.heard(told) == (
        "Unter tcp://h:7 antwortet keine Aufzeichnung; alles bleibt auf diesem Rechner und wird später übergeben."
    )
    assert english.heard(told) == told
    assert german.heard("inexplicable: {x}") == "inexplicable: {x}"


def test_every_live_setting_has_its_name_its_explanation_and_its_choices_in_german() -> None:
    catalogue = {entry.msgid for entry in polib.pofile(str(catalogue_file("de")))}
    shown = {text for each in DECLARED for text in (title(each), each.description)}
    chosen = {choice.replace("_", " ") for each in DECLARED for choice in each.choices}
    assert sorted((shown | chosen) - catalogue) == []


def test_what_is_chosen_from_is_there_in_german_titles_limbs_levels_and_what_a_checklist_says() -> None:
    said = {title for kind in ("programmes", "courses", "tasks", "places") for title in titles(kind).values()}
    said |= {f"{side} {limb}" for side in Side for limb in LEVELS} | set(choices.MODES_IN_WORDS.values())
    names = {level for levels in LEVELS.values() for level in levels} | set(MODES)
    names |= {word for words in ADVERSE.values() for word in words} | set(get_args(SessionStatus))
    said |= {name.replace("_", " ") for name in names}
    said |= {*FOUND.values(), *RESTS.values()}
    for item in load_checklist().items:
        said |= {item.ask, item.because, *item.answers} - {""}
    german = Words("de")
    assert sorted(text for text in said if german(text) == text) == ["Arm", "Hand"]


def test_numbers_and_days_are_in_the_readers_form() -> None:
    german, english = Words("de"), Words("en")
    assert (german.number(-0.3), german.number(76.04, 1), german.number(3.0)) == ("−0,3", "76,0", "3")
    assert (english.number(-0.3), english.number(76.04, 1)) == ("−0.3", "76.0")
    at_ns = round(datetime(2026, 11, 5, 9, 7).timestamp() * 1e9)
    assert (german.day(at_ns), english.day(at_ns)) == ("05.11.2026, 09:07", "05 Nov 2026, 09:07")


def test_why_a_session_cannot_be_is_said_in_german_with_its_limbs() -> None:
    nobody = Profile(code="P009", limb_losses=())
    both = Profile(
        code="P003", limb_losses=tuple(LimbLoss(limb="arm", side=s, level="elbow") for s in ("left", "right"))
    )
    for person in (nobody, both):
        why = choices.why_not(person, "arm", "mirror", None)
        assert why
        told = Words("de").heard(why)
        assert told != why
        assert not {"Expected", "expected", "Choose", "lost"} & set(told.split())


def test_a_session_is_called_by_its_programme_or_by_its_course_with_what_of_it_is_due_and_when_to_look_back() -> None:
    facts = Facts(
        session_id="S1", participant="P001", programme="gmi_hand_laterality", title="First session", mode="mirror",
        origin="scripted", intact_side="right", limbs=(), steps=(), place="room", joints=(), software_version="1",
        runtime="none", commands="", started_utc_ns=0,
    )  # fmt: skip
    english, german = Words("en"), Words("de")
    assert title_of_session(english, facts) == "First session"
    facts = replace(facts, course="Graded motor imagery, hand", course_session=12, course_phase="laterality")
    assert title_of_session(english, facts) == "Graded motor imagery, hand, Session 12: laterality"
    facts = replace(facts, review=7)
    assert title_of_session(english, facts) == "Graded motor imagery, hand, Session 12: laterality · review 7"
    assert title_of_session(german, facts) == f"{german(facts.course)}, Sitzung 12: links oder rechts · Rückblick 7"
