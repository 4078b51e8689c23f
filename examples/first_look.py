"""First look at a study: which task, at which dose, was followed by how much change in pain?

    python examples/first_look.py DIR [ORIGIN]

DIR is a data folder; a synthetic one is made by: vrrehab demo-study --data DIR. Its origin is `scripted`.
"""

import sys

import telemetry
from telemetry.analysis import by_task, courses

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
