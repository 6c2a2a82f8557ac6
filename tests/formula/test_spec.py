"""Both engines do what the specification says, row by row."""

from __future__ import annotations

import pytest

from formula import ErrorValue, Formula, Value, check, evaluate
from formula.functions import FUNCTIONS
from formula.spec import ROWS, SCOPE, Row, read
from formula.specials import SPECIALS

from .populations import Result, Run, run_each, types_of

Inputs = dict[str, Value | ErrorValue | None]


def prepared(row: Row) -> tuple[Formula, Inputs, Result]:
    formula = check(row.expression, SCOPE)
    types = {ref.column: kind for ref, kind in types_of([formula]).items()}
    inputs = {column: read(types[column], text) for column, text in row.inputs.items()}
    expected = read(formula.type, row.expected)
    if isinstance(expected, ErrorValue):
        return formula, inputs, (None, expected.code)
    return formula, inputs, (expected, None)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.expression} {dict(row.inputs)}")
def test_the_decimal_engine_follows_the_specification(row: Row) -> None:
    formula, inputs, expected = prepared(row)
    outcome = evaluate(formula, inputs)
    assert (outcome.value, outcome.error) == expected
    assert type(outcome.value) is type(expected[0])


@pytest.mark.parametrize("start", range(0, len(ROWS), 40))
def test_the_sql_engine_follows_the_specification(start: int, sql: Run) -> None:
    cases = [prepared(row) for row in ROWS[start : start + 40]]
    found = run_each(sql, [(formula, inputs) for formula, inputs, _ in cases])
    wrong = [
        (row.expression, dict(row.inputs), result, expected)
        for row, result, (_, _, expected) in zip(ROWS[start:], found, cases, strict=False)
        if result != expected
    ]
    assert wrong == []


def test_every_function_is_specified() -> None:
    specified = {row.about for row in ROWS}
    assert set(FUNCTIONS) | set(SPECIALS) - {"FALSE"} <= specified


def test_there_are_enough_rows() -> None:
    assert len(ROWS) >= 250
