"""From the rows of a file to transactions: key, attributes and dates, parties, what it is about.

A row with anything unreadable in it yields one problem and no transaction.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import NamedTuple

from metrics.cells import Unreadable, days, figures, text_of
from metrics.map_parts import DayColumn, Reading
from metrics.models import TransactionKind
from metrics.reading import Cell, Row, column_key
from metrics.row_conditions import RowReader
from metrics.staged import Header, Problem, Staged, field, unreadable
from metrics.transaction_map import EQUAL, NUMBERS, Cells, TransactionMap, day_column

LIMIT = Decimal(10) ** 15
LONGEST_KEY, LONGEST_TEXT = 200, 1000
YES = frozenset({"yes", "y", "true", "1", "x"})
NO = frozenset({"no", "n", "false", "0"})
PLACES = Decimal("0.000000000001")
ARRIVED = (
    "line integer, key text, attributes jsonb, about text, parties jsonb, day date,"
    " reason text, col text, value text, sentence text"
)
_FRACTION = re.compile(r"(\d{1,6})\s*/\s*([1-9]\d{0,5})")
Json = str | bool


class Deal(NamedTuple):
    """One row of the staging table ``arrived``; ``parties`` are (role, column, person, share)."""

    line: int
    key: str
    attributes: dict[str, Json]
    about: str
    parties: list[tuple[str, str, str, str | None]]
    day: str


class DealMapper(RowReader):
    """Turns rows into transactions of one kind, for one file; the map is a completed one."""

    def __init__(
        self,
        *,
        deal_map: TransactionMap,
        kind: TransactionKind,
        header: Header,
        zone: str,
        received: str,
    ) -> None:
        super().__init__(deal_map, header)
        self.map, self.kind, self.zone, self.received = deal_map, kind, zone, received
        self.key = [(column, header.place(column)) for column in deal_map.key or ()]
        self.about = [(column, header.place(column)) for column in deal_map.about_columns]
        self.about_itself = deal_map.about_kind == kind.code
        self.attributes = [
            (name, cells.column, header.place(cells.column), self._reader(name, cells))
            for name, cells in deal_map.attributes or ()
        ]
        self.parties = [
            (party, header.place(party.person), header.place(party.share) if party.share else None)
            for party in deal_map.parties or ()
        ]
        self.equal = {role for role, said in kind.roles.items() if said.get("share") == EQUAL}
        self.share = figures(Reading("percent", deal_map.decimal, deal_map.thousands))

    def copied(self, line: int, row: Row) -> list[str] | None:
        """The transaction, or the problem, as a line of COPY."""
        found = self.staged(line, row)
        return None if found is None else [_copied(one) for one in found]

    def rows_of(self, line: int, row: Row) -> list[Deal]:  # type: ignore[override]
        """The transaction of a row."""
        key, about = self._key(row), self._about(row)
        if self.about_itself and about == key:
            raise Problem(
                "about_itself",
                self.about[0][0],
                about,
                f"says that {self.kind.code} {key} is about itself. Name the transaction that it "
                "concerns, or leave the cell empty.",
            )
        attributes: dict[str, Json] = {}
        for name, column, place, read in self.attributes:
            try:
                value = read(row[place])
            except Unreadable as error:
                raise unreadable(column, row[place], error) from error
            if value != "":
                attributes[name] = value
        return [Deal(line, key, attributes, about, self._parties(row), self._day(attributes))]

    def _day(self, attributes: dict[str, Json]) -> str:
        """The day by which a source's own ids of people are understood: the first that is known."""
        known = (attributes[name] for name in self.kind.dates if name in attributes)
        return str(next(known, self.received))

    def _key(self, row: Row) -> str:
        parts = [text_of(row[place]) for _, place in self.key]
        if not all(parts):
            column = self.key[parts.index("")][0]
            raise Problem("no_key", column, "", "is empty, but it is what names the transaction.")
        return _joined(parts, self.key[0][0])

    def _about(self, row: Row) -> str:
        parts = [text_of(row[place]) for _, place in self.about]
        if not any(parts):
            return ""
        if not all(parts):
            column = self.about[parts.index("")][0]
            raise Problem(
                "no_about", column, "", "is empty, but the row says what it is about beside it."
            )
        return _joined(parts, self.about[0][0])

    # Attributes

    def _reader(self, name: str, cells: Cells) -> Callable[[Cell], Json]:
        return attribute_reader(
            self.kind.attributes.get(name, "date"),
            zone=self.zone,
            cells=cells,
            signs=(self.map.decimal, self.map.thousands),
        )

    # Parties

    def _parties(self, row: Row) -> list[tuple[str, str, str, str | None]]:
        found: list[tuple[str, str, str]] = []
        shares: list[Fraction | None] = []
        for party, place, share_place in self.parties:
            person = text_of(row[place])
            cell = row[share_place] if share_place is not None else ""
            if person:
                found.append((party.role, party.person, person))
                shares.append(self._share(party.share, cell))
            elif text_of(cell):
                raise Problem(
                    "no_person", party.person, "", f"is empty, but {party.share} beside it is not."
                )
        equal = sum(role in self.equal for role, _, _ in found)
        for position, (role, _, _) in enumerate(found):
            if role in self.equal:
                shares[position] = Fraction(1, equal)
        written = exact_shares(shares)
        return [(*who, share) for who, share in zip(found, written, strict=True)]

    def _share(self, column: str, cell: Cell) -> Fraction | None:
        try:
            return share_in(cell, self.share)
        except Unreadable as error:
            raise unreadable(column, cell, error) from error


