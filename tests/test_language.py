"""What a participant reads is in their language, all of it, and says whether a clinician has read it."""

from __future__ import annotations

import runpy
import string
from collections.abc import Callable, Iterable
from pathlib import Path

import polib
import pytest
from typer.testing import CliRunner

from telemetry import messages
from vrrehab import language as language_module
from vrrehab.cli import app
from vrrehab.cli import language as language_command  # noqa: F401  (the command)
from vrrehab.language import ENGLISH, fingerprint, languages, languages_folder, load_language, reviewer_of
from vrrehab.session.sitting import Sitting
from vrrehab.stage.lettering import font_file
from vrrehab.texts import texts, update

_session = runpy.run_path(str(Path(__file__).parent / "session" / "conftest.py"))
sit = _session["sit"]
CATALOGUES = languages()[1:]


def catalogue(code: str) -> polib.POFile:
    return polib.pofile(str(languages_folder() / f"{code}.po"))


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("code", CATALOGUES)
def test_every_text_is_translated_and_its_placeholders_agree(code: str) -> None:
    entries = {entry.msgid: entry for entry in catalogue(code) if not entry.obsolete}
    now = texts()
    lacking = [text for text in now if text not in entries or not entries[text].translated()]
    assert not lacking, f"run: vrrehab language update {code}, then translate"
    assert set(entries) == set(now), f"run: vrrehab language update {code}"
    for text, entry in entries.items():
        assert placeholders(entry.msgstr) == placeholders(text)


@pytest.mark.parametrize("code", CATALOGUES)
def test_every_letter_is_in_the_font_and_what_goes_on_a_button_is_short(code: str) -> None:
    font_types = pytest.importorskip("matplotlib.ft2font")
    known = font_types.FT2Font(str(font_file())).get_charmap()
    for entry in catalogue(code):
        assert all(ord(letter) in known for letter in entry.msgstr if letter != "\n")
        assert len(entry.msgstr) <= 1.6 * len(entry.msgid) + 16, "longer than its board or button was made for"


def test_the_extraction_finds_what_is_written_in_files_and_in_the_code() -> None:
    found = texts()
    assert "scenes/questions/phantom_pain.toml" in found["How much does the missing limb hurt now?"]
    assert "scenes/questions/pain_quality.toml" in found["burning"]
    assert "vrrehab/session/conductor.py" in found["Welcome."]
    assert "vrrehab/session/performing.py" in found["{done} of {goal}"]


def test_a_session_in_german_shows_no_word_that_was_not_translated(
    sit: Callable[..., object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is shown is made of what the language said; an English text set past it would be found here."""
    said: set[str] = {""}
    really = language_module.Language.say

    def listening(self: language_module.Language, text: str, **values: object) -> str:
        told = really(self, text, **values)
        assert text in self._texts, f"{text!r} is in no catalogue"
        said.add(told)
        return told

    monkeypatch.setattr(language_module.Language, "say", listening)
    shown: set[str] = set()

    def watch(sitting: Sitting, frame: int) -> Iterable[object]:
        view = sitting.view
        shown.update((view.title, view.text, view.count, view.notice))
        if view.panel is not None:
            labels = [b.label for b in view.panel.buttons if not b.label.lstrip("−").isdecimal()]
            shown.update((view.panel.title, view.panel.low_anchor, view.panel.high_anchor, *labels))
        return ()

    programme = tmp_path / "mine.toml"
    programme.write_text(
        'name = "mine"\ntitle = "First session"\nmode = "mirror"\nplace = "therapy_room"\n'
        '[ask]\nbefore = ["phantom_pain", "pain_quality", "telescoping"]\n'
        '[[blocks]]\ntitle = "One"\ntasks = [{ task = "open_close_hand", goal = 2, demonstration_s = 0.1 }]\n'
    )
    loss = messages.LimbLoss(limb="hand", side="left", level="wrist")
    profile = messages.Profile(code="P001", language="de", limb_losses=(loss,))
    sat = sit(str(programme), profile=profile, tell=watch)
    for text in shown:
        rest = text
        for part in sorted(said, key=len, reverse=True):
            rest = rest.replace(part, "") if part else rest
        assert not rest.strip(), f"{text!r} did not go through the language"
    assert "Wie stark ist der Phantomschmerz jetzt?" in shown
    assert "Vielen Dank" in shown
    assert sat.record.named("language")[0].detail == {"code": "de", "reviewed_by": ""}


def test_a_language_without_a_catalogue_is_english() -> None:
    assert load_language("xx") is ENGLISH
    assert ENGLISH.say("{done} of {goal}", done=2, goal=8) == "2 of 8"
    assert load_language("de").say("{done} of {goal}", done=2, goal=8) == "2 von 8"
    assert load_language("de").say("An own text {here}") == "An own text {here}"


def test_a_catalogue_begins_empty_and_keeps_what_is_translated_when_texts_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = update("fr", tmp_path)
    assert len(first) == len(texts())
    entry = first.find("Welcome.")
    entry.msgstr = "Bienvenue."
    first.save()
    monkeypatch.setattr("vrrehab.texts.texts", lambda: {"Goodbye.": ["somewhere.py"]})
    gone = update("fr", tmp_path)
    assert [(e.msgid, e.obsolete) for e in gone] == [("Goodbye.", False), ("Welcome.", True)]
    monkeypatch.setattr("vrrehab.texts.texts", lambda: {"Welcome.": ["somewhere.py"]})
    (back,) = [e for e in update("fr", tmp_path) if not e.obsolete]
    assert (back.msgid, back.msgstr) == ("Welcome.", "Bienvenue.")


def test_a_clinicians_signature_holds_until_a_text_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "de.po").write_bytes((languages_folder() / "de.po").read_bytes())
    monkeypatch.setattr("vrrehab.language.languages_folder", lambda: tmp_path)
    assert not load_language("de").reviewed
    run = CliRunner().invoke
    assert "not reviewed by a clinician yet" in run(app, ["language", "list"]).output
    assert run(app, ["language", "sign", "de", "--by", "CLINICIAN7"]).output == "de signed by CLINICIAN7\n"
    signed = load_language("de")
    assert (signed.reviewed, signed.reviewed_by) == (True, "CLINICIAN7")
    texts_now = polib.pofile(str(tmp_path / "de.po"))
    before = fingerprint(texts_now)
    texts_now[0].msgstr += " und"
    texts_now.save()
    assert fingerprint(texts_now) != before
    assert reviewer_of(texts_now) == ""
    assert not load_language("de").reviewed


def test_whoever_is_measured_for_a_tracker_reads_how_to_sit_as_the_measuring_needs_it() -> None:
    from vrrehab.body.mounting import POSTURES
    from vrrehab.cli.strapping import SHOWN

    assert {joint: posture.words in SHOWN[joint] for joint, posture in POSTURES.items()} == dict.fromkeys(SHOWN, True)
    german = load_language("de")
    assert all(german.say(text) != text for text in SHOWN.values())
