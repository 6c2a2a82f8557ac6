"""The two ends of time, and half-open ranges of days.

Every range of days is half open: ``valid_from`` is in, ``valid_to`` is out. A range without an
end runs to :data:`FOREVER`; a row that nothing has replaced is superseded at :data:`NEVER`. Both
are ordinary dates, so that hot paths compare two columns and unique keys can hold them.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

FOREVER = date(9999, 12, 31)
NEVER = datetime(9999, 12, 31, tzinfo=UTC)

EARLIEST_DAY = date(1970, 1, 1)
LATEST_DAY = date(2199, 12, 31)


def plausible(day: date) -> bool:
    """Whether a day can be one on which somebody worked, and not a slip of the keyboard."""
    return EARLIEST_DAY <= day <= LATEST_DAY


def in_words(first: date, last: date) -> str:
    """The days from first to last, as people write them: “17–18 June 2026”."""
    end = f"{last.day} {last:%B %Y}"
    if first == last:
        return end
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{end}"
    begin = f"{first.day} {first:%B}" if first.year == last.year else f"{first.day} {first:%B %Y}"
    return f"{begin} – {end}"
