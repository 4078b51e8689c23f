"""The data dictionary: every table and column in words, from the declarations that the tables are made of.

python -m telemetry.dictionary docs/data.md      # writes the tables between the page's two markers anew
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from telemetry.schema import MOTION_HEAD, STORED, Column, motion_columns

BEGIN, END = "<!-- columns: python -m telemetry.dictionary docs/data.md -->", "<!-- end of columns -->"


def columns_by_table(layouts: Iterable[tuple[str, ...]] = ()) -> list[tuple[str, Column]]:
    """(table, column) of everything that a researcher reads, motion with the joints of each layout."""
    motion = {column.name: column for column in MOTION_HEAD}
    for joints in layouts:
        motion |= {column.name: column for column in motion_columns(joints)}
    stored = [(table.name, column) for table in STORED for column in table.shown]
    return stored + [("motion", column) for column in motion.values()]


def markdown() -> str:
    """The dictionary as one table a table; a joint stands for all joints."""
    columns = columns_by_table([("JOINT",)])
    described = {table.name: table.description for table in STORED}
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
