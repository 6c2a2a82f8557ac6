"""What is done with a dispute: say more, answer, hand on, withdraw, decide on an adjustment."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from incentives.dispute import close_dispute, hand_to, say, withdraw_dispute
from incentives.models import Dispute, DisputeRemedy
from incentives.remedy import accept_with_adjustment, approve_adjustment, refuse_adjustment
from org.access import member_required, needs, request_sees_pay
from org.permissions import Permission as P
from scorecards.disputes.asking import keep_files
from scorecards.disputes.forms import AnswerForm, DecideForm, HandForm, MessageForm
from scorecards.disputes.views import APPROVES, dispute_or_404, may_say, page
from scorecards.person_views import NO_PAY
from scorecards.team.acting import Acting, acting, approves, done, tried

DECISIONS = ("mended", "adjust", "reject")


@require_POST
@member_required
def message(request: HttpRequest, number: int) -> HttpResponse:
    """Write into the thread, or add files."""
    who = acting(request)
    found = dispute_or_404(who, number)
    if not may_say(who, found):
        raise PermissionDenied("You may read this dispute. Those whom it concerns write in it.")
    form = MessageForm(request.POST, request.FILES)
    if form.is_valid() or _only_too_large(request, form):

        def verb() -> str:
            words = form.cleaned_data.get("text", "")
            if words:
                say(dispute=found, text=words, by=who.user, at=who.at)
            kept = keep_files(request, found, form.cleaned_data.get("attached", []), who)
            return "Sent." if words or kept else "Nothing was sent."

        if done(request, form, verb):
            return redirect("dispute", found.pk)
    return page(request, who, found, message_form=form)


def _only_too_large(request: HttpRequest, form: MessageForm) -> bool:
    """A file that was too large for the site never arrived; the sentence says so."""
    form.cleaned_data = getattr(form, "cleaned_data", {})
    return bool(getattr(request, "too_large", ""))


@require_POST
@needs(P.ANSWER_DISPUTES)
def answer(request: HttpRequest, number: int) -> HttpResponse:
    """Reject it, or accept it: as mended already, or with an adjustment that another approves."""
    who = acting(request)
    found = dispute_or_404(who, number)
    form = AnswerForm(request.POST)
    decision = request.POST.get("decision", "")
    if decision == "adjust" and not request_sees_pay(request, found.person):
        raise PermissionDenied(NO_PAY)
    if form.is_valid():
        if decision not in DECISIONS:
            form.add_error(None, "Choose by a button whether you accept or reject it.")
        elif decision == "adjust" and form.cleaned_data["amount"] is None:
            form.add_error("amount", "Say how much, below zero to take back.")
        elif done(request, form, lambda: _answer(found, decision, form, who)):
            return redirect("dispute", found.pk)
    return page(request, who, found, answer_form=form)


def _answer(found: Dispute, decision: str, form: AnswerForm, who: Acting) -> str:
    said = {"dispute": found, "answer": form.cleaned_data["answer"], "by": who.user, "at": who.at}
    if decision == "adjust":
        accept_with_adjustment(amount=form.cleaned_data["amount"], **said)
        frozen = "" if found.is_claim else "; the line stays frozen"
        return f"Accepted. The adjustment waits for a second person{frozen}."
    close_dispute(accepted=decision == "mended", **said)
    told = f"{found.person} reads your answer.{'' if found.is_claim else ' The line goes on.'}"
    return f"Accepted: {told}" if decision == "mended" else f"Rejected: {told}"


@require_POST
@needs(P.ANSWER_DISPUTES)
def hand(request: HttpRequest, number: int) -> HttpResponse:
    """Give it to somebody else, or to the queue of a role; ``me`` takes it over."""
    who = acting(request)
    found = dispute_or_404(who, number)
    form = HandForm(request.POST, tenant=who.membership.tenant_id, today=who.today)

    def verb() -> str:
        if request.POST.get("to") == "me":
            hand_to(dispute=found, owner=who.user, by=who.user, at=who.at)
            return "It is yours to answer now."
        hand_to(dispute=found, by=who.user, at=who.at, **form.chosen)
        return "Handed on. Its due date stays."

    if request.POST.get("to") == "me" or form.is_valid():
        tried(request, verb)
        return redirect("dispute", found.pk)
    return page(request, who, found, hand_form=form)


@require_POST
@member_required
def withdraw(request: HttpRequest, number: int) -> HttpResponse:
    """Take it back."""
    who = acting(request)
    found = dispute_or_404(who, number)

    def verb() -> str:
        withdraw_dispute(dispute=found, by=who.user, at=who.at)
        return "Withdrawn. The line goes on." if found.component else "Withdrawn."

    tried(request, verb)
    return redirect("dispute", found.pk)


@require_POST
@needs(*APPROVES)
def decide(request: HttpRequest, number: int) -> HttpResponse:
    """Book the adjustment that an accepted dispute asks for, or refuse it with a reason."""
    who = acting(request)
    found = dispute_or_404(who, number)
    form = DecideForm(request.POST)

    def verb() -> str:
        remedy = DisputeRemedy.objects.filter(dispute=found, kind="adjustment").latest("id")
        given: dict[str, Any] = {"remedy": remedy, "by": who.user, "at": who.at}
        given["answer"] = form.cleaned_data["answer"]
        if approves(request):
            approve_adjustment(**given)
            return f"Approved: it is booked{'' if found.is_claim else ', and the line goes on'}."
        refuse_adjustment(**given)
        return "Refused: the dispute waits for another answer."

    if not DisputeRemedy.objects.filter(dispute=found, kind="adjustment").exists():
        return page(request, who, found)
    if form.is_valid() and done(request, form, verb):
        return redirect("dispute", found.pk)
    return page(request, who, found, decide_form=form)
