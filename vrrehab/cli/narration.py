"""Tells in the terminal what happens in a session, a calm line at a time.

On the render thread it only passes on what it hears. A terminal can stand still at any time (a click into a Windows
console is enough), so the words are written by a thread of their own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue

import numpy as np
from numpy.typing import NDArray

from telemetry import messages
from vrrehab.session.ledger import Record
from vrrehab.session.plan import Plan

_PHASES = {"before": "pain before the first task", "after": "pain at the end"}
#: What else is asked of a site; of no site, the item says what.
_SITES = {"PLP": "pain", "RLP": "stump pain", "PLS": "phantom sensation"}
_UNANSWERED = {"declined": "rather not said", "missed": "not answered in time", "interrupted": "not answered"}
_HAPPENINGS = {
    "stop": "stop",
    "tracking_lost": "the intact hand is not seen; the task waits for it",
    "tracking_found": "the hand is seen again",
    "runtime_lost": "the headset's program is gone; waiting for it",
    "source_ended": "the recording has ended",
    "console_lost": "the console is not there any more; no task begins, and soon the calm scene comes",
    "console_found": "the console is there again",
}
#: What a safety rule found, by the setting or the part of the profile that names its limit.
_RULES = {
    "pain_prompt_rise": "pain has risen by {value:g}",
    "pain_calm_rise": "pain has risen by {value:g}",
    "pain_calm_at": "pain is {value:g}",
    "pain_ceiling": "pain is {value:g}, and this person's own ceiling is {limit:g}",
    "sickness_calm_at": "sickness is {value:g} of 20",
    "sickness_calm_rise": "sickness has risen by {value:g} of 20",
    "sickness_stop_at": "sickness is {value:g} of 20",
    "session_limit_min": "{value:.0f} of {limit:g} minutes of the session are over",
    "exposure_limit_min": "{value:.0f} of {limit:g} minutes in the scene are over",
}
_RESPONSES = {
    "safety_prompt": "please look: {}",
    "wind_down": "{}: the task that is on is the last one",
    "calm": "calm scene: {}. Space or `resume` goes on, Esc or `stop` ends",
    "stop": "stop: {}",
}
#: How long the last lines may take to be written.
_LAST_LINES_S = 2.0


class Narrator:
    """Passes a session's record on to `record` and tells `say` about it; implements `vrrehab.session.ledger.Record`.

    tasks_done, answered, asked: of the session so far; complete after `close`.
    """

    def __init__(self, record: Record, plan: Plan, say: Callable[[str], None]) -> None:
        self.tasks_done = self.answered = self.asked = 0
        self._record = record
        self._plan = plan
        self._say = say
        self._begun = False
        self._problem = ""
        self._pain: float | None = None
        self._asked: dict[str, messages.RatingAsked] = {}
        self._questions: set[tuple[int, str]] = set()
        self._answers: set[tuple[int, str]] = set()
        self._done = ""
        self._began_ns = 0
        self._heard: SimpleQueue[messages.Event | str | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._tell, name="narrator", daemon=True)
        self._thread.start()

    def event(self, event: messages.Event) -> None:
        self._record.event(event)
        self._heard.put(event)

    def frame(self, record: NDArray[np.void]) -> None:
        self._record.frame(record)
        if not self._begun:
            self._begun = True
            self._heard.put("the room is shown")

    def tell(self, line: str) -> None:
        """Something else that is to be said."""
        self._heard.put(line)

    def problem(self) -> str:
        problem = self._record.problem()
        if problem != self._problem:
            self._problem = problem
            self._heard.put(problem or "the record is in order again")
        return problem

    def close(self) -> None:
        """Wait, a little, until everything is said."""
        self._heard.put(None)
        self._thread.join(_LAST_LINES_S)

    def _tell(self) -> None:
        mono_ns = 0
        while (heard := self._heard.get()) is not None:
            if isinstance(heard, str):
                line = heard
            else:
                mono_ns = heard.mono_ns
                line = self._words(heard)
            if line:
                seconds = max(0, mono_ns - self._began_ns) // 10**9
                self._say(f"{seconds // 60:3d}:{seconds % 60:02d}  {line}")

    def _words(self, event: messages.Event) -> str:
        """The line that an event deserves; empty for most."""
        match event:
            case messages.SessionStarted():
                self._began_ns = event.mono_ns
            case messages.TaskStarted():
                task = self._plan.catalogue.get(event.task)  # none where the programme was edited meanwhile
                title = task.title if task else event.task.replace("_", " ")
                self._done = ""
                planned = max(event.run_number, len(self._plan.steps))
                return f"task {event.run_number} of {planned}: {title.lower()}"
            case messages.TaskEnded():
                self.tasks_done += event.status == "completed"
                how = "" if event.status == "completed" else f" ({event.status})"
                times = "repetition" if event.repetitions == 1 else "repetitions"
                self._done = f"{event.repetitions} {times} in {event.duration_s:.0f} s{how}"
                if "after_task" not in self._plan.programme.ask or event.status == "interrupted":
                    return f"  {self._done}"
            case messages.RatingAsked():
                self._asked[event.rating_id] = event
                # A question in words is asked as one and on record as many.
                self._questions.add((event.mono_ns, event.scale))
                self.asked = len(self._questions)
            case messages.RatingAnswered():
                return self._rated(event, self._asked[event.rating_id])
            case messages.AdverseEvent():
                return f"adverse event: {event.what.replace('_', ' ')}, {event.severity}, by {event.who}"
            case messages.Happened():
                return _happening(event)
        return ""

    def _rated(self, event: messages.RatingAnswered, asked: messages.RatingAsked) -> str:
        if event.status in ("given", "declined"):
            self._answers.add((asked.mono_ns, asked.scale))
            self.answered = len(self._answers)
        value = _UNANSWERED.get(event.status, event.status) if event.value is None else f"{event.value:g}"
        if asked.item:
            unchosen = asked.scale == "words" and not event.value
            return "" if unchosen else f"{asked.item.replace('_', ' ')}: {value}"
        if asked.site != "PLP":
            return f"{_SITES[asked.site]}: {value}"
        if event.value is not None:
            before, self._pain = self._pain, event.value
            value += "" if before is None or asked.phase == "before" else f" (it was {before:g})"
        if asked.phase == "after_task":
            return f"  {self._done}; pain: {value}"
        return f"{_PHASES.get(asked.phase, 'pain')}: {value}"


def _happening(event: messages.Happened) -> str:
    said = _RESPONSES.get(event.name, "")
    rule = _RULES.get(str(event.detail.get("rule")), "")
    if said and rule:
        return said.format(rule.format(**event.detail))
    if event.name == "calm":
        return said.format({"console_lost": "the console is lost"}.get(str(event.detail["reason"]), "as asked for"))
    if event.name == "place" and "who" in event.detail:
        return f"now at another place: {str(event.detail['name']).replace('_', ' ')}, by {event.detail['who']}"
    if event.name == "place_refused":
        return f"the place stays: {event.detail['reason']}"
    if event.name == "restarted":
        return f"goes on, by {event.detail['who']}"
    return _HAPPENINGS.get(event.name, "")
