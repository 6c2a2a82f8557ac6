"""Booking the differences of final periods to the period that carries them.

That is the open period when it is finalised, or the pay period of an off-cycle run, which does not
wait for that (docs/adr/0233).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import transaction

from incentives import calculate, differences, notices, waivers
from incentives.differences import EVERYBODY, Difference, Whom
from incentives.models import CalculationRun, Dirty, Plan
from incentives.posting import post
from org import audit, locks
from org.models import PayGroup, Period, Tenant, User
from org.tenancy import current_tenant_id


@dataclass
class Carried:
    """The differences of final periods that were booked to a period, each with the one it is of.

    ``alarms``: without a cause, shown and never booked. ``too_late``: behind the tenant's limit for
    corrections, listed and not booked. ``too_early``: earned after the period, listed and not
    booked either: they wait for a later one.
    """

    transfers: int = 0
    differences: list[tuple[Period, Difference]] = field(default_factory=list)
    alarms: list[tuple[Period, Difference]] = field(default_factory=list)
    too_late: list[tuple[Period, Difference]] = field(default_factory=list)
    too_early: list[tuple[Period, Difference]] = field(default_factory=list)

    def add(self, other: Carried) -> None:
        """Take in what was booked of another plan."""
        self.transfers += other.transfers
        self.differences += other.differences
        self.alarms += other.alarms
        self.too_late += other.too_late
        self.too_early += other.too_early


def carry(
    plan: Plan,
    *,
    posted: Period,
    by: User | None,
    at: datetime,
    on: date,
    whom: Whom = EVERYBODY,
) -> Carried:
    """Book a plan's differences of final periods to a period, for those who are meant.

    Nothing is booked to a period that was over before it was earned.
    """
    months = Tenant.objects.get(pk=current_tenant_id()).look_back
    done = Carried()
    for earlier in calculate.dirty_periods(plan):
        if earlier == posted:
            continue
        again = calculate.calculate_again(plan=plan, period=earlier, by=by, at=at, on=on)
        found = [(earlier, d) for d in differences.pending(again, whom=whom)]
        if earlier.valid_to > posted.valid_to:
            done.too_early += found
            continue
        if differences.too_far_back(earlier, on=on, months=months):
            done.too_late += found
            continue
        done.differences += found
        done.alarms += [(earlier, d) for d in differences.alarms(again)]
        booked = post(again, posted=posted, first=False, by=by, at=at, on=on, whom=whom)
        differences.settle(again)
        if booked:
            keep_for_ever(again, at)
        done.transfers += booked
    return done


def keep_for_ever(made: CalculationRun, at: datetime) -> None:
    """Let a run that transfers name never change again, nor what it found."""
    made.final_at = at
    made.save(update_fields=["final_at"])


@transaction.atomic
def carry_off_cycle(
    *,
    posted: Period,
    groups: Sequence[PayGroup],
    by: User | None,
    at: datetime,
    on: date,
    people: Sequence[int] | None = None,
) -> Carried:
    """Book what final periods lack for those whom pay groups pay, without waiting for a closing.

    ``posted``: the pay period of the off-cycle run; ``people``: only these. A plan that is final
    there is left alone: what it lacks goes to its next open period.
    """
    locks.hold_engine()
    locks.exclude({posted.pk, *calculate.final_periods([posted.calendar_id])})
    calculate.bring_up_to_date([])
    whom = Whom(
        groups=tuple(group.pk for group in groups),
        people=None if people is None else tuple(people),
        on=on,
    )
    before, done = waivers.last_transfer(), Carried()
    plans, final = _moved_plans(posted), calculate.final_plans(posted)
    calculate.work_out_differences(plans, by=by, at=at, on=on)
    for plan in plans:
        if plan.pk not in final:
            done.add(carry(plan, posted=posted, by=by, at=at, on=on, whom=whom))
    if done.transfers:
        waivers.waive(posted=posted, after=before, by=by, at=at)
        notices.tell(period=posted, after=before, at=at)
        audit.record(
            action="carry",
            subject=str(posted),
            by=by,
            at=at,
            detail={"groups": [group.code for group in groups], "transfers": done.transfers},
        )
    return done


def _moved_plans(posted: Period) -> list[Plan]:
    """The plans with final periods that a recorded cause may have moved, in their order."""
    moved = Plan.objects.filter(pk__in=Dirty.objects.values("plan"))
    plans = list(moved.select_related("family").order_by("code"))
    ruled = [(plan, version) for plan in plans if (version := calculate.version_for(plan, posted))]
    ordered = [plan for plan, _ in calculate.in_order(ruled)]
    return [*ordered, *(plan for plan in plans if plan not in ordered)]
