"""A participant's profile as a form: limb losses, phantom shapes, the body's look and measures, with a preview."""

from __future__ import annotations

import asyncio
import base64
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from nicegui import ui

from telemetry.messages import Appearance, LimbLoss, Measures, PhantomShape, Profile
from vrrehab.body.limb import CHAIN_OF
from vrrehab.body.phantom import POSTURES
from vrrehab.cli.participant import CODE, LEVELS
from vrrehab.console import kit
from vrrehab.console.kit import Tag
from vrrehab.console.shell import LANGUAGES, Visit
from vrrehab.console.words import Words

_PREVIEW_AFTER_S, _PREVIEW_LIMIT_S = 0.8, 60.0
#: The body's axes: least, most and step, what it is called, and its two ends.
_LOOK = {
    "sex": (0.0, 1.0, 0.05, "Sex", "female", "male"),
    "age_years": (16.0, 90.0, 1.0, "Age", "16 years", "90 years"),
    "weight": (0.0, 1.0, 0.05, "Weight", "thin", "heavy"),
    "muscle": (0.0, 1.0, 0.05, "Muscle", "slight", "strong"),
    "proportions": (0.0, 1.0, 0.05, "Proportions", "uncommon", "ideal"),
    "tone": (1.0, 10.0, 1.0, "Skin tone", "lightest", "darkest"),
}
_MEASURED = {
    "stature_m": ("Standing height", 50, 250),
    "seated_eye_height_m": ("Eyes over the floor, seated", 50, 180),
    "reach_m": ("Shoulder to wrist, arm straight", 25, 100),
    "hand_m": ("Wrist to the middle finger's tip", 8, 30),
    "shin_m": ("Knee to ankle", 15, 70),
}
_CONSENT = {"care": "Care only", "research": "Care and research", "open": "Care, research and open data"}


