from __future__ import annotations

import re
from pathlib import Path

from telemetry.dictionary import with_columns
from telemetry.motion import FrameLayout
from telemetry.sender import Sender
from telemetry.testing import JOINTS, PretendSession
from telemetry.verify import recover

PAGE = Path(__file__).parents[2] / "docs" / "data.md"


def test_the_page_for_researchers_has_the_declared_columns() -> None:
    page = PAGE.read_text("utf-8")
    assert with_columns(page) == page, "run: python -m telemetry.dictionary docs/data.md"
    assert "| `pain_change` | real | of the scale |" in page
    assert "| `virtual_JOINT_qw` | real |" in page


def test_the_example_on_the_page_runs(data: Path) -> None:
    sender = Sender(data / "spool", "S1", None, FrameLayout(JOINTS))
    PretendSession(sender).perform((6.0, 4.0), frames=3)
    sender.close(5.0)
    recover(data)
    names: dict[str, object] = {}
    for example in re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL):
        exec(example.replace('"DIR"', repr(str(data))), names)
    assert len(names["tasks"]) == 2  # type: ignore[arg-type]
    assert names["account"].analysed == 2  # type: ignore[attr-defined]
