"""OpenXR functions as bare pointers, for what is called every frame.

pyopenxr's own wrappers make structures and enums at each call and cost 5 to 20 us more. Here the caller owns the
structures and passes addresses; the answer is a plain number that `check` turns into an error when it is one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes import CFUNCTYPE, PYFUNCTYPE, c_int, c_int64, c_void_p, cast
from typing import Any

import xr

from vrrehab.xr.errors import CallFailed, RuntimeLost

#: Argument types: handles and structures go by address.
ADDRESS, TIME = c_void_p, c_int64

SUCCESS = 0
TIMEOUT_EXPIRED = 1
SESSION_LOSS_PENDING = 3
EVENT_UNAVAILABLE = 4
SESSION_NOT_FOCUSED = 8
FRAME_DISCARDED = 9

_LOST = {
    xr.Result.ERROR_INSTANCE_LOST.value,
    xr.Result.ERROR_SESSION_LOST.value,
    # Monado answers these once its service has gone; no call here can cause them otherwise.
    xr.Result.ERROR_RUNTIME_FAILURE.value,
    xr.Result.ERROR_RUNTIME_UNAVAILABLE.value,
}

Call = Callable[..., int]


def load(instance: xr.Instance, name: str, *arguments: Any, may_wait: bool = False) -> Call:
    """The function `name` of this instance, taking `arguments` and answering an XrResult as a number.

    may_wait: whether it may wait for the runtime or the display. Then other threads run meanwhile; calls that only
    ask keep the interpreter, since handing it over and back can cost more than they do.
    """
    prototype = (CFUNCTYPE if may_wait else PYFUNCTYPE)(c_int, *arguments)
    pointer = cast(xr.get_instance_proc_addr(instance, name), c_void_p).value
    assert pointer is not None
    call: Call = prototype(pointer)
    return call


def address(handle: Any) -> int:
    """A handle as the number that bare calls take."""
    value = cast(handle, c_void_p).value
    return 0 if value is None else value


def check(result: int, function: str) -> None:
    """Raises `RuntimeLost` or `CallFailed` if `result` is an error."""
    if result >= 0:
        return
    try:
        name = xr.Result(result).name
    except ValueError:
        name = "an unknown error"
    if result in _LOST:
        raise RuntimeLost(
            f"Expected the headset's runtime to go on, but {function} answered {name} ({result}). Restart the "
            "headset's program; the session goes on and reconnects by itself."
        )
    raise CallFailed(function, result, name)


@contextmanager
def translated(function: str) -> Iterator[None]:
    """For calls made through pyopenxr's wrappers, outside the frame: their errors become this package's."""
    try:
        yield
    except xr.exception.ResultException as error:
        code = error.get_result_enum()
        if code is xr.Result.SESSION_LOSS_PENDING:
            code = xr.Result.ERROR_SESSION_LOST
        check(code.value if code is not None and code.value < 0 else xr.Result.ERROR_RUNTIME_FAILURE.value, function)
