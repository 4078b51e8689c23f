"""What a therapist has to know at once, in a sentence: why the session rests, and what a rule of safety found."""

from __future__ import annotations

from telemetry.live_messages import Standing, State
from vrrehab.console.plot import clock
from vrrehab.console.words import Words

#: What a rule found that leaves it to the therapist stays in sight for so long.
_IN_SIGHT_S = 120.0
#: Why the calm scene is there, by `State.resting`; who asked for it at the console knows.
RESTS = {
    "participant": "The participant has pressed Stop, and rests in the calm scene. Talk with them; Go on leads back.",
    "console_lost": "Nobody was in control any more: the participant rests in the calm scene. Go on leads back.",
    "stop": "The session ends {seconds} s after Stop. A score may be entered until then; Stop once more ends it now.",
}
#: What was found, by the rule's setting or part of the profile (`State.concern`).
FOUND = {
    "space_changed": "The headset's connection is a new one. Press Recentre once the person sits as before.",
    "pain_prompt_rise": "Pain has risen since the session's start. Ask how it is; nothing was changed.",
    "pain_calm_rise": "Pain has risen much since the session's start: the participant rests in the calm scene.",
    "pain_calm_at": "Pain is high: the participant rests in the calm scene.",
    "pain_ceiling": "Pain has reached the ceiling in the profile: the participant rests in the calm scene.",
    "sickness_calm_at": "Sickness in the headset is high: the participant rests in the calm scene.",
    "sickness_calm_rise": "Sickness in the headset has risen much: the participant rests in the calm scene.",
    "sickness_stop_at": "Sickness in the headset is so high that the session was stopped.",
    "session_limit_min": "The session is at its time limit or close to it: the task that is on may be the last.",
    "exposure_limit_min": "The time in the scene is at its limit or close to it: the task that is on may be the last.",
}


def concern_in_words(t: Words, standing: Standing, state: State) -> str:
    """Empty where there is nothing of the kind."""
    found = state.concern in FOUND and (
        state.resting in (state.concern, "stop") or state.time_s - state.concern_s < _IN_SIGHT_S
    )
    said = [f"{clock(state.concern_s)} {t(FOUND[state.concern])}"] if found else []
    if state.resting in RESTS:
        seconds = t.number(float(standing.settings.get("calm_before_end_s", 0.0)))
        said.append(t(RESTS[state.resting], seconds=seconds))
    return " ".join(said)
