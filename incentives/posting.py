"""Turning differences into transfers: to *due*, to *held*, and back again in a stated order.

What is granted goes to *due* where its part is payable by now, else to *held*; what a cap puts off
is held, or lost, as the version says. What is taken back comes from *held* first, then from what a
limit lost, then from what has become due, then from what else was lost.

Of a part that went below zero, what stands beyond the limit may belong to what is missing in *due*:
the two make up nothing together, and go last of what is held.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from psycopg.sql import SQL, Composable, Literal

from incentives import conditions, leavers, limits, schedules
from incentives.differences import (
    CAUSED,
    EVERYBODY,
    KEY,
    Which,
    Whom,
    difference_query,
    with_causes,
)
from incentives.ledger import post_select
from incentives.models import CalculationRun
from incentives.outcome import TOO_MUCH
from org import locks
from org.errors import DomainError
from org.models import Period, User
from org.sql import execute, fetch, identifiers, keep

# Each part of a key that moves, with what it waits for and where its money stands now. ``ready``:
# payable by now. ``had``: what has become due of the part so far. ``payable``: the same with what
# the limit put off. ``room``: what the limit leaves; null: no limit.
MOVING = """
    SELECT row_number() OVER (ORDER BY {key}, part) AS id, moved.*, NULL::numeric AS room,
           booked - held - limited - lost - forgone AS had, booked - held - lost AS payable,
           due_on IS NULL AND condition = '' OR coalesce(due_on <= {on}, false) AS ready
    FROM ({moved}) AS moved
"""

# The amounts of one difference between each two accounts, by the rules of this module.
AMOUNTS = """
    SELECT moving.*, step.* FROM (
      SELECT *, abs(difference) AS whole FROM moving WHERE NOT disputed) AS moving
    CROSS JOIN LATERAL (SELECT {wants} AS wants) AS a
    CROSS JOIN LATERAL (SELECT least(wants, greatest(coalesce(room, wants), 0)) AS to_due) AS b
    CROSS JOIN LATERAL (SELECT
      least(held, greatest(0, whole - greatest(0, limited + least(had + forgone, 0))))
      AS from_held) AS c
    CROSS JOIN LATERAL (SELECT least(whole - from_held, limited) AS from_limit) AS g
    CROSS JOIN LATERAL (SELECT whole - from_limit - from_held AS rest) AS d
    CROSS JOIN LATERAL (SELECT least(rest, forgone) AS from_forgone) AS e
    CROSS JOIN LATERAL (SELECT least(greatest(rest - from_forgone - greatest(had, 0), 0), lost)
      AS from_lost) AS f
    CROSS JOIN LATERAL (VALUES
      ('plan', 'due', difference > 0, to_due, '', ''),
      ('plan', 'held', difference > 0 AND lost = 0, whole - wants, condition,
        expires),
      ('plan', 'lost', difference > 0 AND lost > 0, whole - wants, condition, ''),
      ('plan', {beyond}, difference > 0, wants - to_due, {limit}, ''),
      ('held', 'plan', difference < 0, from_limit, {limit}, ''),
      ('held', 'plan', difference < 0, from_held, condition, expires),
      ('due', 'plan', difference < 0, rest - from_forgone - from_lost, '', ''),
      ('lost', 'plan', difference < 0, from_forgone, {limit}, ''),
      ('lost', 'plan', difference < 0, from_lost, condition, '')
    ) AS step (from_account, to_account, applies, moved_amount, waits_for, lost_when)
