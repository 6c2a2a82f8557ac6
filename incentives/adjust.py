"""Manual adjustments: earnings of their own, never part of what calculation says should be.

Each is asked for by one person and approved by another, and names the audit entry with its reason:
its grain is "adjustment 12", or "adjustment 12/3" for the third line of a file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from incentives.by_hand import in_words, tenant_currency, trouble
from incentives.currencies import refuse_unknown
from incentives.ledger import Entry, post
from incentives.models import Plan, Transfer
from org import audit, locks
from org.errors import DomainError
from org.models import AuditEntry, Period, Person, User
from org.tabular import Line, Problems, known, read_number, read_table
from org.two_people import refuse_alone, refuse_own_pay

COMPONENT = "adjustment"
COLUMNS = ("person", "amount", "period", "reason", "earning_type", "plan", "currency")
LONGEST_TYPE = 60


@dataclass(frozen=True, kw_only=True)
class Adjustment:
    """An amount for one person and period, below zero to take back; no currency: the tenant's."""

    person: Person
    amount: Decimal
    period: Period
    reason: str
    earning_type: str = COMPONENT
    plan: Plan | None = None
    currency: str = ""


def adjust(
    *,
    adjustments: Sequence[Adjustment],
    by: User | None,
    approved_by: User | None,
    at: datetime,
    detail: dict[str, Any] | None = None,
) -> AuditEntry:
    """Book adjustments, all or none: to *due*, or out of it where they are below zero.

    Refuses one person alone, an approver whose own pay is among them, a missing reason, and amounts
    that payroll could not pay.
    """
    refuse_alone(by, approved_by, what="An adjustment")
    assert approved_by is not None
    own = tenant_currency()
    refuse_unknown({a.currency or own for a in adjustments})
    problems = [s for a in adjustments if (s := _problem(a, a.currency or own))]
    if problems:
        raise DomainError("The adjustment cannot be booked.", tuple(problems))
    refuse_own_pay(approved_by, [a.person.pk for a in adjustments], what="is adjusted")
    with transaction.atomic():
        locks.exclude([locks.PAY_RUN])
        entry = audit.record(
            action="adjust",
            subject=_subject(adjustments, own),
            by=by,
            at=at,
            reason=adjustments[0].reason if len(adjustments) == 1 else "",
            detail={"approved_by": approved_by.get_username(), **(detail or {})},
        )
        single = len(adjustments) == 1
        entries = [
            _entry(a, own, f"{entry.pk}" if single else f"{entry.pk}/{number}", approved_by)
            for number, a in enumerate(adjustments, start=1)
        ]
        post(entries, by=by, at=at)
    return entry


def adjust_from_file(
    *, content: bytes, file: str, by: User | None, approved_by: User | None, at: datetime
) -> int:
    """Book the adjustments of a CSV file, all or none, and return how many.

    The same file a second time is refused: it would pay twice.
    """
    digest = hashlib.sha256(content).hexdigest()
    with transaction.atomic():
        locks.exclude([locks.PAY_RUN])
        before = AuditEntry.objects.filter(action="adjust", detail__sha256=digest).first()
        if before is not None:
            raise DomainError(
                f"{file} was booked already, by {before.by} on {before.at:%Y-%m-%d}. To pay the "
                "same again, say so in its reasons, so that it is another file."
            )
        found = _read(content, file)
        detail = {"sha256": digest, "file": file, "lines": len(found)}
        adjust(adjustments=found, by=by, approved_by=approved_by, at=at, detail=detail)
    return len(found)


def _problem(a: Adjustment, currency: str) -> str:
    who = f"{a.person} ({a.person.code}), {a.period.code}"
    if not a.reason.strip():
        return f"{who}: it needs a reason, which stays with the money."
    if not a.earning_type or len(a.earning_type) > LONGEST_TYPE:
        return f"{who}: an earning type has 1 to {LONGEST_TYPE} characters."
    if sentence := trouble(a.amount, currency, signed=True):
        return f"{who}: {sentence}"
    return ""


def _subject(adjustments: Sequence[Adjustment], own: str) -> str:
    if len(adjustments) > 1:
        return f"{len(adjustments)} people's adjustments"
    (a,) = adjustments
    return f"{a.person} ({a.person.code}), {a.period.code}: {in_words(a.amount, a.currency or own)}"


def _entry(a: Adjustment, own: str, number: str, approved_by: User) -> Entry:
    there = ("plan", "due") if a.amount > 0 else ("due", "plan")
    cause = f"Adjustment {number}, approved by {approved_by.get_username()}: {a.reason.strip()}"
    return Entry(
        person=a.person.pk,
        currency=a.currency or own,
        from_account=there[0],
        to_account=there[1],
        amount=abs(a.amount),
        origin=Transfer.Origin.ADJUSTMENT,
        plan=a.plan.pk if a.plan else None,
        component=COMPONENT,
        earning_type=a.earning_type,
        earned_period=a.period.pk,
        grain=f"{COMPONENT} {number}",
        posted_period=a.period.pk,
        cause=cause[:500],
    )


def _read(content: bytes, file: str) -> list[Adjustment]:
    lines = read_table(content, file=file, columns=COLUMNS, required=COLUMNS[:4])
    problems = Problems(file)
    read = _Reader()
    found = [read(line, problems) for line in lines]
    problems.refuse_if_any()
    return [one for one in found if one is not None]


class _Reader:
    """Reads lines of adjustments, with the codes of people, plans and periods read once."""

    def __init__(self) -> None:
        people = {person.code: person for person in Person.objects.all()}
        plans: dict[str, Plan | None] = {plan.code: plan for plan in Plan.objects.all()}
        self.person = known("person", people, "People come in by people.csv.")
        self.plan = known("plan", {"": None, **plans}, "Plans stand in the tenant file.")
        self.period = period_reader()

    def __call__(self, line: Line, problems: Problems) -> Adjustment | None:
        person = problems.read(line, "person", self.person)
        amount = problems.read(line, "amount", read_number)
        period = problems.read(line, "period", self.period)
        plan = problems.read(line, "plan", self.plan)
        if person is None or amount is None or period is None:
            return None
        return Adjustment(
            person=person,
            amount=amount,
            period=period,
            reason=line["reason"],
            earning_type=line["earning_type"] or COMPONENT,
            plan=plan,
            currency=line["currency"],
        )


def period_reader() -> Any:
    """A reader of period codes: ``2026-06``, or ``monthly:2026-06`` where several have it."""
    periods: dict[str, list[Period]] = {}
    for period in Period.objects.select_related("calendar"):
        periods.setdefault(period.code, []).append(period)
        periods.setdefault(f"{period.calendar.code}:{period.code}", []).append(period)
    find = known("period", periods, "Periods come with calendars, in the tenant file.")

    def read(code: str) -> Period:
        found = find(code)
        if len(found) > 1:
            which = ", ".join(f"{period.calendar.code}:{code}" for period in found)
            raise DomainError(f"“{code}” is a period of several calendars. Write one of: {which}.")
        return found[0]

    return read
