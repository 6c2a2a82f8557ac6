"""A whole site for a browser: a database of its own with the demo in it, served by gunicorn.

Used by the browser tests and by ``bin/screenshots``. Nothing of the copy's own data is touched.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.database import own_database
from bench.serve import served
from pmsite import services

TODAY = "2026-11-16"
NIGHT = """
import django; django.setup()
from datetime import date, datetime, UTC
from incentives import calculate
from org.models import Tenant
from org.tenancy import enter
at = datetime.fromisoformat({today!r} + "T03:00:00+00:00")
for tenant in Tenant.objects.all():
    with enter(tenant.pk, through="the night before"):
        calculate.nightly(by=None, at=at, on=at.date())
"""
# A draft that pays less for what is solved, and what it would do to October.
DRAFT = """
import django; django.setup()
from datetime import datetime
from incentives.draft import copy_as_draft
from incentives.effect import trials
from incentives.models import PlanVersion
from org.models import Period, Tenant, User
from org.tenancy import enter
from pmsite.impacts.work import work_out
from pmsite.jobs import Work
at = datetime.fromisoformat({today!r} + "T08:00:00+00:00")
tenant = Tenant.objects.get(code="brackwater")
with enter(tenant.pk, through="a draft on trial"):
    version = PlanVersion.objects.filter(plan__code="service").latest("in_force")
    draft = copy_as_draft(version=version, by=None, at=at)
    table = draft.tables.get(name="solved")
    table.spec["rows"][2:4] = [["1.02", "110"], ["1.04", "170"]]
    table.save()
    period = Period.objects.select_related("calendar").get(calendar__code="monthly", code="2026-10")
    trial, _ = trials.of_version(version=draft, period=period, by=None, at=at)
    print(work_out(Work(tenant=tenant, at=at, on=at.date(), about=trial.pk)))
"""


WORK = """
import django; django.setup()
from pmsite import jobs
from pmsite.models import Job
for job in Job.objects.filter(state="queued").order_by("id"):
    jobs.perform(job.pk)
"""


@dataclass(frozen=True)
class Site:
    """Where the site is, and with which passwords its people sign in."""

    address: str
    passwords: dict[str, str]
    environment: dict[str, str] = field(default_factory=dict)

    def work(self) -> None:
        """Do every job that waits, as a worker would."""
        _run(self.environment, "-c", WORK)


@contextmanager
def demo_site(folder: Path, *, template: str = "") -> Iterator[Site]:
    """The demo, calculated for the night and served on a free port of this machine.

    ``template``: a migrated database to copy; ``folder`` takes passwords and the server's output.
    """
    with own_database("pmsite_browser", keep=False, template=template) as where:
        environment = where.environment() | {
            "PMSITE_VAR": str(folder),
            "SECRET_KEY": "for-a-browser-only-" + "x" * 40,
            "DJANGO_SETTINGS_MODULE": "pmsite.settings",
        }
        _run(environment, "manage.py", "demo", "--today", TODAY)
        _run(environment, "-c", NIGHT.format(today=TODAY))
        _run(environment, "-c", DRAFT.format(today=TODAY))
        with served(environment, folder) as port:
            known = json.loads((folder / "secrets" / "demo-logins.json").read_text())
            yield Site(f"http://127.0.0.1:{port}", known, environment)


def _run(environment: dict[str, str], *command: str) -> None:
    done = subprocess.run(
        [sys.executable, *command],
        cwd=services.ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} {command[1]} failed:\n{done.stdout}{done.stderr}")
