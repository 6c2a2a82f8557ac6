"""From cells to figures: numbers, durations in seconds, percents as fractions, and days.

A figure is text that PostgreSQL reads as ``numeric`` exactly; no float takes part, except where a
workbook stored one, which counts with the 15 digits that a spreadsheet shows. A cell that cannot
be read raises :class:`Unreadable` with the reason and a sentence without its line.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from functools import lru_cache
from zoneinfo import ZoneInfo

from metrics.map_parts import DayColumn, Reading
from metrics.reading import Cell
from org.dates import plausible
from org.models.tenants import time_zones

LIMIT = Decimal(10) ** 18
PLACES = Decimal("0.000000000001")
PER_UNIT = {
    "seconds": (Decimal(1), Decimal(1)),
    "milliseconds": (Decimal(1), Decimal(1000)),
    "minutes": (Decimal(60), Decimal(1)),
    "hours": (Decimal(3600), Decimal(1)),
}
CLOCKS = ("duration", "hh:mm:ss", "mm:ss", "hh:mm")
EXCEL_DAY_ZERO = date(1899, 12, 30)
EXCEL_DAYS = range(25_569, 109_575)  # 1970 to 2199, for cells that lost their date format
REMEMBERED = 50_000


class Unreadable(ValueError):
    """A cell that does not hold what its column should. ``reason`` is a code, str() a sentence."""

    def __init__(self, reason: str, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason


def text_of(cell: Cell) -> str:
    """A cell as text: 1001.0 of a workbook is 1001, dates are ISO; blanks around are gone."""
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, int | float):
        return _plain(_from_float(cell))
    if isinstance(cell, timedelta):
        return _clock(cell)
    return str(cell)


def _from_float(number: float) -> Decimal:
    return Decimal(format(number, ".15g"))


def _clock(duration: timedelta) -> str:
    seconds = int(duration.total_seconds())
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _plain(number: Decimal) -> str:
    """A number in plain digits, to twelve places, rounded half away from zero."""
    if abs(number) >= LIMIT:
        raise Unreadable(
            "too_large", "is a number of 10 to the 18th or more, which no figure can be."
        )
    with localcontext() as context:
        context.prec = 40
        exponent = number.as_tuple().exponent
        if isinstance(exponent, int) and exponent < -12:
            number = number.quantize(PLACES, ROUND_HALF_UP)
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


# --- Figures

Figure = Callable[[Cell], str]


@lru_cache(maxsize=200)
def figures(reading: Reading) -> Figure:
    """The reader of a column: cell to plain number, ``""`` for a blank cell.

    It remembers what it has read: columns repeat themselves, and parsing is the dear part.
    """
    read = _reader(reading)
    known: dict[Cell, str] = {}

    def remembered(cell: Cell) -> str:
        # True and 1.0 are one key of a dictionary, so yes/no cells go past it.
        if isinstance(cell, bool):
            return read(cell)
        found = known.get(cell)
        if found is None:
            found = read(cell)
            if len(known) < REMEMBERED:
                known[cell] = found
        return found

    return remembered


def _reader(reading: Reading) -> Figure:
    pattern = _number_pattern(reading)

    def read(cell: Cell) -> str:
        if isinstance(cell, str):
            cell = cell.replace("\u00a0", " ").replace("\u202f", " ").strip()
            if not cell:
                return ""
        if reading.kind in CLOCKS:
            return _plain(_duration(cell, reading.kind))
        number, had_percent = _number(cell, reading, pattern)
        if reading.kind == "percent":
            # A workbook stores 87.5 % as 0.875; a text says it per hundred, with or without sign.
            return _plain(number if not isinstance(cell, str) else number / 100)
        if had_percent:
            raise Unreadable(
                "not_a_number",
                f"is “{cell}”, a percentage. If the column holds percentages, the map must say "
                "as: percent.",
            )
        if reading.kind in PER_UNIT:
            times, by = PER_UNIT[reading.kind]
            number = number * times / by
        return _plain(number)

    return read


def _number_pattern(reading: Reading) -> re.Pattern[str]:
    point = re.escape(reading.decimal)
    grouped = ""
    if reading.thousands:
        sign = "['’]" if reading.thousands in "'’" else re.escape(reading.thousands)
        grouped = rf"\d{{1,3}}(?:{sign}\d{{3}})+|"
    money = r"(?:[^\W\d_]{1,3}\.?|[$€£¥₣₹])" if reading.kind == "money" else r"(?!)"
    return re.compile(
        rf"(?P<open>\()?\s*(?:{money}\s*)?(?P<sign>[-+−])?\s*(?:{money}\s*)?"
        rf"(?P<whole>{grouped}\d*)(?:{point}(?P<part>\d*))?(?P<power>[eE][-+]?\d{{1,2}})?"
        rf"\s*(?P<after>-)?\s*(?P<percent>%)?\s*(?:{money})?\s*(?P<close>\))?"
    )


def _number(cell: Cell, reading: Reading, pattern: re.Pattern[str]) -> tuple[Decimal, bool]:
    if isinstance(cell, bool) or not isinstance(cell, str | int | float):
        raise Unreadable("not_a_number", f"is “{text_of(cell)}”, which is no number.")
    if not isinstance(cell, str):
        return _from_float(cell), False
    match = pattern.fullmatch(cell)
    if match is None or not (match["whole"] or match["part"]):
        raise Unreadable("not_a_number", f"is “{cell}”, which is no number.{_hint(cell, reading)}")
    if bool(match["open"]) != bool(match["close"]):
        raise Unreadable("not_a_number", f"is “{cell}”: one of its brackets is missing.")
    whole = re.sub(r"\D", "", match["whole"])
    number = Decimal(f"{whole or 0}.{match['part'] or 0}{match['power'] or ''}")
    minus = match["sign"] in ("-", "−") or match["after"] or match["open"]
    return (-number if minus else number), bool(match["percent"])


def _hint(text: str, reading: Reading) -> str:
    """What to write in the map when a text would be a number by other signs."""
    if re.fullmatch(r"-?\d{1,2}:\d{2}(:\d{2})?", text):
        return " If it is a duration, the map must say as: duration."
    if re.fullmatch(r"[-\d.,' ’]+", text) and re.search(r"\d", text):
        return (
            f" The map reads “{reading.decimal}” as the decimal sign and "
            + (f"“{reading.thousands}”" if reading.thousands else "nothing")
            + " between thousands; set decimal and thousands if the file writes otherwise."
        )
    return " Mend it, or leave the cell empty."


_CLOCK = re.compile(
    r"(?P<minus>-)?(?:(?P<days>\d+)(?:\.|\s*days?,?\s*|\s+))?"
    r"(?P<parts>\d+(?::\d+){1,2})(?:[.,](?P<fraction>\d+))?"
)


def _duration(cell: Cell, kind: str) -> Decimal:
    """Seconds of a time of a workbook, or of a text such as 1:02:03 or 02:03."""
    if isinstance(cell, datetime):
        raise _no_duration(text_of(cell))
    if isinstance(cell, time):
        cell = timedelta(
            hours=cell.hour,
            minutes=cell.minute,
            seconds=cell.second,
            microseconds=cell.microsecond,
        )
    if isinstance(cell, timedelta):
        micro = cell.days * 86_400_000_000 + cell.seconds * 1_000_000 + cell.microseconds
        return Decimal(micro) / 1_000_000
    if not isinstance(cell, str):
        raise Unreadable(
            "bad_duration",
            f"is the plain number {text_of(cell)}, where a duration such as 0:04:05 is expected. "
            "If it counts seconds, minutes or milliseconds, the map must say so: as: seconds.",
        )
    return _clock_text(cell, kind)


def _clock_text(text: str, kind: str) -> Decimal:
    match = _CLOCK.fullmatch(text)
    if match is None:
        raise _no_duration(text)
    parts = [int(part) for part in match["parts"].split(":")]
    if len(parts) == 2:
        if kind not in ("mm:ss", "hh:mm"):
            raise Unreadable(
                "bad_duration",
                f"is “{text}”, which may be minutes and seconds or hours and minutes. Say which "
                "in the map: as: mm:ss, or as: hh:mm.",
            )
        parts = [0, *parts] if kind == "mm:ss" else [*parts, 0]
    hours, minutes, seconds = parts
    if seconds > 59 or (minutes > 59 and kind != "mm:ss"):
        raise _no_duration(text)
    total = ((int(match["days"] or 0) * 24 + hours) * 60 + minutes) * 60 + seconds
    number = Decimal(f"{total}.{match['fraction'] or 0}")
    return -number if match["minus"] else number


def _no_duration(text: str) -> Unreadable:
    return Unreadable(
        "bad_duration",
        f"is “{text}”, which is no duration. Durations look like 0:04:05 (hours, minutes, "
        "seconds).",
    )


# --- Days


def known_zone(name: str) -> bool:
    """Whether there is a time zone of that name."""
    return name in time_zones()


def days(column: DayColumn, source_zone: str) -> Callable[[Cell], str]:
    """The reader of the day: cell to ISO day in the source's zone. Remembers what it has read."""
    own, given = ZoneInfo(source_zone), ZoneInfo(column.zone) if column.zone else None
    known: dict[Cell, str] = {}

    def read(cell: Cell) -> str:
        found = known.get(cell)
        if found is None:
            found = _day(cell, column, own, given).isoformat()
            if len(known) < REMEMBERED:
                known[cell] = found
        return found

    return read


