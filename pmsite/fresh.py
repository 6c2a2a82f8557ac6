"""Results follow what people do: a cause that is recorded asks for the calculation of it.

Once for all that waits: a job that nobody has begun will see it too. Commands ask for nothing:
whoever types them calculates when it is time (docs/adr/0227).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from org.models import Tenant
from org.tenancy import acting_through, current_tenant_id
from pmsite import jobs
from pmsite.models import Job

NAME = "fresh"
BY_ITSELF = ("POST ", "PUT ", "PATCH ", "DELETE ", "job ")


def on_recorded(*, at: datetime, **_rest: Any) -> None:
    """Something was recorded; by a page, a push or a job, its calculation is asked for."""
    if acting_through().startswith(BY_ITSELF):
        ask(at=at)


def ask(*, at: datetime) -> Job:
    """Ask for the calculation of what is stale, unless one waits that nobody has begun."""
    # Held until this transaction ends, so that no worker begins it without what is written here.
    job = waiting().select_for_update(skip_locked=True).first()
    if job is None:
        tenant = Tenant.objects.get(pk=current_tenant_id())
        return jobs.request(name=NAME, tenant=tenant, at=at)
    transaction.on_commit(lambda: jobs.ring([job]), robust=True)
    return job


def waiting() -> QuerySet[Job]:
    """The jobs that the present tenant has asked for and nobody has begun."""
    return Job.objects.filter(tenant=current_tenant_id(), name=NAME, state=Job.State.QUEUED)


def under_way(tenant: int) -> Job | None:
    """The job that works out what is stale, or waits to: the one that has begun first."""
    states = [Job.State.QUEUED, Job.State.CLAIMED]
    jobs_there = Job.objects.filter(tenant=tenant, name__in=[NAME, "nightly"], state__in=states)
    return jobs_there.order_by("state", "id").first()
