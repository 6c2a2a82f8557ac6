"""Calculating a plan's period: set-based, in one transaction, provisional until it is finalised.

Totals that are stale are refreshed; participants, measures and formulas become temporary tables;
results and earnings are written under a new run, and the older provisional run goes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import connection, transaction

from formula import key_of
from incentives import caps, measuring, outcome, participants, windows
from incentives.common import Common
from incentives.dirty import dirty_people, mark_final_periods
from incentives.evaluate import Work, work_out
from incentives.models import (
    CalculationRun,
    Component,
    Dirty,
    Plan,
    PlanPeriod,
    PlanVersion,
)
from incentives.participants import Frame
from incentives.parties import parties_beside
from incentives.rules import VersionRules, load_kept, load_one
from incentives.rules.components import plans_named
from incentives.signals import calculated
from incentives.stale import note_outdated
from metrics import totals
from metrics.completeness import complete_through
from metrics.totals import Wanted
from org import locks
from org.errors import DomainError
from org.models import PayGroup, Period, User
from org.sql import fetch

Purpose = CalculationRun.Purpose
# How long after its end an open period is still calculated every night.
LOOK_BACK = timedelta(days=100)


def version_for(plan: Plan, period: Period) -> PlanVersion | None:
    """The published version that rules a period, if the plan pays in it."""
    version = (
        plan.versions.filter(status=PlanVersion.Status.PUBLISHED, in_force__lte=period.valid_from)
        .order_by("-in_force")
        .select_related("plan", "plan__family")
        .first()
    )
    if version is None or (version.ends is not None and version.ends <= period.valid_from):
        return None
    return version


def plans_of(period: Period) -> list[tuple[Plan, PlanVersion]]:
    """The plans that pay in a period, with the version that rules it."""
    published = PlanVersion.objects.filter(
        plan__calendar=period.calendar_id,
        status=PlanVersion.Status.PUBLISHED,
        in_force__lte=period.valid_from,
    )
    latest = {
        version.plan.code: version
        for version in published.order_by("plan__code", "in_force").select_related("plan__family")
    }
    return [
        (version.plan, version)
        for version in latest.values()
        if version.ends is None or version.ends > period.valid_from
    ]


@transaction.atomic
def calculate_period(
    *, period: Period, by: User | None, at: datetime, on: date
) -> list[CalculationRun]:
    """Calculate every plan that pays in a period and is not final there.

    ``on`` is the tenant's business day: before a period's end nothing of it is missing yet. Refuses
    (DomainError) a period in which no plan pays, or that is final for all of them.
    """
    hold([period])
    plans = find_open_plans(period)
    versions = [(version, period.valid_from) for _, version in plans]
    kept = load_kept(versions)
    all_rules = [kept[version.pk, on] for version, on in versions]
    refresh_totals([(rules, period) for rules in all_rules])
    # Final periods first: an open one may stand on what they should have earned.
    calculate_differences(period, [plan for plan, _ in plans], by=by, at=at, on=on)
    made = calculate_together(all_rules, period, by=by, at=at, on=on)
    caps.apply(period, made)
    calculated.send(sender=CalculationRun, period=period, at=at, on=on)
    return made


def calculate_differences(
    period: Period, plans: Iterable[Plan], *, by: User | None, at: datetime, on: date
) -> None:
    """Work out what final periods should be by now whose differences a period may carry."""
    work_out_differences([*plans, *ended_plans(period)], by=by, at=at, on=on)


def work_out_differences(plans: Iterable[Plan], *, by: User | None, at: datetime, on: date) -> None:
    """Work out what the final periods of these plans, in this order, should be by now."""
    again: dict[Period, list[CalculationRun]] = {}
    for plan in plans:
        for earlier in dirty_periods(plan):
            run = calculate_again(plan=plan, period=earlier, by=by, at=at, on=on)
            again.setdefault(earlier, []).append(run)
    for earlier, runs in again.items():
        # Of plans that share a cap each left the others their room before all were known.
        caps.apply(earlier, runs)


def find_open_plans(period: Period) -> list[tuple[Plan, PlanVersion]]:
    """The plans that pay in a period and are not final there, in order; DomainError without any."""
    return in_order(open_plans(period))


def open_plans(period: Period) -> list[tuple[Plan, PlanVersion]]:
    """The plans that pay in a period and are not final there, by code; DomainError without any."""
    plans = plans_of(period)
    if not plans:
        raise DomainError(
            f"No published plan pays in {period}. Publish a version that is in force on"
            f" {period.valid_from}, on the calendar “{period.calendar.code}”."
        )
    final = final_plans(period)
    found = [(plan, version) for plan, version in plans if plan.pk not in final]
    if not found:
        raise DomainError(
            f"{period} is final for every plan. What changes it now becomes a difference in the"
            " next open period."
        )
    return found


def calculate_together(
    all_rules: Iterable[VersionRules], period: Period, *, by: User | None, at: datetime, on: date
) -> list[CalculationRun]:
    """Calculate plans of a period for everybody, in this order; what they read is up to date.

    What plans have in common is worked out once: nothing that it stands on is written meanwhile.
    """
    common = Common()
    frames = [Frame(rules, period, common=common) for rules in all_rules]
    return [calculate_frame(frame, by=by, at=at, on=on) for frame in frames]


def hold(periods: Iterable[Period]) -> None:
    """Let nobody finalise these periods, nor book differences of final ones, until we are done."""
    locks.hold_engine()
    mine = {period.pk: period.calendar_id for period in periods}
    locks.share({*mine, *final_periods(mine.values())})


def final_periods(calendars: Iterable[int]) -> set[int]:
    """The final periods whose differences a period of these calendars may carry: those of the
    same calendars, and all where people are paid by one of them (:func:`ended_plans`)."""
    final = PlanPeriod.objects.filter(final_at__isnull=False)
    if not PayGroup.objects.filter(calendar__in=calendars).exists():
        final = final.filter(period__calendar__in=calendars)
    return set(final.values_list("period", flat=True))


def final_plans(period: Period) -> set[int]:
    """The plans that are final in a period."""
    final = PlanPeriod.objects.filter(period=period, final_at__isnull=False)
    return set(final.values_list("plan", flat=True))


def is_final(plan: Plan, period: Period) -> bool:
    """Whether a plan's period is final."""
    return PlanPeriod.objects.filter(plan=plan, period=period, final_at__isnull=False).exists()


