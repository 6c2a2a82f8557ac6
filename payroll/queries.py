"""What a pay run would move, and who waits: set-based reads of the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from psycopg import sql

from incentives.ledger import KEY, account_by_key
from incentives.models import Account
from org.models import PayGroup, Period
from org.sql import NEVER
from payroll.models import PayBatch


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What a batch pays, in its currency; ``carried`` and ``recovered`` are debts made and met."""

    people: int
    lines: int
    total: Decimal
    by_earning_type: tuple[tuple[str, Decimal], ...]
    carried: Decimal
    recovered: Decimal

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to pay, to carry and to recover."""
        return not (self.lines or self.carried or self.recovered)


def business_day(period: Period) -> date:
    """The day on which employments decide who pays whom: the pay date, else the last day."""
    return period.pay_date or last_day(period)


def last_day(period: Period) -> date:
    """The last day of a period, in."""
    return period.valid_to - timedelta(days=1)


def employments_on(day: date) -> sql.Composed:
    """The query for each person's paying employment: in force on a day, else the last before it.

    Columns: id, person_id, payroll_id, pay_group_id. Who only begins later is paid by the first.
    """
    return sql.SQL(
        "SELECT DISTINCT ON (person_id) id, person_id, payroll_id, pay_group_id"
        " FROM org_employment WHERE superseded_at = {never}"
        " ORDER BY person_id, CASE WHEN valid_from <= {day} THEN valid_from END DESC NULLS LAST,"
        " valid_from"
    ).format(day=sql.Literal(day), never=sql.SQL(NEVER))


def moves_query(*, pay_group: PayGroup, day: date, currency: str) -> sql.Composed:
    """The query for what the pay rule does with each key that people of a group have in *due*.

    Columns: person_id, currency, the key's, employment_id, payroll_id, and three amounts of which
    the last two add up to a positive due: ``carried`` (a negative rest that becomes a debt),
    ``recovered`` (kept back for the debt, the oldest earning first) and ``paid``.
    """
    return sql.SQL(
        "WITH payees AS (SELECT * FROM ({employments}) AS e WHERE pay_group_id = {group}),"
        " debts AS (SELECT person_id, -sum(amount) AS owes FROM ({owed}) AS o"
        "  WHERE currency = {currency} GROUP BY person_id),"
        " keys AS (SELECT d.*, e.id AS employment_id, e.payroll_id, p.valid_from AS earned_from,"
        "  greatest(d.amount, 0) AS payable, greatest(-d.amount, 0) AS carried"
        "  FROM ({due}) AS d JOIN payees AS e ON e.person_id = d.person_id"
        "  LEFT JOIN org_period AS p ON p.id = d.earned_period_id WHERE d.currency = {currency}),"
        " rests AS (SELECT k.*, sum(carried) OVER person + coalesce(o.owes, 0) AS debt,"
        "  sum(payable) OVER older - payable AS before"
        "  FROM keys AS k LEFT JOIN debts AS o ON o.person_id = k.person_id"
        "  WINDOW person AS (PARTITION BY k.person_id),"
        "  older AS (PARTITION BY k.person_id ORDER BY earned_from NULLS FIRST, plan_id,"
        "   component, earning_type, job, grain, part ROWS UNBOUNDED PRECEDING)),"
        " settled AS (SELECT r.*, greatest(0, least(payable, debt - before)) AS recovered"
        "  FROM rests AS r)"
        " SELECT person_id, currency, {key}, employment_id, payroll_id, carried, recovered,"
        "  payable - recovered AS paid FROM settled"
    ).format(
        employments=employments_on(day),
        group=sql.Literal(pay_group.pk),
        owed=account_by_key(Account.OWED),
        due=account_by_key(Account.DUE),
        currency=sql.Literal(currency),
        key=sql.SQL(", ").join(map(sql.Identifier, KEY)),
    )


def contents_of(moves: sql.Composable) -> Contents:
    """What a query (or table) of moves comes to."""
    (people, lines, total, carried, recovered) = rows_of(
        sql.SQL(
            "SELECT count(DISTINCT person_id) FILTER (WHERE paid > 0),"
            " count(*) FILTER (WHERE paid > 0), coalesce(sum(paid), 0),"
            " coalesce(sum(carried), 0), coalesce(sum(recovered), 0) FROM {} AS m"
        ).format(moves)
    )[0]
    types = rows_of(
        sql.SQL(
            "SELECT earning_type, sum(paid) FROM {} AS m WHERE paid > 0 GROUP BY 1 ORDER BY 1"
        ).format(moves)
    )
    return Contents(
        people=people,
        lines=lines,
        total=total,
        by_earning_type=tuple(types),
        carried=carried,
        recovered=recovered,
    )


def preview(batch: PayBatch) -> Contents:
    """What a draft would pay if it were approved now."""
    moves = moves_query(
        pay_group=batch.pay_group, day=business_day(batch.period), currency=batch.currency
    )
    return contents_of(sql.SQL("({})").format(moves))


def without_payroll_id(moves: sql.Composable) -> list[str]:
    """Who would be paid and has no payroll id."""
    return people_named(
        sql.SQL("SELECT person_id FROM {} AS m WHERE paid > 0 AND payroll_id = ''").format(moves)
    )


def without_pay_group(day: date) -> list[str]:
    """Who has something due and no pay group on a day, so that no batch pays it."""
    query = sql.SQL(
        "SELECT person_id FROM ({due}) AS d WHERE NOT EXISTS (SELECT 1 FROM ({employments}) AS e"
        " WHERE e.person_id = d.person_id AND e.pay_group_id IS NOT NULL)"
    )
    due = account_by_key(Account.DUE)
    return people_named(query.format(due=due, employments=employments_on(day)))


def in_other_currencies(*, pay_group: PayGroup, day: date, currency: str) -> list[str]:
    """Who of a group has something due in a currency that the group does not pay in."""
    query = sql.SQL(
        "SELECT d.person_id FROM ({due}) AS d JOIN ({employments}) AS e"
        " ON e.person_id = d.person_id"
        " WHERE e.pay_group_id = {group} AND d.currency <> {currency}"
    )
    return people_named(
        query.format(
            due=account_by_key(Account.DUE),
            employments=employments_on(day),
            group=sql.Literal(pay_group.pk),
            currency=sql.Literal(currency),
        )
    )


def groups_with_due(day: date) -> list[PayGroup]:
    """The pay groups of which somebody has a balance in *due*, by code."""
    query = sql.SQL(
        "SELECT DISTINCT e.pay_group_id FROM ({due}) AS d JOIN ({employments}) AS e"
        " ON e.person_id = d.person_id WHERE e.pay_group_id IS NOT NULL"
    ).format(due=account_by_key(Account.DUE), employments=employments_on(day))
    ids = [group for (group,) in rows_of(query)]
    return list(PayGroup.objects.filter(pk__in=ids).select_related("calendar").order_by("code"))


def people_named(ids: sql.Composable) -> list[str]:
    """Names and numbers of the people whose ids a query yields."""
    query = sql.SQL(
        "SELECT name || ' (' || code || ')' FROM org_person WHERE id IN ({}) ORDER BY name, code"
    )
    return [name for (name,) in rows_of(query.format(ids))]


@contextmanager
def whole_tables() -> Iterator[None]:
    """Join by hashing while inside: these queries read everybody, and never a few rows.

    Where a table was just filled, the planner knows nothing of it and walks through all of it for
    each row: 10,000 people took two minutes so, and take seconds by hashing.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('enable_nestloop')")
        (before,) = cursor.fetchone()
        cursor.execute("SELECT set_config('enable_nestloop', 'off', true)")
        yield
        cursor.execute("SELECT set_config('enable_nestloop', %s, true)", [before])


def rows_of(query: sql.Composable) -> list[tuple[Any, ...]]:
    """All rows of a query that reads whole tables."""
    with whole_tables(), connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())
