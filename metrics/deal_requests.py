"""Asking for a transaction to be corrected, and deciding about it: two people, as for figures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from metrics.correct_deal import (
    Kept,
    check_attribute,
    concerned,
    kept_of,
    named,
    read_attribute,
    set_attribute,
    shown_value,
)
from metrics.deal_parties import PARTIES, SaidParty, read_parties
from metrics.models import CorrectionRequest, DealRequest, Transaction, TransactionKind, Value
from metrics.queries import find_transaction
from metrics.signals import request_decided
from org import audit
from org.base import CURRENT
from org.errors import DomainError
from org.models import User
from org.people import managers_above
from org.two_people import refuse_own_pay

State = CorrectionRequest.State
MINE = "would be paid by this deal, or by their team"


@transaction.atomic
def ask_deal_correction(
    *,
    kind: TransactionKind,
    key: str,
    attribute: str,
    value: str,
    reason: str,
    by: User,
    at: datetime,
) -> DealRequest:
    """Ask for an attribute or date of a transaction to be another; somebody else decides.

    ``value`` as a file would write it, "" for blank. The same request again is the one that is open
    already. DomainError for a value that is none, for whoever plays a role in the deal or is
    credited for it, and where something else is asked for the same attribute already.
    """
    check_attribute(kind, attribute, reason)
    return _ask(
        kind=kind,
        key=key,
        attribute=attribute,
        wanted=read_attribute(kind, attribute, value),
        reason=reason,
        by=by,
        at=at,
    )


@transaction.atomic
def ask_parties_correction(
    *,
    kind: TransactionKind,
    key: str,
    parties: Sequence[SaidParty],
    reason: str,
    by: User,
    at: datetime,
) -> DealRequest:
    """Ask for other people, roles or shares to take part in a transaction; all of them are named.

    Refuses what :func:`ask_deal_correction` and :func:`read_parties` refuse, and whoever would
    take part themselves.
    """
    wanted = read_parties(kind, parties)
    return _ask(kind=kind, key=key, attribute=PARTIES, wanted=wanted, reason=reason, by=by, at=at)


def _ask(
    *,
    kind: TransactionKind,
    key: str,
    attribute: str,
    wanted: Kept,
    reason: str,
    by: User,
    at: datetime,
) -> DealRequest:
    check_attribute(kind, attribute, reason)
    deal = find_transaction(kind, key)
    Transaction.objects.select_for_update().get(pk=deal.pk)
    refuse_own_pay(by, concerned(deal, wanted), what="asks to correct a deal of their own")
    before = kept_of(deal, attribute)
    if wanted == before:
        said = said_value(kind, attribute, wanted)
        raise DomainError(f"{named(attribute, kind, key)} is {said} already.")
    same: dict[str, Any] = {"kind": kind, "key": key, "attribute": attribute}
    opened = DealRequest.objects.filter(state=State.OPEN, **same).first()
    if opened is not None:
        return _same(opened, wanted, by)
    request = DealRequest.objects.create(
        **same, value=wanted, before=before, reason=reason.strip(), asked_by=by, asked_at=at
    )
    _note(request, "ask", by, at, request.reason)
    return request


def _same(opened: DealRequest, wanted: Kept, by: User) -> DealRequest:
    if (opened.value, opened.asked_by_id) == (wanted, by.pk):
        return opened
    said = said_value(opened.kind, opened.attribute, opened.value)
    raise DomainError(
        f"{opened.asked_by} asked for {opened} to be {said} already. It must be decided or"
        " withdrawn first."
    )


def days_of_deal(deal: Transaction) -> set[date]:
    """The days on which a deal counts, or could: those of its credits, and its dates."""
    credited = Value.objects.filter(CURRENT, transaction_id=deal.pk)
    said = (deal.attributes.get(name) for name in deal.kind.dates)
    own = {date.fromisoformat(day) for day in said if isinstance(day, str)}
    return own | set(credited.values_list("day", flat=True))


def people_moved(request: DealRequest) -> set[int]:
    """Whose pay may move with a request: whom the deal concerns, and the managers above them."""
    deal = Transaction.objects.filter(CURRENT, kind=request.kind_id, key=request.key).first()
    if deal is None:
        return set()
    people, days = concerned(deal, request.value), sorted(days_of_deal(deal))
    if not days:
        return people
    span = days[0], days[-1] + timedelta(days=1)
    return people | set(managers_above(dict.fromkeys(people, span)))


@transaction.atomic
def approve_deal(*, request: DealRequest, by: User, at: datetime, answer: str = "") -> DealRequest:
    """Make the correction that was asked for.

    DomainError for whoever asked, for those whose pay it may move, and for a request that was
    decided otherwise; one approved already stays as it is.
    """
    now = _open(request, State.APPROVED)
    if now is None:
        return DealRequest.objects.get(pk=request.pk)
    refuse_own_pay(by, people_moved(now), what=MINE)
    set_attribute(
        kind=now.kind,
        key=now.key,
        attribute=now.attribute,
        read=now.value,
        reason=now.reason,
        by=now.asked_by,
        at=at,
        approved_by=by,
    )
    return _decide(now, State.APPROVED, by, at, answer)


@transaction.atomic
def refuse_deal(*, request: DealRequest, by: User, at: datetime, answer: str) -> DealRequest:
    """Leave the deal as it is, with a reason for whoever asked."""
    if not answer.strip():
        raise DomainError("A refusal needs a reason, for whoever asked. Say why the deal stays.")
    now = _open(request, State.REFUSED)
    if now is None:
        return DealRequest.objects.get(pk=request.pk)
    if by.pk == now.asked_by_id:
        raise DomainError(f"{by} asked for this. Withdraw it, or let somebody else decide.")
    refuse_own_pay(by, people_moved(now), what=MINE)
    return _decide(now, State.REFUSED, by, at, answer)


@transaction.atomic
def withdraw_deal(*, request: DealRequest, by: User, at: datetime) -> DealRequest:
    """Take a request back; only whoever asked can."""
    now = _open(request, State.WITHDRAWN)
    if now is None:
        return DealRequest.objects.get(pk=request.pk)
    if by.pk != now.asked_by_id:
        raise DomainError(f"Only {now.asked_by}, who asked, can withdraw this.")
    return _decide(now, State.WITHDRAWN, by, at, "")


def said_value(kind: TransactionKind, attribute: str, value: Kept) -> str:
    """What a transaction keeps, as people write it: a percent with its sign."""
    if kind.attributes.get(attribute) == "percent" and isinstance(value, str):
        return f"{(Decimal(value) * 100).normalize():f}%"
    return shown_value(value)


def _open(request: DealRequest, wanted: State) -> DealRequest | None:
    """The request, locked; None where it has been decided so already (a second click)."""
    rows = DealRequest.objects.select_for_update(of=("self",))
    now = rows.select_related("kind", "asked_by", "decided_by").get(pk=request.pk)
    if now.state == wanted:
        return None
    if now.state != State.OPEN:
        raise DomainError(
            f"{now} was {now.get_state_display().lower()} by {now.decided_by} already."
        )
    return now


def _decide(now: DealRequest, state: State, by: User, at: datetime, answer: str) -> DealRequest:
    now.state, now.decided_by, now.decided_at, now.answer = state, by, at, answer.strip()
    now.save(update_fields=["state", "decided_by", "decided_at", "answer"])
    _note(now, state.value, by, at, now.answer or now.reason)
    request_decided.send(sender=DealRequest, request=now, by=by, at=at)
    return now


def _note(request: DealRequest, what: str, by: User, at: datetime, reason: str) -> None:
    audit.record(
        action=f"correction request {what}",
        subject=str(request),
        by=by,
        at=at,
        reason=reason,
        detail={"deal request": request.pk, "before": request.before, "after": request.value},
    )
