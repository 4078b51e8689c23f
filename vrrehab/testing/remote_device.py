"""A person's head and hands, played into a real OpenXR runtime by a program: Monado's `remote` device.

The runtime hands back the head as it was sent, and 26 joints a hand made from its grip pose and the curl of
each finger. Poses are as everywhere (`vrrehab.geometry`), in the runtime's stage space; nothing is smoothed here.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vrrehab.body.skeleton import Side

#: The environment variable that says where a runtime of `vrrehab.testing.monado` listens.
PORT_VARIABLE = "VRREHAB_REMOTE_PORT"
DEFAULT_PORT = 4242

_POSE = [("quaternion", "<f4", 4), ("position", "<f4", 3)]
_VIEW = np.dtype([("fov", "<f4", 4), *_POSE, ("pad", "<u4")])
_HEAD = np.dtype([("views", _VIEW, 2), ("centre", _POSE), ("per_view_data_valid", "?"), ("pad", "u1", 3)])
_BUTTONS = (
    "system_click", "system_touch", "a_click", "a_touch", "b_click", "b_touch",
    "trigger_click", "trigger_touch", "thumbstick_click", "thumbstick_touch", "trackpad_touch",
)  # fmt: skip
_HAND = np.dtype([
    *_POSE, ("linear_velocity", "<f4", 3), ("angular_velocity", "<f4", 3), ("curl", "<f4", 5),
    ("trigger", "<f4"), ("squeeze", "<f4"), ("squeeze_force", "<f4"), ("thumbstick", "<f4", 2),
    ("trackpad_force", "<f4"), ("trackpad", "<f4", 2),
    ("hand_tracking_active", "?"), ("active", "?"), *((name, "?") for name in _BUTTONS), ("pad", "u1", 3),
])  # fmt: skip
#: Version 3 of Monado's `struct r_remote_data`, 376 bytes.
PACKET = np.dtype([("header", "S8"), ("head", _HEAD), ("left", _HAND), ("right", _HAND)])
assert PACKET.itemsize == 376

_HEADER = b"mndrmt3"
_CONNECT_LIMIT_S = 10.0


class RemoteDevice:
    """Sets head and hands; every setter sends at once, so that the runtime's next frame knows.

    Starts seated: head at 1.2 m looking ahead, both hands open in front of it. Any thread may call the setters.

        with RemoteDevice() as person:
            person.hand(Side.RIGHT, pose([0.2, 1.0, -0.4]), curl=0.8)
            person.lose(Side.RIGHT)
    """

    def __init__(self, port: int | None = None) -> None:
        self._port = port if port is not None else int(os.environ.get(PORT_VARIABLE, DEFAULT_PORT))
        self._lock = threading.Lock()
        self._packet = np.zeros((), PACKET)
        self._packet["header"] = _HEADER
        self._packet["head"]["centre"]["quaternion"] = (0, 0, 0, 1)
        self._packet["head"]["centre"]["position"] = (0.0, 1.2, 0.0)
        for side in Side:
            hand = self._packet[side]
            hand["quaternion"] = (0, 0, 0, 1)
            hand["position"] = (-0.2 if side is Side.LEFT else 0.2, 1.0, -0.4)
            hand["active"] = hand["hand_tracking_active"] = True
        self._socket = self._connect()
        self._send()

    def head(self, head_pose: NDArray[np.float64]) -> None:
        with self._lock:
            _set_pose(self._packet["head"]["centre"], head_pose)
            self._send()

    def hand(self, side: Side, grip_pose: NDArray[np.float64], curl: ArrayLike = 0.0, *, holding: bool = True) -> None:
        """Moves a hand, and shows it if it was lost.

        curl: 0 open to 1 closed, one number or (5,) in the order thumb, index, middle, ring, little. holding: whether
        there is a controller in it too, which some headsets see at the same time.
        """
        with self._lock:
            hand = self._packet[side]
            _set_pose(hand, grip_pose)
            hand["curl"] = np.broadcast_to(np.asarray(curl, float), 5)[::-1]
            hand["hand_tracking_active"] = True
            hand["active"] = holding
            self._send()

    def lose(self, side: Side) -> None:
        """The hand is seen no more, until `hand` moves it again."""
        with self._lock:
            self._packet[side]["active"] = self._packet[side]["hand_tracking_active"] = False
            self._send()

    def hold_controller(self, side: Side, grip_pose: NDArray[np.float64]) -> None:
        """The hand holds a controller: its grip pose is known, its joints are not."""
        with self._lock:
            hand = self._packet[side]
            _set_pose(hand, grip_pose)
            hand["active"] = True
            hand["hand_tracking_active"] = False
            self._send()

    def press(self, side: Side, pressed: bool = True) -> None:
        """Presses or lets go of the controller's main trigger."""
        with self._lock:
            hand = self._packet[side]
            hand["trigger"] = float(pressed)
            hand["trigger_click"] = pressed
            self._send()

    def click(self, side: Side, button: Literal["a", "b", "thumbstick", "system"], pressed: bool = True) -> None:
        """Presses or lets go of another button of the controller."""
        with self._lock:
            self._packet[side][f"{button}_click"] = pressed
            self._send()

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> RemoteDevice:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _connect(self) -> socket.socket:
        # The service opens its port a little after it answers its clients.
        give_up = time.monotonic() + _CONNECT_LIMIT_S
        while True:
            try:
                connection = socket.create_connection(("127.0.0.1", self._port), timeout=1.0)
                break
            except OSError as error:
                if time.monotonic() > give_up:
                    raise ConnectionError(
                        f"Expected Monado's remote device on port {self._port}, but {error}. "
                        "Start monado-service with P_OVERRIDE_ACTIVE_CONFIG=remote."
                    ) from error
                time.sleep(0.05)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # It greets with two packets of its own; once they are here it reads ours.
        greeting = 2 * PACKET.itemsize
        while greeting > 0:
            received = connection.recv(greeting)
            if not received:
                raise ConnectionError("Expected two packets from Monado's remote device, but it closed the connection.")
            greeting -= len(received)
        connection.settimeout(None)
        return connection

    def _send(self) -> None:
        self._socket.sendall(self._packet.tobytes())


def _set_pose(record: NDArray[np.void], value: NDArray[np.float64]) -> None:
    quaternion = np.asarray(value[3:], float)
    length = float(np.linalg.norm(quaternion))
    if not 0.999 < length < 1.001:
        raise ValueError(f"Expected a unit quaternion, but the length of {quaternion} is {length:.3f}. Normalise it.")
    record["position"] = value[:3]
    record["quaternion"] = quaternion / length
