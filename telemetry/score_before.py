"""The last score before a task run that its own may be compared with: of the same site, on the same scale."""

from __future__ import annotations

import pandas as pd

from telemetry.schema import NRS


def same_scale(scale: pd.Series) -> pd.Series:
    """The scale by one name, whichever of its names the record has."""
    return scale.astype("string").where(~scale.isin(list(NRS)).to_numpy(), NRS[0])


def last_before(runs: pd.DataFrame, given: pd.DataFrame) -> pd.DataFrame:
    """The last of the `given` ratings before each run: value, phase, scale, answered_mono_ns; by the index of `runs`.

    runs: session_id, site, scale, started_mono_ns. A run whose scale is missing, because it was never asked, takes the
    last score on whatever scale, and that is its scale.
    """
    left = runs[["session_id", "site", "scale", "started_mono_ns"]].reset_index(names="index")
    left = left.sort_values("started_mono_ns", kind="stable")
    right = given[["session_id", "site", "scale", "value", "phase", "answered_mono_ns"]].dropna(subset="value")
    right = right.astype({"answered_mono_ns": "int64"}).sort_values("answered_mono_ns", kind="stable")
    unknown = left["scale"].isna()
    parts = [
        pd.merge_asof(
            left[is_of].assign(on=same_scale(left.loc[is_of, "scale"])).drop(columns="scale"),
            right.assign(on=same_scale(right["scale"])),
            left_on="started_mono_ns", right_on="answered_mono_ns", by=["session_id", "site", *by],
        )
        for is_of, by in ((~unknown, ["on"]), (unknown, []))
    ]  # fmt: skip
    found = pd.concat(parts).set_index("index").reindex(runs.index)
    return found[["value", "phase", "scale", "answered_mono_ns"]]
