"""What becomes known after a session: the next day's rating, a pain log, treatments; added, and never changed."""

from __future__ import annotations

import asyncio
import secrets
import time
from datetime import datetime

from telemetry.late import Late, addenda_of
from telemetry.messages import Addendum, AddendumKind, LateRating, Site
from vrrehab.console import kit
from vrrehab.console.kit import Tag
from vrrehab.console.shell import Visit, later
from vrrehab.console.words import Words

_SITES: dict[str, str] = {
    "PLP": "Phantom limb pain", "RLP": "Residual limb pain", "PLS": "Phantom sensation, not painful",
}  # fmt: skip
_TREATMENTS = ("medication", "physiotherapy", "prosthesis change", "psychotherapy", "other")
_TRIGGERS = ("none known", "weather", "stress", "tiredness", "pressure on the residual limb", "prosthesis", "other")
_WHEN = "%Y-%m-%dT%H:%M"


class LaterPanel:
    """The panel for one session; it adds only where the reader may."""

    def __init__(self, visit: Visit, session_id: str) -> None:
        self._visit, self._t, self._session = visit, visit.t, session_id
        t = self._t
        with Tag("section", kind="card", aria_label=t("What became known later")):
            Tag("h2", t("What became known later"))
            self._list = Tag("div")
            if visit.may("addenda"):
                with Tag("div", kind="columns two"):
                    self._rating()
                    self._pain_log()
                    self._treatment()
        later(self._show)

    async def _show(self) -> None:
        found: list[Late] = []

        async def read() -> None:
            found.extend(await asyncio.to_thread(addenda_of, self._visit.console.data, self._session))

        if not await self._visit.asked(read()):
            return
        t = self._t
        self._list.clear()
        with self._list:
            if not found:
                Tag("p", t("Nothing so far."), "soft")
                return
            rows = [
                (
                    datetime.fromtimestamp(each.about_utc_ns / 1e9).strftime("%d.%m.%Y %H:%M"),
                    in_words(t, each),
                    each.who,
                )
                for each in found
            ]
            kit.table([t("About"), t("What"), t("Entered by")], rows)

    def _rating(self) -> None:
        t = self._t
        said: dict[str, str] = {"value": "", "site": "PLP", "when": _now()}
        with Tag("fieldset"):
            Tag("legend", t("Rating of the next day"))
            with Tag("div", kind="fields"):
                sites = {site: t(text) for site, text in _SITES.items()}
                kit.choice(t("Of what"), sites, "PLP", lambda v: said.update(site=v))
                values = {"": "–", **{str(n): str(n) for n in range(11)}}
                kit.choice(t("Score, 0 to 10"), values, "", lambda v: said.update(value=v), data_late="rating")
                kit.field(t("When"), said["when"], lambda v: said.update(when=v), kind="datetime-local")

            async def add() -> None:
                if not said["value"]:
                    self._visit.say(t("Choose a score first."), "bad")
                    return
                new_id = f"{self._session}-late-{secrets.token_hex(4)}"
                site: Site = said["site"]  # type: ignore[assignment]
                rating = LateRating(rating_id=new_id, value=float(said["value"]), source="therapist", site=site)
                await self._add("rating", said["when"], {}, rating)

            kit.button(t("Add the rating"), add, data_do="late-rating")

    def _pain_log(self) -> None:
        t = self._t
        said: dict[str, str] = {"strongest": "", "trigger": _TRIGGERS[0], "note": "", "when": _now()}
        with Tag("fieldset"):
            Tag("legend", t("Pain log"))
            with Tag("div", kind="fields"):
                values = {"": "–", **{str(n): str(n) for n in range(11)}}
                kit.choice(t("Strongest pain, 0 to 10"), values, "", lambda v: said.update(strongest=v))
                triggers = {trigger: t(trigger) for trigger in _TRIGGERS}
                kit.choice(t("Trigger"), triggers, _TRIGGERS[0], lambda v: said.update(trigger=v))
                kit.field(t("When"), said["when"], lambda v: said.update(when=v), kind="datetime-local")
                kit.field(t("In words"), "", lambda v: said.update(note=v), live=True, autocomplete="off")

            async def add() -> None:
                strongest = float(said["strongest"]) if said["strongest"] else None
                detail = {"strongest": strongest, "trigger": said["trigger"], "note": said["note"][:2000]}
                await self._add("pain_log", said["when"], detail)

            kit.button(t("Add to the pain log"), add, data_do="late-pain-log")

    def _treatment(self) -> None:
        t = self._t
        said: dict[str, str] = {"kind": _TREATMENTS[0], "what": "", "when": _now()}
        with Tag("fieldset"):
            Tag("legend", t("Medication and other treatments"))
            with Tag("div", kind="fields"):
                kinds = {kind: t(kind) for kind in _TREATMENTS}
                kit.choice(t("Kind"), kinds, _TREATMENTS[0], lambda v: said.update(kind=v))
                kit.field(t("What, and how much"), "", lambda v: said.update(what=v), live=True, autocomplete="off")
                kit.field(t("When"), said["when"], lambda v: said.update(when=v), kind="datetime-local")

            async def add() -> None:
                if not said["what"].strip():
                    self._visit.say(t("Say what it was first."), "bad")
                    return
                await self._add("note", said["when"], {"treatment": said["kind"], "what": said["what"][:2000]})

            kit.button(t("Add the treatment"), add, data_do="late-treatment")

    async def _add(
        self,
        kind: AddendumKind,
        when: str,
        detail: dict[str, float | int | str | bool | None],
        rating: LateRating | None = None,
    ) -> None:
        visit, t = self._visit, self._t
        if not visit.may("addenda"):
            visit.say(t("You may not add to a session."), "bad")
            return
        try:
            about_ns = round(datetime.strptime(when, _WHEN).timestamp() * 1e9)
        except ValueError:
            visit.say(t("Expected a day and a time."), "bad")
            return
        addendum = Addendum(
            addendum_id=f"{self._session}-a-{secrets.token_hex(4)}", session_id=self._session, kind=kind,
            who=visit.login.name, entered_utc_ns=time.time_ns(), about_utc_ns=about_ns, detail=detail, rating=rating,
        )  # fmt: skip
        visit.say("")
        if await visit.asked(visit.console.records.ask(lambda client: client.add(addendum))):
            visit.console.people.note(visit.login.name, "addendum", {"session": self._session, "kind": kind})
            visit.say(t("Added."), "good")
            await self._show()


def in_words(t: Words, late: Late) -> str:
    """What an addendum says, in a line."""
    if late.value is not None:
        site = _SITES.get(late.site or "", late.site or "")
        return t("{what}: {value}", what=t(site), value=f"{late.value:g}")
    told = {name: value for name, value in late.detail.items() if value not in ("", None)}
    what = {"pain_log": t("Pain log"), "note": t("Treatment") if "treatment" in told else t("Note")}.get(
        late.kind, late.kind
    )
    return f"{what}: " + ", ".join(
        f"{value:g}" if isinstance(value, float) else t(str(value)) for value in told.values()
    )


def _now() -> str:
    return datetime.now().strftime(_WHEN)
