"""Rate tables as spreadsheets put them on the clipboard, turned into lines as people type them.

Cells are parted by tabs (or semicolons); amounts may have currency signs, thousands signs and the
decimals of the tenant's locale; a line of column names, ranges in one cell and the gaps that merged
cells leave are understood. Whatever was not taken as it stood is said, and what cannot be read is
left for the reader of tables, which names it.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

MOST_CELLS = 5_000
TOO_LARGE = (
    f"This is a table of more than {MOST_CELLS:,} cells; a rate table has fewer. Paste only its"
    " rows."
)
_SIGNS = "€$£¥₹\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{THIN SPACE}' ’"
_CURRENCY = re.compile(r"^(?:[A-Z]{3}(?=[\s\d(+-])|(?<=[\d\s])[A-Z]{3}$)|(?<=[\d\s])[A-Z]{3}$")
_PLAIN = re.compile(r"[+-]?(?:\d+(?:\.\d+)?|\.\d+)%?")
_DASHES = str.maketrans({"−": "-", "–": "-", "—": "-"})
_RANGE = re.compile(
    r"(?:from\s+)?(?P<low>.*?\d.*?)\s*"
    r"(?:–|—|\bto\b|\.\.\.?|…|(?<=\d)\s*-\s*(?=[\d€$£¥(]))\s*(?P<high>.*\d.*)",
    re.IGNORECASE,
)
_OPEN = re.compile(
    r"(?:>=|≥|from|over|above|>)\s*(?P<a>.*\d.*)"
    r"|(?P<b>.*\d.*?)\s*(?:\+|and (?:above|over|more)|or more)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Style:
    """How numbers are written: the sign before decimals, and the one between thousands."""

    decimal: str = "."
    thousands: str = ","


@dataclass(frozen=True)
class Pasted:
    """A table in typed form, and what was understood on the way; ``problems`` keep it from use."""

    text: str
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def looks_pasted(text: str) -> bool:
    """Whether a text came from a spreadsheet: its cells are parted otherwise than by ``|``."""
    return "|" not in text


PLAIN = Style()


def read(text: str, *, kind: str = "", style: Style = PLAIN) -> Pasted:
    """The lines of a table that somebody pasted."""
    return _Reader(text, kind, style).read()


class _Reader:
    """Reads one pasted text, noting what it took otherwise than it stood."""

    def __init__(self, text: str, kind: str, style: Style) -> None:
        self.kind = kind
        self.style = style
        self.notes: list[str] = []
        self.problems: list[str] = []
        self.rows = self._parted(text)

    def read(self) -> Pasted:
        if sum(len(row) for _, row in self.rows) > MOST_CELLS:
            self.problems.append(TOO_LARGE)
            self.rows = []
        self._drop_empty()
        matrix = self._is_matrix()
        if matrix:
            self._corner()
        else:
            self._drop_heads()
        self._carry_down(matrix=matrix)
        self._numbers()
        if not matrix and self.kind not in ("lookup", "curve"):
            self._ranges()
            self._inclusive_ends()
        self._empty_cells(matrix=matrix)
        lines = [" | ".join(cells).rstrip() for _, cells in self.rows]
        if matrix and lines:
            lines[0] = f" {lines[0].lstrip()}" if lines[0].lstrip().startswith("|") else lines[0]
        return Pasted("\n".join(lines), tuple(self.notes), tuple(self.problems))

    # --- cells

    def _parted(self, text: str) -> list[tuple[int, list[str]]]:
        """Line numbers with their cells; empty lines are left out."""
        separator = next((sign for sign in "\t;" if sign in text), "")
        if separator:
            parted = list(csv.reader(io.StringIO(text), delimiter=separator))
        else:
            apart = re.compile(r"\s{2,}|(?<=\S)\s(?=[\d€$£¥(+-])")
            parted = [apart.split(line.strip()) for line in text.splitlines()]
        rows = [[" ".join(cell.split()) for cell in row] for row in parted]
        return [(n, row) for n, row in enumerate(rows, 1) if any(row)]

    def _drop_empty(self) -> None:
        """Make all lines equally long, and drop the columns in which nothing stands."""
        width = max((len(row) for _, row in self.rows), default=0)
        self.rows = [(n, row + [""] * (width - len(row))) for n, row in self.rows]
        empty = [c for c in range(width) if not any(row[c] for _, row in self.rows)]
        if empty:
            self.rows = [
                (n, [cell for c, cell in enumerate(row) if c not in empty]) for n, row in self.rows
            ]
            inner = [c for c in empty if c < width - len(empty)]
            if inner:
                self.notes.append(
                    f"{_count(len(empty), 'empty column')} left out: a hidden or merged column"
                    " leaves one. Look whether all of the table is there."
                )

    def _is_matrix(self) -> bool:
        if not self.rows or len(self.rows[0][1]) < 3 or len(self.rows) < 2:
            return self.kind == "matrix" and bool(self.rows)
        return self.kind == "matrix" or (self.kind == "" and not self.rows[0][1][0])

    def _corner(self) -> None:
        """The first cell of a matrix says nothing: what stands in it is a label."""
        number, first = self.rows[0]
        if first and first[0]:
            self.notes.append(f"“{first[0]}” in the corner was taken as a label, not as a value.")
            self.rows[0] = (number, ["", *first[1:]])

    def _drop_heads(self) -> None:
        """A first line without any number, above lines that have some, names the columns."""
        while len(self.rows) > 1 and not any(self._is_number(cell) for cell in self.rows[0][1]):
            if not any(self._has_number(cell) for cell in self.rows[1][1]):
                return
            if self._has_number(self.rows[0][1][-1]) or self._has_number(self.rows[0][1][0]):
                return
            _, heads = self.rows.pop(0)
            self.notes.append(f"The line “{', '.join(filter(None, heads))}” names the columns.")

    def _has_number(self, cell: str) -> bool:
        return any(character.isdigit() for character in cell)

    def _is_number(self, cell: str) -> bool:
        return _PLAIN.fullmatch(self._plain(cell)) is not None

    def _carry_down(self, *, matrix: bool) -> None:
        """The first cell of a merged column stands only in its first line: it holds below, too."""
        first = ""
        for place, (number, row) in enumerate(self.rows[1:] if matrix else self.rows):
            if row[0]:
                first = row[0]
            elif first and len(row) > 2 and matrix:
                self.notes.append(
                    f"Line {number}: its first cell is empty, as in merged cells, and took"
                    f" “{first}” from above."
                )
                self.rows[place + 1] = (number, [first, *row[1:]])

    # --- numbers

    def _numbers(self) -> None:
        changed: list[str] = []
        for place, (number, row) in enumerate(self.rows):
            cells = []
            for cell in row:
                plain = self._plain(cell)
                if plain != cell and _PLAIN.fullmatch(plain):
                    changed.append(f"“{cell}” as {plain}")
                    cells.append(plain)
                else:
                    cells.append(cell.replace("|", "/"))
                    if wrong := self._misplaced(cell):
                        self.problems.append(f"Line {number}: {wrong}")
            self.rows[place] = (number, cells)
        if changed:
            more = f", and {len(changed) - 3} more like these" if len(changed) > 3 else ""
            self.notes.append(f"Read {', '.join(changed[:3])}{more}.")

    def _plain(self, cell: str) -> str:
        """A cell as a formula would write its number; a cell that is none stays as it is."""
        if not self._has_number(cell):
            return cell
        text = _CURRENCY.sub("", cell.translate(_DASHES).strip()).strip()
        text = "".join(c for c in text if c not in _SIGNS)
        if text.startswith("(") and text.endswith(")"):
            text = f"-{text[1:-1]}"
        thousands, decimal = re.escape(self.style.thousands), re.escape(self.style.decimal)
        if re.fullmatch(rf"[+-]?\d{{1,3}}({thousands}\d{{3}})+({decimal}\d+)?%?", text):
            text = text.replace(self.style.thousands, "")
        elif self.style.thousands != "." and "," in text and self.style.decimal != ",":
            return cell
        if re.fullmatch(rf"[+-]?\d+{decimal}\d+%?", text):
            text = text.replace(self.style.decimal, ".")
        return text.removeprefix("+") if _PLAIN.fullmatch(text) else cell

    def _misplaced(self, cell: str) -> str:
        """What is wrong with a cell that has a comma or point where this locale has none."""
        bare = "".join(c for c in cell.translate(_DASHES) if c not in _SIGNS)
        if not re.fullmatch(r"[+-]?[\d.,]+%?", bare) or _PLAIN.fullmatch(bare):
            return ""
        shown = f"1{self.style.thousands}234{self.style.decimal}5"
        return f"“{cell}” is no number as your organisation writes them, such as {shown}."

    # --- ranges

    def _ranges(self) -> None:
        """A cell such as “0 – 5000” or “5000+” is where a row begins and ends."""
        found = [_range(row[0]) if len(row) == 2 else None for _, row in self.rows]
        if not any(found):
            return
        for place, (number, row) in enumerate(self.rows):
            low, high = found[place] or (row[0], "")
            self.rows[place] = (number, [self._plain(low), self._plain(high), *row[1:]])
        self.notes.append("The ranges in the first column were taken apart into from and to.")

    def _inclusive_ends(self) -> None:
        """Ends that are one below the next begin (0 to 4,999, then 5,000) say where it goes on."""
        if not self.rows or any(len(row) != 3 for _, row in self.rows):
            return
        ends = [self._decimal(row[1]) for _, row in self.rows[:-1]]
        starts = [self._decimal(row[0]) for _, row in self.rows[1:]]
        gaps = {
            start - end if start is not None and end is not None else None
            for end, start in zip(ends, starts, strict=True)
        }
        if len(gaps) != 1 or gaps - {Decimal(1), Decimal("0.1"), Decimal("0.01")}:
            return
        [gap] = gaps
        for place, (number, row) in enumerate(self.rows[:-1]):
            self.rows[place] = (number, [row[0], self.rows[place + 1][1][0], row[2]])
        self.notes.append(
            f"Each row ended {gap} below the next one's begin; it now goes up to that begin, so"
            " that no value falls between."
        )

    @staticmethod
    def _decimal(cell: str) -> Decimal | None:
        return Decimal(cell) if _PLAIN.fullmatch(cell) and not cell.endswith("%") else None

    def _empty_cells(self, *, matrix: bool) -> None:
        for number, column in _holes(self.rows, matrix=matrix, kind=self.kind):
            self.problems.append(
                f"Line {number}, column {column} is empty. Merged cells keep their value only in"
                " the first of them: write it into each."
            )


def _range(cell: str) -> tuple[str, str] | None:
    if found := _OPEN.fullmatch(cell):
        return (found["a"] or found["b"]).strip(), ""
    if found := _RANGE.fullmatch(cell):
        return found["low"].strip(), found["high"].strip()
    return None


def _holes(
    rows: Sequence[tuple[int, list[str]]], *, matrix: bool, kind: str
) -> Iterator[tuple[int, int]]:
    """Where a value is missing; the last end of steps is open, and the corner of a matrix."""
    for place, (number, row) in enumerate(rows):
        for column, cell in enumerate(row, 1):
            corner = matrix and place == 0 and column == 1
            open_end = not matrix and kind not in ("lookup", "curve") and len(row) == 3
            last_end = open_end and place == len(rows) - 1 and column == 2
            if not cell and not corner and not last_end:
                yield number, column


def _count(number: int, what: str) -> str:
    return f"{number} {what} was" if number == 1 else f"{number} {what}s were"
