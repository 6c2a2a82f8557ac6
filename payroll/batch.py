"""Pay batches: prepared by one person, approved by another, and then paid, once.

Approving is the pay run by the rule of the pay group (payroll.moves); no line is ever below zero. A
draft has no lines and moves nothing (docs/adr/0050 to 0052, 0055).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Max
from psycopg import sql

from incentives.release import release
from org import audit, locks, pay_rule
from org.currencies import in_coins
from org.dates import plausible
from org.errors import DomainError
from org.models import PayGroup, Period, Tenant, User
from org.sql import keep, whole_tables
from org.tenancy import current_tenant_id
from org.two_people import own_people, refuse_own_pay
from payroll.models import PayBatch
from payroll.moves import moves_query, pay_day
from payroll.post import MOVES, post_moves
from payroll.queries import (
    TOUCHED,
    Contents,
    Payee,
    contents_of,
    payees_of,
    rows_of,
    stopped_with_due,
    without_payroll_id,
)
from payroll.render import listed

# How long after its pay period an off-cycle batch may pay.
LONGEST_WAIT = timedelta(days=184)


class NothingDue(DomainError):
    """A batch that would move nothing."""


@dataclass(frozen=True, kw_only=True)
class Approved:
    """A batch that is paid now, what it contains, and what it did for whom."""

    batch: PayBatch
    contents: Contents
    payees: list[Payee]


def prepare(
    *,
    pay_group: PayGroup,
    period: Period,
    by: User | None,
    at: datetime,
    off_cycle: bool = False,
    pay_date: date | None = None,
    people: Sequence[int] | None = None,
) -> PayBatch:
    """Open a draft for a period of a pay group.

    ``off_cycle``: beside the period's own pay run, which every batch is after the first. Such a
    batch pays no draw, may have a ``pay_date`` of its own, and be for some ``people`` (ids) only.
    """
    if people is not None and not off_cycle:
        raise DomainError("Only an off-cycle batch can be for some people (--off-cycle DAY).")
    if by is None:
        raise DomainError("A pay batch needs somebody who prepares it; say who (--by USER).")
    if period.calendar_id != pay_group.calendar_id:
        raise DomainError(
            f"The pay group “{pay_group}” is paid by the calendar “{pay_group.calendar}”, and "
            f"{period} is a period of another; choose one of its periods."
        )
    with transaction.atomic():
        locks.exclude([locks.PAY_RUN])
        batches = PayBatch.objects.filter(pay_group=pay_group, period=period)
        draft = batches.filter(status=PayBatch.Status.DRAFT).first()
        if draft is not None:
            raise DomainError(
                f"There is a draft for {pay_group} {period.code} already, prepared by "
                f"{draft.prepared_by}; approve it or discard it first."
            )
        batch = new_draft(
            pay_group=pay_group, period=period, off_cycle=off_cycle, pay_date=pay_date
        )
        batch.people = None if people is None else sorted(people)
        batch.prepared_by, batch.prepared_at = by, at
        batch.save()
        audit.record(action="payroll.prepare", subject=str(batch), by=by, at=at)
    return batch


def new_draft(
    *, pay_group: PayGroup, period: Period, off_cycle: bool = False, pay_date: date | None = None
) -> PayBatch:
    """A draft that is not kept yet: enough to see what it would do."""
    if pay_date is not None:
        _refuse_pay_date(period, pay_date)
    batches = PayBatch.objects.filter(pay_group=pay_group, period=period)
    return PayBatch(
        pay_group=pay_group,
        period=period,
        number=(batches.aggregate(last=Max("number"))["last"] or 0) + 1,
        off_cycle=off_cycle or batches.filter(off_cycle=False).exists(),
        pay_date=pay_date,
        currency=currency_of(pay_group),
    )


def _refuse_pay_date(period: Period, day: date) -> None:
    """A day far from its period would release, forfeit and correct as of the wrong time."""
    if not plausible(day):
        raise DomainError(f"{day} is no day on which anybody is paid: is the year right?")
    if day < period.valid_from:
        raise DomainError(
            f"{day} is before {period.code}, which begins on {period.valid_from}: is the day right?"
            " Name the pay period in which it lies."
        )
    if day >= period.valid_to + LONGEST_WAIT:
        raise DomainError(
            f"{day} is more than {LONGEST_WAIT.days} days after {period.code}: is the year right?"
            " Name the pay period in which it lies."
        )


def discard(*, batch: PayBatch, by: User | None, at: datetime) -> None:
    """Throw a draft away; what was approved stays."""
    with transaction.atomic():
        draft = _draft(batch)
        audit.record(action="payroll.discard", subject=str(draft), by=by, at=at)
        draft.delete()


def approve(*, batch: PayBatch, by: User | None, at: datetime) -> Approved:
    """Pay a draft: move what is due to *owed* or *paid*, a line for each payment.

    Refused where the same person prepared it, where it moves the approver's own pay, where
    somebody has no payroll id, and where nothing is due.
    """
    with transaction.atomic():
        locks.exclude([locks.PAY_RUN])
        draft = _draft(batch)
        _refuse_same_person(draft, by)
        assert by is not None
        release(by=by, at=at, on=pay_day(draft))
        _work_out_moves(draft)
        contents = contents_of(MOVES)
        _refuse_problems(draft, contents, by)
        payees = payees_of(MOVES)
        post_moves(draft, by=by, at=at)
        draft.status, draft.approved_by, draft.approved_at = PayBatch.Status.APPROVED, by, at
        draft.rule = {name: str(said) for name, said in _rule(draft).items()}
        draft.save(update_fields=["status", "approved_by", "approved_at", "rule"])
        _note(draft, contents, by=by, at=at)
    return Approved(batch=draft, contents=contents, payees=payees)


def _rule(batch: PayBatch) -> dict[str, Any]:
    return pay_rule.of_group(batch.pay_group)


def currency_of(pay_group: PayGroup) -> str:
    """What a group is paid in: its own currency, else the tenant's."""
    return pay_group.currency or Tenant.objects.get(pk=current_tenant_id()).currency


