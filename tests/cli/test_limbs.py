"""A whole session for every kind of loss, through the command, the recorder and the seal."""

from __future__ import annotations

from pathlib import Path

import pytest

import telemetry

HERE = Path(__file__).parent


@pytest.mark.parametrize(
    ("code", "lost", "programme", "mode", "intact", "moved"),
    [
        ("ARM", ("left:arm:elbow",), "short", "mirror", "right", "left hand"),
        ("HAND", ("right:hand:wrist",), "short", "mirror", "left", "right hand"),
        ("LEG", ("left:leg:below_knee",), "short_leg", "mirror", "right", "left leg"),
        ("HANDS", ("left:hand:wrist", "right:hand:wrist"), "short", "observe", "none", "both hand"),
    ],
)
def test_a_scripted_session_for_every_loss_is_sealed(
    clinic,
    vrrehab,
    process,
    session_on,
    code: str,
    lost: tuple[str, ...],
    programme: str,
    mode: str,
    intact: str,
    moved: str,
) -> None:
    losses = [word for each in lost for word in ("--lost", each)]
    assert vrrehab("participant", "add", code, *losses, "--data", clinic.data).status == 0
    what = ("--participant", code, "--programme", HERE / f"{programme}.toml", "--mode", mode)
    ran = process(*session_on(clinic.data, *what), small=True)
    assert ran.status == 0, ran.out + ran.err
    store = telemetry.open_store(clinic.data)
    session = store.sessions().set_index("participant").loc[code]
    assert clinic.sealed(session["session_id"]) == []
    assert (session["status"], session["mode"], session["intact_side"]) == ("completed", mode, intact)
    (task,) = store.tasks().query(f"participant == '{code}'").itertuples()
    assert (task.status, task.repetitions) == ("completed", 1)
    assert f"{task.side} {task.limb}" == moved


def test_the_side_that_leads_is_the_therapists_word(clinic, vrrehab, session_on) -> None:
    lost = ("--lost", "left:arm:elbow", "--lost", "right:leg:knee")
    assert vrrehab("participant", "add", "MIXED", *lost, "--data", clinic.data).status == 0
    ask = session_on(clinic.data, "--participant", "MIXED")
    vrrehab(*ask).failed_with("lost limbs on both sides (left arm, right leg)", "--intact left or --intact right")
    vrrehab(*ask, "--intact", "left").failed_with("tasks for the limbs of this session (right leg)")
    vrrehab(*ask, "--intact", "middle").was_misused("'left', 'right'")