class ProfileForm:
    """The form of one profile. `changed` is called after each change; `profile` is what it says now."""

    def __init__(self, visit: Visit, profile: Profile, new: bool, changed: Callable[[], None]) -> None:
        self.profile = profile
        self._visit, self._t = visit, visit.t
        self._new = new
        self._changed = changed
        self._drawing: asyncio.Task[None] | None = None
        self._drawn: Profile | None = None
        with Tag("div", kind="columns side"):
            with Tag("div", kind="stack"):
                self._basics()
                self._losses = Tag("fieldset", aria_label=self._t("Limb losses"))
                self._phantoms = Tag("fieldset", aria_label=self._t("Phantom limbs"))
                self._look()
                self._measures()
            with Tag("div", kind="stack"):
                Tag("h3", self._t("The virtual body"))
                self._picture = Tag(
                    "img", kind="preview", alt=self._t("The virtual body as it is set here"), src="/static/body.svg"
                )
                self._said = Tag("p", "", "soft small", role="status")
        self._show_losses()
        self._show_phantoms()
        ui.timer(0.05, self._draw_soon, once=True)

    def problem(self) -> str:
        """What is missing before this can be kept; empty where nothing is."""
        if not CODE.fullmatch(self.profile.code):
            return self._t("Give a code such as P001: a capital letter, then capitals or digits. Never a name.")
        if not self.profile.limb_losses:
            return self._t("Say at least one limb that is lost.")
        return ""

    # --- the parts of the form ---

    def _basics(self) -> None:
        t, profile = self._t, self.profile
        with Tag("div", kind="fields"):
            kit.field(
                t("Code"),
                profile.code,
                lambda v: self._put(code=v.strip().upper()),
                live=True,
                hint=t("Never a name"),
                readonly=not self._new,
                autocomplete="off",
                data_field="code",
            )
            kit.choice(
                t("Language"), LANGUAGES, profile.language, lambda v: self._put(language=v), hint=t("Of the headset")
            )
            consent = {key: t(text) for key, text in _CONSENT.items()}
            ceilings = {"": t("not said"), **{str(n): str(n) for n in range(1, 11)}}
            kit.choice(
                t("Pain ceiling"),
                ceilings,
                "" if profile.pain_ceiling is None else f"{profile.pain_ceiling:g}",
                lambda v: self._put(pain_ceiling=float(v) if v else None),
                hint=t("From here on: the calm scene"),
            )
            kit.choice(
                t("Consent"), consent, profile.consent, lambda v: self._put(consent=v), hint=t("What the record is for")
            )

    def _show_losses(self) -> None:
        t = self._t
        self._losses.clear()
        with self._losses:
            Tag("legend", t("Limb losses"))
            for i, loss in enumerate(self.profile.limb_losses):
                self._loss(i, loss)
            kit.button(t("Add a lost limb"), self._add_loss, data_do="add-loss", data_kept="add-loss")

    def _loss(self, i: int, loss: LimbLoss) -> None:
        t = self._t

        def put(**said: str) -> None:
            new = msgspec.structs.replace(self.profile.limb_losses[i], **said)
            if new.level not in LEVELS[new.limb]:
                new = msgspec.structs.replace(new, level=LEVELS[new.limb][-1])
            losses = list(self.profile.limb_losses)
            losses[i] = new
            self._put(limb_losses=tuple(losses))
            self._show_losses()
            if said.keys() != {"level"}:
                self._show_phantoms()

        def remove() -> None:
            self._put(limb_losses=tuple(each for n, each in enumerate(self.profile.limb_losses) if n != i))
            self._show_losses()
            self._show_phantoms()

        with Tag("div", kind="row bottom", role="group", aria_label=t("Lost limb {n}", n=i + 1)):
            for what, label, options in (
                ("side", t("Side"), {"left": t("left"), "right": t("right")}),
                ("limb", t("Limb"), {limb: t(limb) for limb in LEVELS}),
                ("level", t("Level"), {level: t.name(level) for level in LEVELS[loss.limb]}),
            ):
                kit.choice(
                    label,
                    options,
                    getattr(loss, what),
                    lambda v, what=what: put(**{what: v}),
                    js_handler=kit.SETTLED,
                    data_kept=f"loss-{i}-{what}",
                )
            kit.button(
                t("Remove"),
                remove,
                "quiet",
                aria_label=t("Remove lost limb {n}", n=i + 1),
                data_kept=f"loss-{i}-remove",
            )

    def _add_loss(self) -> None:
        self._put(limb_losses=(*self.profile.limb_losses, LimbLoss(limb="hand", side="left", level="wrist")))
        self._show_losses()
        self._show_phantoms()

    def _show_phantoms(self) -> None:
        t = self._t
        self._phantoms.clear()
        lost = dict.fromkeys((loss.side, loss.limb) for loss in self.profile.limb_losses)
        with self._phantoms:
            Tag("legend", t("How the phantom is felt"))
            for side, limb in lost:
                self._phantom(side, limb)
            if not lost:
                Tag("p", t("Add a lost limb first."), "soft")

    def _phantom(self, side: str, limb: str) -> None:
        t = self._t
        shape = next((s for s in self.profile.phantom_shapes if (s.side, s.limb) == (side, limb)), None)

        def put(new: PhantomShape | None) -> None:
            others = tuple(s for s in self.profile.phantom_shapes if (s.side, s.limb) != (side, limb))
            self._put(phantom_shapes=others if new is None else (*others, new))

        def posture(value: str) -> None:
            if not value:
                put(None)
            else:
                before = shape or PhantomShape(limb=limb, side=side)  # type: ignore[arg-type]
                put(msgspec.structs.replace(before, posture=value))
            self._show_phantoms()

        with Tag("div", kind="row bottom", role="group", aria_label=t(f"{side} {limb}")):
            postures = {"": t("not described"), **{p: t(p.replace("_", " ")) for p in POSTURES[CHAIN_OF[limb]]}}
            kit.choice(
                t(f"{side} {limb}"),
                postures,
                shape.posture if shape else "",
                posture,
                js_handler=kit.SETTLED,
                data_kept=f"posture-{side}-{limb}",
            )
            if shape is not None:
                with Tag("div", kind="field"):
                    said = Tag("span", _percent(t, shape.telescoping))
                    slider = Tag(
                        "input",
                        type="range",
                        min=0,
                        max=100,
                        step=5,
                        value=round(shape.telescoping * 100),
                        aria_label=t("Telescoping: {limb}", limb=t(f"{side} {limb}")),
                    )

                def telescope(value: Any) -> None:
                    shares = float(value) / 100
                    said.say(_percent(t, shares))
                    put(
                        msgspec.structs.replace(
                            next(s for s in self.profile.phantom_shapes if (s.side, s.limb) == (side, limb)),
                            telescoping=shares,
                        )
                    )

                slider.on("input", lambda e: telescope(e.args), js_handler="(e) => emit(e.target.value)")

    def _look(self) -> None:
        t = self._t
        with Tag("fieldset"):
            Tag("legend", t("How the virtual body looks"))
            with Tag("div", kind="fields"):
                for name, (least, most, step, label, low, high) in _LOOK.items():
                    with Tag("label", kind="field"):
                        Tag("span", t(label))
                        slider = Tag(
                            "input",
                            type="range",
                            min=least,
                            max=most,
                            step=step,
                            value=getattr(self.profile.appearance, name),
                        )
                        Tag("span", f"{t(low)} – {t(high)}", "hint")

                    def put(event: Any, name: str = name) -> None:
                        value = float(event.args)
                        said = {name: int(value) if name == "tone" else value}
                        self._put(appearance=msgspec.structs.replace(self.profile.appearance, **said))

                    slider.on(
                        "input", put, throttle=0.2, leading_events=False, js_handler="(e) => emit(e.target.value)"
                    )

    def _measures(self) -> None:
        t = self._t
        with Tag("details"):
            Tag("summary", t("Measures of the body (may stay empty)"), "button quiet")
            with Tag("div", kind="fields"):
                for name, (label, least, most) in _MEASURED.items():
                    value = getattr(self.profile.measures, name)

                    def put(text: str, name: str = name, least: int = least, most: int = most) -> None:
                        try:
                            cm = float(text.replace(",", ".")) if text.strip() else None
                        except ValueError:
                            cm = -1.0
                        if cm is not None and not least <= cm <= most:
                            self._visit.say(
                                t("Expected {least} to {most} cm, or nothing.", least=least, most=most), "bad"
                            )
                            return
                        self._visit.say("")
                        said = {name: None if cm is None else cm / 100}
                        self._put(measures=msgspec.structs.replace(self.profile.measures, **said))

                    shown = "" if value is None else f"{value * 100:g}"
                    kit.field(t(label), shown, put, hint="cm", inputmode="decimal")

    # --- what it does ---

    def _put(self, **said: Any) -> None:
        self.profile = msgspec.structs.replace(self.profile, **said)
        self._changed()
        if said.keys() & {"appearance", "measures"}:
            self._draw_soon()

    def _draw_soon(self) -> None:
        if self._drawing is None or self._drawing.done():
            self._drawing = asyncio.ensure_future(self._draw())

    async def _draw(self) -> None:
        """Draw until what is drawn is what the form says; one at a time, for it takes some seconds."""
        while self._drawn is None or _body_of(self._drawn) != _body_of(self.profile):
            await asyncio.sleep(_PREVIEW_AFTER_S)
            profile = self.profile
            self._said.say(self._t("Drawing the body …"))
            picture = await asyncio.to_thread(_drawn, profile)
            if self._picture.is_deleted:
                return
            self._drawn = profile
            if picture is None:
                self._said.say(self._t("The body could not be drawn on this computer; see: vrrehab doctor"))
            else:
                self._said.say("")
                self._picture.put("src", f"data:image/png;base64,{base64.b64encode(picture).decode()}")


def _body_of(profile: Profile) -> tuple[Appearance, Measures]:
    return profile.appearance, profile.measures


def _percent(t: Words, share: float) -> str:
    if not share:
        return t("Felt at full length")
    return t("Telescoped by {share} %", share=round(share * 100))


def _drawn(profile: Profile) -> bytes | None:
    """The body of a profile as PNG, drawn by `vrrehab avatar preview` in a process of its own."""
    code = profile.code if CODE.fullmatch(profile.code) else "NEW"
    with tempfile.TemporaryDirectory() as folder:
        said, sheet = Path(folder) / "profile.json", Path(folder) / "body.png"
        said.write_bytes(msgspec.json.encode(msgspec.structs.replace(profile, code=code)))
        command = [sys.executable, "-m", "vrrehab", "avatar", "preview", "--profile", str(said), "--out", str(sheet)]
        try:
            subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_PREVIEW_LIMIT_S, check=True)
            return sheet.read_bytes()
        except (OSError, subprocess.SubprocessError):
            return None
