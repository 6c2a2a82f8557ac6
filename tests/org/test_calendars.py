"""Periods of every kind lie side by side without gaps, whatever the calendar."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from org.calendars import add_periods, ensure_periods, make_periods, pay_date, period_of
from org.dates import in_words
from org.errors import DomainError
from org.models import Calendar, Holiday, HolidayCalendar
from org.workdays import working_days
from tests.factories import make_calendar
from tests.org.cast import Cast

Kind = Calendar.Kind
DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))
CUT = [kind for kind in Kind if kind != Kind.OWN_DATES]


@given(
    kind=st.sampled_from(CUT),
    first_day=st.integers(1, 28),
    anchor=DAYS,
    first=DAYS,
    length=st.integers(0, 1000),
)
def test_periods_tile_the_days(
    kind: Kind, first_day: int, anchor: date, first: date, length: int
) -> None:
    calendar = Calendar(tenant_id=1, code="c", kind=kind, first_day=first_day, anchor=anchor)
    last = first + timedelta(length)
    spans = make_periods(calendar, first, last)
    assert spans[0].start <= first < spans[0].end
    assert spans[-1].start <= last < spans[-1].end
    assert all(one.end == two.start for one, two in pairwise(spans))
    assert all(span.start < span.end for span in spans)
    assert len({span.code for span in spans}) == len(spans)
    if kind not in (Kind.WEEKLY, Kind.BI_WEEKLY, Kind.SEMI_MONTHLY):
        assert {span.start.day for span in spans} == {first_day}


@pytest.mark.parametrize(
    ("kind", "fields", "expected"),
    [
        ("monthly", {}, ("2026-06", date(2026, 6, 1), date(2026, 7, 1))),
        ("monthly", {"first_day": 15}, ("2026-05", date(2026, 5, 15), date(2026, 6, 15))),
        ("semi_monthly", {}, ("2026-06-A", date(2026, 6, 1), date(2026, 6, 16))),
        ("weekly", {}, ("2026-06-08", date(2026, 6, 8), date(2026, 6, 15))),
        (
            "bi_weekly",
            {"anchor": date(2026, 1, 2)},
            ("2026-06-05", date(2026, 6, 5), date(2026, 6, 19)),
        ),
        ("quarterly", {}, ("2026-Q2", date(2026, 4, 1), date(2026, 7, 1))),
        ("yearly", {}, ("2026", date(2026, 1, 1), date(2027, 1, 1))),
        (
            "yearly",
            {"anchor": date(2020, 7, 1)},
            ("2025", date(2025, 7, 1), date(2026, 7, 1)),
        ),
    ],
)
def test_periods_are_named_by_their_start(
    kind: str, fields: dict[str, object], expected: tuple[str, date, date]
) -> None:
    calendar = Calendar(tenant_id=1, code="c", kind=kind, **fields)
    [span] = make_periods(calendar, date(2026, 6, 12), date(2026, 6, 12))
    assert (span.code, span.start, span.end) == expected


def test_periods_are_written_once(bank: Cast) -> None:
    calendar = make_calendar("months")
    first, last = date(2026, 1, 1), date(2026, 3, 31)
    assert [p.code for p in ensure_periods(calendar, first, last)] == [
        "2026-01",
        "2026-02",
        "2026-03",
    ]
    ensure_periods(calendar, first, date(2026, 5, 1))
    assert calendar.periods.count() == 5
    found = period_of(calendar, date(2026, 2, 28))
    assert found is not None
    assert found.code == "2026-02"
    assert period_of(calendar, date(2027, 1, 1)) is None


def test_two_weeks_need_a_day_to_begin_on(bank: Cast) -> None:
    with pytest.raises(DomainError, match=r"anchor: 2026-01-05"):
        ensure_periods(make_calendar("pay", "bi_weekly"), date(2026, 1, 1), date(2026, 2, 1))


def test_a_calendar_of_its_own_dates_makes_none(bank: Cast) -> None:
    calendar = make_calendar("spiff", "own_dates")
    assert ensure_periods(calendar, date(2026, 1, 1), date(2026, 12, 31)) == []
    add_periods(calendar, [])


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, None),
        ({"pay_day": 25}, date(2026, 2, 25)),
        ({"pay_day": 31}, date(2026, 2, 28)),
        ({"pay_days_after": 12}, date(2026, 3, 12)),
    ],
)
def test_pay_dates_follow_their_rule(fields: dict[str, int], expected: date | None) -> None:
    calendar = Calendar(tenant_id=1, code="c", kind="monthly", **fields)
    assert pay_date(calendar, date(2026, 3, 1)) == expected


def test_working_days_leave_out_holidays_and_free_weekdays(bank: Cast) -> None:
    start, end = date(2026, 6, 1), date(2026, 7, 1)
    assert working_days(None, start, end) == 22
    shop = HolidayCalendar.objects.create(code="shop", weekdays="23456")
    Holiday.objects.create(calendar=shop, day=date(2026, 6, 4))
    Holiday.objects.create(calendar=shop, day=date(2026, 6, 7))
    assert working_days(shop, start, end) == 20
    shop.is_default = True
    shop.save()
    assert working_days(None, start, end) == 20
    assert working_days(shop, start, start) == 0


def test_days_as_people_write_them() -> None:
    first = date(2026, 6, 17)
    assert in_words(first, first) == "17 June 2026"
    assert in_words(first, date(2026, 6, 18)) == "17–18 June 2026"
    assert in_words(first, date(2026, 7, 2)) == "17 June – 2 July 2026"
    assert in_words(first, date(2027, 1, 2)) == "17 June 2026 – 2 January 2027"
