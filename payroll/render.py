"""Turning pay lines into the bytes that a payroll system reads, by a profile.

Nothing is bent to fit: what the layout cannot carry is a problem with the people it concerns, and
no file. Amounts are written exactly or not at all, and the total is added up from what was written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from org.errors import DomainError
from payroll.profile import Column, Profile
from payroll.template import fill_in, names_in, write_date

LISTED = 20
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, kw_only=True)
class Line:
    """One pay line with what a file may say about it; ``earned_end`` is the last day, in."""

    person: str
    name: str
    payroll_id: str
    company: str
    earning_type: str
    amount: Decimal
    earned_period: str = ""
    earned_start: date | None = None
    earned_end: date | None = None

    @property
    def who(self) -> str:
        """The person as problems name them."""
        return f"{self.name} ({self.person})"


@dataclass(frozen=True, kw_only=True)
class Row:
    """The lines that one row of the file adds up."""

    lines: tuple[Line, ...]
    code: str

    @property
    def amount(self) -> Decimal:
        """The row's amount, exactly."""
        return sum((line.amount for line in self.lines), Decimal(0))


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """A file that may leave: its name, bytes and control totals."""

    name: str
    content: bytes
    rows: int
    total: Decimal


@dataclass
class Problems:
    """What is wrong, each with the people whom it concerns, in the order in which it was met."""

    found: dict[str, dict[str, None]] = field(default_factory=dict)

    def note(self, problem: str, who: Iterable[str]) -> None:
        """Note a problem for somebody."""
        self.found.setdefault(problem, {}).update(dict.fromkeys(who))

    def refuse(self, sentence: str) -> None:
        """Raise with all that was noted, if anything was."""
        if self.found:
            raise DomainError(sentence, tuple(f"{p}: {listed(w)}" for p, w in self.found.items()))


def listed(names: Iterable[str]) -> str:
    """Names in a row, the first twenty of them."""
    known = list(names)
    rest = f" and {len(known) - LISTED} more" if len(known) > LISTED else ""
    return ", ".join(known[:LISTED]) + rest


def render(profile: Profile, lines: Sequence[Line], batch: Mapping[str, Any]) -> Rendered:
    """The file of these lines; a DomainError lists every problem that keeps it from leaving.

    ``batch`` holds the batch's fields (see ``payroll.schema.BATCH_FIELDS``) but batch_id.
    """
    known = {**profile.settings, "profile": profile.code, **batch}
    known["batch_id"] = fill_in(profile.batch_id, known, date_format=profile.date_format)
    problems = Problems()
    _check_people(profile, lines, problems)
    rows = _rows(profile, lines, problems)
    writer = _Writer(profile, known, problems)
    rows.sort(key=writer.sort_key)
    body = [writer.line(number, row) for number, row in enumerate(rows, 1)]
    name = writer.file_name()
    refusal = f"The file for “{profile.name or profile.code}” cannot be written."
    problems.refuse(refusal)
    total = sum(writer.written, Decimal(0))
    before, after = writer.around(rows=len(rows), total=total)
    people = [[line.who for line in row.lines] for row in rows]
    mark = b"\xef\xbb\xbf" if profile.encoding == "utf-8-sig" else b""
    content = mark + b"".join(
        [
            *(writer.encode(text, ["the first lines"]) for text in before),
            *(writer.encode(text, who) for text, who in zip(body, people, strict=True)),
            *(writer.encode(text, ["the last lines"]) for text in after),
        ]
    )
    problems.refuse(refusal)
    return Rendered(name=name, content=content, rows=len(rows), total=total)


def _check_people(profile: Profile, lines: Sequence[Line], problems: Problems) -> None:
    """Each payroll id is there, and belongs to one person of the company."""
    owners: dict[tuple[str, str], set[str]] = {}
    for line in lines:
        if not line.payroll_id:
            problems.note("No payroll id; enter it by the people file", [line.who])
        else:
            owners.setdefault((line.company, line.payroll_id), set()).add(line.who)
    for (_, payroll_id), people in owners.items():
        if len(people) > 1:
            problems.note(f"The payroll id {payroll_id} belongs to several people", sorted(people))


