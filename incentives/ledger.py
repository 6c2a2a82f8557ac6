"""The ledger: money moves between accounts and never changes afterwards; balances are sums.

The balance of an account is what came to it less what left it. ``plan`` is outside, so its balance
is minus what was granted; ``owed`` is never above zero, and minus its balance is what the person
owes. Per person and currency, always: granted = held + due + paid + lost - what the person owes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from django.db import connection, transaction
from psycopg import sql

from incentives.models import Account, Transfer
from org.errors import DomainError
from org.models import User
from org.sql import fetch, identifiers

TABLE = sql.Identifier(Transfer._meta.db_table)
CHUNK = 2000

PLAN, HELD, DUE = Account.PLAN, Account.HELD, Account.DUE
OWED, PAID, LOST = Account.OWED, Account.PAID, Account.LOST

# Between which accounts something of an origin moves money.
MOVES: dict[str, frozenset[tuple[str, str]]] = {
    # Plan → lost and back: what expired already, and what a limit does not let wait.
    Transfer.Origin.CALCULATION: frozenset(
        {(PLAN, HELD), (PLAN, DUE), (PLAN, LOST), (HELD, PLAN), (DUE, PLAN), (LOST, PLAN)}
    ),
    # Due → lost: what is payable found no room under the limit of the year; lost → due: there is
    # room again.
    Transfer.Origin.RELEASE: frozenset({(HELD, DUE), (HELD, LOST), (DUE, LOST), (LOST, DUE)}),
    # Owed → due takes over a negative rest, or pays a draw; due → owed gives it back.
    Transfer.Origin.PAY_RUN: frozenset({(OWED, DUE), (DUE, OWED), (DUE, PAID)}),
    Transfer.Origin.REFUSAL: frozenset({(PAID, DUE)}),
    # Due → paid: a cheque. A stop of one person's pay moves nothing (payroll.models.PayStop).
    Transfer.Origin.ADJUSTMENT: frozenset({(PLAN, DUE), (DUE, PLAN), (DUE, PAID)}),
    Transfer.Origin.OPENING: frozenset(
        {(PLAN, PAID), (PLAN, HELD), (PLAN, DUE), (PLAN, LOST), (OWED, PAID)}
    ),
    # Lost → owed writes a debt off; lost → due waives a negative difference; due → lost restores.
    Transfer.Origin.WAIVER: frozenset({(LOST, OWED), (LOST, DUE), (DUE, LOST)}),
}

# What a transfer is about: the earning that it belongs to, down to the part of its schedule.
KEY = ("plan_id", "component", "earning_type", "earned_period_id", "job", "grain", "part")

# What stands in columns that a query does not fill. Ids and dates are null by themselves.
EMPTY: dict[str, sql.Composable] = {
    **{name: sql.SQL("''") for name in ("component", "earning_type", "job", "grain")},
    "condition": sql.SQL("''"),
    "expires": sql.SQL("''"),
    "cause": sql.SQL("''"),
    "part": sql.SQL("0"),
}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One amount of one person to move between two accounts. Keys are row ids; amount above 0."""

    person: int
    currency: str
    from_account: str
    to_account: str
    amount: Decimal
    origin: str
    plan: int | None = None
    component: str = ""
    earning_type: str = ""
    earned_period: int | None = None
    job: str = ""
    grain: str = ""
    part: int = 0
    posted_period: int | None = None
    due_on: date | None = None
    condition: str = ""
    run: int | None = None
    rates: dict[str, Any] | None = None
    change: int | None = None
    about: int | None = None
    cause: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.amount, Decimal) or not self.amount.is_finite() or self.amount <= 0:
            raise DomainError(
                f"A transfer moves an exact amount above zero, and this is {self.amount!r}. To "
                f"take money back, go from “{self.to_account}” to “{self.from_account}”."
            )
        refuse_move(self.origin, self.from_account, self.to_account)


@dataclass(frozen=True, kw_only=True)
class Balance:
    """What one person has in one currency. ``owed`` is what the person owes, so 0 or above."""

    person: int
    currency: str
    granted: Decimal
    held: Decimal
    due: Decimal
    owed: Decimal
    paid: Decimal
    lost: Decimal

    @property
    def holds(self) -> bool:
        """Whether granted = held + due + paid + lost - owed, and the debt is not below nothing."""
        kept = self.held + self.due + self.paid + self.lost - self.owed
        return self.granted == kept and self.owed >= 0


def refuse_move(origin: str, from_account: str, to_account: str) -> None:
    """Raise where something of this origin never moves money between these two accounts."""
    if (from_account, to_account) not in MOVES.get(origin, frozenset()):
        raise DomainError(
            f"A transfer of origin “{origin}” cannot go from “{from_account}” to “{to_account}”."
        )


def post(entries: Iterable[Entry], *, by: User | None, at: datetime) -> int:
    """Write transfers, all or none, and return how many. For few; see :func:`post_select`."""
    written = 0
    with transaction.atomic():
        for chunk in _chunks(entries):
            rows = [_row(entry, by=by, at=at) for entry in chunk]
            written += len(Transfer.objects.bulk_create(rows))
    return written


