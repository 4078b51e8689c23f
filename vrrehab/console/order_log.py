"""The log of the run page: what was told to the session, the newest first, and what became of it."""

from __future__ import annotations

from collections import deque
from datetime import datetime
from itertools import islice, takewhile

from vrrehab.console.choices import title_of
from vrrehab.console.desk import Order
from vrrehab.console.kit import Tag
from vrrehab.console.lead import MARKS, command_in_words
from vrrehab.console.settings_panel import in_words as value_in_words
from vrrehab.console.settings_panel import title
from vrrehab.console.shell import Visit
from vrrehab.console.words import Words
from vrrehab.session.settings import DECLARED

_SHOWN = 40


class OrderLog:
    """The panel; `show` puts in what is new. A new order has the line of the oldest: no line is made anew for it."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._lines: deque[_Line] = deque()
        self._changes = 0
        self._box = Tag(
            "div", kind="orders", role="log", tabindex="0", aria_label=visit.t("What was told to the session")
        )

    def show(self) -> None:
        desk = self._visit.console.desk
        if desk.changes == self._changes:
            return
        self._changes = desk.changes
        known = self._lines[0].order if self._lines else None
        fresh = list(islice(takewhile(lambda order: order is not known, reversed(list(desk.orders))), _SHOWN))
        for order in reversed(fresh):
            if len(self._lines) == _SHOWN:
                line = self._lines.pop()
            else:
                with self._box:
                    line = _Line()
            line.begin(self._visit, order)
            line.box.move(target_index=0)
            self._lines.appendleft(line)
        for line in self._lines:
            line.tell(self._visit.t)


class _Line:
    def __init__(self) -> None:
        with Tag("div", kind="order") as self.box:
            self._when = Tag("span", "", "soft num")
            self._what = Tag("span", "")
            self._state = Tag("span", "")
            self._why = Tag("span", "", "why")

    def begin(self, visit: Visit, order: Order) -> None:
        """It is about this order from now on."""
        self.order = order
        self.box.put("data_order", order.name)
        self._when.say(datetime.fromtimestamp(order.at).strftime("%H:%M:%S"))
        self._what.say(f"{_in_words(visit, order)} · {order.who}")

    def tell(self, t: Words) -> None:
        """What became of the order so far."""
        self._state.say(_state_of(t, self.order))
        self._state.look(f"state {self.order.status}")
        self._why.say(t.heard(self.order.reason) if self.order.reason else "")
        self._why.put("hidden", None if self.order.reason else "hidden")


def _in_words(visit: Visit, order: Order) -> str:
    """What was told, as the page says it elsewhere; what somebody wrote as they wrote it."""
    t, given = visit.t, dict(order.arguments)
    setting = next((each for each in DECLARED if order.name == "set" and each.name == given.get("name")), None)
    value = given.get("value")
    if setting is not None and value is not None:
        return f"{t(title(setting))}: {value_in_words(t, setting, value)}"
    said = []
    for name, each in given.items():
        if isinstance(each, float):
            said.append(t.number(each))
        elif name == "task":
            said.append(t(title_of("tasks", str(each))))
        elif name == "text":
            mark, between, note = str(each).partition(": ")
            said.append(f"{t(mark)}{between}{note}" if mark.capitalize() in MARKS else str(each))
        elif name not in ("rating_id", "question"):
            said.append(t.name(each) if isinstance(each, str) else str(each))
    return ": ".join(part for part in (command_in_words(visit, order.name), ", ".join(said)) if part)


def _state_of(t: Words, order: Order) -> str:
    if order.status == "applied" and order.frame:
        return t("applied, frame {frame}", frame=order.frame)
    return t("not answered" if order.status == "unanswered" else order.status)
