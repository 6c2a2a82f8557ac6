"""Cutting time into periods, for every kind of calendar."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from org.errors import DomainError
from org.models import Calendar, Period
from org.timeline import check_days

Kind = Calendar.Kind
MONTHS = {Kind.MONTHLY: 1, Kind.QUARTERLY: 3, Kind.YEARLY: 12}
WEEKS = {Kind.WEEKLY: 1, Kind.BI_WEEKLY: 2}
A_MONDAY = date(2024, 1, 1)


@dataclass(frozen=True)
class Span:
    """A period before it is a row: the days ``[start, end)`` and what they are called."""

    code: str
    start: date
    end: date
    pay_date: date | None = None


def make_periods(calendar: Calendar, first: date, last: date) -> list[Span]:
    """The periods that have a day between ``first`` and ``last``, both included, in order.

    Named after the month, quarter or year in which they begin (“2026-06”, “2026-06-A”,
    “2026-Q2”, “2026”), weeks after their first day (“2026-06-12”). A calendar of its own dates
    makes none: its periods are given.
    """
    check_days(first, last + timedelta(days=1), what=f"Periods of {calendar.code}")
    spans = []
    for span in _spans_from(calendar, first):
        if span.start > last:
            break
        if span.end > first:
            spans.append(span)
    return spans


def ensure_periods(calendar: Calendar, first: date, last: date) -> list[Period]:
    """Write the periods between two days, both included, that are not there yet; answers them all.

    Periods follow from the calendar, which cannot change once it has some, so nothing is updated.
    """
    spans = make_periods(calendar, first, last)
    known = set(calendar.periods.values_list("code", flat=True))
    add_periods(calendar, [span for span in spans if span.code not in known])
    periods = calendar.periods.filter(valid_from__lte=last, valid_to__gt=first)
    return list(periods.order_by("valid_from"))


def add_periods(calendar: Calendar, spans: Iterable[Span]) -> None:
    """Write periods as rows; used as it is for a calendar of its own dates."""
    Period.objects.bulk_create(
        Period(
            calendar=calendar,
            code=span.code,
            valid_from=span.start,
            valid_to=span.end,
            pay_date=span.pay_date or pay_date(calendar, span.end),
        )
        for span in spans
    )


def pay_date(calendar: Calendar, end: date) -> date | None:
    """When the period that ends before ``end`` is paid by the calendar's rule; None without one."""
    last = end - timedelta(days=1)
    if calendar.pay_days_after is not None:
        return last + timedelta(days=calendar.pay_days_after)
    if calendar.pay_day is not None:
        return last.replace(day=min(calendar.pay_day, monthrange(last.year, last.month)[1]))
    return None


def period_of(calendar: Calendar, day: date) -> Period | None:
    """The period that a day lies in, if there is one."""
    return calendar.periods.filter(valid_from__lte=day, valid_to__gt=day).first()


def _spans_from(calendar: Calendar, day: date) -> Iterator[Span]:
    """All periods from one that begins on or before ``day``, without end."""
    kind = Kind(calendar.kind)
    if kind in WEEKS:
        yield from _weeks(calendar, kind, day)
    elif kind == Kind.SEMI_MONTHLY:
        yield from _half_months(calendar.first_day, day)
    elif kind in MONTHS:
        yield from _months(calendar, kind, day)


def _weeks(calendar: Calendar, kind: Kind, day: date) -> Iterator[Span]:
    if calendar.anchor is None and kind == Kind.BI_WEEKLY:
        raise DomainError(
            f"Calendar {calendar.code} runs every two weeks, so it needs a day on which one of its "
            "periods begins. Example: anchor: 2026-01-05"
        )
    length = timedelta(weeks=WEEKS[kind])
    start = day - (day - (calendar.anchor or A_MONDAY)) % length
    while True:
        yield Span(start.isoformat(), start, start + length)
        start += length


def _half_months(first_day: int, day: date) -> Iterator[Span]:
    """From the first day, and from fifteen days later or earlier: 1 and 16, 5 and 20, 10 and 25.

    From the 14th on the second half begins in the month after.
    """
    later = first_day + 15 if first_day <= 13 else max(1, first_day - 15)
    month = _add_months(day.replace(day=1), -2)
    while True:
        start, following = month.replace(day=first_day), _add_months(month, 1)
        middle = (month if later > first_day else following).replace(day=later)
        yield Span(f"{month:%Y-%m}-A", start, middle)
        yield Span(f"{month:%Y-%m}-B", middle, following.replace(day=first_day))
        month = following


def _months(calendar: Calendar, kind: Kind, day: date) -> Iterator[Span]:
    """Periods of one, three or twelve months; an anchor names the month in which a year begins."""
    january = calendar.anchor.month if calendar.anchor and kind != Kind.MONTHLY else 1
    start = date(day.year - 2, january, calendar.first_day)
    while True:
        end = _add_months(start, MONTHS[kind])
        yield Span(_month_code(kind, start, january), start, end)
        start = end


def _month_code(kind: Kind, start: date, january: int) -> str:
    if kind == Kind.MONTHLY:
        return f"{start:%Y-%m}"
    year = start.year - (start.month < january)
    if kind == Kind.YEARLY:
        return str(year)
    return f"{year}-Q{(start.month - january) % 12 // 3 + 1}"


def _add_months(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return day.replace(year=year, month=month + 1)
