"""What a therapist can do about a running session: one press each, and what became of it in words.

The buttons follow the session's own table of commands: what it lacks is not offered, and a command that nothing here
knows gets a plain button.
"""

from __future__ import annotations

from collections.abc import Callable

from telemetry.live_messages import Standing, State
from vrrehab.body.drives import MODES
from vrrehab.console import kit
from vrrehab.console.choices import title_of, titles
from vrrehab.console.desk import BY_ITSELF, Order
from vrrehab.console.kit import Tag
from vrrehab.console.rating_panel import RatingPanel
from vrrehab.console.rights import may_command
from vrrehab.console.settings_panel import outcome, title
from vrrehab.console.shell import Visit
from vrrehab.session.commands import ADVERSE, COMMANDS
from vrrehab.session.settings import DECLARED, PLACE, PLACES

Value = float | int | str | bool

#: Commands with a button of their own, in order: what it says, and what it does.
BUTTONS = {
    "hide": ("Hide limb", "The virtual limb is not shown"),
    "cover": ("Cover limb", "A cloth lies over the virtual limb"),
    "calm": ("Calm scene", "The picture fades to calm, and nothing has to be done"),
    "skip": ("Skip", "What is shown now is left out"),
    "repeat": ("Repeat", "The last task once more"),
    "extend": ("One minute more", "More time for this task"),
    "recentre": ("Recentre", "The room turns to where the head faces now"),
}
#: A command that another takes back: its name, what it says then, and the setting by which one sees which is due.
_BACK = {"hide": ("show", "Show limb", "limb_hidden"), "cover": ("uncover", "Uncover limb", "limb_covered")}
#: Commands that have a place of their own.
_ELSEWHERE = (
    *BY_ITSELF, "stop", "pause", "resume", "show", "uncover", "set", "rate", "decline", "correct", "note",
    "adverse_event", "choose", "mode", "stroke", "press",
)  # fmt: skip
#: The buttons of tasks, as a therapist reads them.
PRESSES = {"left": "Left", "right": "Right", "begin": "I begin", "done": "Done"}
#: What a mark is of; the first is of anything.
MARKS = ("Mark", "Pain", "Dizzy", "Tired", "Talked", "Adjusted the headset")
_ADVERSE = {
    "kind": "What happened",
    "severity": "How severe",
    "relatedness": "Related to the session",
    "action": "What was done",
}


