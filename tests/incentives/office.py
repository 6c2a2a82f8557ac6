"""What people do in a tenant with one monthly plan, at one moment after another."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from django.utils import timezone

from incentives.calculate import calculate_period
from incentives.config import apply_rates
from incentives.dispute import close_dispute, open_dispute
from incentives.finalise import finalise_period
from incentives.ledger import balances, check_identity
from incentives.limits import limit_of
from incentives.models import Dirty, Dispute, Plan, PlanPeriod, PlanVersion
from incentives.publish import publish
from incentives.release import Released, release
from incentives.some_people import calculate_people
from metrics.config_goals import apply as apply_goals
from metrics.correct import correct
from metrics.ingest import ingest
from metrics.models import Correction, Delivery, Metric, Source
from org.errors import DomainError
from org.facts_csv import load_facts
from org.models import PayGroup, Period, Person
from org.people_csv import load_assignments
from org.sql import fetch
from payroll.batch import NothingDue, approve, prepare
from tests.factories import make_user

TODAY = date(2026, 7, 1)
SUMMER = date(2026, 6, 30)
LAST = "2026-04"

# What is booked by key and part.
BOOKED = """
    SELECT person.code, moved.component, period.code, moved.grain, moved.part,
           sum(CASE 'plan' WHEN from_account THEN amount ELSE -amount END)
    FROM incentives_transfer AS moved JOIN org_person AS person ON person.id = person_id
    JOIN org_period AS period ON period.id = earned_period_id
    WHERE origin = 'calculation' AND 'plan' IN (from_account, to_account)
    GROUP BY 1, 2, 3, 4, 5
"""

Key = tuple[Any, ...]


@dataclass(frozen=True)
class Sums:
    """What is booked by key and part, and where each person's money stands."""

    booked: dict[Key, Decimal]
    accounts: dict[str, tuple[Decimal, ...]]

    def apart_from(self, other: Sums) -> list[str]:
        """Where two ledgers differ, a line each."""
        mine = {**self.booked, **{("accounts", who): is_at for who, is_at in self.accounts.items()}}
        theirs = {
            **other.booked,
            **{("accounts", who): is_at for who, is_at in other.accounts.items()},
        }
        return [
            f"{key}: {mine.get(key)}, not {theirs.get(key)}"
            for key in sorted(mine.keys() | theirs.keys(), key=str)
            if mine.get(key) != theirs.get(key)
        ]


