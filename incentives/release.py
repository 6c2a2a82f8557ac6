"""Release: what is held becomes due when its day or condition comes, and is lost when it expires.

Each lot of held money says itself what it waits for: the transfers to *held* carry the day, the
condition and the expiry, and what leaves *held* carries them again. So a later version with another
schedule moves nothing that is held already.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from psycopg.sql import SQL, Composable, Literal

from incentives import conditions, leavers, limits, schedules, years
from incentives.ledger import KEY, post_select
from incentives.models import Plan, PlanVersion
from org import audit, locks
from org.models import User
from org.sql import execute, fetch, identifiers, keep


@dataclass(frozen=True)
class Released:
    """How many transfers a release made, and conditions that cannot be read any more."""

    released: int
    lost: int
    troubles: tuple[str, ...] = ()


LOT = ("person_id", "currency", *KEY, "due_on", "condition", "expires")

# What is held, by what it waits for. What a stop of pay holds has an origin of its own and stays.
LOTS = """
    SELECT {lot}, sum(CASE WHEN to_account = 'held' THEN amount ELSE -amount END) AS amount,
           max(id) FILTER (WHERE to_account = 'held') AS about_id,
           max(run_id) FILTER (WHERE to_account = 'held') AS run_id
    FROM incentives_transfer
    WHERE (from_account = 'held' OR to_account = 'held')
      AND origin IN ('calculation', 'release', 'opening')
      AND (due_on IS NOT NULL OR condition <> '' OR expires <> '')
    GROUP BY {lot}
    HAVING sum(CASE WHEN to_account = 'held' THEN amount ELSE -amount END) > 0
"""

# A key in dispute is frozen: it neither comes nor goes.
DISPUTED = """
    EXISTS (SELECT 1 FROM incentives_dispute AS dispute WHERE dispute.closed_at IS NULL
      AND dispute.plan_id = lot.plan_id AND dispute.period_id = lot.earned_period_id
      AND dispute.person_id = lot.person_id AND dispute.component = lot.component
      AND dispute.job IN ('', lot.job) AND dispute.grain IN ('', lot.grain))
"""

# The lots with the deal that earned them.
WAITING = """
    SELECT row_number() OVER (ORDER BY earned.valid_from, lot.about_id) AS id, lot.*,
           coalesce(earned.valid_to, posted.valid_to) AS earned_until,
           deal.transaction_id, coalesce(lot.due_on <= {on}, false) AS ready, false AS expired,
           lot.amount AS released, false AS forfeited, made.version_id,
           0 AS year, false AS passed, 0::numeric AS lapsed
    FROM ({lots}) AS lot
    JOIN incentives_transfer AS came ON came.id = lot.about_id
    LEFT JOIN incentives_calculationrun AS made ON made.id = lot.run_id
    LEFT JOIN org_period AS earned ON earned.id = lot.earned_period_id
    LEFT JOIN org_period AS posted ON posted.id = came.posted_period_id
    LEFT JOIN LATERAL (
        SELECT earning.transaction_id FROM incentives_earning AS earning
        JOIN incentives_component AS component ON component.id = earning.component_id
        WHERE earning.run_id = lot.run_id AND earning.person_id = lot.person_id
          AND component.name = lot.component AND earning.job = lot.job
          AND earning.grain = lot.grain) AS deal ON true
    WHERE NOT {disputed}
