"""Does dose matter? Pain change against minutes of a task, with task, mode, order and the person held fixed.

python examples/does_dose_matter.py DIR [ORIGIN]
"""

import sys

import telemetry
from telemetry.analysis import pain_model

directory, origin = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "person"
model = pain_model(telemetry.open_store(directory).task_pain(), origins=(origin,))
print(model)

dose = model.term("minutes").estimate
told = "less" if dose.value < 0 else "more"
sure = "the interval leaves out no change" if dose.high < 0 or dose.low > 0 else "no change is within the interval"
print(f"\nA minute more of a task is associated with {abs(dose.value):.2f} points {told} pain; {sure}.")
