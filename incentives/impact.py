"""What a change of data would do to pay: the change made, calculated, and all of it undone.

The same transaction as taking it in for good, rolled back (docs/adr/0166). Open periods are
calculated as in the night; final ones for those whom the change moves, because their differences
are paid in a later period.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar

from incentives import amounts, calculate
from incentives.amounts import Amounts, Line
from incentives.dirty import dirty_people
from incentives.models import Dirty, Plan
from metrics.locks import hold_values
from org.errors import DomainError
from org.models import InputChange, Period, StaleMark
from org.progress import Tell, quiet
from org.shadow import rolled_back

T = TypeVar("T")
NOTHING = Decimal(0)


@dataclass(frozen=True)
class PayChange:
    """What one person would get in one period, in one currency."""

    person: str
    name: str
    period: str
    final: bool
    currency: str
    before: Decimal
    after: Decimal

    @property
    def change(self) -> Decimal:
        """What the person gains, or, below 0, loses."""
        return self.after - self.before


@dataclass(frozen=True)
class Impact:
    """Everybody whose amounts would differ; ``periods``: those that were worked out.

    ``problem``: why the change in pay could not be worked out, where that is so.
    """

    periods: tuple[str, ...] = ()
    people: tuple[PayChange, ...] = ()
    undecided: tuple[int, int] = (0, 0)
    problem: str = ""

    def totals(self) -> dict[str, Decimal]:
        """The change of all together, in each currency."""
        sums: dict[str, Decimal] = {}
        for one in self.people:
            sums[one.currency] = sums.get(one.currency, NOTHING) + one.change
        return sums


@dataclass(frozen=True)
class _Touched:
    """A period whose pay the change may move; ``plan`` and ``people`` where it is final for it."""

    period: Period
    plan: Plan | None = None
    people: tuple[int, ...] | None = None


def impact(
    *, change: Callable[[], T], at: datetime, on: date, tell: Tell = quiet
) -> tuple[T, Impact]:
    """Make a change, work out what it does to pay, and undo everything.

    Answers what the change answered, and the difference. Nobody writes values, nor finalises one of
    the periods, until it is done. DomainError where the change is refused.
    """
    with rolled_back():
        # In the order of org.locks, so that neither waits for the other.
        calculate.hold(calculate.open_periods(on))
        hold_values()
        with rolled_back():
            before_it = InputChange.objects.order_by("-pk").values_list("pk", flat=True).first()
            answer = change()
            try:
                touched = _touched(before_it or 0, on)
                after = _work_out(touched, at=at, on=on, tell=tell, which="with it")
            except DomainError as refusal:
                return answer, Impact(problem=str(refusal))
        before = _work_out(touched, at=at, on=on, tell=tell, which="without it")
        return answer, _compared(touched, before, after)


def _touched(before_it: int, on: date) -> list[_Touched]:
    marks = StaleMark.objects.filter(change__gt=before_it).order_by("first_day")
    first = marks.values_list("first_day", flat=True).first()
    if first is None:
        return []
    calculate.refresh_totals([])
    final = Dirty.objects.filter(change__gt=before_it).values_list("plan", "period").distinct()
    plans, periods = Plan.objects.in_bulk(), Period.objects.select_related("calendar").in_bulk()
    return [
        *(
            _Touched(periods[period], plans[plan], dirty_people(plans[plan], periods[period]))
            for plan, period in sorted(final)
        ),
        *(_Touched(period) for period in calculate.open_periods(on) if period.valid_to > first),
    ]


def _work_out(
    touched: Iterable[_Touched], *, at: datetime, on: date, tell: Tell, which: str
) -> dict[tuple[int, bool], Amounts]:
    """The amounts of each touched period, those of final plans by themselves."""
    found: dict[tuple[int, bool], Amounts] = {}
    listed = list(touched)
    for place, one in enumerate(listed):
        tell(f"Working out the pay of {one.period.code} {which}", place, len(listed))
        if one.plan is None:
            made = calculate.calculate_period(period=one.period, by=None, at=at, on=on)
        else:
            made = [
                calculate.calculate_again(
                    plan=one.plan,
                    period=one.period,
                    by=None,
                    at=at,
                    on=on,
                    everybody=one.people is None,
                    people=one.people,
                )
            ]
        key = one.period.pk, one.plan is not None
        found.setdefault(key, {}).update(amounts.of_runs(made))
    return found


def _compared(
    touched: Iterable[_Touched],
    before: dict[tuple[int, bool], Amounts],
    after: dict[tuple[int, bool], Amounts],
) -> Impact:
    names = amounts.names()
    periods = {one.period.pk: one.period for one in touched}
    people = [
        PayChange(code, names.get(code, ""), periods[pk].code, final, currency, *sums)
        for (pk, final), lines in after.items()
        for (code, currency), sums in _moved(before.get((pk, final), {}), lines).items()
    ]
    people.sort(key=lambda one: (-abs(one.change), one.person, one.period))
    return Impact(
        periods=tuple(dict.fromkeys(period.code for period in periods.values())),
        people=tuple(people),
        undecided=(_waiting(before.values()), _waiting(after.values())),
    )


def _moved(before: Amounts, after: Amounts) -> dict[tuple[str, str], tuple[Decimal, Decimal]]:
    """The sums of those of whom a line differs, by person and currency."""
    moved = {(one.line.person, one.line.currency) for one in amounts.compare(before, after)}
    old, new = amounts.by_person(before), amounts.by_person(after)
    return {key: (old.get(key, NOTHING), new.get(key, NOTHING)) for key in sorted(moved)}


def _waiting(found: Iterable[dict[Line, Decimal | None]]) -> int:
    return sum(amount is None for lines in found for amount in lines.values())
