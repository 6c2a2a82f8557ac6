"""The list of disputes, one dispute, and its files."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from incentives import dispute_queries as queries
from incentives.dispute import hindered
from incentives.disputed import now_of, title_of
from incentives.models import Dispute, DisputeFile, DisputeRemedy
from incentives.remedy import approvers_refused
from org.access import member_required, request_roles, request_sees_pay
from org.models import Tenant
from org.permissions import Permission as P
from org.reading import log_reading
from org.tables import configured, download
from scorecards.disputes.forms import AnswerForm, DecideForm, HandForm, MessageForm
from scorecards.disputes.tables import DisputeFilter, DisputeTable, tag_of
from scorecards.team.acting import Acting, acting

APPROVES = (P.APPROVE_PAY, P.APPROVE_CORRECTIONS)
READS = frozenset({P.ANSWER_DISPUTES, P.SEE_AUDIT, *APPROVES})
TABS = {
    "mine": "For me to answer",
    "approve": "For me to approve",
    "overdue": "Overdue",
    "open": "All open",
    "all": "All",
    "own": "My own",
}


@require_safe
@member_required
def disputes(request: HttpRequest) -> HttpResponse:
    """What waits for whoever asks, and the rest that they see; agents see their own."""
    who = acting(request)
    seen = queries.seen_by(who.membership, on=who.today)
    tabs = _tabs(who)
    shown = request.GET.get("show", "")
    if shown not in tabs:
        shown = next(name for name in ("mine", "all", "own") if name in tabs)
    roles = request_roles(request)
    rows = {
        "mine": lambda: queries.waiting_for(seen, who.user, roles),
        "approve": lambda: queries.to_approve(seen, who.user),
        "overdue": lambda: queries.overdue(seen, who.today),
        "open": lambda: seen.filter(closed_at=None),
        "all": lambda: seen,
        "own": lambda: seen.filter(person=who.own),
    }[shown]()
    chosen = DisputeFilter(request.GET, rows, request=request)
    tenant: Tenant = request.membership.tenant  # type: ignore[attr-defined]
    table = DisputeTable(chosen.qs, tenant=tenant, today=who.today, order_by="due_on")
    if answer := download(request, table, name="disputes"):
        return answer
    context = {
        "table": configured(request, table),
        "filter": chosen if shown != "own" else None,
        "filtered": any(request.GET.get(name) for name in chosen.filters),
        "tabs": {name: TABS[name] for name in tabs},
        "shown": shown,
        "reports": not READS.isdisjoint(who.held),
        "overdue": queries.overdue(seen, who.today).count(),
    }
    return render(request, "disputes/list.html", context)


def _tabs(who: Acting) -> list[str]:
    tabs = []
    if who.may(P.ANSWER_DISPUTES):
        tabs.append("mine")
    if any(who.may(permission) for permission in APPROVES):
        tabs.append("approve")
    if not READS.isdisjoint(who.held):
        tabs += ["overdue", "open", "all"]
    if who.own or not tabs:
        tabs.append("own")
    return tabs


# --- one dispute


def dispute_or_404(who: Acting, number: int) -> Dispute:
    """A dispute of somebody whom the member sees; 404 for any other."""
    found = queries.seen_by(who.membership, on=who.today).filter(pk=number).first()
    if found is None:
        raise Http404("No dispute that you can see has that number.")
    return found


@require_safe
@member_required
def dispute(request: HttpRequest, number: int) -> HttpResponse:
    """What it is about, what was said and done, and what can be done now."""
    who = acting(request)
    return page(request, who, dispute_or_404(who, number))


def page(request: HttpRequest, who: Acting, found: Dispute, **given: forms.Form) -> HttpResponse:
    """The page; a form that was refused comes along with what was typed."""
    own = found.person_id == who.own
    pay = request_sees_pay(request, found.person)
    if own:
        Dispute.objects.filter(pk=found.pk).update(seen_at=who.at)
    context: dict[str, Any] = {
        "found": found,
        "tag": tag_of(found),
        "title": title_of(found.plan, found.component),
        "own": own,
        "pay": pay,
        "late": found.state == "open" and found.due_on and found.due_on < who.today,
        "thread": found.messages.select_related("by"),
        "files": found.files.defer("content").select_related("by"),
        "remedies": found.remedies.select_related(
            "asked_by", "decided_by", "request__metric", "deal_request__kind", "period"
        ),
        "may_say": may_say(who, found),
        "may_withdraw": found.state == "open" and (own or found.opened_by_id == who.user.pk),
        "message_form": MessageForm(),
        "refusals": [said for form in given.values() for said in form.non_field_errors()],
        **_answering(who, found),
    }
    if pay:
        now = now_of(found)
        context |= {"now": now, "gone": not found.is_claim and not now.lines}
        context["changed"] = queries.changes_of([found]).get(found.pk)
        log_reading(request, [found.person], what=f"dispute {found.pk}")
    return render(request, "disputes/dispute.html", context | given)


def may_say(who: Acting, found: Dispute) -> bool:
    """Who is in the conversation: the person, whoever opened it, and those who answer."""
    concerned = found.person_id == who.own or found.opened_by_id == who.user.pk
    return concerned or who.may(P.ANSWER_DISPUTES)


def _answering(who: Acting, found: Dispute) -> dict[str, Any]:
    """What can be done about it by those who answer and by those who approve."""
    answers = found.state == "open" and who.may(P.ANSWER_DISPUTES)
    waits = found.remedies.filter(state="open", kind="adjustment").first()
    decides = waits is not None and any(who.may(permission) for permission in APPROVES)
    return {
        "answers": answers,
        "hindered": hindered(found, who.user, who.today) if answers else "",
        "corrects": answers and who.may(P.CORRECT_DATA),
        "answer_form": AnswerForm(),
        "hand_form": HandForm(tenant=who.membership.tenant_id, today=who.today),
        "decides": waits if decides else None,
        "unfit": approvers_refused(_with(waits, found), who.user, who.today) if decides else "",
        "decide_form": DecideForm(),
    }


def _with(remedy: DisputeRemedy | None, found: Dispute) -> DisputeRemedy:
    assert remedy is not None
    remedy.dispute = found
    return remedy


@require_safe
@member_required
def file(request: HttpRequest, number: int, file: int) -> HttpResponse:
    """A file as it was sent, to be saved and not shown; for those in the conversation, auditors
    and whoever approves."""
    who = acting(request)
    found = dispute_or_404(who, number)
    if not may_say(who, found) and READS.isdisjoint(who.held):
        raise PermissionDenied("Files of a dispute are for those whom it concerns.")
    kept = DisputeFile.objects.filter(Q(dispute=found), pk=file).first()
    if kept is None:
        raise Http404("No such file belongs to this dispute.")
    answer = HttpResponse(bytes(kept.content), content_type="application/octet-stream")
    named = content_disposition_header(as_attachment=True, filename=kept.name)
    answer.headers["Content-Disposition"] = named or "attachment"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer
