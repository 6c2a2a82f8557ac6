"""Writing the file of an approved batch: checked, counted, hashed, and once unless asked again."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Sum

from incentives.models import Transfer
from org import audit, locks
from org.errors import DomainError
from org.models import User
from payroll.models import PayBatch, PayFile, PayLine, PayrollProfile
from payroll.moves import last_day, pay_day
from payroll.profile import Profile
from payroll.render import Line, render

LINE_FIELDS = (
    "person__code",
    "person__name",
    "employment__payroll_id",
    "employment__company",
    "earning_type",
    "amount",
    "earned_period__code",
    "earned_period__valid_from",
    "earned_period__valid_to",
)


def write_file(
    *,
    batch: PayBatch,
    profile: PayrollProfile,
    by: User | None,
    at: datetime,
    reissue: bool = False,
    seen: int | None = None,
) -> PayFile:
    """Write a batch's lines as a profile says and keep the file with its hash and totals.

    Refused with a list of problems where the layout cannot carry a line, and where the batch has
    a file already: one that payroll reads twice can pay twice. ``reissue`` writes another file of
    the same lines, and names the one that it replaces. ``seen``: the latest file when it was asked
    for; with a newer one it is refused, as after a second click.
    """
    with transaction.atomic():
        locks.exclude([locks.PAY_RUN])
        before = _latest_file(batch, reissue=reissue, seen=seen)
        _refuse_refused(batch)
        lines = _lines_of(batch)
        layout = Profile.parse(profile.spec, code=profile.code)
        file = render(layout, lines, batch_fields(batch))
        _refuse_other_total(batch, file.total)
        written = PayFile.objects.create(
            batch=batch,
            profile=profile,
            name=file.name,
            content=file.content,
            sha256=hashlib.sha256(file.content).hexdigest(),
            rows=file.rows,
            total=file.total,
            written_at=at,
            by=by,
            reissue_of=before,
        )
        _note(written, by=by, at=at)
    return written


def batch_fields(batch: PayBatch) -> dict[str, Any]:
    """What files may say about a batch (``payroll.schema.BATCH_FIELDS``)."""
    period = batch.period
    return {
        "batch": batch.number,
        "off_cycle": off_cycle(batch.number),
        "pay_group": batch.pay_group.code,
        "period": period.code,
        "period_start": period.valid_from,
        "period_end": last_day(period),
        "pay_date": pay_day(batch),
        "frequency": batch.pay_group.calendar.kind,
        "currency": batch.currency,
        "tenant": batch.tenant.code,
    }


def off_cycle(number: int) -> str:
    """Nothing for the first batch of a period, then B, C, … Z, 27, …: it tells ids apart."""
    if number == 1:
        return ""
    return chr(ord("A") + number - 1) if number <= 26 else str(number)


def _latest_file(batch: PayBatch, *, reissue: bool, seen: int | None) -> PayFile | None:
    before = batch.files.order_by("-id").first()
    if before is not None and reissue and seen is not None and before.pk != seen:
        raise DomainError(
            f"{batch} was written once more meanwhile, as “{before.name}”. Take that one, or look"
            " at it and ask again."
        )
    if before is not None and not reissue:
        raise DomainError(
            f"{batch} has left as “{before.name}” on {before.written_at:%Y-%m-%d} (SHA-256 "
            f"{before.sha256[:12]}…). A file that payroll reads twice can pay twice: to write the "
            "same lines once more, ask for it with --reissue, and tell payroll."
        )
    return before


def _refuse_refused(batch: PayBatch) -> None:
    """A line that payroll refused is paid anew by another: its file must not be read again."""
    refused = Transfer.objects.filter(origin=Transfer.Origin.REFUSAL).values("about")
    lines = PayLine.objects.filter(batch=batch, transfer__in=refused).select_related("person")
    if lines:
        names = ", ".join(sorted({f"{line.person} ({line.person.code})" for line in lines}))
        raise DomainError(
            f"{batch} holds lines that payroll refused, of {names}: written once more, its file "
            "could pay them twice. The next batch pays them anew."
        )


def _lines_of(batch: PayBatch) -> list[Line]:
    if batch.status != PayBatch.Status.APPROVED:
        raise DomainError(f"{batch} is a draft and has no lines; somebody must approve it first.")
    rows = PayLine.objects.filter(batch=batch).order_by("id").values_list(*LINE_FIELDS)
    lines = [_line(*row) for row in rows.iterator()]
    if not lines:
        raise DomainError(f"{batch} pays nobody, so it has no file.")
    return lines


def _line(
    person: str,
    name: str,
    payroll_id: str,
    company: str,
    earning_type: str,
    amount: Decimal,
    period: str | None,
    start: Any,
    end: Any,
) -> Line:
    return Line(
        person=person,
        name=name,
        payroll_id=payroll_id,
        company=company,
        earning_type=earning_type,
        amount=amount,
        earned_period=period or "",
        earned_start=start,
        earned_end=end and end - timedelta(days=1),
    )


def _refuse_other_total(batch: PayBatch, total: Decimal) -> None:
    owed = batch.lines.aggregate(total=Sum("amount"))["total"]
    if total != owed:
        raise DomainError(
            f"The file adds up to {total} and the lines of {batch} to {owed}; it was not written."
        )


def _note(file: PayFile, *, by: User | None, at: datetime) -> None:
    audit.record(
        action="payroll.reissue" if file.reissue_of_id else "payroll.write",
        subject=str(file.batch),
        by=by,
        at=at,
        detail={
            "file": file.name,
            "sha256": file.sha256,
            "rows": file.rows,
            "total": str(file.total),
            "profile": file.profile.code,
        },
    )
