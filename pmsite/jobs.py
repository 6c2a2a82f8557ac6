"""Work as rows: asked for, queued, claimed by one worker, done once or swept back.

The row is the truth and the queue only a bell. A row is claimed with ``SKIP LOCKED`` and held by a
lease that its worker keeps renewing; a worker that dies stops renewing, and the row goes back. The
end of the work and the row's ``done`` are one transaction, and it holds only while the claim does.
"""

from __future__ import annotations

import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import django_rq
import structlog
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from rq import Queue

from org.errors import DomainError
from org.models import Tenant
from org.progress import Tell, quiet
from org.tenancy import enter
from pmsite.log import without_details
from pmsite.models import Job

LEASE = timedelta(seconds=60)
RENEW_EVERY_S = 15.0
TELL_EVERY_S = 0.5
ATTEMPTS = 3
QUEUE, LONG_QUEUE = "default", "long"

log = structlog.get_logger("pmsite.jobs")


class ClaimLost(RuntimeError):
    """The lease ran out and somebody else has the job; what was done is rolled back."""


@dataclass(frozen=True)
class Work:
    """What a job's function is told: the moment, the tenant's day at it, and what it is about.

    ``tell`` shows whoever watches how far it is, at once and whatever becomes of the work.
    """

    tenant: Tenant
    at: datetime
    on: date
    about: int | None = None
    tell: Tell = quiet


Handler = Callable[[Work], str]
"""Does the work inside the tenant's transaction and says in a sentence what it did."""


def local_day(tenant: Tenant, at: datetime) -> date:
    """The tenant's day at a moment."""
    return at.astimezone(ZoneInfo(tenant.time_zone)).date()


# --- Asking


def step_of(*, name: str, tenant: int | None, about: int) -> dict[str, Any]:
    """The last job about a row, and whether it failed, as a page that waits for it reads them."""
    job = Job.objects.filter(tenant=tenant, about=about, name=name).order_by("-id").first()
    return {"job": job, "failed": job is not None and job.state == Job.State.FAILED}


def request(
    *,
    name: str,
    tenant: Tenant,
    at: datetime,
    due_at: datetime | None = None,
    about: int | None = None,
) -> Job:
    """Ask for a job, once for its due moment, and ring the bell when the row is committed.

    ``about``: the number of the row that it works on, where it works on one.
    """
    handler(name, about)
    due = due_at or at
    Job.objects.bulk_create(
        [Job(tenant=tenant, name=name, about=about, due_at=due, made_at=at)], ignore_conflicts=True
    )
    job = Job.objects.get(tenant=tenant, name=name, about=about, due_at=due)
    # Where the queue cannot be reached, the row is there all the same, and the next tick rings.
    transaction.on_commit(lambda: ring([job]), robust=True)
    return job


def handler(name: str, about: int | None = None) -> Handler:
    """The function behind a job's name, or a refusal that lists the names there are.

    ``about``: the row that it works on; jobs about a row are others than those without.
    """
    from pmsite import work  # the jobs' functions know every app; this machinery none

    known = work.HANDLERS if about is None else work.ABOUT_ONE
    if name not in known:
        raise DomainError(f"No job is called “{name}”. There are: {', '.join(sorted(known))}.")
    return known[name]


def ring(jobs: Iterable[Job]) -> int:
    """Queue rows that are not in the queue yet; two bells for one row do no harm."""
    rung = 0
    for name, waiting in by_queue(jobs).items():
        queue = work_queue(name)
        there = set(queue.get_job_ids())
        for job in waiting:
            if bell(job) not in there:
                queue.enqueue(
                    perform, job.pk, job_id=bell(job), result_ttl=0, failure_ttl=24 * 3600
                )
                rung += 1
    return rung


def by_queue(jobs: Iterable[Job]) -> dict[str, list[Job]]:
    """The rows by the queue that they belong in."""
    from pmsite import work  # as above

    found: dict[str, list[Job]] = {}
    for job in jobs:
        name = LONG_QUEUE if job.name in work.LONG else QUEUE
        found.setdefault(name, []).append(job)
    return found


def bell(job: Job) -> str:
    """The queue's name for the next attempt of a row."""
    return f"job-{job.pk}-{job.attempts + 1}"


def work_queue(name: str = QUEUE) -> Queue:
    """One of the two queues that workers listen to."""
    return django_rq.get_queue(name, commit_mode="auto")


def ring_waiting(*, at: datetime) -> int:
    """Queue every row that is due and waits: a queue that was lost is full again after this."""
    return ring(Job.objects.filter(state=Job.State.QUEUED, due_at__lte=at).order_by("id"))


# --- Doing


