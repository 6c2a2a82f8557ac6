"""Property: however a total is divided, its slices sum exactly to the tier of the total."""

from __future__ import annotations

from decimal import Decimal
from itertools import accumulate
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from psycopg.sql import SQL

from formula import NUMBER, Name, Scope, Table, check, evaluate, layers
from formula.numbers import CONTEXT
from formula.spec import SCOPE
from formula.tables import StepTable
from tests.seeds import examples

from .populations import Run, base, types_of

amounts = st.one_of(
    st.decimals(-(10**6), 10**6, places=2),
    st.decimals(-(10**4), 10**4, places=12),
    st.integers(-3, 300).map(lambda n: Decimal(n * 10)),
)


@st.composite
def tables(draw: DrawFn) -> Table:
    """A step table with up to eight rows, bounds of round and of crooked numbers."""
    bounds = sorted(draw(st.lists(amounts, min_size=1, max_size=8, unique=True)))
    rates = [draw(st.decimals(-2, 2, places=12)) for _ in bounds]
    spec: dict[str, Any] = {
        "rows": [[bound, rate] for bound, rate in zip(bounds, rates, strict=True)],
        "on_bound": draw(st.sampled_from(["upper_row", "lower_row"])),
        "below": draw(st.sampled_from(["first_row", "nothing"])),
    }
    return Table.parse("steps", spec)


def total(numbers: list[Decimal]) -> Decimal:
    """The exact sum: Python's own context would cut it to 28 digits."""
    return list(accumulate(numbers, CONTEXT.add))[-1]


def parts_of(start: Decimal, amounts: list[Decimal]) -> list[dict[str, Decimal]]:
    """What comes before each amount, and the amount."""
    before = list(accumulate(amounts, CONTEXT.add, initial=start))
    return [{"a": b, "b": amount} for b, amount in zip(before, amounts, strict=False)]


@settings(
    max_examples=examples(50, of=150),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(table=tables(), start=amounts, split=st.lists(amounts, min_size=1, max_size=8))
def test_slices_sum_to_the_tier_of_the_total(
    table: Table, start: Decimal, split: list[Decimal], sql: Run
) -> None:
    scope = Scope({"a": Name(NUMBER), "b": Name(NUMBER)}, {"steps": table})
    whole = check("TIER(a + b, steps) - TIER(a, steps)", scope)
    part = check("SLICE(a, b, steps)", scope)
    inputs = parts_of(start, split)
    wanted = evaluate(whole, {"a": start, "b": total(split)})
    slices = [evaluate(part, row).value for row in inputs]
    assert total([value for value in slices if isinstance(value, Decimal)]) == wanted.value
    statement = layers([[("x", part)]], base(types_of([part]), inputs))
    found = sql(SQL('SELECT "x", "x !" FROM ({}) AS x ORDER BY line').format(statement))
    assert found == [(value, None) for value in slices]


@pytest.mark.parametrize(
    ("table", "before", "amount", "note"),
    [
        ("step", 90_000, 18_000, "row 2 (from 100000: 6%) after row 1: 10000 × 4% + 8000 × 6%"),
        ("step", 100_000, 10, "row 2 (from 100000: 6%): 10 × 6%"),
        ("step", 90_000, 0, "row 1 (from 0: 4%)"),
        ("step", 108_000, -18_000, "row 1 (from 0: 4%) after row 2: -10000 × 4% + -8000 × 6%"),
        ("step", -10, 20, "row 1 (from 0: 4%): 20 × 4%"),
        ("over", 50, 100, "row 1 (from 100: 2) after nothing below the first row: 50 × 2"),
        ("over", 150, -100, "below 100: nothing after row 1: -50 × 2"),
        ("over", 10, 20, "below 100: nothing"),
    ],
)
def test_a_slice_says_its_rows(table: str, before: int, amount: int, note: str) -> None:
    steps = SCOPE.tables[table]
    assert isinstance(steps, StepTable)
    assert steps.slice(Decimal(before), Decimal(amount))[1] == note


def test_the_note_stands_in_the_trace() -> None:
    formula = check("SLICE(RUNNING(sales), a, step)", SCOPE)
    outcome = evaluate(formula, {"running sales": Decimal(90_000), "a": Decimal(18_000)})
    assert outcome.lines() == [
        "SLICE(RUNNING(sales), a, step) = 880"
        "   [row 2 (from 100000: 6%) after row 1: 10000 × 4% + 8000 × 6%]",
        "  RUNNING(sales) = 90000",
        "  a = 18000",
    ]
