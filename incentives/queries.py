"""Reading results: what people earned in a period, and what waits to be booked for earlier ones."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q

from incentives import differences
from incentives.calculate import ended_plans
from incentives.differences import Difference
from incentives.explain import problem_sentence
from incentives.models import CalculationRun, Dirty, Plan, PlanPeriod, Transfer
from incentives.rules import load
from org.dates import NEVER
from org.models import Assignment, Period
from org.sql import fetch


@dataclass(frozen=True)
class ResultRow:
    """One amount of one person in a period; ``earned`` is the period it was earned in."""

    person: str
    plan: str
    component: str
    amount: Decimal | None
    currency: str
    status: str
    job: str
    earned: str
    note: str
    line: str = ""


def result_rows(period: Period, *, person: str | None = None) -> list[ResultRow]:
    """Everybody's results of a period, then the differences of earlier periods that it carries,
    then what was adjusted by hand."""
    points = PlanPeriod.objects.filter(period=period, run__isnull=False)
    found: list[ResultRow] = []
    for point in points.select_related("plan", "run__version__plan", "period__calendar"):
        found += _earnings(point, person)
        found += _booked_differences(point.plan, period, person)
        if point.final_at is None:
            earlier = [
                p for p in pending_differences(point.plan) if p[0].valid_from < period.valid_from
            ]
            found += _pending_rows(point.plan, earlier, person)
    for plan in _plans_that_ended(period):
        found += _booked_differences(plan, period, person)
    if points.filter(final_at=None).exists():
        for plan in ended_plans(period):
            found += _pending_rows(plan, pending_differences(plan), person)
    return found + _adjustments(period, person)


def _adjustments(period: Period, person: str | None) -> list[ResultRow]:
    """What was granted or taken by hand in a period: earnings that no plan worked out."""
    moved = Transfer.objects.filter(
        Q(from_account="plan") | Q(to_account="plan"),
        earned_period=period,
        origin=Transfer.Origin.ADJUSTMENT,
    )
    if person is not None:
        moved = moved.filter(person__code=person)
    return [
        ResultRow(
            person=t.person.code,
            plan=t.plan.code if t.plan else "",
            component=t.component,
            amount=t.amount if t.from_account == "plan" else -t.amount,
            currency=t.currency,
            status="adjustment",
            job=t.job,
            earned=period.code,
            note=t.cause,
            line=t.grain,
        )
        for t in moved.select_related("person", "plan").order_by("pk")
    ]


def _plans_that_ended(period: Period) -> list[Plan]:
    """Plans without a result in a period that carries differences of theirs."""
    carried = Transfer.objects.filter(
        posted_period=period, origin=Transfer.Origin.CALCULATION
    ).exclude(earned_period=period)
    own = PlanPeriod.objects.filter(period=period, run__isnull=False)
    plans = Plan.objects.filter(pk__in=carried.values("plan"))
    return list(plans.exclude(pk__in=own.values("plan")).order_by("code"))


def _earnings(point: PlanPeriod, person: str | None) -> list[ResultRow]:
    made = point.run
    assert made is not None
    rules = load(made.version, made.period.valid_from, made.at)
    found = fetch(
        "SELECT person.code, component.name, earning.amount, earning.currency, earning.status,"
        " earning.job, earning.problem, result.inputs, earning.grain"
        " FROM incentives_earning AS earning"
        " JOIN org_person AS person ON person.id = earning.person_id"
        " JOIN incentives_component AS component ON component.id = earning.component_id"
        " JOIN incentives_result AS result ON result.run_id = earning.run_id"
        "  AND result.person_id = earning.person_id AND result.job = earning.job"
        " WHERE earning.run_id = %s AND (%s::text IS NULL OR person.code = %s)"
        ' ORDER BY person.code, earning.job, component."order", component.name,'
        " earning.day, earning.grain",
        [made.pk, person, person],
    )
    decided = "final" if point.final_at else "provisional"
    return [
        ResultRow(
            person=code,
            plan=point.plan.code,
            component=component,
            amount=amount,
            currency=currency,
            status=decided if status == "decided" else status,
            job=job,
            earned=point.period.code,
            note=""
            if status == "decided" and not problem
            else problem_sentence(rules, component, status, problem, json.loads(inputs)),
            line=grain,
        )
        for code, component, amount, currency, status, job, problem, inputs, grain in found
    ]


def _booked_differences(plan: Plan, period: Period, person: str | None) -> list[ResultRow]:
    moved = Transfer.objects.filter(
        plan=plan, posted_period=period, origin=Transfer.Origin.CALCULATION
    ).exclude(earned_period=period)
    if person is not None:
        moved = moved.filter(person__code=person)
    return [
        ResultRow(
            person=t.person.code,
            plan=plan.code,
            component=t.component,
            amount=t.amount if t.from_account == "plan" else -t.amount,
            currency=t.currency,
            status="difference",
            job=t.job,
            earned=t.earned_period.code if t.earned_period else "",
            note=t.cause,
            line=t.grain,
        )
        for t in moved.select_related("person", "earned_period")
    ]


def _pending_rows(
    plan: Plan, pending: list[tuple[Period, Difference]], person: str | None
) -> list[ResultRow]:
    return [
        ResultRow(
            person=d.person,
            plan=plan.code,
            component=d.component,
            amount=d.amount,
            currency=d.currency,
            status="provisional difference",
            job=d.job,
            earned=earlier.code,
            note=d.cause,
            line=d.grain,
        )
        for earlier, d in pending
        if person in (None, d.person)
    ]


def pending_differences(plan: Plan) -> list[tuple[Period, Difference]]:
    """Differences of a plan's final periods that wait for the next one to be finalised."""
    runs = CalculationRun.objects.filter(
        plan=plan,
        purpose=CalculationRun.Purpose.DIFFERENCE,
        final_at=None,
        period__in=_dirty(plan),
    )
    return [
        (made.period, difference)
        for made in runs.select_related("period__calendar").order_by("period__valid_from")
        for difference in differences.pending(made)
    ]


def _dirty(plan: Plan) -> list[int]:

    return list(Dirty.objects.filter(plan=plan).values_list("period", flat=True).distinct())


def people_without_plan(period: Period) -> list[str]:
    """Names of people who work in a period and have no result in it on this calendar."""
    working = Assignment.objects.filter(
        superseded_at=NEVER, valid_from__lt=period.valid_to, valid_to__gt=period.valid_from
    )
    runs = PlanPeriod.objects.filter(period=period, run__isnull=False).values_list("run", flat=True)
    paid = {
        person
        for (person,) in fetch(
            "SELECT DISTINCT person_id FROM incentives_result WHERE run_id = ANY(%s)", [list(runs)]
        )
    }
    names = working.exclude(person__in=paid).values_list("person__name", flat=True)
    return sorted(set(names))
