"""Differences of earlier periods that a draft would pay or take back, each with its cause."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from psycopg import sql

from incentives.ledger import KEY, TABLE
from org.wording import said
from payroll.queries import rows_of

# Since a key was last touched by a pay run, and only what calculation booked into another period
# than the one in which it was earned.
QUERY = """
    SELECT p.code, p.name, plan.name,
           coalesce((SELECT coalesce(nullif(part.title, ''), part.name)
             FROM incentives_component AS part
             JOIN incentives_planversion AS version ON version.id = part.version_id
             WHERE version.plan_id = t.plan_id AND lower(part.name) = lower(t.component)
             ORDER BY version.status <> 'published', version.in_force DESC LIMIT 1), t.component),
           calendar.code || ':' || earned.code,
           sum(CASE 'due' WHEN t.to_account THEN t.amount ELSE -t.amount END),
           string_agg(DISTINCT t.cause, '; ' ORDER BY t.cause)
    FROM {table} AS t
    JOIN (SELECT DISTINCT person_id, currency, {key} FROM {moves}) AS m
      ON m.person_id = t.person_id AND m.currency = t.currency AND {same_key}
    JOIN org_person AS p ON p.id = t.person_id
    JOIN incentives_plan AS plan ON plan.id = t.plan_id
    JOIN org_period AS earned ON earned.id = t.earned_period_id
    JOIN org_calendar AS calendar ON calendar.id = earned.calendar_id
    WHERE t.origin = 'calculation' AND t.posted_period_id <> t.earned_period_id
      AND 'due' IN (t.from_account, t.to_account)
      AND NOT EXISTS (SELECT FROM {table} AS later
        WHERE later.origin = 'pay_run' AND later.id > t.id AND later.person_id = t.person_id
          AND later.currency = t.currency AND {later_key})
    GROUP BY t.plan_id, t.component, p.id, p.code, p.name, plan.name, calendar.code, earned.id
    ORDER BY p.name, p.code, earned.valid_from, plan.name, t.component
"""


@dataclass(frozen=True)
class Difference:
    """What one part of a plan came to differently for a person, in an earlier period."""

    code: str
    name: str
    plan: str
    part: str
    earned: str
    amount: Decimal
    why: str

    @property
    def what(self) -> str:
        """The part and its plan."""
        return f"{self.part}, {self.plan}"


def differences_of(moves: sql.Composable) -> list[Difference]:
    """Those among what a table of moves settles, by name and period."""
    query = sql.SQL(QUERY).format(
        table=TABLE,
        moves=moves,
        key=sql.SQL(", ").join(sql.Identifier(name) for name in KEY),
        same_key=_same("m"),
        later_key=_same("later"),
    )
    return [
        Difference(code, name, plan, part, said(earned), amount, why)
        for code, name, plan, part, earned, amount, why in rows_of(query)
    ]


def _same(other: str) -> sql.Composed:
    """Another row has the key of a transfer; calculation leaves no part of a key empty."""
    return sql.SQL(" AND ").join(
        sql.SQL("{}.{} = t.{}").format(
            sql.Identifier(other), sql.Identifier(name), sql.Identifier(name)
        )
        for name in KEY
    )
