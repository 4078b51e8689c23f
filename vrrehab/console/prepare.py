"""Prepare: who it is, how they are, and what this session will be; one page from the code to Start."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import msgspec
from nicegui import ui
from starlette.requests import Request
from starlette.responses import Response

from telemetry.errors import NobodyAnswers, TelemetryError
from telemetry.messages import Profile
from telemetry.wire import PastSession
from vrrehab.body.skeleton import Side
from vrrehab.console import choices, kit
from vrrehab.console.checklist_form import ChecklistForm
from vrrehab.console.choices import Offer
from vrrehab.console.kit import Tag
from vrrehab.console.launcher import Start
from vrrehab.console.participant_list import ParticipantList, losses_in_words
from vrrehab.console.profile_form import ProfileForm
from vrrehab.console.shell import KEPT_S, LANGUAGES, Console, Visit, page, refused, until_done
from vrrehab.console.words import Words
from vrrehab.language import load_language

_LATEST = 5
#: How often it is asked who there is.
_AGAIN_S = 5.0


def add(console: Console) -> None:
    """Put the page on the server."""

    @ui.page("/", reconnect_timeout=KEPT_S)
    async def prepare(request: Request, code: str = "") -> Response | None:
        if (answer := refused(request, "history")) is not None:
            return answer
        with page(console, request, "/", "Prepare") as visit:
            _Prepare(visit, code)
        return None


class _Prepare:
    def __init__(self, visit: Visit, code: str) -> None:
        self._visit, self._t, self._console = visit, visit.t, visit.console
        self._profile: Profile | None = None
        self._past: Sequence[PastSession] = ()
        self._start = Start("", "")
        self._checklist: ChecklistForm | None = None
        t = self._t
        with Tag("div", kind="headline"):
            Tag("h1", t("Prepare a session"))
        with Tag("div", kind="columns start"):
            with Tag("section", kind="card", aria_label=t("Participants")):
                with Tag("div", kind="headline"):
                    Tag("h2", t("Participant"))
                    if visit.may("participants"):
                        with Tag("div", kind="end"):
                            kit.button(t("Add"), self._add, "", aria_label=t("Add a participant"))
                self._people = ParticipantList(visit, self._choose)
            self._chosen = Tag("div", kind="stack")
        with self._chosen, Tag("section", kind="card"):
            Tag("p", t("Choose a participant on the left, or add one."), "soft")
        until_done(2.0, lambda: self._load(code))

    async def _load(self, code: str) -> bool:
        """Read who there is; whether the recorder answered."""
        try:
            self._people.take(await self._console.records.profiles())
        except NobodyAnswers as error:
            self._visit.say(self._t.heard(str(error)), "bad")
            return False
        self._visit.say("")
        if (known := self._people.known(code)) is not None:
            await self._choose(known)
        here = ui.context.client
        ui.timer(_AGAIN_S, lambda: self._look_again() if here.has_socket_connection else None, immediate=False)
        return True

    async def _look_again(self) -> None:
        """Who was added, changed or erased meanwhile, by a session or somebody else; nobody is told if that fails."""
        if not self._people.in_use:
            with suppress(TelemetryError):
                profiles = await self._console.records.profiles()
                if not self._people.in_use:
                    self._people.take(profiles)

    # --- one participant ---

    async def _choose(self, profile: Profile) -> None:
        self._profile = profile
        self._checklist = None
        self._start = Start(profile.code, "")
        self._past = ()
        self._people.mark(profile.code)
        self._chosen.clear()  # what is read takes a moment, in which nobody else's Start can be pressed
        past: Sequence[PastSession] = ()
        try:
            past = await self._console.records.history(profile.code)
        except NobodyAnswers as error:
            self._visit.say(self._t.heard(str(error)), "bad")
        leads = self._visit.may("start")
        offers = await asyncio.to_thread(choices.offers, profile, past=past) if leads else []
        if self._profile is not profile:  # somebody else was chosen meanwhile
            return
        self._chosen.clear()
        with self._chosen:
            self._about(profile, past)
            if leads:
                self._session(profile, past, offers)

    def _about(self, profile: Profile, past: Sequence[PastSession]) -> None:
        t = self._t
        with Tag("section", kind="card", aria_label=t("History")):
            with Tag("div", kind="headline"):
                self._heading = Tag("h2", f"{profile.code}: {losses_in_words(t, profile)}", tabindex="-1")
                with Tag("div", kind="end"):
                    kit.link(t("Sessions and reports"), f"/after?participant={profile.code}", "button quiet")
                    if self._visit.may("participants"):
                        kit.button(
                            t("Edit"),
                            lambda: self._edit(self._people.known(profile.code) or profile, False),
                            aria_label=t("Edit {code}", code=profile.code),
                        )
            done = [each for each in past if each.task_runs]
            kit.facts(
                [
                    (str(len(past)), t("sessions")),
                    (t.day(past[-1].started_utc_ns) if past else "–", t("last session")),
                    (str(sum(each.task_runs for each in done)), t("movement tasks")),
                    (LANGUAGES.get(profile.language, profile.language), t("language")),
                ]
            )
            language = load_language(profile.language)
            if language.code != profile.language:
                kit.notice(t("There are no texts in this language yet: the headset shows them in English."), "warn")
            elif not language.reviewed:
                kit.notice(t("A clinician has yet to review the headset's texts in this language."), "warn")
            if past:
                rows = [
                    (
                        t.day(each.started_utc_ns),
                        t(choices.title_of("programmes", each.programme)),
                        t(each.mode.replace("_", " ")),
                        t(each.status),
                        str(each.task_runs),
                        str(each.pain_given),
                    )
                    for each in reversed(past[-_LATEST:])
                ]
                heads = [t(head) for head in ("Session", "Programme", "Mode", "Ended", "Tasks", "Scores")]
                kit.table(t("Latest sessions"), heads, rows, (4, 5))
            else:
                Tag("p", t("This will be the first session."), "soft")

    def _session(self, profile: Profile, past: Sequence[PastSession], offers: Sequence[Offer]) -> None:
        t = self._t
        self._past = past
        possible = [offer for offer in offers if not offer.refused]
        programme, mode = choices.continued(past, possible) or (possible[0].name if possible else "", "")
        last = bool(programme) and any(choices.plan_of(each) == programme for each in past)
        self._start = replace(self._start, programme=programme, mode=mode)
        with Tag("section", kind="card", aria_label=t("This session")):
            Tag("h2", t("This session"))
            if last:
                Tag("p", t("As last time; change what should be different."), "soft")
            buttons: dict[str, Tag] = {}

            def take(name: str) -> None:
                self._start = replace(self._start, programme=name)
                for each, made in buttons.items():
                    made.put("aria_checked", "true" if each == name else "false")
                self._check()

            with Tag("div", kind="options", role="radiogroup", aria_label=t("Programme")):
                for offer in possible:
                    buttons[offer.name] = made = Tag(
                        "button",
                        kind="option",
                        type="button",
                        role="radio",
                        data_programme=offer.name,
                        aria_checked="true" if offer.name == programme else "false",
                    )
                    made.pressed(lambda _, name=offer.name: take(name))
                    with made:
                        Tag("b", t(offer.title))
                        Tag("span", _about(t, offer))
            if not possible:
                kit.notice(t("No programme is for this participant as it is; below is why."), "warn")
            self._others([offer for offer in offers if offer.refused], profile.code)
            modes = {
                "": t("As the programme says"),
                **{name: f"{t(name.replace('_', ' '))}: {t(text)}" for name, text in choices.modes().items()},
            }
            kit.choice(t("Mode"), modes, self._start.mode, lambda v: self._put(mode=v))
            with Tag("div", kind="fields wide"):
                places = {
                    "": t("As the programme says"),
                    **{name: t(title) for name, title in choices.titles("places").items()},
                }
                kit.choice(t("Place"), places, "", lambda v: self._put(place=v))
                if choices.needs_side(profile):
                    sides = {"": t("none leads"), "left": t("left"), "right": t("right")}
                    kit.choice(t("Intact side"), sides, "", lambda v: self._put(intact=v))
                sources = {"openxr": t("Headset"), "scripted": t("Rehearsal, nobody wears it")}
                kit.choice(
                    t("Who moves"),
                    sources,
                    self._start.source,
                    lambda v: self._put(source=v, display="" if v == "openxr" else "offscreen"),
                )
            self._problem = kit.notice("", "warn")
            self._asked = Tag("div")
            with self._asked:
                self._checklist = ChecklistForm(self._visit, self._check)
            with Tag("div", kind="row"):
                self._go = kit.button(t("Start"), self._begin, "primary big", data_do="start")
                self._wait = Tag("p", "", "soft", role="status")
        self._check()

    def _others(self, refused: Sequence[Offer], code: str) -> None:
        """What cannot be held with this participant, and why: nobody has to wonder where a programme is."""
        if not refused:
            return
        t = self._t
        by_reason: dict[str, list[str]] = {}
        for offer in refused:
            titles = by_reason.setdefault(offer.refused, [])
            titles += [title for title in [t(offer.title)] if title not in titles]
        with Tag("details"):
            Tag("summary", t("Not for {code}: {n} more", code=code, n=len(refused)), "button quiet")
            with Tag("dl", kind="others"):
                for reason, titles in by_reason.items():
                    Tag("dt", " · ".join(titles))
                    Tag("dd", t.heard(reason), "soft")

    def _put(self, **said: Any) -> None:
        self._start = replace(self._start, **said)
        self._check()

    def _check(self) -> None:
        """Whether Start can be pressed, and why not."""
        assert self._profile is not None
        start, t = self._start, self._t
        why = ""
        if start.programme:
            intact = Side(start.intact) if start.intact else None
            why = choices.why_not(self._profile, start.programme, start.mode or None, intact, self._past)
        self._problem.say(t.heard(why))
        self._problem.put("hidden", None if why else "hidden")
        person = start.source == "openxr"
        self._asked.put("hidden", None if person else "hidden")
        left = self._checklist.left() if person and self._checklist is not None else 0
        self._go.off(bool(why or not start.programme or left))
        self._wait.say(t("{left} answers of the checklist are missing.", left=left) if left else "")

    async def _begin(self) -> None:
        t, visit = self._t, self._visit
        if not visit.may("start") or self._profile is None:
            visit.say(t("You may not start sessions; log in again as a therapist."), "bad")
            return
        self._go.off(True)
        self._wait.say(t("The session is starting; the headset may be put on …"))
        begun = await visit.asked(self._run())
        if not begun:
            self._check()

    async def _run(self) -> None:
        visit, start = self._visit, self._start
        if start.source == "openxr" and self._checklist is not None:
            start = replace(start, checklist=self._checklist.answers())
        session_id = await self._console.launcher.start(start)
        self._console.desk.take_control(visit.login)
        said = {"session": session_id, "programme": start.programme, "participant": start.participant}
        await asyncio.to_thread(self._console.people.note, visit.login.name, "session started", said)
        ui.navigate.to("/run")

    # --- changing a profile ---

    def _add(self) -> None:
        self._edit(Profile(code=self._next_code(), version=0), True)

    def _next_code(self) -> str:
        """The code after the highest of its kind."""
        numbers = [int(p.code[1:]) for p in self._people.profiles if p.code[:1] == "P" and p.code[1:].isdigit()]
        return f"P{max(numbers, default=0) + 1:03d}"

    def _edit(self, profile: Profile, new: bool) -> None:
        t = self._t
        self._chosen.clear()
        with self._chosen, Tag("section", kind="card", aria_label=t("Profile")):
            heading = Tag(
                "h2", t("A new participant") if new else t("Profile of {code}", code=profile.code), tabindex="-1"
            )
            form = ProfileForm(self._visit, profile, new, lambda: self._visit.say(""))
            with Tag("div", kind="row"):
                kit.button(t("Keep"), lambda: self._keep(form, new), "primary", data_do="keep")
                kit.button(t("Cancel"), lambda: self._cancel(profile, new))
        heading.focus()

    async def _cancel(self, profile: Profile, new: bool) -> None:
        if not new:
            await self._choose(profile)
            self._heading.focus()
            return
        self._chosen.clear()
        with self._chosen, Tag("section", kind="card"):
            Tag("p", self._t("Choose a participant on the left, or add one."), "soft")

    async def _keep(self, form: ProfileForm, new: bool) -> None:
        visit, t = self._visit, self._t
        problem = form.problem()
        if not problem and not visit.may("participants"):
            problem = t("You may not change participants.")
        if not problem and new and self._people.known(form.profile.code) is not None:
            problem = t("{code} is there already; choose another code.", code=form.profile.code)
        if problem:
            visit.say(problem, "bad")
            return
        profile = msgspec.structs.replace(form.profile, version=form.profile.version + 1)
        if await visit.asked(self._console.records.put(profile)):
            self._console.people.note(
                visit.login.name, "participant added" if new else "participant changed", {"code": profile.code}
            )
            self._people.take([*(p for p in self._people.profiles if p.code != profile.code), profile])
            visit.say("")
            await self._choose(profile)
            self._heading.focus()


def _about(t: Words, offer: Offer) -> str:
    """How long a programme is and what drives the limb in it; of a course, which of its sessions is due."""
    said = t("{tasks} tasks, {mode}", tasks=offer.tasks, mode=t(offer.mode.replace("_", " ")))
    if offer.due is None:
        return said
    session, phase = offer.due
    return f"{t('Session {n}: {phase}', n=session, phase=t(phase.replace('_', ' ')))} · {said}"
