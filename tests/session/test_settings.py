from __future__ import annotations

import pytest

from vrrehab.session.settings import DECLARED, Settings


def test_every_setting_has_a_default_that_it_accepts_and_words_for_a_person() -> None:
    for setting in DECLARED:
        assert setting.accept(setting.default) == setting.default
        assert setting.description.endswith(".")


def test_a_change_is_in_force_at_once_and_tells_old_and_new() -> None:
    settings = Settings()
    assert settings.change("gaze_dwell_s", 2) == (1.0, 2.0)
    assert settings.number("gaze_dwell_s") == 2.0


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("gaze_dwell_s", 99, "gaze_dwell_s expects 0.3 to 5 s, got 99"),
        ("gaze_dwell_s", float("nan"), "expects 0.3 to 5 s, got nan"),
        ("gaze_dwell_s", "slow", "expects a number, got 'slow'"),
        ("gaze_dwell_s", True, "expects a number, got True"),
        ("smoothing", 1, "expects true or false, got 1"),
        ("place_detail", "some", "place_detail expects one of full, calm, got 'some'"),
        ("place_detail", True, "place_detail expects one of full, calm, got True"),
        ("brightness", 1, "no setting 'brightness'; there are"),
    ],
)
def test_a_value_that_cannot_be_is_refused_and_changes_nothing(name: str, value: object, expected: str) -> None:
    settings = Settings()
    before = {name: settings[name] for name in settings}
    with pytest.raises(ValueError, match=expected):
        settings.change(name, value)  # type: ignore[arg-type]
    assert {name: settings[name] for name in settings} == before
