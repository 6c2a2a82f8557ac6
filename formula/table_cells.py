"""Rate tables as cells of a spreadsheet, and where formulas find their columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from formula.numbers import written
from formula.tables import Axis, CurveTable, LookupTable, MatrixTable, StepTable, Table

Cell = Decimal | str | None


@dataclass(frozen=True)
class TableCells:
    """A table as rows of cells below ``heads``; a text that begins with ``=`` is a formula.

    ``percent``: the columns (from 0) whose numbers are percentages.
    """

    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    percent: frozenset[int] = frozenset()


def letters(column: int) -> str:
    """The letters of a column, counted from 1."""
    text = ""
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


def address(row: int, column: int) -> str:
    """``$B$7``."""
    return f"${letters(column)}${row}"


def _range(top: int, column: int, bottom: int, last: int | None = None) -> str:
    return f"{address(top, column)}:{address(bottom, last or column)}"


def cells_of(table: Table, *, top: int, left: int) -> TableCells:
    """The cells of a table whose first row below the heads is ``top``, from column ``left`` on."""
    if isinstance(table, StepTable):
        return _steps(table, top, left)
    if isinstance(table, CurveTable):
        return TableCells(("At", "Pays"), tuple(table.points))
    if isinstance(table, MatrixTable):
        heads = ("", *_labels(table.columns))
        return TableCells(
            heads,
            (
                (None, *_keys(table.columns)),
                *((key, *cells) for key, cells in zip(_keys(table.rows), table.cells, strict=True)),
            ),
        )
    if isinstance(table, LookupTable):
        return TableCells(("Key", "Value"), tuple(table.rows))
    raise TypeError(f"{type(table).__name__} has no cells")


def _steps(table: StepTable, top: int, left: int) -> TableCells:
    rates = letters(left + 1)
    rows = [
        (bound, rate, f"=ROUND({rates}{top + n}-{rates}{top + n - 1},12)" if n else None)
        for n, (bound, rate) in enumerate(zip(table.bounds, table.rates, strict=True))
    ]
    percent = frozenset({1, 2}) if table.percent else frozenset[int]()
    return TableCells(("From", "Rate", "Above the row before"), tuple(rows), percent)


def _keys(axis: Axis) -> Sequence[Decimal | str]:
    return axis.keys or axis.bounds


def _labels(axis: Axis) -> list[str]:
    return list(axis.keys) or [f"from {written(bound)}" for bound in axis.bounds]


def ranges_of(table: Table, *, top: int, left: int) -> Mapping[str, str]:
    """Where the columns of that table stand, by the names that the emitters use."""
    if isinstance(table, StepTable):
        bottom = top + len(table.bounds) - 1
        return {
            "first": address(top, left),
            "first rate": address(top, left + 1),
            "all bounds": _range(top, left, bottom),
            "rates": _range(top, left + 1, bottom),
            "bounds": _range(top + 1, left, bottom),
            "increments": _range(top + 1, left + 2, bottom),
        }
    if isinstance(table, CurveTable):
        bottom = top + len(table.points) - 1
        return {"xs": _range(top, left, bottom), "ys": _range(top, left + 1, bottom)}
    if isinstance(table, MatrixTable):
        bottom, last = top + len(table.cells), left + len(table.cells[0])
        return {
            "columns": _range(top, left + 1, top, last),
            "rows": _range(top + 1, left, bottom),
            "cells": _range(top + 1, left + 1, bottom, last),
        }
    if isinstance(table, LookupTable):
        bottom = top + len(table.rows) - 1
        return {"keys": _range(top, left, bottom), "values": _range(top, left + 1, bottom)}
    raise TypeError(f"{type(table).__name__} has no cells")
