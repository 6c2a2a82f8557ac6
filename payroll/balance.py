"""One person's accounts: what stands where, which debts are open, and how all of it came about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from incentives.debts import Debt, open_debts
from incentives.ledger import Balance, balances
from incentives.models import Transfer
from org.currencies import places
from org.dates import NEVER
from org.models import Person
from org.sql import fetch
from payroll.models import PayLine, PayStop

# What a move between two accounts means, and of a waiver those that a release makes, too.
WORDS: dict[tuple[str, str], str] = {
    ("plan", "due"): "earned",
    ("plan", "held"): "earned, held",
    ("plan", "paid"): "earned and paid before",
    ("plan", "lost"): "earned and forfeited",
    ("held", "due"): "released",
    ("held", "lost"): "expired",
    ("held", "plan"): "taken back from what is held",
    ("due", "plan"): "taken back",
    ("due", "held"): "held back",
    ("due", "owed"): "repays a debt",
    ("due", "paid"): "paid",
    ("due", "lost"): "lost under the limit of the year",
    ("owed", "due"): "becomes a debt",
    ("owed", "paid"): "owed from before",
    ("paid", "due"): "refused by payroll",
    ("lost", "owed"): "written off",
    ("lost", "due"): "given back under the limit of the year",
}
WAIVED = {("due", "lost"): "restores what was waived", ("lost", "due"): "waived"}


@dataclass(frozen=True, kw_only=True)
class Step:
    """One transfer, in words and figures; ``line`` and ``batch`` where a file paid it.

    ``replaces`` is the line that payroll refused and this one pays anew.
    """

    id: int
    at: datetime
    what: str
    from_account: str
    to_account: str
    amount: Decimal
    currency: str
    origin: str
    plan: str
    component: str
    earned: str
    due_on: date | None
    condition: str
    cause: str
    by: str
    line: int | None
    replaces: int | None
    batch: str


@dataclass(frozen=True, kw_only=True)
class Hold:
    """What is held of one earning, and what it waits for; ``amount`` is what is left of it."""

    plan: str
    component: str
    earned: str
    amount: Decimal
    due_on: date | None
    condition: str
    expires: str


@dataclass(frozen=True, kw_only=True)
class Account:
    """A person's accounts in one currency, what waits, debts and history included."""

    balance: Balance
    holds: list[Hold]
    debts: list[Debt]
    history: list[Step]


@dataclass(frozen=True, kw_only=True)
class Statement:
    """All that a person has, by currency; ``stopped`` says why nothing is paid, or is empty."""

    person: Person
    stopped: str
    accounts: list[Account]


def statement(*, person: Person) -> Statement:
    """What one person has, owes and has been paid, in every currency."""
    stopped = PayStop.objects.filter(person=person, superseded_at=NEVER).first()
    steps = list(_steps(person))
    accounts = [
        Account(
            balance=balance,
            holds=holds_of(person, balance.currency) if balance.held else [],
            debts=open_debts(person=person.pk, currency=balance.currency),
            history=[step for step in steps if step.currency == balance.currency],
        )
        for balance in balances(person=person.pk)
    ]
    return Statement(person=person, stopped=stopped.reason if stopped else "", accounts=accounts)


# What is held by what it waits for: a day, a condition, or both with an expiry.
HOLDS = """
    SELECT coalesce(plan.code, ''), t.component, coalesce(earned.code, ''),
           sum(CASE WHEN t.to_account = 'held' THEN t.amount ELSE -t.amount END),
           t.due_on, t.condition, t.expires
    FROM incentives_transfer AS t
    LEFT JOIN incentives_plan AS plan ON plan.id = t.plan_id
    LEFT JOIN org_period AS earned ON earned.id = t.earned_period_id
    WHERE t.person_id = %s AND t.currency = %s AND 'held' IN (t.from_account, t.to_account)
    GROUP BY plan.code, t.component, earned.code, earned.valid_from, t.due_on, t.condition,
             t.expires
    HAVING sum(CASE WHEN t.to_account = 'held' THEN t.amount ELSE -t.amount END) <> 0
    ORDER BY t.due_on, earned.valid_from, plan.code, t.component
"""


def holds_of(person: Person, currency: str) -> list[Hold]:
    """What of a person's earnings is held now, and what it waits for."""
    names = ("plan", "component", "earned", "amount", "due_on", "condition", "expires")
    rows = fetch(HOLDS, [person.pk, currency])
    return [Hold(**dict(zip(names, row, strict=True))) for row in rows]


