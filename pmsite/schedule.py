"""The tick: which schedules have come due, as rows that exist once, however many ticks there are.

Times are of the tenant's clock and fall due once a day, also when clocks change. After a
standstill only the latest missed time of each schedule is made up: a nightly calculation works on
all that is stale, not on one day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import structlog
from django.db import DatabaseError
from redis.exceptions import RedisError

from org import audit
from org.models import Tenant, User
from org.tenancy import enter
from pmsite.jobs import handler, ring_waiting, sweep
from pmsite.models import Job, Schedule

LOOK_BACK_DAYS = 8  # a weekly time that was missed is still found
KEEP_TICKS = timedelta(days=7)
TICK = "tick"

log = structlog.get_logger("pmsite.schedule")


@dataclass(frozen=True)
class Ticked:
    """What one tick did, and what went wrong with it, a sentence each."""

    made: int
    swept: int
    queued: int
    problems: tuple[str, ...] = ()

    def __str__(self) -> str:
        done = f"{self.made} jobs came due, {self.swept} were swept back, {self.queued} were queued"
        return "; ".join([done, *self.problems])


# --- Setting


def set_schedule(
    *,
    job: str,
    at_time: time,
    weekdays: str = "1234567",
    active: bool = True,
    by: User | None,
    at: datetime,
) -> Schedule:
    """Have a job done at a time of the tenant's day; times before ``at`` are not made up."""
    handler(job)
    schedule = Schedule.objects.filter(job=job, at_time=at_time).first()
    schedule = schedule or Schedule(job=job, at_time=at_time)
    schedule.weekdays, schedule.active, schedule.since = weekdays, active, at
    schedule.full_clean()
    schedule.save()
    audit.record(
        action="schedule.set",
        subject=str(schedule),
        by=by,
        at=at,
        detail={"weekdays": weekdays, "active": active},
    )
    return schedule


# --- Time


def moment(*, day: date, at_time: time, zone: ZoneInfo) -> datetime:
    """When a time of day comes on a day: once, also where the clocks skip or repeat it.

    Of a time that comes twice the first counts (fold 0). One that is skipped is read with the
    offset before the change, so 02:30 comes at 03:30 on that day.
    """
    return datetime.combine(day, at_time, tzinfo=zone).astimezone(UTC)


def latest_due(schedule: Schedule, *, zone: ZoneInfo, at: datetime) -> datetime | None:
    """The last time at or before ``at`` at which a schedule fell due since it was set."""
    today = at.astimezone(zone).date()
    for back in range(LOOK_BACK_DAYS):
        day = today - timedelta(days=back)
        if str(day.isoweekday()) not in schedule.weekdays:
            continue
        due = moment(day=day, at_time=schedule.at_time, zone=zone)
        if due <= at:
            return due if due > schedule.since else None
    return None


def next_due(schedule: Schedule, *, zone: ZoneInfo, at: datetime) -> datetime | None:
    """The first time after ``at`` at which a schedule falls due; None where it rests."""
    if not schedule.active:
        return None
    today = at.astimezone(zone).date()
    for ahead in range(LOOK_BACK_DAYS + 1):
        day = today + timedelta(days=ahead)
        due = moment(day=day, at_time=schedule.at_time, zone=zone)
        if str(day.isoweekday()) in schedule.weekdays and due > at:
            return due
    return None


# --- Ticking


def tick(*, at: datetime) -> Ticked:
    """Make the jobs that came due, sweep back those of dead workers, and queue all that wait.

    One tenant's trouble keeps no other from its night: problems are collected and kept with the
    tick's own row. Never raises for them; the command does.
    """
    made, problems = 0, []
    for tenant in Tenant.objects.all():
        try:
            made += make_due(tenant, at=at)
        except (DatabaseError, ValueError, KeyError) as failure:
            problems.append(f"{tenant.code}: its schedules could not be read: {failure}")
    swept = sweep(at=at)
    queued = 0
    try:
        queued = ring_waiting(at=at)
    except RedisError as failure:
        problems.append(f"The queue cannot be reached, the next tick tries again: {failure}")
    ticked = Ticked(made=made, swept=swept, queued=queued, problems=tuple(problems))
    note(ticked, at=at)
    return ticked


def make_due(tenant: Tenant, *, at: datetime) -> int:
    """Insert the rows that a tenant's schedules ask for; those there already stay as they are."""
    zone = ZoneInfo(tenant.time_zone)
    with enter(tenant.pk, through="schedule"):
        latest = [
            (s.job, latest_due(s, zone=zone, at=at)) for s in Schedule.objects.filter(active=True)
        ]
        wanted = {(name, due) for name, due in latest if due is not None}
        moments = [due for _, due in wanted]
        there = Job.objects.filter(tenant=tenant, due_at__in=moments).values_list("name", "due_at")
        missing = sorted(wanted - set(there))
        rows = [Job(tenant=tenant, name=name, due_at=due, made_at=at) for name, due in missing]
        Job.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def note(ticked: Ticked, *, at: datetime) -> None:
    """Keep one row for each minute in which a tick ran, with its failure; forget them in time."""
    problems = "\n".join(ticked.problems)
    Job.objects.update_or_create(
        tenant=None,
        name=TICK,
        due_at=at.replace(second=0, microsecond=0),
        defaults={
            "state": Job.State.FAILED if problems else Job.State.DONE,
            "made_at": at,
            "ended_at": at,
            "outcome": str(ticked),
            "failure": problems,
        },
    )
    Job.objects.filter(tenant=None, name=TICK, due_at__lt=at - KEEP_TICKS).delete()
    for problem in ticked.problems:
        log.error("tick failed", reason=problem)