"""


@transaction.atomic
def release(*, by: User | None, at: datetime, on: date) -> Released:
    """Let go what may go by a business day: to *due* what is payable, to *lost* what has expired.

    To be called before anything is paid, so that a pay run has all that is payable by its day.
    Calling it again changes nothing.
    """
    locks.exclude([locks.LEDGER])
    lots = SQL(LOTS).format(lot=identifiers(LOT))
    keep("waiting_lot", SQL(WAITING).format(lots=lots, on=Literal(on), disputed=SQL(DISPUTED)))
    troubles = _find_ready(on)
    lost = _forfeit(on, by=by, at=at)
    for plan in _limited_plans():
        _leave_room(plan, on)
    # What its schedule makes payable becomes due also where there is no room for all of it.
    gone = SQL("released + CASE WHEN condition = {} THEN 0 ELSE lapsed END").format(
        Literal(schedules.LIMIT)
    )
    released = _post("due", SQL("ready AND {} > 0").format(gone), gone, by=by, at=at)
    lost += _post("lost", SQL("expired AND NOT ready"), SQL("amount"), by=by, at=at)
    lost += _lapse(by=by, at=at)
    for plan in _limited_plans():
        released += _restore(plan, on, by=by, at=at)
    if released or lost:
        audit.record(
            action="release",
            subject=f"what is held, by {on}",
            by=by,
            at=at,
            detail={"released": released, "lost": lost},
        )
    return Released(released, lost, tuple(troubles))


def _find_ready(on: date) -> list[str]:
    """Note whose condition holds and what has expired; what holds goes before what expires."""
    troubles = conditions.keep_met(
        "met_lot",
        SQL(
            "SELECT id, condition, transaction_id FROM waiting_lot"
            " WHERE NOT ready AND condition NOT IN ('', {})"
        ).format(Literal(schedules.LIMIT)),
    )
    execute("UPDATE waiting_lot SET ready = true WHERE id IN (SELECT id FROM met_lot)")
    execute(
        "UPDATE waiting_lot SET expired = expires <= %s WHERE expires ~ '^\\d{4}-\\d\\d-\\d\\d$'",
        [on.isoformat()],
    )
    troubles += conditions.keep_met(
        "expired_lot",
        SQL(
            "SELECT id, expires AS condition, transaction_id FROM waiting_lot"
            " WHERE NOT ready AND expires <> '' AND expires !~ '^\\d{{4}}-\\d\\d-\\d\\d$'"
        ).format(),
    )
    execute("UPDATE waiting_lot SET expired = true WHERE id IN (SELECT id FROM expired_lot)")
    return troubles


def _forfeit(on: date, *, by: User | None, at: datetime) -> int:
    """Whoever has left loses what still waits, where the version by which it is held says so; how
    many transfers. What was payable before the last day is over goes all the same."""
    published = PlanVersion.objects.exclude(status__in=PlanVersion.UNPUBLISHED)
    versions = [v.pk for v in published if leavers.forfeits(v)]
    if not versions:
        return 0
    execute(
        SQL(
            "UPDATE waiting_lot SET forfeited = true FROM ({left}) AS gone"
            " WHERE gone.person_id = waiting_lot.person_id"
            " AND (NOT ready OR due_on >= gone.since) AND version_id = ANY({versions}::bigint[])"
        ).format(left=leavers.gone_by(on), versions=Literal(versions))
    )
    lost = _post("lost", SQL("forfeited"), SQL("amount"), by=by, at=at)
    execute("DELETE FROM waiting_lot WHERE forfeited")
    return lost


def _limited_plans() -> list[Plan]:
    return [plan for plan in Plan.objects.order_by("code") if limits.has_limit(plan)]


def _leave_room(plan: Plan, on: date) -> None:
    """Of a plan with a limit no more goes than the year has room for, the oldest first."""
    mine = SQL("plan_id = {}").format(Literal(plan.pk))
    limit = Literal(schedules.LIMIT)
    execute(
        SQL("UPDATE waiting_lot SET year = {}, ready = ready OR condition = {} WHERE {}").format(
            years.year_sql(plan.calendar, SQL("earned_until")), limit, mine
        )
    )
    wants = SQL(
        "SELECT person_id, currency, year, CASE WHEN condition = {} THEN 0 ELSE amount END"
        " AS amount FROM waiting_lot WHERE {} AND ready"
    ).format(limit, mine)
    rooms = limits.keep_rooms(plan, limits.year_now(plan, on), wants)
    limits.fill(plan, "waiting_lot", rooms, which=SQL("ready"), order="id")
    execute(
        SQL(
            "UPDATE waiting_lot SET lapsed = amount - released WHERE {} AND passed AND year <= {}"
        ).format(mine, Literal(rooms.lost_until))
    )


def _post(
    to_account: str, which: Composable, amount: Composable, *, by: User | None, at: datetime
) -> int:
    cause = {
        "due": SQL(
            "CASE WHEN due_on IS NOT NULL AND condition = '' THEN 'Released: its day has come'"
            " WHEN condition = {} THEN 'Released: there is room under the limit of the year'"
            " ELSE 'Released: its condition is met' END"
        ).format(Literal(schedules.LIMIT)),
        "lost": SQL(
            "CASE WHEN forfeited THEN 'Forfeited: left before it could be released'"
            " ELSE 'Lost: it expired before it could be released' END"
        ),
    }[to_account]
    return post_select(
        SQL(
            "SELECT {lot}, {amount} AS amount, 'held' AS from_account, {to} AS to_account,"
            " 'release' AS origin, about_id, {cause} AS cause FROM waiting_lot WHERE {which}"
        ).format(
            lot=identifiers(LOT),
            amount=amount,
            to=Literal(to_account),
            cause=cause,
            which=which,
        ),
        by=by,
        at=at,
    )


def _lapse(*, by: User | None, at: datetime) -> int:
    """Lose what found no room and does not wait for it, under the limit's own condition, so that it
    can come back when there is room; how many transfers."""
    return post_select(
        SQL(
            "SELECT person_id, currency, {key}, lapsed AS amount,"
            " CASE WHEN condition = {limit} THEN 'held' ELSE 'due' END AS from_account,"
            " 'lost' AS to_account, {limit} AS condition, 'release' AS origin, about_id,"
            " 'Lost: no room under the limit of the year' AS cause"
            " FROM waiting_lot WHERE lapsed > 0"
        ).format(key=identifiers(KEY), limit=Literal(schedules.LIMIT)),
        by=by,
        at=at,
    )


# What a limit lost in each key.
FORGONE = """
    SELECT max(lot.id) FILTER (WHERE to_account = 'lost') AS id, person_id, currency, {key},
           {year} AS year, 0::numeric AS released, false AS passed,
           sum(CASE WHEN to_account = 'lost' THEN amount ELSE -amount END) AS amount
    FROM incentives_transfer AS lot
    JOIN org_period AS period ON period.id = coalesce(earned_period_id, posted_period_id)
    WHERE plan_id = {plan} AND condition = {limit} AND 'lost' IN (from_account, to_account)
      AND origin IN ('calculation', 'release') AND {there} AND NOT {disputed}
    GROUP BY person_id, currency, {key}, year
    HAVING sum(CASE WHEN to_account = 'lost' THEN amount ELSE -amount END) > 0
