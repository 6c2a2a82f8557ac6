"""The set-based engine against plain arithmetic, and against its own explanation."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from incentives.calculate import calculate_period
from incentives.explain import explain
from incentives.models import Earning, PlanPeriod, Result
from org.models import Tenant
from tests.factories import AT
from tests.incentives.world import World, exact, make_world

ON = date(2026, 7, 2)


def expected(world: World) -> dict[tuple[str, str], dict[str, Decimal]]:
    """Every result that there should be, with its figures, goals and eligible fraction."""
    found = {}
    for person in world.people:
        for job, days in world.groups(person).items():
            if not world.counted(person, days):
                continue
            figures = {"prorate": Decimal(1)}
            if world.version.prorate_amount:
                fraction = world.fraction(person, days, world.version.prorate_amount)
                figures["prorate"] = exact(fraction)
            for metric in ("sales", "speed", "balance", "best"):
                figures[metric] = world.actual(person, metric, days)
                figures[f"goal {metric}"] = world.goal(person, metric, days)
            found[person, job] = {k: v for k, v in figures.items() if v is not None}
    return found


@pytest.mark.parametrize("seed", range(12))
def test_figures_goals_and_fractions_agree_with_plain_arithmetic(tenant: Tenant, seed: int) -> None:
    world = make_world(seed)
    calculate_period(period=world.period, by=None, at=AT, on=ON)
    codes = {person.pk: code for code, person in world.people.items()}
    found = {
        (codes[row.person_id], row.job): {
            k: Decimal(v) for k, v in row.inputs.items() if not k.startswith("pieces ")
        }
        for row in Result.objects.all()
    }
    wanted = expected(world)
    assert set(found) == set(wanted)
    parted = {
        (*key, name): (figures.get(name), wanted[key].get(name))
        for key, figures in found.items()
        for name in {*figures, *wanted[key]}
        if figures.get(name) != wanted[key].get(name)
    }
    assert parted == {}


@pytest.mark.parametrize("seed", range(12))
def test_every_explanation_ends_at_the_amount(tenant: Tenant, seed: int) -> None:
    """``explain`` raises where the Decimal engine comes to another amount than the SQL engine."""
    world = make_world(100 + seed)
    [made] = calculate_period(period=world.period, by=None, at=AT, on=ON)
    point = PlanPeriod.objects.get()
    shown = [
        (line.amount, line.status)
        for person in world.people.values()
        for one in explain(person=person, point=point)
        for line in one.components
    ]
    stored = Earning.objects.filter(run_id=made.pk).values_list("amount", "status")
    assert len(shown) == len(stored) > 0
    assert sorted(map(str, shown)) == sorted(map(str, stored))


def test_a_second_run_replaces_the_first(tenant: Tenant) -> None:
    world = make_world(3)
    [first] = calculate_period(period=world.period, by=None, at=AT, on=ON)
    [second] = calculate_period(period=world.period, by=None, at=AT, on=ON)
    assert PlanPeriod.objects.get().run_id == second.pk
    assert set(Earning.objects.values_list("run_id", flat=True)) == {second.pk}
    assert not Result.objects.filter(run_id=first.pk).exists()
    assert first.total == second.total