def _rows(profile: Profile, lines: Sequence[Line], problems: Problems) -> list[Row]:
    grouped: dict[tuple[Any, ...], list[Line]] = {}
    wide = {c.amount_of for c in profile.columns if c.amount_of is not None}
    for number, line in enumerate(lines):
        code = profile.code_of(line.earning_type)
        if code is None:
            problems.note(
                f"The profile has no code for the earning type “{line.earning_type}”; add it "
                "under `codes`",
                [line.who],
            )
        elif wide and code not in wide:
            problems.note(f"No column takes amounts of “{code}”", [line.who])
        grouped.setdefault(_row_key(profile, line, code, number), []).append(line)
    return [
        Row(lines=tuple(group), code=profile.code_of(group[0].earning_type) or "")
        for group in grouped.values()
    ]


def _row_key(profile: Profile, line: Line, code: str | None, number: int) -> tuple[Any, ...]:
    if profile.rows == "line":
        return (number,)
    key: tuple[Any, ...] = (line.person, line.payroll_id, line.company)
    if profile.rows == "person":
        return key
    kind = line.earning_type if "earning_type" in profile.fields_used else ""
    period = (line.earned_period, line.earned_start) if profile.rows == "earning_period" else ()
    return (*key, code, kind, *period)


def _names(name: str) -> tuple[str, str]:
    """First and last name: “Abel, Ann” and “Ann Abel” alike."""
    if "," in name:
        last, _, first = name.partition(",")
    else:
        first, _, last = name.strip().rpartition(" ")
    return first.strip(), last.strip()


