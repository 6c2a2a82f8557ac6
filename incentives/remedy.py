"""What becomes of an accepted dispute: a correction or an adjustment, which somebody else approves.

The key stays frozen until that is approved, so that no half of it is booked before the other. What
is refused sends the dispute back to whoever answers it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from incentives.adjust import Adjustment, adjust
from incentives.by_hand import refuse_amount, tenant_currency
from incentives.dispute import accept, answerable, end, hindered, local_day, locked, reopen
from incentives.models import Dispute, DisputeRemedy, Plan, PlanPeriod
from metrics.deal_parties import SaidParty
from metrics.deal_requests import ask_deal_correction, ask_parties_correction
from metrics.models import CorrectionRequest, DealRequest, Metric, TransactionKind, Value
from metrics.requests import ask_correction
from org.base import CURRENT
from org.errors import DomainError
from org.models import Period, User
from org.two_people import refuse_own_pay

Kind = DisputeRemedy.Kind
State = DisputeRemedy.State


@transaction.atomic
def accept_with_correction(
    *,
    dispute: Dispute,
    day: date,
    metric: Metric,
    reference: str = "",
    numerator: Decimal,
    denominator: Decimal | None = None,
    answer: str,
    by: User,
    at: datetime,
) -> DisputeRemedy:
    """Accept a dispute and ask for the figure to be corrected; somebody else approves that.

    Refuses what :func:`answerable` and :func:`ask_correction` refuse, and a figure that a
    transaction credits: that is mended at the transaction.
    """
    now = answerable(dispute, answer, by=by, at=at)
    credited = Value.objects.filter(
        CURRENT, person_id=now.person_id, day=day, metric_id=metric.pk, reference=reference
    ).exclude(transaction_id=None)
    if credited.exists():
        raise DomainError(
            f"{metric} of {day} is what a transaction credits, so it is mended at the transaction."
            " Accept the dispute and have the deal corrected, or adjust the amount."
        )
    request = ask_correction(
        person=now.person,
        day=day,
        metric=metric,
        reference=reference,
        numerator=numerator,
        denominator=denominator,
        reason=f"Dispute {now.pk}: {answer.strip()}",
        by=by,
        at=at,
    )
    return _remedy(now, Kind.CORRECTION, answer, by=by, at=at, request=request)


@transaction.atomic
def accept_with_deal(
    *,
    dispute: Dispute,
    kind: TransactionKind,
    key: str,
    attribute: str,
    value: str,
    answer: str,
    by: User,
    at: datetime,
) -> DisputeRemedy:
    """Accept a dispute and ask for a transaction to be corrected; somebody else approves that.

    Refuses what :func:`answerable` and :func:`ask_deal_correction` refuse.
    """
    now = answerable(dispute, answer, by=by, at=at)
    request = ask_deal_correction(
        kind=kind,
        key=key,
        attribute=attribute,
        value=value,
        reason=f"Dispute {now.pk}: {answer.strip()}",
        by=by,
        at=at,
    )
    return _remedy(now, Kind.DEAL, answer, by=by, at=at, deal_request=request)


@transaction.atomic
def accept_with_parties(
    *,
    dispute: Dispute,
    kind: TransactionKind,
    key: str,
    parties: Sequence[SaidParty],
    answer: str,
    by: User,
    at: datetime,
) -> DisputeRemedy:
    """Accept a dispute and ask for other people or shares to take part in a transaction.

    Refuses what :func:`answerable` and :func:`ask_parties_correction` refuse.
    """
    now = answerable(dispute, answer, by=by, at=at)
    request = ask_parties_correction(
        kind=kind,
        key=key,
        parties=parties,
        reason=f"Dispute {now.pk}: {answer.strip()}",
        by=by,
        at=at,
    )
    return _remedy(now, Kind.DEAL, answer, by=by, at=at, deal_request=request)


@transaction.atomic
def accept_with_adjustment(
    *,
    dispute: Dispute,
    amount: Decimal,
    currency: str = "",
    answer: str,
    by: User,
    at: datetime,
) -> DisputeRemedy:
    """Accept a dispute and ask for an amount by hand, below zero to take back; another approves.

    It is granted in the plan's earliest open period.
    """
    now = answerable(dispute, answer, by=by, at=at)
    currency = currency or now.currency or now.plan.currency or tenant_currency()
    refuse_amount(amount, currency, signed=True)
    made = {
        "amount": amount,
        "currency": currency,
        "earning_type": "adjustment",
        "period": open_period(now.plan) or now.period,
    }
    return _remedy(now, Kind.ADJUSTMENT, answer, by=by, at=at, **made)


@transaction.atomic
def approve_adjustment(
    *, remedy: DisputeRemedy, by: User, at: datetime, answer: str = ""
) -> DisputeRemedy:
    """Book what an accepted dispute asks for, and let the disputed key go on.

    Refuses whoever asked, the person, and whoever stands in for them. Approved already: the same.
    """
    now, dispute = _open(remedy, State.APPROVED)
    if now is None:
        return _reloaded(remedy)
    _refuse(now, dispute, by, at)
    assert now.amount is not None
    now.entry = adjust(
        adjustments=[
            Adjustment(
                person=dispute.person,
                amount=now.amount,
                period=now.period or dispute.period,
                reason=f"Dispute {dispute.pk} ({dispute.period.code}): {now.reason}"[:400],
                earning_type=now.earning_type,
                plan=dispute.plan,
                currency=now.currency,
            )
        ],
        by=now.asked_by,
        approved_by=by,
        at=at,
        detail={"dispute": dispute.pk},
    )
    _decide(now, State.APPROVED, by, at, answer)
    end(dispute, "dispute.settle", _said("Approved", now.get_kind_display(), answer), by=by, at=at)
    return now


@transaction.atomic
def refuse_adjustment(
    *, remedy: DisputeRemedy, by: User, at: datetime, answer: str
) -> DisputeRemedy:
    """Do not book it, with a reason; the dispute waits for another answer."""
    if not answer.strip():
        raise DomainError("A refusal needs a reason, for whoever asked.")
    now, dispute = _open(remedy, State.REFUSED)
    if now is None:
        return _reloaded(remedy)
    _refuse(now, dispute, by, at)
    _decide(now, State.REFUSED, by, at, answer)
    reopen(dispute, _said("Refused", now.get_kind_display(), answer), by=by, at=at)
    return now


def on_request_decided(
    sender: Any, *, request: CorrectionRequest | DealRequest, by: User, at: datetime, **_: Any
) -> None:
    """A correction is approved: its dispute is settled. Refused or withdrawn: it is open again."""
    asked = {"deal_request" if isinstance(request, DealRequest) else "request": request}
    for remedy in DisputeRemedy.objects.filter(state=State.OPEN, **asked):
        dispute = locked(remedy.dispute)
        kind = remedy.get_kind_display()
        if request.state == CorrectionRequest.State.APPROVED:
            _decide(remedy, State.APPROVED, by, at, request.answer)
            end(dispute, "dispute.settle", _said("Approved", kind, request.answer), by=by, at=at)
        else:
            _decide(remedy, State.REFUSED, by, at, request.answer)
            what = str(request.get_state_display())
            reopen(dispute, _said(what, kind, request.answer), by=by, at=at)


def open_period(plan: Plan) -> Period | None:
    """The earliest period of a plan that is worked out and not final."""
    points = PlanPeriod.objects.filter(plan=plan, final_at=None, run__isnull=False)
    first = points.order_by("period__valid_from").select_related("period__calendar").first()
    return first.period if first else None


def approvers_refused(remedy: DisputeRemedy, user: User, on: date) -> str:
    """Why a user cannot decide on an adjustment, whatever their roles; '' where they can."""
    if user.pk == remedy.asked_by_id:
        return f"{user} asked for this, so somebody else decides."
    return hindered(remedy.dispute, user, on)


def _remedy(
    now: Dispute, kind: Kind, answer: str, *, by: User, at: datetime, **made: Any
) -> DisputeRemedy:
    remedy = DisputeRemedy.objects.create(
        dispute=now, kind=kind, reason=answer.strip(), asked_by=by, asked_at=at, **made
    )
    accept(now, answer, by=by, at=at)
    return remedy


def _refuse(now: DisputeRemedy, dispute: Dispute, by: User, at: datetime) -> None:
    if by.pk == now.asked_by_id:
        raise DomainError(f"{by} asked for this; somebody else must decide.")
    refuse_own_pay(by, [dispute.person_id], what="would be paid by this")
    if why := hindered(dispute, by, local_day(at)):
        raise DomainError(why)


def _open(remedy: DisputeRemedy, wanted: State) -> tuple[DisputeRemedy | None, Dispute]:
    """The remedy with its dispute, both locked; None where it has been decided so already."""
    dispute = locked(remedy.dispute)
    now = DisputeRemedy.objects.select_related("asked_by", "period__calendar").get(pk=remedy.pk)
    if now.kind != Kind.ADJUSTMENT:
        raise DomainError("A correction is decided where corrections are, and its dispute follows.")
    if now.state == wanted:
        return None, dispute
    if now.state != State.OPEN:
        raise DomainError(f"It was {now.get_state_display().lower()} by {now.decided_by} already.")
    now.dispute = dispute
    return now, dispute


def _reloaded(remedy: DisputeRemedy) -> DisputeRemedy:
    return DisputeRemedy.objects.get(pk=remedy.pk)


def _decide(now: DisputeRemedy, state: State, by: User, at: datetime, answer: str) -> None:
    now.state, now.decided_by, now.decided_at, now.answer = state, by, at, answer.strip()
    now.save(update_fields=["state", "decided_by", "decided_at", "answer", "entry"])


def _said(what: str, kind: str, answer: str) -> str:
    """A sentence about a decision."""
    words = f"{what}: {kind[0].lower()}{kind[1:]}."
    return f"{words} {answer.strip()}" if answer.strip() else words
