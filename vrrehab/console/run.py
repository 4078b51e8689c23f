"""Run: what the participant sees and does, and everything that a therapist can do about it.

The picture and the skeleton come straight from the server's thread (`static/live.js`); everything else is written here,
five times a second, and only where it is another than before; what is only a figure, once a second.
"""

from __future__ import annotations

from nicegui import ui
from starlette.requests import Request
from starlette.responses import Response

from telemetry.live_messages import Facts, RecordHealth, State, Step
from vrrehab.console import kit
from vrrehab.console.concerns import concern_in_words
from vrrehab.console.kit import Tag
from vrrehab.console.lead import Lead
from vrrehab.console.order_log import OrderLog
from vrrehab.console.plot import clock, pain_plot
from vrrehab.console.rights import may_command
from vrrehab.console.settings_panel import SettingsPanel
from vrrehab.console.shell import KEPT_S, Console, Visit, again_and_again, page, refused
from vrrehab.console.words import Words

_EVERY_S = 0.2
#: As many of the record's messages are on their way while all is well.
_ON_THEIR_WAY = 200
_DOING = {
    "welcome": "Waiting until everything is seen",
    "measuring": "The person is measured",
    "demonstration": "The movement is shown",
    "task": "Task",
    "question": "A question is asked",
    "between": "Between two tasks",
    "calm": "Calm scene",
}


def add(console: Console) -> None:
    """Put the page on the server."""

    @ui.page("/run", reconnect_timeout=KEPT_S)
    async def run(request: Request) -> Response | None:
        if (answer := refused(request, "watch")) is not None:
            return answer
        with page(console, request, "/run", "Run") as visit:
            _Run(visit, request.query_params.get("tab", ""))
        return None


