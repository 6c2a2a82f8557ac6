"""What a change would do to a period: the engine before it and after it, and all of it undone.

The change is made for real inside a transaction that is rolled back, and the same engine runs that
pays people. A period that is final is previewed like an open one: its amounts there are pay that
somebody has earned already, and a preview says when one of them falls.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from incentives import amounts, calculate
from incentives.amounts import Amount, Line, Moved, Outcome
from incentives.models import Plan, PlanVersion
from incentives.publish import take_force
from org import locks
from org.errors import DomainError
from org.models import Period
from org.shadow import rolled_back

Change = Callable[[], list[str]]
NOTHING = Decimal(0)
WHY = "A preview"


@dataclass(frozen=True)
class PersonChange:
    """What one person would get in all, in one currency.

    ``earned_change`` is the part of the change that falls on plans whose period is final.
    """

    code: str
    name: str
    currency: str
    before: Decimal
    after: Decimal
    earned_change: Decimal

    @property
    def change(self) -> Decimal:
        """What the person gains, or, below 0, loses."""
        return self.after - self.before

    @property
    def falls_to_zero(self) -> bool:
        """Whether somebody who got something would get nothing."""
        return self.after == 0 < self.before

    @property
    def reduces(self) -> bool:
        """Whether the person loses what a final period has paid already."""
        return self.earned_change < 0


@dataclass(frozen=True)
class Preview:
    """A period before and after a change; ``people`` are those whose amounts would differ.

    ``order`` is the place of each plan's component on the statement.
    """

    period: Period
    said: tuple[str, ...]
    before: Outcome
    after: Outcome
    moved: tuple[Moved, ...]
    people: tuple[PersonChange, ...]
    final: tuple[Plan, ...]
    order: Mapping[tuple[str, str], int]

    @property
    def reduces_earned(self) -> bool:
        """Whether it reduces pay already earned: true as soon as one person's amount falls."""
        return any(person.reduces for person in self.people)

    @property
    def undecided(self) -> tuple[int, int]:
        """How many lines wait for data or for a decision, or failed, before and after."""
        return _waiting(self.before.lines), _waiting(self.after.lines)


def preview(
    *, period: Period, change: Change, at: datetime, on: date, plan: Plan | None = None
) -> Preview:
    """Make a change, calculate a period before and after it, and undo everything.

    ``change`` makes it and answers what it did, a sentence each. The same change gives the same
    preview; nothing that happens here stays. DomainError where the change is refused, or where no
    plan pays in the period either way.
    """
    with rolled_back():
        locks.hold_engine()  # by all that follows, also where the change itself takes other locks
        with rolled_back():
            before = _work_out(period, at=at, on=on, plan=plan)
        said = tuple(change())
        after = _work_out(period, at=at, on=on, plan=plan)
        if not (before.runs or after.runs):
            raise DomainError(f"No published plan pays in {period}, neither before nor after.")
        runs = {run.plan_id: run for run in (*before.runs, *after.runs)}
        final = tuple(r.plan for r in runs.values() if calculate.is_final(r.plan, period))
        called = amounts.names()
        order = amounts.order_of([*after.runs, *before.runs])
    moved = tuple(amounts.compare(before.lines, after.lines))
    people = _people(before, after, moved, called, {one.code for one in final})
    return Preview(period, said, before, after, moved, people, final, order)


def _work_out(period: Period, *, at: datetime, on: date, plan: Plan | None) -> Outcome:
    paying = [one for one, _ in calculate.plans_of(period) if plan is None or one.pk == plan.pk]
    if not paying:
        return Outcome((), {})
    return amounts.work_out(period=period, at=at, on=on, plan=plan)


def _people(
    before: Outcome,
    after: Outcome,
    moved: tuple[Moved, ...],
    called: Mapping[str, str],
    final: set[str],
) -> tuple[PersonChange, ...]:
    earned: dict[tuple[str, str], Decimal] = {}
    for one in moved:
        key = one.line.person, one.line.currency
        change = one.change if one.line.plan in final else NOTHING
        earned[key] = earned.get(key, NOTHING) + change
    old, new = amounts.by_person(before.lines), amounts.by_person(after.lines)
    return tuple(
        PersonChange(
            code=code,
            name=called.get(code, ""),
            currency=currency,
            before=old.get((code, currency), NOTHING),
            after=new.get((code, currency), NOTHING),
            earned_change=change,
        )
        for (code, currency), change in sorted(earned.items())
    )


def _waiting(lines: Mapping[Line, Amount]) -> int:
    return sum(amount is None for amount in lines.values())


def publish_draft(version: PlanVersion, *, at: datetime) -> list[str]:
    """Put a draft in force for a preview, with a reason where it has none; what it did."""
    if not version.reason.strip():
        version.reason = WHY
        version.save(update_fields=["reason"])
    take_force(version=version, by=None, at=at)
    return [f"{version} is in force from {version.in_force}"]
