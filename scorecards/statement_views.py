"""A person's statement: on screen, as PDF, and as a workbook with live formulas."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from incentives import notices
from incentives.fingerprint import version_hash
from incentives.models import PlanPeriod, PlanVersion
from org.access import member_required
from org.models import Membership
from org.paper import attached, pdf
from org.prepared import reads_prepared
from org.reading import log_reading
from org.tables import FORMATS
from scorecards.book.make import statement_workbook
from scorecards.changes import Changes, changes_since, note_seen
from scorecards.person_views import Place, place_of
from scorecards.statement import Statement, statement_of, waiting_for


@dataclass(frozen=True)
class Stamp:
    """By which rules a plan's amounts on a paper were worked out."""

    plan_period: PlanPeriod
    version: PlanVersion
    hash: str


@require_safe
@reads_prepared
@member_required
def statement(request: HttpRequest, code: str, calendar: str, period: str) -> HttpResponse:
    """What a person earned in a period, what became of it, and what stands where."""
    place = place_of(request, code, calendar, period, pay=True)
    found = _statement(request, place)
    log_reading(request, [place.person], what=f"statement {place.period}")
    changes = own_changes(request, place, found)
    told = notices.of_period(place.person, place.period)
    if _membership(request).person_id == place.person.pk:
        note_seen(found=found, on=place.now, at=timezone.now())
        if any(one.notice.seen_at is None for one in told):
            notices.seen(person=place.person, period=place.period, at=timezone.now())
    context = place.context(found=found, changes=changes, told=told, here="statement")
    return render(request, "scorecards/statement.html", context)


@require_safe
@member_required
def waiting(request: HttpRequest, code: str, calendar: str, period: str) -> HttpResponse:
    """The differences of closed periods that the next closing books: a page, or a part of one."""
    place = place_of(request, code, calendar, period, pay=True)
    rows = waiting_for(place.person)
    log_reading(request, [place.person], what=f"differences that wait, {place.period}")
    template = "waiting_body" if request.headers.get("HX-Request") else "waiting"
    context = place.context(rows=rows, here="statement")
    answer = render(request, f"scorecards/{template}.html", context)
    patch_vary_headers(answer, ["HX-Request"])
    return answer


@require_safe
@member_required
def statement_pdf(request: HttpRequest, code: str, calendar: str, period: str) -> HttpResponse:
    """The statement as the page shows it, with the hash of the rules, as PDF."""
    place = place_of(request, code, calendar, period, pay=True)
    found = _statement(request, place)
    log_reading(request, [place.person], what=f"statement {place.period}, as PDF")
    context = place.context(
        found=found,
        changes=own_changes(request, place, found),
        waiting=waiting_for(place.person) if found.expected else [],
        stamps=list(_stamps(found)),
        made_at=timezone.now(),
    )
    html = render_to_string("scorecards/statement_paper.html", context, request)
    content = pdf(html, base=request.build_absolute_uri("/"))
    return attached(content, name=f"statement-{code}-{calendar}-{period}.pdf")


@require_safe
@member_required
def statement_book(request: HttpRequest, code: str, calendar: str, period: str) -> HttpResponse:
    """The statement as a workbook that works every amount out again."""
    place = place_of(request, code, calendar, period, pay=True)
    found = _statement(request, place)
    log_reading(request, [place.person], what=f"statement {place.period}, as workbook")
    content = statement_workbook(
        found=found,
        waiting=waiting_for(place.person) if found.expected else [],
        changes=own_changes(request, place, found).rows,
        tenant=_membership(request).tenant,
        at=timezone.now(),
        absolute=request.build_absolute_uri,
    )
    name = f"statement-{code}-{calendar}-{period}.xlsx"
    return attached(content, name=name, kind=FORMATS["xlsx"])


def own_changes(request: HttpRequest, place: Place, found: Statement) -> Changes:
    """What changed since whoever asks last looked at the own statement; nothing for others."""
    if _membership(request).person_id != place.person.pk:
        return Changes(None, [])
    return changes_since(found=found, on=place.now)


def _membership(request: HttpRequest) -> Membership:
    return request.membership  # type: ignore[attr-defined,no-any-return]


def _statement(request: HttpRequest, place: Place) -> Statement:
    tenant = _membership(request).tenant
    return statement_of(person=place.person, period=place.period, tenant=tenant)


def _stamps(found: Statement) -> list[Stamp]:
    stamps = []
    for plan_period in found.plan_periods:
        assert plan_period.run is not None, "only calculated plan periods are read"
        version = plan_period.run.version
        stamps.append(Stamp(plan_period, version, version_hash(version)))
    return stamps
