"""Checking what is final: is it still what the rules and the figures say, apart from known causes?

Every final period is worked out in full, and what differs from the ledger without a recorded cause
is an alarm: an upgrade, a figure changed behind everybody's back. Nothing is posted and nothing is
kept. It takes as long as calculating all those periods, so it is no part of every night.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from incentives import calculate, differences
from incentives.differences import Difference
from incentives.models import Plan, PlanPeriod
from org.models import Period, User
from org.shadow import rolled_back


@dataclass(frozen=True)
class Checked:
    """One plan's final period with what no recorded cause explains."""

    plan: Plan
    period: Period
    alarms: tuple[Difference, ...]


def check_periods(
    *, by: User | None, at: datetime, on: date, periods: Iterable[Period] | None = None
) -> list[Checked]:
    """Work final periods out anew, all or those named, and list alarms; changes nothing."""
    final = PlanPeriod.objects.filter(final_at__isnull=False)
    if periods is not None:
        final = final.filter(period__in=[period.pk for period in periods])
    points = final.select_related("plan__family", "period__calendar")
    with transaction.atomic():
        calculate.hold([point.period for point in points])
        return [
            Checked(point.plan, point.period, _alarms(point, by=by, at=at, on=on))
            for point in points.order_by("period__valid_from", "plan__code")
        ]


def _alarms(
    point: PlanPeriod, *, by: User | None, at: datetime, on: date
) -> tuple[Difference, ...]:
    # Undone one by one, so that temporary tables do not pile up.
    with rolled_back():
        made = calculate.calculate_again(
            plan=point.plan, period=point.period, by=by, at=at, on=on, everybody=True
        )
        found = tuple(differences.alarms(made))
    return found
