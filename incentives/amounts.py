"""What runs came to and what is booked, line by line, to put one beside another.

A line is what the ledger calls a key, in words that hold on every machine: codes and names, no row
numbers. An amount of None has not been decided, or could not be worked out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from psycopg.sql import SQL, Literal

from incentives import calculate
from incentives.models import CalculationRun, Component, Plan
from org.errors import DomainError
from org.models import Period, Person
from org.sql import fetch

Amount = Decimal | None


class Line(NamedTuple):
    """One amount's key: a component of a plan for a person, job and grain, in a currency."""

    plan: str
    person: str
    component: str
    job: str
    grain: str
    currency: str


Amounts = dict[Line, Amount]


@dataclass(frozen=True)
class Outcome:
    """What the plans of a period came to: a run each, and all their lines."""

    runs: tuple[CalculationRun, ...]
    lines: Mapping[Line, Amount]

    @property
    def total(self) -> Decimal:
        """The sum of what is decided."""
        return total_of(self.lines.values())


def total_of(amounts: Iterable[Amount]) -> Decimal:
    """The sum of those that are decided."""
    return sum((amount for amount in amounts if amount is not None), Decimal(0))


def work_out(*, period: Period, at: datetime, on: date, plan: Plan | None = None) -> Outcome:
    """What :func:`calculated` comes to, line by line."""
    runs = calculated(period=period, at=at, on=on, plan=plan)
    return Outcome(runs, of_runs(runs))


def calculated(
    *, period: Period, at: datetime, on: date, plan: Plan | None = None
) -> tuple[CalculationRun, ...]:
    """Let the engine calculate a period's plans as of now, those that are final there, too.

    Writes runs like every calculation: call it in a transaction that is rolled back. DomainError
    where no plan pays in the period.
    """
    paying = [one for one, _ in calculate.plans_of(period) if plan is None or one.pk == plan.pk]
    if not paying:
        raise DomainError(
            f"No published plan pays in {period}{f', {plan} does not' if plan else ''}."
        )
    final = [one for one in paying if calculate.is_final(one, period)]
    made: list[CalculationRun] = []
    if len(final) < len(paying):
        made = calculate.calculate_period(period=period, by=None, at=at, on=on)
    for one in final:
        made.append(
            calculate.calculate_again(
                plan=one, period=period, by=None, at=at, on=on, everybody=True
            )
        )
    wanted = {one.pk for one in paying}
    return tuple(run for run in made if run.plan_id in wanted and run.period_id == period.pk)


def of_runs(runs: Iterable[CalculationRun]) -> Amounts:
    """Every line of some runs."""
    found = fetch(
        "SELECT plan.code, person.code, component.name, earning.job, earning.grain,"
        " earning.currency, earning.amount FROM incentives_earning AS earning"
        " JOIN org_person AS person ON person.id = earning.person_id"
        " JOIN incentives_plan AS plan ON plan.id = earning.plan_id"
        " JOIN incentives_component AS component ON component.id = earning.component_id"
        " WHERE earning.run_id = ANY(%s)",
        [[run.pk for run in runs]],
    )
    return {Line(*key): amount for *key, amount in found}


def booked(*, period: Period, plan: Plan | None = None) -> Amounts:
    """What calculation booked for a period by now, over all parts of a schedule; zeros left out."""
    found = fetch(
        SQL(
            "SELECT plan.code, person.code, moved.component, moved.job, moved.grain,"
            " moved.currency, sum(CASE 'plan' WHEN from_account THEN amount"
            "  WHEN to_account THEN -amount END) AS amount"
            " FROM incentives_transfer AS moved"
            " JOIN org_person AS person ON person.id = moved.person_id"
            " JOIN incentives_plan AS plan ON plan.id = moved.plan_id"
            " WHERE moved.origin = 'calculation' AND moved.earned_period_id = {period}"
            "  AND {plan} IN (0, moved.plan_id) AND 'plan' IN (from_account, to_account)"
            " GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(CASE 'plan' WHEN from_account THEN amount"
            "  WHEN to_account THEN -amount END) <> 0"
        ).format(period=Literal(period.pk), plan=Literal(plan.pk if plan else 0))
    )
    return {Line(*key): amount for *key, amount in found}


def by_component(lines: Mapping[Line, Amount]) -> dict[tuple[str, str, str], Decimal]:
    """The sum of each plan's component in each currency."""
    sums: dict[tuple[str, str, str], Decimal] = {}
    for line, amount in lines.items():
        key = line.plan, line.component, line.currency
        sums[key] = sums.get(key, Decimal(0)) + (amount or 0)
    return sums


def by_person(lines: Mapping[Line, Amount]) -> dict[tuple[str, str], Decimal]:
    """The sum of each person in each currency."""
    sums: dict[tuple[str, str], Decimal] = {}
    for line, amount in lines.items():
        key = line.person, line.currency
        sums[key] = sums.get(key, Decimal(0)) + (amount or 0)
    return sums


def order_of(runs: Iterable[CalculationRun]) -> dict[tuple[str, str], int]:
    """The place of each plan's component on the statement, to list lines as people read them."""
    order: dict[tuple[str, str], int] = {}
    for run in runs:
        for component in Component.objects.filter(version=run.version_id).order_by("order", "name"):
            order.setdefault((run.plan.code, component.name), len(order))
    return order


def names() -> dict[str, str]:
    """Everybody's name by personnel number."""
    return dict(Person.objects.values_list("code", "name"))


@dataclass(frozen=True)
class Moved:
    """One line with two amounts that are not the same; a line that is not there has None."""

    line: Line
    before: Amount
    after: Amount

    @property
    def change(self) -> Decimal:
        """What it grew by, what is not decided counting as nothing."""
        return (self.after or Decimal(0)) - (self.before or Decimal(0))


def compare(before: Mapping[Line, Amount], after: Mapping[Line, Amount]) -> list[Moved]:
    """Every line whose amount differs, also where it is on one side alone; 0 is like nothing.

    An outer join of two periods, runs or machines: who vanished is not lost.
    """
    found = []
    for line in sorted(before.keys() | after.keys()):
        one, other = before.get(line, Decimal(0)), after.get(line, Decimal(0))
        if one != other:
            found.append(Moved(line, before.get(line), after.get(line)))
    return found
