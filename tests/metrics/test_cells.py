"""How cells become figures and days."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.cells import Unreadable, days, figures, text_of
from metrics.map_parts import DayColumn, Reading
from metrics.reading import Cell

GERMAN = Reading("number", ",", ".")
SWISS = Reading("number", ".", "'")
AMERICAN = Reading("money", ".", ",")


@pytest.mark.parametrize(
    ("reading", "cell", "figure"),
    [
        (Reading(), "12", "12"),
        (Reading(), " 012.50 ", "12.5"),
        (Reading(), "-.5", "-0.5"),
        (Reading(), "−3", "-3"),
        (Reading(), "3-", "-3"),
        (Reading(), "1.5e3", "1500"),
        (Reading(), "", ""),
        (Reading(), "  ", ""),
        (Reading(), 12.0, "12"),
        (Reading(), 0.1 + 0.2, "0.3"),
        (Reading(), 1e-7, "0.0000001"),
        (Reading(), "0.0000000000005", "0.000000000001"),
        (GERMAN, "1.234.567,8", "1234567.8"),
        (GERMAN, "1234,8", "1234.8"),
        (GERMAN, 1234.8, "1234.8"),
        (SWISS, "1’234.50", "1234.5"),
        (Reading("number", ",", " "), "1\u202f234,5", "1234.5"),
        (AMERICAN, "$1,234.50", "1234.5"),
        (AMERICAN, "($1,234.50)", "-1234.5"),
        (AMERICAN, "-$5", "-5"),
        (AMERICAN, "USD 7", "7"),
        (Reading("money", ",", "."), "1.234,50 €", "1234.5"),
        (Reading("percent"), "87.5%", "0.875"),
        (Reading("percent"), "87.5", "0.875"),
        (Reading("percent"), 0.875, "0.875"),
        (Reading("seconds"), "90", "90"),
        (Reading("milliseconds"), "1500", "1.5"),
        (Reading("minutes"), "1.5", "90"),
        (Reading("hours"), 0.5, "1800"),
        (Reading("duration"), "0:02:23", "143"),
        (Reading("duration"), "101:00:00", "363600"),
        (Reading("duration"), "1 day, 2:00:00", "93600"),
        (Reading("duration"), "1.02:00:00", "93600"),
        (Reading("duration"), "0:00:01.250", "1.25"),
        (Reading("duration"), time(0, 2, 23), "143"),
        (Reading("duration"), timedelta(hours=30, seconds=1), "108001"),
        (Reading("hh:mm:ss"), "00:00:37", "37"),
        (Reading("mm:ss"), "75:30", "4530"),
        (Reading("hh:mm"), "1:30", "5400"),
    ],
)
def test_a_figure(reading: Reading, cell: Cell, figure: str) -> None:
    assert figures(reading)(cell) == figure


@pytest.mark.parametrize(
    ("reading", "cell"),
    [
        (Reading(), "1,234"),
        (Reading(), "1.2.3"),
        (Reading(), "12 apples"),
        (Reading(), "$5"),
        (Reading(), "(5"),
        (Reading(), "NaN"),
        (Reading(), "inf"),
        (Reading(), "0x10"),
        (Reading(), True),
        (Reading(), date(2026, 1, 1)),
        (GERMAN, "1.23"),
        (GERMAN, "12.34,5"),
        (Reading("duration"), "2:23"),
        (Reading("duration"), "0:02:60"),
        (Reading("duration"), 143.0),
        (Reading("mm:ss"), "2:75"),
    ],
)
def test_no_figure(reading: Reading, cell: Cell) -> None:
    with pytest.raises(Unreadable):
        figures(reading)(cell)


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=4))
def test_a_number_survives_both_ways_of_writing(number: object) -> None:
    american = f"{number:,.4f}"
    german = american.translate(str.maketrans(",.", ".,"))
    assert figures(Reading("number", ".", ","))(american) == figures(GERMAN)(german)
    assert figures(Reading())(f"{number:f}") == figures(GERMAN)(german)


@given(st.integers(0, 10**6))
def test_a_duration_survives(seconds: int) -> None:
    read = figures(Reading("duration"))
    assert read(text_of(timedelta(seconds=seconds))) == str(seconds)
    assert read(timedelta(seconds=seconds)) == str(seconds)


@pytest.mark.parametrize(
    ("column", "cell", "day"),
    [
        (DayColumn("D"), "2026-06-30", "2026-06-30"),
        (DayColumn("D"), date(2026, 6, 30), "2026-06-30"),
        (DayColumn("D"), datetime(2026, 6, 30, 23, 59), "2026-06-30"),
        (DayColumn("D"), 46203.0, "2026-06-30"),
        (DayColumn("D", ("%d.%m.%Y",)), "30.06.2026", "2026-06-30"),
        (DayColumn("D", ("%m/%d/%Y", "%Y%m%d")), "20260630", "2026-06-30"),
        (DayColumn("D", ("%Y%m%d",)), 20260630.0, "2026-06-30"),
        (DayColumn("D"), "2026-07-01T03:30:00Z", "2026-06-30"),
        (DayColumn("D"), "2026-06-30T23:45:00-04:00", "2026-06-30"),
        (DayColumn("D", zone="UTC"), "2026-07-01 03:30", "2026-06-30"),
        (DayColumn("D", zone="UTC"), datetime(2026, 7, 1, 3, 30), "2026-06-30"),
        (DayColumn("D", zone="UTC"), datetime(2026, 7, 1, 3, 30, tzinfo=UTC), "2026-06-30"),
        (DayColumn("D", zone="UTC"), date(2026, 6, 30), "2026-06-30"),
    ],
)
def test_a_day_in_new_york(column: DayColumn, cell: Cell, day: str) -> None:
    assert days(column, "America/New_York")(cell) == day


@pytest.mark.parametrize(
    "cell",
    ["", "soon", "30.06.2026", "1900-01-01", "2999-01-01", "9999-12-31T23:59:00Z", True, 5.0],
)
def test_no_day(cell: Cell) -> None:
    with pytest.raises(Unreadable):
        days(DayColumn("D"), "America/New_York")(cell)