def post_select(
    select: sql.Composable,
    *,
    by: User | None,
    at: datetime,
    parameters: Mapping[str, Any] | None = None,
) -> int:
    """Write the transfers that a query yields, in one statement, and return how many.

    ``select`` yields columns named as those of the ledger, at least person_id, currency,
    from_account, to_account, amount and origin; other columns of it are empty unless listed by it.
    ``parameters`` fill its named placeholders.
    """
    columns = _columns_of(select, parameters)
    empty = {name: value for name, value in EMPTY.items() if name not in columns}
    values = [*empty.values(), sql.Literal(by.pk if by else None), sql.Literal(at)]
    statement = sql.SQL(
        "WITH posted AS ("
        " INSERT INTO {table} ({added}, {names}) SELECT {values}, {names} FROM ({select}) AS moved"
        " RETURNING origin, from_account, to_account"
        ") SELECT origin, from_account, to_account, count(*) FROM posted GROUP BY 1, 2, 3"
    ).format(
        table=TABLE,
        names=identifiers(columns),
        added=identifiers([*empty, "by_id", "recorded_at"]),
        values=sql.SQL(", ").join(values),
        select=select,
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, parameters or None)
        moves = cursor.fetchall()
        for origin, from_account, to_account, _ in moves:
            refuse_move(origin, from_account, to_account)
    return sum(count for *_, count in moves)


def booked(*, plan: int, earned_period: int, people: sql.Composable | None = None) -> sql.Composed:
    """The query for what calculation itself booked for one plan and period, by full key.

    Columns: person_id, plan_id, component, job, grain, currency, part, earned_period_id, the
    latest earning_type, and amount: granted to *held* or *due*, less what was taken back.
    Adjustments, waivers, releases and payments have origins of their own and are not in it.
    ``people`` narrows it to a query for person ids.
    """
    only = sql.SQL("AND person_id IN ({})").format(people) if people else sql.SQL("")
    return sql.SQL(
        "SELECT person_id, plan_id, component, job, grain, currency, part, earned_period_id,"
        " (array_agg(earning_type ORDER BY id DESC))[1] AS earning_type,"
        " sum(CASE 'plan' WHEN from_account THEN amount WHEN to_account THEN -amount END) AS amount"
        " FROM {table}"
        " WHERE origin = 'calculation' AND plan_id = {plan} AND earned_period_id = {period} {only}"
        " GROUP BY person_id, plan_id, component, job, grain, currency, part, earned_period_id"
    ).format(table=TABLE, plan=sql.Literal(plan), period=sql.Literal(earned_period), only=only)


def account_by_key(account: str, *, people: sql.Composable | None = None) -> sql.Composed:
    """The query for an account's balances by person, currency and :data:`KEY`, zeros left out.

    Columns: person_id, currency, the key's, amount. ``people`` is a query for person ids.
    """
    only = sql.SQL("AND person_id IN ({})").format(people) if people else sql.SQL("")
    return sql.SQL(
        "SELECT person_id, currency, {key},"
        " sum(CASE {account} WHEN to_account THEN amount ELSE -amount END) AS amount"
        " FROM {table} WHERE {account} IN (from_account, to_account) {only}"
        " GROUP BY person_id, currency, {key}"
        " HAVING sum(CASE {account} WHEN to_account THEN amount ELSE -amount END) <> 0"
    ).format(table=TABLE, key=identifiers(KEY), account=sql.Literal(str(account)), only=only)


def balance_query(*, people: sql.Composable | None = None) -> sql.Composed:
    """The query for person_id, currency and the six balances, granted and owed turned positive."""
    only = sql.SQL("WHERE person_id IN ({})").format(people) if people else sql.SQL("")
    sums = {account: _account_sum(account) for account in Account.values}
    return sql.SQL(
        "SELECT person_id, currency, -({plan}) AS granted, {held} AS held, {due} AS due,"
        " -({owed}) AS owed, {paid} AS paid, {lost} AS lost"
        " FROM {table} {only} GROUP BY person_id, currency"
    ).format(table=TABLE, only=only, **sums)


def balances(*, person: int | None = None) -> list[Balance]:
    """Each person's balances, or one person's: a row per currency."""
    query = balance_query(people=None if person is None else sql.Literal(person))
    rows = fetch(query + sql.SQL(" ORDER BY person_id, currency"))
    names = ("person", "currency", "granted", "held", "due", "owed", "paid", "lost")
    return [Balance(**dict(zip(names, row, strict=True))) for row in rows]


def check_identity() -> list[Balance]:
    """Those whose balances do not add up, or who owe less than nothing: none, always."""
    query = sql.SQL(
        "SELECT DISTINCT person_id FROM ({}) AS b"
        " WHERE granted <> held + due + paid + lost - owed OR owed < 0"
    ).format(balance_query())
    return [b for (person,) in fetch(query) for b in balances(person=person) if not b.holds]


def _account_sum(account: str) -> sql.Composed:
    return sql.SQL(
        "sum(CASE {account} WHEN to_account THEN amount WHEN from_account THEN -amount ELSE 0 END)"
    ).format(account=sql.Literal(str(account)))


def _columns_of(select: sql.Composable, parameters: Mapping[str, Any] | None) -> list[str]:
    """The names of a query's columns, asked of the database without running it."""
    probe = sql.SQL("SELECT * FROM ({}) AS moved LIMIT 0").format(select)
    with connection.cursor() as cursor:
        cursor.execute(probe, parameters or None)
        return [column.name for column in cursor.description]


def _chunks(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    waiting = iter(entries)
    while chunk := list(islice(waiting, CHUNK)):
        yield chunk


def _row(entry: Entry, *, by: User | None, at: datetime) -> Transfer:
    return Transfer(
        person_id=entry.person,
        currency=entry.currency,
        from_account=entry.from_account,
        to_account=entry.to_account,
        amount=entry.amount,
        origin=entry.origin,
        plan_id=entry.plan,
        component=entry.component,
        earning_type=entry.earning_type,
        earned_period_id=entry.earned_period,
        job=entry.job,
        grain=entry.grain,
        part=entry.part,
        posted_period_id=entry.posted_period,
        due_on=entry.due_on,
        condition=entry.condition,
        run_id=entry.run,
        rates=entry.rates,
        change_id=entry.change,
        about_id=entry.about,
        cause=entry.cause,
        by=by,
        recorded_at=at,
    )
