"""Posting what a batch moves: debts made, debts met, money paid, and a line for each payment."""

from __future__ import annotations

from datetime import datetime

from django.db import connection
from django.db.models import Count, Max, Sum
from psycopg import sql

from incentives.debts import open_debts_query
from incentives.ledger import KEY, post_select
from incentives.models import Transfer
from org.errors import DomainError
from org.models import User
from org.sql import identifiers, whole_tables
from payroll.models import PayBatch
from payroll.queries import rows_of

MOVES = sql.Identifier("pay_moves")

# A transfer's key and a move's key, where both may be empty.
SAME_KEY = sql.SQL(" AND ").join(
    sql.SQL("{0}.{2} IS NOT DISTINCT FROM {1}.{2}" if nullable else "{0}.{2} = {1}.{2}").format(
        sql.SQL("t"), sql.SQL("m"), sql.Identifier(name)
    )
    for name in KEY
    for nullable in [name in ("plan_id", "earned_period_id")]
)

# What is below zero became debts just now; what stands beside it meets them, key by key.
NETTED = """
    SELECT m.*, debt.id AS about_id,
           least(m.netted_from + m.netted, debt.carried_from + debt.amount)
           - greatest(m.netted_from, debt.carried_from) AS moved
    FROM {moves} AS m JOIN (
      SELECT t.id, t.person_id, t.amount, m.net_group, m.carried_from
      FROM incentives_transfer AS t JOIN {moves} AS m ON m.person_id = t.person_id AND {same_key}
      WHERE t.id > {after} AND t.origin = 'pay_run' AND t.from_account = 'owed' AND m.carried > 0
    ) AS debt ON debt.person_id = m.person_id AND debt.net_group = m.net_group
    WHERE m.netted > 0 AND m.netted_from < debt.carried_from + debt.amount
      AND debt.carried_from < m.netted_from + m.netted
"""

# Debts in the rule's order against keys in theirs; the draw of this very batch is left alone.
RECOVERED = """
    SELECT m.*, debt.id AS about_id,
           least(m.recovered_from + m.recovered, debt.until)
           - greatest(m.recovered_from, debt.until - debt.open) AS moved
    FROM {moves} AS m JOIN (
      SELECT d.*, sum(open) OVER (PARTITION BY person_id
        ORDER BY array_position({order}::text[], kind) NULLS LAST, id) AS until
      FROM ({debts}) AS d WHERE NOT (id > {after} AND kind = 'draws')
    ) AS debt ON debt.person_id = m.person_id
    WHERE m.recovered > 0 AND m.recovered_from < debt.until
      AND debt.until - debt.open < m.recovered_from + m.recovered
"""

LINES = """
    INSERT INTO payroll_payline (batch_id, transfer_id, person_id, employment_id, earning_type,
        earned_period_id, amount, currency, replaces_id)
    SELECT {batch}, m.id, m.person_id, e.employment_id, m.earning_type, m.earned_period_id,
           m.amount, m.currency, t.line_id
    FROM incentives_transfer AS m
    JOIN (SELECT DISTINCT person_id, employment_id FROM {moves}) AS e ON e.person_id = m.person_id
    LEFT JOIN (
      SELECT DISTINCT ON (t.person_id, t.currency, {key}) line.id AS line_id, t.*
      FROM incentives_transfer AS back
      JOIN incentives_transfer AS t ON t.id = back.about_id
      JOIN payroll_payline AS line ON line.transfer_id = t.id
      WHERE back.origin = 'refusal'
        AND NOT EXISTS (SELECT 1 FROM payroll_payline AS newer WHERE newer.replaces_id = line.id)
      ORDER BY t.person_id, t.currency, {key}, line.id DESC
    ) AS t ON t.person_id = m.person_id AND t.currency = m.currency AND {same_key}
    WHERE m.id > {after} AND m.origin = 'pay_run' AND m.to_account = 'paid' ORDER BY m.id
"""


