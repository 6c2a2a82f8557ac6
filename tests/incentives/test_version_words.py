"""The difference between two versions, in words."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from incentives import table_words
from incentives.config_versions import canonical
from incentives.version_words import between, sentences
from org.config_tools import Problems

VERSION: dict[str, Any] = {
    "number": 1,
    "in_force": "2026-01-01",
    "eligibility": [{"job_type": "sales"}],
    "tables": {
        "step": {"rows": [[0, "2%"], [100, "3%"], [200, "4%"]]},
        "curve": {"points": [["90%", 0], ["100%", 250]]},
        "keys": {"rows": {"gold": 40, "silver": 10}},
        "grid": {"columns": [0, 90], "rows": [[0, 1, 2], [50, 3, 4]]},
    },
    "measures": {"sales": {}},
    "components": {
        "commission": {"title": "Commission", "formula": "TIER(sales, step)", "cap": "1500"},
        "deals": {"formula": "sales * 4"},
    },
}


def said(**changes: Any) -> list[str]:
    """What differs after changes, written as ``tables__step=…``."""
    after = deepcopy(VERSION)
    for path, value in changes.items():
        *way, last = path.split("__")
        place = after
        for key in way:
            place = place[key]
        if value is None:
            del place[last]
        else:
            place[last] = value
    problems = Problems()
    found = between(
        canonical(VERSION, "before", problems, decimals=2),
        canonical(after, "after", problems, decimals=2),
    )
    assert not problems.found, problems.found
    return sentences(found)


def test_alike_versions_differ_in_nothing() -> None:
    assert said() == []


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([[0, "2%"], [100, "3.5%"], [200, "4%"]], ["tier 2 from 3 % to 3.5 %"]),
        ([[0, "2%"], [200, "4%"]], ["row 100–200 removed, which was at 3 %"]),
        (
            [[0, "2%"], [100, "3%"], [150, "3.3%"], [200, "4%"]],
            ["row 150–200 added, at 3.3 %"],
        ),
        ([[0, "2%"], [120, "3%"], [200, "4%"]], ["tier 2 begins at 120 instead of 100"]),
        (
            [[0, "2%"], [100, "3%"], [250, "5%"]],
            ["tier 3 begins at 250 instead of 200", "tier 3 from 4 % to 5 %"],
        ),
        (
            [[0, "2%"], [100, "3%"], [200, "4%"], [300, "5%"]],
            ["row from 300 on added, at 5 %"],
        ),
    ],
)
def test_rows_of_steps(rows: list[Any], sentence: list[str]) -> None:
    assert said(tables__step={"rows": rows}) == [f"Table step: {one}." for one in sentence]


def test_points_keys_and_cells() -> None:
    assert said(tables__curve={"points": [["90%", 10], ["110%", 250]]}) == [
        "Table curve: point 90 % from 0 to 10.",
        "Table curve: point 110 % added, with 250.",
        "Table curve: point 100 % removed, which had 250.",
    ]
    assert said(tables__keys={"rows": {"gold": 50, "tin": 1}}) == [
        "Table keys: row gold from 40 to 50.",
        "Table keys: row tin added, with 1.",
        "Table keys: row silver removed, which had 10.",
    ]
    assert said(tables__grid={"columns": [0, 90], "rows": [[0, 1, 2], [50, 3, 5]]}) == [
        "Table grid: row 50, column 90, from 4 to 5."
    ]


def test_tables_come_go_and_are_read_otherwise() -> None:
    assert said(tables__step=None) == ["Table step is gone."]
    assert said(tables__new={"rows": [[0, 1]]}) == ["Table new is new."]
    assert said(tables__step={**VERSION["tables"]["step"], "on_bound": "lower_row"}) == [
        "Table step: a value exactly on a bound belongs to the row below it."
    ]
    assert table_words.changes({"rows": [[0, 1]]}, {"points": [[0, 1]]}) == [
        "it is read in another way now: curve through points, for curve"
    ]


def test_components_part_by_part() -> None:
    assert said(components__commission__formula="TIER(sales, step) * 2") == [
        "“Commission” (commission): formula from TIER(sales, step) to TIER(sales, step) * 2."
    ]
    assert said(components__commission__cap="1600") == [
        "“Commission” (commission): cap from 1500 to 1600."
    ]
    assert said(components__commission__cap=None) == [
        "“Commission” (commission) has no cap any more; it was: 1500."
    ]
    assert said(components__deals__gate="sales > 3") == ["deals has a gate now: sales > 3."]
    assert said(components__deals=None) == ["Component deals is gone: it pays nothing any more."]
    assert said(components__more={"formula": "1"}) == ["Component more is new: it pays 1."]
    assert said(components__commission__title="Share") == [
        "Component commission is called “Share” now."
    ]


def test_choices_say_what_held_before() -> None:
    assert said(measures__sales={"window": "year_to_date"}) == [
        "Measure sales: it adds up the year to the period's end. Before: it adds up the period"
        " (the default)."
    ]
    assert said(zero_goal="0%")[0].startswith("A goal of zero counts as attainment of 0 %. Before:")
    assert said(cap="2000") == [
        "The plan pays at most 2000; a cut is allotted back to its components. Before: the plan as"
        " a whole has no cap (the default)."
    ]


def test_days_and_people() -> None:
    assert said(in_force="2026-02-01", ends="2027-01-01") == [
        "It is in force from 2026-02-01, not from 2026-01-01.",
        "It pays until 2027-01-01, that day not included.",
    ]
    assert said(eligibility=[{"job_type": "agent"}]) == [
        "It is now for job type agent.",
        "It is no longer for job type sales.",
    ]


def test_schedules_and_examples() -> None:
    parts = [{"share": "70%", "release": "final"}, {"share": "30%", "release": "2 months later"}]
    assert said(schedules={"late": parts}) == [
        "New: Schedule late: 70 % when the period is final; 30 % 2 months later."
    ]
    assert said(examples=[{"name": "One", "pays": {"deals": 4}}]) == ["Example “One” is new."]