def share_in(cell: Cell, read: Callable[[Cell], str]) -> Fraction | None:
    """60 %, 60, 0.6 or 1/3; blank: none said. ``read``: of percents. Raises Unreadable."""
    text = text_of(cell)
    if not text:
        return None
    match = _FRACTION.fullmatch(text)
    if match:
        share = Fraction(int(match[1]), int(match[2]))
    else:
        share = Fraction(read(cell))
        # A bare 0.6 or 1 of a text means the part, not percents of a percent.
        if isinstance(cell, str) and "%" not in cell and 0 < share * 100 <= 1:
            share *= 100
    if not 0 <= share <= 1:
        raise Unreadable(
            "share",
            f"is “{text}”, which is no share. A share lies between 0 % and 100 %: 60 %, 0.6 or "
            "1/3.",
        )
    return share


def attribute_reader(
    type_: str, *, zone: str, cells: Cells | None = None, signs: tuple[str, str] = (".", "")
) -> Callable[[Cell], Json]:
    """The reader of an attribute by its type; "" for a blank cell. Raises Unreadable.

    ``cells``: how a column is written, where a map says so. ``signs``: of decimals and thousands.
    """
    if type_ in NUMBERS:
        reading = cells and cells.reading
        return _number(figures(reading or Reading(NUMBERS[type_], *signs)))
    if type_ == "date":
        return _date(days(day_column(cells) if cells else DayColumn(""), zone))
    return _yes_no if type_ == "yes_no" else _text


def exact_shares(shares: Sequence[Fraction | None]) -> list[str | None]:
    """Shares to twelve places; those that are no round numbers still add up as they do exactly."""
    rounded = [None if share is None else _rounded(share) for share in shares]
    odd = [i for i, s in enumerate(shares) if s is not None and Fraction(rounded[i] or 0) != s]
    rest = sum((shares[i] or Fraction(0) for i in odd), Fraction(0))
    if odd and Fraction(whole := _rounded(rest)) == rest:
        others = sum((rounded[i] or Decimal(0) for i in odd[1:]), Decimal(0))
        rounded[odd[0]] = whole - others
    return [None if share is None else format(share, "f") for share in rounded]


def _rounded(share: Fraction) -> Decimal:
    exact = Decimal(share.numerator) / Decimal(share.denominator)
    return exact.quantize(PLACES, ROUND_HALF_UP)


def _joined(parts: Sequence[str], column: str) -> str:
    key = " / ".join(parts)
    if len(key) > LONGEST_KEY:
        raise Problem(
            "long_key", column, key, f"is {len(key)} characters long; keys have {LONGEST_KEY}."
        )
    return key


def _number(read: Callable[[Cell], str]) -> Callable[[Cell], Json]:
    def number(cell: Cell) -> Json:
        text = read(cell)
        if len(text) > 15 and abs(Decimal(text)) >= LIMIT:
            raise Unreadable(
                "too_large",
                f"is {text}: no amount reaches 10 to the 15th. Look for a missing decimal sign or "
                "a number of something else.",
            )
        return text

    return number


def _date(read: Callable[[Cell], str]) -> Callable[[Cell], Json]:
    def date(cell: Cell) -> Json:
        if isinstance(cell, str) and not cell.strip():
            return ""
        return read(cell)

    return date


def _text(cell: Cell) -> Json:
    text = text_of(cell)
    if len(text) > LONGEST_TEXT:
        raise Unreadable(
            "long_text", f"is {len(text)} characters long; attributes have {LONGEST_TEXT}."
        )
    return text.replace("\0", "")


def _yes_no(cell: Cell) -> Json:
    text = column_key(text_of(cell))
    if not text:
        return ""
    if text in YES or text in NO:
        return text in YES
    raise Unreadable("not_yes_no", f"is “{text_of(cell)}”. Write yes or no, or leave it empty.")


def _copied(one: Deal | Staged) -> str:
    """A row of ``arrived`` in the text form of COPY."""
    said: list[str | int | None]
    if isinstance(one, Deal):
        attributes = json.dumps(one.attributes, ensure_ascii=False, sort_keys=True)
        parties = json.dumps(one.parties, ensure_ascii=False)
        said = [one.line, one.key, attributes, one.about, parties, one.day, *[None] * 4]
    else:
        said = [one.line, *[None] * 5, one.reason, one.column, one.value, one.sentence]
    return "\t".join(map(field, said)) + "\n"
