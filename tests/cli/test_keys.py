"""Keys at the command line, and a session on one computer with the recorder on another."""

from __future__ import annotations

from pathlib import Path

from telemetry.client import RecorderClient
from telemetry.folder import Folder
from telemetry.keys import Keyring


def test_keys_are_made_shown_allowed_listed_and_removed(vrrehab, tmp_path: Path) -> None:
    clinic, headset = tmp_path / "clinic", tmp_path / "headset"
    assert vrrehab("keys", "make", "--data", clinic).status == 0
    vrrehab("keys", "make", "--data", clinic).failed_with("move it away")
    vrrehab("keys", "show", "--data", headset).failed_with("vrrehab keys make")
    assert vrrehab("keys", "make", "--data", headset).status == 0
    shown = vrrehab("keys", "show", "--data", headset).out
    assert Keyring(Folder(headset).keys).own().secret.hex() not in shown
    file = tmp_path / "headset.pub"
    file.write_text(shown)
    assert vrrehab("keys", "allow", file, "--name", "headset-1", "--data", clinic).status == 0
    assert vrrehab("keys", "allow", shown.split()[-1], "--name", "again", "--data", clinic).status == 0
    assert vrrehab("keys", "list", "--data", clinic).out.split()[::2] == ["again", "headset-1"]
    assert vrrehab("keys", "remove", "again", "--data", clinic).status == 0
    vrrehab("keys", "remove", "again", "--data", clinic).failed_with("headset-1")
    vrrehab("keys", "allow", "nonsense", "--name", "x", "--data", clinic).failed_with("64 hexadecimal digits")
    (clinic / "keys" / "own.key").chmod(0o644)
    vrrehab("keys", "show", "--data", clinic).failed_with("chmod 600")
    assert "chmod 600" in vrrehab("doctor", "--data", clinic).out


def test_a_session_reaches_a_recorder_that_other_computers_can_reach_with_keys_only(
    vrrehab, process, start, session_on, tmp_path: Path
) -> None:
    clinic, headset = tmp_path / "clinic", tmp_path / "headset"
    vrrehab("recorder", "--data", clinic, "--bind", "tcp://0.0.0.0:*").failed_with("vrrehab keys make")
    assert not clinic.exists()
    for data in (clinic, headset):
        assert vrrehab("keys", "make", "--data", data).status == 0
    recorder = start("recorder", "--data", clinic, "--bind", "tcp://0.0.0.0:*")
    recorder.wait_for("other computers reach it as curve://")
    address = recorder.said.split()[2]
    added = vrrehab("participant", "add", "P001", "--lost", "left:hand:wrist", "--recorder", address, "--data", headset)
    added.failed_with("does not let this computer in", "vrrehab keys allow")
    recorder.wait_for("turned away")
    key = vrrehab("keys", "show", "--data", headset).out.split()[-1]
    assert vrrehab("keys", "allow", key, "--name", "headset-1", "--data", clinic).status == 0
    added = vrrehab("participant", "add", "P001", "--lost", "left:hand:wrist", "--recorder", address, "--data", headset)
    assert added.status == 0, added.err
    ran = process(*session_on(headset), "--recorder", address, small=True)
    assert "The recorder has all of it" in ran.out, (ran.out, ran.err)
    with RecorderClient(address, keyring=Keyring(Folder(headset).keys)) as client:
        assert len(client.history("P001")) == 1


def test_a_person_is_erased_only_when_the_code_is_typed_or_yes_is_said(vrrehab, tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert vrrehab("participant", "add", "P001", "--data", data).status == 0
    refused = vrrehab("erase", "P001", "--data", data)
    assert refused.status == 1
    assert "P001" in vrrehab("participant", "list", "--data", data).out
    erased = vrrehab("erase", "P001", "--data", data, "--yes")
    assert erased.status == 0, erased.err
    assert "backups" in erased.out
    assert "P001" not in vrrehab("participant", "list", "--data", data).out
    assert not (data / "profiles" / "P001.json").exists()
    vrrehab("participant", "add", "P001", "--data", data).failed_with("was erased")
    vrrehab("erase", "P002", "--data", data, "--yes").failed_with("P002")
