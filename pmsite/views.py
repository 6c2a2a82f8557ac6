"""The front page and the choice of the organisation to work for."""

from __future__ import annotations

from allauth.account.utils import get_next_redirect_url
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from org.access import member_required, request_permissions, today
from org.middleware import SESSION_KEY
from org.models import Membership
from org.permissions import Permission
from pmsite.signin import trail
from pmsite.todo import todos
from scorecards.queries import latest_plan_periods, latest_scorecard_period, team_period_of
from scorecards.team.home import team_at_home


@require_safe
@member_required
def overview(request: HttpRequest) -> HttpResponse:
    """Send an agent to their scorecard; show the others what waits for them."""
    membership = request.membership  # type: ignore[attr-defined]
    permissions = request_permissions(request)
    own = latest_scorecard_period(person_id=membership.person_id)
    only_own = own is not None and len(permissions) == 1
    if own is not None and only_own:
        return redirect("scorecard", membership.person.code, own.calendar.code, own.code)
    now, everyone = today(membership.tenant), Permission.SEE_EVERYONE in permissions
    team = None
    if Permission.SEE_TEAM in permissions:
        team = team_period_of(membership, on=now, everyone=everyone)
    context = {
        "own": own,
        "todos": todos(membership, permissions, now),
        "plan_periods": latest_plan_periods() if everyone else [],
        "team": team,
        "at_home": team_at_home(request, team.period) if team and not everyone else None,
        "asked": bool(permissions - {Permission.SEE_OWN}),
    }
    return render(request, "pmsite/overview.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def tenant(request: HttpRequest) -> HttpResponse:
    """Show the organisations of whoever is logged in; take the chosen one into the session."""
    memberships = Membership.objects.filter(user=request.user.pk).select_related("tenant")
    if request.method != "POST":
        listed = memberships.order_by("tenant__name")
        context = {"memberships": listed, "next": get_next_redirect_url(request) or ""}
        return render(request, "pmsite/tenant.html", context)
    chosen = memberships.filter(tenant__code=request.POST.get("tenant", "")).first()
    if chosen is None:
        messages.error(request, "You are no member of that organisation: choose one of these.")
        return redirect("tenant")
    before = request.membership  # type: ignore[attr-defined]
    request.session[SESSION_KEY] = chosen.tenant_id
    if before != chosen:
        trail.note_change(request, before, chosen)
    return redirect(get_next_redirect_url(request) or "overview")
