from __future__ import annotations

import ast
import string
from pathlib import Path

import polib
import pytest

import vrrehab.console
from telemetry.instruments import INSTRUMENTS
from vrrehab.console.settings_panel import grouped, title
from vrrehab.console.words import Words, catalogue_file
from vrrehab.session.settings import DECLARED

OUR_OWN = ("pain_log", "medication", "treatment", "adverse_event")
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
