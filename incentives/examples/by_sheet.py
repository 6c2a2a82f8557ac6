"""Examples worked out by a spreadsheet: their formulas as the statement's workbook has them.

The stages of :mod:`incentives.examples.by_decimal` are gone through twice. First every formula that
they work out is noted with its inputs and written into one workbook; then, with what the
spreadsheet made of each, they come to its amounts (docs/adr/0225).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from openpyxl import Workbook
from openpyxl.workbook.defined_name import DefinedName

from formula import BOOLEAN, DATE, NUMBER, ErrorValue, Formula, Outcome, Type, Value, evaluate
from formula.cells import BLANK_TEXT, NAMES, Part, error_text
from formula.digits import blur_of, doubts
from formula.engine import Inputs
from formula.excel import ExcelWriter
from formula.nodes import Reference, walk
from formula.table_cells import cells_of, letters, ranges_of
from formula.tables import Table
from incentives.examples import by_decimal
from incentives.examples.by_decimal import Amount
from incentives.examples.inputs import Read
from incentives.examples.libreoffice import recalculated
from incentives.rules import VersionRules
from org.tables import writable

RESULT = 1
FIRST_DAY = date(1899, 12, 30)
SHOWS_AN_ERROR = "the spreadsheet shows an error"
SHOWS_SOMETHING_ELSE = "the spreadsheet shows something else"


@dataclass(frozen=True)
class Case:
    """A formula with what it reads, and what the Decimal engine made of it."""

    formula: Formula
    inputs: Inputs
    outcome: Outcome


def amounts(rules: VersionRules, reads: Sequence[Read]) -> list[dict[str, Amount]]:
    """What each example comes to by component, worked out by LibreOffice; NoAnswer without it."""
    cases: list[Case] = []

    def noted(formula: Formula, inputs: Inputs) -> Outcome:
        outcome = evaluate(formula, inputs)
        cases.append(Case(formula, {name: inputs[name] for name in _types(formula)}, outcome))
        return outcome

    _each(rules, reads, noted)
    found = iter(_worked_out(cases))

    def told(formula: Formula, inputs: Inputs) -> Outcome:
        return next(found)

    return _each(rules, reads, told)


def _each(
    rules: VersionRules, reads: Sequence[Read], engine: Callable[[Formula, Inputs], Outcome]
) -> list[dict[str, Amount]]:
    with by_decimal.evaluating(engine):
        return [by_decimal.amounts(rules, read) for read in reads]


def _worked_out(cases: Sequence[Case]) -> Iterator[Outcome]:
    """What the spreadsheet makes of each case."""
    if not cases:
        return
    book = _Book()
    for case in cases:
        book.write(case)
    with TemporaryDirectory(prefix="examples-") as folder:
        path = Path(folder) / "examples.xlsx"
        book.book.save(path)
        sheet = recalculated(path).worksheets[0]
        values = [sheet.cell(line, RESULT).value for line in range(1, len(cases) + 1)]
    for case, value in zip(cases, values, strict=True):
        yield _outcome(case, value)


class _Book:
    """A row for each case: the formula, then its inputs and the pieces that need cells."""

    def __init__(self) -> None:
        self.book = Workbook()
        self.sheet: Any = self.book.active
        self.tables: Any = self.book.create_sheet("Tables")
        for name, text in NAMES.items():
            self.book.defined_names[name] = DefinedName(name, attr_text=text)
        self.line, self.column = 0, RESULT
        self.tops: dict[int, int] = {}
        self.next_top = 1

    def write(self, case: Case) -> None:
        """One case, in the next row."""
        self.line, self.column = self.line + 1, RESULT
        cells = {name: self._given(case.inputs[name]) for name in sorted(_types(case.formula))}
        writer = ExcelWriter(cells, place=self._place, ranges=self._ranges)
        part = writer.write(case.formula, case.outcome.steps)
        self.sheet.cell(self.line, RESULT).value = f"={part.text}"

    def _place(self, text: str) -> str:
        self.column += 1
        self.sheet.cell(self.line, self.column).value = f"={text}"
        return f"{letters(self.column)}{self.line}"

    def _given(self, value: Value | ErrorValue | None) -> Part:
        """An input in a cell of its own."""
        if isinstance(value, ErrorValue):
            return Part(self._place(error_text(value.code)), fails=True, light=True)
        if value == "":
            return Part(self._place('""'), light=True)
        self.column += 1
        _put(self.sheet, self.line, self.column, BLANK_TEXT if value is None else value)
        where = f"{letters(self.column)}{self.line}"
        return Part(where, blank=value is None, light=True)

    def _ranges(self, table: Table) -> Mapping[str, str]:
        """Where the columns of a table stand; each table is written once."""
        if id(table) not in self.tops:
            top = self.tops[id(table)] = self.next_top
            for offset, row in enumerate(cells_of(table, top=top, left=1).rows):
                for column, value in enumerate(row, start=1):
                    if isinstance(value, str) and value.startswith("=ROUND("):
                        self.tables.cell(top + offset, column).value = value
                    elif value is not None:
                        _put(self.tables, top + offset, column, value)
                self.next_top = top + offset + 2
        found = ranges_of(table, top=self.tops[id(table)], left=1)
        return {name: f"'Tables'!{where}" for name, where in found.items()}


def _put(sheet: Any, row: int, column: int, value: Value) -> None:
    """A value; a text is a text, whatever it begins with."""
    cell = sheet.cell(row, column)
    cell.value = writable(value)
    if isinstance(value, str):
        cell.data_type = "s"


def _types(formula: Formula) -> dict[str, Type]:
    return {
        node.ref.column: node.type for node in walk(formula.node) if isinstance(node, Reference)
    }


# --- what came back


def _outcome(case: Case, cell: object) -> Outcome:
    """The Decimal engine's outcome where the spreadsheet's is the same, else the spreadsheet's.

    It is the same within the digits that a spreadsheet has, and where those are not enough to
    decide (:mod:`formula.digits`), which the statement's workbook says, too.
    """
    mine = case.outcome
    value, error = _read(cell, case.formula.type)
    if _alike(mine, value, error) or doubts(mine.steps):
        return mine
    return Outcome(value, error, mine.steps)


def _alike(mine: Outcome, value: Value | None, error: str | None) -> bool:
    if mine.error is not None:
        return error == SHOWS_AN_ERROR
    if isinstance(mine.value, Decimal) and isinstance(value, Decimal):
        return abs(value - mine.value) <= blur_of(mine.steps)
    return (value, error) == (mine.value, None)


def _read(cell: object, kind: Type) -> tuple[Value | None, str | None]:
    """A cell as a value, blank (both None) or an error."""
    if isinstance(cell, str) and cell.startswith("#"):
        return None, SHOWS_AN_ERROR
    if cell == BLANK_TEXT:
        return None, None
    if kind is BOOLEAN:
        return bool(cell), None
    if kind is NUMBER:
        number = isinstance(cell, int | float) and not isinstance(cell, bool)
        return (Decimal(repr(cell)), None) if number else (None, SHOWS_SOMETHING_ELSE)
    if kind is DATE:
        return _day(cell)
    return "" if cell is None else str(cell), None


def _day(cell: object) -> tuple[Value | None, str | None]:
    if isinstance(cell, datetime):
        return cell.date(), None
    if isinstance(cell, int | float):
        return date.fromordinal(FIRST_DAY.toordinal() + int(cell)), None
    return None, SHOWS_SOMETHING_ELSE
