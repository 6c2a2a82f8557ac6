"""The ledger's sums depend on what is known, and not on the order in which it came."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from incentives.alarms import check_periods
from incentives.ledger import check_identity
from incentives.models import Component, Dirty, Measure, PlanVersion, RateTable
from metrics.correct import correct, withdraw
from org.sql import fetch
from org.tenancy import enter
from tests.factories import AT, make_plan, make_tenant
from tests.incentives.desk import Desk, later

PEOPLE = ("ann", "bo")
MONTHS = ("2026-01", "2026-02", "2026-03")
PARTS = [
    {"share": "60%", "release": "final"},
    {"share": "25%", "release": "2 months later"},
    {"share": "15%", "release": "2027-03-01", "expires": "10 months"},
]
Known = tuple[str, str, int, int]


def world(limit: bool) -> Desk:
    """Tiers to date paid in parts, a tenth of them to the person again, and a pool by sales."""
    options: dict[str, Any] = {"limit": {"amount": 300}} if limit else {}
    desk = Desk(
        PEOPLE,
        formula="TIER(YTD(sales), step)",
        schedules={"parts": PARTS},
        component={"cumulate": "to_date", "schedule": "parts"},
        options=options,
    )
    RateTable.objects.create(
        version=desk.plan.versions.get(),
        name="step",
        spec={"rows": [[0, "5%"], [3000, "8%"]]},
    )
    for code, formula in (("override", "EARNED(desk.pay) / 10"), ("pool", "300 * SHARE(sales)")):
        version = PlanVersion.objects.create(
            plan=make_plan(desk.plan.calendar, code),
            number=1,
            in_force=date(2026, 1, 1),
            status="published",
            created_at=AT,
        )
        Measure.objects.create(version=version, name="sales", metric=desk.metric)
        Component.objects.create(version=version, name=code, formula=formula)
    return desk


def known(rng: random.Random) -> list[Known]:
    """What is known in the end: person, month, day and amount."""
    return [
        (person, month, day, rng.choice([-700, 0, 350, 1111, 2500]))
        for person in PEOPLE
        for month in MONTHS
        for day in (3, 17)
    ]


def set_to(desk: Desk, fact: Known) -> Any:
    person, month, day, amount = fact
    return correct(
        person=desk.people[person],
        day=date.fromisoformat(f"{month}-{day:02}"),
        metric=desk.metric,
        numerator=Decimal(amount),
        reason="Known by now",
        by=None,
        at=later(),
    )


def undone(desk: Desk, rng: random.Random) -> None:
    """Something wrong that is taken back again."""
    wrong = set_to(desk, (rng.choice(PEOPLE), rng.choice(MONTHS), 25, rng.randint(1, 5000)))
    if rng.random() < 0.7:
        desk.calculate(desk_open(desk))
    withdraw(correction=wrong, reason="A slip", by=None, at=later())


def desk_open(desk: Desk) -> str:
    """The first month that is not final."""
    final = set(desk.plan.plan_periods.filter(final_at__isnull=False).values_list("period__code"))
    return next(code for code in desk.months if (code,) not in final)


def finalise_next(desk: Desk) -> None:
    month = desk_open(desk)
    desk.finalise_all(month)
    assert check_identity() == []


def ledger(desk: Desk) -> tuple[list[Any], list[Any]]:
    """What is booked by key and part, and where each person's money stands."""
    booked = fetch(
        "SELECT person.code, moved.component, period.code, moved.part,"
        " sum(CASE 'plan' WHEN from_account THEN amount WHEN to_account THEN -amount ELSE 0 END)"
        " FROM incentives_transfer AS moved JOIN org_person AS person ON person.id = person_id"
        " JOIN org_period AS period ON period.id = earned_period_id"
        " WHERE origin = 'calculation' GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"
    )
    accounts = [
        (name, *(getattr(desk.balance(name), key) for key in ("held", "due", "lost", "granted")))
        for name in PEOPLE
    ]
    return [row for row in booked if row[-1]], accounts


def finish(desk: Desk) -> tuple[list[Any], list[Any]]:
    """Finalise until May, let go what may go by summer, and read the ledger."""
    while desk_open(desk) <= "2026-05":
        finalise_next(desk)
    desk.release("2026-06-30")
    assert not Dirty.objects.exists()
    return ledger(desk)


@pytest.mark.parametrize(("seed", "limit"), [(1, False), (2, True)])
def test_any_order_of_arrival_ends_at_the_same_sums(db: None, seed: int, limit: bool) -> None:
    rng = random.Random(seed)
    facts = known(rng)
    with enter(make_tenant().pk):
        plain = world(limit)
        for fact in facts:
            set_to(plain, fact)
        expected = finish(plain)

    with enter(make_tenant().pk):
        desk = world(limit)
        steps: list[Callable[[], object]] = [lambda f=f: set_to(desk, f) for f in facts]
        steps += [
            lambda f=f: set_to(desk, (*f[:3], rng.randint(-900, 4000)))
            for f in rng.sample(facts, 3)
        ]
        steps += [lambda: undone(desk, rng)] * 2 + [lambda: finalise_next(desk)] * 4
        rng.shuffle(steps)
        for step in steps:
            step()
            assert check_identity() == []
        for fact in facts:
            set_to(desk, fact)
        found = finish(desk)
        checked = check_periods(by=None, at=later(), on=date(2026, 7, 1))
        assert not any(one.alarms for one in checked)
    assert found == expected
