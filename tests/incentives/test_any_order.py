"""The ledger's sums depend on what is known, and not on the order in which it came.

One plan of many mechanisms. Everything is known from the beginning, or it comes by lot: deals in
versions that are taken back in part, deliveries and corrections that are undone, a version of the
plan that is published late, and months that become final in between. What a version nets or
freezes depends on the order, and is left out.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from django.utils import timezone

from incentives.alarms import check_periods
from incentives.calculate import calculate_period
from incentives.finalise import finalise_period
from incentives.ledger import balances, check_identity
from incentives.limits import limit_of
from incentives.models import Dirty, PlanPeriod, PlanVersion
from incentives.publish import publish
from incentives.release import Released, release
from metrics.correct import correct, withdraw
from metrics.ingest import ingest
from metrics.models import Correction, Delivery, Metric, Source
from metrics.undo import undo
from org.models import Period, Person, Tenant
from org.shadow import rolled_back
from org.sql import fetch
from org.tenancy import enter
from tests.conftest import Kept
from tests.incentives.test_found import Small

PEOPLE = ("ann", "bo", "cy")
MONTHS = ("2026-01", "2026-02", "2026-03")
LAST = "2026-04"
JOBS = "ann,north,agent,2026-01-01,\nbo,north,agent,2026-01-01,\ncy,south,agent,2026-01-01,"
RULES = """
  till: {map: {transaction: sale, people_by: code}}
units: [{code: north}, {code: south}]
metrics: {x: {kind: sum}, sales: {kind: sum}}
transactions:
  sale:
    key: [no]
    dates: [sold]
    attributes: {amount: money, back: percent}
    roles: {seller: {}}
    undone: {share: 'DEFAULT(back, 0)', on: sold}
credits:
  - {group: g, order: 1, kind: sale, to: seller, amount: amount, into: sales, on: sold}
plans:
  p:
    calendar: monthly
    versions:
"""
VERSION = """
      - in_force: {in_force}
        number: {number}
        status: {status}
        reason: Agreed late
        tables: {{step: {{rows: {rows}}}}}
        measures:
          x: {{}}
          team: {{metric: x, scope: team, with_manager: true}}
          quarter: {{metric: x, window: quarter_to_date}}
          two: {{metric: x, window: {{rolling: 2}}}}
          sales: {{undone_as: restate}}
          again: {{metric: sales, undone_as: reverse}}
        schedules:
          parts:
            - {{share: 60%, release: final}}
            - {{share: 25%, release: 2 months later}}
            - {{share: 15%, release: 2027-03-01, expires: 10 months}}
        components:
          year: {{formula: 'TIER(YTD(x), step)', cumulate: to_date, schedule: parts}}
          windows:
            formula: MIN(quarter * 1.1%, 99) + DEFAULT(two, 0) / 70 + DEFAULT(PRIOR(x, 1), 0) / 100
          deals: {{per: credit, of: sales, formula: 'SLICE(RUNNING(sales), amount, step)',
                   schedule: parts}}
          kept: {{per: credit, of: again, formula: 'amount * 3.33%'}}
          tenth: {{formula: 'EARNED(year) / 10 + EARNED(deals) / 3'}}
          pool: {{per: team, formula: '100 + MAX(team, 0) * 1%',
                  distribute: {{by: 'MAX(x, 0) + 1', within: unit}}}}
          prize: {{formula: '60 / RANK(x)'}}
"""
VARIANTS = {
    "limit": "        limit: {amount: 300}\n",
    "cap": "        cap: '250'\n",
}
Sums = tuple[list[Any], list[Any]]
Step = Callable[[], object]


def rules(variant: str) -> str:
    """The tenant file: a published version, and the draft of one from February on."""
    first = VERSION.format(
        in_force="2026-01-01", number=1, status="published", rows="[[0, 5%], [3000, 8%]]"
    )
    second = VERSION.format(
        in_force="2026-02-01", number=2, status="draft", rows="[[0, 6%], [2500, 9.5%]]"
    )
    return RULES + first + VARIANTS[variant] + second + VARIANTS[variant]


@dataclass(frozen=True)
class Deal:
    """What is known of a deal in the end, and the versions that came before."""

    no: str
    month: str
    seller: str
    versions: tuple[tuple[int, str], ...]

    def row(self, version: int) -> str:
        amount, back = self.versions[version]
        return f"{self.no},{self.month}-11,{amount},{back},{self.seller}"


@dataclass(frozen=True)
class Figure:
    """A figure that holds in the end, and those that stood there before."""

    person: str
    day: str
    amounts: tuple[int, ...]


class Office:
    """The tenant of a test, entered, and what people do there."""

    def __init__(self) -> None:
        self.moments = count(1)
        self.begun = timezone.now()
        self.people = {person.code: person for person in Person.objects.all()}
        self.months = {
            period.code: period for period in Period.objects.filter(calendar__code="monthly")
        }

    def later(self) -> datetime:
        return self.begun + timedelta(minutes=next(self.moments))

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
        report = ingest(
            source=Source.objects.get(code="till"),
            file_name="till.csv",
            content=f"no,sold,amount,back,seller\n{row}\n".encode(),
            by=None,
            at=self.later(),
        )
        assert (report.accepted, report.rejected) == (1, 0), report.sentences()
        return Delivery.objects.get(pk=report.delivery)

    def publish(self) -> None:
        publish(version=PlanVersion.objects.get(number=2), by=None, at=self.later())

    def next_month(self) -> str:
        """The first month that is not final."""
        final = set(
            PlanPeriod.objects.exclude(final_at=None).values_list("period__code", flat=True)
        )
        return min(code for code in self.months if code not in final)

    def calculate(self) -> None:
        period = self.months[self.next_month()]
        calculate_period(period=period, by=None, at=self.later(), on=period.valid_to)

    def finalise(self) -> None:
        period = self.months[self.next_month()]
        finalise_period(period=period, by=None, at=self.later(), on=period.valid_to)

    def finish(self) -> Sums:
        """Finalise until the last month, let go what may go by summer, and read the ledger."""
        while self.next_month() <= LAST:
            self.finalise()
            self.check()
        self.release()
        self.check()
        assert not Dirty.objects.exists()
        return self.ledger()

    def release(self) -> Released:
        return release(by=None, at=self.later(), on=date(2026, 6, 30))

    def check(self) -> None:
        """What holds at every moment."""
        assert check_identity() == []
        limit = limit_of(PlanVersion.objects.get(number=1))
        if limit is not None:
            assert all(one.due + one.paid <= limit.amount for one in balances())

    def ledger(self) -> Sums:
        """What is booked by key and part, and where each person's money stands."""
        booked = fetch(
            "SELECT person.code, moved.component, period.code, moved.grain, moved.part,"
            " sum(CASE 'plan' WHEN from_account THEN amount ELSE -amount END)"
            " FROM incentives_transfer AS moved JOIN org_person AS person ON person.id = person_id"
            " JOIN org_period AS period ON period.id = earned_period_id"
            " WHERE origin = 'calculation' AND 'plan' IN (from_account, to_account)"
            " GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5"
        )
        accounts = [
            (name, one.held, one.due, one.lost, one.granted)
            for name, person in self.people.items()
            for one in balances(person=person.pk)
        ]
        return [row for row in booked if row[-1]], accounts


