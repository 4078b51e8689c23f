"""One sitting, frame by frame: from where the joints are to what is seen and what is recorded.

Every array is made once and written in place: in the steady state a frame leaves nothing for Python's
collector. The order of the calls is in `vrrehab.session.loop`.
"""

from __future__ import annotations

from collections.abc import Iterable

from telemetry import messages
from vrrehab import geometry
from vrrehab.body.build import Build, BuildOf, Growth
from vrrehab.body.drives import WITHOUT_LIMB, make_drive
from vrrehab.body.recentre import Recentring
from vrrehab.body.sight import Sight
from vrrehab.body.skeleton import HEAD, Body
from vrrehab.body.smoothing import Smoother
from vrrehab.body.tracking import Tracker
from vrrehab.language import mark
from vrrehab.session.conductor import Conductor
from vrrehab.session.fading import Fading
from vrrehab.session.frame import ClockReading, FrameTime
from vrrehab.session.frame_row import FrameRow
from vrrehab.session.going import Going, Journey, Places
from vrrehab.session.ledger import Record
from vrrehab.session.limbs import VirtualLimbs
from vrrehab.session.opening import tell_start
from vrrehab.session.plan import Plan
from vrrehab.session.settings import PLACE, Settings, Value
from vrrehab.session.spoken import Spoken, Voice
from vrrehab.session.view import Ambience, View
from vrrehab.session.way_out import HIDE, STOP, WayOut
from vrrehab.sources import SPACE_CHANGED, Source

_CLOCKS_EVERY_NS = 10_000_000_000
#: What the participant reads while the record is in trouble; the trouble's own words go to the desktop.
_RECORD_TROUBLE = mark("The record is not connected just now. Your therapist can see it; we go on.")
#: Why it goes to no other place.
_STOPPED = "the session was stopped, and stays where it is"
#: No step of a session's time is longer than this, whatever the runtime did in between.
_LONGEST_STEP_S = 0.25


