"""The demo's months: three whole ones before a day, and the working days in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

# The tenant files are written for these; loading them moves their dates to the months wanted.
WRITTEN_FOR = date(2026, 4, 1)
WRITTEN_UNTIL = date(2026, 9, 30)


def month_after(day: date, months: int = 1) -> date:
    """The first day of the month that lies so many months after a day's own."""
    count = day.year * 12 + day.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


@dataclass(frozen=True)
class Month:
    """A calendar month."""

    first: date

    @property
    def end(self) -> date:
        """The first day after it."""
        return month_after(self.first)

    @property
    def code(self) -> str:
        """As monthly periods are called."""
        return f"{self.first:%Y-%m}"

    def working_days(self, holidays: frozenset[date]) -> list[date]:
        """Monday to Friday without the holidays."""
        days = (self.first + timedelta(days=n) for n in range((self.end - self.first).days))
        return [day for day in days if day.isoweekday() <= 5 and day not in holidays]


def three_months_before(today: date) -> tuple[Month, Month, Month]:
    """The three months that end with the last whole one before ``today``."""
    return (
        Month(month_after(today, -3)),
        Month(month_after(today, -2)),
        Month(month_after(today, -1)),
    )


def moved(day: date, first: date) -> date:
    """A day of the written months as it falls when the first of them is ``first``."""
    shift = (first.year - WRITTEN_FOR.year) * 12 + first.month - WRITTEN_FOR.month
    if not WRITTEN_FOR <= day <= WRITTEN_UNTIL:
        return day
    month = month_after(day, shift)
    return month.replace(day=min(day.day, (month_after(month) - timedelta(days=1)).day))