def known(lot: random.Random) -> tuple[list[Figure], list[Deal]]:
    """What is known in the end, each with what was said before it."""
    figures = [
        Figure(
            person,
            f"{month}-{day:02}",
            (*lot.sample(range(-900, 4000), lot.choice((0, 0, 1))), lot.choice(FIGURES)),
        )
        for person in PEOPLE
        for month in MONTHS
        for day in lot.sample((3, 17), 1)
    ]
    deals = [
        Deal(
            f"D{number}",
            lot.choice(MONTHS),
            lot.choice(PEOPLE),
            tuple(
                (amount, lot.choice(("", "25%", "100%")))
                for amount in lot.sample(range(50, 3000), lot.randint(1, 3))
            ),
        )
        for number in range(6)
    ]
    return figures, deals


FIGURES = (-700, 0, 350, 1111, 2500)


def by_lot(
    office: Office, lot: random.Random, figures: list[Figure], deals: list[Deal]
) -> list[Step]:
    """What comes about, in any order; what is said of one thing stays in its own order."""
    lines: list[list[Step]] = [
        [lambda f=f, a=amount: office.set_to(f.person, f.day, a) for amount in f.amounts]
        for f in figures
    ]
    lines += [
        [lambda d=d, n=n: office.deliver(d.row(n)) for n in range(len(d.versions))] for d in deals
    ]
    lines += [slip(office, lot), wrong_deal(office, lot), [office.publish], [office.calculate]]
    lines += [[office.finalise] * 3]
    order = [line for line in lines for _ in line]
    lot.shuffle(order)
    return [line.pop(0) for line in order]


def slip(office: Office, lot: random.Random) -> list[Step]:
    """A correction that is withdrawn again."""
    person, month = lot.choice(PEOPLE), lot.choice(MONTHS)
    made: list[Correction] = []
    return [
        lambda: made.append(office.set_to(person, f"{month}-25", lot.randint(1, 5000))),
        lambda: withdraw(correction=made[0], reason="A slip", by=None, at=office.later()),
    ]


def wrong_deal(office: Office, lot: random.Random) -> list[Step]:
    """A delivery that is undone again."""
    row = f"W,{lot.choice(MONTHS)}-11,{lot.randint(50, 3000)},,{lot.choice(PEOPLE)}"
    made: list[Delivery] = []
    return [
        lambda: made.append(office.deliver(row)),
        lambda: undo(delivery=made[0], by=None, at=office.later()),
    ]


@pytest.fixture(scope="module")
def expected(
    request: pytest.FixtureRequest, kept: Kept, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[int], Sums]]:
    """What the ledger of a variant comes to where all facts are known from the beginning."""
    found: dict[int, Sums] = {}

    def sums(facts: int) -> Sums:
        if facts not in found:
            with enter(Tenant.objects.get().pk), rolled_back():
                office = Office()
                figures, deals = known(random.Random(facts))
                for figure in figures:
                    office.set_to(figure.person, figure.day, figure.amounts[-1])
                for deal in deals:
                    office.deliver(deal.row(-1))
                office.publish()
                found[facts] = office.finish()
        return found[facts]

    with kept():
        Small(tmp_path_factory.mktemp("any_order"), JOBS, rules(request.param))
        yield sums


# Any numbers do; each pair costs some seconds, so these are few. The first once found a fault.
@pytest.mark.parametrize(
    ("expected", "facts", "order"),
    [("limit", 1, 1), ("limit", 1, 2), ("cap", 2, 3)],
    indirect=["expected"],
)
def test_any_order_of_arrival_ends_at_the_same_sums(
    expected: Callable[[int], Sums], db: None, facts: int, order: int
) -> None:
    wanted = expected(facts)
    with enter(Tenant.objects.get().pk):
        office = Office()
        for step in by_lot(office, random.Random(order), *known(random.Random(facts))):
            step()
            office.check()
        assert office.finish() == wanted
        again = office.release()
        assert (again.released, again.lost) == (0, 0)
        checked = check_periods(by=None, at=office.later(), on=date(2026, 7, 1))
        assert not any(one.alarms for one in checked)
