"""A period as known at a moment, beside what was booked by then and what is known now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from incentives import amounts, calculate, differences
from incentives.amounts import Amounts, Line, Moved, Outcome
from incentives.asof import as_of
from incentives.explain import explain_result
from incentives.explanation import Explanation
from incentives.models import CalculationRun, Plan, Result, Transfer
from incentives.rules import load
from org.errors import DomainError
from org.models import InputChange, Period, Person
from org.progress import Tell, quiet
from org.shadow import rolled_back

MOST_CAUSES = 20


@dataclass(frozen=True)
class Entry:
    """A line that is not what it was: by how much, and the recorded causes."""

    moved: Moved
    name: str
    cause: str


@dataclass(frozen=True)
class Known:
    """A period at a past moment. ``booked`` is the ledger's, ``then`` and ``now`` are worked out.

    ``entries`` are the lines in which *now* differs from *then*; ``causes`` what was recorded
    since, newest first; ``explanations`` those of the person asked for, as of the moment.
    """

    moment: datetime
    final: tuple[Plan, ...]
    booked: Amounts
    then: Outcome
    now: Outcome
    entries: tuple[Entry, ...]
    causes: tuple[str, ...]
    explanations: tuple[Explanation, ...]

    @property
    def booked_total(self) -> Decimal:
        """What calculation had booked for the period by the moment."""
        return amounts.total_of(self.booked.values())


def known(
    *,
    period: Period,
    moment: datetime,
    at: datetime,
    on: date,
    on_then: date,
    plan: Plan | None = None,
    person: Person | None = None,
    tell: Tell = quiet,
) -> Known:
    """Work a period out as of a moment and as of now, and say where they part; writes nothing.

    ``on`` and ``on_then`` are the business days of now and then. DomainError for a moment that has
    not come yet, or at which no plan paid in the period.
    """
    if moment > at:
        raise DomainError(f"{moment:%Y-%m-%d %H:%M} has not come yet: nothing is known as of then.")
    tell("Putting back what was recorded by then", 0, 4)
    with as_of(moment):
        tell("Working it out as known then", 1, 4)
        then = amounts.work_out(period=period, at=moment, on=on_then, plan=plan)
        booked = amounts.booked(period=period, plan=plan)
        final = tuple(r.plan for r in then.runs if calculate.is_final(r.plan, period))
        explanations = tuple(_explained(then, person)) if person else ()
    tell("Working it out as known now", 2, 4)
    with rolled_back():
        now = amounts.work_out(period=period, at=at, on=on, plan=plan)
        causes = _causes_of_lines(now, period, moment)
    tell("Comparing", 3, 4)
    called = amounts.names()
    entries = tuple(
        Entry(moved, called.get(moved.line.person, ""), causes.get(moved.line, ""))
        for moved in amounts.compare(then.lines, now.lines)
    )
    return Known(moment, final, booked, then, now, entries, _recorded_since(moment), explanations)


def _explained(then: Outcome, person: Person) -> Iterator[Explanation]:
    for made in then.runs:
        rules = load(made.version, made.period.valid_from)
        for result in Result.objects.filter(run_id=made.pk, person_id=person.pk).order_by("job"):
            yield explain_result(rules, made, person, result)


def _causes_of_lines(now: Outcome, period: Period, moment: datetime) -> dict[Line, str]:
    """Why lines moved since a moment: what was posted since, and what waits to be posted."""
    found: dict[Line, list[str]] = {}
    posted = Transfer.objects.filter(
        origin=Transfer.Origin.CALCULATION, earned_period=period, recorded_at__gt=moment
    ).exclude(cause="")
    for transfer in posted.select_related("plan", "person").order_by("id"):
        assert transfer.plan is not None
        line = Line(
            transfer.plan.code,
            transfer.person.code,
            transfer.component,
            transfer.job,
            transfer.grain,
            transfer.currency,
        )
        found.setdefault(line, []).append(transfer.cause)
    for made in now.runs:
        if made.purpose == CalculationRun.Purpose.DIFFERENCE:
            for line, cause in _waiting(made):
                found.setdefault(line, []).append(cause)
    return {line: "; ".join(dict.fromkeys(said)) for line, said in found.items()}


def _waiting(made: CalculationRun) -> Iterator[tuple[Line, str]]:
    """The differences of a final period that are not posted yet, with their causes."""
    for one in differences.pending(made):
        key = one.person, one.component, one.job, one.grain, one.currency
        yield Line(made.plan.code, *key), one.cause


def _recorded_since(moment: datetime) -> tuple[str, ...]:
    changes = InputChange.objects.filter(at__gt=moment).order_by("-at", "-id")[:MOST_CAUSES]
    return tuple(f"{change.at:%Y-%m-%d %H:%M} UTC {change.sentence}" for change in changes)