def _day(cell: Cell, column: DayColumn, own: ZoneInfo, given: ZoneInfo | None) -> date:
    found = _moment(cell, column)
    if isinstance(found, datetime):
        if found.tzinfo is None and given is not None:
            found = found.replace(tzinfo=given)
        if found.tzinfo is not None and plausible(found.date()):
            found = found.astimezone(own)
        found = found.date()
    if not plausible(found):
        raise Unreadable(
            "implausible_day",
            f"is {found.day} {found:%B} {found.year}, which cannot be a day of work here. Mend "
            "the year.",
        )
    return found


def _moment(cell: Cell, column: DayColumn) -> date | datetime:
    """The date or moment that a cell holds."""
    if isinstance(cell, datetime | date):
        return cell
    if isinstance(cell, float | int) and not isinstance(cell, bool):
        if not column.formats and int(cell) in EXCEL_DAYS:
            return EXCEL_DAY_ZERO + timedelta(days=int(cell))
        cell = text_of(cell)
    if not isinstance(cell, str):
        raise Unreadable("not_a_day", f"is “{text_of(cell)}”, which is no date.")
    text = cell.strip()
    if not text:
        raise Unreadable("no_day", "is empty. Each row needs its day.")
    for one in column.formats:
        try:
            return datetime.strptime(text, one)  # noqa: DTZ007 — days() knows its zone
        except ValueError:
            continue
    return _iso(text, column)


def _iso(text: str, column: DayColumn) -> date | datetime:
    """A date as 2026-06-30, also with a time and zone; only where the map names no other format."""
    if not column.formats and re.match(r"\d{4}-\d\d-\d\d", text):
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            if len(text) == len("2026-06-30"):
                raise Unreadable("not_a_day", f"is “{text}”, a day that no calendar has.") from None
    expected = " or ".join(_in_words(one) for one in column.formats) or "2026-06-30"
    hint = "" if column.formats else " If the file writes dates otherwise, set the map's format."
    raise Unreadable("not_a_day", f"is “{text}”, which is no date written like {expected}.{hint}")


def _in_words(day_format: str) -> str:
    return datetime(2026, 6, 30, 14, 5, tzinfo=UTC).strftime(day_format)
