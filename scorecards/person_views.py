"""A person's pages: scorecard, what is behind each figure and amount, statement, history.

Each asks first whether the person may be seen (404) and then whether their pay may be (403).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from incentives.explain import explain_result
from incentives.explanation import Disagreement, Explanation
from incentives.models import Result
from incentives.own import Point, points_of
from org.access import acting, member_required, request_permissions, request_sees_pay, today
from org.models import Membership, Period, Person
from org.permissions import Permission as P
from org.prepared import reads_prepared
from org.queries import get_visible_person_or_404
from org.reading import log_reading
from org.tables import configured, download
from scorecards.card import scorecard_of
from scorecards.history import history_of
from scorecards.newest import Newest, newest_of
from scorecards.queries import around
from scorecards.reading import Line, figure_of, line_of
from scorecards.sources import find_source
from scorecards.tables import SourceTable
from scorecards.views import day_of

PER_PAGE = 50
NO_PAY = (
    "Your organisation shows supervisors the figures of their people, and not what they are paid."
)


@dataclass(frozen=True)
class Place:
    """Whose page of which period is asked for, on which day, and what lies beside it."""

    person: Person
    period: Period
    previous: Period | None
    following: Period | None
    now: date
    pay: bool

    def context(self, **more: Any) -> dict[str, Any]:
        """What the templates of a person's pages read."""
        return {
            "person": self.person,
            "period": self.period,
            "previous": self.previous,
            "following": self.following,
            "sees_pay": self.pay,
            **more,
        }


def place_of(
    request: HttpRequest, code: str, calendar: str, period: str, *, pay: bool = False
) -> Place:
    """The place of an address: 404 for whom or what is not there, then 403 where pay is needed."""
    person, now = visible(request, code)
    before, shown, after = around(calendar=calendar, code=period)
    if shown is None:
        raise Http404(f"No period {period} in a calendar {calendar}.")
    sees = request_sees_pay(request, person)
    if pay and not sees:
        raise PermissionDenied(NO_PAY)
    return Place(person, shown, before, after, now, sees)


def visible(request: HttpRequest, code: str) -> tuple[Person, date]:
    """A person whom whoever asks may see, and the tenant's day."""
    membership: Membership = request.membership  # type: ignore[attr-defined]
    now = today(membership.tenant)
    return get_visible_person_or_404(membership, on=now, code=code), now


@require_safe
@reads_prepared
@member_required
def scorecard(request: HttpRequest, code: str, calendar: str, period: str) -> HttpResponse:
    """One person's figures and what they pay; 404 for whom the member may not see."""
    place = place_of(request, code, calendar, period)
    card = scorecard_of(
        person=place.person,
        period=place.period,
        on=day_of(place.period, place.now),
        currency=request.membership.tenant.currency,  # type: ignore[attr-defined]
        pay=place.pay,
    )
    if place.pay:
        log_reading(request, [place.person], what=f"scorecard {place.period}")
    own = request.membership.person_id == place.person.pk  # type: ignore[attr-defined]
    new = newest_of(place.person, acting(request), place.now) if own else Newest()
    context = place.context(card=card, new=new, here="scorecard")
    return render(request, "scorecards/scorecard.html", context)


@require_safe
@member_required
def part_page(
    request: HttpRequest, code: str, calendar: str, period: str, plan: str, component: str
) -> HttpResponse:
    """How the amount of one component came about: a page, or a part of the scorecard."""
    place = place_of(request, code, calendar, period, pay=True)
    point = _point(place, plan)
    lines, alarm = explained_lines(place.person, point, component)
    if not lines and not alarm:
        raise Http404(f"{plan} has no part {component} for {place.person} in {place.period}.")
    log_reading(request, [place.person], what=f"{plan}.{component} {place.period}")
    template = "part_body" if request.headers.get("HX-Request") else "part"
    context = place.context(
        plan_period=point.plan_period,
        lines=lines,
        component=component,
        alarm=alarm,
        currency=_currency(request, point),
        here="scorecard",
    )
    answer = render(request, f"scorecards/{template}.html", context)
    patch_vary_headers(answer, ["HX-Request"])
    return answer


