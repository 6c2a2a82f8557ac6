"""What works by itself: the schedules of a tenant, its jobs, and what came of each."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import django_tables2 as tables
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST, require_safe

from org import audit
from org.access import needs, request_permissions
from org.models import Tenant
from org.permissions import Permission
from org.tables import PageTable, configured, download
from pmsite import jobs as machinery
from pmsite.closing.work import CLOSE
from pmsite.data.tables import TenantTable, clock
from pmsite.data.views import user_of
from pmsite.data.work import LOOK, TAKE
from pmsite.models import Job, Schedule
from pmsite.schedule import TICK, next_due
from pmsite.work import HANDLERS, LABELS

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
TICK_IS_LATE = timedelta(minutes=5)
TAGS = {"queued": "open", "claimed": "watch", "done": "good", "failed": "poor"}


class JobTable(TenantTable):
    """Each job with what came of it, the latest first."""

    first_line = ("name", "state")
    name = tables.Column(verbose_name="What")
    state = tables.Column()
    due_at = tables.Column(verbose_name="Due")
    took = tables.Column(empty_values=(), orderable=False)
    attempts = tables.Column(verbose_name="Tries")
    outcome = tables.Column(empty_values=(), orderable=False, verbose_name="What came of it")

    class Meta(PageTable.Meta):
        empty_text = "Nothing has run yet. What the schedule asks for will stand here."

    def render_name(self, record: Job) -> SafeString | str:
        """What it is; a job about a file or a closing leads to it."""
        label = LABELS.get(record.name, record.name)
        if record.about is None:
            return label
        if record.name == CLOSE:
            return format_html('<a href="{}">{}</a>', reverse("closings"), label)
        if record.name in (LOOK, TAKE):
            return format_html('<a href="{}">{}</a>', reverse("trial", args=[record.about]), label)
        return label

    def value_name(self, record: Job) -> str:
        """In a file, the words alone."""
        return LABELS.get(record.name, record.name)

    def render_state(self, record: Job) -> SafeString:
        """One word, with its shape."""
        words = record.get_state_display().lower()
        return format_html('<span class="tag {}">{}</span>', TAGS[record.state], words)

    def value_state(self, record: Job) -> str:
        """In a file, the word alone."""
        return record.get_state_display()

    def render_due_at(self, value: datetime) -> str:
        """On the tenant's clock."""
        return clock(value, self.tenant)

    def render_took(self, record: Job) -> str:
        """How long the last try took."""
        if not (record.begun_at and record.ended_at):
            return "–"
        seconds = (record.ended_at - record.begun_at).total_seconds()
        return f"{seconds:.1f} s" if seconds < 60 else f"{seconds / 60:.1f} min"

    def render_outcome(self, record: Job) -> str:
        """What was done, how far it is, or why it failed."""
        if record.state == Job.State.CLAIMED:
            return record.step or "begun"
        return record.failure or record.outcome or "–"


@require_safe
@needs(Permission.CONFIGURE)
def jobs(request: HttpRequest) -> HttpResponse:
    """The schedules with their last outcome and next time, and every job of the tenant."""
    tenant: Tenant = request.membership.tenant  # type: ignore[attr-defined]
    at = timezone.now()
    rows = _jobs(tenant)
    shown = rows.filter(state=state) if (state := request.GET.get("state", "")) in TAGS else rows
    table = JobTable(shown, tenant=tenant)
    if answer := download(request, table, name="jobs"):
        return answer
    context = {
        "table": configured(request, table),
        "schedules": _schedules(tenant, rows, at),
        "states": Job.State.choices,
        "state": state,
        "alone": [(name, LABELS[name]) for name in HANDLERS],
        "late": _tick_is_late(at),
        "failed": rows.filter(state=Job.State.FAILED, due_at__gt=at - timedelta(days=7)).count(),
    }
    return render(request, "jobs/jobs.html", context)


def _jobs(tenant: Tenant) -> QuerySet[Job]:
    return Job.objects.filter(tenant=tenant).order_by("-id")


def _schedules(tenant: Tenant, rows: QuerySet[Job], at: datetime) -> list[dict[str, Any]]:
    zone = ZoneInfo(tenant.time_zone)
    latest = {
        job.name: job
        for job in rows.filter(name__in=list(HANDLERS)).order_by("name", "-id").distinct("name")
    }
    return [
        {
            "schedule": one,
            "label": LABELS.get(one.job, one.job),
            "days": "every day"
            if one.weekdays == "1234567"
            else ", ".join(DAYS[int(day) - 1] for day in one.weekdays),
            "next": next_due(one, zone=zone, at=at),
            "last": latest.get(one.job),
        }
        for one in Schedule.objects.order_by("at_time", "job")
    ]


def _tick_is_late(at: datetime) -> bool:
    """Whether the clock that starts jobs has stood still: nothing falls due then."""
    last = Job.objects.filter(tenant=None, name=TICK).order_by("-due_at").first()
    return last is None or at - last.due_at > TICK_IS_LATE


@require_POST
@needs(Permission.CONFIGURE, Permission.CALCULATE)
def run(request: HttpRequest) -> HttpResponse:
    """Ask for a job at once; one that waits or works already is not asked for twice."""
    tenant: Tenant = request.membership.tenant  # type: ignore[attr-defined]
    name = request.POST.get("job", "")
    back = _way_back(request)
    if name not in HANDLERS:
        messages.error(request, "No such job can be asked for by itself.")
        return back
    label = LABELS[name]
    under_way = _jobs(tenant).filter(name=name, state__in=[Job.State.QUEUED, Job.State.CLAIMED])
    if under_way.filter(due_at__lte=timezone.now()).exists():
        messages.info(request, f"{label} is under way already.")
        return back
    at = timezone.now()
    # To the second, so that two clicks are one job by the key that it has.
    job = machinery.request(name=name, tenant=tenant, at=at, due_at=at.replace(microsecond=0))
    audit.record(
        action="job.run",
        subject=f"{name}: job {job.pk}",
        by=user_of(request),
        at=at,
    )
    messages.success(request, f"{label} has been asked for. A worker takes it up at once.")
    return back


def _way_back(request: HttpRequest) -> HttpResponse:
    """To the page of ours that asked, if it says so (``next``), else to the jobs."""
    asked = request.POST.get("next", "")
    if asked.startswith("/") and url_has_allowed_host_and_scheme(asked, allowed_hosts=None):
        return HttpResponseRedirect(asked)
    may_see = Permission.CONFIGURE in request_permissions(request)
    return redirect("jobs" if may_see else "deliveries")
