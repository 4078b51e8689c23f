"""Controllers, and hands that pinch: where they are held, where they point, and one button, `select`.

The wearer's own choice of binding in the runtime's settings wins over what is suggested here.
"""

from __future__ import annotations

import ctypes
from ctypes import addressof
from typing import Literal

import numpy as np
import xr
from numpy.typing import NDArray

from vrrehab.xr import calls
from vrrehab.xr.runtime import HAND_INTERACTION
from vrrehab.xr.session import Session
from vrrehab.xr.spaces import TRACKED, VALID, Located

SideName = Literal["left", "right"]
SIDES: tuple[SideName, SideName] = ("left", "right")

_SELECT = {
    "khr/simple_controller": "select/click",
    "oculus/touch_controller": "trigger/value",
    "valve/index_controller": "trigger/click",
    "htc/vive_controller": "trigger/click",
    "microsoft/motion_controller": "trigger/value",
}
_PINCH = {"ext/hand_interaction_ext": "pinch_ext/value"}


class Controllers:
    """Both sides' grip, aim and select. Attached to the session at once, so one per session."""

    def __init__(self, session: Session, reference: xr.Space) -> None:
        self._session = session
        runtime = session.runtime
        instance = runtime.instance

        def path(text: str) -> int:
            return int(xr.string_to_path(instance, text).value)

        hands = [path(f"/user/hand/{side}") for side in SIDES]
        with calls.translated("xrCreateActionSet"):
            actions = xr.create_action_set(instance, xr.ActionSetCreateInfo("session", "Session", 0))

        def action(name: str, label: str, kind: xr.ActionType) -> xr.Action:
            with calls.translated("xrCreateAction"):
                return xr.create_action(
                    actions,
                    xr.ActionCreateInfo(
                        action_name=name,
                        action_type=kind,
                        subaction_paths=hands,
                        localized_action_name=label,
                    ),
                )

        grip = action("grip", "Where it is held", xr.ActionType.POSE_INPUT)
        aim = action("aim", "Where it points", xr.ActionType.POSE_INPUT)
        select = action("select", "Choose", xr.ActionType.BOOLEAN_INPUT)

        profiles = _SELECT | (_PINCH if runtime.has(HAND_INTERACTION) else {})
        for profile, button in profiles.items():
            bindings = [
                xr.ActionSuggestedBinding(each, path(f"/user/hand/{side}/input/{part}"))
                for side in SIDES
                for each, part in ((grip, "grip/pose"), (aim, "aim/pose"), (select, button))
            ]
            with calls.translated("xrSuggestInteractionProfileBindings"):
                xr.suggest_interaction_profile_bindings(
                    instance,
                    xr.InteractionProfileSuggestedBinding(path(f"/interaction_profiles/{profile}"), None, bindings),
                )
        with calls.translated("xrAttachSessionActionSets"):
            xr.attach_session_action_sets(session.handle, xr.SessionActionSetsAttachInfo(action_sets=[actions]))

        def spaces(each: xr.Action) -> dict[SideName, Located]:
            with calls.translated("xrCreateActionSpace"):
                return {
                    side: Located(
                        session,
                        xr.create_action_space(session.handle, xr.ActionSpaceCreateInfo(each, hand, xr.Posef())),
                        reference,
                    )
                    for side, hand in zip(SIDES, hands, strict=True)
                }

        self._grip, self._aim = spaces(grip), spaces(aim)

        active = (xr.ActiveActionSet * 1)(xr.ActiveActionSet(actions, 0))
        sync = xr.ActionsSyncInfo()
        sync.count_active_action_sets = 1
        sync._active_action_sets = ctypes.cast(active, type(sync._active_action_sets))
        asks = [xr.ActionStateGetInfo(select, hand) for hand in hands]
        self._select = xr.ActionStateBoolean()
        self._kept = (actions, grip, aim, select, active, sync, asks)
        number = calls.address(session.handle)
        self._sync_arguments = (number, addressof(sync))
        self._ask_arguments = [(number, addressof(ask), addressof(self._select)) for ask in asks]
        pointer = calls.ADDRESS
        self._sync = runtime.function("xrSyncActions", pointer, pointer)
        self._ask = runtime.function("xrGetActionStateBoolean", pointer, pointer, pointer)
        self._focused = False

    def sync(self) -> None:
        """Takes the controllers' present state; once a frame, before the rest."""
        result = self._sync(*self._sync_arguments)
        calls.check(result, "xrSyncActions")
        self._focused = result != calls.SESSION_NOT_FOCUSED

    def selecting(self) -> bool:
        """Whether select is held on either side; never while the session has no focus (a system menu is open)."""
        if not self._focused:
            return False
        for arguments in self._ask_arguments:
            calls.check(self._ask(*arguments), "xrGetActionStateBoolean")
            if self._select.current_state and self._select.is_active:
                return True
        return False

    def grip(self, side: SideName, time_ns: int, out: NDArray[np.float64]) -> bool:
        """Writes the grip pose at `time_ns` (XrTime) into `out` (7,); False where no controller is seen."""
        return self._focused and self._grip[side].locate(time_ns, out) & TRACKED == TRACKED

    def aim(self, side: SideName, time_ns: int, out: NDArray[np.float64]) -> bool:
        """As `grip`: -Z points where the controller, or the pinching hand, points."""
        return self._focused and self._aim[side].locate(time_ns, out) & VALID == VALID