class _Writer:
    """Writes rows of one file as text, noting what cannot be written."""

    def __init__(self, profile: Profile, known: Mapping[str, Any], problems: Problems) -> None:
        self.profile, self.known, self.problems = profile, known, problems
        self.written: list[Decimal] = []
        self.wide = any(column.amount_of is not None for column in profile.columns)
        self.widths = {c.field: c for c in profile.columns if c.field and c.width}
        self.end = {"crlf": "\r\n", "lf": "\n"}[profile.line_end]

    def values(self, row: Row, number: int = 0) -> dict[str, Any]:
        """All fields of one row."""
        line = row.lines[0]
        first, last = _names(line.name)
        return {
            **self.known,
            "payroll_id": line.payroll_id,
            "company": line.company or self.known.get("company", ""),
            "name": line.name,
            "first_name": first,
            "last_name": last,
            "person": line.person,
            "earning_type": line.earning_type,
            "code": row.code,
            "amount": row.amount,
            "earned_period": line.earned_period,
            "earned_start": line.earned_start,
            "earned_end": line.earned_end,
            "row": number,
        }

    def sort_key(self, row: Row) -> tuple[Any, ...]:
        """What orders the rows: fields as the file writes them, then the person and the code."""
        values = self.values(row)
        parts = []
        for name in self.profile.sort:
            text = self._plain(values[name], None)
            parts.append(self._fitted(self.widths[name], text) if name in self.widths else text)
        return (*parts, row.lines[0].person, row.code)

    def line(self, number: int, row: Row) -> str:
        """One row as a line of the file."""
        values = self.values(row, number)
        cells = [self._cell(column, row, values) for column in self.profile.columns]
        return self.profile.delimiter.join(cells) + self.end

    def around(self, *, rows: int, total: Decimal) -> tuple[list[str], list[str]]:
        """The lines before the rows, and those after them."""
        known = {**self.known, "rows": rows, "total": self._number(total, self.profile.decimals)}
        style = self.profile.date_format
        before = [fill_in(t, known, date_format=style) + self.end for t in self.profile.preamble]
        after = [fill_in(t, known, date_format=style) + self.end for t in self.profile.footer]
        if self.profile.header:
            headers = [self._header(column) for column in self.profile.columns]
            before.append(self.profile.delimiter.join(headers) + self.end)
        return before, after

    def file_name(self) -> str:
        """The file's name; an empty field in it, or a path, is a problem."""
        template = self.profile.file_name
        for name in names_in(template):
            if name != "off_cycle" and self.known.get(name, "") == "":
                self.problems.note(
                    f"The file's name needs “{name}”; set settings.{name} in the profile",
                    [template],
                )
                return ""
        name = fill_in(template, self.known, date_format="YYYYMMDD")
        return "".join("-" if sign in '/\\:*?"<>|' or ord(sign) < 32 else sign for sign in name)

    def encode(self, text: str, who: Iterable[str]) -> bytes:
        """A line as bytes; a letter that the encoding lacks is a problem."""
        try:
            return text.encode(self.profile.encoding.removesuffix("-sig"))
        except UnicodeEncodeError as error:
            lacking = text[error.start : error.end]
            encoding = self.profile.encoding
            self.problems.note(f"“{lacking}” cannot be written in {encoding}", who)
            return b""

    def _header(self, column: Column) -> str:
        fixed = self.profile.delimiter == "" and column.width is not None
        text = column.header[: column.width].ljust(column.width or 0) if fixed else column.header
        return self._quoted(text, is_text=True, who=["the header"])

    def _cell(self, column: Column, row: Row, values: Mapping[str, Any]) -> str:
        who = [line.who for line in row.lines]
        value = self._value(column, row, values)
        if isinstance(value, Decimal):
            text = self._amount(column, value, who)
        else:
            text = self._text(column, value, who)
        text = self._fitted(column, text) if text or self.profile.delimiter == "" else ""
        for limit in (column.width, column.max):
            if limit is not None and len(text) > limit:
                self.problems.note(
                    f"“{text}” is longer than the {limit} characters of “{column.header}”", who
                )
        if column.required and not text.strip():
            self.problems.note(f"“{column.header}” must not be empty", who)
        return self._quoted(text, is_text=isinstance(value, str), who=who)

    def _value(self, column: Column, row: Row, values: Mapping[str, Any]) -> Any:
        if column.amount_of is not None:
            mine = (
                x for x in row.lines if self.profile.code_of(x.earning_type) == column.amount_of
            )
            return sum((line.amount for line in mine), Decimal(0))
        if column.field is not None:
            return values[column.field]
        if column.template is not None:
            style = column.date_format or self.profile.date_format
            return fill_in(column.template, values, date_format=style)
        return column.value or ""

    def _amount(self, column: Column, amount: Decimal, who: list[str]) -> str:
        """An amount, exactly; nothing is left empty, because a zero overwrites."""
        decimals = self.profile.decimals if column.decimals is None else column.decimals
        if amount != round(amount, decimals):
            self.problems.note(f"{amount.normalize():f} needs more than {decimals} decimals", who)
        if amount < 0 and not self.profile.negatives:
            self.problems.note(f"{amount:.2f} is below zero, which the profile forbids", who)
        if column.amount_of is not None or self.profile.rows != "person" or not self.wide:
            self.written.append(amount.quantize(Decimal(1).scaleb(-decimals)))
        return self._number(amount, decimals) if amount else ""

    def _number(self, amount: Decimal, decimals: int) -> str:
        if self.profile.decimal_point == "":
            return str(int(amount.scaleb(decimals)))
        return f"{amount:.{decimals}f}".replace(".", self.profile.decimal_point)

    def _text(self, column: Column, value: Any, who: list[str]) -> str:
        text = self._plain(value, column.date_format)
        if column.map is not None and text:
            if text not in column.map:
                self.problems.note(f"“{column.header}” has no word for “{text}” in its `map`", who)
            text = column.map.get(text, "")
        if self.profile.upper_case if column.upper_case is None else column.upper_case:
            text = text.upper()
        if text.startswith(FORMULA_SIGNS) and column.value is None:
            text = self._harmless(column, text, who)
        return text

    def _harmless(self, column: Column, text: str, who: list[str]) -> str:
        if self.profile.formulas == "apostrophe":
            return f"'{text}"
        self.problems.note(
            f"“{text}” in “{column.header}” begins as a formula does, and a spreadsheet would run "
            "it; correct it at its source",
            who,
        )
        return text

    def _plain(self, value: Any, date_format: str | None) -> str:
        if value is None:
            return ""
        if isinstance(value, date):
            return write_date(value, date_format or self.profile.date_format)
        return str(value)

    def _fitted(self, column: Column, text: str) -> str:
        if column.width is None:
            return text
        fill = text.ljust if column.align == "left" else text.rjust
        return fill(column.width, column.fill)

    def _quoted(self, text: str, *, is_text: bool, who: list[str]) -> str:
        delimiter, quoting = self.profile.delimiter, self.profile.quoting
        needs = any(sign in text for sign in ('"', "\r", "\n")) or (delimiter and delimiter in text)
        if needs and (quoting == "never" or delimiter == ""):
            self.problems.note(
                f"“{text}” holds a quote, a line end or the delimiter, and the profile has no "
                "quotes to put round it",
                who,
            )
        if quoting == "never" or delimiter == "":
            return text
        if needs or quoting == "all" or (quoting == "text" and is_text and text):
            return '"' + text.replace('"', '""') + '"'
        return text
