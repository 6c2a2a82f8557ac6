"""`nightly`: ask for the night's calculation now, for one tenant or all, and wait if told to."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from org.commands import find_tenant
from org.models import Tenant
from pmsite.jobs import request, ring_waiting, sweep
from pmsite.models import Job

LOOK_EVERY_S = 0.2
TEND_EVERY_S = 5.0
NO_WORKER_S = 30.0


class Command(BaseCommand):
    """The work is a worker's; this command makes the rows and watches them."""

    help = "Queue the nightly calculation of one tenant, or of all."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One tenant or all; wait or not, and how long."""
        parser.add_argument("tenant", nargs="?", help="Code of a tenant; left out: all of them.")
        parser.add_argument("--wait", action="store_true", help="Wait for the end and say it.")
        parser.add_argument(
            "--timeout", type=int, default=3600, metavar="SECONDS", help="Wait no longer (3600)."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask, and watch."""
        code = options["tenant"]
        tenants = [find_tenant(code)] if code else list(Tenant.objects.all())
        if not tenants:
            raise CommandError("There is no tenant yet: apply a tenant file, or load the demo.")
        at = timezone.now()
        jobs = [request(name="nightly", tenant=tenant, at=at) for tenant in tenants]
        if options["wait"]:
            self.wait(jobs, timeout=timedelta(seconds=options["timeout"]))
        else:
            self.stdout.write(f"{len(jobs)} queued; bin/manage tick and a worker do the rest.")

    def wait(self, jobs: list[Job], *, timeout: timedelta) -> None:
        """Say each change of state; tend to the queue, since no scheduler may be running."""
        begin = tended = time.monotonic()
        told: dict[int, str] = {}
        while True:
            now = list(Job.objects.filter(pk__in=[job.pk for job in jobs]).select_related("tenant"))
            for job in now:
                self.tell(job, told)
            if all(job.state in (Job.State.DONE, Job.State.FAILED) for job in now):
                break
            waited = time.monotonic() - begin
            if waited > timeout.total_seconds():
                raise CommandError(f"Not done after {waited:.0f} s; the rows stay and go on.")
            if time.monotonic() - tended > TEND_EVERY_S:
                tended = time.monotonic()
                self.tend(now, waited)
            time.sleep(LOOK_EVERY_S)
        failed = [job for job in now if job.state == Job.State.FAILED]
        if failed:
            raise CommandError(f"{len(failed)} of {len(now)} failed.")

    def tell(self, job: Job, told: dict[int, str]) -> None:
        """One line for each change of a row."""
        assert job.tenant is not None
        line = {
            Job.State.QUEUED: "queued" if not job.failure else f"tried again: {job.failure}",
            Job.State.CLAIMED: "a worker is at it",
            Job.State.DONE: f"done. {job.outcome}",
            Job.State.FAILED: f"failed. {job.failure}",
        }[Job.State(job.state)]
        if told.get(job.pk) != line:
            told[job.pk] = line
            self.stdout.write(f"{job.tenant.code}: {line}")
            self.stdout.flush()

    def tend(self, jobs: list[Job], waited: float) -> None:
        """What a tick would do for rows that are there already, and a word where no worker is."""
        at = timezone.now()
        sweep(at=at)
        ring_waiting(at=at)
        if waited > NO_WORKER_S and all(job.state == Job.State.QUEUED for job in jobs):
            self.stdout.write(
                f"No worker took anything in {waited:.0f} s. Start one:"
                " bin/manage rqworker long default"
            )
