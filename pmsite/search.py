"""Search over people, teams, plans and metrics: only what the member may open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from incentives.models import Plan
from metrics.models import Metric
from org.access import member_required, request_permissions, today
from org.models import Membership, Unit
from org.permissions import Permission
from org.queries import visible_people

MOST = 6
SHORTEST = 2


@dataclass(frozen=True)
class Found:
    """One thing that was found: where it is, its name and what tells it from its like."""

    address: str
    name: str
    beside: str


@dataclass(frozen=True)
class Group:
    """What was found of one kind."""

    label: str
    found: tuple[Found, ...]


@require_safe
@member_required
def search(request: HttpRequest) -> HttpResponse:
    """The page of what was found; while somebody types, only its list."""
    text = request.GET.get("q", "").strip()
    groups = [group for group in _groups(request, text) if group.found] if text else []
    part = request.htmx and not request.htmx.boosted  # type: ignore[attr-defined]
    template = "pmsite/found.html" if part else "pmsite/search.html"
    return render(request, template, {"groups": groups, "text": text, "short": _too_short(text)})


def _too_short(text: str) -> bool:
    return 0 < len(text) < SHORTEST


def _groups(request: HttpRequest, text: str) -> Iterator[Group]:
    if _too_short(text):
        return
    membership: Membership = request.membership  # type: ignore[attr-defined]
    named = Q(name__icontains=text) | Q(code__istartswith=text)
    people = visible_people(membership, on=today(membership.tenant)).filter(named)
    yield Group(
        "People",
        tuple(
            Found(reverse("person", args=[person.code]), person.name, person.code)
            for person in people.order_by("name")[:MOST]
        ),
    )
    if Permission.SEE_RULES not in request_permissions(request):
        return
    for label, model, address in (
        ("Plans", Plan, "admin:incentives_plan_change"),
        ("Metrics", Metric, "admin:metrics_metric_change"),
        ("Teams and units", Unit, "admin:org_unit_change"),
    ):
        rows = model.objects.filter(named).order_by("name")[:MOST]  # type: ignore[attr-defined]
        yield Group(
            label,
            tuple(Found(reverse(address, args=[row.pk]), row.name, row.code) for row in rows),
        )
