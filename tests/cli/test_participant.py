"""Participants are added, changed in one respect without losing the others, and shown."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

import telemetry
from vrrehab.cli.person import parse_phantom, parse_tracker


def test_a_change_leaves_what_it_does_not_name(vrrehab, clinic) -> None:
    def participant(*words: str) -> str:
        ran = vrrehab("participant", *words, "--data", clinic.data)
        assert ran.status == 0, ran.err
        return ran.out

    lost = ("--lost", "left:arm:elbow", "--lost", "left:foot:ankle", "--lost", "left:arm:elbow")
    said = participant("add", "C01", *lost, "--language", "de")
    assert said == "C01 added: lost left:arm:elbow, left:foot:ankle; consent care; language de; version 1\n"
    said = participant("add", "C01", "--consent", "research")
    assert said == "C01 changed: lost left:arm:elbow, left:foot:ankle; consent research; language de; version 2\n"
    said = participant("show", "C01")
    assert said == "C01  lost left:arm:elbow, left:foot:ankle; consent research; language de; version 2\n"
    assert participant("list").splitlines() == [said.rstrip(), *participant("show", "P001").splitlines()]


def test_participants_are_kept_without_a_recorder_running(vrrehab, alone: Path) -> None:
    assert vrrehab("participant", "list", "--data", alone).out.startswith("P001  lost left:hand:wrist;")
    assert not (alone / "recorder.json").exists()


def test_the_data_folder_may_come_from_the_environment(vrrehab, alone: Path) -> None:
    assert vrrehab("participant", "list", VRREHAB_DATA=str(alone)).out.startswith("P001 ")


def test_every_command_explains_itself(vrrehab) -> None:
    for command in ("", "demo", "doctor", "recorder", "session", "report", "verify", "recover", "participant",
                    "participant add", "participant show", "participant list", "avatar", "avatar preview"):  # fmt: skip
        ran = vrrehab(*command.split(), "--help")
        assert ran.status == 0, command
        assert ran.out.startswith("Usage: "), command
        if command not in ("", "participant", "avatar", "tracker"):
            assert "--data" in ran.out, command


def test_a_ceiling_is_kept_shown_and_forgotten(vrrehab, alone: Path) -> None:
    def ceiling(*words: str) -> bool:
        assert vrrehab("participant", "add", "C03", *words, "--data", alone).status == 0
        shown = vrrehab("participant", "show", "C03", "--data", alone).out
        return "  their session comes to rest at pain 6.5\n" in shown

    assert ceiling("--lost", "left:hand:wrist", "--ceiling", "6.5")
    assert ceiling("--consent", "research")
    assert not ceiling("--ceiling", "0")


def test_a_body_a_phantom_and_a_tracker_are_kept_and_shown(vrrehab, alone: Path) -> None:
    def participant(*words: str):
        return vrrehab("participant", *words, "--data", alone)

    said = participant(
        "add", "C02", "--lost", "left:arm:forearm", "--lost", "left:leg:below_knee",
        "--sex", "0.2", "--age", "61", "--tone", "7", "--stature", "1.71", "--reach", "0.55",
        "--phantom", "left:hand:clenched:0.4:wrist_flexion=0.5:at=0.02,0,-0.05", "--phantom", "left:foot:inverted",
        "--tracker", "right_ankle:/user/hand/right",
    )  # fmt: skip
    assert said.status == 0, said.err
    assert participant("add", "C02", "--weight", "0.7", "--phantom", "left:leg:plantarflexed").status == 0
    assert participant("show", "C02").out.splitlines() == [
        "C02  lost left:arm:forearm, left:leg:below_knee; consent care; language en; version 2",
        "  body: sex 0.2, 61 years, weight 0.7, muscle 0.5, proportions 0.5, skin tone 7",
        "  measured: stature 1.71 m, reach 0.55 m",
        "  phantom left hand: clenched, wrist flexion +0.50 rad, telescoped by 40 %, 2 cm right, 5 cm forward",
        "  phantom left leg: plantarflexed",
        "  /user/hand/right is strapped to right_ankle",
    ]
    assert participant("add", "C02", "--phantom", "left:hand:none").status == 0
    assert "phantom left hand" not in participant("show", "C02").out


def test_what_cannot_be_is_refused_and_changes_nothing(vrrehab, alone: Path) -> None:
    for option, value, *words in (
        ("--phantom", "left:hand:clenchd", "relaxed, open, clenched", "'clenchd'"),
        ("--phantom", "right:leg:relaxed", "a limb that P001 has lost (left hand)", "right leg"),
        ("--tone", "11", "less than or equal to 10"),
    ):
        vrrehab("participant", "add", "P001", option, value, "--data", alone).was_misused(*words)
    assert vrrehab("participant", "show", "P001", "--data", alone).out.endswith("version 1\n")


@pytest.mark.parametrize(
    ("parse", "text", "expected"),
    [
        (parse_phantom, "left:hand", "expected side:limb:posture .* got 'left:hand'"),
        (parse_phantom, "left:hand:clenched:2", r"from 0 \(full length\) to 1 .* got '2'"),
        (parse_phantom, "left:hand:clenched:knee_flexion=1", "No movement 'knee_flexion'"),
        (parse_phantom, "left:hand:clenched:wrist_flexion=9", "expected wrist_flexion in radians, got '9'"),
        (parse_phantom, "left:hand:clenched:at=1,2", "expected at=right,up,back"),
        (parse_phantom, "left:foot:clenched", "expected a posture of a foot .*relaxed, plantarflexed.* got 'clenched'"),
        (parse_tracker, "left_nose:/user/hand/left", "left_ankle:/user/hand/left .* got 'left_nose:/user/hand/left'"),
        (parse_tracker, "left_ankle:hand", "such as /user/hand/left after the joint, got 'hand'"),
    ],
)
def test_a_mistake_is_told_with_what_was_expected_and_what_came(parse, text: str, expected: str) -> None:
    with pytest.raises(typer.BadParameter, match=expected):
        parse(text)


def test_what_became_known_later_is_entered_by_a_command(vrrehab, alone: Path) -> None:
    vrrehab("participant", "add", "P001", "--data", alone)
    said = ("pain=6", "site=PLP", "triggers=stress,cold", "text=after a bad night")
    ran = vrrehab("enter", "pain_log", *said, "--participant", "P001", "--by", "anna", "--data", alone)
    assert "pain log: pain 6, site PLP" in ran.out
    (entry,) = telemetry.open_store(alone).entries("pain_log").itertuples()
    assert (entry.pain, entry.triggers, entry.who, entry.source) == (6, "stress,cold", "anna", "therapist")
    better = ("pain=4", "site=PLP", "--participant", "P001", "--corrects", entry.entry_id)
    vrrehab("enter", "pain_log", *better, "--by", "anna", "--data", alone)
    rows = telemetry.open_store(alone).entries("pain_log").set_index("entry_id")
    assert rows.loc[rows["current"], ["pain", "about_at"]].to_numpy().tolist() == [[4, entry.about_at]]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("adverse_event severity=mild --session S9", "answer to kind"),
        ("pain_log pain=6 site=nose --participant P001", "expected site to be one of PLP, RLP, PLS, got 'nose'"),
        ("pain_log pain=6 site=PLP", "give --session ID, or --participant CODE"),
    ],
)
def test_an_entry_that_cannot_be_is_refused_with_what_was_expected(vrrehab, alone: Path, words: str, expected: str):
    ran = vrrehab("enter", *words.split(), "--by", "anna", "--data", alone)
    assert ran.status == 2
    assert expected in " ".join(ran.err.split())
