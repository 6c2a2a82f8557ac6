"""Property: whatever formulas are made, both engines agree to the last digit."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject
from psycopg.sql import SQL, Identifier

from formula import ErrorValue, Formula, Name, Type, Value, check, evaluate, layers
from formula.spec import SCOPE
from tests.seeds import examples

from .expressions import expressions, inputs_of
from .populations import Result, Run, base, from_text, types_of

Row = dict[str, Value | ErrorValue | None]

FIRST, SECOND = ("x0", "x1", "x2"), ("y0", "y1")
DEPTH = 3
KINDS = expressions(DEPTH, {})


@settings(
    max_examples=examples(60, of=250),
    deadline=None,
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_both_engines_agree(data: DataObject, sql: Run) -> None:
    formulas = drawn_formulas(data)
    refs = {
        ref: kind
        for ref, kind in types_of(list(formulas.values())).items()
        if ref.column not in formulas
    }
    rows: list[Row] = data.draw(
        st.lists(
            st.fixed_dictionaries({ref.column: inputs_of(kind) for ref, kind in refs.items()}),
            min_size=3,
            max_size=3,
        )
    )
    groups = [[(name, formulas[name]) for name in group] for group in (FIRST, SECOND)]
    statement = layers(groups, base(refs, rows))
    columns = SQL(", ").join(
        SQL("{}::text, {}").format(Identifier(name), Identifier(f"{name} !")) for name in formulas
    )
    found = sql(SQL("SELECT {} FROM ({}) AS x ORDER BY line").format(columns, statement))
    for row, cells in zip(rows, found, strict=True):
        pairs = zip(formulas.items(), cells[::2], cells[1::2], strict=True)
        in_sql = {name: (from_text(f.type, value), error) for (name, f), value, error in pairs}
        assert in_sql == by_decimal(formulas, row)


def drawn_formulas(data: DataObject) -> dict[str, Formula]:
    """Three formulas, and two more that may use them."""
    found: dict[str, Formula] = {}
    more: dict[Type, list[str]] = {}
    scope = SCOPE
    for group in (FIRST, SECOND):
        kinds = expressions(DEPTH, more) if found else KINDS
        for name in group:
            kind = data.draw(st.sampled_from([Type.NUMBER, Type.NUMBER, *Type]))
            found[name] = check(data.draw(kinds[kind], label=name), scope, kind)
        named = {name: Name(formula.type) for name, formula in found.items()}
        scope = replace(SCOPE, names={**SCOPE.names, **named})
        more = {kind: [n for n, name in named.items() if name.type is kind] for kind in Type}
    return found


def by_decimal(formulas: dict[str, Formula], row: Row) -> dict[str, Result]:
    """The same by the Decimal engine, one after the other."""
    known, results = dict(row), {}
    for name, formula in formulas.items():
        outcome = evaluate(formula, known)
        results[name] = (outcome.value, outcome.error)
        known[name] = ErrorValue(outcome.error) if outcome.error else outcome.value
    return results
