"""What happens after a period is final: differences with causes, once, and nothing else."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal
from itertools import count

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError

from incentives.alarms import check_periods
from incentives.calculate import calculate_period
from incentives.finalise import finalise_period
from incentives.ledger import check_identity
from incentives.models import (
    Component,
    Dirty,
    Earning,
    Family,
    Measure,
    Plan,
    PlanPeriod,
    PlanVersion,
    Transfer,
)
from incentives.queries import pending_differences, result_rows
from metrics.correct import correct
from metrics.ingest import ingest
from metrics.models import Metric, MetricDefinition, Source
from org.dates import FOREVER
from org.errors import DomainError
from org.models import Assignment, JobType, Period, Person, Tenant, Unit, UnitPlacement
from org.people import transfer
from org.units import rebuild_closure
from tests.factories import AT, make_calendar, make_month

_moments = count(1)


def later() -> object:
    """A recorded moment after every one before."""
    return AT + timedelta(minutes=next(_moments))


class Floor:
    """Two teams under two leads, sellers paid 10 a sale, leads 1 for each sale of their team."""

    def __init__(self) -> None:
        calendar = make_calendar("monthly")
        self.june, self.july = make_month(calendar, 2026, 6), make_month(calendar, 2026, 7)
        self.august = make_month(calendar, 2026, 8)
        types = {code: JobType.objects.create(code=code, name=code) for code in ("seller", "lead")}
        self.units = {
            code: Unit.objects.create(code=code, name=code) for code in ("north", "south")
        }
        for unit in self.units.values():
            UnitPlacement.objects.create(unit=unit, valid_from=date(2026, 1, 1), recorded_at=AT)
        rebuild_closure()
        self.people = {}
        for name, unit, job in (
            ("pia", "north", "lead"),
            ("quinn", "south", "lead"),
            ("ben", "north", "seller"),
            ("cem", "south", "seller"),
        ):
            self.people[name] = Person.objects.create(code=name, name=name)
            Assignment.objects.create(
                person=self.people[name],
                unit=self.units[unit],
                job_type=types[job],
                valid_from=date(2026, 1, 1),
                valid_to=FOREVER,
                recorded_at=AT,
            )
        self.metric = Metric.objects.create(code="sales", name="Sales")
        MetricDefinition.objects.create(
            metric=self.metric,
            kind="sum",
            attainment="actual_by_goal",
            valid_from=date(2026, 1, 1),
            recorded_at=AT,
        )
        self.source = Source.objects.create(
            code="crm",
            column_map={
                "person": {"column": "Person", "by": "code"},
                "day": {"column": "Day"},
                "values": {"sales": {"column": "Sales"}},
            },
        )
        self._plan("sellers", "seller", "own", "sales * 10", calendar)
        self._plan("leads", "lead", "team", "sales * 1", calendar)

    def _plan(self, code: str, job: str, scope: str, formula: str, calendar: object) -> None:
        plan = Plan.objects.create(
            code=code, name=code, family=Family.objects.create(code=code), calendar=calendar
        )
        version = PlanVersion.objects.create(
            plan=plan, number=1, in_force=date(2026, 6, 1), status="published", created_at=AT
        )
        version.eligibility.create(job_type=JobType.objects.get(code=job))
        Measure.objects.create(version=version, name="sales", metric=self.metric, scope=scope)
        Component.objects.create(version=version, name="pay", formula=formula)

    def sold(self, *rows: tuple[str, str, int]) -> None:
        """Take in a file of sales: person, day, number."""
        lines = [f"{person},{day},{number}" for person, day, number in rows]
        content = "\n".join(["Person,Day,Sales", *lines, ""]).encode()
        ingest(
            source=self.source,
            file_name=f"sales-{next(_moments)}.csv",
            content=content,
            by=None,
            at=later(),
        )

    def finalise(self, period: Period) -> list:
        """Finalise a period on the day after it."""
        return finalise_period(period=period, by=None, at=later(), on=period.valid_to)

    def calculate(self, period: Period) -> None:
        """Calculate a period on the day after it."""
        calculate_period(period=period, by=None, at=later(), on=period.valid_to)

    def booked(self, name: str) -> Decimal:
        """What calculation has granted a person so far."""
        person = self.people[name]
        moved = Transfer.objects.filter(person=person, origin="calculation")
        return sum((t.amount if t.from_account == "plan" else -t.amount for t in moved), Decimal(0))


@pytest.fixture
def floor(tenant: Tenant) -> Floor:
    return Floor()


def test_finalising_books_each_amount_once(floor: Floor) -> None:
    floor.sold(("ben", "2026-06-03", 5), ("cem", "2026-06-04", 2))
    floor.finalise(floor.june)
    assert [floor.booked(n) for n in ("ben", "cem", "pia", "quinn")] == [50, 20, 5, 2]
    with pytest.raises(DomainError, match="final already"):
        floor.finalise(floor.june)
    assert check_identity() == []


def test_late_values_become_one_difference_with_its_cause(floor: Floor) -> None:
    floor.sold(("ben", "2026-06-03", 5))
    floor.finalise(floor.june)
    floor.sold(("ben", "2026-06-20", 3))
    floor.calculate(floor.july)
    shown = [(r.person, r.amount, r.status) for r in result_rows(floor.july) if r.amount]
    assert sorted(shown) == [
        ("ben", Decimal(30), "provisional difference"),
        ("pia", Decimal(3), "provisional difference"),
    ]
    assert floor.booked("ben") == 50, "nothing is booked before July is final"
    floor.finalise(floor.july)
    late = Transfer.objects.get(person=floor.people["ben"], posted_period=floor.july)
    assert (late.amount, late.earned_period) == (30, floor.june)
    assert late.change is not None
    assert "sales-" in late.cause
    floor.finalise(floor.august)
    assert floor.booked("ben") == 80, "and never again"
    assert not Dirty.objects.exists()


def test_a_smaller_figure_is_taken_back(floor: Floor) -> None:
    floor.sold(("ben", "2026-06-03", 5))
    floor.finalise(floor.june)
    correct(
        person=floor.people["ben"],
        day=date(2026, 6, 3),
        metric=floor.metric,
        numerator=Decimal(2),
        reason="Counted twice",
        by=None,
        at=later(),
    )
    floor.finalise(floor.july)
    back = Transfer.objects.get(person=floor.people["ben"], posted_period=floor.july)
    assert (back.from_account, back.to_account, back.amount) == ("due", "plan", 30)
    assert floor.booked("ben") == 20
    assert floor.booked("pia") == 2


def test_a_transfer_learnt_late_moves_both_leads_and_not_the_seller(floor: Floor) -> None:
    floor.sold(("ben", "2026-06-03", 40), ("cem", "2026-06-03", 1))
    floor.finalise(floor.june)
    transfer(
        person=floor.people["ben"],
        on=date(2026, 6, 1),
        unit=floor.units["south"],
        by=None,
        at=later(),
    )
    floor.finalise(floor.july)
    assert floor.booked("pia") == 0
    assert floor.booked("quinn") == 41
    assert floor.booked("ben") == 400
    causes = set(Transfer.objects.filter(posted_period=floor.july).values_list("cause", flat=True))
    assert len(causes) == 1
    assert "ben" in causes.pop().lower()


def test_a_difference_without_a_cause_is_an_alarm(floor: Floor) -> None:
    """A figure that moves behind everybody's back is shown and never booked."""
    floor.sold(("ben", "2026-06-03", 5), ("cem", "2026-06-03", 5))
    floor.finalise(floor.june)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE metrics_total SET numerator = 9 WHERE person_id = %s",
            [floor.people["cem"].pk],
        )
    floor.sold(("ben", "2026-06-04", 1))
    floor.finalise(floor.july)
    checked = check_periods(by=None, at=later(), on=floor.july.valid_to, periods=[floor.june])
    found = [(one.plan.code, d.name, d.amount) for one in checked for d in one.alarms]
    assert found == [("sellers", "cem", Decimal(40))]
    assert floor.booked("cem") == 50
    assert floor.booked("ben") == 60


