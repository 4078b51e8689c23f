"""What can go wrong between this program and a headset, each with what to do about it."""

from __future__ import annotations


class XrError(RuntimeError):
    """Any trouble with the headset or its runtime."""


class NoRuntime(XrError):
    """No OpenXR runtime answers on this machine; `said` is what was found instead."""

    def __init__(self, said: str) -> None:
        self.said = said
        super().__init__(
            f"Expected an OpenXR runtime to answer, but {said}. Start the headset's program (Meta Quest Link, SteamVR, "
            "Monado ...) and set it as the active OpenXR runtime; `vrrehab doctor` says what it finds."
        )


class NoHeadset(XrError):
    """A runtime is there, and no headset with it."""

    def __init__(self, runtime: str) -> None:
        super().__init__(
            f"Expected a headset, but the runtime {runtime} has none connected. Connect it, put it on once so that it "
            "wakes, and try again."
        )


class RuntimeLost(XrError):
    """The runtime or its session went away in the middle; a new one may be made."""


class UnsupportedRuntime(XrError):
    """The runtime lacks something that cannot be done without; the message names it."""


class CallFailed(XrError):
    """A call that should not fail did: a bug here or in the runtime."""

    def __init__(self, function: str, result: int, name: str) -> None:
        self.result = result
        super().__init__(
            f"Expected {function} to succeed, but it answered {name} ({result}). Restart the headset's program; if it "
            "happens again, report it with the output of `vrrehab doctor`."
        )
