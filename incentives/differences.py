"""Should minus booked: what a final period should have paid by now, less what was booked for it.

One rule gives idempotence (a second run posts nothing), corrections, claw-backs and late data.
Only people whom a recorded cause may have moved are looked at; any other difference is an alarm.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from psycopg.sql import SQL, Composable, Composed, Literal

from incentives.ledger import booked, post_select
from incentives.models import CalculationRun, Dirty
from org.models import Period, User
from org.sql import NEVER, fetch


@dataclass(frozen=True)
class Difference:
    """One key whose amount has moved since it was booked."""

    person: str
    name: str
    component: str
    job: str
    currency: str
    amount: Decimal
    cause: str


# Everything calculated under a run, by the key of the ledger. A component or a person that has
# vanished is missing here and should be 0; what is not decided yet waits.
SHOULD = """
    SELECT earning.person_id, component.name AS component, component.earning_type, earning.job,
           earning.grain, earning.currency, earning.amount, earning.status
    FROM incentives_earning AS earning
    JOIN incentives_component AS component ON component.id = earning.component_id
    WHERE earning.run_id = {run}
"""
KEY = "person_id, component, job, grain, currency"


# Whom a pay group of a calendar pays, now or in an earlier employment.
PAID_BY = """
    moved.person_id IN (SELECT employment.person_id FROM org_employment AS employment
      JOIN org_paygroup AS payer ON payer.id = employment.pay_group_id
      WHERE payer.calendar_id = {calendar} AND employment.superseded_at = {never})
"""


def difference_query(
    made: CalculationRun, *, caused: bool | None = None, paid_by: int | None = None
) -> Composed:
    """Every key of a run's plan and period whose booked amount is not what it should be.

    ``caused``: only people with (True) or without (False) a recorded cause; None: everybody.
    ``paid_by``: only people whom a pay group of this calendar pays.
    """
    dirty = SQL(
        "EXISTS (SELECT 1 FROM incentives_dirty AS dirty WHERE dirty.plan_id = {plan}"
        " AND dirty.period_id = {period}"
        " AND (dirty.person_id IS NULL OR dirty.person_id = moved.person_id))"
    ).format(plan=Literal(made.plan_id), period=Literal(made.period_id))
    only: Composable = SQL("true")
    if caused is not None:
        only = dirty if caused else SQL("NOT {}").format(dirty)
    if paid_by is not None:
        payees = SQL(PAID_BY).format(calendar=Literal(paid_by), never=SQL(NEVER))
        only = SQL("{} AND {}").format(only, payees)
    return SQL(
        "SELECT moved.* FROM (SELECT {key}, coalesce(should.earning_type, booked.earning_type, '')"
        " AS earning_type, coalesce(should.amount, 0) - coalesce(booked.amount, 0) AS difference"
        " FROM ({should}) AS should FULL JOIN ({booked}) AS booked USING ({key})"
        " WHERE coalesce(should.status, 'decided') = 'decided') AS moved"
        " WHERE difference <> 0 AND {only}"
    ).format(
        key=SQL(KEY),
        should=SQL(SHOULD).format(run=Literal(made.pk)),
        booked=booked(plan=made.plan_id, earned_period=made.period_id),
        only=only,
    )


# The causes that may have moved a person's key, in the order in which they came.
CAUSES = """
    SELECT max(change.id) AS change_id,
           left(string_agg(change.sentence, '; ' ORDER BY change.id), 500) AS cause
    FROM incentives_dirty AS dirty JOIN org_inputchange AS change ON change.id = dirty.change_id
    WHERE dirty.plan_id = {plan} AND dirty.period_id = {period}
      AND (dirty.person_id IS NULL OR dirty.person_id = moved.person_id)
"""


def _with_causes(made: CalculationRun, difference: Composable) -> Composed:
    return SQL(
        "SELECT moved.*, known.change_id, coalesce(known.cause, '') AS cause"
        " FROM ({difference}) AS moved LEFT JOIN LATERAL ({causes}) AS known ON true"
    ).format(
        difference=difference,
        causes=SQL(CAUSES).format(plan=Literal(made.plan_id), period=Literal(made.period_id)),
    )


def post(
    made: CalculationRun,
    *,
    posted: Period,
    first: bool,
    by: User | None,
    at: datetime,
    paid_by: int | None = None,
) -> int:
    """Book what is not booked yet for a run, to a period; how many transfers.

    ``first``: the period is being finalised, so everything is new and needs no cause.
    ``paid_by``: only people whom a pay group of this calendar pays.
    """
    moved = difference_query(made, caused=None if first else True, paid_by=paid_by)
    return post_select(
        SQL(
            "SELECT person_id, currency, CASE WHEN difference > 0 THEN 'plan' ELSE 'due' END"
            " AS from_account, CASE WHEN difference > 0 THEN 'due' ELSE 'plan' END AS to_account,"
            " abs(difference) AS amount, 'calculation' AS origin, {plan}::bigint AS plan_id,"
            " component, earning_type, {earned}::bigint AS earned_period_id, job, grain,"
            " {posted}::bigint AS posted_period_id, {run}::bigint AS run_id,"
            " {change} AS change_id, {cause} AS cause FROM ({moved}) AS moved"
        ).format(
            plan=Literal(made.plan_id),
            earned=Literal(made.period_id),
            posted=Literal(posted.pk),
            run=Literal(made.pk),
            change=SQL("NULL::bigint") if first else SQL("change_id"),
            cause=SQL("''") if first else SQL("cause"),
            moved=moved if first else _with_causes(made, moved),
        ),
        by=by,
        at=at,
    )


def pending(made: CalculationRun, *, paid_by: int | None = None) -> list[Difference]:
    """The differences that a cause explains and that are not booked yet, with that cause."""
    query = difference_query(made, caused=True, paid_by=paid_by)
    return _listed(made, _with_causes(made, query))


def alarms(made: CalculationRun) -> list[Difference]:
    """Differences that no recorded cause explains: never posted, always shown."""
    query = SQL("SELECT moved.*, '' AS cause FROM ({}) AS moved").format(
        difference_query(made, caused=False)
    )
    return _listed(made, query)


def _listed(made: CalculationRun, query: Composable) -> list[Difference]:
    found = fetch(
        SQL(
            "SELECT person.code, person.name, moved.component, moved.job, moved.currency,"
            " moved.difference, moved.cause FROM ({}) AS moved"
            " JOIN org_person AS person ON person.id = moved.person_id"
            " ORDER BY person.code, moved.component, moved.job"
        ).format(query)
    )
    return [Difference(*row) for row in found]


def settle(made: CalculationRun) -> None:
    """The causes of a period are posted; they stay while somebody waits: for a decision, or for
    the period of another pay group."""
    waiting = SQL(
        "SELECT person_id FROM incentives_earning WHERE run_id = {} AND status <> 'decided'"
    )
    if fetch(waiting.format(Literal(made.pk)) + SQL(" LIMIT 1")) or pending(made):
        return
    Dirty.objects.filter(plan=made.plan_id, period=made.period_id).delete()