def test_a_period_waits_for_those_before_it(floor: Floor) -> None:
    floor.sold(("ben", "2026-06-03", 5))
    floor.calculate(floor.june)
    with pytest.raises(DomainError, match="still open"):
        floor.finalise(floor.july)


def test_a_period_that_is_not_over_cannot_be_final(floor: Floor) -> None:
    with pytest.raises(DomainError, match="is not over"):
        finalise_period(period=floor.june, by=None, at=later(), on=date(2026, 6, 30))


@pytest.mark.parametrize("table", ["incentives_earning", "incentives_result"])
def test_what_is_final_cannot_be_removed(floor: Floor, table: str) -> None:
    floor.sold(("ben", "2026-06-03", 5))
    floor.finalise(floor.june)
    run = PlanPeriod.objects.get(plan__code="sellers").run_id
    statements = (
        f"DELETE FROM {table} WHERE run_id = {run}",
        f"UPDATE {table} SET job = 'x' WHERE run_id = {run}",
        f"UPDATE incentives_calculationrun SET final_at = NULL WHERE id = {run}",
        "UPDATE incentives_transfer SET amount = 1",
        "DELETE FROM incentives_transfer",
    )
    for statement in statements:
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert Earning.objects.filter(run_id=run).exists()


@pytest.mark.parametrize("seed", range(4))
def test_the_sums_depend_on_what_is_known_and_not_on_when_it_came(floor: Floor, seed: int) -> None:
    """Files in any order, with calculating and finalising in between, end at the same sums."""
    rng = random.Random(seed)
    rows = [
        (name, f"2026-{month:02}-{day:02}", rng.randint(0, 9))
        for name in ("ben", "cem")
        for month in (6, 7)
        for day in rng.sample(range(1, 31), 4)
    ]
    rng.shuffle(rows)
    cuts = sorted(rng.sample(range(1, len(rows)), 3))
    parts = [rows[a:b] for a, b in zip([0, *cuts], [*cuts, len(rows)], strict=True)]
    between = [lambda: floor.calculate(floor.june), lambda: floor.finalise(floor.june)]
    between += [lambda: floor.finalise(floor.july), lambda: floor.finalise(floor.august)]
    for part, then in zip(parts, between, strict=True):
        floor.sold(*part)
        then()
        assert check_identity() == []
    for name in ("ben", "cem"):
        sold = sum(number for who, _, number in rows if who == name)
        assert floor.booked(name) == 10 * sold
    assert floor.booked("pia") == sum(number for who, _, number in rows if who == "ben")
    assert pending_differences(Plan.objects.get(code="sellers")) == []
