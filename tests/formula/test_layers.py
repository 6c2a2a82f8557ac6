"""The composed statement: its columns, its safety, its size."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from psycopg.sql import SQL, Identifier

from formula import BOOLEAN, NUMBER, TEXT, Formula, Name, Scope, Type, Value, check, layers
from formula.spec import SCOPE

from .populations import Run, base, types_of


def columns_of(sql: Run, statement: Any) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return [column.name for column in cursor.description]


def population(*formulas: Formula) -> Any:
    refs = types_of(formulas)
    return base(refs, [{ref.column: Decimal(7) for ref in refs}])


def test_the_result_has_the_base_and_two_columns_for_each_formula(sql: Run) -> None:
    formula = check("a / b + c", SCOPE)
    statement = layers([[("Pay", formula)]], population(formula))
    names = [name for name in columns_of(sql, statement) if not name.startswith("~")]
    assert names == ["line", "a", "a !", "b", "b !", "c", "c !", "Pay", "Pay !"]


def test_keep_returns_exactly_the_columns_that_are_asked_for(sql: Run) -> None:
    formula = check("a / b + c", SCOPE)
    statement = layers([[("Pay", formula)]], population(formula), keep=["line", "Pay"])
    assert columns_of(sql, statement) == ["line", "Pay"]
    assert sql(statement) == [(0, Decimal(8))]


def test_columns_that_never_fail_need_no_error_column(sql: Run) -> None:
    formula = check("a * 2", SCOPE)
    statement = layers(
        [[("pay", formula)]], SQL("(SELECT 4::numeric AS a)"), never_fails=["a"], keep=["pay"]
    )
    assert sql(statement) == [(Decimal(8),)]


def test_the_base_may_be_a_table(sql: Run) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE people ON COMMIT DROP AS SELECT 4::numeric AS a")
    statement = layers(
        [[("pay", check("a * 2", SCOPE))]], Identifier("people"), never_fails=["a"], keep=["pay"]
    )
    assert sql(statement) == [(Decimal(8),)]


def test_later_formulas_use_earlier_ones_without_case(sql: Run) -> None:
    scope = Scope({name: Name(NUMBER) for name in ("a", "First", "second")})
    steps = [
        [("First", check("a + 1", scope))],
        [("second", check("FIRST * 2", scope))],
        [("third", check("first + Second", scope))],
    ]
    statement = layers(steps, population(steps[0][0][1]), keep=["First", "second", "third"])
    assert sql(statement) == [(Decimal(8), Decimal(16), Decimal(24))]


def test_a_column_that_is_used_twice_is_used_above_its_layer(sql: Run) -> None:
    scope = Scope({**SCOPE.names, "x": Name(BOOLEAN)}, SCOPE.tables, SCOPE.facts)
    shared = "IFS(IFS(TRUE, x, FALSE, p), MOD(-53, -3), TRUE, LOOKUP(t, long, n))"
    first = check(f"DEFAULT({shared}, IFS(q, PRORATE(1), TRUE, IF(p, 2, 3)))", scope)
    second = check(f"MATRIX(MOD(-2, -5) ^ CHOOSE(100, 1, 2), {shared}, grid)", scope)
    steps = [[("x", check("NOT(p)", scope))], [("y0", first), ("y1", second)]]
    refs = {r: k for r, k in types_of([first, second]).items() if r.column != "x"}
    values: dict[Type, Value] = {NUMBER: Decimal(1), TEXT: "key9", BOOLEAN: True}
    rows = base(refs, [{ref.column: values[kind] for ref, kind in refs.items()}])
    assert sql(layers(steps, rows, keep=["y0", "y1 !"])) == [(Decimal(9), "choose")]


def test_no_formula_at_all(sql: Run) -> None:
    assert sql(layers([], SQL("(SELECT 1 AS line)"))) == [(1,)]


def test_names_that_clash_are_refused() -> None:
    formula = check("a", SCOPE)
    for steps in ([[("x", formula), ("X", formula)]], [[("x", formula)], [("x", formula)]]):
        with pytest.raises(ValueError, match="two formulas are called"):
            layers(steps, SQL("(SELECT 1)"))
    with pytest.raises(ValueError, match="a: a formula, but other formulas read it from the base"):
        layers([[("a", formula)]], SQL("(SELECT 1)"))


def test_no_statement_holds_a_per_cent_sign(sql: Run) -> None:
    formula = check(
        '"50%" & s & LOOKUP("100%", long) & MOD(a, 3) & LOOKUP(s, allowance, 4%)', SCOPE
    )
    text = layers([[("x", formula)]], SQL("(SELECT 1)")).as_string(None)
    assert "%" not in text


def test_text_of_users_cannot_leave_its_place(sql: Run) -> None:
    nasty = "x'); DROP TABLE people; -- {0} %s \\"
    formula = check('"' + nasty + '" & ""', SCOPE)
    statement = layers([[("x", formula)]], SQL("(SELECT 1)"), keep=["x"])
    assert sql(statement) == [(nasty,)]


@pytest.mark.parametrize(
    "text",
    [
        "+".join(["a"] * 60),
        "AND(" * 25 + "p" + ", a / b > 1)" * 25 + " = q",
        "IF(a / b > 1, " * 25 + "1" + ", 2 / c)" * 25,
        "(" * 20 + "a" + " / b + c) * a" * 20,
        "SLICE(a / b, " * 20 + "c / b" + ", step)" * 20,
        "MAX(0, " * 25 + "a" + " - b)" * 25,
        "DEFAULT(" * 25 + "a / b" + ", c / a)" * 25,
    ],
)
def test_deep_formulas_stay_small_and_fast(text: str, sql: Run) -> None:
    formula = check(text, SCOPE)
    refs = types_of([formula])
    row = {ref.column: True if ref.column in "pq" else Decimal(7) for ref in refs}
    statement = layers([[("x", formula)]], base(refs, [row]), keep=["x", "x !"])
    assert len(statement.as_string(None)) < 60_000
    assert sql(statement)[0][1] is None
