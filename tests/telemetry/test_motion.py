from __future__ import annotations

import msgspec
import numpy as np
import pytest

from telemetry.journal import Entry
from telemetry.motion import FrameLayout, Gap, last_mono_ns

LAYOUT = FrameLayout(("centre_head", "left_wrist"))


def test_a_new_record_says_that_nothing_is_known() -> None:
    record = LAYOUT.new_record()
    assert record.shape == (1,)
    assert np.isnan(record["tracked"]).all()
    assert np.isnan(record["virtual"]).all()
    assert not record["tracked_provenance"].any()
    assert record["run_number"] == 0
    assert record["tracked"].shape == (1, 2, 7)


def test_a_record_has_no_hidden_bytes() -> None:
    joints = 2
    times = 4 * 8 + 4 + 5 * 4
    assert LAYOUT.dtype.itemsize == times + 2 * joints * (7 * 4 + 1)


def test_frames_come_back_from_their_bytes() -> None:
    record = LAYOUT.new_record()
    record["frame"] = 5
    record["virtual"][0, 1] = np.arange(7)
    frames = LAYOUT.frames(record.tobytes() * 3)
    assert frames["frame"].tolist() == [5, 5, 5]
    assert frames["virtual"][2, 1].tolist() == list(range(7))


def test_bytes_of_another_layout_are_refused() -> None:
    with pytest.raises(ValueError, match="other joints"):
        LAYOUT.frames(b"x" * (LAYOUT.dtype.itemsize + 1))


def test_the_last_time_in_an_entry_is_found_without_knowing_its_joints() -> None:
    record = LAYOUT.new_record()
    first = record.tobytes()
    record["mono_ns"] = 77
    assert last_mono_ns(Entry(1, 2, False, first + record.tobytes())) == 77
    assert last_mono_ns(Entry(1, 9, True, msgspec.msgpack.encode(Gap(88, "full")))) == 88
