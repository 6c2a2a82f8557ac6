"""Working days: for one calendar in Python's terms, for all of them in SQL's."""

from __future__ import annotations

from datetime import date, timedelta

from psycopg import sql

from org.models import HolidayCalendar
from org.sql import fetch

DEFAULT_CALENDAR = 0
"""The calendar of those who name none: the tenant's default one, else Monday to Friday."""

DEFAULT_WEEKDAYS = "12345"

COUNTS = """
    SELECT calendar_id, day, working,
           count(*) FILTER (WHERE working) OVER (
               PARTITION BY calendar_id ORDER BY day ROWS UNBOUNDED PRECEDING
           ) - working::int AS before
    FROM (
        SELECT site.calendar_id, days.day,
               strpos(site.weekdays, extract(isodow FROM days.day)::int::text) > 0
               AND holiday.day IS NULL AS working
        FROM (
            SELECT id AS calendar_id, id AS rows_of, weekdays FROM org_holidaycalendar
            UNION ALL
            SELECT {default}, (SELECT id FROM org_holidaycalendar WHERE is_default),
                   coalesce((SELECT weekdays FROM org_holidaycalendar WHERE is_default), {weekdays})
        ) AS site
        CROSS JOIN LATERAL (
            SELECT {first}::date + step AS day
            FROM generate_series(0, {last}::date - {first}::date) AS step
        ) AS days
        LEFT JOIN org_holiday AS holiday
               ON holiday.calendar_id = site.rows_of AND holiday.day = days.day
    ) AS judged
"""


def workday_counts(first: date, last: date) -> sql.Composed:
    """A SELECT of ``calendar_id, day, working, before`` per day, ``first`` to ``last`` included.

    ``before`` counts the working days in ``[first, day)``; those of ``[a, b)`` are ``before`` of b
    minus ``before`` of a, so ask for one day more than the range. ``calendar_id`` is that of a
    holiday calendar; 0, always there, is for those without one.
    """
    return sql.SQL(COUNTS).format(
        default=sql.Literal(DEFAULT_CALENDAR),
        weekdays=sql.Literal(DEFAULT_WEEKDAYS),
        first=sql.Literal(first),
        last=sql.Literal(last),
    )


def working_days(calendar: HolidayCalendar | None, start: date, end: date) -> int:
    """How many days of ``[start, end)`` are worked; None: by the tenant's default calendar."""
    wanted = DEFAULT_CALENDAR if calendar is None else calendar.pk
    query = sql.SQL("SELECT count(*) FROM ({counts}) AS c WHERE working AND calendar_id = {id}")
    last = end - timedelta(days=1)
    statement = query.format(counts=workday_counts(start, last), id=sql.Literal(wanted))
    return int(fetch(statement)[0][0])


def working_day_after(start: date, days: int, calendar: HolidayCalendar | None = None) -> date:
    """The day that is so many working days after another; None: by the tenant's default calendar.

    A calendar that knows no working day at all is counted as if every day were one.
    """
    wanted = DEFAULT_CALENDAR if calendar is None else calendar.pk
    query = sql.SQL(
        "SELECT day FROM ({counts}) AS c WHERE working AND calendar_id = {id} AND day > {start}"
        " ORDER BY day OFFSET {more} LIMIT 1"
    )
    # Two years of days hold the working days of one, whatever the holidays.
    last = start + timedelta(days=2 * days + 366)
    found = fetch(
        query.format(
            counts=workday_counts(start, last),
            id=sql.Literal(wanted),
            start=sql.Literal(start),
            more=sql.Literal(days - 1),
        )
    )
    return found[0][0] if found else start + timedelta(days=days)