class Office:
    """The tenant of a test, entered, and what people do there."""

    def __init__(self) -> None:
        self.moments = count(1)
        self.begun = timezone.now()
        self.people = {person.code: person for person in Person.objects.all()}
        self.months = {
            period.code: period for period in Period.objects.filter(calendar__code="monthly")
        }
        self.maker, self.checker = make_user("pat"), make_user("robin")

    def later(self) -> datetime:
        return self.begun + timedelta(minutes=next(self.moments))

    # --- what comes in

    def set_to(self, person: str, day: str, amount: int) -> Correction:
        return correct(
            person=self.people[person],
            day=date.fromisoformat(day),
            metric=Metric.objects.get(code="x"),
            numerator=Decimal(amount),
            reason="Known by now",
            by=None,
            at=self.later(),
        )

    def deliver(self, row: str) -> Delivery:
        return self.take("till", "no,sold,taken,amount,back,seller", row)

    def take(self, source: str, head: str, row: str) -> Delivery:
        """Take one row in from a source."""
        report = ingest(
            source=Source.objects.get(code=source),
            file_name=f"{source}.csv",
            content=f"{head}\n{row}\n".encode(),
            by=None,
            at=self.later(),
        )
        assert (report.accepted, report.rejected) == (1, 0), report.sentences()
        return Delivery.objects.get(pk=report.delivery)

    def place(self, jobs: str) -> None:
        content = f"person,unit,job_type,from,to\n{jobs}\n".encode()
        load_assignments(content=content, file="jobs.csv", by=None, at=self.later())

    def tell_fact(self, person: str, value: int) -> None:
        content = f"person,fact,value,from\n{person},bonus,{value},2026-01-01\n".encode()
        load_facts(content=content, file="facts.csv", by=None, at=self.later())

    def set_goal(self, value: int) -> None:
        goals = [{"metric": "x", "value": value}]
        apply_goals(goals, by=None, at=self.later(), today=TODAY)

    def set_rate(self, rate: str) -> None:
        said = [{"name": "month", "base": "USD", "quote": "EUR", "rate": rate}]
        apply_rates(said, by=None, at=self.later(), today=TODAY)

    def publish(self) -> None:
        publish(version=PlanVersion.objects.get(number=2), by=None, at=self.later())

    def dispute(self, person: str, month: str, component: str) -> Dispute | None:
        with suppress(DomainError):  # there may be no such line yet
            return open_dispute(
                plan=Plan.objects.get(),
                period=self.months[month],
                person=self.people[person],
                component=component,
                reason="I doubt it",
                by=None,
                at=self.later(),
            )
        return None

    def answer(self, dispute: Dispute) -> None:
        close_dispute(dispute=dispute, answer="As it is", by=None, at=self.later())

    # --- what is worked out, booked and paid

    def next_month(self) -> str:
        """The first month that is not final."""
        final = set(
            PlanPeriod.objects.exclude(final_at=None).values_list("period__code", flat=True)
        )
        return min(code for code in self.months if code not in final)

    def calculate(self) -> None:
        period = self.months[self.next_month()]
        calculate_period(period=period, by=None, at=self.later(), on=period.valid_to)

    def calculate_one(self, person: str) -> None:
        period, people = self.months[self.next_month()], [self.people[person].pk]
        calculate_people(period=period, people=people, by=None, at=self.later(), on=period.valid_to)

    def finalise(self) -> None:
        period = self.months[self.next_month()]
        finalise_period(period=period, by=None, at=self.later(), on=period.valid_to)

    def release(self, on: date = SUMMER) -> Released:
        return release(by=None, at=self.later(), on=on)

    def release_now(self) -> None:
        """Let go what may go by the first day of what is not final; once more changes nothing."""
        on = self.months[self.next_month()].valid_from
        self.release(on)
        again = self.release(on)
        assert (again.released, again.lost) == (0, 0)

    def pay(self) -> None:
        """Pay what is due, in the month that is open, or nothing where nothing is."""
        group, period = PayGroup.objects.get(), self.months[self.next_month()]
        batch = prepare(pay_group=group, period=period, by=self.maker, at=self.later())
        try:
            done = approve(batch=batch, by=self.checker, at=self.later())
        except NothingDue:
            batch.delete()
            return
        assert all(line.amount > 0 for line in done.batch.lines.all())

    def finish(self) -> Sums:
        """Finalise until the last month, let go what may go by summer, and read the ledger."""
        while self.next_month() <= LAST:
            self.finalise()
            self.check()
        self.release()
        self.check()
        assert not Dirty.objects.exists()
        return self.ledger()

    # --- what is there

    def check(self) -> None:
        """What holds at every moment."""
        assert check_identity() == []
        self.check_limit()

    def check_limit(self) -> None:
        """No more has become payable than a limit lets through, where one limit holds always."""
        limits = [limit_of(version) for version in PlanVersion.objects.all()]
        if limits[0] and all(limit == limits[0] for limit in limits):
            assert all(payable <= limits[0].amount for payable in self.payable())

    def payable(self) -> list[Decimal]:
        """What has become payable of each person's money."""
        return [b.due + b.paid - b.owed for b in balances()]

    def ledger(self) -> Sums:
        """What is paid or owed counts as due."""
        codes = {person.pk: code for code, person in self.people.items()}
        return Sums(
            {tuple(key): amount for *key, amount in fetch(BOOKED) if amount},
            {
                codes[one.person]: (one.held, one.due + one.paid - one.owed, one.lost, one.granted)
                for one in balances()
            },
        )


Step = Callable[[], object]