class _Run:
    def __init__(self, visit: Visit, tab: str) -> None:
        """tab: which one is open, as the page's address says after it was loaded again."""
        self._visit, self._t, self._console = visit, visit.t, visit.console
        self._watch, self._desk = visit.console.watch, visit.console.desk
        self._drawn_plot = self._seen = ""
        self._listed: tuple[Step, ...] = ()
        self._lines: list[tuple[Tag, Tag]] = []
        self._standing_version = 0
        self._told: State | None = None
        self._panel: SettingsPanel | None = None
        t = self._t
        ui.add_head_html('<script defer src="/static/live.js"></script>')
        with Tag("div", kind="headline"):
            self._title = Tag("h1", t("Session"))
            self._where = Tag("p", "", "soft")
            with Tag("div", kind="end"):
                self._control = kit.chip("")
                self._take = kit.button(t("Take control"), self._take_control, hidden="hidden", data_do="take-control")
        self._concern = kit.notice("", "warn", "alert")
        self._concern.put("hidden", "hidden")
        self._trouble = kit.notice("", "bad", "alert")
        self._edit = kit.notice("", "warn")
        self._edit.put("hidden", "hidden")
        with Tag("div", kind="lead"):
            with Tag("div", kind="seeing"):
                self._screen()
                with Tag("div", kind="pair"):
                    self._skeleton()
                    self._programme_card()
                with Tag("section", kind="card pain", aria_label=t("Pain so far")):
                    Tag("h2", t("Pain so far"))
                    self._plot = kit.raw("")
            with Tag("div", kind="stack"):
                self._now_card()
                self._tabs(tab)
        again_and_again(_EVERY_S, self._tick)

    # --- what is seen ---

    def _screen(self) -> None:
        t = self._t
        with Tag("figure", kind="screen", aria_label=t("What the participant sees")):
            Tag("canvas", role="img", aria_label=t("What the participant sees, live"), data_live_picture="yes")
            self._veil = Tag("figcaption", "", "veil", role="status")

    def _skeleton(self) -> None:
        t = self._t
        with Tag("section", kind="card", aria_label=t("Movement")):
            with Tag("div", kind="headline"):
                Tag("h2", t("Movement"))
            Tag(
                "canvas",
                kind="skeleton",
                role="img",
                aria_label=t("The body as tracked, and the virtual limb"),
                data_skeleton="yes",
                width="480",
                height="360",
            )
            Tag("p", t("Grey: tracked. Blue: the virtual body."), "soft small")

    def _programme_card(self) -> None:
        with Tag("section", kind="card", aria_label=self._t("Programme")):
            Tag("h2", self._t("Programme"))
            self._steps = Tag("ol", kind="programme")

    def _now_card(self) -> None:
        t = self._t
        with Tag("section", kind="card now", aria_label=t("Now")):
            with Tag("div", kind="headline"):
                self._doing = Tag("h2", "")
                with Tag("div", kind="end"):
                    self._pause = kit.button(t("Pause"), self._toggle_pause, data_do="pause")
                    self._after = kit.link(t("To the report"), "/after", "button primary", hidden="hidden")
            with Tag("div", kind="facts four"):
                self._facts: dict[str, tuple[Tag, Tag]] = {}
                for name in (
                    "repetitions",
                    "task time",
                    "session time",
                    "tracking",
                    "latency",
                    "pictures a second",
                    "record",
                    "disk",
                ):
                    with Tag("div", data_fact=name.replace(" ", "-")):
                        self._facts[name] = Tag("b", "–"), Tag("span", t(name))

    # --- what can be done ---

    def _tabs(self, first: str) -> None:
        t = self._t
        names = {"lead": t("Lead"), "settings": t("Settings"), "log": t("Log")}
        made: dict[str, Tag] = {}
        panels: dict[str, Tag] = {}

        def turn(to: str) -> None:
            # Every change of the page renders all that is on it, and most of it would be these.
            if to == "settings" and not panels[to].default_slot.children:
                with panels[to]:
                    self._settings()
            for name in names:
                made[name].put("aria_selected", "true" if name == to else "false")
                made[name].put("tabindex", "0" if name == to else "-1")
                panels[name].put("hidden", None if name == to else "hidden")

        with Tag("section", kind="card tabs", aria_label=t("Leading the session")):
            with Tag("div", kind="segments", role="tablist", aria_label=t("Leading the session")):
                for name, text in names.items():
                    made[name] = Tag(
                        "button",
                        text,
                        "button",
                        type="button",
                        role="tab",
                        id=f"tab-{name}",
                        aria_controls=f"panel-{name}",
                    )
                    made[name].pressed(lambda _, name=name: turn(name))
            for name in names:
                panels[name] = Tag(
                    "div",
                    kind="stack",
                    role="tabpanel",
                    id=f"panel-{name}",
                    aria_labelledby=f"tab-{name}",
                )
        with panels["lead"]:
            self._leading = Lead(self._visit)
        with panels["log"]:
            self._log = OrderLog(self._visit)
        turn(first if first in names else "lead")

    def _settings(self) -> None:
        if may_command(self._visit.login.roles, "set"):
            self._panel = SettingsPanel(self._visit)
            if self._watch.standing is not None:
                self._panel.show(self._watch.standing)
        else:
            Tag("p", self._t("Only a therapist changes settings."), "soft")

    async def _toggle_pause(self) -> None:
        state = self._watch.state
        await self._leading.order("resume" if state is not None and self._resting(state) else "pause")

    @staticmethod
    def _resting(state: State) -> bool:
        """Whether it takes a therapist for the session to go on, and can: from a Stop of theirs nothing leads back."""
        return state.resting != "stop" and (state.paused or state.doing == "calm")

    def _take_control(self) -> None:
        if not self._desk.take_control(self._visit.login):
            self._visit.say(self._t("Only a therapist takes control."), "bad")

    # --- five times a second ---

    def _tick(self) -> None:
        watch, t = self._watch, self._t
        standing, state, record = watch.standing, watch.state, watch.record
        self._who_leads()
        self._log.show()
        if standing is None or state is None:
            self._veil.say(self._why_nothing())
            self._veil.put("hidden", None)
            self._title.say(t("Session"))
            self._where.say("")
            self._doing.say(t("No session"))
            self._told = None
            for name in self._facts:
                self._fact(name, "–")
            self._offer_report()
            self._concern.put("hidden", "hidden")
            self._trouble.put("hidden", "hidden")
            self._edit.put("hidden", "hidden")
            return
        facts = standing.facts
        self._seen = facts.participant
        self._offer_report(over=bool(state.over))
        self._title.say(f"{facts.participant} · {title_of_session(t, facts)}")
        self._where.say(", ".join((t.name(facts.mode), t.name(facts.place), *(t(limb) for limb in facts.limbs))))
        self._veil.put("hidden", "hidden" if watch.live else None)
        if not watch.live:
            self._veil.say(
                t("The session is over.")
                if state.over
                else t("The session does not answer. It may go on in the headset: look there.")
            )
        concern = "" if state.over else concern_in_words(t, standing, state)
        self._concern.say(concern)
        self._concern.put("hidden", None if concern else "hidden")
        trouble = ""
        if record is not None and record.problem:
            trouble = t.heard(record.problem)
        elif record is not None and not record.connected:
            trouble = t("The recorder is not connected; the session keeps its record on its own disk meanwhile.")
        elif state.tracking.lost:
            trouble = t("Not seen: {limb}. The task waits.", limb=t(state.tracking.lost))
        elif state.notice:
            trouble = t("The participant reads: {notice}", notice=state.notice)
        self._trouble.say(trouble)
        self._trouble.look("notice warn")
        self._trouble.put("hidden", None if trouble else "hidden")
        refused = standing.edit_refused
        self._edit.say(
            t("The last edit of the programme is not used: {reason}", reason=t.heard(refused)) if refused else ""
        )
        self._edit.put("hidden", None if refused else "hidden")
        self._tell_now(facts, state)
        if self._told is None or int(state.time_s) != int(self._told.time_s):
            self._tell_figures(facts, state, record)
        self._tell_steps(facts, state)
        self._leading.show(standing, state)
        plot = pain_plot(t, standing.scores, state.time_s // 5 * 5)
        if plot != self._drawn_plot:
            self._drawn_plot = plot
            self._plot.set_content(plot)
        if standing.version != self._standing_version and self._panel is not None:
            self._standing_version = standing.version
            self._panel.show(standing)

    def _offer_report(self, over: bool = True) -> None:
        """Once the session that was on this page is over, there is nothing to pause, and its report to be read."""
        offered = over and bool(self._seen) and self._visit.may("history")
        self._after.put("href", f"/after?participant={self._seen}")
        self._after.put("hidden", None if offered else "hidden")
        self._pause.put("hidden", "hidden" if over else None)

    def _why_nothing(self) -> str:
        t, watch = self._t, self._watch
        if watch.vanished:
            return t(
                "The session's program has ended without saying so. Look at {code} in the headset first. What was "
                "recorded is kept; start a new session when you both are ready.",
                code=watch.vanished,
            )
        if watch.silent:
            return t("The session does not answer.")
        return t.heard(watch.problem) if watch.problem else t("No session is running.")

    def _tell_now(self, facts: Facts, state: State) -> None:
        t = self._t
        doing = t(_DOING.get(state.doing, state.doing))
        if state.doing in ("task", "demonstration") and 0 <= state.step < len(facts.steps):
            doing = (
                t(facts.steps[state.step].title)
                if state.doing == "task"
                else f"{doing}: {t(facts.steps[state.step].title)}"
            )
        if state.resting == "stop":
            doing = t("Stopped. The picture fades to calm.")
        elif state.resting == "participant":
            doing = t("Stopped by the participant")
        elif state.paused:
            doing = t("Paused by the therapist")
        self._doing.say(doing)
        self._pause.say(t("Go on") if self._resting(state) else t("Pause"))
        self._pause.look("button primary" if self._resting(state) else "button")
        self._pause.off(state.resting == "stop")
        self._fact("repetitions", t("{n} of {goal}", n=state.repetitions, goal=state.goal) if state.goal else "–")

    def _tell_figures(self, facts: Facts, state: State, record: RecordHealth | None) -> None:
        """Once a second: figures that change faster cannot be read, and each change renders the page."""
        t = self._t
        before, self._told = self._told, state
        self._fact(
            "task time", f"{clock(state.performed_s)} / {clock(state.time_limit_s)}" if state.time_limit_s else "–"
        )
        self._fact("session time", clock(state.time_s))
        # What is not there is not seen, and that is no fault of the headset's.
        limbs = [share for limb, share in state.tracking.limbs.items() if limb not in facts.limbs]
        seen = [float(state.tracking.head), *limbs]
        self._fact("tracking", f"{100 * sum(seen) / len(seen):.0f} %")
        self._fact("latency", f"{state.pose_age_ms:.0f} ms")
        since = state.frames_a_second
        if before is not None and state.frame > before.frame:
            since = (state.frame - before.frame) / (state.mono_ns - before.mono_ns) * 1e9
        self._fact("pictures a second", f"{since:.0f}")
        if record is not None:
            kept = t("connected") if record.connected else t("keeping {n}", n=record.waiting)
            behind = record.connected and record.waiting > _ON_THEIR_WAY
            self._fact("record", t("{n} on their way", n=record.waiting) if behind else kept)
            self._fact("disk", f"{t.number(record.disk_free_mb / 1000, 1)} GB")

    def _tell_steps(self, facts: Facts, state: State) -> None:
        # Made anew only for other steps: whatever is made anew leaves a name behind in the browser's heap.
        if facts.steps != self._listed:
            self._listed = facts.steps
            self._steps.clear()
            with self._steps:
                self._lines = [self._step(step) for step in facts.steps]
        for i, (line, mark) in enumerate(self._lines):
            line.look("done" if i < state.step else "now" if i == state.step else "")
            line.put("aria_current", "step" if i == state.step else None)
            mark.say("✓" if i < state.step else str(i + 1))

    def _step(self, step: Step) -> tuple[Tag, Tag]:
        """A line of the programme and what marks how far it is."""
        with Tag("li") as line:
            mark = Tag("span", "", "mark", aria_hidden="true")
            Tag("span", self._t(step.title))
            Tag("span", f"{step.goal} ×", "soft small num")
        return line, mark

    def _who_leads(self) -> None:
        t, desk, login = self._t, self._desk, self._visit.login
        who = desk.in_control
        if who is None:
            self._control.say(t("Nobody in control"))
            self._control.look("chip")
        else:
            ours = desk.has_control(login)
            self._control.say(t("You are in control") if ours else t("{name} is in control", name=who[0]))
            self._control.look("chip good" if ours else "chip warn")
        can = self._visit.may("control") and who is not None and not desk.has_control(login)
        self._take.put("hidden", None if can else "hidden")

    def _fact(self, name: str, text: str) -> None:
        self._facts[name][0].say(text)


def title_of_session(t: Words, facts: Facts) -> str:
    """What a session is called: its programme, or a course with what of it is due; and a review where it is time."""
    said = t(facts.title)
    if facts.course:
        due = t("Session {n}: {phase}", n=facts.course_session, phase=t.name(facts.course_phase))
        said = f"{t(facts.course)}, {due}"
    return f"{said} · {t('review {n}', n=facts.review)}" if facts.review else said
