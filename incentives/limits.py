"""A cap that puts off: what a year's earnings may pay at most, and what becomes of the excess.

The limit is one of release, not of earning: what exceeds the year's room is granted, and held (or
lost, where the version says so) until there is room. Room is worked out anew each time from what
stands in the ledger, so it does not matter in which order things came: by year,
``payable = min(earned and released + carried over, limit)``, and what is put off goes on into the
next year's room unless it lapses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from psycopg.sql import SQL, Composable, Identifier, Literal

from formula.numbers import read_number
from incentives import calculate, schedules, years
from incentives.models import Plan, PlanPeriod, PlanVersion
from org.calendars import period_of
from org.models import Period
from org.sql import execute, fetch, keep


@dataclass(frozen=True)
class Limit:
    """What a version says: the amount of a year, and whether the excess waits or is lost."""

    amount: Decimal
    excess: str = "defer"
    lapses: str = "never"

    @property
    def carries(self) -> bool:
        """Whether what is put off goes on into the next year's room."""
        return self.excess == "defer" and self.lapses == "never"


def limit_of(version: PlanVersion) -> Limit | None:
    """The limit of a version, if it has one."""
    said: Mapping[str, Any] | None = version.options.get("limit")
    if not said:
        return None
    return Limit(
        read_number(said["amount"])[0], said.get("excess", "defer"), said.get("lapses", "never")
    )


def limits_by_year(plan: Plan, asked: Iterable[int]) -> dict[int, Limit | None]:
    """The limit of each year: that of the version which rules its last period."""
    versions = plan.versions.filter(status=PlanVersion.Status.PUBLISHED).order_by("in_force")
    begins = [(_year_of_day(plan, version.in_force), limit_of(version)) for version in versions]
    found: dict[int, Limit | None] = {}
    for year in asked:
        ruling = [limit for first, limit in begins if first <= year]
        found[year] = ruling[-1] if ruling else None
    return found


def has_limit(plan: Plan) -> bool:
    """Whether any version limits what a year pays, or once did: what it put off waits for room."""
    versions = plan.versions.exclude(status__in=PlanVersion.UNPUBLISHED)
    return any(limit_of(version) for version in versions)


def year_now(plan: Plan, on: date) -> int:
    """The year whose room is used now: that of the first period that is not final yet.

    A December that is finalised in January still uses December's room. Of a plan that has ended
    nothing becomes final any more, and its year is today's.
    """
    today = _year_of_day(plan, on)
    final = PlanPeriod.objects.filter(plan=plan, final_at__isnull=False)
    last = final.order_by("-period__valid_from").select_related("period").first()
    following = None if last is None else _next_start(plan, last.period.valid_to)
    return today if following is None else min(today, _year_of_day(plan, following))


def _next_start(plan: Plan, day: date) -> date | None:
    """The first day of the plan's first period from a day on, if it still pays then."""
    periods = Period.objects.filter(calendar=plan.calendar_id, valid_from__gte=day)
    paying = (p for p in periods.order_by("valid_from") if calculate.version_for(plan, p))
    return next((period.valid_from for period in paying), None)


def _year_of_day(plan: Plan, day: date) -> int:
    period = period_of(plan.calendar, day)
    if period is None:
        return years.year_at(plan.calendar, day)
    return years.year_of(period, plan.calendar)


NO_YEAR, NO_LAST_YEAR = 0, 9999

# What each person has by year of earning: ``due`` has become payable, ``off`` is put off by the
# limit, held or lost. What was paid before the plan moved here counts with what became payable.
BY_YEAR = """
    SELECT person_id, currency, {year} AS year,
           sum(CASE WHEN to_account IN ('due', 'paid') THEN amount
                    WHEN from_account IN ('due', 'paid') THEN -amount ELSE 0 END) AS due,
           sum(CASE WHEN condition <> {limit} THEN 0
                    WHEN to_account IN ('held', 'lost') THEN amount ELSE 0 END
             - CASE WHEN condition <> {limit} THEN 0
                    WHEN from_account IN ('held', 'lost') THEN amount ELSE 0 END) AS off
    FROM incentives_transfer AS moved
    JOIN org_period AS period ON period.id = coalesce(earned_period_id, posted_period_id)
    WHERE plan_id = {plan} AND (origin IN ('calculation', 'release')
       OR origin = 'opening' AND from_account = 'plan')
      AND person_id IN (SELECT person_id FROM ({more}) AS asked)
    GROUP BY 1, 2, 3
"""


