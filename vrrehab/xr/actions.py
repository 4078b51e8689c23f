"""Controllers, hands that pinch, and trackers: where each is, where it points, and its buttons: `select`, and those
that stop, hide and cover.

A device goes by its path, as `/user/hand/left`. The wearer's own choice of binding in the runtime's settings wins over
what is suggested here.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable
from ctypes import addressof
from typing import Literal

import numpy as np
import xr
from numpy.typing import NDArray

from vrrehab.xr import calls, trackers
from vrrehab.xr.errors import CallFailed
from vrrehab.xr.runtime import HAND_INTERACTION, VIVE_TRACKERS, Runtime
from vrrehab.xr.session import Session
from vrrehab.xr.spaces import TRACKED, VALID, Located

SideName = Literal["left", "right"]
SIDES: tuple[SideName, SideName] = ("left", "right")

#: The device that is held in a hand, by side.
IN_HAND: dict[SideName, str] = {side: f"/user/hand/{side}" for side in SIDES}

_SELECT = {
    "khr/simple_controller": "select/click",
    "oculus/touch_controller": "trigger/value",
    "valve/index_controller": "trigger/click",
    "htc/vive_controller": "trigger/click",
    "microsoft/motion_controller": "trigger/value",
}
#: What one press of a button asks for, and the inputs that do it, as far as a controller has them: on either side what
#: is in the same place. Nothing is on a grip, which is squeezed without meaning to.
SELECT, STOP, HIDE, COVER = "select", "stop", "hide", "cover"
_Asks = dict[str, tuple[str, ...]]


def _both(asks: _Asks) -> dict[SideName, _Asks]:
    return {side: asks for side in SIDES}


_BUTTONS: dict[str, dict[SideName, _Asks]] = {
    "khr/simple_controller": _both({STOP: ("menu/click",)}),
    "oculus/touch_controller": {
        "left": {STOP: ("menu/click", "y/click"), HIDE: ("x/click",), COVER: ("thumbstick/click",)},
        "right": {STOP: ("b/click",), HIDE: ("a/click",), COVER: ("thumbstick/click",)},
    },
    "valve/index_controller": _both({STOP: ("b/click",), HIDE: ("a/click",), COVER: ("thumbstick/click",)}),
    "htc/vive_controller": _both({STOP: ("menu/click",), HIDE: ("trackpad/click",)}),
    "microsoft/motion_controller": _both(
        {STOP: ("menu/click",), HIDE: ("trackpad/click",), COVER: ("thumbstick/click",)}
    ),
}


class Controllers:
    """Every device's grip, and both hands' aim and select. Attached to the session at once, so one per session.

    devices: the paths that `grip` takes. trackers_refused: why the runtime did not take the trackers that it offers.
    """

    def __init__(self, session: Session, reference: xr.Space) -> None:
        self._session = session
        runtime = session.runtime
        with calls.translated("xrCreateActionSet"):
            actions = xr.create_action_set(runtime.instance, xr.ActionSetCreateInfo("session", "Session", 0))

        def action(name: str, label: str, kind: xr.ActionType, devices: Iterable[str]) -> xr.Action:
            paths = [runtime.path(device) for device in devices]
            with calls.translated("xrCreateAction"):
                return xr.create_action(
                    actions,
                    xr.ActionCreateInfo(
                        action_name=name, action_type=kind, subaction_paths=paths, localized_action_name=label
                    ),
                )

        held = IN_HAND.values()
        grip = action("grip", "Where it is held", xr.ActionType.POSE_INPUT, held)
        aim = action("aim", "Where it points", xr.ActionType.POSE_INPUT, held)
        buttons = {
            name: action(name, label, xr.ActionType.BOOLEAN_INPUT, held)
            for name, label in ((SELECT, "Choose"), (STOP, "Stop"), (HIDE, "Hide the limb"), (COVER, "Cover the limb"))
        }

        def suggest(profile: str, button: str, *poses: tuple[xr.Action, str]) -> None:
            parts = (*poses, (buttons[SELECT], button))
            bindings = [(each, f"{hand}/input/{part}") for hand in held for each, part in parts]
            for side, asks in _BUTTONS.get(profile, {}).items():
                bindings += [
                    (buttons[name], f"{IN_HAND[side]}/input/{part}") for name, parts in asks.items() for part in parts
                ]
            _suggest(runtime, profile, bindings)

        for profile, button in _SELECT.items():
            suggest(profile, button, (grip, "grip/pose"), (aim, "aim/pose"))
        if runtime.has(HAND_INTERACTION):
            # No grip: a bare hand must not pass for the controller that is strapped to a leg.
            suggest("ext/hand_interaction_ext", "pinch_ext/value", (aim, "aim/pose"))

        grips = dict.fromkeys(held, grip)
        self.trackers_refused = ""
        if runtime.has(VIVE_TRACKERS):
            roles = trackers.role_paths(runtime.offered[VIVE_TRACKERS])
            try:
                worn = action("worn", "Where it is worn", xr.ActionType.POSE_INPUT, roles)
                _suggest(runtime, trackers.PROFILE, [(worn, f"{role}/input/grip/pose") for role in roles])
                grips |= dict.fromkeys(roles, worn)
            except CallFailed as error:
                self.trackers_refused = str(error)  # the rest of the session goes on without them

        with calls.translated("xrAttachSessionActionSets"):
            xr.attach_session_action_sets(session.handle, xr.SessionActionSetsAttachInfo(action_sets=[actions]))

        def located(each: xr.Action, device: str) -> Located:
            create = xr.ActionSpaceCreateInfo(each, runtime.path(device), xr.Posef())
            with calls.translated("xrCreateActionSpace"):
                return Located(session, xr.create_action_space(session.handle, create), reference)

        self._grip = {device: located(each, device) for device, each in grips.items()}
        self._aim = {hand: located(aim, hand) for hand in held}
        self.devices = tuple(self._grip)

        active = (xr.ActiveActionSet * 1)(xr.ActiveActionSet(actions, 0))
        sync = xr.ActionsSyncInfo()
        sync.count_active_action_sets = 1
        sync._active_action_sets = ctypes.cast(active, type(sync._active_action_sets))
        asks = {
            (name, hand): xr.ActionStateGetInfo(button, runtime.path(hand))
            for name, button in buttons.items()
            for hand in held
        }
        poses = {hand: xr.ActionStateGetInfo(grip, runtime.path(hand)) for hand in held}
        self._state, self._pose_state = xr.ActionStateBoolean(), xr.ActionStatePose()
        self._kept = (actions, grip, aim, buttons, active, sync, asks, poses)
        number = calls.address(session.handle)
        self._sync_arguments = (number, addressof(sync))
        self._ask_arguments = {each: (number, addressof(ask), addressof(self._state)) for each, ask in asks.items()}
        self._pose_arguments = {
            hand: (number, addressof(ask), addressof(self._pose_state)) for hand, ask in poses.items()
        }
        pointer = calls.ADDRESS
        self._sync = runtime.function("xrSyncActions", pointer, pointer)
        self._ask = runtime.function("xrGetActionStateBoolean", pointer, pointer, pointer)
        self._ask_pose = runtime.function("xrGetActionStatePose", pointer, pointer, pointer)
        self._focused = False
        #: The hands that hold nothing, so that nobody asks the runtime where that is.
        self._empty: set[str] = set(held)

    def sync(self) -> None:
        """Takes the controllers' present state, for all that is asked until the next time."""
        result = self._sync(*self._sync_arguments)
        calls.check(result, "xrSyncActions")
        self._focused = result != calls.SESSION_NOT_FOCUSED
        if not self._focused:  # then nothing is told, and what was held is held
            return
        for hand, arguments in self._pose_arguments.items():
            calls.check(self._ask_pose(*arguments), "xrGetActionStatePose")
            if self._pose_state.is_active:
                self._empty.discard(hand)
            else:
                self._empty.add(hand)

    @property
    def held(self) -> bool:
        """Whether a hand holds a controller, which may be out of the cameras' sight, or the hand in it seen instead."""
        return len(self._empty) < len(self._pose_arguments)

    def pressed(self, button: str, hand: str) -> bool:
        """Whether this button (`SELECT`, `STOP`, `HIDE` or `COVER`) is down in this hand; never while the session has
        no focus (a system menu is open). A hand without a controller has nothing but a pinch, its `SELECT`.
        """
        if not self._focused or (button != SELECT and hand in self._empty):
            return False
        calls.check(self._ask(*self._ask_arguments[button, hand]), "xrGetActionStateBoolean")
        return bool(self._state.current_state and self._state.is_active)

    def grip(self, device: str, time_ns: int, out: NDArray[np.float64]) -> bool:
        """Writes a device's grip pose at `time_ns` (XrTime) into `out` (7,); False where it is not seen.

        A device that this runtime does not know (a tracker's role, where there are no trackers) is never seen.
        """
        if not self._focused or device in self._empty:
            return False
        located = self._grip.get(device)
        return located is not None and located.locate(time_ns, out) & TRACKED == TRACKED

    def aim(self, hand: str, time_ns: int, out: NDArray[np.float64]) -> bool:
        """As `grip`: -Z points where the controller, or the pinching hand, points."""
        return self._focused and self._aim[hand].locate(time_ns, out) & VALID == VALID


def _suggest(runtime: Runtime, profile: str, bindings: list[tuple[xr.Action, str]]) -> None:
    """What a kind of device would best do. Raises `CallFailed` where the runtime does not know one of the paths."""
    suggested = [xr.ActionSuggestedBinding(action, runtime.path(path)) for action, path in bindings]
    with calls.translated("xrSuggestInteractionProfileBindings"):
        xr.suggest_interaction_profile_bindings(
            runtime.instance,
            xr.InteractionProfileSuggestedBinding(runtime.path(f"/interaction_profiles/{profile}"), None, suggested),
        )
