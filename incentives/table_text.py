"""Rate tables as people type them: a row a line, its cells parted by ``|``.

    0      | 4%                 from, rate           (steps: RATE, TIER)
    100000 | 6%

    0 | 5000 | 4%               from, to, rate       (the last row has no "to")
    5000 |   | 6%

    80%  | 50%                  x, y                 (a curve)
    gold | 40                   key, value           (a look-up)

           | 0  | 90%           the columns          (a matrix: its first cell is empty)
    0      | 10 | 20            a bound, then a value for each column

What the cells mean is the formula package's business; this only parts and joins them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

KINDS = {
    "": "Found by its rows",
    "step": "Steps, for RATE and TIER",
    "rate": "Steps, for RATE only",
    "tier": "Steps, for TIER only",
    "curve": "Curve through points, for CURVE",
    "lookup": "Keys and values, for LOOKUP",
    "matrix": "Rows and columns, for MATRIX",
}
OPTIONS = ("on_bound", "below", "outside")
_WHOLE = re.compile(r"[+-]?\d{1,18}", re.ASCII)


def spec_of(text: str, *, kind: str = "", **options: str) -> dict[str, Any]:
    """The specification of a table that lines of text describe; options left empty are left out."""
    lines = [_cells(line) for line in text.splitlines() if line.strip()]
    spec: dict[str, Any] = {"kind": kind} if kind else {}
    if lines and not lines[0][0] and kind in ("", "matrix"):
        spec |= {"columns": lines[0][1:], "rows": lines[1:]}
    elif kind == "curve":
        spec["points"] = lines
    elif kind == "lookup":
        spec["rows"] = [_keyed(cells) for cells in lines]
    else:
        spec["rows"] = [[None if cell == "" else cell for cell in cells] for cells in lines]
    return spec | {option: value for option, value in options.items() if value}


def text_of(spec: Mapping[str, Any]) -> str:
    """The lines of a table, its cells in columns."""
    rows = spec.get("points", spec.get("rows", ()))
    if isinstance(rows, Mapping):
        lines = [[_quoted(key), value] for key, value in rows.items()]
    else:
        lines = [list(row) for row in rows]
    if "columns" in spec:
        lines.insert(0, ["", *spec["columns"]])
    return "\n".join(_aligned([["" if c is None else str(c) for c in line] for line in lines]))


def kind_of(spec: Mapping[str, Any]) -> str:
    """The kind that a specification names, or shows by its parts."""
    if spec.get("kind"):
        return str(spec["kind"])
    if "points" in spec:
        return "curve"
    return "lookup" if isinstance(spec.get("rows"), Mapping) else ""


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("|")]


def _keyed(cells: list[str]) -> list[Any]:
    """A key that looks like a number is one, unless it stands in quotation marks: "007"."""
    key = cells[0]
    if len(key) > 1 and key[0] == key[-1] == '"':
        return [key[1:-1], *cells[1:]]
    return [int(key) if _WHOLE.fullmatch(key) else key, *cells[1:]]


def _quoted(key: object) -> str:
    return f'"{key}"' if isinstance(key, str) and _WHOLE.fullmatch(key) else str(key)


def _aligned(lines: Sequence[Sequence[str]]) -> list[str]:
    widths: dict[int, int] = {}
    for line in lines:
        for place, cell in enumerate(line):
            widths[place] = max(widths.get(place, 0), len(cell))
    return [
        " | ".join(cell.ljust(widths[place]) for place, cell in enumerate(line)).rstrip()
        for line in lines
    ]
