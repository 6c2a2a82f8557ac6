"""What a plan costs each unit: by days, in whole cents, and no cent more or less than it pays."""

from __future__ import annotations

import random
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management.base import CommandError

from incentives.costs import costs_by_unit
from incentives.models import PlanPeriod
from org.models import Tenant
from org.sql import fetch
from org.tenancy import enter
from tests.incentives.test_found import Small
from tests.incentives.test_random_plans import HEAD, jobs, plan, sales, values

pytestmark = pytest.mark.django_db

PLAN = """
units: [{code: north}, {code: south}, {code: west}]
metrics: {x: {kind: sum}}
plans:
  p:
    calendar: monthly
    versions:
      - in_force: 2026-01-01
        measures: {x: {}}
        components: {pay: {formula: x}}
"""
MOVES = """ann,north,agent,2026-01-01,2026-01-11
ann,south,agent,2026-01-11,2026-01-21
ann,west,agent,2026-01-21,
bo,west,agent,2026-01-01,"""


@pytest.mark.parametrize("amount", ["100", "-100"])
def test_a_blended_result_costs_each_unit_its_days(tmp_path: Path, amount: str) -> None:
    site = Small(tmp_path, MOVES, PLAN)
    site.values(f"ann,2026-01-05,x,{amount},\nbo,2026-01-05,x,7,\n")
    site.run("calculate", "2026-01", "--on", "2026-02-02")
    said = site.run("results", "2026-01", "--by-unit").splitlines()[1:]
    found = {line.split(",")[1]: Decimal(line.split(",")[3]) for line in said}
    assert sum(found.values()) == Decimal(amount) + 7
    part = Decimal(amount) / 31
    for unit, days, more in (("north", 10, 0), ("south", 10, 0), ("west", 11, 7)):
        assert abs(found[unit] - more - part * days) < Decimal("0.01")


def test_a_period_without_results_costs_nothing(tmp_path: Path) -> None:
    site = Small(tmp_path, MOVES, PLAN)
    with pytest.raises(CommandError, match="There are no results"):
        site.run("results", "2026-03", "--by-unit")


SPENT = """
    SELECT coalesce(sum(amount), 0) FROM incentives_earning
    WHERE status = 'decided' AND run_id IN (SELECT run_id FROM incentives_planperiod
      WHERE period_id = (SELECT id FROM org_period WHERE code = '2026-02'))
"""


@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in (2, 3, 4))]
)
def test_the_costs_of_units_are_what_is_paid(tmp_path: Path, seed: int) -> None:
    lot = random.Random(seed)
    site = Small(tmp_path, jobs(lot), HEAD + plan(lot))
    site.values(values(lot))
    site.file("ingest", sales(lot), "till")
    site.run("calculate", "2026-02", "--on", "2026-03-02")
    with enter(Tenant.objects.get(code="small").pk):
        costs = costs_by_unit(PlanPeriod.objects.filter(period__code="2026-02"))
        [(spent,)] = fetch(SPENT)
    assert sum(one.amount for one in costs) == spent
    assert all(one.amount == round(one.amount, 2) for one in costs)
