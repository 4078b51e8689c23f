"""One person, two modes in an order drawn by lot: was pain after tasks lower in the sessions of one of them?

python examples/single_case.py DIR PARTICIPANT [ORIGIN]
"""

import sys

import telemetry
from telemetry.analysis import alternation_test, baseline_corrected_tau, given_scores, piecewise

directory, participant = sys.argv[1:3]
origin = sys.argv[3] if len(sys.argv) > 3 else "person"
ledger = telemetry.open_store(directory).task_pain()
rows, account = given_scores(ledger[ledger["participant"] == participant], origins=(origin,))
print(account)

sessions = rows.groupby("session_number").agg(change=("pain_change", "mean"), mode=("mode", "first"),
                                              start=("pain_at_start", "first"))  # fmt: skip
print(alternation_test(sessions["change"], list(sessions["mode"])))

# The course as an AB design: its first third against the rest.
third = len(sessions) // 3
start = sessions["start"].to_numpy()
print(baseline_corrected_tau(start[:third], start[third:]))
print(piecewise(start[:third], start[third:]))