@dataclass(frozen=True)
class Rooms:
    """Which years are closed: over, and carrying nothing on. ``lost_until``: the last year of
    earning whose excess is lost as soon as it is payable, instead of waiting for room."""

    closed: list[int]
    lost_until: int


def keep_rooms(plan: Plan, now: int, more: Composable) -> Rooms:
    """Keep how much more may become due in the year ``now`` as ``limit_room``.

    ``more``: a query of person_id, currency, year and the amount that wants to become due beside
    what is put off already. What was earned by the end of a closed year has only the room of its
    column, ``room_2026``, whatever later years leave.
    """
    year_of_period = years.year_sql(plan.calendar, SQL("period.valid_to"))
    [(first,)] = fetch(
        SQL(
            "SELECT coalesce(min({year}), {now})"
            " FROM incentives_planperiod AS point JOIN org_period AS period"
            " ON period.id = point.period_id WHERE point.plan_id = {plan}"
        ).format(year=year_of_period, now=Literal(now), plan=Literal(plan.pk))
    )
    said = limits_by_year(plan, range(min(first, now) - 1, now + 1))
    closed = [y for y, limit in said.items() if y < now and limit and not limit.carries]
    known = SQL(BY_YEAR).format(
        year=year_of_period, limit=Literal(schedules.LIMIT), plan=Literal(plan.pk), more=more
    )
    keep("limit_room", _rooms(_wants(known, more, min(said), now), said, closed))
    limit = said[now]
    loses = limit is not None and limit.excess == "lose"
    return Rooms(closed, NO_LAST_YEAR if loses else max(closed, default=NO_YEAR))


def _wants(known: Composable, more: Composable, first: int, last: int) -> Composable:
    """What has become due by year, and all that wants to be."""
    return SQL(
        "SELECT person_id, currency, greatest(least(year, {last}), {first}) AS year,"
        " sum(due) AS due, sum(off) AS wants"
        " FROM (SELECT person_id, currency, year, due, due + off AS off FROM ({known}) AS known"
        "  UNION ALL SELECT person_id, currency, year, 0, amount FROM ({more}) AS more) AS known"
        " GROUP BY 1, 2, 3"
    ).format(known=known, more=more, first=Literal(first), last=Literal(last))


def _rooms(by_year: Composable, said: Mapping[int, Limit | None], closed: list[int]) -> Composable:
    """person_id, currency, room and the room of each closed year."""
    columns = [
        SQL("coalesce(sum(wants) FILTER (WHERE year = {}), 0) AS {}").format(
            Literal(year), Identifier(f"wants_{year}")
        )
        for year in said
    ]
    columns += [
        SQL("coalesce(sum(due) FILTER (WHERE year <= {}), 0) AS {}").format(
            Literal(year), Identifier(f"due_{year}")
        )
        for year in (*closed, max(said))
    ]
    query: Composable = SQL(
        "SELECT person_id, currency, 0::numeric AS payable_before, 0::numeric AS carried_before, {}"
        " FROM ({}) AS by_year GROUP BY 1, 2"
    ).format(SQL(", ").join(columns), by_year)
    before = "before"
    for year, limit in said.items():
        query = _year(query, before, year, limit)
        before = str(year)
    rooms = [
        SQL("{} - {} AS {}").format(
            Identifier(f"payable_{year}"), Identifier(f"due_{year}"), Identifier(name)
        )
        for year, name in (*((year, f"room_{year}") for year in closed), (max(said), "room"))
    ]
    return SQL("SELECT person_id, currency, {} FROM ({}) AS worked_out").format(
        SQL(", ").join(rooms), query
    )


