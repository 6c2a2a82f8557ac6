"""The people of a team, and the ways to the page of the period that counts now."""

from __future__ import annotations

from datetime import date, timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from org.access import member_required, needs, request_permissions, today
from org.models import Membership, Period
from org.permissions import Permission
from org.queries import get_visible_person_or_404
from scorecards.queries import (
    find_period,
    latest_scorecard_period,
    team_period_of,
)

SEE_PEOPLE = (Permission.SEE_TEAM, Permission.SEE_EVERYONE)


@require_safe
@member_required
def me(request: HttpRequest) -> HttpResponse:
    """The own scorecard of the period that has something to say now."""
    membership: Membership = request.membership  # type: ignore[attr-defined]
    if membership.person is None:
        return render(request, "scorecards/nobody.html")
    return redirect("person", membership.person.code)


@require_safe
@needs(*SEE_PEOPLE)
def my_team(request: HttpRequest) -> HttpResponse:
    """The people of the period that has something to say now."""
    membership: Membership = request.membership  # type: ignore[attr-defined]
    everyone = Permission.SEE_EVERYONE in request_permissions(request)
    latest = team_period_of(membership, on=today(membership.tenant), everyone=everyone)
    if latest is None:
        return render(request, "scorecards/nothing_yet.html")
    return redirect("team", latest.period.calendar.code, latest.period.code)


@require_safe
@member_required
def person(request: HttpRequest, code: str) -> HttpResponse:
    """A person's scorecard of the period that has something to say now."""
    membership: Membership = request.membership  # type: ignore[attr-defined]
    found = get_visible_person_or_404(membership, on=today(membership.tenant), code=code)
    period = latest_scorecard_period(person_id=found.pk)
    if period is None:
        return render(request, "scorecards/no_scorecard.html", {"person": found})
    return redirect("scorecard", found.code, period.calendar.code, period.code)


def period_or_404(calendar: str, code: str) -> Period:
    """The period of an address."""
    found = find_period(calendar=calendar, code=code)
    if found is None:
        raise Http404(f"No period {code} in a calendar {calendar}.")
    return found


def day_of(period: Period, now: date) -> date:
    """The day whose jobs a page shows: today inside the period, else the period's nearest end."""
    return max(period.valid_from, min(now, period.valid_to - timedelta(days=1)))
