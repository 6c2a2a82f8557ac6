"""The year of a plan's calendar: to it belong the periods whose last day lies in it.

A calendar of months, quarters or years may name by its anchor the month in which its year begins
(docs/adr/0087).
"""

from __future__ import annotations

from datetime import date, timedelta

from django.db.models import QuerySet
from psycopg.sql import SQL, Composable, Literal

from org.models import Calendar, Period

ONE_DAY = timedelta(days=1)
CALENDARS_WITH_A_YEAR = frozenset(
    {
        Calendar.Kind.MONTHLY,
        Calendar.Kind.SEMI_MONTHLY,
        Calendar.Kind.QUARTERLY,
        Calendar.Kind.YEARLY,
    }
)


def up_to(period: Period) -> QuerySet[Period]:
    """The periods of the calendar up to this one, itself included."""
    return Period.objects.filter(calendar=period.calendar_id, valid_from__lte=period.valid_from)


def year_start(period: Period, *, months: int = 12) -> date:
    """The first day of the year (or quarter) to which a period belongs by its last day.

    It is the first day of the first period whose last day lies there, or the first of the month
    where the calendar has no period so early.
    """
    begins = begins_on(period.calendar, period.valid_to - ONE_DAY, months)
    if period.calendar.kind == Calendar.Kind.OWN_DATES:
        return min(begins, period.valid_from)
    rows = up_to(period).filter(valid_to__gt=begins).order_by("valid_from")
    starts = list(rows.values_list("valid_from", flat=True)[:1])
    earlier = Period.objects.filter(calendar=period.calendar_id, valid_to__lte=begins).exists()
    first = starts[0] if starts else period.valid_from
    return first if earlier or first < begins else begins


def begins_on(calendar: Calendar, day: date, months: int) -> date:
    """The first day of the year or quarter in which a day lies."""
    back = (day.month - first_month(calendar)) % months
    year, month = divmod(day.year * 12 + day.month - 1 - back, 12)
    return date(year, month + 1, 1)


def first_month(calendar: Calendar) -> int:
    """The month, 1 to 12, in which a year of the calendar begins."""
    if calendar.anchor is not None and calendar.kind in CALENDARS_WITH_A_YEAR:
        return calendar.anchor.month
    return 1


def year_of(period: Period, calendar: Calendar) -> int:
    """The year of a calendar to which a period belongs, named after the one in which it begins."""
    return year_at(calendar, period.valid_to - ONE_DAY)


def year_at(calendar: Calendar, day: date) -> int:
    """The year of a calendar in which a day lies."""
    return begins_on(calendar, day, 12).year


def year_sql(calendar: Calendar, end: Composable) -> Composable:
    """The same as :func:`year_of` for a period that ends before ``end``, a date in SQL."""
    return SQL("extract(year FROM {} - 1 - make_interval(months => {}))::int").format(
        end, Literal(first_month(calendar) - 1)
    )
