"""Analyses of a whole ledger with planted effects."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pandas as pd
import pytest

from telemetry.analysis import by_session, by_task, courses, given_scores, pain_model, reliable_change_index
from telemetry.analysis.change import reliable_change
from telemetry.analysis.coverage import coverage
from telemetry.analysis.mixed import _design, _fit, _nested
from telemetry.errors import NotAnalysable
from telemetry.testing.study import Truth, simulate

STUDY = simulate(Truth(), participants=12, sessions=10, seed=3)
SCRIPTED = ("scripted",)


def test_nothing_but_a_persons_movement_is_analysed_unless_asked() -> None:
    with pytest.raises(NotAnalysable, match="720 of origin scripted"):
        pain_model(STUDY)
    with pytest.raises(NotAnalysable, match="origin to be one of person, scripted, recording, got 'robot'"):
        given_scores(STUDY, ("robot",))


def test_every_row_that_is_left_out_is_accounted_for() -> None:
    ledger = STUDY.copy()
    ledger.loc[0, "scale"] = "vas_100"
    ledger.loc[ledger.index[6], "pain_before"] = np.nan
    rows, account = given_scores(ledger, SCRIPTED)
    reasons = dict(account.left_out)
    assert len(rows) + sum(reasons.values()) == account.task_runs == len(ledger)
    assert reasons["scored on another scale than NRS-11 or nrs_0_10"] == 1
    assert reasons["with rating declined"] >= (ledger["rating_status"] == "declined").sum() - 1


def test_the_scale_of_a_real_session_is_known() -> None:
    from vrrehab.session.questions import SCALE

    assert given_scores(STUDY.assign(scale=SCALE), SCRIPTED)[1].analysed > 600


def test_planted_effects_are_in_their_intervals() -> None:
    model = pain_model(simulate(Truth(), participants=60, sessions=8, seed=11), SCRIPTED)
    for name, truth in {"task: turn_wrist against open_close_hand": 0.5, "mode: mirror against intact_only": -0.3,
                        "minutes": -0.15}.items():  # fmt: skip
        estimate = model.term(name).estimate
        assert estimate.low <= truth <= estimate.high, name
        assert estimate.high - estimate.low < 0.5
        assert estimate.high < 0 or estimate.low > 0, "and they are told from nothing"


def test_coverage_at_eight_participants_is_what_is_promised() -> None:
    """The small form of `benchmarks/research.py coverage`, with its own Monte-Carlo error."""
    for found in coverage(participants=8, studies=60, sessions=4, seed=500):
        assert found.covered >= 0.95 - 3.5 * np.sqrt(0.95 * 0.05 / 60), found.row()
        assert abs(found.bias) < 4 * found.bias_mc_error + 0.03, found.row()


def test_no_effect_is_found_where_none_was_planted() -> None:
    nothing = Truth(task=dict.fromkeys(Truth().task, 0.0), mode=dict.fromkeys(Truth().mode, 0.0), dose_per_minute=0.0)
    model = pain_model(simulate(nothing, participants=40, sessions=6, seed=5), SCRIPTED)
    assert min(term.p_holm for term in model.terms if term.is_finding) > 0.01


def test_a_model_says_how_it_was_made_and_claims_no_cause() -> None:
    text = str(pain_model(STUDY, SCRIPTED))
    assert "cluster jackknife" in text
    assert "associated with" in text
    assert "unanswered scores taken as worse" in text
    assert "rating declined" in text
    assert "Holm" in text
    with pytest.raises(FrozenInstanceError):
        pain_model(STUDY, SCRIPTED).participants = 3  # type: ignore[misc]


def test_columns_without_variation_are_named_and_the_rest_goes_on() -> None:
    same = STUDY[STUDY["mode"] == "mirror"].assign(duration_s=60.0)
    model = pain_model(same, SCRIPTED)
    assert any("mode is the same in every row (mirror)" in note for note in model.notes)
    assert any("minutes is the same" in note for note in model.notes)
    assert model.term("task: turn_wrist against open_close_hand")


@pytest.mark.parametrize(
    ("ledger", "message"),
    [
        (STUDY[STUDY["participant"] == "SIM001"], "at least 3 participants, got 1"),
        (STUDY.assign(pain_change=-1.0), "pain_change to vary"),
        (STUDY.assign(duration_s=STUDY["duration_s"].where(STUDY.index != 8)), "minutes in every row"),
        (STUDY.assign(pain_after=np.nan), "task runs with pain_before and pain_after"),
        (STUDY.assign(duration_s=60.0 * STUDY["run_number"]), "depend on each other"),
    ],
)
def test_a_ledger_that_allows_no_model_is_told(ledger: pd.DataFrame, message: str) -> None:
    with pytest.raises(NotAnalysable, match=message):
        pain_model(ledger, SCRIPTED)


def test_a_task_run_that_never_ended_keeps_nobody_from_the_model() -> None:
    """As a session leaves it that was killed during a task, or that runs while it is looked at."""
    ledger = STUDY.copy()
    cut_off = ledger.index[8]
    ledger.loc[cut_off, ["pain_after", "pain_change", "duration_s"]] = np.nan
    ledger.loc[cut_off, "rating_status"] = "interrupted"
    model = pain_model(ledger, SCRIPTED)
    assert "1 with rating interrupted" in str(model)
    assert [name for name, _ in model.sensitivity] == [name for name, _ in pain_model(STUDY, SCRIPTED).sensitivity]


def test_what_cannot_be_made_again_in_another_way_is_told_beside_the_model() -> None:
    answered = STUDY["pain_after"].notna()
    seen = STUDY.assign(path_m=np.where(answered, STUDY["duration_s"] % 7, np.nan))
    model = pain_model(seen, SCRIPTED, covariates=["path_m"])
    assert model.term("path_m")
    assert any("taken as worse nothing was made: expected path_m in every row" in note for note in model.notes)


def test_each_participant_counts_once_in_the_change_by_task() -> None:
    table, _ = by_task(STUDY, origins=SCRIPTED)
    own = STUDY[STUDY["task"] == "reach_touch"].groupby("participant")["pain_change"].mean()
    row = table.set_index("task").loc["reach_touch"]
    assert (row["participants"], row["mean"]) == (12, pytest.approx(own.mean()))
    assert row["low"] < row["mean"] < row["high"]
    alone, _ = by_task(STUDY[STUDY["participant"] == "SIM001"], origins=SCRIPTED)
    assert alone["low"].isna().all()


def course_of(starts: list[float]) -> pd.DataFrame:
    rows = simulate(Truth(declined=0, missed=0), 1, len(starts), seed=1)
    return rows.assign(pain_at_start=np.repeat(starts, 6))


def test_a_course_is_judged_by_its_first_and_last_three_sessions() -> None:
    (course,) = courses(course_of([6, 7, 6, 5, 4, 3, 3, 3]), SCRIPTED)
    assert (course.before, course.after) == pytest.approx((19 / 3, 3.0))
    assert (course.by_points, course.by_30_percent, course.responder_50_percent) == (True, True, True)
    assert course.reliable is True
    (small,) = courses(course_of([6, 7, 6, 7, 6, 7, 6, 6]), SCRIPTED)
    assert (small.by_points, small.by_30_percent, small.reliable) == (False, False, False)


def test_exactly_two_points_and_exactly_thirty_percent_count_however_they_are_rounded() -> None:
    # (4 + 4 + 5) / 3 - (2 + 2 + 3) / 3 is 1.9999999999999996 in binary fractions.
    (course,) = courses(course_of([4, 4, 5, 3, 2, 2, 3]), SCRIPTED)
    assert course.by_points is True
    (course,) = courses(course_of([10, 10, 10, 8, 7, 7, 7]), SCRIPTED)
    assert (course.by_30_percent, course.responder_50_percent) == (True, False)


@pytest.mark.parametrize("sessions", [6, 10, 20])
def test_scatter_alone_seldom_passes_for_a_reliable_change(sessions: int) -> None:
    """With 1.96 for t it would for one in ten participants of six sessions."""
    random = np.random.default_rng(7)
    courses_of = np.round(random.normal(5.5, 1.2, (1500, sessions)))
    moved = np.abs(courses_of[:, -3:].mean(axis=1) - courses_of[:, :3].mean(axis=1))
    critical = np.array([reliable_change(course) for course in courses_of])
    assert np.mean(moved > critical) < 0.05 + 2 * np.sqrt(0.05 * 0.95 / 1500)


def test_the_jackknife_is_that_of_the_model_fitted_again_without_each_participant() -> None:
    """Against statsmodels' GLS with the same variances, one participant left out after the other."""
    import statsmodels.api as sm

    rows, _ = given_scores(simulate(Truth(), participants=6, sessions=4, seed=2), SCRIPTED)
    design, _ = _design(rows, ())
    nested = _nested(rows, design)
    variances = replace(nested.variances(), participant=0.05, session=0.1)

    def refitted(kept: pd.Series) -> np.ndarray:
        person, session = (
            np.equal.outer(rows.loc[kept, name].to_numpy(), rows.loc[kept, name].to_numpy())
            for name in ("participant", "session_id")
        )
        of_both = variances.participant * person + variances.session * session
        covariance = variances.residual * np.eye(int(kept.sum())) + of_both
        return sm.GLS(rows.loc[kept, "pain_change"], design[kept], covariance).fit().params.to_numpy()

    fit, whole = _fit(nested, variances), refitted(rows["participant"].notna())
    without = np.array([refitted(rows["participant"] != code) for code in rows["participant"].unique()])
    np.testing.assert_allclose(fit.beta, whole, rtol=1e-7)
    np.testing.assert_allclose(fit.standard_error, np.sqrt(5 / 6 * ((without - whole) ** 2).sum(axis=0)), rtol=1e-6)


