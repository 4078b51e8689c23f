"""Participants are added, changed in one respect without losing the others, and shown."""

from __future__ import annotations

from pathlib import Path


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
                    "participant add", "participant show", "participant list"):  # fmt: skip
        ran = vrrehab(*command.split(), "--help")
        assert ran.status == 0, command
        assert ran.out.startswith("Usage: "), command
        if command not in ("", "participant"):
            assert "--data" in ran.out, command
