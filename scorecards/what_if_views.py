"""What if: figures moved on the own scorecard, and the pay that would follow by the same rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from incentives.models import PlanPeriod
from incentives.own import Point, points_of
from incentives.what_if import WhatIf, what_if
from org.access import member_required
from org.errors import DomainError
from org.reading import log_reading
from scorecards.card import days_of
from scorecards.person_views import Place, place_of


@dataclass(frozen=True)
class Tried:
    """One result of an open plan, tried; ``prefix`` stands before the names of its fields."""

    plan_period: PlanPeriod
    currency: str
    prefix: str
    job: str
    tried: WhatIf


@require_safe
@member_required
def what_if_page(request: HttpRequest, code: str, calendar: str, period: str) -> HttpResponse:
    """What other figures would pay: a page, or the part of it that moves."""
    place = place_of(request, code, calendar, period, pay=True)
    log_reading(request, [place.person], what=f"what if {place.period}")
    problem, rows = "", []
    points = [p for p in points_of(place.person, place.period) if not p.plan_period.final_at]
    try:
        rows = [row for point in points for row in _tried(request, place, point)]
    except DomainError as error:
        problem = error.sentence
    context = place.context(rows=rows, problem=problem, open=bool(points), here="scorecard")
    context["movable"] = bool(problem) or any(row.tried.sliders for row in rows)
    part = bool(request.headers.get("HX-Request"))
    template = "what_if_result" if part else "what_if"
    answer = render(request, f"scorecards/{template}.html", context)
    patch_vary_headers(answer, ["HX-Request"])
    return answer


def _tried(request: HttpRequest, place: Place, point: Point) -> Iterator[Tried]:
    tenant = request.membership.tenant  # type: ignore[attr-defined]
    plan = point.plan_period.plan
    for number, result in enumerate(point.results):
        prefix = f"{plan.code}.{number}."
        asked = {
            name.removeprefix(prefix): str(value)
            for name, value in request.GET.items()
            if name.startswith(prefix)
        }
        yield Tried(
            plan_period=point.plan_period,
            currency=plan.currency or tenant.currency,
            prefix=prefix,
            job=days_of(result) if len(point.results) > 1 else "",
            tried=what_if(rules=point.rules, result=result, asked=asked),
        )
