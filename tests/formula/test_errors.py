"""Error messages are an interface: for each, the whole message as a manager sees it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from formula import (
    BOOLEAN,
    DATE,
    EVERY_USE,
    NUMBER,
    TEXT,
    FormulaError,
    Name,
    Scope,
    Table,
    Type,
    check,
)
from formula.errors import nearest
from formula.specials import ENTRIES, WHERE

MESSAGES = Path(__file__).with_name("messages")

SCOPE = Scope(
    names={
        "sales": Name(NUMBER, measure=True),
        "quality": Name(NUMBER, measure=True),
        "bonus": Name(NUMBER),
        "base": Name(NUMBER),
        "quarter": Name(NUMBER),
        "survey": Name(NUMBER),
        "region": Name(TEXT),
        "grade": Name(TEXT),
        "hired": Name(DATE),
        "licensed": Name(BOOLEAN),
    },
    tables={
        "step": Table.parse("step", {"rows": [[0, "4%"]]}),
        "payout": Table.parse("payout", {"points": [[0, 0], [1, 1]]}),
        "grid": Table.parse("grid", {"columns": [0], "rows": [[0, 1]]}),
        "allowance": Table.parse("allowance", {"rows": {"North": 50}}),
    },
    facts={"base_pay": NUMBER},
)
FULL = replace(
    SCOPE,
    components=["commission", "spiff.prize", "North-2026.bonus"],
    about={
        "cancellation": {"cancelled": DATE, "reason": TEXT},
        "payment": {"amount": NUMBER, "paid": DATE},
    },
    uses=EVERY_USE,
)


def message_files() -> list[Path]:
    return sorted(MESSAGES.glob("*.txt"))


@pytest.mark.parametrize("path", message_files(), ids=lambda path: path.stem)
def test_the_message_is_as_written(path: Path) -> None:
    """A file holds the formula, a line of dashes, and the message."""
    text, _, message = path.read_text(encoding="utf-8").partition("\n-----\n")
    with pytest.raises(FormulaError) as caught:
        check(text, FULL if path.stem.startswith("full_") else SCOPE)
    assert f"{caught.value}\n" == message


def test_there_is_a_message_for_every_way_to_be_wrong() -> None:
    assert len(message_files()) >= 40


@pytest.mark.parametrize("kind", sorted(EVERY_USE))
def test_functions_of_other_places_say_where_they_belong(kind: str) -> None:
    with pytest.raises(FormulaError) as caught:
        check(f"1 + {kind}(sales, 2)", replace(FULL, uses=EVERY_USE - {kind}))
    assert caught.value.reason == f"{kind.upper()} may be used only {WHERE[kind]}."
    assert caught.value.caret == "    " + "^" * len(kind)


def test_by_default_what_always_worked_may_be_used() -> None:
    check("PRORATE(GOAL(sales) * ATTAINMENT(sales) + TENURE() + FACT(base_pay))", SCOPE)
    with pytest.raises(FormulaError, match="There is no function RANC") as caught:
        check("RANC(sales)", SCOPE)
    assert caught.value.suggestion != "RANK"


@pytest.mark.parametrize("name", sorted(ENTRIES))
def test_every_example_works(name: str) -> None:
    check(ENTRIES[name].example, FULL)


@pytest.mark.parametrize(
    ("text", "line", "column", "caret"),
    [
        ("sales +\n  slaes", 2, 3, "  ^^^^^"),
        ("\tslaes", 1, 2, "\t^^^^^"),
        ("=slaes", 1, 2, " ^^^^^"),
        ("sales +\r\n slaes\r\n", 2, 2, " ^^^^^"),
    ],
)
def test_the_caret_stands_under_its_place(text: str, line: int, column: int, caret: str) -> None:
    with pytest.raises(FormulaError) as caught:
        check(text, SCOPE)
    error = caught.value
    assert (error.line, error.column, error.caret) == (line, column, caret)
    assert error.suggestion == "sales"


@pytest.mark.parametrize(
    ("text", "expect", "needed"),
    [
        ("sales >= 100", NUMBER, "A number is needed here, but this gives yes or no"),
        ("sales", BOOLEAN, "Yes or no is needed here, but this gives a number"),
        ("hired", TEXT, "A text is needed here, but this gives a date"),
        ("region", DATE, "A date is needed here, but this gives a text"),
    ],
)
def test_the_result_must_have_the_type_that_is_asked_for(
    text: str, expect: Type, needed: str
) -> None:
    with pytest.raises(FormulaError, match=needed):
        check(text, SCOPE, expect)


@pytest.mark.parametrize("text", ["(" * 300 + "1" + ")" * 300, "-" * 5000 + "1", "1" + "+1" * 4000])
def test_deep_formulas_are_refused_and_do_not_crash(text: str) -> None:
    with pytest.raises(FormulaError, match="levels deep"):
        check(text, SCOPE)


def test_long_formulas_are_refused() -> None:
    with pytest.raises(FormulaError, match="10001 characters"):
        check("1" + " " * 10_000, SCOPE)


@pytest.mark.parametrize("text", ["1 + \x00", '"\ud800"', "sales\x1b"])
def test_invisible_characters_are_refused(text: str) -> None:
    with pytest.raises(FormulaError, match="invisible control character"):
        check(text, SCOPE)


def test_names_far_from_all_known_get_no_suggestion() -> None:
    assert nearest("xyz", ["sales"]) == ""


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        ({"two words": Name(NUMBER)}, "is no name"),
        ({"2nd": Name(NUMBER)}, "is no name"),
        ({"Tenure": Name(NUMBER)}, "has a meaning of its own"),
        ({"x" * 51: Name(NUMBER)}, "is too long: 50 bytes"),
        ({"Sales": Name(NUMBER), "SALES": Name(NUMBER)}, "are the same name"),
    ],
)
def test_scopes_refuse_names_that_formulas_cannot_use(
    names: dict[str, Name], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        Scope(names)
