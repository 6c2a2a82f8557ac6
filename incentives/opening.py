"""Opening balances: what an older system had granted, paid and lent by the day of the change.

Each line of the file is a transfer of its own. What was paid goes plan → paid, under the plan, the
component and the period in which it was earned, so that figures to date go on from it; what is owed
goes owed → paid, as the debt that it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from incentives.adjust import period_reader
from incentives.by_hand import tenant_currency, trouble
from incentives.currencies import refuse_unknown
from incentives.debts import DRAW, OVERPAYMENT
from incentives.ledger import Entry, post
from incentives.models import Component, Plan, PlanPeriod, Transfer
from org import audit, locks
from org.errors import DomainError
from org.models import Period, Person, User
from org.tabular import Line, Problems, known, read_day, read_number, read_table
from org.two_people import refuse_alone, refuse_own_pay

COLUMNS = (
    *("person", "account", "amount", "plan", "component", "period"),
    *("earning_type", "job", "currency", "due_on", "note"),
)
ACCOUNTS = ("paid", "held", "due", "lost", "owed")
NEEDED = ("plan", "component", "period")


@dataclass(frozen=True, kw_only=True)
class Opened:
    """What a file brought: how many balances are new, and how many were there already."""

    new: int
    known: int
    by_account: tuple[tuple[str, Decimal], ...]


def open_balances(
    *, content: bytes, file: str, by: User | None, approved_by: User | None, at: datetime
) -> Opened:
    """Book the opening balances of a CSV file, all or none; the same line again changes nothing.

    Refused by line: an unknown person, plan, component or period, a period that is final here (what
    it earned is booked already), and another amount for a balance that was opened before.
    """
    refuse_alone(by, approved_by, what="Opening balances")
    assert approved_by is not None
    with transaction.atomic():
        locks.hold_engine()  # no period becomes final between the look at it and the booking
        locks.exclude([locks.PAY_RUN])
        entries = _read(content, file)
        refuse_unknown({entry.currency for entry in entries})
        refuse_own_pay(approved_by, [e.person for e in entries], what="stands in this file")
        before = _opened_before()
        new = [e for e in entries if _key(e) not in before]
        if new:
            audit.record(
                action="opening balances",
                subject=f"{file}: {len(new)} balances",
                by=by,
                at=at,
                detail={
                    "approved_by": approved_by.get_username(),
                    "sha256": hashlib.sha256(content).hexdigest(),
                    "file": file,
                },
            )
            post(new, by=by, at=at)
    return Opened(new=len(new), known=len(entries) - len(new), by_account=_sums(new))


def _sums(entries: list[Entry]) -> tuple[tuple[str, Decimal], ...]:
    sums: dict[str, Decimal] = {}
    for entry in entries:
        account = "owed" if entry.from_account == "owed" else entry.to_account
        sums[account] = sums.get(account, Decimal(0)) + entry.amount
    return tuple(sorted(sums.items()))


# What makes a balance the same one; its amount must then be the same, too.
def _key(entry: Entry) -> tuple[Any, ...]:
    where = (entry.person, entry.currency, entry.from_account, entry.to_account)
    what = (entry.plan, entry.component, entry.earned_period, entry.job, entry.due_on)
    return (*where, *what)


def _opened_before() -> dict[tuple[Any, ...], Decimal]:
    names = ("person_id", "currency", "from_account", "to_account")
    what = ("plan_id", "component", "earned_period_id", "job", "due_on")
    rows = Transfer.objects.filter(origin=Transfer.Origin.OPENING)
    return {tuple(key): amount for *key, amount in rows.values_list(*names, *what, "amount")}


def _read(content: bytes, file: str) -> list[Entry]:
    lines = read_table(content, file=file, columns=COLUMNS, required=COLUMNS[:3])
    problems = Problems(file)
    read = _Reader(file)
    before = _opened_before()
    found: dict[tuple[Any, ...], Entry] = {}
    first: dict[tuple[Any, ...], int] = {}
    for line in lines:
        entry = read(line, problems)
        if entry is None:
            continue
        key = _key(entry)
        if key in found:
            problems.add(line, f"is the same balance as line {first[key]}. Add them up in one.")
        elif key in before and before[key] != entry.amount:
            problems.add(
                line,
                f"was opened with {before[key]:,.2f}, and is {entry.amount:,.2f} here. An opening "
                "balance stays; correct it by an adjustment.",
            )
        found.setdefault(key, entry)
        first.setdefault(key, line.number)
    problems.refuse_if_any()
    return list(found.values())


class _Reader:
    """Reads lines of opening balances, with the codes of everything read once."""

    def __init__(self, file: str) -> None:
        self.file = file
        people = dict(Person.objects.values_list("code", "id"))
        self.plans: dict[str, Plan | None] = {"": None}
        self.plans |= {plan.code: plan for plan in Plan.objects.select_related("calendar")}
        self.person = known("person", people, "People come in by people.csv.")
        self.account = known("account", {name: name for name in ACCOUNTS}, "")
        self.plan = known("plan", self.plans, "Plans stand in the tenant file.")
        self.period = period_reader()
        self.types: dict[tuple[int, str], str] = {
            (plan, name): earning_type
            for plan, name, earning_type in Component.objects.order_by(
                "version__in_force"
            ).values_list("version__plan", "name", "earning_type")
        }
        self.final = set(
            PlanPeriod.objects.filter(final_at__isnull=False).values_list("plan", "period")
        )
        self.currency = tenant_currency()

    def __call__(self, line: Line, problems: Problems) -> Entry | None:
        person = problems.read(line, "person", self.person)
        account = problems.read(line, "account", self.account)
        amount = problems.read(line, "amount", read_number)
        plan = problems.read(line, "plan", self.plan)
        period = problems.read(line, "period", self._period_of(plan))
        due_on = problems.read(line, "due_on", lambda text: read_day(text) if text else None)
        if person is None or account is None or amount is None:
            return None
        currency = line["currency"] or (plan.currency if plan else "") or self.currency
        if sentence := trouble(amount, currency):
            problems.add(line, f"amount: {sentence}")
            return None
        component, earning_type = self._component(line, account, plan, problems)
        self._check(line, account, plan, period, problems)
        return Entry(
            person=person,
            currency=currency,
            from_account="owed" if account == "owed" else "plan",
            to_account="paid" if account == "owed" else account,
            amount=amount,
            origin=Transfer.Origin.OPENING,
            plan=plan.pk if plan else None,
            component=component,
            earning_type=earning_type,
            earned_period=period.pk if period else None,
            job=line["job"],
            due_on=due_on,
            cause=f"Opening balance ({self.file}): {line['note'] or account}"[:500],
        )

    def _period_of(self, plan: Plan | None) -> Callable[[str], Period | None]:
        def read(code: str) -> Period | None:
            if not code:
                return None
            named = code if plan is None or ":" in code else f"{plan.calendar.code}:{code}"
            found: Period = self.period(named)
            if plan is not None and found.calendar_id != plan.calendar_id:
                raise DomainError(
                    f"{found} is no period of the plan {plan.code}, which goes by the calendar "
                    f"{plan.calendar.code}."
                )
            return found

        return read

    def _component(
        self, line: Line, account: str, plan: Plan | None, problems: Problems
    ) -> tuple[str, str]:
        """The component and its earning type; a debt is a draw or an overpayment."""
        name = line["component"]
        if plan is not None:
            names = {c: t for (p, c), t in self.types.items() if p == plan.pk}
            hint = f"The plan {plan.code} has no other."
            earning_type = problems.read(line, "component", known("component", names, hint))
            return name, line["earning_type"] or earning_type or ""
        if account == "owed":
            kinds = {kind: kind for kind in (DRAW, OVERPAYMENT)}
            hint = "What is owed is one of them, or names a plan and its component."
            problems.read(line, "component", known("debt", kinds, hint))
            return name, line["earning_type"] or name
        return name, line["earning_type"]

    def _check(
        self,
        line: Line,
        account: str,
        plan: Plan | None,
        period: Period | None,
        problems: Problems,
    ) -> None:
        if account != "owed":
            missing = [name for name in NEEDED if not line[name]]
            if missing:
                problems.add(
                    line,
                    f"{account} needs {', '.join(missing)}: an earning belongs to a plan, one of "
                    "its components and the period in which it was earned.",
                )
        if account == "held" and not line["due_on"]:
            problems.add(
                line,
                "held needs due_on, the day on which it becomes payable: nothing else would ever"
                " let it go.",
            )
        if plan is not None and period is not None and (plan.pk, period.pk) in self.final:
            problems.add(
                line,
                f"{period} of {plan.code} is final here, so what it earned is booked already. An "
                "opening balance is for the periods before; use an adjustment for this one.",
            )
