"""Pages of those who look after plans: what waits, what is in force, what was calculated."""

from __future__ import annotations

from datetime import date

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from incentives import desk
from incentives.finalise import unsettled
from incentives.models import CalculationRun
from incentives.tables import PersonTable, RunTable
from org.access import needs, request_permissions, today
from org.models import Period
from org.permissions import Permission
from org.tables import configured, download


@require_safe
@needs(Permission.SEE_RULES)
def rules(request: HttpRequest) -> HttpResponse:
    """The desk of those who write rules: drafts, what is in force, what failed, who has no plan."""
    now = _today(request)
    period = desk.running_period(now)
    context = {
        "reviews": desk.reviews(),
        "drafts": desk.drafts(),
        "in_force": desk.in_force(now),
        "troubled": desk.troubled(),
        "period": period,
        "without": desk.without_plan(period).count() if period else 0,
        "may_publish": Permission.PUBLISH_RULES in request_permissions(request),
        "may_edit": Permission.EDIT_RULES in request_permissions(request),
    }
    return render(request, "incentives/rules.html", context)


@require_safe
@needs(Permission.SEE_RULES)
def runs(request: HttpRequest) -> HttpResponse:
    """Every calculation that is kept, the newest first."""
    rows = CalculationRun.objects.select_related("plan", "period__calendar", "version", "by")
    table = RunTable(rows, order_by="-at")
    if answer := download(request, table, name="runs"):
        return answer
    return render(request, "incentives/runs.html", {"table": configured(request, table)})


@require_safe
@needs(Permission.SEE_RULES)
def waiting(request: HttpRequest, calendar: str, period: str) -> HttpResponse:
    """By name, which results of a period wait and why, or could not be worked out."""
    shown = _period_or_404(calendar, period)
    points = desk.open_points().filter(period=shown)
    listed = [(point, unsettled(point.run)) for point in points if point.run is not None]
    return render(request, "incentives/waiting.html", {"period": shown, "listed": listed})


@require_safe
@needs(Permission.SEE_RULES)
def without_plan(request: HttpRequest, calendar: str, period: str) -> HttpResponse:
    """Who works in a period and is paid by no plan of its calendar."""
    shown = _period_or_404(calendar, period)
    table = PersonTable(desk.without_plan(shown), order_by="name")
    if answer := download(request, table, name=f"without-a-plan-{shown.code}"):
        return answer
    context = {"period": shown, "table": configured(request, table)}
    return render(request, "incentives/without_plan.html", context)


def _today(request: HttpRequest) -> date:
    return today(request.membership.tenant)  # type: ignore[attr-defined]


def _period_or_404(calendar: str, code: str) -> Period:
    found = Period.objects.filter(calendar__code=calendar, code=code).select_related("calendar")
    period = found.first()
    if period is None:
        raise Http404(f"No period {code} in a calendar {calendar}.")
    return period