"""


def _restore(plan: Plan, on: date, *, by: User | None, at: datetime) -> int:
    """Give back what the limit lost where its year has room again; how many transfers."""
    limit = Literal(schedules.LIMIT)
    there: Composable = SQL("true")
    if any(leavers.forfeits(version) for version in plan.versions.all()):
        gone = leavers.gone_by(on)
        there = SQL("person_id NOT IN (SELECT person_id FROM ({}) AS gone)").format(gone)
    year = years.year_sql(plan.calendar, SQL("period.valid_to"))
    forgone = SQL(FORGONE).format(
        key=identifiers(KEY),
        plan=Literal(plan.pk),
        limit=limit,
        there=there,
        year=year,
        disputed=SQL(DISPUTED),
    )
    if not keep("forgone_lot", forgone):
        return 0
    wants = SQL("SELECT DISTINCT person_id, currency, year, 0 AS amount FROM forgone_lot").format()
    rooms = limits.keep_rooms(plan, limits.year_now(plan, on), wants)
    limits.fill(plan, "forgone_lot", rooms, which=SQL("true"), order="id DESC")
    return post_select(
        SQL(
            "SELECT person_id, currency, {key}, id AS about_id, released AS amount,"
            " 'lost' AS from_account, 'due' AS to_account, 'release' AS origin,"
            " {limit} AS condition,"
            " 'Given back: there is room under the limit of the year' AS cause"
            " FROM forgone_lot WHERE released > 0"
        ).format(key=identifiers(KEY), limit=limit),
        by=by,
        at=at,
    )


def held_lots(person: int | None = None) -> list[tuple[object, ...]]:
    """Each lot that is held: person id, currency, the key, what it waits for, and the amount."""
    lots = SQL(LOTS).format(lot=identifiers(LOT))
    return fetch(
        SQL("SELECT {}, amount FROM ({}) AS lot WHERE {} IS NULL OR person_id = {}").format(
            identifiers(LOT), lots, Literal(person), Literal(person)
        )
    )