def refresh_totals(wanted: Iterable[tuple[VersionRules, Period]]) -> int:
    """Bring the totals that these rules read up to date, and mark final periods that moved."""
    return bring_up_to_date(
        total for rules, period in wanted for total in windows.wanted(rules, period)
    )


def bring_up_to_date(wanted: Iterable[Wanted]) -> int:
    """Add up what somebody wants to read, and mark final periods that moved; totals written.

    Open ones that it reaches are noted as outdated, until they are worked out.
    """
    written = totals.refresh(wanted)
    mark_final_periods()
    note_outdated()
    return written


def in_order(
    plans: list[tuple[Plan, PlanVersion]], named: Mapping[int, set[str]] | None = None
) -> list[tuple[Plan, PlanVersion]]:
    """Plans in an order in which each comes after those whose earnings it stands on.

    ``named``: what :func:`plans_named` says of their versions, where it is known.
    """
    waiting = {key_of(plan.code): (plan, version) for plan, version in plans}
    if named is None:
        named = plans_named(version for _, version in plans)
    reads = {code: named[version.pk] & waiting.keys() for code, (_, version) in waiting.items()}
    found: list[tuple[Plan, PlanVersion]] = []
    while waiting:
        ready = [code for code in waiting if not (reads[code] - {code}) & waiting.keys()]
        if not ready:
            names = ", ".join(sorted(plan.code for plan, _ in waiting.values()))
            raise DomainError(f"These plans stand on each other's earnings: {names}.")
        for code in ready:
            found.append(waiting.pop(code))
    return found


def dirty_periods(plan: Plan) -> list[Period]:
    """The final periods of a plan that a recorded cause may have moved, the earliest first."""
    periods = Period.objects.filter(pk__in=Dirty.objects.filter(plan=plan).values("period"))
    return list(periods.order_by("valid_from"))


def ended_plans(period: Period) -> list[Plan]:
    """Plans whose late differences go to a period of the people's pay, under the old plan's name.

    They have a recorded cause and no period of their own left that could become final: a campaign
    that is over, a plan that ended.
    """
    if not PayGroup.objects.filter(calendar=period.calendar_id).exists():
        return []
    moved = Plan.objects.filter(pk__in=Dirty.objects.values("plan")).select_related("family")
    return [plan for plan in moved.order_by("code") if not _has_open_period(plan)]


def _has_open_period(plan: Plan) -> bool:
    final = PlanPeriod.objects.filter(plan=plan, final_at__isnull=False)
    periods = Period.objects.filter(calendar=plan.calendar_id).order_by("valid_from")
    rest = periods.exclude(pk__in=final.values("period"))
    last = periods.filter(pk__in=final.values("period")).last()
    later = rest if last is None else rest.filter(valid_from__gt=last.valid_from)
    return any(version_for(plan, period) is not None for period in later)