def _room(rooms: Rooms, year: int) -> Composable:
    """The room in ``limit_room`` of what was earned in a year."""
    names = ["room", *(f"room_{one}" for one in rooms.closed if one >= year)]
    return SQL("least({})").format(SQL(", ").join(map(Identifier, names)))


def fill(plan: Plan, table: str, rooms: Rooms, *, which: Composable, order: str) -> None:
    """Set how much of each lot of a plan finds room, as ``released``: what closed years leave for
    their own lots first, and then what there is now for the rest.

    ``table``: temporary, with id, person_id, currency, plan_id, year, amount, released and passed.
    ``which``: the lots that ask, in this ``order``.
    """
    for year in (*rooms.closed, NO_LAST_YEAR):
        execute(
            SQL(FILL).format(
                table=Identifier(table),
                plan=Literal(plan.pk),
                which=which,
                order=SQL(order),
                year=Literal(year),
                room=_room(rooms, year),
            )
        )


FILL = """
    UPDATE {table} SET passed = true, released = found.fits FROM (
      SELECT lot.id, greatest(0, least(lot.amount, {room} - coalesce(given, 0) + lot.amount
               - sum(lot.amount) OVER (PARTITION BY person_id, currency ORDER BY {order}))) AS fits
      FROM (SELECT * FROM {table} WHERE plan_id = {plan} AND NOT passed AND year <= {year}
              AND {which}) AS lot
      JOIN limit_room USING (person_id, currency)
      LEFT JOIN (SELECT person_id, currency, sum(released) AS given FROM {table}
                 WHERE plan_id = {plan} AND passed GROUP BY 1, 2) AS before
        USING (person_id, currency)) AS found
    WHERE found.id = {table}.id
"""


def _year(query: Composable, before: str, year: int, limit: Limit | None) -> Composable:
    """One year more: what has become payable by its end, and what it carries on."""
    wants = SQL("({} + {})").format(Identifier(f"carried_{before}"), Identifier(f"wants_{year}"))
    pays: Composable = wants
    if limit is not None:
        pays = SQL("least({}, {})").format(wants, Literal(limit.amount))
    rest = SQL("{} - {}").format(wants, pays)
    return SQL("SELECT known.*, {} + {} AS {}, {} AS {} FROM ({}) AS known").format(
        Identifier(f"payable_{before}"),
        pays,
        Identifier(f"payable_{year}"),
        rest if limit is not None and limit.carries else SQL("0::numeric"),
        Identifier(f"carried_{year}"),
        query,
    )


# How much of a part in ``moving`` wants to become due: all that is payable by now; of what waits
# for something, what fills the part up to zero.
WANTS = "CASE WHEN ready THEN difference ELSE least(difference, greatest(-payable, 0)) END"


def share_room(plan: Plan, *, earned: Period, posted: Period) -> bool:
    """Give each part in ``moving`` that wants to become due its room, in the order of their keys;
    whether what finds none is lost.

    What fills a part up to zero asks too: what went below zero has given its room to others.
    """
    year = years.year_of(earned, plan.calendar)
    asking = SQL(
        "SELECT id, person_id, currency, {} AS amount, row_number() OVER (PARTITION BY person_id,"
        " currency ORDER BY component, job, grain, part) AS place FROM moving"
        " WHERE difference > 0 AND NOT disputed"
    ).format(SQL(WANTS))
    wants = SQL("SELECT person_id, currency, {}::int AS year, amount FROM ({}) AS asking").format(
        Literal(year), asking
    )
    rooms = keep_rooms(plan, years.year_of(posted, plan.calendar), wants)
    execute(
        SQL(
            "UPDATE moving SET room = found.left_over FROM (SELECT asking.id, {room}"
            " - sum(amount) OVER (PARTITION BY person_id, currency ORDER BY place) + amount"
            " AS left_over FROM ({asking}) AS asking JOIN limit_room USING (person_id, currency))"
            " AS found WHERE found.id = moving.id"
        ).format(asking=asking, room=_room(rooms, year))
    )
    return year <= rooms.lost_until
