"""`vrrehab programme`, and a session that is part of a course."""

from __future__ import annotations

from pathlib import Path

import pytest

import telemetry
from vrrehab.cli.programme import told
from vrrehab.errors import SceneFileError

HERE = Path(__file__).parent
COURSE = """
name = "mine"
title = "Mine"
design = "phases"
order = ["A"]
lengths = [1]

[[phases]]
name = "A"
programme = "short.toml"
mode = "intact_only"

[[phases]]
name = "B"
programme = "short.toml"
"""


@pytest.fixture
def course(tmp_path: Path) -> Path:
    (tmp_path / "short.toml").write_text((HERE / "short.toml").read_text())
    path = tmp_path / "mine.toml"
    path.write_text(COURSE)
    return path


def test_a_good_file_is_told_in_numbers(vrrehab, tmp_path: Path) -> None:
    copied = tmp_path / "hand.toml"
    copied.write_text(Path("scenes/programmes/hand.toml").read_text())
    ran = vrrehab("programme", "check", copied)
    assert ran.status == 0
    first, *rest = ran.out.splitlines()
    assert first == f"{copied}: can be used"
    assert "4 blocks, 8 task runs, 8 of them rated" in ran.out
    assert not [line for line in rest if "note:" in line]


@pytest.mark.parametrize(
    ("wrong", "right", "said"),
    [
        ("[[blocks]]", "[[block]]", ("expected a known name", "did you mean `blocks`")),
        ('"spread_fingers"', '"spred_fingers"', ("Did you mean 'spread_fingers'",)),
        ('"spread_fingers"', '"circle_and_line"', ("expected one of the modes", "performed in mirror")),
        ('"therapy_room"', '"kitchen"', ("expected a place that there is", "therapy_room")),
        ('mode = "mirror"', 'mode = "miror"', ("expected one of", "mirror")),
        ("minutes = 4", "minutes = 0", ("minutes",)),
    ],
)
def test_a_bad_file_is_refused_with_file_line_and_what_was_expected(
    tmp_path: Path, wrong: str, right: str, said: tuple[str, ...]
) -> None:
    text = Path("scenes/programmes/hand.toml").read_text()
    line = text[: text.index(wrong)].count("\n") + 1
    bad = tmp_path / "mine.toml"
    bad.write_text(text.replace(wrong, right, 1))
    with pytest.raises(SceneFileError) as refused:
        list(told(str(bad)))
    assert not [words for words in (f"{bad}:{line}: ", *said) if words not in str(refused.value)], refused.value
    assert refused.value.line == line


def test_what_is_no_file_of_ours_is_misuse_or_failure(vrrehab, tmp_path: Path) -> None:
    vrrehab("programme", "check").was_misused("FILE")
    vrrehab("programme", "check", "hand").was_misused("expected a .toml file")
    bad = tmp_path / "bad.toml"
    bad.write_text('name = "bad"\n')
    vrrehab("programme", "check", bad).failed_with(f"{bad}: expected `title`, but it is missing")


def test_programmes_and_courses_are_listed(vrrehab) -> None:
    ran = vrrehab("programme", "list")
    assert {"hand", "gmi_hand", "abab_hand", "bilateral_arms"} <= {line.split()[0] for line in ran.out.splitlines()}


def test_a_session_says_what_of_a_course_it_is_and_the_next_one_knows_it(
    clinic, vrrehab, process, session_on, course: Path
) -> None:
    ran = process(*session_on(clinic.data, "--programme", course), small=True)
    assert ran.status == 0, ran.err
    assert "Mine: session 1 of 1, A; place 1 of A." in ran.out
    now = telemetry.open_store(clinic.data).sessions().iloc[-1]
    assert (now["course"], now["condition"], now["course_session"], now["mode"]) == ("mine", "A", 1, "intact_only")
    vrrehab(*session_on(clinic.data, "--programme", course)).failed_with(
        "which has 1, but P001 is at number 2", "--phase"
    )


def test_a_course_without_a_recorder_has_to_be_told_the_session(vrrehab, alone: Path, session_on, course: Path) -> None:
    nobody = ("--recorder", "tcp://127.0.0.1:9", "--programme")
    vrrehab(*session_on(alone, *nobody, course)).failed_with("goes by them, but none answers", "--session-number N")
    vrrehab(*session_on(alone, *nobody, HERE / "short.toml", "--phase", "A")).failed_with(
        "Expected a course for --phase"
    )
