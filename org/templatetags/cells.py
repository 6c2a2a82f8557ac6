"""What the template of tables asks of a table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from inspect import signature
from typing import Any

from django import template
from django.template.base import render_value_in_context
from django.template.context import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django_tables2 import Table
from django_tables2.columns import BoundColumn
from django_tables2.rows import BoundRow

register = template.Library()


@dataclass(frozen=True)
class Cells:
    """What the cells of a column share: how they begin, and what makes them of a record alone."""

    name: str
    begin: SafeString
    of_record: Callable[..., Any] | None

    def written(self, row: BoundRow, context: Context) -> str:
        """The cell of a row."""
        made = self.of_record(record=row.record) if self.of_record else row.get_cell(self.name)
        if not isinstance(made, SafeString):
            made = render_value_in_context(made, context)
        return f"{self.begin}{made}</td>"


@register.simple_tag(takes_context=True)
def rows(context: Context, table: Table) -> SafeString:
    """The rows of a table's page.

    What a column gives to each of its cells is asked once a table: asked by a template for every
    cell, it took half of a page's time. So it is the column's alone, and knows no record.
    """
    columns = [_cells(table, column) for column in table.columns]
    return mark_safe("".join(_row(context, row, columns) for row in table.paginated_rows))


def _row(context: Context, row: BoundRow, columns: list[Cells]) -> str:
    begin = _begin(row.attrs["class"])
    cells = "".join([column.written(row, context) for column in columns])
    return f"{begin}{cells}</tr>\n"


@lru_cache(maxsize=64)
def _begin(classes: str) -> SafeString:
    return format_html('<tr class="{}">', classes)


def _cells(table: Table, column: BoundColumn) -> Cells:
    """A phone shows the header beside the cells that have no role there."""
    known = getattr(table, "cell_class", None)  # tables of others know no roles
    role = known(column.name) if known else ""
    classes = f"col-{column.name} {role} {column.attrs['td'].get('class') or ''}"
    label = "" if role else column.header
    shown = format_html(' data-label="{}"', label) if label else ""
    begin = format_html('<td class="{}"{}>', classes, shown)
    return Cells(column.name, begin, _of_record(table, column))


def _of_record(table: Table, column: BoundColumn) -> Callable[..., Any] | None:
    """The table's method that makes a cell, where it takes nothing but the record.

    The library works out anew for each cell what a method takes, and its value beside.
    """
    method = f"render_{column.name}"
    written = getattr(type(table), method, None)
    if written is None or column.link or column.column.empty_values != ():
        return None
    return getattr(table, method) if _takes(written) == ("self", "record") else None


@cache
def _takes(function: Callable[..., Any]) -> tuple[str, ...]:
    return tuple(signature(function).parameters)
