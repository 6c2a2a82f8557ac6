"""Reading a CSV file of people: encoding, separator, columns, days; problems as sentences."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from functools import lru_cache
from typing import TypeVar

from org.dates import EARLIEST_DAY, FOREVER, LATEST_DAY, plausible
from org.errors import DomainError

MOST_PROBLEMS_SHOWN = 50
T = TypeVar("T")


@dataclass(frozen=True)
class Line:
    """One row of a file with the number that a spreadsheet gives it; empty cells are ''."""

    number: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


@dataclass
class Problems:
    """What is wrong with a file, collected so that all of it is said at once."""

    file: str
    found: list[tuple[int, str]] = field(default_factory=list)

    def add(self, line: Line, sentence: str) -> None:
        """Note what is wrong with a line."""
        self.found.append((line.number, sentence))

    def read(self, line: Line, column: str, reader: Callable[[str], T]) -> T | None:
        """What a cell says, or None after noting why it cannot be read."""
        try:
            return reader(line[column])
        except DomainError as refusal:
            self.add(line, f"{column}: {refusal}")
            return None

    def refuse_if_any(self) -> None:
        """Raise one refusal that lists every problem by line."""
        if not self.found:
            return
        count = len(self.found)
        listed = [f"line {number}: {text}" for number, text in sorted(self.found)]
        if count > MOST_PROBLEMS_SHOWN:
            more = count - MOST_PROBLEMS_SHOWN
            listed = [*listed[:MOST_PROBLEMS_SHOWN], f"and {more} more like these"]
        problems = "1 problem" if count == 1 else f"{count} problems"
        raise DomainError(
            f"{self.file} has {problems}, so nothing of it was taken over:", tuple(listed)
        )


def read_table(
    content: bytes, *, file: str, columns: Sequence[str], required: Sequence[str]
) -> list[Line]:
    """The rows of a CSV file by column name, blank rows left out.

    Takes UTF-8, UTF-16 with a mark and Windows-1252, separated by comma, semicolon or tab. Raises
    a refusal for anything else, for a missing or unknown column (with the nearest name), and for
    a file without rows.
    """
    text = decode(content, file=file)
    rows = _rows(text, file=file)
    header = [cell.strip().lower().replace(" ", "_") for cell in rows[0]] if rows else []
    _check_header(header, file=file, columns=columns, required=required)
    lines, problems = [], Problems(file)
    for number, cells in enumerate(rows[1:], start=2):
        line = Line(number, dict(zip(header, (cell.strip() for cell in cells), strict=False)))
        if len(cells) > len(header):
            problems.add(line, f"has {len(cells)} cells under {len(header)} column names.")
        elif any(line.cells.values()):
            lines.append(line)
    problems.refuse_if_any()
    if not lines:
        raise DomainError(f"{file} has column names and no rows, so there is nothing to take over.")
    return lines


def decode(content: bytes, *, file: str) -> str:
    """The text of a file, whatever a spreadsheet made of it."""
    if not content.strip():
        raise DomainError(f"{file} is empty. Its first line must hold the column names.")
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise DomainError(f"{file} is a workbook. Save its sheet as CSV (UTF-8) and try again.")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16")
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise DomainError(
        f"{file} is no text that can be read (neither UTF-8 nor Windows-1252). "
        "Save it as “CSV UTF-8” and try again."
    )


def _rows(text: str, *, file: str) -> list[list[str]]:
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as broken:
        raise DomainError(f"{file} cannot be read as CSV: {broken}.") from broken


def _check_header(
    header: list[str], *, file: str, columns: Sequence[str], required: Sequence[str]
) -> None:
    problems = []
    for name in header:
        if header.count(name) > 1:
            problems.append(f"column “{name}” stands there {header.count(name)} times")
        elif name not in columns:
            problems.append(f"unknown column “{name}”{_nearest(name, columns)}")
    missing = [name for name in required if name not in header]
    problems += [f"missing column “{name}”{_nearest(name, header)}" for name in missing]
    if problems:
        raise DomainError(
            f"The columns of {file} do not fit. Allowed: {', '.join(columns)}.",
            tuple(dict.fromkeys(problems)),
        )


def _nearest(name: str, names: Iterable[str]) -> str:
    close = get_close_matches(name, list(names), n=1)
    return f" (nearest: “{close[0]}”)" if close else ""


def known(what: str, names: Mapping[str, T], hint: str) -> Callable[[str], T]:
    """A reader of codes that somebody has defined: answers what a code stands for."""

    def read(code: str) -> T:
        if code in names:
            return names[code]
        if not code:
            raise DomainError(f"is empty; it must name a {what}. {hint}")
        raise DomainError(f"no {what} is called “{code}”{_nearest(code, names)}. {hint}")

    return read


@lru_cache(maxsize=10_000)
def read_day(text: str) -> date:
    """A day written 2026-06-12; raises a refusal for anything else, and for 1900 or 2999."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise DomainError(f"“{text}” is no date. Write year-month-day: 2026-06-12.") from None
    if not plausible(day):
        raise DomainError(
            f"{day} is no plausible day. Give one between {EARLIEST_DAY} and {LATEST_DAY}."
        )
    return day


def read_end(to: str, last_day: str) -> date:
    """The day on which something no longer counts, from either way to write it; none: for ever."""
    if to and last_day:
        raise DomainError("gives both “to” (first day no longer) and “last_day”. Give one of them.")
    if last_day:
        return read_day(last_day) + timedelta(days=1)
    return read_day(to) if to else FOREVER


def read_number(text: str) -> Decimal:
    """An exact number written 1234.5, or a percentage written 60%."""
    plain = text.removesuffix("%").strip()
    try:
        number = Decimal(plain)
    except InvalidOperation:
        raise DomainError(f"“{text}” is no number. Write 1234.5, or 60%.") from None
    if not number.is_finite():
        raise DomainError(f"“{text}” is no number. Write 1234.5, or 60%.")
    return number / 100 if text.endswith("%") else number


def csv_text(columns: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A CSV file as these readers take it back: commas, a line each, nothing for None."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue()