"""


def post(
    made: CalculationRun,
    *,
    posted: Period,
    first: bool,
    by: User | None,
    at: datetime,
    on: date,
    whom: Whom = EVERYBODY,
) -> int:
    """Book what is not booked yet for a run, to a period; how many transfers.

    ``first``: the period is being finalised, so everything is new and needs no cause.
    ``whom``: only they. ``on`` decides which parts
    are payable by now.
    """
    moved: Composable = difference_query(
        made, Which(whom=whom) if first else replace(CAUSED, whom=whom)
    )
    locks.exclude([locks.LEDGER])
    moved = moved if first else with_causes(made, moved)
    if not keep("moving", SQL(MOVING).format(key=identifiers(KEY), on=Literal(on), moved=moved)):
        return 0
    _refuse_too_much(made)
    _find_ready()
    if leavers.forfeits(made.version):
        _leave_to_forfeit(on)
    if not limits.has_limit(made.plan):
        return _post(made, posted, first, by=by, at=at, only="true")
    # What is taken back makes room for what is granted at the same time.
    written = _post(made, posted, first, by=by, at=at, only="difference < 0")
    loses = limits.share_room(made.plan, earned=made.period, posted=posted)
    beyond = "lost" if loses else "held"
    return written + _post(made, posted, first, by=by, at=at, only="difference > 0", beyond=beyond)


def _refuse_too_much(made: CalculationRun) -> None:
    """A difference may reach twice what one amount may."""
    too_much = fetch(
        SQL(
            "SELECT person.name, person.code, component, difference FROM moving"
            " JOIN org_person AS person ON person.id = person_id"
            " WHERE abs(difference) >= {} ORDER BY 2 LIMIT 1"
        ).format(Literal(TOO_MUCH))
    )
    for name, code, component, difference in too_much:
        raise DomainError(
            f"{component} of {name} ({code}) in {made.period} would move by {difference:,.2f}, and"
            " no amount reaches 10 to the 18th. Is a decimal point missing in what came in?"
            " Nothing was booked."
        )


def _find_ready() -> None:
    """Note the parts whose condition holds by now."""
    waiting = "FROM moving WHERE difference > 0 AND NOT ready AND condition <> '' AND NOT disputed"
    if fetch(f"SELECT 1 {waiting} LIMIT 1"):
        conditions.keep_met("ready_part", SQL(f"SELECT id, condition, transaction_id {waiting}"))
        execute("UPDATE moving SET ready = true WHERE id IN (SELECT id FROM ready_part)")


def _leave_to_forfeit(on: date) -> None:
    """What is learnt late of a part whose day comes after somebody left waits like what was known
    then, so that the release forfeits it, too."""
    execute(
        SQL(
            "UPDATE moving SET ready = false FROM ({gone}) AS gone"
            " WHERE gone.person_id = moving.person_id AND moving.due_on >= gone.since"
        ).format(gone=leavers.gone_by(on))
    )


def _post(
    made: CalculationRun,
    posted: Period,
    first: bool,
    *,
    by: User | None,
    at: datetime,
    only: str,
    beyond: str = "held",
) -> int:
    amounts = SQL(AMOUNTS).format(
        limit=Literal(schedules.LIMIT), beyond=Literal(beyond), wants=SQL(limits.WANTS)
    )
    return post_select(
        SQL(
            "SELECT person_id, currency, from_account, to_account, moved_amount AS amount,"
            " 'calculation' AS origin, {plan}::bigint AS plan_id, component, earning_type,"
            " {earned}::bigint AS earned_period_id, job, grain, part,"
            " {posted}::bigint AS posted_period_id,"
            " CASE WHEN 'held' IN (from_account, to_account) AND waits_for <> {limit}"
            "   THEN due_on END AS due_on, waits_for AS condition, lost_when AS expires,"
            " {run}::bigint AS run_id, {change} AS change_id, {cause} AS cause"
            " FROM ({amounts}) AS step WHERE applies AND moved_amount > 0 AND " + only
        ).format(
            plan=Literal(made.plan_id),
            earned=Literal(made.period_id),
            posted=Literal(posted.pk),
            run=Literal(made.pk),
            limit=Literal(schedules.LIMIT),
            change=SQL("NULL::bigint") if first else SQL("change_id"),
            cause=SQL("''") if first else SQL("cause"),
            amounts=amounts,
        ),
        by=by,
        at=at,
    )
