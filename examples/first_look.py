"""First look at a study: which task, at which dose, was followed by how much change in pain?

    python examples/first_look.py DIR [ORIGIN]

DIR is a data folder; a synthetic one is made by: vrrehab demo-study --data DIR. Its origin is `scripted`.
Writes first_look.png.
"""

import sys

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

import telemetry
from telemetry.analysis import by_session, by_task, courses

directory, origin = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "person"
store = telemetry.open_store(directory)
ledger = store.task_pain()

table, account = by_task(ledger, origins=(origin,))
print(account)
print(table.round(2).to_string(index=False))
for course in courses(ledger, origins=(origin,)):
    print(course)

explained = store.dictionary().query("table == 'task_pain' and column == 'pain_change'")
print("pain_change:", explained["description"].iloc[0])

figure = Figure(figsize=(9.5, 3.6), layout="constrained")
tasks, course = figure.subplots(1, 2)
table = table.sort_values("mean", ascending=False)
names = table["task"].str.replace("_", " ") + "\n" + table["task_runs"].astype(str) + " task runs"
half = [table["mean"] - table["low"], table["high"] - table["mean"]]
tasks.axvline(0, color="0.6", lw=1)
tasks.errorbar(table["mean"], names, xerr=half, fmt="o", color="#1d6f83", lw=2, ms=7)
tasks.set(title="Change in pain after a task", xlabel="points; left of 0 is less pain", ylim=(-0.6, len(table) - 0.4))

sessions = by_session(ledger, origins=(origin,))
for _, own in sessions.groupby("participant"):
    course.plot(own["session_number"], own["start"], color="0.6", lw=0.8, alpha=0.4)
mean = sessions.groupby("session_number")["start"].mean()
course.plot(mean, color="#1d6f83", lw=2.5)
course.set(title="Pain at the start of each session", xlabel="session; grey: participants", ylabel="NRS", ylim=(0, 10))
course.xaxis.set_major_locator(MaxNLocator(integer=True))
for axes in (tasks, course):
    axes.spines[["top", "right"]].set_visible(False)
figure.savefig("first_look.png", dpi=130)
