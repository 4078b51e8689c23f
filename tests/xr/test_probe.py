"""What the doctor says of a headset, on a runtime that offers all that there is."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from vrrehab.xr import probe, runtime
from vrrehab.xr.probe import OPTIONAL, UNTESTED, Verdict


def test_what_never_ran_on_hardware_is_called_untested_where_it_is_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = SimpleNamespace(
        name="a runtime", version="1", headset="a headset", has=lambda _: True, tracks_hands=True, close=lambda: None
    )
    monkeypatch.setattr(probe, "offered_extensions", lambda: {runtime.OPENGL, *OPTIONAL})
    monkeypatch.setattr(probe, "Runtime", lambda: opened)
    monkeypatch.setattr(probe, "_hands", lambda opened: ())
    said = {finding.about: finding for finding in probe.probe()}
    assert "XR_HTCX_vive_tracker_interaction" in UNTESTED
    for name in OPTIONAL:
        assert (said[name].verdict is Verdict.LESS) == (name in UNTESTED)
        assert ("untested: never run on hardware" in said[name].found) == (name in UNTESTED)
