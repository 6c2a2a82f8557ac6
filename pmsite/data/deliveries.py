"""What came in: the list, one delivery, its rejected rows, undoing it and trying it again."""

from __future__ import annotations

from datetime import date
from typing import Any

import django_filters
from django import forms
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from incentives.stale import something_is_stale
from metrics import trials
from metrics.complete import complete as declare
from metrics.completeness import gaps
from metrics.handled import handle_rejections
from metrics.models import (
    Delivery,
    HandledRejections,
    Rejection,
    Source,
    SourceComplete,
    Trial,
)
from org.access import needs, request_permissions
from org.base import CURRENT
from org.errors import DomainError
from org.pages import said
from org.permissions import Permission
from org.tables import configured, download
from pmsite.data.files import sent_as_csv
from pmsite.data.forms import CompleteForm, HandledForm, ReasonForm
from pmsite.data.tables import DeliveryTable, ProblemTable
from pmsite.data.views import UPLOAD, ask_for, user_of
from pmsite.data.work import LOOK
from pmsite.fresh import under_way

SEE = Permission.SEE_RULES
SHOWN_GAPS = 3


class DeliveryFilter(django_filters.FilterSet):
    """Which deliveries are listed."""

    STATES = (("in", "Taken in"), ("left", "With rows left out"), ("undone", "Undone"))

    name = django_filters.CharFilter("file_name", "icontains", label="File")
    source = django_filters.ModelChoiceFilter(
        queryset=lambda request: Source.objects.order_by("code"),
        to_field_name="code",
        empty_label="Every source",
    )
    state = django_filters.ChoiceFilter(
        method="of_state", label="State", choices=STATES, empty_label="Every state"
    )
    since = django_filters.DateFilter(
        "last_day",
        "gte",
        label="With days since",
        widget=forms.DateInput(attrs={"type": "date"}),
    )

    def of_state(self, rows: QuerySet[Delivery], name: str, value: str) -> QuerySet[Delivery]:
        """Those in a state."""
        return rows.filter(
            {
                "in": Q(undone_at=None),
                "left": Q(undone_at=None, rows_rejected__gt=0),
                "undone": Q(undone_at__isnull=False),
            }[value]
        )


@require_safe
@needs(SEE)
def deliveries(request: HttpRequest) -> HttpResponse:
    """Every delivery with its figures, and each source with the day to which it is complete."""
    every = Delivery.objects.defer("content").select_related("source", "by")
    chosen = DeliveryFilter(request.GET, every, request=request)
    tenant = request.membership.tenant  # type: ignore[attr-defined]
    table = DeliveryTable(chosen.qs, tenant=tenant, order_by="-received_at")
    if answer := download(request, table, name="deliveries"):
        return answer
    context = {
        "table": configured(request, table),
        "filter": chosen,
        "filtered": any(request.GET.get(name) for name in chosen.filters),
        "sources": _sources(),
        "any": Delivery.objects.exists(),
        "may": UPLOAD in request_permissions(request),
    }
    return render(request, "data/deliveries.html", context)


def _sources() -> list[dict[str, Any]]:
    """Each source with its latest delivery, the day to which it is complete, and its gaps."""
    complete = dict(SourceComplete.objects.filter(CURRENT).values_list("source", "through"))
    spans: dict[int, list[tuple[date, date]]] = {}
    latest: dict[int, Any] = {}
    rows = Delivery.objects.filter(undone_at=None).order_by("received_at")
    for source, first, last, at in rows.values_list(
        "source", "first_day", "last_day", "received_at"
    ):
        latest[source] = at
        if first and last:
            spans.setdefault(source, []).append((first, last))
    return [
        {
            "source": source,
            "complete": complete.get(source.pk),
            "latest": latest.get(source.pk),
            "last_day": max((last for _, last in spans.get(source.pk, ())), default=None),
            "gaps": gaps(spans.get(source.pk, ()))[-SHOWN_GAPS:],
            "form": CompleteForm(
                auto_id=f"{source.code}-%s", initial={"through": complete.get(source.pk)}
            ),
        }
        for source in Source.objects.order_by("code")
    ]