def perform(job_id: int) -> str:
    """Claim a row and do its work; what the queue calls. A row that somebody has is left alone."""
    job = claim(job_id, at=timezone.now())
    if job is None:
        return "nothing to do"
    context = structlog.contextvars.bound_contextvars(
        tenant=job.tenant.code if job.tenant else None, job=job.name, row=job.pk
    )
    progress = Progress()
    with context, renewed(job, progress):
        log.info("job begun", attempt=job.attempts)
        try:
            outcome = finish(job, progress)
        except BaseException as failure:  # kept with the row, whatever it was, and raised again
            fail(job, failure, at=timezone.now())
            log.error("job failed", reason=str(failure))
            raise
        log.info("job done", outcome=outcome)
        return outcome


def claim(job_id: int, *, at: datetime) -> Job | None:
    """Take a waiting row for this process; None if it is done, taken or being taken."""
    with transaction.atomic():
        waiting = Job.objects.filter(pk=job_id, state=Job.State.QUEUED)
        job = waiting.select_for_update(skip_locked=True).first()
        if job is None:
            return None
        job.state = Job.State.CLAIMED
        job.claim, job.worker = uuid.uuid4(), f"{socket.gethostname()} {os.getpid()}"
        job.lease_until, job.begun_at, job.ended_at = at + LEASE, at, None
        job.attempts += 1
        job.save()
        return job


@dataclass
class Progress:
    """How far a job is, from the thread that works to the one that writes it down."""

    said: tuple[str, int, int] = ("", 0, 0)
    news: threading.Event = field(default_factory=threading.Event)

    def tell(self, step: str, done: int, total: int) -> None:
        """Note how far it is; written down within half a second."""
        self.said = (step[:200], done, total)
        self.news.set()

    def written(self) -> dict[str, str | int]:
        """The columns of a job that say so."""
        return dict(zip(("step", "step_done", "step_total"), self.said, strict=True))


def finish(job: Job, progress: Progress | None = None) -> str:
    """Do the work and mark the row done in one transaction, if the claim still holds at its end."""
    assert job.tenant is not None
    assert job.begun_at is not None
    at = job.begun_at
    with enter(job.tenant.pk, through=f"job {job.name}"):
        work = Work(
            tenant=job.tenant,
            at=at,
            on=local_day(job.tenant, at),
            about=job.about,
            tell=progress.tell if progress else quiet,
        )
        outcome = handler(job.name, job.about)(work)
        held = held_rows(job).update(
            state=Job.State.DONE,
            claim=None,
            lease_until=None,
            ended_at=timezone.now(),
            outcome=outcome,
            failure="",
        )
        if not held:
            raise ClaimLost(f"Job {job.pk} went to another worker; what was done is rolled back.")
    return outcome


def fail(job: Job, failure: BaseException, *, at: datetime) -> None:
    """Keep why it failed. A refusal is final; anything else is tried again, up to the limit."""
    final = isinstance(failure, DomainError) or job.attempts >= ATTEMPTS
    held_rows(job).update(
        state=Job.State.FAILED if final else Job.State.QUEUED,
        claim=None,
        lease_until=None,
        ended_at=at,
        failure=without_details(str(failure)) or type(failure).__name__,
    )


def held_rows(job: Job) -> QuerySet[Job]:
    """The row, as long as this claim holds it."""
    return Job.objects.filter(pk=job.pk, claim=job.claim, state=Job.State.CLAIMED)


@contextmanager
def renewed(job: Job, progress: Progress) -> Iterator[None]:
    """Renew the lease from a thread of its own, on a connection of its own, while work goes on.

    The same thread writes down how far the work is: the work's own transaction shows nothing
    before its end.
    """
    stop = threading.Event()

    def renew() -> None:
        renewed_at = time.monotonic()
        try:
            while not stop.wait(min(RENEW_EVERY_S, TELL_EVERY_S)):
                said: dict[str, Any] = progress.written() if progress.news.is_set() else {}
                progress.news.clear()
                if time.monotonic() - renewed_at >= RENEW_EVERY_S:
                    renewed_at = time.monotonic()
                    said["lease_until"] = timezone.now() + LEASE
                if said:
                    held_rows(job).update(**said)
        finally:
            connection.close()

    thread = threading.Thread(target=renew, name=f"lease of job {job.pk}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


# --- Sweeping


def sweep(*, at: datetime) -> int:
    """Give back rows whose worker died, answering how many; after the last attempt they failed."""
    with transaction.atomic():
        dead = Job.objects.filter(state=Job.State.CLAIMED, lease_until__lt=at)
        jobs = list(dead.select_for_update(skip_locked=True))
        for job in jobs:
            job.failure = (
                f"The worker ({job.worker}) stopped without an end; "
                f"attempt {job.attempts} of {ATTEMPTS}."
            )
            final = job.attempts >= ATTEMPTS
            job.state = Job.State.FAILED if final else Job.State.QUEUED
            job.claim, job.lease_until, job.ended_at = None, None, at
            job.save()
            log.warning("job swept back", row=job.pk, job=job.name, attempt=job.attempts)
        return len(jobs)
