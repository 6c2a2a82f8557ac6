"""Pay curves, their cliffs, and the notes on who loses much more."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from incentives.effect.curves import Curve, curves
from incentives.effect.groups import Group
from incentives.effect.notes import notes
from incentives.effect.working import of_draft
from incentives.models import PlanVersion
from org.models import Period, Tenant
from org.tenancy import enter
from tests.incentives.test_found import Small

AT, ON = datetime(2026, 3, 2, 9, tzinfo=UTC), date(2026, 3, 2)
RULES = """
        tables: {{step: {{rows: [[0, 1], [100, {rate}]]}}}}
        measures: {{x: {{}}, late: {{}}}}
        components:
          slices: {{formula: 'TIER(x, step)'}}
          whole: {{formula: 'RATE(x, step) * x'}}
          gated: {{formula: 'x * 1', gate: 'late <= 3'}}
          flat: {{formula: 'x * 2'}}
"""
PLAN = """
units: [{code: north}]
metrics: {x: {kind: sum, decimals: 0}, late: {kind: sum, decimals: 0, direction: lower}}
plans:
  p:
    calendar: monthly
    versions:
      - in_force: 2026-01-01
"""


@pytest.fixture
def drawn(db: None, tmp_path: Path) -> dict[str, Curve]:
    """The curves of a draft that raises the second step from 2 to 3."""
    text = PLAN + RULES.format(rate=2).lstrip("\n")
    text += "      - in_force: 2026-02-01\n        status: draft\n"
    text += RULES.format(rate=3).lstrip("\n")
    people = [f"p{n}" for n in range(5)]
    site = Small(tmp_path, "\n".join(f"{who},north,agent,2026-01-01," for who in people), text)
    rows = [f"{who},2026-02-02,x,{40 * n}," for n, who in enumerate(people)]
    site.values("\n".join([*rows, "p2,2026-02-03,late,2,"]))
    with enter(Tenant.objects.get(code="small").pk):
        found = of_draft(
            version=PlanVersion.objects.select_related("plan__calendar").get(status="draft"),
            period=Period.objects.select_related("calendar").get(
                calendar__code="monthly", code="2026-02"
            ),
            at=AT,
            on=ON,
            read=lambda worked: curves(*worked.typical[0]),
        )
    return {curve.component: curve for curve in found}


def test_what_differs_comes_first_and_what_turns_on_nothing_has_no_curve(
    drawn: dict[str, Curve],
) -> None:
    assert list(drawn) == ["slices", "whole", "gated"]
    assert drawn["gated"].before == drawn["gated"].after
    assert drawn["slices"].before != drawn["slices"].after


def test_slices_have_a_corner_and_no_cliff(drawn: dict[str, Curve]) -> None:
    line = drawn["slices"].after
    assert line is not None
    assert line.cliffs == ()
    points = dict(line.points)
    assert points[Decimal(100)] == 100
    assert {x: y for x, y in line.points if x > 100} == {
        x: 100 + 3 * (x - 100) for x in points if x > 100
    }


def test_a_rate_for_the_whole_amount_is_a_cliff(drawn: dict[str, Curve]) -> None:
    before, after = drawn["whole"].before, drawn["whole"].after
    assert before is not None
    assert after is not None
    assert [(c.at, c.below, c.above) for c in before.cliffs] == [(100, 99, 200)]
    assert [(c.at, c.below, c.above) for c in after.cliffs] == [(100, 99, 300)]


def test_a_gate_that_shuts_is_a_cliff_on_its_own_figure(drawn: dict[str, Curve]) -> None:
    curve = drawn["gated"]
    assert curve.measure.name == "late"
    assert curve.after is not None
    assert [(c.at, c.above) for c in curve.after.cliffs] == [(4, 0)]


# --- notes


def group(name: str, people: int, before: int, after: int, within: str = "") -> Group:
    return Group(name, name, people, Decimal(before), Decimal(after), 0, people, within=within)


def test_a_site_that_loses_much_more_is_noted_and_what_is_below_it_not() -> None:
    everybody = group("all", 40, 4000, 3700)
    units = [
        group("bank", 40, 4000, 3700),
        group("south", 20, 2000, 1720, "bank"),
        group("team", 8, 800, 600, "south"),
        group("north", 20, 2000, 1980, "bank"),
    ]
    found = notes(None, None, units, everybody)
    assert [(n.kind, n.group.name, n.others.people) for n in found] == [("unit", "south", 20)]
    assert found[0].others.relative == Decimal("-0.01")


@pytest.mark.parametrize(
    ("part", "full", "noted"),
    [
        (group("part", 5, 1000, 900), group("full", 5, 1000, 960), True),
        (group("part", 5, 1000, 900), group("full", 5, 1000, 950), False),  # just five points
        (group("part", 4, 1000, 500), group("full", 50, 1000, 1000), False),  # too few
        (group("part", 9, 1000, 1000), group("full", 9, 1000, 1200), False),  # nobody loses
        (group("part", 9, 0, 0), group("full", 9, 1000, 900), False),
    ],
)
def test_part_time_people(part: Group, full: Group, noted: bool) -> None:
    assert bool(notes(part, full, [], part)) is noted
