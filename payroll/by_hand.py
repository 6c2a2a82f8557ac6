"""What payroll does by hand: refusals, payments made elsewhere, stops, debts written off.

All take the lock of the pay run (docs/adr/0050), so that nothing is paid while it moves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from incentives.by_hand import in_words, keys_in, refuse_amount, shares_of, tenant_currency
from incentives.debts import Debt, open_debts
from incentives.ledger import KEY, Entry, post
from incentives.models import Transfer
from org import audit, locks
from org.dates import NEVER
from org.errors import DomainError
from org.models import Person, User
from org.two_people import refuse_alone, refuse_no_reason, refuse_nobody, refuse_own_pay
from payroll.models import PayBatch, PayLine, PayStop

Origin = Transfer.Origin


def refuse(
    *, lines: Sequence[PayLine], reason: str, by: User | None, at: datetime
) -> list[Transfer]:
    """Take back lines that payroll refused: paid → due, once, naming the payment refused.

    The next batch pays them again, by lines that name these.
    """
    reason = refuse_no_reason(reason, what="A refusal")
    with transaction.atomic():
        locks.exclude([locks.PAY_RUN])
        ids = [line.transfer_id for line in lines]
        back = Transfer.objects.filter(origin=Origin.REFUSAL, about__in=ids).first()
        if back is not None:
            line = next(line for line in lines if line.transfer_id == back.about_id)
            raise DomainError(
                f"The line of {line.person} of {line.batch} was refused already, on "
                f"{back.recorded_at:%Y-%m-%d}: {back.cause}"
            )
        rows = PayLine.objects.filter(pk__in=[line.pk for line in lines])
        rows = rows.select_related("transfer", "person", "batch__period", "batch__pay_group")
        entries = [_refused(line, reason) for line in rows.order_by("id")]
        post(entries, by=by, at=at)
        for line in rows:
            audit.record(
                action="payroll.refuse",
                subject=f"{line.person} ({line.person.code}): line {line.pk} of {line.batch}",
                by=by,
                at=at,
                reason=reason,
                detail={"amount": str(line.amount), "currency": line.currency},
            )
        return list(Transfer.objects.filter(origin=Origin.REFUSAL, about__in=ids).order_by("id"))


def _refused(line: PayLine, reason: str) -> Entry:
    return Entry(
        **_named({name: getattr(line.transfer, name) for name in KEY}),
        person=line.person_id,
        currency=line.currency,
        from_account="paid",
        to_account="due",
        amount=line.amount,
        origin=Origin.REFUSAL,
        posted_period=line.batch.period_id,
        about=line.transfer_id,
        cause=f"Line {line.pk} of {line.batch} was refused: {reason}"[:500],
    )


def lines_to_refuse(
    *,
    person: Person,
    batches: Sequence[PayBatch],
    line: int | None = None,
) -> list[PayLine]:
    """The lines of a person that payroll can still refuse: the latest batch's, or just one."""
    lines = PayLine.objects.filter(person=person, batch__in=batches)
    lines = lines.select_related("person", "batch__period", "batch__pay_group", "transfer")
    if not lines:
        where = ", ".join(str(batch) for batch in batches) or "no batch"
        raise DomainError(f"{person} ({person.code}) has no line in {where}.")
    if line is not None:
        lines = lines.filter(pk=line)
        if not lines:
            raise DomainError(f"Line {line} is not one of {person} ({person.code}) there.")
    refused = Transfer.objects.filter(origin=Origin.REFUSAL, person=person).values("about")
    found = list(lines.exclude(transfer__in=refused).order_by("-batch_id", "id"))
    if not found:
        raise DomainError(f"All of those lines of {person} ({person.code}) were refused already.")
    return [one for one in found if one.batch_id == found[0].batch_id]


def paid_outside(
    *,
    person: Person,
    amount: Decimal,
    reason: str,
    by: User | None,
    approved_by: User | None,
    at: datetime,
    currency: str = "",
) -> list[Transfer]:
    """Record that something due was paid elsewhere, by cheque say: due → paid without a line.

    Meets the oldest earning first. Refused beyond what is due, and for one person alone.
    """
    hand = _Hand.of(person, reason, by, approved_by, at, currency, what="A payment made elsewhere")
    refuse_amount(amount, hand.currency)
    with transaction.atomic():
        locks.exclude([locks.PAY_RUN])
        keys = keys_in("due", person=person.pk, currency=hand.currency)
        due = sum((key["amount"] for key in keys), Decimal(0))
        if amount > due:
            raise DomainError(
                f"Only {in_words(max(due, Decimal(0)), hand.currency)} is due to {person} "
                f"({person.code}), and {in_words(amount, hand.currency)} cannot have been paid out "
                "of it. What was paid beyond that belongs into an adjustment first."
            )
        taken = zip(keys, shares_of(amount, [key["amount"] for key in keys]), strict=True)
        cause = f"Paid outside payroll, approved by {hand.approver}: {hand.reason}"
        move = {"from_account": "due", "to_account": "paid", "origin": Origin.ADJUSTMENT}
        entries = [
            hand.entry(amount=part, cause=cause[:500], **move, **_named(key))
            for key, part in taken
            if part
        ]
        return hand.post(entries, action="payroll.paid_outside")


