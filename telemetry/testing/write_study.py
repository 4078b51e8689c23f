"""Writes a simulated study into a data folder as sessions come in: events and frames, journal, tables and seals.

The movement is short and slow to sample, a few joints at 30 frames a second, so that hundreds of sessions are quick.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from telemetry import messages, wire
from telemetry.folder import Folder
from telemetry.journal import Entry
from telemetry.motion import PROVENANCE, FrameLayout
from telemetry.record import Record
from telemetry.seal import seal_session

FINGER = tuple(f"index_{bone}" for bone in ("metacarpal", "proximal", "intermediate", "distal", "tip"))
ARM = ("shoulder", "elbow", "wrist", *FINGER)
JOINTS = ("centre_head", *(f"{side}_{name}" for side in ("left", "right") for name in ARM))

FRAME_RATE_HZ = 30.0
_FRAMES_IN_A_CHUNK = 256
_S = 1_000_000_000
_LEVELS = ("wrist", "forearm", "upper_arm")


def write_study(
    data_dir: Path,
    ledger: pd.DataFrame,
    movement_s: float = 4.0,
    told: Callable[[str], None] | None = None,
    rate_hz: float = FRAME_RATE_HZ,
) -> list[str]:
    """Put the ledger of `study.simulate` into `data_dir`; the ids of its sessions, all sealed.

    movement_s: how much of each task run's movement is kept, at rate_hz; 0 for none.
    Raises `InUse` while a recorder runs.
    """
    folder = Folder(Path(data_dir))
    record = Record(folder)
    written = []
    try:
        known = {profile.code for profile in record.clinic.participants()}
        for number, code in enumerate(ledger["participant"].unique()):
            if code not in known:
                record.clinic.put_participant(_profile(str(code), number))
                own = ledger[ledger["participant"] == code]
                for entry in _questionnaires(str(code), number, own):
                    record.clinic.enter(entry)
        for session_id, runs in ledger.groupby("session_id", sort=False):
            session = _Session(str(session_id), runs, movement_s, rate_hz)
            entries = [Entry(seq, seq, False, wire.encode(event)) for seq, event in enumerate(session.events, 1)]
            record.take(session.id, "events", entries)
            if len(session.frames):
                record.take(session.id, "motion", _chunks(session.frames))
            record.commit()
            record.enter()
            seal_session(folder, record.journal, record.clinic, session.id)
            record.now_sealed()
            written.append(session.id)
            if told is not None:
                told(session.id)
    finally:
        record.close()
    return written


def _chunks(frames: NDArray[np.void]) -> list[Entry]:
    starts = range(0, len(frames), _FRAMES_IN_A_CHUNK)
    parts = [(start, frames[start : start + _FRAMES_IN_A_CHUNK]) for start in starts]
    return [Entry(start + 1, start + len(part), False, part.tobytes()) for start, part in parts]


def _profile(code: str, number: int) -> messages.Profile:
    loss = messages.LimbLoss(limb="arm", side="left", level=_LEVELS[number % len(_LEVELS)])
    return messages.Profile(code=code, limb_losses=(loss,), consent="open")


_LEVEL_NAMES = {"wrist": "Wrist disarticulation", "forearm": "Transradial", "upper_arm": "Transhumeral"}


def _questionnaires(code: str, number: int, runs: pd.DataFrame) -> Iterator[messages.Entry]:
    """A profile, and the pain questionnaire before the first and after the last session."""
    random = np.random.default_rng([ord(letter) for letter in code])
    times = runs["started_at"]
    first_ns, last_ns = times.iloc[0].value - 3600 * _S, times.iloc[-1].value + 3600 * _S

    def entry(name: str, at_ns: int, **answers: Any) -> messages.Entry:
        return messages.Entry(
            entry_id=f"{code}-{name}-{at_ns}", participant=code, instrument=name, who="synthetic", source="participant",
            entered_utc_ns=at_ns, about_utc_ns=at_ns, answers=answers,
        )  # fmt: skip

    yield entry("profile", first_ns, Age=int(random.integers(25, 75)), Sex="MF"[number % 2], Amputee=1, Pain=1,
                AmputationLevel=_LEVEL_NAMES[_LEVELS[number % len(_LEVELS)]], AmputationSide="Left")  # fmt: skip
    for at_ns, pain in ((first_ns, runs["pain_at_start"].iloc[0]), (last_ns, runs["pain_after"].dropna().iloc[-1:])):
        nrs = int(np.ravel(pain)[0]) if np.size(pain) else 0
        yield entry("pain_questionnaire", at_ns, PLPNRS=nrs, PLPWords=(nrs + 1) // 2, SleepInterference=nrs,
                    Telescoping=int(random.integers(7)), PLPFrequency=int(random.integers(4)))  # fmt: skip


class _Session:
    """The events and frames of one session."""

    def __init__(self, session_id: str, runs: pd.DataFrame, movement_s: float, rate_hz: float) -> None:
        self.id = session_id
        self.events: list[messages.Event] = []
        self._movement_s, self._rate_hz = movement_s, rate_hz
        self._ratings = 0
        self._parts: list[NDArray[np.void]] = []
        self._layout = FrameLayout(JOINTS)
        self._random = np.random.default_rng([ord(letter) for letter in session_id])
        first = runs.iloc[0]
        utc_ns = first["started_at"].value - int(first["time_in_session_s"] * _S)
        self._began = self._now = utc_ns % (365 * 86_400 * _S)
        self._say(messages.SessionStarted, session_id=session_id, participant=str(first["participant"]),
                  profile_version=1, programme="synthetic_study", mode=str(first["mode"]), origin="scripted",
                  intact_side="right", software_version="0.1.0", runtime="none", seed=1, joints=JOINTS,
                  xr_ns=self._now, utc_ns=utc_ns)  # fmt: skip
        self._say(messages.Happened, name="settings_in_force", detail={"limb_opacity_ratio": 1.0, "smoothing": True})
        self._rate("before", None, "given", float(first["pain_at_start"]))
        for number, run in enumerate(runs.itertuples(), 1):
            self._perform(number, run)
        self.frames = np.concatenate(self._parts) if self._parts else self._layout.new_record()[:0]
        self._say(messages.SessionEnded, status="completed", last_motion_seq=len(self.frames))

    def _say(self, kind: Callable[..., messages.Event], **facts: Any) -> None:
        self.events.append(kind(mono_ns=self._now, **facts))

    def _rate(self, phase: messages.Phase, run: str | None, status: str, value: float | None) -> None:
        self._ratings += 1
        rating = f"{self.id}-r{self._ratings:02d}"
        self._say(messages.RatingAsked, rating_id=rating, task_run_id=run, phase=phase, site="PLP", scale="NRS-11")
        self._now += 5 * _S
        self._say(messages.RatingAnswered, rating_id=rating, status=status, value=value, source="participant",
                  by="gaze")  # fmt: skip

    def _perform(self, number: int, run: Any) -> None:
        self._now = max(self._now, self._began + int(run.time_in_session_s * _S))
        limb = "arm" if run.task == "reach_touch" else "hand"
        self._say(messages.TaskStarted, task_run_id=run.task_run_id, run_number=number, block_index=(number - 1) // 3,
                  task_index=(number - 1) % 3, task=run.task, mode=run.mode, limb=limb, side="left",
                  parameters={"goal": int(run.repetitions)})  # fmt: skip
        if self._movement_s:
            self._parts.append(self._move(number, str(run.task)))
        self._now += int(run.duration_s * _S)
        self._say(messages.TaskEnded, task_run_id=run.task_run_id, status="completed", duration_s=float(run.duration_s),
                  repetitions=int(run.repetitions))  # fmt: skip
        is_given = run.rating_status == "given"
        self._rate("after_task", run.task_run_id, str(run.rating_status), float(run.pain_after) if is_given else None)

    def _move(self, number: int, task: str) -> NDArray[np.void]:
        """Frames of the intact right arm moving to and fro as people do, mirrored to the left."""
        time_s = np.arange(round(self._movement_s * self._rate_hz)) / self._rate_hz
        frames = np.repeat(self._layout.new_record(), len(time_s))
        half_s = self._random.uniform(0.6, 0.9)
        bend = to_and_fro(time_s, half_s) * self._random.uniform(0.8, 1.0)
        arm = _arm(task, bend) + self._random.normal(0, 2e-4, (len(time_s), len(ARM), 3))
        frames["frame"] = np.arange(1, len(time_s) + 1) + sum(map(len, self._parts))
        frames["mono_ns"] = self._now + (time_s * 1e9).astype(np.int64)
        frames["display_time_ns"] = frames["mono_ns"] + 20_000_000
        frames["run_number"] = number
        frames["pose_age_ns"] = 20_000_000
        for body in ("tracked", "virtual"):
            poses, codes = frames[body], frames[f"{body}_provenance"]
            poses[:, 0] = (0.0, 1.2, 0.0, 0.0, 0.0, 0.0, 1.0)
            codes[:, 0] = PROVENANCE.index("scripted")
            right = slice(1 + len(ARM), 1 + 2 * len(ARM))
            poses[:, right, :3], poses[:, right, 3:] = arm, (0.0, 0.0, 0.0, 1.0)
            codes[:, right] = PROVENANCE.index("scripted")
            if body == "virtual":
                poses[:, 1 : 1 + len(ARM)] = poses[:, right] * (-1, 1, 1, 1, 1, 1, 1)
                codes[:, 1 : 1 + len(ARM)] = PROVENANCE.index("mirrored")
        return frames


def to_and_fro(time_s: NDArray[np.float64], half_s: float, rest_s: float = 0.3) -> NDArray[np.float64]:
    """0 to 1 and back, each way a minimum-jerk movement (Flash & Hogan 1985) of `half_s`, with rests between."""
    phase = np.mod(time_s - rest_s, half_s + rest_s) / half_s
    tau = np.clip(phase, 0.0, 1.0)
    way = tau**3 * (10 - 15 * tau + 6 * tau**2)
    number = np.floor((time_s - rest_s) / (half_s + rest_s))
    return np.where(number < 0, 0.0, np.where(number % 2 == 0, way, 1 - way))


def _arm(task: str, bend: NDArray[np.float64]) -> NDArray[np.float64]:
    """Places of the right arm's joints, (frames, joints of ARM, 3) metres, for how far the movement is, 0 to 1."""
    reach = bend if task == "reach_touch" else np.zeros_like(bend)
    curl = np.zeros_like(bend) if task == "reach_touch" else bend
    shoulder = np.broadcast_to((0.18, 1.0, 0.0), (len(bend), 3))
    # The elbow opens from 80 to 150 degrees in front of the shoulder.
    elbow_angle = np.radians(80 + 70 * reach)
    lift = np.radians(20 + 40 * reach)
    upper = np.stack([np.zeros_like(lift), -np.cos(lift), -np.sin(lift)], axis=1)
    fore_angle = lift + math.pi - elbow_angle
    fore = np.stack([np.zeros_like(lift), -np.cos(fore_angle), -np.sin(fore_angle)], axis=1)
    elbow = shoulder + 0.30 * upper
    places = [shoulder, elbow, elbow + 0.26 * fore]
    angle = fore_angle
    places.append(places[-1] + 0.03 * fore)
    for length, most in zip((0.065, 0.045, 0.025, 0.02), (0.0, 80.0, 90.0, 50.0), strict=True):
        angle = angle - np.radians(most) * curl
        places.append(places[-1] + length * np.stack([0 * angle, -np.cos(angle), -np.sin(angle)], axis=1))
    return np.stack(places, axis=1)
