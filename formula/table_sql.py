"""Rate tables as SQL: CASE expressions that halve the rows, so 50 rows take six comparisons.

A table is constant text inside the statement: no join, nothing to sort, safe to nest.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

from psycopg.sql import SQL, Composable

from formula.layering import number_literal, template, text_literal
from formula.numbers import CONTEXT, written
from formula.tables import Axis, Cell, CurveTable, LookupTable, MatrixTable, StepTable, lookup_key

MOST_CASES = 24
"""Keys of a lookup up to which comparing one after the other is faster than a search."""


def halving(
    value: Composable, bounds: Sequence[Decimal], results: Sequence[Composable], *, upper: bool
) -> Composable:
    """The result of the row that holds ``value``, which must not be NULL.

    ``bounds`` are those between the rows, so there is one less than results.
    """
    if not bounds:
        return results[0]
    middle = len(bounds) // 2
    less = "<" if upper else "<="
    return template(
        f"CASE WHEN {{value}} {less} {{bound}} THEN {{low}} ELSE {{high}} END",
        value=value,
        bound=number_literal(bounds[middle]),
        low=halving(value, bounds[:middle], results[: middle + 1], upper=upper),
        high=halving(value, bounds[middle + 1 :], results[middle + 1 :], upper=upper),
    )


def _known(value: Composable, result: Composable) -> Composable:
    return template("CASE WHEN {value} IS NOT NULL THEN {result} END", value=value, result=result)


def _weight(bounds: Sequence[object]) -> int:
    """What one evaluation costs, not how long the text is: the depth of the halving."""
    return 4 + 3 * len(bounds)


def rate_sql(table: StepTable, value: Composable) -> tuple[Composable, int]:
    """The rate of the row reached."""
    rates = [number_literal(rate) for rate in table.rates]
    return _steps(table, value, rates), _weight(table.bounds)


def tier_sql(table: StepTable, value: Composable) -> tuple[Composable, int]:
    """Each slice at its own rate: in every row a straight line."""
    lines = [
        template(
            "round({a} + {value} * {rate}, 12)",
            a=number_literal(intercept),
            value=value,
            rate=number_literal(rate),
        )
        for intercept, rate in zip(table.intercepts, table.rates, strict=True)
    ]
    return _steps(table, value, lines), _weight(table.bounds)


def _steps(table: StepTable, value: Composable, results: Sequence[Composable]) -> Composable:
    found = halving(value, table.bounds[1:], results, upper=table.upper)
    if table.below_nothing:
        found = template(
            "CASE WHEN {value} < {first} THEN 0::numeric ELSE {found} END",
            value=value,
            first=number_literal(table.bounds[0]),
            found=found,
        )
    return _known(value, found)


def curve_sql(table: CurveTable, value: Composable) -> tuple[Composable, Composable, int]:
    """The point on the line, whether it lies outside, and the weight."""
    points = table.points
    lines = [number_literal(points[0][1])]
    for (x0, y0), (x1, y1) in pairwise(points):
        lines.append(
            template(
                "{y0} + round((({value} - {x0}) * {rise})::numeric(120, 50) / {run}, 12)",
                y0=number_literal(y0),
                value=value,
                x0=number_literal(x0),
                rise=number_literal(CONTEXT.subtract(y1, y0)),
                run=number_literal(CONTEXT.subtract(x1, x0)),
            )
        )
    lines.append(number_literal(points[-1][1]))
    ends = {"first": number_literal(points[0][0]), "last": number_literal(points[-1][0])}
    outside = template("({value} < {first} OR {value} > {last})", value=value, **ends)
    found = halving(value, [x for x, _ in points], lines, upper=False)
    if table.strict:
        found = template("CASE WHEN NOT {outside} THEN {found} END", outside=outside, found=found)
    return _known(value, found), outside, _weight(points)


def matrix_sql(table: MatrixTable, row: Composable, column: Composable) -> tuple[Composable, int]:
    """The cell where row and column meet; NULL outside and where one of them is NULL."""
    rows = [
        _axis_sql(table.columns, column, [number_literal(cell) for cell in cells], table.upper)
        for cells in table.cells
    ]
    found = _axis_sql(table.rows, row, rows, table.upper)
    return found, _weight(table.cells) + _weight(table.cells[0])


def _axis_sql(
    axis: Axis, value: Composable, results: Sequence[Composable], upper: bool
) -> Composable:
    if axis.keys:
        cases = [
            template("WHEN {key} THEN {result}", key=text_literal(key.casefold()), result=result)
            for key, result in zip(axis.keys, results, strict=True)
        ]
        return template(
            'CASE casefold({value} COLLATE "pg_unicode_fast") {cases} END',
            value=value,
            cases=SQL(" ").join(cases),
        )
    return template(
        "CASE WHEN {value} >= {first} THEN {found} END",
        value=value,
        first=number_literal(axis.bounds[0]),
        found=halving(value, axis.bounds[1:], results, upper=upper),
    )


def lookup_sql(table: LookupTable, key: Composable) -> tuple[Composable, int]:
    """The value of the key's row; NULL where there is none."""
    is_text = isinstance(table.rows[0][0], str)
    folded = 'casefold({key} COLLATE "pg_unicode_fast")' if is_text else "trim_scale({key})::text"
    if len(table.rows) > MOST_CASES:
        return _search(table, template(folded, key=key)), 6
    cases = [
        template("WHEN {key} THEN {value}", key=_key_literal(found), value=_cell(value))
        for found, value in table.rows
    ]
    return (
        template(
            "CASE {key} {cases} END",
            key=template(folded, key=key) if is_text else key,
            cases=SQL(" ").join(cases),
        ),
        2 + len(cases),
    )


def _search(table: LookupTable, key: Composable) -> Composable:
    """A jsonb object finds its keys by halving."""
    cells = {
        lookup_key(found): value if isinstance(value, str) else written(value)
        for found, value in table.rows
    }
    found = template(
        "({rows}::jsonb ->> {key})",
        rows=text_literal(json.dumps(cells, ensure_ascii=False)),
        key=key,
    )
    is_text = isinstance(table.rows[0][1], str)
    return found if is_text else template("{found}::numeric", found=found)


def _key_literal(key: Cell) -> Composable:
    return text_literal(key.casefold()) if isinstance(key, str) else number_literal(key)


def _cell(value: Cell) -> Composable:
    return text_literal(value) if isinstance(value, str) else number_literal(value)
