"""Working the results of some people out anew in the open runs of a period: after a correction.

Where one person's figures move others, those whom they move are worked out too: the people of the
same units where everything stays within a unit (incentives.neighbours), else everybody.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime

from django.db import transaction

from formula import key_of
from incentives import caps, neighbours, outcome
from incentives.calculate import (
    calculate_frame,
    hold,
    in_order,
    open_plans,
    refresh_totals,
    work_out_frame,
)
from incentives.models import CalculationRun, Plan, PlanPeriod, PlanVersion
from incentives.participants import Frame
from incentives.rules import VersionRules, load_kept
from incentives.rules.components import plans_named
from incentives.signals import calculated
from org.models import Period, User


@transaction.atomic
def calculate_people(
    *,
    period: Period,
    people: Iterable[int],
    by: User | None,
    at: datetime,
    on: date,
    only: Collection[str] = (),
) -> list[CalculationRun]:
    """Work the results of some people out anew in the open runs of a period.

    ``only``: codes of plans, and with them those that their earnings move; none means all that pay
    in the period. A plan that has not been calculated with its present version is calculated for
    everybody. Refuses (DomainError) a period in which no plan is open.
    """
    hold([period])
    versions = [(version, period.valid_from) for _, version in _wanted(period, only)]
    kept = load_kept(versions)
    every = [kept[version.pk, on] for version, on in versions]
    refresh_totals([(rules, period) for rules in every])
    moved: dict[str, tuple[int, ...] | None] = {}
    made = []
    for rules in every:
        code = key_of(rules.version.plan.code)
        wanted = _moved_by(rules, people, moved)
        frame = None if wanted is None else neighbours.frame_of(rules, period, wanted)
        current = _current(rules, period)
        if frame is None or current is None:
            frame = Frame(rules, period)
            made.append(calculate_frame(frame, by=by, at=at, on=on))
        else:
            made.append(_patch(frame, current, at=at, on=on))
        moved[code] = frame.people
    caps.apply(period, made)
    calculated.send(sender=CalculationRun, period=period, at=at, on=on)
    return made


def _wanted(period: Period, only: Collection[str]) -> list[tuple[Plan, PlanVersion]]:
    """The open plans of a period, or those named and the ones that their earnings move, in order:
    those that read them, and those with which they share a cap."""
    found = open_plans(period)
    named = plans_named(version for _, version in found)
    plans = in_order(found, named)
    if not only:
        return plans
    chosen: set[str] = set()
    for plan, version in plans:
        if plan.code in only or named[version.pk] & chosen:
            chosen.add(key_of(plan.code))
            chosen |= {key_of(code) for code in caps.plans_capped_with(plan, period)}
    return [(plan, version) for plan, version in plans if key_of(plan.code) in chosen]


def _moved_by(
    rules: VersionRules, people: Iterable[int], moved: dict[str, tuple[int, ...] | None]
) -> tuple[int, ...] | None:
    """The people themselves, and whom the plans moved that this one reads; None: everybody."""
    found = set(people)
    for code in rules.plans_read:
        others = moved.get(key_of(code), ())
        if others is None:
            return None
        found.update(others)
    return tuple(sorted(found))


def _current(rules: VersionRules, period: Period) -> CalculationRun | None:
    """The open run of a plan, if its present version made it."""
    point = (
        PlanPeriod.objects.filter(plan=rules.version.plan_id, period=period)
        .select_related("run__plan", "run__period")
        .defer("run__statement")  # long, and nobody reads it here
        .first()
    )
    if point is None or point.run is None or point.run.version_id != rules.version.pk:
        return None
    return point.run


def _patch(frame: Frame, made: CalculationRun, *, at: datetime, on: date) -> CalculationRun:
    """Replace what an open run found for the frame's people."""
    people = list(frame.people or ())
    work, _ = work_out_frame(frame, on)
    before = outcome.summary(made, people)
    outcome.remove_people(made, people)
    outcome.write(work, made)
    outcome.add_to_summary(made, before, outcome.summary(made, people))
    made.at = at
    made.save(update_fields=["at", *outcome.SUMMED])
    return made
