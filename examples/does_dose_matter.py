"""Does dose matter? Pain change against minutes of a task, with task, mode, order and the person held fixed.

python examples/does_dose_matter.py DIR [ORIGIN]

Writes does_dose_matter.png.
"""

import sys

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

import telemetry
from telemetry.analysis import by_task, given_scores, pain_model

directory, origin = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "person"
ledger = telemetry.open_store(directory).task_pain()
model = pain_model(ledger, origins=(origin,))
print(model)

dose = model.term("minutes").estimate
told = "less" if dose.value < 0 else "more"
sure = "the interval leaves out no change" if dose.high < 0 or dose.low > 0 else "no change is within the interval"
print(f"\nA minute more of a task is associated with {abs(dose.value):.2f} points {told} pain; {sure}.")

# What was seen, in fifths of the task runs by their length; each participant counts once in each.
minutes = ledger["duration_s"] / 60
fifths, _ = by_task(ledger.assign(fifth=pd.qcut(minutes, 5, labels=False)), by="fifth", origins=(origin,))
middle = minutes.groupby(pd.qcut(minutes, 5, labels=False)).mean()[fifths["fifth"]]
half = [fifths["mean"] - fifths["low"], fifths["high"] - fifths["mean"]]

# What the model says of a minute, drawn through the mean of all; its band is the interval of the slope.
rows, _ = given_scores(ledger, (origin,))
away = np.linspace(minutes.min(), minutes.max(), 50) - rows["duration_s"].mean() / 60
figure = Figure(figsize=(7, 4.2), layout="constrained")
axes = figure.subplots()
x, at = away + rows["duration_s"].mean() / 60, rows["pain_change"].mean()
axes.fill_between(x, at + dose.low * away, at + dose.high * away, color="#1d6f83", alpha=0.15, lw=0)
axes.plot(x, at + dose.value * away, color="#1d6f83", lw=2, label="model: all else the same, 95 % of its slope")
axes.errorbar(middle, fifths["mean"], yerr=half, fmt="o", color="0.25", label="fifths of the task runs, 95 %")
axes.axhline(0, color="0.6", lw=1)
axes.set(title="Change in pain after a task, by its length", xlabel="minutes", ylabel="points; below 0 is less pain")
axes.spines[["top", "right"]].set_visible(False)
axes.legend(frameon=False)
figure.savefig("does_dose_matter.png", dpi=130)
