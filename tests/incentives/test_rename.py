"""Giving a part of a plan another name changes the formulas that call it, and nothing else."""

from __future__ import annotations

import pytest

from incentives.editor.rename import names_it, renamed


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("sales * 4%", "volume * 4%"),
        ("SALES + Sales", "volume + volume"),
        ("TIER(sales, sales_table)", "TIER(volume, sales_table)"),
        ('IF(region = "sales", sales, 0)', 'IF(region = "sales", volume, 0)'),
        ("EARNED(sales.bonus)", "EARNED(sales.bonus)"),
        ("sales(1)", "sales(1)"),
        ("ATTAINMENT(sales)", "ATTAINMENT(volume)"),
    ],
)
def test_a_name_is_replaced_where_it_stands_alone(text: str, found: str) -> None:
    assert renamed(text, "sales", "volume") == found


def test_whether_a_formula_calls_something() -> None:
    assert names_it("TIER(volume, Steps)", "steps")
    assert not names_it('"steps"', "steps")
