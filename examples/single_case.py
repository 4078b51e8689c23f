"""One person, two modes in an order drawn by lot: was pain after tasks lower in the sessions of one of them?

python examples/single_case.py DIR PARTICIPANT [ORIGIN]

Writes single_case.png.
"""

import sys

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

import telemetry
from telemetry.analysis import alternation_test, baseline_corrected_tau, given_scores, piecewise

directory, participant = sys.argv[1:3]
origin = sys.argv[3] if len(sys.argv) > 3 else "person"
ledger = telemetry.open_store(directory).task_pain()
rows, account = given_scores(ledger[ledger["participant"] == participant], origins=(origin,))
print(account)

sessions = rows.groupby("session_number").agg(change=("pain_change", "mean"), mode=("mode", "first"),
                                              start=("pain_at_start", "first"))  # fmt: skip
lot = alternation_test(sessions["change"], list(sessions["mode"]))
print(lot)

# The course as an AB design: its first third against the rest.
third = len(sessions) // 3
start = sessions["start"].to_numpy()
print(baseline_corrected_tau(start[:third], start[third:]))
print(piecewise(start[:third], start[third:]))

figure = Figure(figsize=(9.5, 3.8), layout="constrained")
by_mode, course = figure.subplots(1, 2)
for mode, colour, mark in ((lot.first, "#a8402d", "s"), (lot.second, "#1d6f83", "o")):
    own = sessions["change"][sessions["mode"] == mode]
    by_mode.plot(own, mark, color=colour, label=f"{mode.replace('_', ' ')}, mean {own.mean():+.2f}".replace("-", "−"))
    by_mode.axhline(own.mean(), color=colour, lw=1.5, alpha=0.6)
by_mode.axhline(0, color="0.6", lw=1)
by_mode.set(title=f"{participant}: mean change after tasks, by mode\nrandomisation test p = {lot.p:.2g}",
            ylabel="points; below 0 is less pain")  # fmt: skip
low, high = by_mode.get_ylim()
by_mode.set_ylim(low, high + 0.3 * (high - low))  # room for the legend, so that it hides no session
by_mode.legend(frameon=False, loc="upper right")

number = sessions.index.to_numpy()
line = np.polyfit(number[:third], start[:third], 1)
course.plot(number, start, "-o", color="#1d6f83", ms=5)
course.plot(number[:third], np.polyval(line, number[:third]), color="0.3")
course.plot(number[third - 1 :], np.polyval(line, number[third - 1 :]), "--", color="0.3")
course.axvline(number[third] - 0.5, color="0.6", lw=1)
course.set(title="Pain at the start of a session\nblack: the first third, and how it would go on", ylabel="NRS",
           ylim=(0, 10))  # fmt: skip
for axes in (by_mode, course):
    axes.set_xlabel("session")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.spines[["top", "right"]].set_visible(False)
figure.savefig("single_case.png", dpi=130)
