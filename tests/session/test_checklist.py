"""The checklist before a session: what speaks against it stops it, unless a clinician answers for it by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from telemetry import messages
from vrrehab.cli.checklist import gone_through
from vrrehab.errors import NotPossible, SceneFileError
from vrrehab.session.checklist import Answers, Checklist, checked, load_checklist
from vrrehab.session.toml_file import read_toml

from .conftest import Sat

USUAL = {item.name: item.answers[0] for item in load_checklist().items}


def written(folder: Path, answers: dict[str, str], despite: str = "") -> str:
    path = folder / "answers.toml"
    lines = [f"{name} = '{answer}'" for name, answer in answers.items()]
    path.write_text(f"by = 'anna'\ndespite = '{despite}'\n[answers]\n" + "\n".join(lines))
    return str(path)


def test_it_asks_for_skin_for_what_screens_out_for_the_seat_and_for_the_prosthesis() -> None:
    assert {"skin", "wound", "infection", "seizure", "vestibular", "psychosis_or_ptsd", "implant", "pregnancy",
            "seated", "prosthesis"} <= USUAL.keys()  # fmt: skip


def test_a_usual_answer_never_speaks_against_a_session() -> None:
    assert checked(load_checklist(), Answers("anna", USUAL)) == {"status": "asked", "by": "anna", **USUAL}


@pytest.mark.parametrize("name", [item.name for item in load_checklist().items if item.against])
def test_what_speaks_against_a_session_stops_it_with_the_reason(name: str, tmp_path: Path) -> None:
    item = next(item for item in load_checklist().items if item.name == name)
    answers = {**USUAL, name: item.against[0]}
    with pytest.raises(NotPossible, match=f"{name}: {item.against[0]} \\({item.because[:20]}"):
        gone_through(written(tmp_path, answers), person=True)
    told = gone_through(written(tmp_path, answers, despite="dr_b"), person=True)
    assert (told["despite"], told["against"], told[name]) == ("dr_b", name, item.against[0])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"skin": "fine"}, "skin .* to be yes or no, but 'fine' came"),
        ({"skin": None}, "skin .* but no answer came"),
        ({"mood": "good"}, "but 'mood' came; leave it out"),
    ],
)
def test_answers_that_are_none_are_told(change: dict[str, str | None], words: str, tmp_path: Path) -> None:
    answers = {name: answer for name, answer in {**USUAL, **change}.items() if answer is not None}
    with pytest.raises(NotPossible, match=words):
        gone_through(written(tmp_path, answers), person=True)


def test_a_crooked_file_of_answers_or_of_questions_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "answers.toml"
    path.write_text("by = 'anna'\nanswer = 1\n")
    with pytest.raises(SceneFileError, match=r"answers\.toml"):
        gone_through(str(path), person=True)
    path.write_text("title = 'x'\n[[items]]\nname = 'a'\nask = 'b'\nanswers = ['yes', 'no']\nagainst = ['never']\n")
    with pytest.raises(SceneFileError, match="against"):
        read_toml(path, Checklist)


def test_skipping_it_and_nobody_being_there_are_on_record_as_such() -> None:
    assert gone_through("skip", person=True) == {"status": "skipped"}
    assert gone_through(None, person=True) == {"status": "not_asked"}, "pytest's standard input is no terminal"
    assert gone_through(None, person=False) == {}


def test_the_terminal_asks_takes_first_letters_and_wants_a_name_for_what_speaks_against(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def asked(*said: str) -> dict[str, str]:
        answers = iter(said)
        monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
        monkeypatch.setattr("typer.prompt", lambda text, default="", **_: next(answers) or default)
        return gone_through(None, person=True)

    rest = ("",) * (len(USUAL) - 2)
    assert asked("anna", "", "maybe", "y", *rest) == {"status": "asked", "by": "anna", **USUAL}
    assert "Please answer yes or no." in capsys.readouterr().out
    with pytest.raises(NotPossible, match="skin: no"):
        asked("anna", "", "n", *rest, "")
    assert asked("anna", "", "n", *rest, "dr_b")["despite"] == "dr_b"
    assert "skin: no (a strap or a socket" in capsys.readouterr().out


def test_it_is_on_record_before_the_first_frame(sit: Callable[..., Sat]) -> None:
    told = checked(load_checklist(), Answers("anna", USUAL))
    sat = sit(most_frames=3, checklist=told)
    (event,) = sat.record.named("checklist")
    assert event.detail == told
    assert event.mono_ns <= sat.record.frames[0]["mono_ns"][0]
    assert isinstance(sat.record.events[0], messages.SessionStarted)
