"""Tables of pages: sorted, paged, filtered, and taken along as a file.

Every table looks alike (templates/tables/table.html). ``?download=csv`` or ``xlsx`` on a page gives
all its rows as they are filtered and sorted, not only the page that is shown.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import django_tables2 as tables
from django.http import HttpRequest, HttpResponse
from django_tables2 import RequestConfig
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

NUMBER = {"td": {"class": "number"}, "th": {"class": "number"}}
PER_PAGE = 50
FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# A text that begins so is a formula to a spreadsheet, whoever typed it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class PageTable(tables.Table):
    """A table of a page; ``first_line`` names the two columns that share a phone's first line."""

    first_line: tuple[str, str] = ("", "")
    downloads = False  # set where a view offers the table as a file

    class Meta:
        template_name = "tables/table.html"
        order_by_field = "sort"
        empty_text = "Nothing here yet."

    def cell_class(self, name: str) -> str:
        """The role of a column on a narrow page."""
        return dict(zip(self.first_line, ("lead", "amount"), strict=True)).get(name, "")


def configured(request: HttpRequest, table: tables.Table, *, per_page: int = PER_PAGE) -> Any:
    """The table, sorted and paged as the address says; the page's length is not the address's."""
    RequestConfig(request, paginate=False).configure(table)
    table.paginate(per_page=per_page)
    table.page = table.paginator.get_page(request.GET.get(table.prefixed_page_field))
    return table


def download(request: HttpRequest, table: tables.Table, *, name: str) -> HttpResponse | None:
    """The whole table as the file that ``?download=`` asks for; None where it asks for none."""
    table.downloads = True
    wanted = request.GET.get("download", "")
    if wanted not in FORMATS:
        return None
    RequestConfig(request, paginate=False).configure(table)
    rows = table.as_values()
    content = _csv(rows) if wanted == "csv" else _xlsx(rows)
    answer = HttpResponse(content, content_type=FORMATS[wanted])
    answer["Content-Disposition"] = f'attachment; filename="{name}.{wanted}"'
    return answer


def harmless(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula; numbers stay numbers."""
    if value is None or isinstance(value, bool | int | Decimal):
        return value
    text = str(value)
    return f"'{text}" if is_reinterpreted(text) else text


def writable(value: Any) -> Any:
    """A cell that a workbook can hold: signs that no workbook has are shown as missing."""
    return ILLEGAL_CHARACTERS_RE.sub("�", value) if isinstance(value, str) else value


def is_reinterpreted(text: str) -> bool:
    """Whether a spreadsheet takes a text for a formula."""
    return text.startswith(_FORMULA)


def _csv(rows: Iterator[list[Any]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([harmless(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def _xlsx(rows: Iterator[list[Any]]) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in rows:
        cells = []
        for value in row:
            cell = WriteOnlyCell(sheet, value=writable(harmless(value)))
            if isinstance(cell.value, str):
                cell.data_type = "s"
            cells.append(cell)
        sheet.append(cells)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