def test_a_short_course_has_no_responder() -> None:
    (course,) = courses(course_of([8, 2, 1]), SCRIPTED)
    assert course.responder_50_percent is None
    assert "3 of 3 sessions with a score at their start, fewer than the 6" in str(course)
    (unscored,) = courses(course_of([8, np.nan, 7, 6, np.nan, 5, 5]), SCRIPTED)
    assert "5 of 7 sessions with a score" in str(unscored)


def test_reliable_change_is_jacobson_and_truax() -> None:
    # Jacobson & Truax 1991, p. 14: 47.5 to 32.5, s = 7.5, r = .80 gives -3.16.
    assert reliable_change_index(47.5, 32.5, 7.5, 0.80) == pytest.approx(-3.16, abs=0.005)


def test_a_course_following_griffin_is_recovered() -> None:
    """A planted fall over 21 sessions, seen at 7, 14 and 21 as it was planted."""
    truth = Truth(course_change=-3.0, course_change_sd=0.0, usual_pain=6.0, usual_pain_sd=0.5, day_sd=0.3)
    sessions = by_session(simulate(truth, 40, 21, seed=9), SCRIPTED)
    at = sessions.groupby("session_number")["start"].mean()
    for session in (7, 14, 21):
        assert at[session] - at[1] == pytest.approx(-3.0 * (session - 1) / 20, abs=0.4)
