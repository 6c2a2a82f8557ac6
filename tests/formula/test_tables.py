"""Rate tables: what is refused and how that is said, round trips, and exact borders."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from formula import FormulaError, Name, Scope, Table, TableError, check
from formula.spec_tables import SPECS
from formula.tables import CurveTable, StepTable
from formula.values import NUMBER

REFUSED: list[tuple[object, str]] = [
    ("4%", "it must say rows: or points:, for example {rows: [[0, 4%]]}."),
    ({}, "it has no rows: there must be at least one."),
    ({"rows": []}, "it has no rows: there must be at least one."),
    ({"rows": "4%"}, "it has no rows: there must be at least one."),
    ({"rows": [5]}, "row 1 must be a list such as [0, 4%]."),
    ({"kind": "ladder", "rows": [[0, 1]]}, 'kind "ladder" is unknown; there are curve, lookup,'),
    ({"rows": [[0, 1]], "on_bond": "upper_row"}, 'a step table has no "on_bond"; it has'),
    ({"rows": [[0, 1]], "on_bond": "upper_row"}, 'Did you mean "on_bound"?'),
    ({"rows": [[0, 1]], "on_bound": "up"}, 'on_bound is "up", but must be upper_row or lower_row.'),
    ({"rows": [[0, 1]], "below": "zero"}, 'below is "zero", but must be first_row or nothing.'),
    ({"rows": [[0, 1], [5, 2, 3]]}, "row 2 has 3 values: every row is [from, rate], or every row"),
    ({"rows": [[0, 1], [0, 2]]}, "row 1 and 2 overlap: both begin at 0."),
    ({"rows": [[10, 1], [5, 2]]}, "row 2 begins at 5, below row 1 (10): bounds must ascend."),
    ({"rows": [[0, "four"]]}, 'row 1, rate: "four" is not a number.'),
    ({"rows": [[0, None]]}, "row 1, rate: a value is missing."),
    ({"rows": [[0, True]]}, "row 1, rate: True is not a number."),
    ({"rows": [["1,000.50", 1]]}, 'row 1, from: "1,000.50" contains a comma: write 1000.50,'),
    ({"rows": [[0, "0.0000000000001"]]}, "row 1, rate: 0.0000000000001 is out of range"),
    ({"rows": [[10**18, 1]]}, "row 1, from: 1000000000000000000 is out of range"),
    ({"rows": [[0, "1e3000"]]}, 'row 1, rate: "1e3000" is not a number.'),
    ({"rows": [[0, "NaN"]]}, 'row 1, rate: "NaN" is not a number.'),
    ({"rows": [[0, float("inf")]]}, 'row 1, rate: "inf" is not a number.'),
    ({"rows": [[0, 0.1234567890123456]]}, "has more than 15 digits: write it in quotation marks"),
    ({"rows": [[0, 10, 1], [20, None, 2]]}, "there is a gap: row 1 ends at 10, row 2 begins at 20"),
    ({"rows": [[0, 10, 1], [5, None, 2]]}, "rows overlap: row 1 ends at 10, row 2 begins at 5."),
    ({"rows": [[0, 10, 1], [10, 20, 2]]}, "the last row ends at 20: leave its end empty (null)"),
    ({"rows": [[0, 0, 1], [0, None, 2]]}, "row 1 ends at 0, not above its begin 0."),
    ({"rows": [[0, None, 1], [5, None, 2]]}, "row 1, to: a value is missing."),
    ({"points": [[0, 0]]}, "a curve needs at least two points."),
    ({"points": [[0, 0], [1]]}, "point 2 must be two numbers, such as [80%, 50%]."),
    ({"points": [[0, 0], [0, 1]]}, "point 1 and 2 overlap: both begin at 0."),
    ({"points": [[0, 0], [1, 1]], "outside": "?"}, 'outside is "?", but must be flat or error.'),
    ({"kind": "matrix", "rows": [[0, 1]]}, "it has no columns: list their bounds or names"),
    ({"columns": [0, 1], "rows": [[0, 1]]}, "row 1 has 1 values after its bound, but there are 2"),
    ({"columns": [1, 0], "rows": [[0, 1, 2]]}, "column 2 begins at 0, below column 1 (1)"),
    ({"columns": ["A", "a"], "rows": [[0, 1, 2]]}, 'the key "a" is there twice'),
    ({"columns": [0, "A"], "rows": [[0, 1, 2]]}, 'column 2: "A" is not a number.'),
    ({"columns": [0], "rows": [[0, "x"]]}, 'row 1, column 1: "x" is not a number.'),
    ({"rows": {}}, "it has no rows: there must be at least one."),
    ({"rows": {"North": 1, "NORTH": 2}}, 'the key "NORTH" is there twice'),
    ({"rows": {1: 1, "x": 2}}, 'key of row 2: "x" is not a number.'),
    ({"rows": {"a": 1, "b": "x"}}, 'value of row 2: "x" is not a number.'),
    ({"kind": "lookup", "rows": [["a"]]}, "row 1 must be a key and a value."),
    ({"kind": "lookup", "rows": [["", 1]]}, "row 1 must be a key and a value."),
    ({"kind": "lookup", "rows": [[Decimal("1.5"), 1]]}, "the key 1.5 is not whole"),
]


@pytest.mark.parametrize(("spec", "sentence"), REFUSED)
def test_a_table_that_is_wrong_says_why(spec: Any, sentence: str) -> None:
    with pytest.raises(TableError) as caught:
        Table.parse("pay", spec)
    assert any(sentence in problem for problem in caught.value.problems), caught.value.problems
    assert str(caught.value).startswith("Table pay: ")


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(TableError) as caught:
        Table.parse("pay", {"rows": [["1,000", "a"], ["2,000", "b"]], "on_bound": "up"})
    assert len(caught.value.problems) >= 4


@pytest.mark.parametrize("name", sorted(SPECS))
def test_a_table_survives_being_written_and_read(name: str) -> None:
    table = Table.parse(name, SPECS[name])
    written = json.loads(json.dumps(table.to_dict()))
    again = Table.parse(name, written)
    assert again == table
    assert again.to_dict() == table.to_dict() == written


def test_numbers_are_read_exactly_however_they_were_given() -> None:
    rows = [[0, 0.1], ["10", Decimal("0.20")], [Decimal(20), "30 %"], [30, "4e-1"], [40, 1e-7]]
    table = Table.parse("pay", {"rows": rows})
    assert isinstance(table, StepTable)
    assert [str(rate) for rate in table.rates] == ["0.1", "0.2", "0.3", "0.4", "1E-7"]
    assert table.to_dict()["rows"][4] == [40, "0.0000001"]


def test_changing_what_was_exported_does_not_change_the_table() -> None:
    table = Table.parse("pay", SPECS["step"])
    table.to_dict()["rows"].clear()
    assert table.to_dict() == {"rows": [[0, "4%"], [100000, "6%"]], "on_bound": "upper_row"}


@pytest.mark.parametrize(
    ("value", "upper", "lower"), [("99.99", 1, 1), ("100", 2, 1), ("100.01", 2, 2), ("-5", 1, 1)]
)
def test_the_side_of_a_bound_is_the_tables_choice(value: str, upper: int, lower: int) -> None:
    for said, expected in (("upper_row", upper), ("lower_row", lower)):
        table = Table.parse("pay", {"rows": [[0, 1], [100, 2]], "on_bound": said})
        assert isinstance(table, StepTable)
        rate, note = table.rate(Decimal(value))
        assert rate == expected
        assert note.startswith(f"row {expected} ")


def test_a_tier_says_its_slices() -> None:
    table = Table.parse("pay", SPECS["step"])
    assert isinstance(table, StepTable)
    amount, note = table.tier(Decimal(108_000))
    assert amount == 4480
    assert note == "row 2 (from 100000: 6%): 100000 × 4% + 8000 × 6%"


def test_a_curve_is_continuous_at_its_points() -> None:
    table = Table.parse("pay", SPECS["payout"])
    assert isinstance(table, CurveTable)
    values = [table.curve(x)[0] for x, _ in table.points]
    assert values == [y for _, y in table.points]


@pytest.mark.parametrize(("kind", "allowed"), [("tier", "TIER"), ("rate", "RATE")])
def test_a_kind_can_keep_a_table_to_one_function(kind: str, allowed: str) -> None:
    table = Table.parse("pay", {"kind": kind, "rows": [[0, 1]]})
    scope = Scope({"a": Name(NUMBER)}, {"pay": table})
    check(f"{allowed}(a, pay)", scope)
    other = "RATE" if allowed == "TIER" else "TIER"
    with pytest.raises(FormulaError, match=f"{other} cannot use it"):
        check(f"{other}(a, pay)", scope)
