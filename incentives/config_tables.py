"""Rate tables of a version between the tenant file and its rows, in one canonical form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from formula import Table, TableError
from org import config_tools as tools
from org.config_tools import Problems

Canonical = dict[str, Any]

TABLE_DEFAULTS: Canonical = {"on_bound": "upper_row", "below": "first_row", "outside": "flat"}
NUMERIC = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")


def table(name: str, spec: Mapping[str, Any], where: str, problems: Problems) -> Canonical:
    """A rate table as the file would write it; notes each mistake in it."""
    try:
        return table_form(Table.parse(name, spec).to_dict())
    except TableError as error:
        for sentence in error.problems:
            problems.add(where, sentence)
        return {}


def table_form(spec: Mapping[str, Any]) -> Canonical:
    """One way to write each table: whole numbers as such, defaults left out."""
    plain: Canonical = tools.as_json(spec)
    for key in ("rows", "points", "columns"):
        if key in plain:
            plain[key] = _cells(plain[key], keys=_is_lookup(plain))
    return tools.without_defaults(plain, TABLE_DEFAULTS)


def _is_lookup(spec: Mapping[str, Any]) -> bool:
    """Whether the first cell of a row is a key, in which "4" and 4 are not the same."""
    rows = spec.get("rows")
    first = rows[0][0] if isinstance(rows, list) and rows and isinstance(rows[0], list) else None
    return spec.get("kind") == "lookup" or (isinstance(first, str) and not NUMERIC.fullmatch(first))


def _cells(cells: Any, *, keys: bool) -> Any:
    if isinstance(cells, Mapping):
        return {key: _cell(cell) for key, cell in cells.items()}
    return [
        [cell if keys and n == 0 else _cell(cell) for n, cell in enumerate(row)]
        if isinstance(row, list)
        else _cell(row)
        for row in cells
    ]


def _cell(cell: Any) -> Any:
    if isinstance(cell, str) and NUMERIC.fullmatch(cell):
        return int(cell) if "." not in cell else tools.plain(Decimal(cell))
    return cell


def table_said(spec: Canonical) -> Canonical:
    numbers: Canonical = {
        key: _with_decimals(spec[key], keys=_is_lookup(spec))
        for key in ("rows", "points", "columns")
        if key in spec
    }
    return {**spec, **numbers}


def _with_decimals(cells: Any, *, keys: bool) -> Any:
    def cell(value: Any) -> Any:
        numeric = isinstance(value, str) and NUMERIC.fullmatch(value)
        return Decimal(value) if numeric else value

    if isinstance(cells, Mapping):
        return {key: cell(value) for key, value in cells.items()}
    return [
        [v if keys and n == 0 else cell(v) for n, v in enumerate(row)]
        if isinstance(row, list)
        else cell(row)
        for row in cells
    ]