@require_safe
@member_required
def plan_page(
    request: HttpRequest, code: str, calendar: str, period: str, plan: str
) -> HttpResponse:
    """What counted for a person in a plan and how, and which transactions count for nothing."""
    place = place_of(request, code, calendar, period, pay=True)
    point = _point(place, plan)
    found, alarm = _explained(place.person, point)
    log_reading(request, [place.person], what=f"{plan} {place.period}")
    context = place.context(
        plan_period=point.plan_period,
        explained=found,
        alarm=alarm,
        currency=_currency(request, point),
        here="scorecard",
    )
    return render(request, "scorecards/plan.html", context)


@require_safe
@member_required
def figures(request: HttpRequest, code: str, calendar: str, period: str, name: str) -> HttpResponse:
    """The days and values behind a figure, which add up to it."""
    place = place_of(request, code, calendar, period)
    asked = request.GET.get("plan", "")
    points = points_of(place.person, place.period)
    found = find_source(person=place.person, points=points, name=name, plan=asked)
    if found is None:
        raise Http404(f"No plan reads a figure {name} of {place.person} in {place.period}.")
    table = SourceTable(found.rows, found=found, tenant=request.membership.tenant)  # type: ignore[attr-defined]
    if file := download(request, table, name=f"{code}-{calendar}-{period}-{name}"):
        return file
    configured(request, table, per_page=PER_PAGE)
    own = request.membership.person_id == place.person.pk  # type: ignore[attr-defined]
    context = place.context(
        found=found,
        table=table,
        may_correct=P.CORRECT_DATA in request_permissions(request) and not own,
        here="scorecard",
    )
    return render(request, "scorecards/figures.html", context)


@require_safe
@member_required
def history(request: HttpRequest, code: str) -> HttpResponse:
    """What a person earned and reached in each period, the latest first."""
    person, now = visible(request, code)
    sees = request_sees_pay(request, person)
    found = history_of(
        person=person,
        before=request.GET.get("before", ""),
        tenant=request.membership.tenant,  # type: ignore[attr-defined]
        pay=sees,
    )
    if sees:
        log_reading(request, [person], what="history")
    context = {"person": person, "found": found, "sees_pay": sees, "here": "history", "now": now}
    return render(request, "scorecards/history.html", context)


# --- what is behind an amount


def _point(place: Place, plan: str) -> Point:
    for point in points_of(place.person, place.period):
        if point.plan_period.plan.code == plan:
            return point
    raise Http404(f"No plan {plan} has worked out anything for {place.person} in {place.period}.")


def _currency(request: HttpRequest, point: Point) -> str:
    tenant = request.membership.tenant  # type: ignore[attr-defined]
    return str(point.plan_period.plan.currency or tenant.currency)


def _explained(person: Person, point: Point, only: str = "") -> tuple[list[Explanation], str]:
    """The explanation of each result, and the alarm where one comes to another amount."""
    made = point.plan_period.run
    assert made is not None, "only calculated plan periods are read"
    results = Result.objects.filter(run_id=made.pk, person_id=person.pk).order_by("job")
    found, said = [], ""
    for result in results:
        try:
            found.append(explain_result(point.rules, made, person, result, only=only))
        except Disagreement as alarm:
            said = said or alarm.sentence
    return found, said


def explained_lines(person: Person, point: Point, component: str) -> tuple[list[Line], str]:
    """A component of each of a person's results, worked out again."""
    rules = point.rules
    if component not in rules.components:
        return [], ""
    found, alarm = _explained(person, point, only=component)
    final = point.plan_period.final_at is not None
    lines = []
    for one in found:
        shown = {
            line.name: figure_of(line, rules.measures[line.name].kind, final=final)
            for line in one.measures
        }
        job = one.job if len(found) > 1 else ""
        lines += [line_of(c, rules.components[c.name], shown, job=job) for c in one.components]
    return lines, alarm
