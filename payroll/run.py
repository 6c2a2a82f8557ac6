"""A pay run from one request: prepare, approve and write, for one pay group or all that are due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from org.errors import DomainError
from org.models import PayGroup, Period, User
from payroll.batch import approve, currency_of, prepare
from payroll.models import PayBatch, PayFile, PayrollProfile
from payroll.queries import (
    Contents,
    business_day,
    groups_with_due,
    in_other_currencies,
    last_day,
    without_pay_group,
)
from payroll.render import listed
from payroll.write import write_file


@dataclass(frozen=True, kw_only=True)
class Paid:
    """What became of one pay group; ``file`` is None where everything due met debts."""

    batch: PayBatch
    contents: Contents | None
    file: PayFile | None
    notes: tuple[str, ...]


def run(
    *,
    periods: Sequence[Period],
    profile: str,
    by: User | None,
    approved_by: User | None,
    at: datetime,
    pay_group: str | None = None,
) -> list[Paid]:
    """Pay what is due at a period, all groups or none.

    ``periods`` are those that somebody named; where none is of a group's own calendar, the pay
    period with their last day is meant. Without ``pay_group``: every group with something due.
    """
    layout = find_profile(profile)
    with transaction.atomic():
        if by is not None and by == approved_by:
            raise DomainError(f"{by} cannot both prepare and approve; somebody else must approve.")
        groups = [find_group(pay_group)] if pay_group else _due_groups(periods)
        return [
            _pay(group, periods, layout, by=by, approved_by=approved_by, at=at) for group in groups
        ]


def reissue(
    *,
    periods: Sequence[Period],
    profile: str,
    by: User | None,
    at: datetime,
    pay_group: str | None = None,
) -> list[Paid]:
    """Write the latest batch's file of a period once more, from the same lines."""
    layout = find_profile(profile)
    groups = [find_group(pay_group)] if pay_group else list(PayGroup.objects.all())
    with transaction.atomic():
        batches = [b for group in groups if (b := _latest(group, periods))]
        if not batches:
            raise DomainError(
                f"No batch of {periods[0].code} is approved; nothing can be reissued."
            )
        return [
            Paid(
                batch=batch,
                contents=None,
                file=write_file(batch=batch, profile=layout, by=by, at=at, reissue=True),
                notes=(),
            )
            for batch in batches
        ]


def find_profile(code: str) -> PayrollProfile:
    """The tenant's profile with a code."""
    profile = PayrollProfile.objects.filter(code=code).first()
    if profile is None:
        known = ", ".join(PayrollProfile.objects.values_list("code", flat=True)) or "none"
        raise DomainError(
            f"No payroll profile has the code “{code}”. The tenant file defines: {known}."
        )
    return profile


def find_group(code: str) -> PayGroup:
    """The pay group with a code."""
    group = PayGroup.objects.select_related("calendar").filter(code=code).first()
    if group is None:
        known = ", ".join(PayGroup.objects.values_list("code", flat=True)) or "none"
        raise DomainError(f"No pay group has the code “{code}”. There are: {known}.")
    return group


def pay_period(group: PayGroup, periods: Sequence[Period]) -> Period | None:
    """The group's own period that is meant: one of those named, else that with their last day."""
    own = [period for period in periods if period.calendar_id == group.calendar_id]
    if own:
        return own[0]
    day = max(last_day(period) for period in periods)
    return (
        group.calendar.periods.filter(valid_from__lte=day, valid_to__gt=day)
        .select_related("calendar")
        .first()
    )


def _due_groups(periods: Sequence[Period]) -> list[PayGroup]:
    day = max(business_day(period) for period in periods)
    groups = groups_with_due(day)
    if groups:
        return groups
    if waiting := without_pay_group(day):
        raise DomainError(
            f"Nothing can be paid: those with something due have no pay group: {listed(waiting)}. "
            "Give them one by the people file."
        )
    paid = PayBatch.objects.filter(period__in=periods, status=PayBatch.Status.APPROVED).first()
    if paid is not None:
        raise DomainError(
            f"{paid.period.code} is already paid: batch {paid}, approved by {paid.approved_by}. "
            "Nothing has become due since. To write its file again, use --reissue."
        )
    raise DomainError("Nothing is due to anybody; finalise a period first.")


def _pay(
    group: PayGroup,
    periods: Sequence[Period],
    profile: PayrollProfile,
    *,
    by: User | None,
    approved_by: User | None,
    at: datetime,
) -> Paid:
    period = pay_period(group, periods)
    if period is None:
        raise DomainError(
            f"The pay calendar “{group.calendar}” of the group “{group}” has no period with the "
            f"last day of {periods[0].code}; make its periods first."
        )
    notes = _notes(group, period, periods)
    batch = prepare(pay_group=group, period=period, by=by, at=at)
    done = approve(batch=batch, by=approved_by, at=at)
    file = None
    if done.contents.lines:
        file = write_file(batch=done.batch, profile=profile, by=by, at=at)
    return Paid(batch=done.batch, contents=done.contents, file=file, notes=notes)


def _notes(group: PayGroup, period: Period, periods: Sequence[Period]) -> tuple[str, ...]:
    """What somebody should know before anything is written."""
    notes = []
    if period not in periods:
        notes.append(f"{periods[0]} is paid in the pay period {period}.")
    day, currency = business_day(period), currency_of(group)
    if waiting := without_pay_group(day):
        notes.append(f"Not paid, because they have no pay group: {listed(waiting)}.")
    if others := in_other_currencies(pay_group=group, day=day, currency=currency):
        notes.append(
            f"Waits, because the group is paid in {currency} and it is due in another currency: "
            f"{listed(others)}."
        )
    return tuple(notes)


def _latest(group: PayGroup, periods: Sequence[Period]) -> PayBatch | None:
    period = pay_period(group, periods)
    batches = PayBatch.objects.select_related("pay_group__calendar", "period", "tenant")
    return batches.filter(
        pay_group=group, period=period, status=PayBatch.Status.APPROVED, lines__isnull=False
    ).first()
