"""Random worlds of eight months for measures; tests.incentives.long_world has their figures."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from incentives.models import Component, Eligibility, Family, Measure, Plan, PlanVersion
from metrics.models import (
    CreditRule,
    Delivery,
    Goal,
    Metric,
    MetricDefinition,
    Source,
    Transaction,
    TransactionKind,
    Value,
)
from org.calendars import ensure_periods
from org.dates import FOREVER
from org.models import Assignment, Calendar, Employment, JobType, Person, Unit, UnitPlacement
from org.units import rebuild_closure
from tests.factories import AT
from tests.incentives.long_world import CHANGE, DAYS, END, FIRST, KINDS, Job, LongWorld, Work


def make_long_world(seed: int, pays: str = "1") -> LongWorld:
    """Eight people in a tree that changes, some with a second job, managers, deals and values.

    The plan pays ``pays``; the measure ``sales`` is there where it is named.
    """
    rng = random.Random(seed)
    first_day = rng.choice([1, 1, 15])
    calendar = Calendar.objects.create(code="plan", kind="monthly", first_day=first_day)
    ensure_periods(calendar, rng.choice([FIRST, date(2026, 2, 20)]), END - timedelta(1))
    plan = Plan.objects.create(
        code="plan", name="Plan", family=Family.objects.create(code="main"), calendar=calendar
    )
    version = PlanVersion.objects.create(
        plan=plan,
        number=1,
        in_force=date(2025, 9, 15),
        status="published",
        created_at=AT,
        segments=rng.choice(["blend", "separate"]),
    )
    Component.objects.create(version=version, name="pay", formula=pays)
    world = LongWorld(calendar, version, eligible=rng.choice([None, "seller"]))
    _units(world)
    types = {code: JobType.objects.create(code=code, name=code) for code in ("seller", "caller")}
    if world.eligible:
        Eligibility.objects.create(version=version, job_type=types[world.eligible])
    for number in range(8):
        world.people[f"p{number}"] = Person.objects.create(code=f"p{number}", name=f"p{number}")
    for code in world.people:
        _jobs(world, rng, code, types)
    _metrics(world)
    if "sales" in pays:
        Measure.objects.create(version=version, name="sales", metric=world.metrics["sales"])
    _work(world, rng)
    _goals(world, random.Random(seed), types)
    return world


def _units(world: LongWorld) -> None:
    for code in ("top", "north", "south", "team"):
        world.units[code] = Unit.objects.create(code=code, name=code)
    long_ago = date(2020, 1, 1)
    for code, parent, first, end in (
        ("top", None, long_ago, FOREVER),
        ("north", "top", long_ago, FOREVER),
        ("south", "top", long_ago, FOREVER),
        ("team", "north", long_ago, CHANGE),
        ("team", "south", CHANGE, FOREVER),
    ):
        UnitPlacement.objects.create(
            unit=world.units[code],
            parent=world.units[parent] if parent else None,
            valid_from=first,
            valid_to=end,
            recorded_at=AT,
        )
    rebuild_closure()


def _jobs(world: LongWorld, rng: random.Random, code: str, types: dict[str, JobType]) -> None:
    hired = rng.choice([date(2024, 1, 1), rng.choice(DAYS[:200])])
    world.hired[code] = hired if rng.random() < 0.7 else max(hired, date(2026, 1, 20))
    Employment.objects.create(
        person=world.people[code],
        payroll_id=code,
        tenure_start=world.hired[code],
        valid_from=hired,
        recorded_at=AT,
    )
    slots = ["primary", "second"] if rng.random() < 0.4 else ["primary"]
    for slot in slots:
        first = rng.choice([hired, max(hired, rng.choice(DAYS))])
        last = rng.choice([FOREVER, max(rng.choice(DAYS), first + timedelta(3))])
        cuts = sorted(
            {first, last, *(d for d in rng.sample(DAYS, rng.choice([0, 2, 4])) if first < d < last)}
        )
        for begin, end in pairwise(cuts):
            _job(world, rng, code, slot, begin, end, types)


def _job(
    world: LongWorld,
    rng: random.Random,
    code: str,
    slot: str,
    begin: date,
    end: date,
    types: dict[str, JobType],
) -> None:
    unit, job = rng.choice(["top", "north", "south", "team"]), rng.choice(list(types))
    manager = rng.choice([None, *(other for other in ("p0", "p1", "p2") if other != code)])
    row = Assignment.objects.create(
        person=world.people[code],
        slot=slot,
        unit=world.units[unit],
        job_type=types[job],
        manager=world.people[manager] if manager else None,
        valid_from=begin,
        valid_to=end,
        recorded_at=AT,
    )
    world.jobs.append(Job(code, slot, unit, job, manager, begin, end, row))


def _metrics(world: LongWorld) -> None:
    for code, kind in KINDS.items():
        world.metrics[code] = Metric.objects.create(code=code, name=code)
        MetricDefinition.objects.create(
            metric=world.metrics[code],
            kind=kind,
            attainment="actual_by_goal",
            valid_from=date(2020, 1, 1),
            recorded_at=AT,
        )


def _work(world: LongWorld, rng: random.Random) -> None:
    kind = TransactionKind.objects.create(
        code="deal",
        dates=["sold"],
        attributes={"product": "text", "margin": "percent", "share": "number"},
    )
    CreditRule.objects.create(
        kind=kind,
        group="deals",
        order=1,
        into=world.metrics["deals"],
        valid_from=date(2020, 1, 1),
        recorded_at=AT,
    )
    source = Source.objects.create(code="deals")
    delivery = Delivery.objects.create(
        source=source, file_name="deals", sha256="0", content=b"", received_at=AT
    )
    for job in world.jobs:
        for day in DAYS:
            if job.covers(day) and rng.random() < 0.12:
                metric = rng.choice([*KINDS, "deals"])
                above = Decimal(rng.randint(0, 9000)).scaleb(-2)
                below = Decimal(rng.randint(1, 9)) if metric == "speed" else None
                world.work.append(Work(job, day, metric, above, below))
    for work in world.work:
        if work.metric == "deals" and rng.random() < 0.9:
            work.product = rng.choice(["gold", "silver", None])
            work.margin = rng.choice([None, Decimal("0.1"), Decimal("0.3"), Decimal("0.4")])
            if rng.random() < 0.4:
                work.undone = rng.choice([Decimal(1), Decimal("0.25")])
                work.undone_on = min(work.day + timedelta(rng.randint(0, 90)), END)
    Value.objects.bulk_create(_row(world, kind, delivery, n, w) for n, w in enumerate(world.work))


def _goals(world: LongWorld, rng: random.Random, types: dict[str, JobType]) -> None:
    world.version.prorate_goal = rng.choice([[], ["days"]])
    world.version.save()
    for metric in KINDS:
        for who in ({}, {"job": "seller"}):
            cut = rng.choice(DAYS)
            for first, end in ((date(2020, 1, 1), cut), (cut, FOREVER)):
                value = Decimal(rng.randint(1, 400)).scaleb(-1)
                world.goals.append((dict(who), metric, value, first, end))
                Goal.objects.create(
                    metric=world.metrics[metric],
                    value=value,
                    job_type=types.get(who.get("job", "")),
                    valid_from=first,
                    valid_to=end,
                    recorded_at=AT,
                )


def _row(
    world: LongWorld, kind: TransactionKind, delivery: Delivery, number: int, work: Work
) -> Value:
    deal = None
    if work.metric == "deals" and (work.product or work.margin or work.undone):
        said = {"product": work.product, "margin": work.margin and str(work.margin)}
        deal = Transaction.objects.create(
            kind=kind,
            key=str(number),
            delivery=delivery,
            attributes={k: v for k, v in said.items() if v is not None},
            recorded_at=AT,
        )
    return Value(
        person_id=world.people[work.job.person].pk,
        day=work.day,
        metric_id=world.metrics[work.metric].pk,
        reference=str(number),
        numerator=work.above,
        denominator=work.below,
        assignment_id=work.job.row.pk,
        transaction_id=deal and deal.pk,
        undone=work.undone,
        undone_on=work.undone_on,
        recorded_at=AT,
    )