def write_off(
    *,
    person: Person,
    amount: Decimal | None,
    reason: str,
    by: User | None,
    approved_by: User | None,
    at: datetime,
    currency: str = "",
) -> list[Transfer]:
    """Forgive what a person owes, or a part of it, the oldest debt first: lost → owed.

    ``amount`` None: all of it. Refused beyond what is owed, and for one person alone.
    """
    hand = _Hand.of(person, reason, by, approved_by, at, currency, what="Writing a debt off")
    if amount is not None:
        refuse_amount(amount, hand.currency)
    with transaction.atomic():
        locks.exclude([locks.PAY_RUN])
        debts = open_debts(person=person.pk, currency=hand.currency)
        owed = sum((debt.open for debt in debts), Decimal(0))
        if not owed or (amount is not None and amount > owed):
            more = f", not {in_words(amount, hand.currency)}" if amount and owed else ""
            raise DomainError(
                f"{person} ({person.code}) owes {in_words(owed, hand.currency)}{more}; no more "
                "than that can be written off."
            )
        whole = owed if amount is None else amount
        taken = zip(debts, shares_of(whole, [debt.open for debt in debts]), strict=True)
        entries = [hand.forgiven(debt, part) for debt, part in taken if part]
        return hand.post(entries, action="payroll.write_off")


def stop(*, person: Person, reason: str, by: User | None, at: datetime) -> PayStop:
    """Pay a person nothing until resumed: what is due stays due, and no debt is recovered."""
    reason = refuse_no_reason(reason, what="A stop")
    refuse_nobody(by, what="A stop")
    with transaction.atomic():
        locks.exclude([locks.PAY_RUN])
        before = PayStop.objects.filter(person=person, superseded_at=NEVER).first()
        if before is not None:
            raise DomainError(
                f"The pay of {person} ({person.code}) is stopped already, by {before.by} on "
                f"{before.recorded_at:%Y-%m-%d}: {before.reason}"
            )
        made = PayStop.objects.create(person=person, reason=reason, by=by, recorded_at=at)
        subject = f"{person} ({person.code})"
        audit.record(action="payroll.stop", subject=subject, by=by, at=at, reason=reason)
    return made


def resume(*, person: Person, reason: str, by: User | None, at: datetime) -> PayStop:
    """Let the next batch pay a person again whose pay was stopped."""
    reason = refuse_no_reason(reason, what="Resuming a person's pay")
    refuse_nobody(by, what="Resuming a person's pay")
    with transaction.atomic():
        locks.exclude([locks.PAY_RUN])
        stopped = PayStop.objects.filter(person=person, superseded_at=NEVER).first()
        if stopped is None:
            raise DomainError(f"The pay of {person} ({person.code}) is not stopped.")
        stopped.superseded_at, stopped.resumed_by, stopped.resumed_because = at, by, reason
        stopped.save(update_fields=["superseded_at", "resumed_by", "resumed_because"])
        subject = f"{person} ({person.code})"
        audit.record(action="payroll.resume", subject=subject, by=by, at=at, reason=reason)
    return stopped


@dataclass(frozen=True)
class _Hand:
    """One person's money moved by hand: why, who asked, and who approved."""

    person: Person
    currency: str
    reason: str
    by: User | None
    approver: User
    at: datetime

    @classmethod
    def of(
        cls,
        person: Person,
        reason: str,
        by: User | None,
        approved_by: User | None,
        at: datetime,
        currency: str,
        *,
        what: str,
    ) -> _Hand:
        """Refuses a missing reason, one person alone, and an approver whose own pay it is."""
        reason = refuse_no_reason(reason, what=what)
        refuse_alone(by, approved_by, what=what)
        assert approved_by is not None
        refuse_own_pay(approved_by, [person.pk])
        return cls(person, currency or tenant_currency(), reason, by, approved_by, at)

    def entry(self, **fields: Any) -> Entry:
        """A transfer of this person, with the columns of a key."""
        return Entry(person=self.person.pk, currency=self.currency, **fields)

    def forgiven(self, debt: Debt, amount: Decimal) -> Entry:
        """What writes a debt off, or a part of it."""
        of = Transfer.objects.get(pk=debt.transfer)
        return self.entry(
            **_named({name: getattr(of, name) for name in KEY}),
            from_account="lost",
            to_account="owed",
            amount=amount,
            origin=Origin.WAIVER,
            about=debt.transfer,
            cause=f"Written off, approved by {self.approver}: {self.reason}"[:500],
        )

    def post(self, entries: Sequence[Entry], *, action: str) -> list[Transfer]:
        """Book the transfers with their audit row, and return them."""
        last = Transfer.objects.order_by("-id").values_list("id", flat=True).first() or 0
        post(entries, by=self.by, at=self.at)
        whole = sum((entry.amount for entry in entries), Decimal(0))
        audit.record(
            action=action,
            subject=f"{self.person} ({self.person.code}): {in_words(whole, self.currency)}",
            by=self.by,
            at=self.at,
            reason=self.reason,
            detail={"approved_by": self.approver.get_username(), "amount": str(whole)},
        )
        made = Transfer.objects.filter(id__gt=last, person=self.person, by=self.by)
        return list(made.order_by("id"))


def _named(key: Mapping[str, Any]) -> dict[str, Any]:
    """A ledger key as the fields of an entry."""
    return {name.removesuffix("_id"): key[name] for name in KEY}
