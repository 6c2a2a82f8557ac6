"""Measures over windows, scopes and filters against plain arithmetic on random worlds."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from incentives.calculate import calculate_period
from incentives.models import Earning
from incentives.rules import Window
from metrics.models import Value
from org.models import Period, Tenant
from tests.factories import AT
from tests.incentives.long_world import END, KINDS, Given, LongWorld, Work
from tests.incentives.making_long_worlds import make_long_world
from tests.seeds import first

WINDOWS = [
    Window(),
    Window("quarter_to_date"),
    Window("year_to_date"),
    Window("since_hire"),
    Window("rolling", periods=3),
    Window("prior", periods=1),
    Window("prior", periods=4),
    Window("before"),
    Window("own_dates", start=date(2026, 1, 10), end=date(2026, 4, 3)),
    Window("own_dates", start=date(2026, 1, 1), end=date(2026, 12, 31)),
]
SCOPES = ["own", "direct", "team", "subtree"]


def _period(seed: int) -> Period:
    """One of the last four periods of the world."""
    rows = list(Period.objects.order_by("-valid_from")[:4])
    return random.Random(seed).choice(rows)


def _parted(world: LongWorld, period: Period, given: dict[str, Given]) -> dict[object, object]:
    """Figures in which the engine and the reference differ."""
    found = world.calculated(period, given)
    assert set(found) == set(world.results(period))
    return {
        (*key, name): (row[name], world.actual(period, key, one))
        for key, row in found.items()
        for name, one in given.items()
        if row[name] != world.actual(period, key, one)
    }


@pytest.mark.parametrize("seed", first(1, of=4))
def test_own_figures_over_every_window(tenant: Tenant, seed: int) -> None:
    world = make_long_world(seed)
    given = {
        f"m{number}_{metric}": Given(metric, "own", window)
        for number, window in enumerate(WINDOWS)
        for metric in KINDS
        if metric != "deals"
    }
    assert _parted(world, _period(seed), given) == {}


@pytest.mark.parametrize("seed", first(1, of=5))
def test_every_scope_over_random_windows(tenant: Tenant, seed: int) -> None:
    rng = random.Random(seed)
    world = make_long_world(50 + seed)
    # A figure of a unit keeps results apart.
    world.version.segments = "separate"
    world.version.save()
    given = {
        f"m{number}": Given(
            rng.choice(["sales", "speed", "balance", "best"]),
            SCOPES[number % 4],
            rng.choice(WINDOWS),
            rng.choice([None, True, False]),
        )
        for number in range(24)
    }
    assert _parted(world, _period(seed), given) == {}


@pytest.mark.parametrize("seed", first(1, of=4))
def test_filters_and_what_was_taken_back(tenant: Tenant, seed: int) -> None:
    rng = random.Random(seed)
    world = make_long_world(100 + seed)
    given = {
        f"m{number}": Given(
            "deals",
            rng.choice(["own", "direct"]),
            rng.choice(WINDOWS),
            filter=rng.choice(["", 'AND(product = "gold", margin >= 30%)']),
            undone_as=rng.choice(["reverse", "net"]),
        )
        for number in range(12)
    }
    for number, window in enumerate(WINDOWS[:6]):
        given[f"restated{number}"] = Given("deals", "own", window)
    # A name that the value has too: the transaction's is meant.
    condition = 'AND(product = "GOLD", margin >= 0.3, ISBLANK(share))'
    given["restated"] = Given("deals", filter=condition)
    assert _parted(world, _period(seed), given) == {}


@pytest.mark.parametrize("seed", first(1, of=3))
def test_a_few_people_alone_have_the_results_they_have_among_all(tenant: Tenant, seed: int) -> None:
    world = make_long_world(200 + seed)
    world.version.segments = "separate"
    world.version.save()
    given = {
        f"m{number}": Given("sales", scope, window)
        for number, (scope, window) in enumerate(
            [("own", Window()), ("own", WINDOWS[2]), ("direct", Window()), ("subtree", WINDOWS[4])]
        )
    }
    period = _period(seed)
    everybody = world.calculated(period, given)
    few = world.calculated(period, given, ["p0", "p3"])
    assert _without_ids(few) == _without_ids(
        {key: row for key, row in everybody.items() if key[0] in ("p0", "p3")}
    )


def _without_ids(rows: dict[tuple[str, str], dict[str, Any]]) -> dict[object, object]:
    return {key: {k: v for k, v in row.items() if k != "result_id"} for key, row in rows.items()}


@pytest.mark.parametrize("seed", first(1, of=3))
def test_earnings_of_the_same_plan_count_by_the_job_that_earned_them(
    tenant: Tenant, seed: int
) -> None:
    world = make_long_world(300 + seed, pays="sales * 2")
    world.version.segments = "separate"
    world.version.save()
    periods = list(Period.objects.order_by("-valid_from")[:4])
    for period in reversed(periods):
        calculate_period(period=period, by=None, at=AT, on=END)
    world.work = _as_work(world)
    given = {
        f"m{number}": Given("sales", scope, window, with_manager, earnings_of="plan.pay")
        for number, (scope, window, with_manager) in enumerate(
            [
                ("own", Window(), None),
                ("own", Window("rolling", periods=3), None),
                ("direct", Window(), None),
                ("direct", Window("prior", periods=1), True),
                ("team", Window("rolling", periods=2), False),
                ("subtree", Window("rolling", periods=4), None),
            ]
        )
    }
    Value.objects.all().delete()
    found = world.calculated(periods[0], given)
    parted = {
        (*key, name): (row[name], world.actual(periods[0], key, one) or 0)
        for key, row in found.items()
        for name, one in given.items()
        if row[name] != (world.actual(periods[0], key, one) or 0)
    }
    assert parted == {}
    assert any(row["m1"] for row in found.values())


def _as_work(world: LongWorld) -> list[Work]:
    """Every earning as a value on the last day that its job had in its period."""
    codes = {person.pk: code for code, person in world.people.items()}
    periods = Period.objects.in_bulk()
    found = []
    for earning in Earning.objects.all():
        period = periods[earning.period_id]
        slot, unit, kind = earning.job.split("|")
        jobs = [
            job
            for job in world.jobs
            if (job.person, job.slot) == (codes[earning.person_id], slot)
            and (job.unit, job.job) == (unit, kind)
            and job.first < period.valid_to
            and job.end > period.valid_from
        ]
        job = max(jobs, key=lambda one: one.first)
        last = min(job.end, period.valid_to) - timedelta(1)
        found.append(Work(job, last, "sales", earning.amount or Decimal(0)))
    return found


@pytest.mark.parametrize("seed", first(1, of=4))
def test_goals_add_up_over_the_window(tenant: Tenant, seed: int) -> None:
    world = make_long_world(400 + seed)
    rng = random.Random(seed)
    given = {
        f"m{number}_{metric}": Given(metric, "own", window, apart=rng.choice([None, "blend"]))
        for number, window in enumerate(WINDOWS)
        for metric in ("sales", "speed", "balance", "best")
    }
    period = _period(seed)
    found = world.calculated(period, given)
    assert any(row["goal m2_sales"] for row in found.values())
    parted = {
        (*key, name): (row[f"goal {name}"], world.goal(period, key, one))
        for key, row in found.items()
        for name, one in given.items()
        if row[f"goal {name}"] != world.goal(period, key, one)
    }
    assert parted == {}
    if world.version.segments == "separate":
        assert _parted(world, period, given) == {}
