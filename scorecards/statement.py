"""A person's statement of a period: what the ledger moved in it, and what is earned but not booked.

What a closed plan paid is told by the ledger; what an open one has worked out so far stands beside
it, marked as provisional, and is in no balance.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import F, Q, QuerySet

from incentives import differences
from incentives.models import CalculationRun, Dirty, PlanPeriod
from incentives.own import Outcome, Point, points_from, rows_with_stamp
from org.models import Period, Person, Tenant
from org.prepared import Question
from payroll.slip import Slip, slips_of

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Expected:
    """What one component of an open plan has come to so far."""

    plan_period: PlanPeriod
    name: str
    title: str
    currency: str
    outcome: Outcome


@dataclass(frozen=True)
class Statement:
    """A slip for each currency, and what open plans have come to."""

    person: Person
    period: Period
    slips: list[Slip]
    expected: list[Expected]
    points: list[Point]

    @property
    def plan_periods(self) -> list[PlanPeriod]:
        """The plans' periods that stand on it."""
        return [point.plan_period for point in self.points]

    @property
    def final(self) -> bool:
        """Whether every plan of the period is closed."""
        return all(one.final_at is not None for one in self.plan_periods)

    @property
    def expected_sums(self) -> list[tuple[str, Decimal]]:
        """What open plans have decided so far, by currency."""
        sums: dict[str, Decimal] = {}
        for one in self.expected:
            sums[one.currency] = sums.get(one.currency, Decimal(0)) + one.outcome.decided
        return sorted(sums.items())


def lies_in(period: Period) -> QuerySet[Period]:
    """A period, and those of other calendars whose last day lies in it."""
    others = Q(valid_to__gt=period.valid_from, valid_to__lte=period.valid_to)
    return Period.objects.filter(Q(pk=period.pk) | others & ~Q(calendar=period.calendar_id))


def points_within(person: Person, period: Period) -> list[Point]:
    """What a person's plans say of a period and of those that lie in it."""
    rows = _WITHIN.objects(
        person=person.pk,
        period=period.pk,
        calendar=period.calendar_id,
        first=period.valid_from,
        end=period.valid_to,
    )
    return points_from(rows)


def _within(*, person: int, period: int, calendar: int, first: date, end: date) -> QuerySet[Any]:
    around = Period(pk=period, calendar_id=calendar, valid_from=first, valid_to=end)
    return rows_with_stamp(person, lies_in(around))


_WITHIN = Question(_within)


def statement_of(*, person: Person, period: Period, tenant: Tenant) -> Statement:
    """What a person earned in a period, what became of it, and what stands where afterwards."""
    points = points_within(person, period)
    return Statement(
        person=person,
        period=period,
        slips=slips_of(person=person, period=period, tenant=tenant),
        expected=[
            one
            for point in points
            if point.plan_period.final_at is None
            for one in _expected(point, tenant)
        ],
        points=points,
    )


def _expected(point: Point, tenant: Tenant) -> list[Expected]:
    currency = point.plan_period.plan.currency or tenant.currency
    return [
        Expected(
            point.plan_period,
            component.name,
            component.title,
            currency,
            result.outcomes[component.id],
        )
        for result in point.results
        for component in point.rules.components.values()
        if component.id in result.outcomes
    ]


@dataclass(frozen=True)
class Waiting:
    """A difference of a closed period that the next closing books."""

    plan: str
    earned: Period
    difference: differences.Difference


def waiting_for(person: Person) -> list[Waiting]:
    """The differences of a person that are worked out and not booked yet."""
    touched = Dirty.objects.filter(Q(person=person) | Q(person=None))
    runs = CalculationRun.objects.filter(
        purpose=CalculationRun.Purpose.DIFFERENCE,
        final_at=None,
        plan__in=touched.values("plan"),
        period__in=touched.values("period"),
    )
    found = []
    for made in runs.select_related("plan", "period__calendar", "version").order_by(
        F("period__valid_from"), "plan__code"
    ):
        if made.only is None or person.pk in made.only:
            made.only = [person.pk]  # of this copy: nobody else's are looked for
            found += [
                Waiting(made.plan.name, made.period, one) for one in differences.pending(made)
            ]
    return found
