"""The table of the rows behind a figure."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import django_tables2 as tables

from org.models import Tenant
from org.tables import NUMBER, PageTable
from scorecards import formats
from scorecards.sources import Behind, Row


class SourceTable(PageTable):
    """The rows behind a figure."""

    first_line = ("day", "numerator")
    day = tables.Column(verbose_name="Day")
    what = tables.Column(verbose_name="What", empty_values=(), orderable=False)
    source = tables.Column(verbose_name="From", orderable=False)
    numerator = tables.Column(verbose_name="Value", attrs=NUMBER)
    denominator = tables.Column(verbose_name="Out of", attrs=NUMBER)
    note = tables.Column(verbose_name="Note", empty_values=(), orderable=False)

    class Meta(PageTable.Meta):
        empty_text = "No source has brought a row for these days."
        row_attrs = {"class": lambda record: "" if record.counts else "left-out"}

    def __init__(self, *args: Any, found: Behind, tenant: Tenant, **kwargs: Any) -> None:
        divided = any(one.divided for one in found.sums)
        noted = any(row.why or row.undone or row.correction or row.share for row in found.rows)
        kept = {"denominator": divided, "source": found.own, "note": noted}
        super().__init__(*args, exclude=[n for n, shown in kept.items() if not shown], **kwargs)
        self.found = found
        self.tenant = tenant
        if divided:
            self.columns["numerator"].column.verbose_name = "Sum"

    def render_day(self, value: date) -> str:
        """The day in the tenant's words."""
        return formats.day(value, locale=self.tenant.locale)

    def value_day(self, value: date) -> str:
        """The day in a file."""
        return value.isoformat()

    def render_what(self, record: Row) -> str:
        """The deal, or whose day it is."""
        if record.people > 1 or not self.found.own:
            return f"{record.people} people" if record.people != 1 else "1 person"
        role = f" as {record.role}" if record.role else ""
        return f"{record.deal}{role}" if record.deal else record.reference or "daily figure"

    def render_source(self, record: Row) -> str:
        """The source and its file."""
        return ", ".join(filter(None, [record.source, record.file])) or "–"

    def render_numerator(self, value: Decimal) -> str:
        """The value with as many places as it has."""
        return self._plain(value)

    def render_denominator(self, value: Decimal | None) -> str:
        """What it is divided by."""
        return "–" if value is None else self._plain(value)

    def value_numerator(self, value: Decimal) -> Decimal:
        """The exact value in a file."""
        return value.normalize()

    def value_denominator(self, value: Decimal | None) -> Decimal | None:
        """The exact divisor in a file."""
        return None if value is None else value.normalize()

    def render_note(self, record: Row) -> str:
        """Why it does not count, what was taken back, and who corrected it."""
        share = record.share is not None and record.share != 1
        said = [
            f"does not count: {record.why}" if record.why else "",
            f"share {_percent(record.share)}" if share else "",
            f"{_percent(record.undone)} taken back" if record.undone else "",
            f"corrected: {record.correction}" if record.correction else "",
        ]
        return "; ".join(filter(None, said)) or "–"

    def _plain(self, value: Decimal) -> str:
        places = max(0, -int(value.normalize().as_tuple().exponent))
        return formats.number(value, places=places, locale=self.tenant.locale)


def _percent(part: Decimal | None) -> str:
    return f"{((part or Decimal(0)) * 100).normalize():f} %"
