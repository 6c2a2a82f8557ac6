"""Pay batches: prepared by one person, approved by another, and then paid, once.

Approving is MODEL's pay run with the default rule. Negative rests become a debt first; then the
debt is recovered from what is due, at 100 % and the oldest earning first; the rest is paid. So no
line is ever below zero. A draft has no lines and moves nothing (docs/adr/0050 to 0052).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Max
from psycopg import sql

from incentives.ledger import KEY, post_select
from incentives.models import Transfer
from org import audit, locks
from org.errors import DomainError
from org.models import Membership, PayGroup, Period, Tenant, User
from org.tenancy import current_tenant_id
from payroll.models import PayBatch
from payroll.queries import (
    Contents,
    business_day,
    contents_of,
    moves_query,
    people_named,
    rows_of,
    whole_tables,
    without_payroll_id,
)
from payroll.render import listed

# The lock of everything that pays: one for the tenant, because a person may change the pay group
# between two batches that are approved at the same time. No period has this number.
PAY_RUN = -1
MOVES = sql.Identifier("pay_moves")


@dataclass(frozen=True, kw_only=True)
class Approved:
    """A batch that is paid now, and what it contains."""

    batch: PayBatch
    contents: Contents


def prepare(*, pay_group: PayGroup, period: Period, by: User | None, at: datetime) -> PayBatch:
    """Open a draft for a period of a pay group: the first, or an off-cycle one after others."""
    if by is None:
        raise DomainError("A pay batch needs somebody who prepares it; say who (--by USER).")
    if period.calendar_id != pay_group.calendar_id:
        raise DomainError(
            f"The pay group “{pay_group}” is paid by the calendar “{pay_group.calendar}”, and "
            f"{period} is a period of another; choose one of its periods."
        )
    with transaction.atomic():
        locks.exclude([PAY_RUN])
        batches = PayBatch.objects.filter(pay_group=pay_group, period=period)
        draft = batches.filter(status=PayBatch.Status.DRAFT).first()
        if draft is not None:
            raise DomainError(
                f"There is a draft for {pay_group} {period.code} already, prepared by "
                f"{draft.prepared_by}; approve it or discard it first."
            )
        batch = PayBatch.objects.create(
            pay_group=pay_group,
            period=period,
            number=(batches.aggregate(last=Max("number"))["last"] or 0) + 1,
            currency=currency_of(pay_group),
            prepared_by=by,
            prepared_at=at,
        )
        audit.record(action="payroll.prepare", subject=str(batch), by=by, at=at)
    return batch


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
        locks.exclude([PAY_RUN])
        draft = _draft(batch)
        _refuse_same_person(draft, by)
        assert by is not None
        _work_out_moves(draft)
        contents = contents_of(MOVES)
        _refuse_problems(draft, contents, by)
        _post_moves(draft, by=by, at=at)
        draft.status, draft.approved_by, draft.approved_at = PayBatch.Status.APPROVED, by, at
        draft.save(update_fields=["status", "approved_by", "approved_at"])
        _note(draft, contents, by=by, at=at)
    return Approved(batch=draft, contents=contents)


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
    moves = moves_query(
        pay_group=batch.pay_group, day=business_day(batch.period), currency=batch.currency
    )
    with whole_tables(), connection.cursor() as cursor:
        cursor.execute(sql.SQL("DROP TABLE IF EXISTS pg_temp.{}").format(MOVES))
        statement = sql.SQL("CREATE TEMP TABLE {} ON COMMIT DROP AS {}")
        cursor.execute(statement.format(MOVES, moves))
        cursor.execute(sql.SQL("ANALYZE {}").format(MOVES))


def _refuse_problems(batch: PayBatch, contents: Contents, by: User) -> None:
    if contents.is_empty:
        raise DomainError(nothing_due(batch))
    if missing := without_payroll_id(MOVES):
        raise DomainError(
            f"{len(missing)} of those to be paid have no payroll id: {listed(missing)}. Enter it "
            "by the people file; nothing was paid."
        )
    own = Membership.objects.filter(user=by, person__isnull=False).values_list("person")
    people = [person for (person,) in own.filter(tenant=current_tenant_id())]
    query = sql.SQL("SELECT person_id FROM {} WHERE person_id = ANY({})")
    if touched := people_named(query.format(MOVES, sql.Literal(people))):
        raise DomainError(
            f"{by} is {touched[0]} and stands in this batch: nobody approves what moves their own "
            "pay, nor as somebody's deputy. Somebody else must approve it."
        )


def nothing_due(batch: PayBatch) -> str:
    """Why a batch has nothing to pay: paid already, or nothing was booked."""
    before = PayBatch.objects.filter(
        pay_group=batch.pay_group, period=batch.period, status=PayBatch.Status.APPROVED
    ).first()
    where = f"pay group “{batch.pay_group}” in {batch.currency}"
    if before is None:
        return f"Nothing is due to anybody of {where}; finalise a period first."
    return (
        f"{batch.period.code} of {where} is already paid: batch {before.number}, approved by "
        f"{before.approved_by} on {before.approved_at:%Y-%m-%d}. Nothing has become due since. "
        "To write its file again, use --reissue."
    )


def _post_moves(batch: PayBatch, *, by: User, at: datetime) -> None:
    last = Transfer.objects.aggregate(last=Max("id"))["last"] or 0
    for column, from_account, to_account, cause in (
        ("carried", "owed", "due", "negative rest carried as a debt"),
        ("recovered", "due", "owed", "debt recovered"),
        ("paid", "due", "paid", "paid"),
    ):
        select = sql.SQL(
            "SELECT person_id, currency, {key}, {column} AS amount, 'pay_run' AS origin,"
            " {from_account} AS from_account, {to_account} AS to_account,"
            " {period}::bigint AS posted_period_id, {cause} AS cause"
            " FROM {moves} WHERE {column} > 0"
        ).format(
            key=sql.SQL(", ").join(map(sql.Identifier, KEY)),
            column=sql.Identifier(column),
            from_account=sql.Literal(from_account),
            to_account=sql.Literal(to_account),
            period=sql.Literal(batch.period_id),
            cause=sql.Literal(f"Pay batch {batch}: {cause}"),
            moves=MOVES,
        )
        post_select(select, by=by, at=at)
    _write_lines(batch, after=last)


def _write_lines(batch: PayBatch, *, after: int) -> None:
    """A line for each transfer to *paid* that this batch made, which nobody else can make now."""
    statement = sql.SQL(
        "INSERT INTO payroll_payline (batch_id, transfer_id, person_id, employment_id,"
        " earning_type, earned_period_id, amount, currency)"
        " SELECT {batch}, t.id, t.person_id, e.employment_id, t.earning_type, t.earned_period_id,"
        " t.amount, t.currency FROM incentives_transfer AS t"
        " JOIN (SELECT DISTINCT person_id, employment_id FROM {moves}) AS e"
        " ON e.person_id = t.person_id"
        " WHERE t.id > {after} AND t.origin = 'pay_run' AND t.to_account = 'paid' ORDER BY t.id"
    ).format(batch=sql.Literal(batch.pk), moves=MOVES, after=sql.Literal(after))
    with whole_tables(), connection.cursor() as cursor:
        cursor.execute(statement)
    ((owing, total),) = rows_of(
        sql.SQL("SELECT count(*), sum(paid) FROM {} WHERE paid > 0").format(MOVES)
    )
    lines = batch.lines.count(), sum(batch.lines.values_list("amount", flat=True))
    if lines != (owing, total or 0):
        raise DomainError(f"{batch} has other lines than it pays; nothing was paid. Report this.")


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
            "recovered": str(contents.recovered),
            "currency": batch.currency,
        },
    )
