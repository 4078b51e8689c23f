"""The data dictionary: every table and column in words, from the declarations that the tables are made of.

python -m telemetry.dictionary docs/data.md      # writes the tables between the page's two markers anew
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from telemetry.schema import (
    COMPUTED,
    FEATURE_PREFIX,
    FEATURES,
    MOTION_HEAD,
    STORED,
    TASK_PAIN,
    Column,
    motion_columns,
    score_column,
    setting_column,
)

BEGIN, END = "<!-- columns: python -m telemetry.dictionary docs/data.md -->", "<!-- end of columns -->"

#: What `features` and `task_pain` both have anyway.
_SHARED = frozenset({"session_id", "task_run_id"})


def columns_by_table(
    layouts: Iterable[tuple[str, ...]] = (), recorded: Iterable[Column] = ()
) -> list[tuple[str, Column]]:
    """(table, column) of everything that a researcher reads.

    Motion comes with the joints of each layout, `task_pain` with `recorded`, the columns of settings
    and scores, and every movement measure.
    """
    motion = {column.name: column for column in MOTION_HEAD}
    for joints in layouts:
        motion |= {column.name: column for column in motion_columns(joints)}
    tables = [(table.name, column) for table in (*STORED, *COMPUTED) for column in table.shown]
    ledger = [(TASK_PAIN.name, column) for column in (*recorded, *measure_columns())]
    return tables + ledger + [("motion", column) for column in motion.values()]


def measure_columns() -> list[Column]:
    """The columns of `task_pain` for the movement measures."""
    return [replace(c, name=FEATURE_PREFIX + c.name) for c in FEATURES.columns if c.name not in _SHARED]


def markdown() -> str:
    """The dictionary as one table a table; a joint stands for all joints."""
    columns = columns_by_table([("JOINT",)], [setting_column("NAME", "json"), score_column("NAME")])
    described = {table.name: table.description for table in (*STORED, *COMPUTED)}
    described["motion"] = "One row a frame; each joint has the columns shown here for JOINT, such as `left_wrist`."
    lines = []
    for name, description in described.items():
        lines += [
            f"### {name}",
            "",
            description,
            "",
            "| column | type | unit | what it is |",
            "| --- | --- | --- | --- |",
        ]
        for table, column in columns:
            if table == name:
                values = f" One of: {', '.join(column.values)}." if column.values else ""
                lines.append(f"| `{column.name}` | {column.kind} | {column.unit} | {column.description}{values} |")
        lines.append("")
    return "\n".join(lines)


def with_columns(page: str) -> str:
    """The page with the tables between its markers as they are now."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{markdown()}\n{END}{after}"


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(with_columns(path.read_text("utf-8")), "utf-8")
