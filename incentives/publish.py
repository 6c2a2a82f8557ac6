"""Publishing a plan version: by somebody else than its author, checked, and never in silence."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from incentives import rules, schedule_checks
from incentives.models import PlanPeriod, PlanVersion
from org.audit import record
from org.calendars import make_periods
from org.changes import Mark, record_change
from org.dates import FOREVER, plausible
from org.errors import DomainError
from org.models import Calendar, InputChange, User

Status = PlanVersion.Status


@transaction.atomic
def publish(
    *, version: PlanVersion, by: User | None, at: datetime, changed: str = ""
) -> PlanVersion:
    """Put a draft in force; ``by`` nobody is the system, for a configuration reviewed elsewhere.

    Refuses the author, a version with problems, one that does not begin with a period of its
    plan's calendar, and one that reaches a final period without a reason. A published version
    that begins on the same day is withdrawn by it. ``changed`` is said in the recorded cause.
    """
    if version.status != Status.DRAFT:
        raise DomainError(f"{version} is {version.get_status_display().lower()}, not a draft.")
    if by is not None and version.author_id == by.pk:
        raise DomainError(
            f"{version} was written by {by.get_username()}, so somebody else must publish it."
        )
    check(version)
    final = final_periods(version)
    if final and not version.reason.strip():
        raise DomainError(
            f"{version} begins on {version.in_force}, but {len(final)} period(s) from then on are "
            f"final ({final[0].period.code} first). Give a reason, so that differences can be "
            "explained by it, or begin with an open period."
        )
    for other in rivals(version):
        withdraw(version=other, by=by, at=at, reason=f"replaced by version {version.number}")
    version.status, version.published_by, version.published_at = Status.PUBLISHED, by, at
    version.save(update_fields=["status", "published_by", "published_at"])
    _record(version, changed or "was published", final, by=by, at=at)
    return version


@transaction.atomic
def withdraw(*, version: PlanVersion, by: User | None, at: datetime, reason: str) -> None:
    """Take a published version out of force; it stays as it was for whoever asks what held then."""
    version.status, version.withdrawn_at = Status.RETIRED, at
    version.save(update_fields=["status", "withdrawn_at"])
    record(action="withdraw version", subject=str(version), by=by, at=at, reason=reason)


def check(version: PlanVersion) -> None:
    """Refuse a version with which nobody could be paid, naming all that is wrong."""
    found = [*rules.problems(version), *schedule_checks.problems(version)]
    sentences = [str(problem) for problem in found]
    if trouble := begin_problem(version.plan.calendar, version.in_force):
        sentences.insert(0, f"in_force: {trouble}")
    if version.ends and version.ends <= version.in_force:
        sentences.insert(0, f"ends: {version.ends} is not after in_force ({version.in_force}).")
    if sentences:
        raise DomainError(f"{version} cannot be published.", tuple(sentences))


def begin_problem(calendar: Calendar, day: date) -> str:
    """Why a version cannot begin on a day, as a sentence; '' where a period begins on it."""
    if not plausible(day):
        return f"{day} is no day on which a plan could begin."
    if calendar.kind == Calendar.Kind.OWN_DATES:
        starts = list(calendar.periods.order_by("valid_from").values_list("valid_from", flat=True))
        near = [start for start in starts if start <= day][-1:] or starts[:1]
    else:
        starts = near = [make_periods(calendar, day, day)[0].start]
    if day in starts:
        return ""
    hint = f" The nearest that does is {near[0]}." if near else " It has no periods yet."
    return f"no period of the calendar {calendar.code} begins on {day}.{hint}"


def final_periods(version: PlanVersion) -> list[PlanPeriod]:
    """The final periods of its plan in which a version is in force, in order."""
    return list(
        PlanPeriod.objects.filter(
            plan=version.plan_id,
            final_at__isnull=False,
            period__valid_from__gte=version.in_force,
            period__valid_from__lt=end_of(version),
        )
        .select_related("period")
        .order_by("period__valid_from")
    )


def end_of(version: PlanVersion) -> date:
    """The day on which the next published version takes over, or the plan ends."""
    following = (
        PlanVersion.objects.filter(
            plan=version.plan_id, status=Status.PUBLISHED, in_force__gt=version.in_force
        )
        .order_by("in_force")
        .values_list("in_force", flat=True)
        .first()
    )
    return min(following or FOREVER, version.ends or FOREVER)


def rivals(version: PlanVersion) -> list[PlanVersion]:
    """Published versions of the same plan that begin on the same day."""
    return list(
        PlanVersion.objects.filter(
            plan=version.plan_id, status=Status.PUBLISHED, in_force=version.in_force
        ).exclude(pk=version.pk)
    )


def _record(
    version: PlanVersion, what: str, final: list[PlanPeriod], *, by: User | None, at: datetime
) -> None:
    reason = f": {version.reason.strip()}" if version.reason.strip() else ""
    record(
        action="publish version",
        subject=str(version),
        by=by,
        at=at,
        reason=version.reason,
        detail={
            "in_force": str(version.in_force),
            "author": version.author.get_username() if version.author else None,
            "final_periods": [row.period.code for row in final],
        },
    )
    record_change(
        kind=InputChange.Kind.VERSION,
        sentence=f"{version} (from {version.in_force}) {what}{reason}",
        marks=[Mark(version.in_force, FOREVER, plan=version.plan_id)],
        by=by,
        at=at,
        reference=f"plan {version.plan.code} version {version.number}",
    )
