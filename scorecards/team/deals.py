"""Corrections of deals: what is asked for, and what somebody else decides."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from metrics.correct_deal import concerned, kept_of
from metrics.deal_parties import not_whole
from metrics.deal_requests import (
    approve_deal,
    people_moved,
    refuse_deal,
    said_value,
    withdraw_deal,
)
from metrics.models import DealRequest, Transaction
from org.access import needs
from org.base import CURRENT
from org.models import Person
from org.permissions import Permission as P
from scorecards.team.acting import Acting, acting
from scorecards.team.deciding import EITHER, decision_on, was_decided, withdrawn
from scorecards.team.forms import DecisionForm


def deal_requests(who: Acting) -> QuerySet[DealRequest]:
    """Those that a member sees: all, or what they asked for themselves."""
    rows = DealRequest.objects.select_related("kind", "asked_by", "decided_by")
    if not who.may(P.SEE_EVERYONE):
        rows = rows.filter(asked_by=who.user)
    return rows.order_by("decided_at", "-asked_at", "-id")


def _found(who: Acting, number: int) -> DealRequest:
    found = deal_requests(who).filter(pk=number).first()
    if found is None:
        raise Http404("No correction that you can see has that number.")
    return found


@require_safe
@needs(*EITHER)
def deal_correction(request: HttpRequest, number: int) -> HttpResponse:
    """What is asked for, by whom and why, and what can be done about it."""
    return _page(request, DecisionForm(), number)


def _page(request: HttpRequest, form: DecisionForm, number: int) -> HttpResponse:
    who = acting(request)
    found = _found(who, number)
    deal = Transaction.objects.filter(CURRENT, kind=found.kind_id, key=found.key).first()
    now = kept_of(deal, found.attribute) if deal else None
    people = concerned(deal, found.value) if deal else set()

    def said(value: Any) -> str:
        return said_value(found.kind, found.attribute, value)

    context = {
        **decision_on(found, form, who, moved=lambda: people_moved(found), what="This deal"),
        "before": said(found.before),
        "after": said(found.value),
        "now": said(now) if deal else "it is not there any more",
        "whole": not_whole(found.value or []) if found.of_parties else "",
        "people": Person.objects.filter(pk__in=people).order_by("name"),
    }
    context["moved"] = context["opened"] and (deal is None or now != found.before)
    return render(request, "team/deal.html", context)


@require_POST
@needs(P.APPROVE_CORRECTIONS)
def decide(request: HttpRequest, number: int) -> HttpResponse:
    """Approve, or refuse with a reason."""
    found, form = _found(acting(request), number), DecisionForm(request.POST)
    if was_decided(request, found, form, approve=approve_deal, refuse=refuse_deal):
        return redirect("deal-correction", found.pk)
    return _page(request, form, number)


@require_POST
@needs(P.CORRECT_DATA)
def withdraw(request: HttpRequest, number: int) -> HttpResponse:
    """Take one's own request back."""
    found = _found(acting(request), number)
    withdrawn(request, found, withdraw_deal)
    return redirect("deal-correction", found.pk)