def calculate_again(
    *,
    plan: Plan,
    period: Period,
    by: User | None,
    at: datetime,
    on: date,
    everybody: bool = False,
    people: tuple[int, ...] | None = None,
) -> CalculationRun:
    """What a final period should be by now, beside what was booked for it.

    Only for those whom a recorded cause may have moved, or for ``people``, unless ``everybody`` is
    looked at, or one person's figures move others.
    """
    version = version_for(plan, period)
    if version is None:
        raise DomainError(f"No published version of {plan} rules {period} any more.")
    rules = load_one(version, period.valid_from)
    # Its version may be newer than the period's end, and read what nobody has added up there.
    refresh_totals([(rules, period)])
    only = None
    if not everybody and not rules.everybody:
        only = people or dirty_people(plan, period)
    frame = Frame(rules, period, only, parties_beside(rules, period, only))
    made = calculate_frame(frame, by=by, at=at, on=on, purpose=Purpose.DIFFERENCE)
    caps.apply(period, [made])
    return made


def calculate_frame(
    frame: Frame,
    *,
    by: User | None,
    at: datetime,
    on: date,
    purpose: Purpose = Purpose.PERIOD,
) -> CalculationRun:
    """Calculate one plan's period for the frame's people; what it reads must be up to date."""
    work, complete = work_out_frame(frame, on)
    made = _record_run(work, by=by, at=at, on=on, purpose=purpose)
    made.complete_through = min(
        (complete[m.metric] for m in frame.rules.stored if m.metric in complete), default=None
    )
    outcome.write(work, made)
    outcome.summarise(made)
    _point_to(made)
    return made


def work_out_frame(frame: Frame, on: date, *, kept: bool = True) -> tuple[Work, dict[int, date]]:
    """Everything that the frame's version says of its people, to be written; and through which day
    the sources of each metric are complete. Not ``kept``: as a query, for whoever reads it once."""
    participants.find(frame)
    complete = complete_through()
    inputs = measuring.find(frame, complete, on)
    work = work_out(frame, inputs, kept=kept)
    if frame.beside:
        outcome.forget(frame.beside)
        frame.common.forget()
    return work, complete


def _record_run(
    work: Work, *, by: User | None, at: datetime, on: date, purpose: Purpose
) -> CalculationRun:
    frame = work.frame
    with connection.cursor() as cursor:
        text = ";\n".join(part.as_string(cursor.connection) for part in work.statements)
    return CalculationRun.objects.create(
        plan=frame.version.plan,
        version=frame.version,
        period=frame.period,
        purpose=purpose,
        at=at,
        on=on,
        by=by,
        statement=text,
        statement_sha256=hashlib.sha256(text.encode()).hexdigest(),
        only=None if frame.people is None else list(frame.people),
    )


def _point_to(made: CalculationRun) -> None:
    """Let the period point to its new run; an older one that is not final goes."""
    if made.purpose == Purpose.PERIOD:
        point, _ = PlanPeriod.objects.select_for_update().get_or_create(
            plan=made.plan, period=made.period
        )
        if point.final_at is not None:
            raise DomainError(f"{made.period} of {made.plan} is final; nothing was changed.")
        point.run, point.outdated = made, False
        point.save(update_fields=["run", "outdated"])
    older = CalculationRun.objects.filter(
        plan=made.plan, period=made.period, purpose=made.purpose, final_at=None
    ).exclude(pk=made.pk)
    outcome.remove_runs(list(older.values_list("pk", flat=True)))


def total_by_component(made: CalculationRun) -> list[tuple[str, Decimal]]:
    """What each component of a run adds up to, in the order of the plan."""
    sums = dict(
        fetch(
            "SELECT component_id, coalesce(sum(amount), 0) FROM incentives_earning"
            " WHERE run_id = %s GROUP BY 1",
            [made.pk],
        )
    )
    components = Component.objects.filter(version=made.version_id)
    return [(str(component), sums.get(component.pk, Decimal(0))) for component in components]


def nightly(*, by: User | None, at: datetime, on: date) -> list[CalculationRun]:
    """Calculate every open period that has begun, of every plan: those of the night.

    Periods that are over and not final yet are calculated too, as far back as the last final one.
    """
    made: list[CalculationRun] = []
    hold(open_periods(on))
    # Looked for again: one may have become final while we waited for it.
    for period in open_periods(on):
        made += calculate_period(period=period, by=by, at=at, on=on)
    return made


def open_periods(on: date) -> list[Period]:
    """Begun periods of the plans' calendars that some plan pays in and that are not final there."""
    calendars = Plan.objects.values("calendar")
    begun = Period.objects.filter(calendar__in=calendars, valid_from__lte=on)
    recent = begun.filter(valid_to__gt=on - LOOK_BACK).select_related("calendar")
    return [
        period
        for period in recent.order_by("valid_from", "pk")
        if {plan.pk for plan, _ in plans_of(period)} - final_plans(period)
    ]