@require_POST
@needs(UPLOAD)
def complete(request: HttpRequest, code: str) -> HttpResponse:
    """Say up to which day a source is complete."""
    source = get_object_or_404(Source, code=code)
    form = CompleteForm(request.POST)
    if not form.is_valid():
        messages.error(request, f"{source}: give the day to which it is complete.")
        return redirect("deliveries")
    try:
        told = declare(
            source=source,
            through=form.cleaned_data["through"],
            by=user_of(request),
            at=timezone.now(),
        )
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, told)
    return redirect("deliveries")


def delivery_or_404(number: int) -> Delivery:
    """A delivery of this tenant, without its file."""
    every = Delivery.objects.defer("content").select_related("source", "by", "undone_by")
    found = every.filter(pk=number).first()
    if found is None:
        raise Http404(f"No delivery has the number {number}.")
    return found


@require_safe
@needs(SEE)
def delivery(request: HttpRequest, number: int) -> HttpResponse:
    """What a delivery brought, what of it could not be used, and how to take it back."""
    found = delivery_or_404(number)
    rows = Rejection.objects.filter(delivery=found).order_by("line", "pk")
    context = {
        "delivery": found,
        "rejected": found.rows_rejected - found.rows_unknown,
        "table": configured(request, ProblemTable(rows)) if found.rows_rejected else None,
        "form": ReasonForm(),
        "reason": _reason(found),
        "handled": HandledRejections.objects.filter(delivery=found).select_related("by").first(),
        "handled_form": HandledForm(),
        "may": UPLOAD in request_permissions(request),
        **_freshness(request),
    }
    return render(request, "data/delivery.html", context)


@require_safe
@needs(SEE)
def fresh(request: HttpRequest) -> HttpResponse:
    """Whether results have all that came in; a page asks until they do."""
    return render(request, "data/fresh.html", _freshness(request))


def _freshness(request: HttpRequest) -> dict[str, Any]:
    """The job that works out what came in, or whether anything waits for one."""
    job = under_way(request.membership.tenant_id)  # type: ignore[attr-defined]
    permissions = request_permissions(request)
    return {
        "job": job,
        "stale": job is None and something_is_stale(),
        "may_calculate": not permissions.isdisjoint({Permission.CALCULATE, Permission.CONFIGURE}),
        "back": request.htmx.current_url_abs_path or request.path,  # type: ignore[attr-defined]
    }


def _reason(delivery: Delivery) -> str:
    """Why a delivery was undone, where it was undone here."""
    if delivery.undone_at is None:
        return ""
    undone = Trial.objects.filter(replaces=delivery, state=Trial.State.TAKEN).order_by("-pk")
    return undone.values_list("reason", flat=True).first() or ""


@require_safe
@needs(SEE)
def rejected(request: HttpRequest, number: int) -> HttpResponseBase:
    """The rows of a delivery that could not be used, as they stood, with the reasons."""
    found = delivery_or_404(number)
    rows = Rejection.objects.filter(delivery=found).order_by("line", "pk")
    return sent_as_csv(request, rows, source=found.source, file=found)


@require_POST
@needs(UPLOAD)
def handled(request: HttpRequest, number: int) -> HttpResponse:
    """Say what became of the rows that a delivery left out."""
    found = delivery_or_404(number)
    with said(request):
        handle_rejections(
            delivery=found,
            reason=request.POST.get("handled", "")[:2000],
            by=user_of(request),
            at=timezone.now(),
        )
        messages.success(request, "Noted. These rows keep no period open any more.")
    return redirect("delivery", number)


@require_POST
@needs(UPLOAD)
def undo(request: HttpRequest, number: int) -> HttpResponse:
    """Undo it on trial: what that changes is shown before it counts."""
    found = delivery_or_404(number)
    try:
        trial, new = trials.begin_undo(
            delivery=found,
            reason=request.POST.get("reason", "")[:2000],
            by=user_of(request),
            at=timezone.now(),
        )
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("delivery", number)
    if new:
        ask_for(LOOK, trial, request)
    return redirect("trial", trial.pk)


@require_POST
@needs(UPLOAD)
def again(request: HttpRequest, number: int) -> HttpResponse:
    """Try it again on trial, as people and maps are now."""
    try:
        trial, new = trials.begin_again(
            delivery=delivery_or_404(number), by=user_of(request), at=timezone.now()
        )
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("delivery", number)
    if new:
        ask_for(LOOK, trial, request)
    return redirect("trial", trial.pk)
