"""What people owe, debt by debt: which kind it is, where it came from, what is still open.

A debt is a transfer out of *owed*: a draw, a negative rest that a pay run carried, an opening
balance. What repays it, or writes it off, goes to *owed* and names it (``about``), so each debt has
a rest of its own and the order of repayment can be told.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from psycopg import sql

from incentives.ledger import TABLE
from org.sql import fetch

DRAW = "draw"
"""The component and the earning type of a draw, and of an opening balance that is one."""
OVERPAYMENT = "overpayment"

# Which kind of debt a transfer out of *owed* is; ``{t}`` stands for the ledger's row.
KIND = (
    "CASE WHEN {t}.plan_id IS NULL AND {t}.component = 'draw' THEN 'draws'"
    " WHEN {t}.plan_id IS NULL THEN 'overpayments' ELSE 'differences' END"
)


@dataclass(frozen=True, kw_only=True)
class Debt:
    """One debt that is not repaid yet; ``open`` is what is left of ``amount``."""

    transfer: int
    person: int
    currency: str
    kind: str
    amount: Decimal
    open: Decimal
    cause: str
    at: datetime


def open_debts_query(*, people: sql.Composable, currency: str | None = None) -> sql.Composed:
    """The query for debts that are open, of the people whose ids a query yields.

    Columns: id (of the transfer), person_id, currency, kind, amount, open, cause, recorded_at.
    A repayment that names no debt meets the oldest.
    """
    only = sql.SQL("AND currency = {}").format(sql.Literal(currency)) if currency else sql.SQL("")
    return sql.SQL(
        "WITH about_them AS (SELECT * FROM {table} WHERE 'owed' IN (from_account, to_account)"
        "  AND person_id IN ({people}) {only}),"
        " repaid AS (SELECT about_id, sum(amount) AS amount FROM about_them"
        "  WHERE to_account = 'owed' AND about_id IS NOT NULL GROUP BY about_id),"
        " unnamed AS (SELECT person_id, currency, sum(amount) AS amount FROM about_them"
        "  WHERE to_account = 'owed' AND about_id IS NULL GROUP BY person_id, currency),"
        " debts AS (SELECT d.*, d.amount - coalesce(r.amount, 0) AS rest FROM about_them AS d"
        "  LEFT JOIN repaid AS r ON r.about_id = d.id WHERE d.from_account = 'owed'),"
        " open_ones AS (SELECT d.*, greatest(0, least(d.rest,"
        "   sum(d.rest) OVER (PARTITION BY d.person_id, d.currency ORDER BY d.id)"
        "   - coalesce(u.amount, 0))) AS open"
        "  FROM debts AS d LEFT JOIN unnamed AS u"
        "  ON u.person_id = d.person_id AND u.currency = d.currency)"
        " SELECT t.id, t.person_id, t.currency, {kind} AS kind, t.amount, t.open, t.cause,"
        " t.recorded_at FROM open_ones AS t WHERE t.open > 0"
    ).format(
        table=TABLE,
        people=people,
        only=only,
        kind=sql.SQL(KIND.format(t="t")),
    )


def open_debts(*, person: int, currency: str | None = None) -> list[Debt]:
    """One person's open debts, the oldest first."""
    query = open_debts_query(people=sql.Literal(person), currency=currency)
    names = ("transfer", "person", "currency", "kind", "amount", "open", "cause", "at")
    rows = fetch(query + sql.SQL(" ORDER BY id"))
    return [Debt(**dict(zip(names, row, strict=True))) for row in rows]
