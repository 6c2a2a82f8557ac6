"""Waivers: what is to be taken back from somebody, and is too small, is posted and forgiven.

The bound of the currency is compared with what has accumulated for the person since the last
payment, not with each difference. A waiver is an entry of its own (lost → due), so that the
difference is booked and never proposed again; it stays, also after payments, and is restored (due →
lost) when what it forgave moves on: out of the bound, or back up.
"""

from __future__ import annotations

from datetime import datetime

from psycopg.sql import SQL, Composable, Literal

from incentives.ledger import KEY, post_select
from org.models import Period, Tenant, User
from org.sql import fetch, identifiers, keep, values
from org.tenancy import current_tenant_id

# What differences of earlier periods took from due or brought to it, by person and key, and what
# of it is waived; with ``new``, since the person's last payment. ``after`` is that payment.
ACCUMULATED = """
    SELECT moved.person_id, moved.currency, {key}, (array_agg(earning_type))[1] AS earning_type,
           coalesce(sum({due}) FILTER (WHERE is_difference AND id > after), 0) AS new,
           coalesce(sum({due}) FILTER (WHERE is_difference AND id > {before}), 0) AS just,
           coalesce(sum({due}) FILTER (WHERE origin = 'waiver' AND id > after), 0) AS new_waived,
           coalesce(sum({due}) FILTER (WHERE origin = 'waiver' AND id <= after), 0) AS old_waived
    FROM (SELECT found.*, coalesce(paid.last, 0) AS after,
                 origin = 'calculation' AND posted_period_id <> earned_period_id AS is_difference
          FROM incentives_transfer AS found LEFT JOIN ({paid}) AS paid USING (person_id, currency)
          WHERE found.person_id IN (SELECT person_id FROM touched)
            AND origin IN ('calculation', 'waiver')
            AND 'due' IN (from_account, to_account)
            AND 'owed' NOT IN (from_account, to_account)) AS moved
    GROUP BY moved.person_id, moved.currency, {key}
"""
DUE = "CASE to_account WHEN 'due' THEN amount ELSE -amount END"
PAID = """
    SELECT person_id, currency, max(id) AS last FROM incentives_transfer
    WHERE to_account = 'paid' AND person_id IN (SELECT person_id FROM touched) GROUP BY 1, 2
"""
NAMES = tuple(name for name in KEY if name != "earning_type")


def last_transfer() -> int:
    """The number of the latest transfer: what comes after it is new."""
    [(last,)] = fetch("SELECT coalesce(max(id), 0) FROM incentives_transfer")
    return int(last)


def waive(*, posted: Period, after: int, by: User | None, at: datetime) -> int:
    """Waive or restore for those who got differences after a transfer; how many transfers.

    ``after``: the number of the last transfer before them. Nothing where the tenant has no bound.
    """
    bounds = list(Tenant.objects.get(pk=current_tenant_id()).waived.items())
    if not bounds:
        return 0
    touched = SQL(
        "SELECT DISTINCT person_id FROM incentives_transfer WHERE id > {}"
        " AND origin = 'calculation' AND posted_period_id <> earned_period_id"
    ).format(Literal(after))
    if not keep("touched", touched):
        return 0
    accumulated = SQL(ACCUMULATED).format(
        key=identifiers(NAMES), due=SQL(DUE), paid=SQL(PAID), before=Literal(after)
    )
    keep("accumulated", accumulated)
    said = values(bounds, (("currency", "text"), ("bound", "numeric")))
    keep("wanted_waiver", SQL(WANTED).format(bounds=said, key=identifiers(NAMES)))
    return post_select(_transfers(posted), by=by, at=at)


# What should be waived now of each key. Since the last payment: all of it while the person's sum
# lies below zero and within the bound, else nothing; which keys bear it goes by what they took,
# the most first. From before it: what it was, less what the same key has brought back since.
WANTED = """
    SELECT *, greatest(0, least(-new, wanted - (taken_before))) AS new_target,
           greatest(0, least(old_waived, old_waived - greatest(just, 0))) AS old_target
    FROM (
      SELECT found.*, CASE WHEN total < 0 AND total > -bound THEN -total ELSE 0 END AS wanted,
             coalesce(sum(greatest(-new, 0)) OVER (PARTITION BY person_id, currency
               ORDER BY new, {key} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)
               AS taken_before
      FROM (SELECT accumulated.*,
                   sum(new) OVER (PARTITION BY person_id, currency) AS total
            FROM accumulated) AS found LEFT JOIN ({bounds}) AS said USING (currency)) AS found
"""


def _transfers(posted: Period) -> Composable:
    return SQL(
        "SELECT person_id, currency, {key}, earning_type, {posted}::bigint AS posted_period_id,"
        " 'waiver' AS origin, abs(change) AS amount,"
        " CASE WHEN change > 0 THEN 'lost' ELSE 'due' END AS from_account,"
        " CASE WHEN change > 0 THEN 'due' ELSE 'lost' END AS to_account,"
        " CASE WHEN change > 0 THEN 'Waived: below the amount under which nothing is taken back'"
        "  ELSE 'Waiver restored: what it forgave has moved on' END AS cause"
        " FROM (SELECT *, new_target + old_target - new_waived - old_waived AS change"
        "  FROM wanted_waiver) AS found WHERE change <> 0"
    ).format(key=identifiers(NAMES), posted=Literal(posted.pk))
