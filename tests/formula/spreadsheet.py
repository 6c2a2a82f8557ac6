"""Formulas in one workbook, a row each, worked out by LibreOffice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from openpyxl import Workbook
from openpyxl.workbook.defined_name import DefinedName

from formula import BOOLEAN, DATE, NUMBER, TEXT, ErrorValue, Formula, Type, Value, evaluate
from formula.cells import BLANK_TEXT, NAMES, Part, error_text
from formula.excel import ExcelWriter
from formula.nodes import Reference, walk
from formula.table_cells import cells_of, letters, ranges_of
from formula.tables import Table
from tests.libreoffice import recalculated

from .populations import Result

Given = Mapping[str, Value | ErrorValue | None]
Case = tuple[Formula, Given]
RESULT = 2
TEXTS = "'Tables'!"


class TablesSheet:
    """Every table of some formulas on one sheet."""

    def __init__(self, book: Workbook) -> None:
        self.sheet = book.create_sheet("Tables")
        self.tops: dict[str, int] = {}
        self.next = 1

    def ranges(self, table: Table) -> Mapping[str, str]:
        if table.name not in self.tops:
            self.tops[table.name] = self.next
            cells = cells_of(table, top=self.next, left=1)
            for offset, row in enumerate(cells.rows):
                for column, value in enumerate(row, start=1):
                    put(self.sheet, self.next + offset, column, value)
            self.next += len(cells.rows) + 1
        found = ranges_of(table, top=self.tops[table.name], left=1)
        return {name: f"{TEXTS}{where}" for name, where in found.items()}


def put(sheet: object, row: int, column: int, value: object) -> None:
    cell = sheet.cell(row, column)  # type: ignore[attr-defined]
    cell.value = value
    if isinstance(value, str) and not value.startswith("="):
        cell.data_type = "s"


def run_each(cases: Sequence[Case], folder: Path, *, careful: bool = False) -> list[Result]:
    """What each formula comes to on inputs of its own; ``careful``: as if all could be blank."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for name, text in NAMES.items():
        book.defined_names[name] = DefinedName(name, attr_text=text)
    tables = TablesSheet(book)
    for line, (formula, given) in enumerate(cases, start=1):
        column = RESULT

        def place(text: str, line: int = line) -> str:
            nonlocal column
            column += 1
            sheet.cell(line, column).value = f"={text}"
            return f"{letters(column)}{line}"

        cells = {}
        for ref_column, kind in sorted(_columns(formula).items()):
            value = given[ref_column]
            column += 1
            cells[ref_column] = Part(
                f"{letters(column)}{line}",
                blank=careful or value is None,
                fails=careful or isinstance(value, ErrorValue),
                light=True,
            )
            put(sheet, line, column, _input(value, kind))
        writer = ExcelWriter(cells, place=place, ranges=tables.ranges)
        part = writer.write(formula, evaluate(formula, given).steps)
        sheet.cell(line, RESULT).value = f"={part.text}"
    path = folder / "formulas.xlsx"
    book.save(path)
    found = recalculated([path], folder)[0].worksheets[0]
    return [
        read(found.cell(line, RESULT).value, formula.type)
        for line, (formula, _) in enumerate(cases, start=1)
    ]


def _columns(formula: Formula) -> dict[str, Type]:
    return {
        node.ref.column: node.type for node in walk(formula.node) if isinstance(node, Reference)
    }


def _input(value: Value | ErrorValue | None, kind: Type) -> object:
    if isinstance(value, ErrorValue):
        return f"={error_text(value.code)}"
    if value is None:
        return BLANK_TEXT
    if value == "" and kind is TEXT:
        return '=""'
    return value


def read(value: object, kind: Type) -> Result:
    """A cell as a result; every error of the spreadsheet is the error ``error``."""
    if isinstance(value, str) and value.startswith("#"):
        return None, "error"
    if value == BLANK_TEXT:
        return None, None
    if value is None:
        return ("", None) if kind is TEXT else (None, "empty")
    if kind is BOOLEAN:
        return bool(value), None
    if kind is NUMBER:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None, f"no number: {value!r}"
        return Decimal(repr(value)), None
    if kind is DATE:
        return _day(value), None
    return str(value), None


def _day(value: object) -> date:
    if isinstance(value, datetime):
        return value.date()
    assert isinstance(value, int | float), value
    return date.fromordinal(date(1899, 12, 30).toordinal() + int(value))
