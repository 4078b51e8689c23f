"""A session without a headset, script or screen: hands over what a real one would, a call a piece."""

from __future__ import annotations

import time
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from telemetry import messages
from telemetry.motion import FrameLayout

#: Few joints, so that tests are quick; nothing depends on their number.
JOINTS = ("centre_head", "left_wrist", "right_wrist")


class Recording(Protocol):
    """What a session hands its record to; `Sender` is one."""

    @property
    def last_motion_seq(self) -> int: ...

    def event(self, event: messages.Event) -> None: ...

    def frame(self, record: NDArray[np.void]) -> None: ...


class PretendSession:
    """Hands a session over, a call a piece. Time passes by 11 ms a frame and 1 s an event, whatever the clock says."""

    def __init__(
        self,
        record: Recording,
        session_id: str = "S1",
        participant: str = "P001",
        joints: tuple[str, ...] = JOINTS,
        utc_ns: int | None = None,
        origin: messages.Origin = "scripted",
    ) -> None:
        self.session_id = session_id
        self.now_ns = 1_000_000_000
        self.frames = 0
        self._record = record
        self._row = FrameLayout(joints).new_record()
        self._runs = 0
        self._ratings = 0
        self._random = np.random.default_rng(7)
        record.event(
            messages.SessionStarted(
                mono_ns=self.now_ns,
                session_id=session_id,
                participant=participant,
                profile_version=1,
                programme="short",
                mode="mirror",
                origin=origin,
                intact_side="right",
                software_version="0.1.0",
                runtime="none",
                seed=1,
                joints=joints,
                xr_ns=self.now_ns + 5_000,
                utc_ns=time.time_ns() if utc_ns is None else utc_ns,
            )
        )

    def move(self, frames: int, pause_s: float = 0.0) -> None:
        """Hand over frames with poses that differ from frame to frame; a joint is never seen."""
        row = self._row
        for _ in range(frames):
            self.frames += 1
            self.now_ns += 11_000_000
            row["frame"] = self.frames
            row["mono_ns"] = self.now_ns
            row["display_time_ns"] = self.now_ns + 25_000
            row["pose_age_ns"] = 20_000
            for body in ("tracked", "virtual"):
                row[body] = self._random.normal(size=row[body].shape)
                row[body][:, 0] = np.nan
                row[f"{body}_provenance"] = 1 + self.frames % 5
                row[f"{body}_provenance"][:, 0] = 0
            self._record.frame(row)
            if pause_s:
                time.sleep(pause_s)

    def begin_task(self, task: str = "open_close") -> str:
        self._runs += 1
        self._row["run_number"] = self._runs
        task_run_id = f"{self.session_id}-t{self._runs:02d}"
        self._record.event(
            messages.TaskStarted(
                mono_ns=self._later(),
                task_run_id=task_run_id,
                run_number=self._runs,
                block_index=(self._runs - 1) // 2,
                task_index=(self._runs - 1) % 2,
                task=task,
                mode="mirror",
                limb="hand",
                side="left",
                parameters={"goal": 5},
            )
        )
        return task_run_id

    def end_task(self, task_run_id: str, status: messages.TaskStatus = "completed") -> None:
        self._row["run_number"] = 0
        self._record.event(
            messages.TaskEnded(
                mono_ns=self._later(), task_run_id=task_run_id, status=status, duration_s=12.5, repetitions=5
            )
        )

    def ask(
        self,
        phase: messages.Phase,
        task_run_id: str | None = None,
        site: messages.Site = "PLP",
        item: str = "",
        scale: str = "nrs_0_10",
    ) -> str:
        self._ratings += 1
        rating_id = f"{self.session_id}-r{self._ratings:02d}"
        self._record.event(
            messages.RatingAsked(
                mono_ns=self._later(),
                rating_id=rating_id,
                task_run_id=task_run_id,
                phase=phase,
                site=site,
                scale=scale,
                item=item,
            )
        )
        return rating_id

    def answer(self, rating_id: str, value: float | None, status: messages.RatingStatus = "given") -> None:
        self._record.event(
            messages.RatingAnswered(
                mono_ns=self._later(), rating_id=rating_id, status=status, value=value, source="participant", by="gaze"
            )
        )

    def correct(self, supersedes: str, value: float) -> str:
        rating_id = f"{supersedes}c"
        self._record.event(
            messages.RatingCorrected(
                mono_ns=self._later(),
                rating_id=rating_id,
                supersedes=supersedes,
                value=value,
                source="therapist",
                who="anna",
            )
        )
        return rating_id

    def happened(self, name: str, **detail: float | int | str | bool | None) -> None:
        self._record.event(messages.Happened(mono_ns=self._later(), name=name, detail=detail))

    def score(self, task_run_id: str, **measures: float | int | str | bool | None) -> None:
        """What the task measured in that run."""
        self._record.event(
            messages.Happened(mono_ns=self._later(), name="score", task_run_id=task_run_id, detail=measures)
        )

    def adverse_event(self, **facts: Any) -> None:
        """A dizzy spell, mild and possibly related, unless `facts` say otherwise."""
        usual = {"who": "anna", "what": "dizziness", "severity": "mild", "serious": False, "relatedness": "possible",
                 "action": "paused", "text": ""}  # fmt: skip
        self._record.event(messages.AdverseEvent(mono_ns=self._later(), **{**usual, **facts}))

    def change_setting(self, name: str, old: float, new: float) -> None:
        self._record.event(
            messages.SettingChanged(
                mono_ns=self._later(), who="anna", name=name, old=old, new=new, applied_frame=self.frames + 1
            )
        )

    def end(self, status: messages.SessionStatus = "completed") -> None:
        self._record.event(
            messages.SessionEnded(mono_ns=self._later(), status=status, last_motion_seq=self._record.last_motion_seq)
        )

    def perform(self, values: tuple[float | None, ...], frames: int = 30, pause_s: float = 0.0) -> None:
        """A whole session: a rating before, then a task for each value, rated so; None is declined."""
        self.answer(self.ask("before"), 7.0)
        for value in values:
            run = self.begin_task()
            self.move(frames, pause_s)
            self.end_task(run)
            self.answer(self.ask("after_task", run), value, "declined" if value is None else "given")
        self.end()

    def _later(self) -> int:
        self.now_ns += 1_000_000_000
        return self.now_ns
