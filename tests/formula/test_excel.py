"""The Excel engine does what the specification says, worked out by LibreOffice."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from formula import Formula, Type, check, evaluate
from formula.cells import places_of
from formula.digits import blur_of, doubts
from formula.spec import ROWS, SCOPE

from .expressions import expressions, inputs_of
from .populations import Result, types_of
from .spreadsheet import Given, run_each
from .test_spec import prepared

DRAWN = 800


def sure_cases(cases: list[tuple[Formula, Given]]) -> list[tuple[Formula, Given]]:
    return [(f, i) for f, i in cases if not doubts(evaluate(f, i).steps)]


def wrong(cases: list[tuple[Formula, Given]], found: list[Result]) -> list[object]:
    return [
        (formula.text, dict(inputs), result, (outcome.value, outcome.error))
        for (formula, inputs), result in zip(cases, found, strict=True)
        if not alike(result, outcome := evaluate(formula, inputs))
    ]


def alike(found: Result, outcome: object) -> bool:
    value, error = outcome.value, outcome.error  # type: ignore[attr-defined]
    if error is not None:
        return found[1] == "error"
    if isinstance(value, Decimal) and isinstance(found[0], Decimal):
        return found[1] is None and abs(found[0] - value) <= blur_of(outcome.steps)  # type: ignore[attr-defined]
    return found == (value, None)


@pytest.mark.spreadsheet
@pytest.mark.parametrize("careful", [False, True])
def test_the_excel_engine_follows_the_specification(tmp_path: Path, careful: bool) -> None:
    cases = sure_cases([prepared(row)[:2] for row in ROWS])
    assert wrong(cases, run_each(cases, tmp_path, careful=careful)) == []


def test_few_rows_are_left_to_doubt() -> None:
    prepared_rows = [prepared(row)[:2] for row in ROWS]
    left_out = len(prepared_rows) - len(sure_cases(prepared_rows))
    assert left_out <= len(ROWS) // 8


def drawn() -> list[tuple[Formula, Given]]:
    """Formulas made backwards from a wanted type, with inputs; the same ones each time."""
    found: list[tuple[Formula, Given]] = []
    kinds = expressions(2, {})

    @seed(20260)
    @settings(
        max_examples=DRAWN, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
    @given(data=st.data())
    def draw(data: st.DataObject) -> None:
        kind = data.draw(st.sampled_from([Type.NUMBER, Type.NUMBER, *Type]))
        formula = check(data.draw(kinds[kind]), SCOPE, kind)
        inputs = {ref.column: data.draw(inputs_of(t)) for ref, t in types_of([formula]).items()}
        found.append((formula, inputs))

    draw()
    return found


@pytest.mark.spreadsheet
def test_formulas_made_by_lot_agree_with_the_decimal_engine(tmp_path: Path) -> None:
    cases = sure_cases(drawn())
    assert len(cases) > DRAWN // 4
    assert wrong(cases, run_each(cases, tmp_path, careful=True)) == []


@pytest.mark.parametrize(
    ("value", "places"),
    [("0", 12), ("1.5", 12), ("12.5", 12), ("1234.5", 10), ("1000000", 7), ("-99999999", 6)],
)
def test_a_number_keeps_fourteen_digits(value: str, places: int) -> None:
    assert places_of(Decimal(value)) == places


def test_no_function_is_without_a_formula() -> None:
    from formula.functions import FUNCTIONS  # beside the test that reads it

    assert all(callable(function.excel) for function in FUNCTIONS.values())
