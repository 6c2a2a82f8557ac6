"""Formulas as objects: what they refer to, their order, their words, their trace."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from decimal import Decimal

import pytest

from formula import (
    DATE,
    ERROR_SENTENCES,
    EVERY_USE,
    NUMBER,
    ErrorValue,
    FormulaError,
    Name,
    Ref,
    Scope,
    check,
    dependency_order,
    evaluate,
    words,
)
from formula.nodes import Call, Literal, Reference
from formula.spec import ROWS, SCOPE


def test_a_formula_knows_what_it_refers_to() -> None:
    formula = check(
        'IF(Attainment(SALES) >= 1, TIER(a, step), GOAL(sales)) + PRORATE(FACT("base")) + TENURE()',
        SCOPE,
    )
    assert {ref.column for ref in formula.references} == {
        "attainment sales",
        "a",
        "goal sales",
        "prorate",
        "fact base",
        "tenure",
    }
    assert formula.names == {"a"}
    assert formula.tables == {"step"}
    assert formula.type is NUMBER


def test_columns_are_lower_case_and_so_are_their_errors() -> None:
    assert Ref("value", "Größe").column == "größe"
    assert Ref("goal", "Sold").error_column == "goal sold !"
    with pytest.raises(ValueError, match="no kind of reference"):
        Ref("weather", "sold")


LONG = "größe_" + "x" * 42  # 50 bytes, the longest name there is


def test_columns_stay_within_what_postgresql_keeps() -> None:
    refs = [
        Ref(kind, name)
        for kind, names in {
            "attainment": [LONG, LONG[:-1] + "y"],
            "prior": [f"{LONG} 9", f"{LONG} 99"],
            "share": [f"{LONG} plan", f"{LONG} job_type", f"c.{LONG} job_type", f"{LONG} unit"],
            "ties": [f"c.{LONG} job_type"],
            "earned": [f"{LONG}.{LONG}", f"{LONG}.{LONG[:-1]}y", f"{LONG}.{LONG.upper()}z"],
            "sum": [f"{LONG}.{LONG}"],
            "first": [f"{LONG}.{LONG}", f"{LONG}.é{LONG[2:]}"],
        }.items()
        for name in names
    ]
    columns = {column for ref in refs for column in (ref.column, ref.error_column)}
    assert len(columns) == 2 * len(refs)
    assert max(len(column.encode()) for column in columns) <= 63
    large = LONG.replace("x", "X")
    assert Ref("earned", f"{LONG}.{large}").column == Ref("earned", f"{large}.{LONG}").column
    # What is stored beside results is found by these names again: they must never change.
    written = Ref("earned", "p" * 40 + "." + "c" * 40).column
    assert written == "earned " + "p" * 40 + ".~5411c5d14f29"


def test_a_reference_says_what_it_is_about() -> None:
    formula = check(
        "PRIOR(sales, 2) + RANK(bonus, unit) + TIES(sales) + EARNED(spiff.prize)", SCOPE
    )
    found = {ref.kind: (ref.subject, ref.periods, ref.within) for ref in formula.references}
    assert found == {
        "prior": ("sales", 2, ""),
        "rank": ("bonus", 0, "unit"),
        "ties": ("sales", 0, "plan"),
        "earned": ("spiff.prize", 0, ""),
    }
    assert [ref.kind for ref in sorted(formula.references) if ref.of_component] == ["rank"]


def test_names_keep_the_form_that_the_scope_gives_them() -> None:
    scope = Scope(
        {"Sold": Name(NUMBER, measure=True)},
        components=["Bonus", "Nord-2026.Bonus"],
        about={"Payment": {"Paid": DATE}},
        uses=EVERY_USE,
    )
    formula = check(
        'RANK(BONUS, Unit) + PRIOR(sold, 1) + EARNED("nord-2026.bonus") + COUNT(PAYMENT)', scope
    )
    assert {ref.name for ref in formula.references} == {
        "c.Bonus unit",
        "Sold 1",
        "Nord-2026.Bonus",
        "Payment",
    }
    assert check("LAST(payment.PAID)", scope, DATE).references == {Ref("last", "Payment.Paid")}


def test_a_measure_goes_before_a_component_of_its_name() -> None:
    scope = Scope({"sold": Name(NUMBER, measure=True)}, components=["sold"], uses=EVERY_USE)
    assert check("RANK(sold)", scope).references == {Ref("rank", "sold plan")}


def test_scopes_refuse_what_they_cannot_give() -> None:
    with pytest.raises(ValueError, match="weather: no such kind of reference"):
        Scope(uses=frozenset({"goal", "weather"}))
    with pytest.raises(ValueError, match="are the same component"):
        Scope(components=["Bonus", "bonus"])
    with pytest.raises(ValueError, match="are the same attribute"):
        Scope(about={"payment": {"paid": DATE, "Paid": DATE}})
    with pytest.raises(ValueError, match="is no name"):
        Scope(about={"two words": {}})


def test_equal_formulas_are_equal_however_they_were_written() -> None:
    one, other = check("a + 4%", SCOPE), check("A + 0.04", SCOPE)
    assert one.node == other.node
    assert check("a + 1", SCOPE).node != one.node
    assert Literal(Decimal(1)) != Literal(True)


def test_nodes_are_frozen_and_checked_when_they_are_built() -> None:
    number, text = Literal(Decimal(1)), Literal("x")
    with pytest.raises(FrozenInstanceError):
        number.value = Decimal(2)  # type: ignore[misc]
    with pytest.raises(TypeError, match=r"\+ cannot take text"):
        Call("+", (number, text), NUMBER)
    with pytest.raises(TypeError, match="does not take 1 arguments"):
        Call("+", (number,), NUMBER)
    with pytest.raises(TypeError, match="needs a table"):
        Call("TIER", (number,), NUMBER)
    with pytest.raises(TypeError, match="does not give"):
        Call("&", (text, text), NUMBER)
    with pytest.raises(TypeError, match="no value of the formula language"):
        Literal(1.5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="needs a Ref and a Type"):
        Reference("sold", NUMBER)  # type: ignore[arg-type]
    with pytest.raises(KeyError):
        Call("EVAL", (number,), NUMBER)


def scope_of(*names: str) -> Scope:
    return Scope({name: Name(NUMBER) for name in names})


def test_formulas_are_ordered_by_what_they_need() -> None:
    scope = scope_of("sold", "A", "b", "c")
    texts = {"c": "a + B", "b": "a * 2", "A": "sold", "d": "sold"}
    formulas = {name: check(text, scope) for name, text in texts.items()}
    assert dependency_order(formulas) == [["A", "d"], ["b"], ["c"]]
    assert dependency_order({}) == []


def test_a_cycle_is_named() -> None:
    scope = scope_of("a", "b", "c", "d")
    texts = {"a": "b + 1", "b": "c + 1", "c": "b + d", "d": "1"}
    formulas = {name: check(text, scope) for name, text in texts.items()}
    with pytest.raises(FormulaError, match="b → c → b"):
        dependency_order(formulas)
    with pytest.raises(FormulaError, match="a uses itself: a → a"):
        dependency_order({"a": check("a + 1", scope)})


WORDS = [
    (
        "IF(ATTAINMENT(sales) >= 100%, 500, 0)",
        "if attainment of sales is at least 100%, 500, else 0",
    ),
    (
        "IFS(a > 2, 9, a > 1, 5, TRUE, 0)",
        "if a is above 2, 9; if a is above 1, 5; else 0",
    ),
    ("(a + b) * 2 - c", "(a + b) × 2 - c"),
    ("a - (b - c)", "a - (b - c)"),
    ("MIN(a, b, 1000)", "the smallest of a, b and 1000"),
    ("TIER(sales, step)", "each slice of sales at its own rate in table step"),
    ("PRORATE(FACT(base) * 10%)", "base × 10% for the eligible part of the period"),
    ("ROUND(a / 7, 2)", "a ÷ 7 rounded to 2 decimal places"),
    ("ROUNDUP(a)", "a rounded up to a whole number"),
    ('AND(a > 1, s = "North", p)', 'a is above 1, s is "North" and p'),
    ("AND(a > 1, OR(p, q))", "a is above 1 and (p or q)"),
    ("IF(AND(p, q), 1, 2)", "if p and q, 1, else 2"),
    ("LOOKUP(s, allowance, 0)", "the value for s in table allowance, or 0 where there is none"),
    ("d < DATE(2026, 5, 31)", "d is below 2026-05-31"),
    ("DEFAULT(a, 0) + 1", "(a, or 0 where there is none) + 1"),
    ("IF(p, 1, 0) * 2", "(if p, 1, else 0) × 2"),
    ("CHOOSE(n, 10, 20)", "number n of: 10 and 20"),
    ("GOAL(sales) - TENURE()", "the goal of sales - months of tenure"),
    ("sales - PRIOR(sales, 1)", "sales - sales of the period before"),
    ("YTD(sales) - PRIOR(sales, 3)", "sales of the year to date - sales 3 periods earlier"),
    (
        "IF(RANK(bonus, unit) <= 3, 500, 0)",
        "if the place by what bonus pays within the unit is at most 3, 500, else 0",
    ),
    ("1000 * SHARE(sales, job_type)", "1000 × the part of sales within the job type"),
    ("EARNED(bonus) + EARNED(spiff.prize)", "what bonus pays + what prize of plan spiff pays"),
    (
        "SLICE(RUNNING(sales), a, step)",
        "each slice of a, which comes after the total of sales before this credit, at its own rate"
        " in table step",
    ),
    ("SUM(payment.amount) / a", "the sum of amount over the payment transactions about it ÷ a"),
    ("LAST(payment.paid)", "paid of the last payment transaction about it"),
]


@pytest.mark.parametrize(("text", "expected"), WORDS)
def test_rules_in_plain_words(text: str, expected: str) -> None:
    assert words(check(text, SCOPE)) == expected


def test_everything_has_words() -> None:
    for row in ROWS:
        assert "{" not in words(check(row.expression, SCOPE)).replace("{0}", "", 1)


def test_the_trace_shows_each_step_and_the_row_that_applied() -> None:
    formula = check("IF(ATTAINMENT(sales) >= 100%, TIER(a, step) + 500, 1 / 0)", SCOPE)
    outcome = evaluate(formula, {"attainment sales": Decimal("1.02"), "a": Decimal(108_000)})
    assert outcome.value == 4980
    assert outcome.lines() == [
        "IF(ATTAINMENT(sales) >= 100%, TIER(a, step) + 500, 1 / 0) = 4980",
        "  ATTAINMENT(sales) >= 100% = TRUE",
        "    ATTAINMENT(sales) = 1.02",
        "  TIER(a, step) + 500 = 4980",
        "    TIER(a, step) = 4480   [row 2 (from 100000: 6%): 100000 × 4% + 8000 × 6%]",
        "      a = 108000",
    ]


def test_the_trace_of_an_error_ends_where_it_happened() -> None:
    outcome = evaluate(check("a / b + c", SCOPE), {"a": Decimal(1), "b": Decimal(0)})
    assert (outcome.value, outcome.error) == (None, "division")
    assert outcome.lines()[1] == "  a / b = error (division)"
    assert "divided by zero" in ErrorValue("division").sentence()


def test_inputs_that_the_language_cannot_hold_are_refused() -> None:
    formula = check("a + 1", SCOPE)
    with pytest.raises(KeyError):
        evaluate(formula, {})
    with pytest.raises(TypeError, match="a must be number"):
        evaluate(formula, {"a": "1"})
    with pytest.raises(TypeError, match="no value of the formula language"):
        evaluate(formula, {"a": 1.5})  # type: ignore[dict-item]
    for number in ("1e18", "0.0000000000001"):
        with pytest.raises(ValueError, match="over 12 places or reaches"):
            evaluate(formula, {"a": Decimal(number)})


def test_every_error_has_a_sentence_and_foreign_codes_show_theirs() -> None:
    for code in ERROR_SENTENCES:
        assert ErrorValue(code).sentence() == ERROR_SENTENCES[code]
    assert "(no_rate)" in ErrorValue("no_rate").sentence()
