"""Pages on which auditors ask what was known of a period then, and read the answer.

The work is a job: all values of the tenant are put back as they were, and two calculations made.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from incentives import past_looks
from incentives.forms_desk import AsKnownForm
from incentives.models import PastLook, PastLookLine
from org.access import acting, needs
from org.errors import DomainError
from org.models import Person
from org.permissions import Permission
from org.reading import log_reading
from org.tables import configured, download
from pmsite import jobs
from pmsite.past.tables import LineTable, LookTable
from pmsite.past.work import NAME

State = PastLook.State


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.SEE_AUDIT)
def as_known(request: HttpRequest) -> HttpResponse:
    """Ask for a period as known at a past moment; below, what was looked at before."""
    tenant = _tenant(request)
    posted = request.POST if request.method == "POST" else None
    form = AsKnownForm(posted, zone=ZoneInfo(tenant.time_zone))
    if form.is_bound and form.is_valid():
        at = timezone.now()
        try:
            look, new = past_looks.begin(
                period=form.cleaned_data["period"],
                moment=form.cleaned_data["moment"],
                by=acting(request),
                at=at,
            )
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            if new:
                jobs.request(name=NAME, tenant=tenant, at=at, about=look.pk)
            return redirect("as-known-look", look.pk)
    rows = PastLook.objects.defer("found").select_related("period__calendar", "by")
    table = LookTable(rows, tenant=tenant, order_by="-at")
    context = {"form": form, "table": configured(request, table)}
    return render(request, "past/as_known.html", context)


def _look_or_404(number: int) -> PastLook:
    found = PastLook.objects.select_related("period__calendar", "by").filter(pk=number).first()
    if found is None:
        raise Http404("Nobody has looked at the past by this number.")
    return found


@require_safe
@needs(Permission.SEE_AUDIT)
def look(request: HttpRequest, number: int) -> HttpResponse:
    """Where a look stands: its progress, what was found, or why nobody can tell."""
    found = _look_or_404(number)
    context: dict[str, Any] = {"look": found, **_step(found)}
    if found.state == State.READY:
        rows = PastLookLine.objects.filter(look_id=found.pk)
        table = LineTable(rows, tenant=_tenant(request), order_by="name")
        answer = download(request, table, name=f"as-known-{found.period.code}")
        if answer is None:
            table = configured(request, table)
            _note(request, found, {row.person for row in table.page.object_list.data})
            context |= _sums(found) | {"table": table, "kept": past_looks.lines_are_kept(found)}
        else:
            _note(request, found, set(rows.values_list("person", flat=True)))
            return answer
    return render(request, "past/look.html", context)


def _note(request: HttpRequest, found: PastLook, codes: set[str]) -> None:
    read = Person.objects.filter(code__in=codes)
    log_reading(request, read, what=f"as known {found.moment:%Y-%m-%d %H:%M}")


def _sums(found: PastLook) -> dict[str, Any]:
    said = found.found
    sums = {name: Decimal(said[name]) for name in ("booked", "then", "now")}
    return {**sums, "difference": sums["now"] - sums["then"]}


def _step(found: PastLook) -> dict[str, Any]:
    """How far the work is; nothing where none goes on."""
    if found.state != State.WORKING:
        return {}
    return jobs.step_of(name=NAME, tenant=found.tenant_id, about=found.pk)


@require_safe
@needs(Permission.SEE_AUDIT)
def progress(request: HttpRequest, number: int) -> HttpResponse:
    """How far it is; once it is over, the page is loaded anew."""
    found = _look_or_404(number)
    step = _step(found)
    if not step or step["failed"]:
        return HttpResponse(headers={"HX-Redirect": redirect("as-known-look", number)["Location"]})
    return render(request, "past/progress.html", {"look": found, **step})


def _tenant(request: HttpRequest) -> Any:
    return request.membership.tenant  # type: ignore[attr-defined]