def post_moves(batch: PayBatch, *, by: User, at: datetime) -> None:
    """Write the transfers and lines of a batch from the table of its moves; the caller locks."""
    last = Transfer.objects.aggregate(last=Max("id"))["last"] or 0
    post = _Poster(batch, last, by, at)
    post("carried", "owed", "due", "negative rest carried as a debt")
    post("drawn", "owed", "due", "pay topped up to the draw, a loan")
    post("moved", "due", "owed", "met by what stands beside it", post.query(NETTED))
    post("moved", "due", "owed", "debt recovered", post.query(RECOVERED, **_debts(batch)))
    post("paid", "due", "paid", "paid")
    _check_debts_met(last)
    _write_lines(batch, after=last)


class _Poster:
    """Posts one kind of move of a batch at a time."""

    def __init__(self, batch: PayBatch, after: int, by: User, at: datetime) -> None:
        self.batch, self.after, self.by, self.at = batch, after, by, at

    def query(self, text: str, **more: sql.Composable) -> sql.Composed:
        """A query over the table of moves."""
        return sql.SQL(text).format(
            moves=MOVES, same_key=SAME_KEY, after=sql.Literal(self.after), **more
        )

    def __call__(
        self,
        column: str,
        from_account: str,
        to_account: str,
        cause: str,
        rows: sql.Composable | None = None,
    ) -> None:
        select = sql.SQL(
            "SELECT person_id, currency, {key}, {column} AS amount, 'pay_run' AS origin,"
            " {from_account} AS from_account, {to_account} AS to_account, {about} AS about_id,"
            " {period}::bigint AS posted_period_id, {cause} AS cause"
            " FROM ({rows}) AS m WHERE {column} > 0 ORDER BY person_id, {key}, {about}"
        ).format(
            key=identifiers(KEY),
            column=sql.Identifier(column),
            from_account=sql.Literal(from_account),
            to_account=sql.Literal(to_account),
            about=sql.SQL("about_id" if rows else "NULL::bigint"),
            period=sql.Literal(self.batch.period_id),
            cause=sql.Literal(f"Pay batch {self.batch}: {cause}"),
            rows=rows or sql.SQL("SELECT * FROM {}").format(MOVES),
        )
        with whole_tables():
            post_select(select, by=self.by, at=self.at)


def _debts(batch: PayBatch) -> dict[str, sql.Composable]:
    people = sql.SQL("SELECT person_id FROM {} WHERE recovered > 0").format(MOVES)
    return {
        "debts": open_debts_query(people=people, currency=batch.currency),
        "order": sql.Literal([str(kind) for kind in batch.pay_group.debts]),
    }


def _check_debts_met(after: int) -> None:
    """Every debt that is met is named: else a debt would be repaid twice."""
    ((posted,),) = rows_of(
        sql.SQL(
            "SELECT coalesce(sum(amount), 0) FROM incentives_transfer"
            " WHERE id > {} AND origin = 'pay_run' AND to_account = 'owed'"
        ).format(sql.Literal(after))
    )
    ((meant,),) = rows_of(
        sql.SQL("SELECT coalesce(sum(netted + recovered), 0) FROM {}").format(MOVES)
    )
    if posted != meant:
        raise DomainError(
            f"The debts of this batch come to {meant} and those met to {posted}; nothing was paid. "
            "Report this."
        )


def _write_lines(batch: PayBatch, *, after: int) -> None:
    """A line for each transfer to *paid* that this batch made, which nobody else can make now."""
    statement = sql.SQL(LINES).format(
        batch=sql.Literal(batch.pk),
        moves=MOVES,
        after=sql.Literal(after),
        same_key=SAME_KEY,
        key=sql.SQL(", ").join(sql.Identifier("t", name) for name in KEY),
    )
    with whole_tables(), connection.cursor() as cursor:
        cursor.execute(statement)
    ((owing, total),) = rows_of(
        sql.SQL("SELECT count(*), sum(paid) FROM {} WHERE paid > 0").format(MOVES)
    )
    lines = batch.lines.aggregate(count=Count("id"), total=Sum("amount"))
    if (lines["count"], lines["total"]) != (owing, total):
        raise DomainError(f"{batch} has other lines than it pays; nothing was paid. Report this.")
