"""The pay rule as one query: what a pay run moves, key by key (docs/adr/0055).

What is due below zero becomes a debt; it is taken out of what stands beside it first (*netted*).
Then pay is topped up to the draw, debts are recovered from what lies above the protected amount,
and the rest is paid, unless it is under the minimum and waits.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from psycopg import sql

from incentives.debts import DRAW
from incentives.ledger import KEY, TABLE, account_by_key
from incentives.models import Account
from org.currencies import places
from org.employments import employments_on
from org.models import PayGroup, Period
from org.sql import NEVER, identifiers
from payroll.models import PayBatch

COLUMNS = (
    *("person_id", "currency", *KEY, "employment_id", "payroll_id", "leaver"),
    *("due", "carried", "netted", "drawn", "recovered", "paid", "waits", "debt"),
    *("net_group", "netted_from", "carried_from", "recovered_from"),
)

# The order in which keys meet debts: the oldest earning first.
AGE = sql.SQL(
    "earned_from NULLS FIRST, plan_id, component, earning_type, job, grain, part"
    " ROWS UNBOUNDED PRECEDING"
)

# Who is paid by the group on the day, and whether by a draw, and whether as a leaver.
PAYEES = """
    SELECT e.*, e.valid_to <= {day} AS leaver,
           e.valid_from <= {last} AND e.valid_to > greatest({last}, {day}) AS may_draw
    FROM ({employments}) AS e
    WHERE e.pay_group_id = {group} AND {asked_for}
      AND NOT EXISTS (SELECT 1 FROM payroll_paystop AS stop
        WHERE stop.person_id = e.person_id AND stop.superseded_at = {never})
"""

# Keys in *due*. What is below zero is taken out of the same group first: of one plan's earlier
# period, or of all that is current.
KEYS = """
    SELECT d.*, e.id AS employment_id, e.payroll_id, e.leaver, p.valid_from AS earned_from,
           greatest(d.amount, 0) AS payable, greatest(-d.amount, 0) AS carried,
           CASE WHEN {net} OR p.id IS NULL OR p.valid_to > {start} THEN 'now'
                ELSE concat(d.plan_id, '|', p.id) END AS net_group
    FROM ({due}) AS d JOIN payees AS e ON e.person_id = d.person_id
    LEFT JOIN org_period AS p ON p.id = d.earned_period_id
    WHERE d.currency = {currency}
"""
GROUPED = """
    SELECT k.*, sum(carried) OVER one AS group_carried,
           sum(payable) OVER older - payable AS netted_from,
           sum(carried) OVER older - carried AS carried_from
    FROM keys AS k
    WINDOW one AS (PARTITION BY person_id, net_group),
           older AS (PARTITION BY person_id, net_group ORDER BY {age})
"""
RESTS = """
    SELECT n.*, payable - netted AS rest,
           sum(payable - netted) OVER older - (payable - netted) AS recovered_from
    FROM (SELECT g.*, greatest(0, least(payable, group_carried - netted_from)) AS netted
          FROM grouped AS g) AS n
    WINDOW older AS (PARTITION BY person_id ORDER BY {age})
"""

# What this pay period has paid already, by earlier batches, less what was refused.
BEFORE = """
    SELECT person_id,
           sum(CASE 'paid' WHEN to_account THEN amount WHEN from_account THEN -amount ELSE 0 END)
             AS paid,
           bool_or(from_account = 'owed' AND plan_id IS NULL AND component = {draw_key}) AS drew
    FROM {table} WHERE posted_period_id = {period} AND currency = {currency} GROUP BY person_id
"""

# Each person's sums. A draw is given once a pay period, and only up to what is missing.
PEOPLE = """
    SELECT e.person_id, e.id AS employment_id, e.payroll_id, e.leaver,
           coalesce(s.payable, 0) AS payable,
           coalesce(s.fresh, 0) + coalesce(o.owes, 0) AS debt,
           greatest(0, {protected} - coalesce(b.paid, 0)) AS protected,
           CASE WHEN {draws} AND e.may_draw AND NOT coalesce(b.drew, false)
             THEN greatest(0, {draw} - coalesce(s.payable, 0) - coalesce(b.paid, 0)) ELSE 0 END
             AS drawn
    FROM payees AS e
    LEFT JOIN (SELECT person_id, sum(rest) AS payable, sum(carried) - sum(netted) AS fresh
               FROM rests GROUP BY person_id) AS s ON s.person_id = e.person_id
    LEFT JOIN (SELECT person_id, -sum(amount) AS owes FROM ({owed}) AS owed
               WHERE currency = {currency} GROUP BY person_id) AS o ON o.person_id = e.person_id
    LEFT JOIN before AS b ON b.person_id = e.person_id
