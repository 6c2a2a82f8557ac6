"""Publishing a plan version: by a second person, checked, its examples run, never in silence."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from incentives import compliance, examples, own_pay, rules, schedule_checks
from incentives.models import Plan, PlanPeriod, PlanVersion
from org.audit import record
from org.calendars import make_periods
from org.changes import Mark, record_change
from org.dates import FOREVER, plausible
from org.errors import DomainError
from org.models import Calendar, InputChange, User

Status = PlanVersion.Status


@transaction.atomic
def publish(
    *,
    version: PlanVersion,
    by: User | None,
    at: datetime,
    changed: str = "",
    from_file: bool = False,
) -> PlanVersion:
    """Put a version in force; ``by`` nobody is the system, for a configuration reviewed elsewhere.

    Refuses whoever wrote it or handed it in, whose own pay it moves, what :func:`take_force`
    refuses, and examples that do not come out. A person publishes what was handed in, and of which
    each component has an example; ``from_file``: it was reviewed where the tenant file is kept.
    """
    hold(version)
    elsewhere = by is None or from_file
    refuse_state(version, elsewhere=elsewhere)
    if by is not None:
        refuse_publisher(version, by)
    check(version)
    examples.refuse(version, complete=not elsewhere)
    return take_force(version=version, by=by, at=at, changed=changed)


@transaction.atomic
def take_force(
    *, version: PlanVersion, by: User | None, at: datetime, changed: str = ""
) -> PlanVersion:
    """Make a draft the version in force, whoever asks: the part of publishing that a preview tries.

    Refuses a version with problems, one that does not begin with a period of its plan's calendar,
    and one that reaches a final period without a reason. A published version that begins on the
    same day is withdrawn by it. ``changed`` is said in the recorded cause.
    """
    refuse_state(version, elsewhere=True)
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


def hold(version: PlanVersion) -> None:
    """Let nobody else change a version until we are done, and see what the last one made of it."""
    locked = PlanVersion.objects.select_for_update(of=("self",)).get(pk=version.pk)
    for name in ("status", "handed_in_by_id", "handed_in_at", "published_by_id", "published_at"):
        setattr(version, name, getattr(locked, name))


def refuse_state(version: PlanVersion, *, elsewhere: bool) -> None:
    """Refuse what is published or withdrawn, and a draft unless it was reviewed ``elsewhere``."""
    if version.status == Status.PUBLISHED:
        by = version.published_by.get_username() if version.published_by else "the system"
        when = f" on {version.published_at:%Y-%m-%d}" if version.published_at else ""
        raise DomainError(
            f"{version} is published already, by {by}{when}. Nothing was done a second time."
        )
    if version.status == Status.RETIRED:
        raise DomainError(
            f"{version} was withdrawn and is not published again. Copy it as a new draft."
        )
    if version.status == Status.DRAFT and not elsewhere:
        raise DomainError(
            f"{version} is a draft that was not handed in. Its author hands it in for review, then"
            " somebody else publishes it."
        )


def refuse_publisher(version: PlanVersion, user: User) -> None:
    """Refuse whoever wrote a version or handed it in, and whose own pay it moves."""
    if version.author_id == user.pk:
        raise DomainError(
            f"{version} was written by {user.get_username()}, so somebody else must publish it."
        )
    if version.handed_in_by_id == user.pk:
        raise DomainError(
            f"{version} was handed in by {user.get_username()}, so somebody else must publish it."
        )
    own_pay.refuse(version, user)


@transaction.atomic
def withdraw(*, version: PlanVersion, by: User | None, at: datetime, reason: str) -> None:
    """Take a published version out of force; it stays as it was for whoever asks what held then."""
    version.status, version.withdrawn_at = Status.RETIRED, at
    version.save(update_fields=["status", "withdrawn_at"])
    record(action="withdraw version", subject=str(version), by=by, at=at, reason=reason)


@transaction.atomic
def take_out(*, version: PlanVersion, by: User | None, at: datetime, reason: str) -> None:
    """Withdraw a published version, and record it as the cause of what its periods come to now."""
    withdraw(version=version, by=by, at=at, reason=reason)
    record_change(
        kind=InputChange.Kind.VERSION,
        sentence=f"{version} was withdrawn: {reason}",
        marks=[Mark(version.in_force, FOREVER, plan=version.plan_id)],
        by=by,
        at=at,
        reference=f"plan {version.plan.code} version {version.number}",
    )


def check(version: PlanVersion) -> None:
    """Refuse a version with which nobody could be paid, or that breaks a rule of law that the
    tenant switched on, naming all that is wrong."""
    found = [*rules.problems(version), *schedule_checks.problems(version)]
    sentences = [str(problem) for problem in found] or compliance.problems(version)
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


def unruled(plan: Plan) -> str:
    """Which final periods of a plan no published version rules any more, as a sentence, or ''.

    What they paid could never be worked out again.
    """
    versions = list(plan.versions.filter(status=Status.PUBLISHED).order_by("in_force"))
    final = PlanPeriod.objects.filter(plan=plan, final_at__isnull=False).select_related("period")
    codes = [
        point.period.code
        for point in final.order_by("period__valid_from")
        if not _rules(versions, point.period.valid_from)
    ]
    if not codes:
        return ""
    shown = ", ".join(codes[:3]) + (" …" if codes[3:] else "")
    return (
        f"{shown} of {plan} {'is' if len(codes) == 1 else 'are'} final, and no version would be in"
        " force there any more. End the plan after its last final period; to pay nothing there,"
        " keep a version in force whose amounts are 0."
    )


def _rules(versions: list[PlanVersion], day: date) -> bool:
    latest = next((v for v in reversed(versions) if v.in_force <= day), None)
    return latest is not None and (latest.ends is None or latest.ends > day)


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
