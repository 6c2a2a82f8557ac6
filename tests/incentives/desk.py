"""A desk whose people are paid what they sell, by whatever schedule and limit a test gives it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from incentives.calculate import calculate_period
from incentives.finalise import Finalised, finalise_period
from incentives.ledger import Balance, balances, check_identity
from incentives.models import Component, Measure, Plan, PlanVersion, Transfer
from incentives.release import Released, release
from metrics.correct import correct
from metrics.models import Metric, MetricDefinition
from org.dates import FOREVER
from org.models import Assignment, JobType, Period, Person, Unit, UnitPlacement
from org.units import rebuild_closure
from tests.factories import AT, make_calendar, make_month, make_plan

_moments = count(1)


def later() -> datetime:
    """A recorded moment after every one before."""
    return AT + timedelta(minutes=next(_moments))


class Desk:
    """A monthly plan that pays each person the sum of the metric ``sales``."""

    def __init__(self, people: tuple[str, ...] = ("ann",), **version: Any) -> None:
        calendar = make_calendar("monthly")
        self.months = {
            f"{year}-{month:02}": make_month(calendar, year, month)
            for year in (2026, 2027)
            for month in range(1, 13)
        }
        unit = Unit.objects.create(code="desk", name="Desk")
        UnitPlacement.objects.create(unit=unit, valid_from=date(2020, 1, 1), recorded_at=AT)
        rebuild_closure()
        job = JobType.objects.create(code="seller", name="Seller")
        self.people = {name: Person.objects.create(code=name, name=name) for name in people}
        for person in self.people.values():
            Assignment.objects.create(
                person=person,
                unit=unit,
                job_type=job,
                valid_from=date(2020, 1, 1),
                valid_to=FOREVER,
                recorded_at=AT,
            )
        self.metric = Metric.objects.create(code="sales", name="Sales")
        MetricDefinition.objects.create(
            metric=self.metric,
            kind="sum",
            attainment="actual_by_goal",
            valid_from=date(2020, 1, 1),
            recorded_at=AT,
        )
        self.plan: Plan = make_plan(calendar, "desk")
        self.version(number=1, **version)

    def version(
        self,
        *,
        number: int,
        in_force: date = date(2026, 1, 1),
        formula: str = "sales",
        status: str = "published",
        component: Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> PlanVersion:
        """A version of the plan with one component, ``pay``."""
        version = PlanVersion.objects.create(
            plan=self.plan,
            number=number,
            in_force=in_force,
            status=status,
            created_at=AT,
            **fields,
        )
        Measure.objects.create(version=version, name="sales", metric=self.metric)
        Component.objects.create(version=version, name="pay", formula=formula, **(component or {}))
        return version

    def sells(self, month: str, amount: str | int, person: str = "ann", day: int = 3) -> None:
        """Set what somebody sold on a day."""
        correct(
            person=self.people[person],
            day=date.fromisoformat(f"{month}-{day:02}"),
            metric=self.metric,
            numerator=Decimal(amount),
            reason="Known by now",
            by=None,
            at=later(),
        )

    def finalise(self, month: str, on: date | None = None) -> Finalised:
        """Finalise a month, on the day after it."""
        period = self.months[month]
        [report] = finalise_period(period=period, by=None, at=later(), on=on or period.valid_to)
        assert check_identity() == []
        return report

    def finalise_all(self, month: str) -> list[Finalised]:
        """Finalise a month of every plan, on the day after it."""
        period = self.months[month]
        reports = finalise_period(period=period, by=None, at=later(), on=period.valid_to)
        assert check_identity() == []
        return reports

    def calculate(self, month: str) -> None:
        """Calculate a month on the day after it."""
        period: Period = self.months[month]
        calculate_period(period=period, by=None, at=later(), on=period.valid_to)

    def release(self, day: str) -> Released:
        """Let go what may go by a day."""
        done = release(by=None, at=later(), on=date.fromisoformat(day))
        assert check_identity() == []
        return done

    def balance(self, person: str = "ann") -> Balance:
        """What somebody has."""
        [found] = balances(person=self.people[person].pk)
        return found

    def moved(self, month: str, person: str = "ann") -> list[tuple[str, str, Decimal, str]]:
        """What was posted to a month: from, to, amount and origin, in order."""
        rows = Transfer.objects.filter(
            posted_period=self.months[month], person=self.people[person]
        ).order_by("id")
        return [(t.from_account, t.to_account, t.amount.normalize(), t.origin) for t in rows]

    def pay(self, person: str = "ann") -> Decimal:
        """Pay what is due, as a pay run does."""
        due = self.balance(person).due
        Transfer.objects.create(
            person=self.people[person],
            currency="USD",
            from_account="due",
            to_account="paid",
            amount=due,
            origin="pay_run",
            recorded_at=later(),
        )
        return due
