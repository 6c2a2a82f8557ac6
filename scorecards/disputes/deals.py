"""Accepting a dispute by having a deal corrected: which deal, which part of it, to what or whom."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models import Value as Literal
from django.db.models.fields.json import KeyTextTransform
from django.db.models.lookups import GreaterThanOrEqual, LessThan
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from incentives.dispute import hindered
from incentives.models import Dispute
from incentives.remedy import accept_with_deal, accept_with_parties
from metrics.deal_parties import parties_of, said_parties
from metrics.deal_requests import said_value
from metrics.deals import LONGEST_KEY
from metrics.models import Party, Transaction, TransactionKind, Value
from org.access import needs
from org.base import CURRENT
from org.pages import number_in
from org.permissions import Permission as P
from scorecards.disputes.parties import AnswerForm, party_forms, said_by
from scorecards.disputes.views import dispute_or_404
from scorecards.team.acting import Acting, acting, done

LISTED = 50
WRITTEN = {
    "date": "a day such as 2026-06-01",
    "percent": "per hundred, such as 4 or 4%",
    "yes_no": "yes or no",
}


class DealForm(AnswerForm):
    """Which attribute or date of a deal, and what it should be."""

    field_order = ("attribute", "value", "reason")

    attribute = forms.ChoiceField(label="What is wrong")
    value = forms.CharField(
        required=False,
        max_length=1000,
        label="What it should be",
        help_text="As a file writes it. Leave it empty for blank.",
    )

    def __init__(self, *args: Any, deal: Transaction, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["attribute"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(name, f"{name}: {said}") for name, said, _ in attributes(deal)]


def attributes(deal: Transaction) -> list[tuple[str, str, str]]:
    """Each attribute and date of a deal: its name, what it says, and how that is written."""
    typed = {**deal.kind.attributes, **dict.fromkeys(deal.kind.dates, "date")}
    return [
        (name, said_value(deal.kind, name, deal.attributes.get(name)), WRITTEN.get(type_, ""))
        for name, type_ in typed.items()
    ]


@require_http_methods(["GET", "HEAD", "POST"])
@needs(P.ANSWER_DISPUTES)
def correct_deal(request: HttpRequest, number: int) -> HttpResponse:
    """Choose a deal (``?deal=``), one of the person or found by ``?key=``, and ask for one part of
    it to be another, or for others to take part (``&about=parties``)."""
    who = acting(request)
    found = dispute_or_404(who, number)
    who.demand(P.CORRECT_DATA)
    chosen = _chosen(who, found, request.GET.get("deal", ""))
    key = request.GET.get("key", "").strip()[:LONGEST_KEY].replace("\0", "")
    context: dict[str, Any] = {
        "found": found,
        "deals": list(_deals(found)[:LISTED]),
        "key": key,
        "by_key": list(_others(who).filter(key__iexact=key)[:LISTED]) if key else [],
        "deal": chosen,
        "hindered": _hindered(who, found),
    }
    if chosen is None or context["hindered"]:
        return render(request, "disputes/deal.html", context)
    about = _about_parties if request.GET.get("about") == "parties" else _about_attribute
    if about(request, who, found, chosen, context):
        return redirect("dispute", found.pk)
    context["attributes"] = attributes(chosen)
    context["parties"] = said_parties(parties_of(chosen))
    return render(request, "disputes/deal.html", context)


def _about_attribute(
    request: HttpRequest, who: Acting, found: Dispute, deal: Transaction, context: dict[str, Any]
) -> bool:
    """An attribute or date should be another; whether that was asked for now."""
    form = context["form"] = DealForm(request.POST or None, deal=deal)

    def ask() -> str:
        said = form.cleaned_data
        accept_with_deal(
            dispute=found,
            kind=deal.kind,
            key=deal.key,
            attribute=said["attribute"],
            value=said["value"],
            answer=said["reason"],
            by=who.user,
            at=who.at,
        )
        return _asked(found)

    return request.method == "POST" and form.is_valid() and done(request, form, ask)


def _about_parties(
    request: HttpRequest, who: Acting, found: Dispute, deal: Transaction, context: dict[str, Any]
) -> bool:
    """Others should take part, or with other shares; whether that was asked for now."""
    sent = request.POST if request.method == "POST" else None
    form, rows = AnswerForm(sent), party_forms(deal, who, sent)
    context |= {"form": form, "rows": rows}

    def ask() -> str:
        accept_with_parties(
            dispute=found,
            kind=deal.kind,
            key=deal.key,
            parties=said_by(rows),
            answer=form.cleaned_data["reason"],
            by=who.user,
            at=who.at,
        )
        return _asked(found)

    right = sent is not None and form.is_valid() & rows.is_valid()
    return right and done(request, form, ask)


def _asked(found: Dispute) -> str:
    waits = "" if found.is_claim else " The line stays frozen until then."
    return f"Accepted, and asked for. Somebody else approves it.{waits}"


def _hindered(who: Acting, found: Dispute) -> str:
    if found.state != Dispute.State.OPEN:
        return f"This dispute is {found.said}, so nothing more follows from it."
    return hindered(found, who.user, who.today)


def _chosen(who: Acting, found: Dispute, number: str) -> Transaction | None:
    """The deal of the address: one of the person's, or one that the member may find by its key."""
    if not number:
        return None
    wanted = number_in(number) or 0
    deal = _of_person(found).filter(pk=wanted).first() or _others(who).filter(pk=wanted).first()
    if deal is None:
        raise Http404("There is no such deal here, or it was changed meanwhile.")
    return deal


def _others(who: Acting) -> QuerySet[Transaction]:
    """Deals in which the disputed person may be missing: of people whom the member sees, or of
    nobody; for those who see everybody, all."""
    deals = Transaction.objects.filter(CURRENT).select_related("kind").order_by("kind__code", "key")
    if who.may(P.SEE_EVERYONE):
        return deals
    parties = Party.objects.filter(transaction=OuterRef("pk"))
    seen = parties.filter(person__in=who.people())
    return deals.filter(Exists(seen) | ~Exists(parties))


def _of_person(found: Dispute) -> QuerySet[Transaction]:
    """Deals, as known now, in which the person plays a role or which credit them."""
    party = Party.objects.filter(person=found.person_id).values_list("transaction_id")
    mine = party.union(_credits(found).order_by().values_list("transaction_id"))
    return Transaction.objects.filter(CURRENT, pk__in=mine).select_related("kind")


def _credits(found: Dispute) -> QuerySet[Value]:
    rows = Value.objects.filter(CURRENT, person_id=found.person_id)
    return rows.exclude(transaction_id=None)


def _deals(found: Dispute) -> QuerySet[Transaction]:
    """Those that can be meant: credited in the disputed period, or with a date in it."""
    first, end = found.period.valid_from, found.period.valid_to
    credited = _credits(found).filter(day__gte=first, day__lt=end)
    within = Q(pk__in=list(credited.values_list("transaction_id", flat=True)))
    mine = _of_person(found)
    for kind in TransactionKind.objects.filter(pk__in=mine.values("kind")):
        for name in kind.dates:
            day = KeyTextTransform(name, "attributes")
            since = GreaterThanOrEqual(day, Literal(first.isoformat()))
            within |= Q(kind=kind) & Q(since) & Q(LessThan(day, Literal(end.isoformat())))
    return mine.filter(within).order_by("kind__code", "key")