def _draft(batch: PayBatch) -> PayBatch:
    """The batch as it is now, which must still be a draft."""
    batches = PayBatch.objects.select_related("pay_group", "period", "prepared_by", "approved_by")
    now = batches.filter(pk=batch.pk).select_for_update(of=("self",)).first()
    if now is None:
        raise DomainError("This draft is gone; somebody discarded it. Prepare a new one.")
    if now.status != PayBatch.Status.DRAFT:
        raise DomainError(
            f"{now} was approved by {now.approved_by} on {now.approved_at:%Y-%m-%d}; it is paid "
            "and stays so."
        )
    return now


def _refuse_same_person(batch: PayBatch, by: User | None) -> None:
    if by is None:
        raise DomainError("A pay batch is approved by a person; say who (--approved-by USER).")
    if by.pk == batch.prepared_by_id:
        raise DomainError(f"{by} prepared this batch and so cannot approve it; somebody else must.")


def _work_out_moves(batch: PayBatch) -> None:
    """Fix what is moved in a temporary table: what comes in meanwhile waits for the next batch."""
    moves = moves_query(batch)
    with whole_tables():
        keep("pay_moves", moves)


def _refuse_problems(batch: PayBatch, contents: Contents, by: User) -> None:
    if contents.is_empty:
        raise NothingDue(nothing_due(batch, contents.waits), waiting(batch, payees_of(MOVES)))
    if missing := without_payroll_id(MOVES):
        raise DomainError(
            f"{len(missing)} of those to be paid have no payroll id: {listed(missing)}. Enter it "
            "by the people file; nothing was paid."
        )
    touched = sql.SQL("SELECT person_id FROM {} WHERE {} AND person_id = ANY({}::bigint[])").format(
        MOVES, sql.SQL(TOUCHED), sql.Literal(own_people(by))
    )
    refuse_own_pay(by, [person for (person,) in rows_of(touched)], what="stands in this batch")


def waiting(batch: PayBatch, payees: list[Payee]) -> tuple[str, ...]:
    """Who of a group has something due that this batch does not pay, or owes and has left."""
    said, currency = [], batch.currency
    if small := [f"{p.name} ({p.code}) {in_coins(p.waits, currency)}" for p in payees if p.waits]:
        least = pay_rule.plain(batch.pay_group.minimum)
        said.append(f"Under the minimum of {least}, and so waiting: {listed(small)}.")
    if stopped := stopped_with_due(batch.pay_group, pay_day(batch)):
        said.append(f"Stopped, and so waiting: {listed(stopped)}.")
    if left := [
        f"{p.name} ({p.code}) {in_coins(p.owes, currency)}" for p in payees if p.leaver and p.owes
    ]:
        said.append(
            f"Left and still owing, to be written off (write-off) or collected: {listed(left)}."
        )
    return tuple(said)


def nothing_due(batch: PayBatch, waits: Decimal = Decimal(0)) -> str:
    """Why a batch has nothing to pay: paid already, or nothing was booked."""
    before = PayBatch.objects.filter(
        pay_group=batch.pay_group, period=batch.period, status=PayBatch.Status.APPROVED
    ).first()
    where = f"pay group “{batch.pay_group}” in {batch.currency}"
    if waits:
        return f"Nothing can be paid to {where} now: all that is due waits."
    if before is None:
        return f"Nothing is due to anybody of {where}; finalise a period first."
    return (
        f"{batch.period.code} of {where} is already paid: batch {before.number}, approved by "
        f"{before.approved_by} on {before.approved_at:%Y-%m-%d}. Nothing has become due since. "
        "To write its file again, use --reissue."
    )


def _note(batch: PayBatch, contents: Contents, *, by: User, at: datetime) -> None:
    audit.record(
        action="payroll.approve",
        subject=str(batch),
        by=by,
        at=at,
        detail={
            "people": contents.people,
            "lines": contents.lines,
            "total": str(contents.total),
            "carried": str(contents.carried),
            "drawn": str(contents.drawn),
            "recovered": str(contents.recovered),
            "currency": batch.currency,
        },
    )
