"""Correcting a transaction by hand: an attribute, or who takes part; it holds over later files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from metrics.cells import Unreadable
from metrics.compare import marks_of
from metrics.correct import OWN
from metrics.credit import Credited, credit
from metrics.deal_parties import (
    PARTIES,
    SaidParty,
    parties_of,
    people_in,
    read_parties,
    said_parties,
)
from metrics.deal_versions import write_again
from metrics.deals import Json, attribute_reader
from metrics.locks import hold_values
from metrics.models import Party, Transaction, TransactionCorrection, TransactionKind, Value
from metrics.queries import find_transaction
from metrics.stage import temporary
from org import audit
from org.base import CURRENT
from org.changes import record_change
from org.errors import DomainError
from org.models import InputChange, Tenant, User
from org.sql import execute
from org.tenancy import current_tenant_id
from org.two_people import check_correction

Kept = Json | list[dict[str, Any]] | None
"""What is corrected, as it is kept: of an attribute text or yes/no, of parties a list; blank."""


@transaction.atomic
def correct_transaction(
    *,
    kind: TransactionKind,
    key: str,
    attribute: str,
    value: str,
    reason: str,
    by: User | None,
    at: datetime,
    approved_by: User | None = None,
) -> str:
    """Set an attribute or date of a transaction; ``value`` as a file would write it, "" for blank.

    A correction of the same attribute replaces the one before. What was done, in words. Raises
    DomainError where there is no such transaction or attribute, or the value is none of its type.
    """
    check_attribute(kind, attribute, reason)
    return set_attribute(
        kind=kind,
        key=key,
        attribute=attribute,
        read=read_attribute(kind, attribute, value),
        reason=reason,
        by=by,
        at=at,
        approved_by=approved_by,
    )


@transaction.atomic
def correct_parties(
    *,
    kind: TransactionKind,
    key: str,
    parties: Sequence[SaidParty],
    reason: str,
    by: User | None,
    at: datetime,
    approved_by: User | None = None,
) -> str:
    """Set who takes part in a transaction: everybody, with roles and shares; nobody is allowed."""
    return set_attribute(
        kind=kind,
        key=key,
        attribute=PARTIES,
        read=read_parties(kind, parties),
        reason=reason,
        by=by,
        at=at,
        approved_by=approved_by,
    )


@transaction.atomic
def set_attribute(
    *,
    kind: TransactionKind,
    key: str,
    attribute: str,
    read: Kept,
    reason: str,
    by: User | None,
    at: datetime,
    approved_by: User | None = None,
) -> str:
    """The same with a value as transactions keep it: exact text, days as 2026-06-01, parties."""
    hold_values()
    deal = find_transaction(kind, key)
    check_attribute(kind, attribute, reason)
    approved = check_correction(by, approved_by, concerned(deal, read), what=OWN)
    before = kept_of(deal, attribute)
    earlier = _correction(kind, key, attribute)
    at = _after(at, deal, earlier)
    _end(earlier, at)
    correction = TransactionCorrection.objects.create(
        kind=kind,
        key=key,
        attribute=attribute,
        value=read,
        before=before,
        reason=reason.strip(),
        by=by,
        recorded_at=at,
    )
    attributes = deal.attributes if attribute == PARTIES else {**deal.attributes, attribute: read}
    done = _rewrite(deal, attributes, at)
    words = f"{named(attribute, kind.code, key)}: {shown_value(before)} is now {shown_value(read)}"
    _record(correction, f"{words}: {correction.reason}{approved}", done, before, read, by)
    return f"{words}. Later files do not change it. {done.sentence()}".strip()


@transaction.atomic
def withdraw_transaction(
    *,
    kind: TransactionKind,
    key: str,
    attribute: str,
    reason: str,
    by: User | None,
    at: datetime,
    approved_by: User | None = None,
) -> str:
    """Take the correction of an attribute back: what was delivered last holds again."""
    hold_values()
    deal = find_transaction(kind, key)
    check_attribute(kind, attribute, reason)
    approved = check_correction(by, approved_by, concerned(deal, deal.delivered_parties), what=OWN)
    correction = _correction(kind, key, attribute)
    if correction is None:
        raise DomainError(f"No correction holds for {attribute} of {kind.code} {key}.")
    at = _after(at, deal, correction)
    _end(correction, at)
    delivered = deal.delivered if deal.delivered is not None else deal.attributes
    attributes = {name: said for name, said in deal.attributes.items() if name != attribute}
    if attribute in delivered:
        attributes[attribute] = delivered[attribute]
    done = _rewrite(deal, attributes, at)
    before, now = correction.value, kept_of(find_transaction(kind, key), attribute)
    words = f"{named(attribute, kind.code, key)}: {shown_value(before)} is {shown_value(now)} again"
    _record(correction, f"{words}: {reason.strip()}{approved}", done, before, now, by)
    return f"{words}. {done.sentence()}".strip()


def concerned(deal: Transaction, read: Kept = None) -> set[int]:
    """Who plays a role in a transaction, or is credited for it; or would, by a correction."""
    parties = Party.objects.filter(transaction=deal).values_list("person_id", flat=True)
    credited = Value.objects.filter(CURRENT, transaction_id=deal.pk)
    to_be = people_in(read) if isinstance(read, list) else set()
    return {*parties, *credited.values_list("person_id", flat=True), *to_be}


def kept_of(deal: Transaction, attribute: str) -> Kept:
    """What a transaction says: an attribute or date, or who takes part."""
    if attribute == PARTIES:
        return parties_of(deal)
    kept: Json | None = deal.attributes.get(attribute)
    return kept


def named(attribute: str, kind: object, key: str) -> str:
    """What is corrected, in words."""
    return f"{attribute} {'in' if attribute == PARTIES else 'of'} {kind} {key}"


def check_attribute(kind: TransactionKind, attribute: str, reason: str) -> None:
    """Refuse an attribute that the kind does not have, and a change without a reason."""
    if not reason.strip():
        raise DomainError("A correction needs a reason. Say why the figure is wrong.")
    known = [*kind.attributes, *kind.dates]
    if attribute not in (*known, PARTIES):
        raise DomainError(
            f"The kind {kind.code} has no attribute or date “{attribute}”. It has: "
            f"{', '.join(known) or 'none'}."
        )


def read_attribute(kind: TransactionKind, attribute: str, value: str) -> Json | None:
    """What an attribute or date keeps of a text as a file would write it; None: blank."""
    if attribute == PARTIES:
        raise DomainError("Who takes part is no single value: name everybody, with role and share.")
    zone = Tenant.objects.get(pk=current_tenant_id()).time_zone
    try:
        read = attribute_reader(kind.attributes.get(attribute, "date"), zone=zone)(value)
    except Unreadable as error:
        raise DomainError(f"{attribute} {error}") from error
    return None if read == "" else read


def _correction(kind: TransactionKind, key: str, attribute: str) -> TransactionCorrection | None:
    return TransactionCorrection.objects.filter(
        CURRENT, kind=kind, key=key, attribute=attribute
    ).first()


def _after(at: datetime, *rows: Transaction | TransactionCorrection | None) -> datetime:
    """A moment after all these were recorded: of two versions, one is always the later."""
    tick = timedelta(microseconds=1)
    return max([at, *(row.recorded_at + tick for row in rows if row is not None)])


def _end(correction: TransactionCorrection | None, at: datetime) -> None:
    if correction is not None:
        TransactionCorrection.objects.filter(pk=correction.pk).update(superseded_at=at)


def _rewrite(deal: Transaction, attributes: dict[str, Any], at: datetime) -> Credited:
    """The next version with these attributes, and its credits."""
    Transaction.objects.filter(pk=deal.pk).update(superseded_at=at)
    temporary("deal_again", "(base bigint, delivered jsonb, attributes jsonb, parties jsonb)")
    delivered = deal.delivered if deal.delivered is not None else deal.attributes
    by_hand = _correction(deal.kind, deal.key, PARTIES)
    execute(
        "INSERT INTO deal_again SELECT id, %s::jsonb, %s::jsonb, %s::jsonb FROM metrics_transaction"
        " WHERE id = %s",
        [_json(delivered), _json(attributes), by_hand and _json(by_hand.value), deal.pk],
    )
    write_again(at)
    temporary("touched_deal", "(kind_id bigint, key text)")
    execute("INSERT INTO touched_deal VALUES (%s, %s)", [deal.kind_id, deal.key])
    return credit(at=at)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def shown_value(value: Kept) -> str:
    """What a transaction keeps, in words."""
    if isinstance(value, list):
        return said_parties(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "blank" if value is None else value


def _record(
    correction: TransactionCorrection,
    sentence: str,
    done: Credited,
    before: Kept,
    now: Kept,
    by: User | None,
) -> None:
    """The cause, with its marks, and the audit row with both values."""
    record_change(
        kind=InputChange.Kind.CORRECTION,
        sentence=sentence,
        marks=marks_of(done.marks),
        by=by,
        at=done.moment,
        reference=f"correction of {correction.kind.code} {correction.key}"[:200],
    )
    audit.record(
        action="transaction corrected",
        subject=named(correction.attribute, correction.kind.code, correction.key),
        by=by,
        at=done.moment,
        reason=correction.reason,
        detail={"before": before, "after": now},
    )
