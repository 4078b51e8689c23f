from __future__ import annotations

import os
import subprocess
import sys

PROGRAM = """
from vrrehab.body.skeleton import Body
from vrrehab.session.view import View
from vrrehab.stage.displays.headset import HeadsetDisplay
from vrrehab.stage.engine import engine
from vrrehab.stage.material import Tier
from vrrehab.stage.stage import Stage
from vrrehab.xr.headset import Headset

headset = Headset()
display = HeadsetDisplay(Stage("therapy_room", Tier.LOW), headset, multisamples=4, eye_size=(64, 64))
view, shown = View(virtual=Body.unseen()), 0
while shown < 5:
    frame = display.wait()
    shown += frame.should_draw
    display.draw(frame, view)
print(engine().kind, headset.link.session.state.name, "XR_MNDX_egl_enable" in headset.link.runtime.extensions)
display.close()
"""


def test_without_a_screen_the_headset_is_drawn_through_egl(monado, person) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "DISPLAY"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-3:] == ["p3headlessgl", "FOCUSED", "True"]
    assert "error" not in done.stderr.lower().replace("no_validation_error", ""), done.stderr
