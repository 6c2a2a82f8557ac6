"""Column maps: what they may say, that they can be written back, and what is said of wrong ones."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from metrics.column_map import SCHEMA, parse
from org.errors import DomainError

FULL = yaml.safe_load(
    """
sheet: Calls
header_row: 3
delimiter: ;
encoding: cp1252
decimal: ","
thousands: "."
names: {answered: Answered (Y/N), seconds: {column: Speed, as: seconds, decimal: "."}}
person: {column: Agent, by: name}
day: {column: Start, format: [DD.MM.YYYY, "%d.%m.%y"], zone: UTC}
reference: {columns: [Call Id, Leg]}
slot: {column: Job}
skip_rows:
  - {column: Agent, equals: [Total, ""]}
  - {column: Agent, begins: Sub}
values:
  calls: {count: rows, where: answered = Y}
  both: {count: rows, where: ["Answered (Y/N) = Y", Speed >= 10, Topic <> "a = b"]}
  any: {count: rows, where: {Topic: [A, B], Resolved: Yes}}
  fast: {count: rows, where: {formula: 'AND(answered = "Y", seconds < 30)'}}
  talk: {sum: Talk, as: duration, denominator: {count: rows, where: answered = Y}}
  csat: {sum: Stars, weight: 1}
  qa: {sum: Score, weight: {column: Forms}}
  aht: {average: Avg Handle, as: milliseconds, denominator: Handled}
  revenue: {column: Amount, as: money}
  balance: {last: Balance}
  longest: {maximum: Talk, as: mm:ss}
  shortest: {minimum: Talk, as: hh:mm}
  shifts: {constant: 0.5}
  plain: Plain
"""
)
LONG = yaml.safe_load(
    """
person: Agent
day: Date
values:
  from: {metric: Metric, value: Value, weight: Weight}
  as: percent
  verb: sum
  metrics: {AHT: handle_time}
"""
)


@pytest.mark.parametrize("given", [FULL, LONG], ids=["wide", "long"])
def test_a_map_is_written_back_as_it_was_meant(given: dict[str, Any]) -> None:
    Draft202012Validator(SCHEMA).validate(given)
    column_map = parse(given)
    written = column_map.to_dict()
    Draft202012Validator(SCHEMA).validate(written)
    assert parse(written) == column_map
    assert parse(written).to_dict() == written


def test_a_map_knows_its_columns_and_metrics() -> None:
    column_map = parse(FULL)
    assert column_map.columns == (
        *("Agent", "Start", "Call Id", "Leg", "Job", "Answered (Y/N)", "Speed", "Topic"),
        *("Resolved", "Talk", "Stars", "Score", "Forms", "Avg Handle", "Handled", "Amount"),
        *("Balance", "Plain"),
    )
    assert column_map.metrics[:3] == ("calls", "both", "any")
    assert parse(LONG).metrics == ("handle_time",)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"values": {}}, "values: names no metric. Name at least one: calls: {count: rows}."),
        ({"valeus": {}}, "map: “valeus” means nothing here. Did you mean “values”?"),
        (
            {"person": {"column": "A", "by": "nam"}},
            "person: by: nam is unknown. Did you mean “name”?",
        ),
        ({"person": {}}, "person: column names no column."),
        ({"day": {"column": "D", "format": "day"}}, "day: format: “day” is unknown."),
        ({"day": {"column": "D", "zone": "Mars"}}, "day: zone: “Mars” is no time zone."),
        ({"header_row": 0}, "header_row: 0 is no row."),
        ({"decimal": ";"}, "decimal: decimal: “;” is no decimal sign."),
        ({"decimal": ",", "thousands": ","}, "decimal: thousands: “,” cannot group digits here."),
        ({"names": {"1st": "A"}}, 'names: "1st" is no name'),
        ({"values": {"c": {}}}, "values.c: says nothing; it takes one of count, sum"),
        ({"values": {"c": {"sum": "A", "last": "A"}}}, "values.c: says sum and last"),
        ({"values": {"c": {"count": "calls"}}}, "values.c: count: calls is unknown."),
        ({"values": {"c": {"sum": "A", "as": "secs"}}}, "values.c: as: secs is unknown."),
        ({"values": {"c": {"average": "A"}}}, "values.c: is an average: averages are never"),
        (
            {"values": {"c": {"sum": "A", "weight": 1, "denominator": 1}}},
            "values.c: has a denominator and a weight",
        ),
        ({"values": {"c": {"constant": "x"}}}, "values.c: constant: x is no number."),
        ({"values": {"c": {"count": "rows", "where": "Y"}}}, "values.c: “Y” is no condition"),
        ({"values": {"c": {"count": "rows", "where": "A > b"}}}, "values.c: “A > b” compares with"),
        (
            {"values": {"c": {"count": "rows", "where": {"column": "A", "is": 1}}}},
            "values.c: A condition on the column A takes one of equals",
        ),
        (
            {"values": {"c": {"count": "rows", "where": 'AND(anwsered = "Y")'}}},
            "values.c: Line 1, column 5: ",
        ),
        ({"values": {"from": {"metric": "M"}}}, "values: from: names the columns metric and value"),
    ],
)
def test_a_wrong_map_is_refused_with_its_place(change: dict[str, Any], problem: str) -> None:
    good = {"person": "A", "day": "D", "values": {"c": {"count": "rows"}}}
    with pytest.raises(DomainError) as refusal:
        parse({**good, **change})
    assert any(one.startswith(problem) for one in refusal.value.problems), refusal.value.problems


def test_all_problems_are_said_at_once() -> None:
    with pytest.raises(DomainError) as refusal:
        parse({"valeus": {}})
    assert len(refusal.value.problems) == 4
