"""What of a session is spoken, and when: each instruction, each question, each notice, once as it appears.

Looks only at the `View`, as a participant does, so that whatever is shown can be heard, in the same words.
"""

from __future__ import annotations

from typing import Protocol

from vrrehab.session.settings import Settings
from vrrehab.session.view import Panel, View


class Voice(Protocol):
    """What speaks (`vrrehab.speech.voice`); never blocks."""

    def say(self, text: str, loudness: float) -> None: ...


class Spoken:
    """Call `step` once a frame."""

    def __init__(self, voice: Voice, settings: Settings) -> None:
        self._voice = voice
        self._settings = settings
        self._text = self._notice = ""
        self._panel: Panel | None = None
        self._panel_title = ""
        self._on = True

    def step(self, view: View) -> None:
        on = bool(self._settings["speech"])
        if on != self._on:
            self._on = on
            if not on:
                self._voice.say("", 0.0)
        text = self._new(view)
        if text and on:
            self._voice.say(text, self._settings.number("speech_ratio"))

    def _new(self, view: View) -> str:
        """What has just appeared, the most pressing of it; empty where nothing has."""
        new = ""
        if view.text != self._text:
            self._text = new = view.text
        panel = view.panel
        if panel is not self._panel or (panel is not None and panel.title != self._panel_title):
            self._panel, self._panel_title = panel, panel.title if panel is not None else ""
            new = self._panel_title or new
        if view.notice != self._notice:
            self._notice = view.notice
            new = view.notice or new
        return new
