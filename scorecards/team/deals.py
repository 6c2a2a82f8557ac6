"""Corrections of deals: what is asked for, and what somebody else decides."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from metrics.correct_deal import concerned
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
from scorecards.team.acting import Acting, acting, approves, done, tried
from scorecards.team.forms import DecisionForm

EITHER = (P.CORRECT_DATA, P.APPROVE_CORRECTIONS, P.SEE_AUDIT)
STATES = {"open": "watch", "approved": "good", "refused": "poor", "withdrawn": "none"}


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
    now = deal.attributes.get(found.attribute) if deal else None
    opened = found.state == DealRequest.State.OPEN
    people = concerned(deal) if deal else set()

    def said(value: Any) -> str:
        return said_value(found.kind, found.attribute, value)

    context = {
        "found": found,
        "tag": STATES[found.state],
        "form": form,
        "before": said(found.before),
        "after": said(found.value),
        "now": said(now) if deal else "it is not there any more",
        "moved": opened and (deal is None or now != found.before),
        "people": Person.objects.filter(pk__in=people).order_by("name"),
        "opened": opened,
        "mine": found.asked_by_id == who.user.pk,
        "decides": opened and who.may(P.APPROVE_CORRECTIONS),
        "hindered": opened and _hindered(who, found),
    }
    return render(request, "team/deal.html", context)


def _hindered(who: Acting, found: DealRequest) -> str:
    """Why the member cannot decide, though the role could; '' where they can."""
    if found.asked_by_id == who.user.pk:
        return "You asked for this, so somebody else decides."
    if who.own in people_moved(found):
        return "This deal may move your own pay, so somebody else decides."
    return ""


@require_POST
@needs(P.APPROVE_CORRECTIONS)
def decide(request: HttpRequest, number: int) -> HttpResponse:
    """Approve, or refuse with a reason."""
    who = acting(request)
    found = _found(who, number)
    form = DecisionForm(request.POST)

    def verb() -> str:
        approving = approves(request)
        answer = form.cleaned_data["answer"]
        given = {"request": found, "by": who.user, "at": who.at, "answer": answer}
        if approving:
            approve_deal(**given)
            return f"Approved: {found} is corrected. The next calculation knows it."
        refuse_deal(**given)
        return f"Refused: {found} stays as it is. {found.asked_by} reads your answer."

    if form.is_valid() and done(request, form, verb):
        return redirect("deal-correction", found.pk)
    return _page(request, form, number)


@require_POST
@needs(P.CORRECT_DATA)
def withdraw(request: HttpRequest, number: int) -> HttpResponse:
    """Take one's own request back."""
    who = acting(request)
    found = _found(who, number)

    def verb() -> str:
        withdraw_deal(request=found, by=who.user, at=who.at)
        return f"Withdrawn: {found} stays as it is."

    tried(request, verb)
    return redirect("deal-correction", found.pk)