class Sitting:
    """The session's state between two frames. Make one, then let `loop.run` step it."""

    def __init__(
        self,
        plan: Plan,
        source: Source,
        record: Record,
        runtime: str,
        build_of: BuildOf = Build.of_measures,
        voice: Voice | None = None,
        places: Places | None = None,
    ) -> None:
        """places: who makes places ready; None where that takes no time."""
        self.plan = plan
        self.settings = Settings()
        self.settings.change(PLACE, plan.programme.place)
        self.view = View(Body.unseen())
        self.view.ambience.place = plan.programme.place
        self._going = Going(places)
        self.conductor = Conductor(plan, self.settings, self.view, record, build_of)
        self._source = source
        self._spoken = Spoken(voice, self.settings) if voice is not None else None
        self._record = record
        self._runtime = runtime
        self._seen = Body.unseen()
        self._tracked = Body.unseen()
        self._steady = Body.unseen()
        self._recentring: Recentring | None = None
        #: Where session space was in the reference space before it moves, None where that is no place any more.
        self._moves_from: Recentring | None = None
        self._measures = plan.profile.measures
        self._build_of = build_of
        self._growth = Growth(build_of(self._measures))
        self._tracker = Tracker(eye_height_m=1.2, build=self._growth.build)
        self._go_by(plan)
        self._limbs = VirtualLimbs(plan, self.settings)
        self._driven = Body.unseen()
        self._smoother = Smoother()
        self._row = FrameRow()
        self._frame = FrameTime(0, 0, 1, 0, False)
        self._now_s = self._elapsed_s = 0.0
        self._xr_minus_mono_ns = self._pose_age_ns = 0
        self._clocks_due_ns = 0
        self._fading = Fading(self.settings, self.view)
        self._way_out = WayOut(self.settings, plan.hands, plan.language.say)
        self._recorded = 0

    @property
    def over(self) -> messages.SessionStatus | None:
        return self.conductor.over

    def _go_by(self, plan: Plan) -> None:
        """Drive the virtual limbs, and watch what leads them, as this plan's mode has it."""
        self._driven_as = plan
        self._followed = plan.followed
        self._sight = Sight(self._followed, plan.driven_by)
        self._drive = make_drive(plan.mode, plan.limbs, self.conductor.play, plan.driven_by, lambda: self._growth.build)

    @property
    def frame(self) -> int:
        """The number of the frame that is on."""
        return self._frame.number

    # --- a frame, in this order ---

    def begin(self, frame: FrameTime, clocks: ClockReading | None) -> None:
        """A frame begins; `clocks` comes with the first and whenever `clocks_due`."""
        if clocks is not None:
            self._read_clocks(clocks)
        now_s = frame.display_time_ns / 1e9
        self._elapsed_s = min(max(now_s - self._now_s, 0.0), _LONGEST_STEP_S) if self._frame.number else 0.0
        self._now_s = now_s
        self._frame = frame
        self.conductor.begin(frame.mono_ns)
        for name, detail in self._source.news():
            self.conductor.happened(name, detail)
            if name == SPACE_CHANGED:
                self._recentring = self._moves_from = None
                self.conductor.guard.noticed(name)
        if self._source.exhausted:
            self.conductor.source_ended()

    def clocks_due(self, frame: FrameTime) -> bool:
        return frame.mono_ns >= self._clocks_due_ns

    def locate(self) -> None:
        """Where every joint will be when the frame is seen, in session space."""
        seen = self._seen
        self._source.locate(self._frame.display_time_ns, seen)
        # How far ahead of now the runtime had to predict: what it saw is at least this old when it is seen.
        self._pose_age_ns = self._frame.display_time_ns - (self._frame.mono_ns + self._xr_minus_mono_ns)
        if self._recentring is None and seen.has(HEAD):
            self._recentre_on(seen)
        if self._recentring is None:
            seen.forget()  # until the head is seen nothing has a place in session space
        else:
            self._recentring.to_session(seen)

    def drive(self) -> None:
        """From what was seen to the tracked body and, unless Stop froze it, the virtual body."""
        if self.conductor.plan is not self._driven_as:
            self._go_by(self.conductor.plan)
        self._tracker.update(self._seen, self._tracked, self._now_s)
        self._sight.update(self._tracked, self._now_s)
        if self.conductor.guard.frozen:
            return
        self._smoother.enabled = bool(self.settings["smoothing"])
        self._smoother.smooth(self._tracked, self._steady, self._now_s)
        self._drive.drive(self._steady, self._driven, self._now_s)
        self.view.virtual.copy_from(self._driven)
        self._limbs.alter(self.view.virtual, self._now_s)
        self._fading.step(
            self._elapsed_s, self._driven_as, self._followed, self._sight.lost_for_s > 0.0, self.conductor.limb_ratio
        )
        self.view.limb_size = self.settings.number("limb_size_ratio")
        self.view.boundary_softness_m = self.settings.number("limb_boundary_softness_m")

    def advance(self) -> None:
        """The programme takes its frame, then the participant (a scripted one looks; a person just sees)."""
        selecting = self._source.selecting()
        self.conductor.step(self._elapsed_s, self._tracked, self._driven, self._sight, selecting)
        if self.conductor.measures is not self._measures:
            self._measures = self.conductor.measures
            self._growth.take(self._build_of(self._measures))
        if self._growth.step(self._elapsed_s):
            self._tracker.fit(self._growth.build)
            self.conductor.fit(self._growth.build)
        self._surround(self.view.ambience)
        self._offer_way_out(selecting)
        self.view.notice = self.conductor.notice or self._record_trouble()
        self.view.cue_ratio = self.settings.number("cue_ratio")
        if self._spoken is not None:
            self._spoken.step(self.view)
        self._source.see(self.view)

    def _offer_way_out(self, selecting: bool) -> None:
        """The participant's own panel, except in the calm scene; and what they ask for with it, or with a button."""
        way_out, conductor = self._way_out, self.conductor
        if conductor.guard.calm.reason or conductor.over is not None:
            way_out.forget()
        else:
            shown = conductor.plan.mode not in WITHOUT_LIMB
            self._ask_for(way_out.step(self._elapsed_s, self._tracked, selecting, shown), shown)
            for button in self._source.pressed():
                self._ask_for(button, shown)
        self.view.way_out = way_out.panel

    def _ask_for(self, asked: str, limb_shown: bool) -> None:
        """What the participant wants to have done, one of `way_out`'s; empty for nothing."""
        if asked == STOP:
            self.conductor.guard.rest("participant", "participant", frozen=True)
        elif asked and limb_shown:
            setting = "limb_hidden" if asked == HIDE else "limb_covered"
            self.change_setting(setting, not self.settings[setting], "participant")

    def _record_trouble(self) -> str:
        return self.plan.language.say(_RECORD_TROUBLE) if self._record.problem() else ""

    def _surround(self, ambience: Ambience) -> None:
        """The place as the settings want it, with its clock going on unless Stop froze it."""
        settings = self.settings
        ambience.light_ratio = settings.number("light_ratio")
        ambience.hour_h = settings.number("time_of_day_h")
        ambience.detail = settings["place_detail"] == "full"
        ambience.sound_ratio = settings.number("sound_ratio")
        if self.conductor.guard.frozen:
            self._going.give_up(_STOPPED)
        else:
            ambience.time_s += self._elapsed_s
        try:
            journey = self._going.step(self._elapsed_s, ambience)
        except ValueError as error:
            self.conductor.happened("place_refused", {"reason": str(error)})
        else:
            if journey is not None:
                self._arrive(journey)

    def _arrive(self, journey: Journey) -> None:
        """In this frame it is another place."""
        if journey.place != self.settings[PLACE]:
            self._put_in_force(PLACE, journey.place, journey.who)
        self.conductor.happened("place", {"name": journey.place, "who": journey.who})
        if journey.asked is not None:
            journey.asked.applied(self._frame.number)

    def keep(self, times_ns: Iterable[int]) -> None:
        """Hand the frame's record over; `times_ns` are what the stages took, see `telemetry.motion.STAGES`."""
        bodies = self._tracked, self.view.virtual
        run_number = self.conductor.ledger.run_number
        self._row.write(self._frame, run_number, self._pose_age_ns, times_ns, bodies)
        self._record.frame(self._row.record)
        self._recorded += 1

    def close(self) -> None:
        """End whatever is open and say that the session is over; the record is whole after this."""
        self._going.give_up("the session is over")
        if self.over is None:
            self.conductor.end("interrupted")
        if self._clocks_due_ns:
            self._record.event(
                messages.SessionEnded(
                    mono_ns=self._frame.mono_ns,
                    status=self.over or "interrupted",
                    last_motion_seq=self._recorded,
                )
            )

    # --- what a therapist may do besides the programme ---

    def change_setting(self, name: str, value: Value, who: str) -> Journey | None:
        """Put a setting in force from this frame on, the place from when it is gone to: by this journey, None if it is
        there already. ValueError says why not.
        """
        if name == PLACE:
            return self.go_to(str(self.settings.accept(name, value)), who)
        self._put_in_force(name, value, who)
        return None

    def go_to(self, place: str, who: str) -> Journey | None:
        """Another place. ValueError while Stop holds."""
        if self.conductor.guard.frozen:
            raise ValueError(_STOPPED)
        if place == self.settings[PLACE]:
            self._going.give_up(f"the session stays where it is: {place}")
            return None
        journey = Journey(place, who)
        self._going.begin(journey)
        return journey

    def place_edited(self, place: str, who: str) -> bool:
        """A place's file was edited: the place that is gone to is made once more, or else the one that is shown is gone
        to anew. Whether it is either; any other is read when it is gone to. ValueError while Stop holds.
        """
        if place != (self._going.to or self.settings[PLACE]):
            return False
        if self.conductor.guard.frozen:
            raise ValueError(_STOPPED)
        if self._going.to:
            self._going.make_anew()
        else:
            self._going.begin(Journey(place, who))
        return True

    def _put_in_force(self, name: str, value: Value, who: str) -> None:
        old, new = self.settings.change(name, value)
        self._record.event(
            messages.SettingChanged(
                mono_ns=self._frame.mono_ns,
                who=who,
                name=name,
                old=old,
                new=new,
                applied_frame=self._frame.number,
            )
        )

    def recentre(self, who: str) -> None:
        """Session space moves to where the head is now; ValueError while the head is not seen."""
        if self._recentring is None or not self._tracked.has(HEAD):
            raise ValueError("the head has not been seen yet; recentre when the headset is on")
        self._moves_from, self._recentring = self._recentring, None
        self.conductor.happened("recentre", {"who": who})

    def _recentre_on(self, seen: Body) -> None:
        self._recentring = Recentring.from_head(seen.poses[HEAD])
        pose = self._recentring.reference_from_session
        self.view.reference_from_session[:] = pose
        was, self._moves_from = self._moves_from, None
        new_from_old = None if was is None else geometry.compose(geometry.invert(pose), was.reference_from_session)
        self._tracker.recentre(self._recentring.eye_height_m, new_from_old)
        self._smoother.forget()
        self._limbs.forget()
        self._way_out.forget()
        names = ("px", "py", "pz", "qx", "qy", "qz", "qw")
        detail: dict[str, float | int | str | bool | None] = {
            name: float(value) for name, value in zip(names, pose, strict=True)
        }
        self.conductor.recentred(detail)

    def _read_clocks(self, clocks: ClockReading) -> None:
        mono_ns, xr_ns, utc_ns = clocks
        first = self._clocks_due_ns == 0
        self._xr_minus_mono_ns = xr_ns - mono_ns
        self._clocks_due_ns = mono_ns + _CLOCKS_EVERY_NS
        if not first:
            self._record.event(messages.ClockPair(mono_ns=mono_ns, xr_ns=xr_ns, utc_ns=utc_ns))
            return
        tell_start(self._record, self.conductor.ledger, self.plan, self.settings, self._runtime, clocks)
