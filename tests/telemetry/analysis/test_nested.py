"""The nested mixed model against statsmodels and against its likelihood written out in full."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from telemetry.analysis.nested import Nested, Variances

PEOPLE, SESSIONS, ROWS = 14, 6, 5
SESSION = np.repeat(np.arange(PEOPLE * SESSIONS), ROWS)
PERSON = SESSION // SESSIONS


def study(sd_participant: float, sd_session: float, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Outcome and design of people whose rows are in no order and of whom some rows are missing."""
    random = np.random.default_rng(seed)
    x = np.column_stack(
        [np.ones(len(SESSION)), random.normal(size=len(SESSION)), random.random(SESSION.max() + 1)[SESSION]]
    )
    people, days = random.normal(0, sd_participant, PEOPLE), random.normal(0, sd_session, PEOPLE * SESSIONS)
    return x @ (1.0, 0.5, -0.3) + people[PERSON] + days[SESSION] + random.normal(0, 0.8, len(SESSION)), x


def kept(seed: int = 5) -> np.ndarray:
    return np.random.default_rng(seed).permutation(len(SESSION))[: int(0.9 * len(SESSION))]


def deviance(y: np.ndarray, x: np.ndarray, rows: np.ndarray, v: Variances) -> float:
    """-2 log restricted likelihood with the whole covariance matrix."""
    person, session = (np.equal.outer(of[rows], of[rows]) for of in (PERSON, SESSION))
    inverse = np.linalg.inv(whole := v.residual * np.eye(len(rows)) + v.participant * person + v.session * session)
    information = x.T @ inverse @ x
    residual = y - x @ np.linalg.solve(information, x.T @ inverse @ y)
    return float(np.linalg.slogdet(whole)[1] + np.linalg.slogdet(information)[1] + residual @ inverse @ residual)


def test_variances_and_estimate_are_those_of_statsmodels() -> None:
    from statsmodels.regression.mixed_linear_model import MixedLM

    rows = kept()
    y, x = (values[rows] for values in study(0.9, 0.6))
    nested = Nested(y, x, PERSON[rows], SESSION[rows])
    found = nested.variances()
    data = pd.DataFrame({"y": y, "u": x[:, 1], "w": x[:, 2], "person": PERSON[rows], "session": SESSION[rows]})
    model = MixedLM.from_formula(
        "y ~ u + w", data, groups="person", re_formula="1", vc_formula={"session": "0 + C(session)"}
    )
    other = model.fit(reml=True)
    assert found.participant == pytest.approx(other.cov_re.iloc[0, 0], rel=0.01)
    assert found.session == pytest.approx(other.vcomp[0], rel=0.01)
    assert found.residual == pytest.approx(other.scale, rel=0.01)
    a, b = (part.sum(axis=0) for part in nested.products(found))
    np.testing.assert_allclose(np.linalg.solve(a, b), other.fe_params, rtol=1e-3)


@pytest.mark.parametrize(("sd_participant", "sd_session"), [(0.9, 0.6), (0.0, 0.5), (0.6, 0.0), (0.0, 0.0)])
def test_no_other_variances_are_more_likely_also_where_there_is_none(sd_participant: float, sd_session: float) -> None:
    rows = kept()
    y, x = (values[rows] for values in study(sd_participant, sd_session))
    found = Nested(y, x, PERSON[rows], SESSION[rows]).variances()
    least = deviance(y, x, rows, found)
    for name in ("participant", "session", "residual"):
        for step in (-0.03, 0.03):
            other = replace(found, **{name: max(0.0, getattr(found, name) + step)})
            assert deviance(y, x, rows, other) > least - 1e-4, other


def test_rows_that_the_design_explains_wholly_have_no_variance() -> None:
    _, x = study(0.0, 0.0)
    nested = Nested(x @ (1.0, 0.5, -0.3), x, PERSON, SESSION)
    a, b = (part.sum(axis=0) for part in nested.products(nested.variances()))
    np.testing.assert_allclose(np.linalg.solve(a, b), (1.0, 0.5, -0.3))
