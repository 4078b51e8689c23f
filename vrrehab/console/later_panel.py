"""What becomes known between sessions: ratings, pain log, treatments, questionnaires; added, and never changed."""

from __future__ import annotations

import asyncio
import secrets
import time
from datetime import datetime

from telemetry.instruments import INSTRUMENTS
from telemetry.late import Late, addenda_of
from telemetry.messages import Addendum, Entry, LateRating, RatingSource, Site
from vrrehab.console import instrument_form, kit
from vrrehab.console.instrument_form import InstrumentForm
from vrrehab.console.kit import Tag
from vrrehab.console.rating_panel import SITES
from vrrehab.console.shell import Visit, later
from vrrehab.console.words import Words

_WHEN = "%Y-%m-%dT%H:%M"


class LaterPanel:
    """The panel for one session; it adds only where the reader may."""

    def __init__(self, visit: Visit, code: str, session_id: str) -> None:
        self._visit, self._t, self._code, self._session = visit, visit.t, code, session_id
        t = self._t
        with Tag("section", kind="card", aria_label=t("What became known later")):
            Tag("h2", t("What became known later"))
            self._list = Tag("div")
            if visit.may("addenda"):
                self._rating()
                self._instrument()
        later(self._show)

    async def _show(self) -> None:
        t, records = self._t, self._visit.console.records
        found: list[Late] = []
        entered: list[Entry] = []

        async def read() -> None:
            found.extend(await asyncio.to_thread(addenda_of, self._visit.console.data, self._session))
            entered.extend(await records.ask(lambda client: client.entries(self._code)))

        if not await self._visit.asked(read()):
            return
        rows = [(each.about_utc_ns, _late_in_words(t, each), each.who) for each in found]
        for entry in entered:
            instrument = INSTRUMENTS.get(entry.instrument)
            title = t(instrument.title) if instrument else entry.instrument
            told = instrument_form.in_words(t, instrument, entry.answers)
            rows.append((entry.about_utc_ns, f"{title}: {told}", entry.who))
        self._list.clear()
        with self._list:
            if not rows:
                Tag("p", t("Nothing so far."), "soft")
                return
            said = [(t.day(about_ns), what, who) for about_ns, what, who in sorted(rows)]
            kit.table(t("What became known later"), [t("About"), t("What"), t("Entered by")], said)

    def _rating(self) -> None:
        t = self._t
        said: dict[str, str] = {"value": "", "site": "PLP", "when": _now()}
        with Tag("fieldset"):
            Tag("legend", t("Rating of the next day"))
            with Tag("div", kind="fields dated"):
                sites = {site: t(text) for site, text in SITES.items()}
                kit.choice(t("Of what"), sites, "PLP", lambda v: said.update(site=v))
                values = {"": "–", **{str(n): str(n) for n in range(11)}}
                kit.choice(t("Score, 0 to 10"), values, "", lambda v: said.update(value=v), data_late="rating")
                kit.field(t("When"), said["when"], lambda v: said.update(when=v), kind="datetime-local")
                kit.button(t("Add the rating"), lambda: self._add_rating(said), data_do="late-rating")

    async def _add_rating(self, said: dict[str, str]) -> None:
        if not said["value"]:
            self._visit.say(self._t("Choose a score first."), "bad")
            return
        about_ns = self._about(said["when"])
        if about_ns is None:
            return
        site: Site = said["site"]  # type: ignore[assignment]
        new = f"{self._session}-late-{secrets.token_hex(4)}"
        addendum = Addendum(
            addendum_id=f"{new}-a", session_id=self._session, kind="rating", who=self._visit.login.name,
            entered_utc_ns=time.time_ns(), about_utc_ns=about_ns,
            rating=LateRating(rating_id=new, value=float(said["value"]), source="therapist", site=site),
        )  # fmt: skip
        await self._added(self._visit.console.records.ask(lambda client: client.add(addendum)), "rating")

    def _instrument(self) -> None:
        t = self._t
        said: dict[str, str] = {"source": "participant", "when": _now(), "instrument": ""}

        def turn(name: str) -> None:
            said["instrument"] = name
            place.clear()
            if name:
                with place:
                    form = InstrumentForm(t, INSTRUMENTS[name])
                    kit.button(t("Add to the record"), lambda: self._add_entry(said, form), data_do="late-entry")

        with Tag("fieldset"):
            Tag("legend", t("Pain log, treatments and questionnaires"))
            with Tag("div", kind="fields dated"):
                named = {"": t("Choose …"), **{name: t(each.title) for name, each in INSTRUMENTS.items()}}
                kit.choice(t("Which"), named, "", turn, data_late="instrument")
                sources = {"participant": t("the participant"), "therapist": t("the therapist")}
                kit.choice(t("Answered by"), sources, "participant", lambda v: said.update(source=v))
                kit.field(t("When"), said["when"], lambda v: said.update(when=v), kind="datetime-local")
            place = Tag("div", kind="stack")

    async def _add_entry(self, said: dict[str, str], form: InstrumentForm) -> None:
        instrument = INSTRUMENTS[said["instrument"]]
        try:
            answers = instrument.accept(form.answers)
        except ValueError as error:
            self._visit.say(self._t.heard(str(error)), "bad")
            return
        about_ns = self._about(said["when"])
        if about_ns is None:
            return
        source: RatingSource = said["source"]  # type: ignore[assignment]
        entry = Entry(
            entry_id=f"{self._code}-e-{secrets.token_hex(6)}", participant=self._code, instrument=instrument.name,
            who=self._visit.login.name, source=source, entered_utc_ns=time.time_ns(), about_utc_ns=about_ns,
            answers=answers, session_id=self._session,
        )  # fmt: skip
        await self._added(self._visit.console.records.ask(lambda client: client.enter(entry)), instrument.name)

    def _about(self, when: str) -> int | None:
        """The time that something is about; None, and the reader is told, where it is none."""
        if not self._visit.may("addenda"):
            self._visit.say(self._t("You may not add to a session."), "bad")
            return None
        try:
            return round(datetime.strptime(when, _WHEN).timestamp() * 1e9)
        except ValueError:
            self._visit.say(self._t("Expected a day and a time."), "bad")
            return None

    async def _added(self, what: object, kind: str) -> None:
        visit = self._visit
        visit.say("")
        if await visit.asked(what):  # type: ignore[arg-type]
            visit.console.people.note(visit.login.name, "added later", {"session": self._session, "kind": kind})
            visit.say(self._t("Added."), "good")
            await self._show()


def _late_in_words(t: Words, late: Late) -> str:
    if late.value is not None:
        return t("{what}: {value}", what=t(SITES.get(late.site or "", late.site or "")), value=t.number(late.value))
    told = {name: value for name, value in late.detail.items() if value not in ("", None)}
    return f"{t.name(late.kind)}: " + ", ".join(f"{t.name(name)} {t.name(str(value))}" for name, value in told.items())


def _now() -> str:
    return datetime.now().strftime(_WHEN)