"""
DECIDED = """
    SELECT q.*, payable + drawn - recover >= {minimum} OR leaver AS pays
    FROM (SELECT p.*, CASE WHEN leaver AND {leavers} = 'repay_all_due' THEN least(debt, payable)
                           WHEN leaver AND {leavers} = 'write_off' THEN 0
                           ELSE least(debt, {recoverable}) END AS recover
          FROM people AS p) AS q
"""

RESULT = """
    SELECT {columns} FROM (
      SELECT r.*, r.amount AS due, 0 AS drawn, d.debt,
             d.pays, greatest(0, least(r.rest, d.recover - r.recovered_from)) AS recovered,
             r.rest - greatest(0, least(r.rest, d.recover - r.recovered_from)) AS remains
      FROM rests AS r JOIN decided AS d ON d.person_id = r.person_id
    ) AS k CROSS JOIN LATERAL (SELECT CASE WHEN pays THEN remains ELSE 0 END AS paid,
                                      CASE WHEN pays THEN 0 ELSE remains END AS waits) AS w
    UNION ALL
    SELECT person_id, {currency}, NULL, {draw_key}, {draw_key}, {period}, '', '', 0,
           employment_id, payroll_id, leaver, 0, 0, 0, drawn, 0,
           CASE WHEN pays THEN drawn ELSE 0 END, CASE WHEN pays THEN 0 ELSE drawn END, debt,
           'now', 0, 0, 0
    FROM decided WHERE drawn > 0
"""


def business_day(period: Period) -> date:
    """The day on which employments decide who pays whom: the pay date, else the last day."""
    return period.pay_date or last_day(period)


def last_day(period: Period) -> date:
    """The last day of a period, in."""
    return period.valid_to - timedelta(days=1)


def pay_day(batch: PayBatch) -> date:
    """The day on which a batch pays: its own, else its period's."""
    return batch.pay_date or business_day(batch.period)


def moves_query(batch: PayBatch) -> sql.Composed:
    """The query for what a batch does with each key that people of its group have in *due*.

    Columns: :data:`COLUMNS`. ``carried`` is what lies below zero and becomes a debt, ``netted``
    what meets such a debt of the same group at once, ``drawn`` the advance, ``recovered`` what is
    kept back for other debts, ``waits`` what is under the minimum; of each person's keys, due +
    carried - netted + drawn - recovered = paid + waits. The three ``…_from`` say where a key's part
    begins on the way from the oldest to the newest. ``debt`` is the person's, before recovering.
    """
    parts = {name: sql.SQL(text).format(**_values(batch)) for name, text in _STEPS.items()}
    steps = [
        sql.SQL("{} AS ({})").format(sql.Identifier(name), step)
        for name, step in parts.items()
        if name != "result"
    ]
    return sql.SQL("WITH {} {}").format(sql.SQL(", ").join(steps), parts["result"])


_STEPS = {
    "payees": PAYEES,
    "keys": KEYS,
    "grouped": GROUPED,
    "rests": RESTS,
    "before": BEFORE,
    "people": PEOPLE,
    "decided": DECIDED,
    "result": RESULT,
}


def _values(batch: PayBatch) -> dict[str, sql.Composable]:
    group, period, day = batch.pay_group, batch.period, pay_day(batch)
    literals = {
        "day": day,
        "last": last_day(period),
        "start": period.valid_from,
        "group": group.pk,
        "currency": batch.currency,
        "draw": group.draw,
        "draw_key": DRAW,
        "draws": group.draw > 0 and not batch.off_cycle,
        "protected": group.protected,
        "minimum": group.minimum,
        "leavers": str(group.leavers),
        "net": group.negative == PayGroup.Negative.NET,
    }
    return {
        **{name: sql.Literal(value) for name, value in literals.items()},
        "period": sql.SQL("{}::bigint").format(sql.Literal(period.pk)),
        "never": sql.SQL(NEVER),
        "asked_for": _asked_for(batch),
        "age": AGE,
        "table": TABLE,
        "columns": identifiers(COLUMNS),
        "employments": employments_on(day),
        "due": account_by_key(Account.DUE),
        "owed": account_by_key(Account.OWED),
        "recoverable": _recoverable(group.recover, batch.currency),
    }


def _asked_for(batch: PayBatch) -> sql.Composable:
    """Whom a batch is for, where it is not for all of its group."""
    if batch.people is None:
        return sql.SQL("true")
    return sql.SQL("e.person_id = ANY({}::bigint[])").format(sql.Literal(batch.people))


def _recoverable(share: Decimal, currency: str) -> sql.Composable:
    """The part of pay that may meet debts; a share of a cent stays with the person."""
    above = sql.SQL("greatest(0, payable - protected)")
    if share == 1:
        return above
    return sql.SQL("trunc({} * {}, {})").format(
        sql.Literal(share), above, sql.Literal(places(currency))
    )
