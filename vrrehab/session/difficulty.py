"""How difficult the next run of each task is: a little more after it went well, less after it was too much.

Between task runs only, so that a run is the same from its beginning to its end; within the limits that the therapist
sets live; and every change is on record with its reason. 0 is a task at its easiest, 1 at its hardest, 0.5 as its file
has it.
"""

from __future__ import annotations

from vrrehab.session.settings import Settings

#: Up after reaching the goal within this share of the time; down after less than this share of the goal.
_QUICK_SHARE, _LITTLE_SHARE = 0.6, 0.5
_UP, _DOWN = 0.1, 0.2


class Adapting:
    """The levels of a session's tasks, by name."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._set = settings.number("difficulty_ratio")
        self._levels: dict[str, float] = {}

    def level(self, task: str) -> float:
        """Where a task stands; all begin anew from what the therapist sets."""
        if self._settings.number("difficulty_ratio") != self._set:
            self._set = self._settings.number("difficulty_ratio")
            self._levels.clear()
        return self._within(self._levels.get(task, self._set))

    def ended(self, task: str, goal_share: float, time_share: float) -> tuple[float, float, str] | None:
        """A run came to its end with this share of its goal and of its time limit; (old, new, why) if that changes the
        task's level.
        """
        if not self._settings["difficulty_adapts"]:
            return None
        old = self.level(task)
        if goal_share >= 1.0 and time_share <= _QUICK_SHARE:
            new, why = old + _UP, "the goal was reached early"
        elif goal_share < _LITTLE_SHARE:
            new, why = old - _DOWN, "less than half of the goal was reached"
        else:
            return None
        new = self._within(round(new, 3))
        self._levels[task] = new
        return None if new == old else (old, new, why)

    def _within(self, level: float) -> float:
        least = self._settings.number("difficulty_least_ratio")
        return max(min(level, self._settings.number("difficulty_most_ratio")), least)
