"""One sheet while it is written: values as what they are, texts never as formulas.

Only :meth:`Page.formula` writes a formula. A text that a spreadsheet would take for one when
somebody edits its cell carries the mark that tells spreadsheets to leave it alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import quote_sheetname
from openpyxl.worksheet.properties import PageSetupProperties

from formula import ErrorValue, Value
from formula.cells import BLANK_TEXT, Part, error_text
from formula.numbers import LIMIT
from formula.table_cells import letters
from org.tables import is_reinterpreted

FACE = "Calibri"
TITLE, HEAD = Font(name=FACE, bold=True, size=14), Font(name=FACE, bold=True, size=11)
SOFT = Font(name=FACE, size=11, color="5B6472")
LINK = Font(name=FACE, size=11, color="0B5CAD", underline="single")
BAND = PatternFill("solid", fgColor="E8ECF1")
GIVEN = PatternFill("solid", fgColor="FFF8E1")
WRAP = Alignment(wrap_text=True, vertical="top")
MONEY, NUMBER, PERCENT, DAY = "#,##0.00", "General", "0.00##########%", "yyyy-mm-dd"
HELPERS = "H"
LONGEST = 31
_FORBIDDEN = str.maketrans("[]:*?/\\'", "        ")


class Page:
    """A sheet with a row on which one writes; helper cells go to the right of it."""

    def __init__(self, book: Workbook, title: str, widths: Sequence[int]) -> None:
        self.sheet = book.create_sheet(title)
        self.row = 1
        self.helpers = len(widths) + 2
        self._next: dict[int, int] = {}
        for column, width in enumerate(widths, start=1):
            self.sheet.column_dimensions[letters(column)].width = width
        self.sheet.sheet_view.showGridLines = False
        self.sheet.page_setup.orientation = "landscape"
        self.sheet.page_setup.fitToHeight = 0
        self.sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)

    # --- cells

    def cell(self, column: int) -> Cell:
        """A cell of the row on which one writes."""
        return self.sheet.cell(self.row, column)  # type: ignore[return-value]

    def here(self, column: int) -> str:
        """The address of a cell of the row."""
        return f"${letters(column)}${self.row}"

    def far(self, where: str) -> str:
        """An address of this sheet as other sheets read it."""
        return f"{quote_sheetname(self.sheet.title)}!{where}"

    def text(self, column: int, text: str, font: Font | None = None, *, wrap: bool = False) -> str:
        """A text, whatever it begins with."""
        cell = self.cell(column)
        cell.value = ILLEGAL_CHARACTERS_RE.sub("�", text)
        cell.data_type = "s"
        if is_reinterpreted(text):
            cell.quotePrefix = True
        if font is not None:
            cell.font = font
        if wrap:
            cell.alignment = WRAP
        return self.here(column)

    def formula(
        self, column: int, text: str, *, shown: str = NUMBER, font: Font | None = None
    ) -> str:
        """A live formula, given without its equals sign."""
        cell = self.cell(column)
        cell.value = f"={text}"
        cell.number_format = shown
        if font is not None:
            cell.font = font
        return self.here(column)

    def value(self, column: int, value: Any, *, shown: str = NUMBER, given: bool = False) -> Part:
        """A value of the formula language, or an error value, as a piece for formulas."""
        cell = self.cell(column)
        if isinstance(value, ErrorValue):
            cell.value = f"={error_text(value.code)}"
        elif value is None:
            self.text(column, BLANK_TEXT, SOFT)
        elif isinstance(value, str):
            self.text(column, value)
        else:
            cell.value = value
            cell.number_format = DAY if isinstance(value, date) else shown
        if given:
            cell.fill = GIVEN
        return part_at(self.here(column), value)

    def amount(self, column: int, value: Decimal | None, *, given: bool = False) -> Part:
        """An amount of money."""
        return self.value(column, value, shown=money_format(value), given=given)

    def link(self, column: int, text: str, address: str) -> None:
        """A text that leads to a page of the site."""
        self.text(column, text, LINK)
        if address:
            self.cell(column).hyperlink = address
            self.cell(column).font = LINK

    # --- helper cells

    def place(self, text: str) -> str:
        """A cell of the row for a piece of a formula that is needed twice."""
        column = self._next.get(self.row, self.helpers)
        self._next[self.row] = column + 1
        self.sheet.cell(self.row, column).value = f"={text}"
        self.sheet.cell(self.row, column).font = SOFT
        return f"${letters(column)}${self.row}"

    # --- rows

    def down(self, rows: int = 1) -> None:
        """Go on further down."""
        self.row += rows

    def line(self, *texts: str, font: Font | None = None) -> None:
        """A row of texts."""
        for column, text in enumerate(texts, start=1):
            if text:
                self.text(column, text, font)
        self.down()

    def heading(self, text: str) -> None:
        """The heading of a part, with room above it."""
        self.down()
        self.text(1, text, HEAD)
        for column in range(1, self.helpers - 1):
            self.cell(column).fill = BAND
        self.down()

    def heads(self, *texts: str) -> None:
        """The heads of a table's columns."""
        self.line(*texts, font=HEAD)


def part_at(where: str, value: Value | ErrorValue | None) -> Part:
    """How formulas read a cell that holds a value."""
    return Part(where, blank=value is None, fails=isinstance(value, ErrorValue), light=True)


def money_format(value: Decimal | None) -> str:
    """Two places, or all that an amount has."""
    if value is None or value.copy_abs() >= LIMIT:
        return MONEY
    places = max(2, -int(value.normalize().as_tuple().exponent))
    return f"#,##0.{'0' * places}"


def sheet_title(wanted: str, taken: Sequence[str]) -> str:
    """A title that a sheet may have and none has yet."""
    plain = " ".join(wanted.translate(_FORBIDDEN).split()) or "Plan"
    title, number = plain[:LONGEST], 1
    while title.lower() in {one.lower() for one in taken}:
        number += 1
        title = f"{plain[: LONGEST - 4]} ({number})"
    return title