class Lead:
    """The panel on a page; `show` tells it how the session is."""

    def __init__(self, visit: Visit) -> None:
        self._visit, self._t = visit, visit.t
        self._may = {name for name in COMMANDS if may_command(visit.login.roles, name)}
        self._back: dict[str, bool] = {}
        self._made: dict[str, Tag] = {}
        # It has a line from the beginning, so that the first order moves no button under the hand that gave it.
        self._outcome = Tag("p", self._t("What you order is answered here."), "soft", role="status", data_outcome="yes")
        self._buttons()
        if "press" in self._may:
            self._pressing()
        self._rating = RatingPanel(visit, self.order, self._may) if "rate" in self._may else None
        if "note" in self._may:
            self._notes()
        if "adverse_event" in self._may:
            self._adverse()
        if self._may & {"choose", "mode"}:
            self._next()
        if "stroke" in self._may:
            self._stroke()

    def show(self, standing: Standing, state: State) -> None:
        """How the session is now."""
        t = self._t
        for name, (_, back, setting) in _BACK.items():
            if name in self._made:
                self._back[name] = bool(standing.settings.get(setting))
                self._made[name].say(t(back) if self._back[name] else t(BUTTONS[name][0]))
                self._made[name].look("button on" if self._back[name] else "button")
        if self._rating is not None:
            self._rating.show(standing, state)
        if "press" in self._may:
            self._ask(state.buttons, state.task_run_id)

    async def order(self, name: str, /, **arguments: Value) -> Order:
        """Give the session a command, and say on the page what becomes of it."""
        changed = (each for each in DECLARED if name == "set" and each.name == arguments.get("name"))
        said = next((self._t(title(each)) for each in changed), command_in_words(self._visit, name))
        self._outcome.say(f"{said}: {self._t('requested …')}")
        order = await self._visit.tell(name, **arguments)
        self._outcome.say(f"{said}: {outcome(self._t, order)}")
        self._outcome.look("soft" if order.status == "applied" else "notice bad")
        return order

    # --- the parts ---

    def _buttons(self) -> None:
        t = self._t
        offered = [name for name in COMMANDS if name not in _ELSEWHERE and name in self._may]
        if not offered:
            return
        with Tag("div", kind="grid-buttons", role="toolbar", aria_label=t("Leading the session")):
            for name in sorted(
                offered, key=lambda name: list(BUTTONS).index(name) if name in BUTTONS else len(BUTTONS)
            ):
                about = BUTTONS[name][1] if name in BUTTONS else ""
                made = kit.button(command_in_words(self._visit, name), self._press(name), data_command=name)
                made.put("title", t(about) or None)
                self._made[name] = made

    def _press(self, name: str) -> Callable[[], object]:
        return lambda: self.order(_BACK[name][0] if self._back.get(name) else name)

    def _pressing(self) -> None:
        """Answers for a person who says them aloud: there during a task that asks, and at work while it does."""
        self._asked: dict[str, Tag] = {}
        self._asked_in: str | None = None
        with Tag("fieldset", hidden="hidden") as self._asking:
            Tag("legend", self._t("The participant answers"))
            self._answers = Tag("div", kind="grid-buttons")

    def _ask(self, buttons: tuple[str, ...], task_run_id: str | None) -> None:
        if buttons:
            self._asked_in = task_run_id
        self._asking.put("hidden", None if task_run_id is not None and task_run_id == self._asked_in else "hidden")
        with self._answers:
            for name in buttons:
                if name not in self._asked:
                    self._asked[name] = self._answer(name)
        for name, made in self._asked.items():
            made.put("disabled", None if buttons else "disabled")
            if buttons:
                made.put("hidden", None if name in buttons else "hidden")

    def _answer(self, name: str) -> Tag:
        said = self._t(PRESSES.get(name, name.replace("_", " ").capitalize()))
        return kit.button(said, lambda: self.order("press", button=name), data_button=name)

    def _stroke(self) -> None:
        """Where the therapist's hand is on the person's own limb, so that what they see keeps time with it."""
        t = self._t
        with Tag("div", kind="field"):
            Tag("span", t("Stroke: move along as your hand does"), id="stroke-name")
            slider = Tag(
                "input", type="range", min=0, max=100, value=0, aria_labelledby="stroke-name", data_stroke="yes"
            )

        async def at(share: float | None) -> None:
            order = await self._visit.tell("stroke", **({} if share is None else {"at": share}))
            if order.status != "applied":
                self._outcome.say(f"{t('Stroke')}: {outcome(t, order)}")

        # Where the hand was while the page was cut off is no stroke any more; that it is lifted counts later, too.
        moved = f"(e) => {{ if (!{kit.CUT_OFF}) emit(e.target.value); }}"
        slider.on("input", lambda e: at(float(e.args) / 100), throttle=0.1, js_handler=moved)
        slider.on("change", lambda _: at(None), js_handler="() => emit()")

    def _notes(self) -> None:
        t = self._t
        said = {"note": ""}

        def field() -> None:
            said["note"] = ""
            place.clear()
            with place:
                kit.field(
                    t("Note (may stay empty)"), "", lambda text: said.update(note=text), live=True, autocomplete="off",
                    data_note="yes", data_kept="note",
                ).on("keydown.enter", lambda: mark("mark"), js_handler="() => emit()")  # fmt: skip

        async def mark(what: str) -> None:
            note = said["note"].strip()
            order = await self.order("note", text=f"{what}: {note}" if note else what)
            if order.status == "applied" and said["note"].strip() == note:  # else what was typed is still to be kept
                field()

        with Tag("fieldset"):
            Tag("legend", t("Mark an event"))
            place = Tag("div")
            field()
            with Tag("div", kind="row", role="toolbar", aria_label=t("Mark an event")):
                kit.button(t("Mark"), lambda: mark("mark"), "primary", data_do="mark")
                for what in MARKS[1:]:
                    kit.button(t(what), lambda what=what: mark(what.lower()))

    def _adverse(self) -> None:
        t = self._t

        def form() -> None:
            """Nothing is chosen before somebody has: what would stand there by itself would be on record as said."""
            said: dict[str, Value] = {"serious": False, "text": "", **dict.fromkeys(ADVERSE, "")}

            def put(**new: Value) -> None:
                said.update(new)
                made.off(not all(said[name] for name in ADVERSE))

            async def report() -> None:
                if (await self.order("adverse_event", **said)).status == "applied":
                    form()

            place.clear()
            with place:
                with Tag("div", kind="fields"):
                    for name, words in ADVERSE.items():
                        options = {"": t("Choose …"), **{word: t.name(word) for word in words}}
                        kit.choice(
                            t(_ADVERSE.get(name, name)), options, "", lambda value, name=name: put(**{name: value}),
                            data_adverse=name,
                        )  # fmt: skip
                kit.tick(t("Serious: hospital, lasting harm, or danger to life"), False, lambda on: put(serious=on))
                kit.field(t("In words"), "", lambda text: put(text=text), live=True, autocomplete="off")
                made = kit.button(t("Report"), report, data_do="adverse", data_kept="adverse")
                made.off(True)

        with Tag("details"):
            Tag("summary", t("Report an adverse event"), "button quiet")
            place = Tag("div", kind="stack")
        form()

    def _next(self) -> None:
        t = self._t
        said = {"task": "", "mode": "", "place": ""}
        named = ((task, t(title)) for task, title in titles("tasks").items())
        tasks = dict(sorted(named, key=lambda each: each[1].casefold()))
        places = {"": t("as it is"), **{place: t(title_of("places", place)) for place in PLACES}}

        async def go() -> None:
            mode = {"mode": said["mode"]} if said["mode"] else {}
            if said["task"]:
                await self.order("choose", task=said["task"], **mode)
            elif mode:
                await self.order("mode", **mode)
            if said["place"]:
                await self.order("set", name=PLACE, value=said["place"])

        with Tag("details"):
            Tag("summary", t("Another task, mode or place"), "button quiet")
            with Tag("div", kind="fields"):
                if "choose" in self._may:
                    options = {"": t("as planned"), **tasks}
                    kit.choice(t("Next task"), options, "", lambda value: said.update(task=value))
                if "mode" in self._may:
                    modes = {"": t("as it is"), **{mode: t.name(mode) for mode in MODES}}
                    kit.choice(t("Mode from here on"), modes, "", lambda value: said.update(mode=value))
                if "set" in self._may:
                    kit.choice(t("Place"), places, "", lambda value: said.update(place=value), data_go_to="yes")
                kit.button(t("Do so"), go, data_do="next")


def command_in_words(visit: Visit, command: str) -> str:
    """A command as its button says it."""
    backs = {back: words for back, words, _ in _BACK.values()}
    words = BUTTONS[command][0] if command in BUTTONS else backs.get(command, command.replace("_", " ").capitalize())
    return visit.t(words)