def _steps(person: Person) -> Iterator[Step]:
    lines = PayLine.objects.filter(person=person)
    lines = lines.select_related("batch__pay_group", "batch__period")
    by_transfer = {line.transfer_id: line for line in lines}
    moves = Transfer.objects.filter(person=person).order_by("id")
    for t in moves.select_related("plan", "earned_period", "by"):
        line = by_transfer.get(t.pk)
        yield Step(
            id=t.pk,
            at=t.recorded_at,
            what=_what(t, line),
            from_account=t.from_account,
            to_account=t.to_account,
            amount=t.amount,
            currency=t.currency,
            origin=t.origin,
            plan=t.plan.code if t.plan else "",
            component=t.component,
            earned=t.earned_period.code if t.earned_period else "",
            due_on=t.due_on,
            condition=t.condition,
            cause=t.cause,
            by=t.by.get_username() if t.by else "",
            line=line.pk if line else None,
            replaces=line.replaces_id if line else None,
            batch=str(line.batch) if line else "",
        )


def _what(t: Transfer, line: PayLine | None) -> str:
    words = WORDS | WAIVED if t.origin == Transfer.Origin.WAIVER else WORDS
    said = words.get((t.from_account, t.to_account), f"{t.from_account} to {t.to_account}")
    if (t.from_account, t.to_account) == ("owed", "due") and t.component == "draw":
        return "advanced as a draw"
    if (t.from_account, t.to_account) == ("due", "paid"):
        again = f", which replaces line {line.replaces_id}" if line and line.replaces_id else ""
        return f"paid by line {line.pk}{again}" if line else "paid outside"
    if t.origin == Transfer.Origin.ADJUSTMENT and "plan" in (t.from_account, t.to_account):
        return "adjusted" if t.from_account == "plan" else "adjusted, taken back"
    return said


# -- as text and as JSON --------------------------------------------------------------------------


def as_text(found: Statement) -> Iterator[str]:
    """A statement line by line, for people."""
    yield f"{found.person} ({found.person.code})"
    if found.stopped:
        yield f"Nothing is paid: stopped. {found.stopped}"
    if not found.accounts:
        yield "Nothing has been earned, paid or lent yet."
    for account in found.accounts:
        yield from _account_text(account)


def _account_text(account: Account) -> Iterator[str]:
    b = account.balance
    money = _Money(b.currency)
    yield ""
    yield f"{b.currency}: granted {money(b.granted)} = {_where(b, money)}"
    for hold in account.holds:
        yield f"  holds {money(hold.amount)}{_about(hold)}"
    for debt in account.debts:
        yield f"  owes {money(debt.open)} of {money(debt.amount)} ({debt.kind}): {debt.cause}"
    yield "  history:"
    for step in account.history:
        yield f"    {step.at:%Y-%m-%d} {money(step.amount):>14}  {step.what}{_told(step)}"


def _where(b: Balance, money: _Money) -> str:
    parts = [f"{name} {money(getattr(b, name))}" for name in ("held", "due", "paid", "lost")]
    return f"{' + '.join(parts)} − owed {money(b.owed)}"


def _told(step: Step) -> str:
    said = f". {step.cause}" if step.cause else ""
    by = f" [{step.by}]" if step.by else ""
    return f"{_about(step)}{said}{by}"


def _about(row: Step | Hold) -> str:
    """`` (plan.component 2026-06, due on …)``: the earning, and what it waits for."""
    what = ".".join(filter(None, [row.plan, row.component]))
    parts = [
        " ".join(filter(None, [what, row.earned])),
        f"due on {row.due_on}" if row.due_on else "",
        f"when {row.condition}" if row.condition else "",
        f"expires {row.expires}" if isinstance(row, Hold) and row.expires else "",
    ]
    text = ", ".join(filter(None, parts))
    return f" ({text})" if text else ""


@dataclass(frozen=True)
class _Money:
    """Writes amounts with the decimals of a currency."""

    currency: str

    def __call__(self, amount: Decimal) -> str:
        return f"{amount:,.{places(self.currency)}f}"


def as_json(found: Statement) -> dict[str, Any]:
    """A statement as plain data: amounts as exact text, days and moments in ISO 8601."""
    return {
        "person": found.person.code,
        "name": found.person.name,
        "stopped": found.stopped,
        "accounts": [_account_json(account) for account in found.accounts],
    }


def _account_json(account: Account) -> dict[str, Any]:
    balance = {k: v for k, v in _plain(account.balance).items() if k != "person"}
    debts = [{k: v for k, v in _plain(d).items() if k != "person"} for d in account.debts]
    holds = [_plain(hold) for hold in account.holds]
    return {
        **balance,
        "holds": holds,
        "debts": debts,
        "history": [_plain(step) for step in account.history],
    }


def _plain(row: Any) -> dict[str, Any]:
    return {name: _text(value) for name, value in asdict(row).items()}


def _text(value: Any) -> Any:
    if isinstance(value, Decimal):
        text = f"{value:f}"
        whole, _, rest = text.partition(".")
        return f"{whole}.{rest.rstrip('0'):0<2}"
    return value.isoformat() if isinstance(value, date) else value
