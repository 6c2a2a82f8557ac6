"""What a pay run would move, person by person and in all, and who waits: set-based reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection
from psycopg import sql

from incentives.ledger import account_by_key
from incentives.models import Account, Component
from org.employments import employments_on
from org.models import PayGroup
from org.sql import NEVER, keep, whole_tables
from payroll.models import PayBatch
from payroll.moves import moves_query

# What a batch does to a key; where all of them are zero, it leaves the key alone.
AMOUNTS = ("carried", "netted", "drawn", "recovered", "paid")
TOUCHED = "carried + netted + drawn + recovered + paid > 0"


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What a batch pays, in its currency.

    ``carried`` are new debts and ``recovered`` those met; ``netted`` is what differences below zero
    took out of what stands beside them, ``drawn`` what was advanced, ``waits`` what is under the
    minimum.
    """

    people: int
    lines: int
    total: Decimal
    by_earning_type: tuple[tuple[str, Decimal], ...]
    carried: Decimal
    netted: Decimal
    drawn: Decimal
    recovered: Decimal
    waits: Decimal

    @property
    def is_empty(self) -> bool:
        """Whether nothing moves at all."""
        return not (self.lines or self.carried or self.netted or self.drawn or self.recovered)


@dataclass(frozen=True, kw_only=True)
class Payee:
    """What a batch does for one person; ``owes`` is what the person owes afterwards."""

    code: str
    name: str
    leaver: bool
    due: Decimal
    carried: Decimal
    drawn: Decimal
    recovered: Decimal
    paid: Decimal
    waits: Decimal
    owes: Decimal


def contents_of(moves: sql.Composable) -> Contents:
    """What a query (or table) of moves comes to."""
    sums = rows_of(
        sql.SQL(
            "SELECT count(DISTINCT person_id) FILTER (WHERE paid > 0),"
            " count(*) FILTER (WHERE paid > 0), coalesce(sum(paid), 0),"
            " coalesce(sum(carried - netted), 0), coalesce(sum(netted), 0),"
            " coalesce(sum(drawn), 0), coalesce(sum(recovered), 0), coalesce(sum(waits), 0)"
            " FROM {} AS m"
        ).format(moves)
    )[0]
    types = rows_of(
        sql.SQL(
            "SELECT earning_type, sum(paid) FROM {} AS m WHERE paid > 0 GROUP BY 1 ORDER BY 1"
        ).format(moves)
    )
    names = ("people", "lines", "total", "carried", "netted", "drawn", "recovered", "waits")
    return Contents(by_earning_type=tuple(types), **dict(zip(names, sums, strict=True)))


def kept_moves(batch: PayBatch) -> sql.Composable:
    """What a batch would do now, worked out once for several questions."""
    with whole_tables():
        keep("pay_moves_shown", moves_query(batch))
    return sql.Identifier("pay_moves_shown")


def preview(batch: PayBatch) -> Contents:
    """What a draft would pay if it were approved now."""
    return contents_of(sql.SQL("({})").format(moves_query(batch)))


def payees_of(moves: sql.Composable) -> list[Payee]:
    """Person by person, by name, what a query (or table) of moves does."""
    query = sql.SQL(
        "SELECT p.code, p.name, m.* FROM (SELECT person_id, bool_or(leaver), sum(due),"
        " sum(carried - netted), sum(drawn), sum(recovered), sum(paid), sum(waits),"
        " max(debt) + sum(drawn) - sum(recovered) FROM {} AS m GROUP BY person_id) AS m"
        " JOIN org_person AS p ON p.id = m.person_id ORDER BY p.name, p.code"
    ).format(moves)
    names = ("leaver", "due", "carried", "drawn", "recovered", "paid", "waits", "owes")
    return [
        Payee(code=code, name=name, **dict(zip(names, sums, strict=True)))
        for code, name, _, *sums in rows_of(query)
    ]


def titles() -> dict[tuple[int | None, str], str]:
    """What people call each component of each plan, by its name in small letters: the latest."""
    rows = Component.objects.exclude(title="").order_by("version__in_force", "version__number")
    named = rows.values_list("version__plan", "name", "title")
    return {(plan, name.lower()): title for plan, name, title in named}


def stopped_with_due(pay_group: PayGroup, day: date) -> list[str]:
    """Who of a group has something due and is not paid because somebody stopped it; and why."""
    query = sql.SQL(
        "SELECT p.name || ' (' || p.code || '): ' || s.reason FROM payroll_paystop AS s"
        " JOIN org_person AS p ON p.id = s.person_id"
        " WHERE s.superseded_at = {never} AND s.person_id IN (SELECT person_id FROM ({due}) AS d)"
        " AND s.person_id IN (SELECT person_id FROM ({employments}) AS e"
        "  WHERE e.pay_group_id = {group}) ORDER BY p.name, p.code"
    ).format(
        never=sql.SQL(NEVER),
        due=account_by_key(Account.DUE),
        employments=employments_on(day),
        group=sql.Literal(pay_group.pk),
    )
    return [said for (said,) in rows_of(query)]


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


def groups_with_draw(day: date) -> list[PayGroup]:
    """The pay groups with a draw that employ somebody on a day, by code."""
    employed = sql.SQL(
        "SELECT DISTINCT e.pay_group_id FROM ({}) AS e WHERE e.valid_to > {}"
    ).format(employments_on(day), sql.Literal(day))
    ids = [group for (group,) in rows_of(employed)]
    groups = PayGroup.objects.filter(pk__in=ids, draw__gt=0).select_related("calendar")
    return list(groups.order_by("code"))


def groups_with_due(day: date) -> list[PayGroup]:
    """The pay groups of which somebody has a balance in *due*, by code."""
    query = sql.SQL(
        "SELECT DISTINCT e.pay_group_id FROM ({due}) AS d JOIN ({employments}) AS e"
        " ON e.person_id = d.person_id WHERE e.pay_group_id IS NOT NULL"
    ).format(due=account_by_key(Account.DUE), employments=employments_on(day))
    ids = [group for (group,) in rows_of(query)]
    return list(PayGroup.objects.filter(pk__in=ids).select_related("calendar").order_by("code"))


def groups_of(people: Sequence[int], day: date) -> list[PayGroup]:
    """The pay groups that pay these people on a day, by code."""
    query = sql.SQL(
        "SELECT DISTINCT e.pay_group_id FROM ({}) AS e WHERE e.person_id = ANY({}::bigint[])"
    ).format(employments_on(day), sql.Literal(list(people)))
    ids = [group for (group,) in rows_of(query)]
    return list(PayGroup.objects.filter(pk__in=ids).select_related("calendar").order_by("code"))


def people_named(ids: sql.Composable) -> list[str]:
    """Names and numbers of the people whose ids a query yields."""
    query = sql.SQL(
        "SELECT name || ' (' || code || ')' FROM org_person WHERE id IN ({}) ORDER BY name, code"
    )
    return [name for (name,) in rows_of(query.format(ids))]


def rows_of(query: sql.Composable) -> list[tuple[Any, ...]]:
    """All rows of a query that reads whole tables."""
    with whole_tables(), connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())
