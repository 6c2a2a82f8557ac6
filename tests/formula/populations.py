"""Turns inputs into a base for ``layers``, and rows of text back into values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from psycopg.sql import SQL, Composable, Identifier, Literal

from formula import BOOLEAN, DATE, NUMBER, TEXT, ErrorValue, Formula, Ref, Type, Value, layers
from formula.nodes import Reference, walk

Run = Callable[[Composable], list[tuple[Any, ...]]]
Result = tuple[Value | None, str | None]

TYPES = {NUMBER: "numeric", TEXT: "text", BOOLEAN: "boolean", DATE: "date"}


def types_of(formulas: Sequence[Formula]) -> dict[Ref, Type]:
    """The type of every reference of some formulas."""
    return {
        part.ref: part.type
        for formula in formulas
        for part in walk(formula.node)
        if isinstance(part, Reference)
    }


def base(
    refs: Mapping[Ref, Type], rows: Sequence[Mapping[str, Value | ErrorValue | None]]
) -> Composable:
    """``(SELECT … UNION ALL …)`` with a column ``line`` and two columns for every reference."""
    selects = []
    for line, row in enumerate(rows):
        cells: list[Composable] = [SQL("{} AS line").format(Literal(line))]
        for ref, kind in refs.items():
            given = row[ref.column]
            failed = isinstance(given, ErrorValue)
            cells.append(_cell(None if failed else given, TYPES[kind], ref.column))
            code = given.code if isinstance(given, ErrorValue) else None
            cells.append(_cell(code, "text", ref.error_column))
        selects.append(SQL("SELECT {}").format(SQL(", ").join(cells)))
    return SQL("({})").format(SQL(" UNION ALL ").join(selects))


def _cell(value: object, type_name: str, column: str) -> Composable:
    shown = None if value is None else str(value).lower() if type_name == "boolean" else str(value)
    return SQL("{}::{} AS {}").format(Literal(shown), SQL(type_name), Identifier(column))


def from_text(kind: Type, text: str | None) -> Value | None:
    """A value that was read as text."""
    if text is None:
        return None
    if kind is NUMBER:
        return Decimal(text)
    if kind is BOOLEAN:
        return {"true": True, "false": False}[text]
    return date.fromisoformat(text) if kind is DATE else text


def run_each(
    run: Run, cases: Sequence[tuple[Formula, Mapping[str, Value | ErrorValue | None]]]
) -> list[Result]:
    """Each formula on inputs of its own, all in one statement."""
    parts = [
        SQL('SELECT {n} AS n, "result"::text, "result !" FROM ({rows}) AS x').format(
            n=Literal(n),
            rows=layers([[("result", formula)]], base(types_of([formula]), [inputs])),
        )
        for n, (formula, inputs) in enumerate(cases)
    ]
    found = run(SQL(" UNION ALL ").join(parts) + SQL(" ORDER BY n"))
    return [
        (from_text(formula.type, value), error)
        for (formula, _), (_, value, error) in zip(cases, found, strict=True)
    ]
