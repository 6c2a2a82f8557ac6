"""The tables of the pages about data."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from metrics.models import Delivery
from metrics.models.sources import UnusableRow
from metrics.naming import METRIC, Said
from org.models import Tenant
from org.tables import NUMBER, PageTable
from scorecards import formats


def clock(moment: datetime | None, tenant: Tenant) -> str:
    """A moment on the tenant's clock."""
    if moment is None:
        return "–"
    local = moment.astimezone(ZoneInfo(tenant.time_zone))
    return f"{formats.day(local.date(), locale=tenant.locale)}, {local:%H:%M}"


def count(number: int, tenant: Tenant) -> str:
    """A number with the separators of the tenant's locale."""
    return formats.number(Decimal(number), places=0, locale=tenant.locale)


class TenantTable(PageTable):
    """A table whose cells are written as the tenant's people write them."""

    def __init__(self, *args: Any, tenant: Tenant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tenant = tenant


class Counted(tables.Column):
    """A number of rows or values."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(attrs=NUMBER, **kwargs)

    def render(self, value: int, table: TenantTable) -> str:  # type: ignore[override]
        """With separators."""
        return count(value, table.tenant)

    def value(self, value: int) -> int:
        """In a file, the number itself."""
        return value


class Money(tables.Column):
    """An amount of the row's currency; blank where there is none."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(attrs=NUMBER, **kwargs)

    def render(self, value: Decimal, record: Any, table: TenantTable) -> str:  # type: ignore[override]
        """As people read it."""
        return formats.money(value, currency=record.currency, locale=table.tenant.locale)

    def value(self, value: Decimal) -> Decimal:
        """In a file, the number itself."""
        return value


class DeliveryTable(TenantTable):
    """What came in: each delivery opens its page."""

    first_line = ("file_name", "state")
    file_name = tables.Column(verbose_name="File")
    state = tables.Column(empty_values=(), orderable=False)
    source = tables.Column(accessor="source__code", verbose_name="Source")
    received_at = tables.Column(verbose_name="Came in")
    by = tables.Column(accessor="by__username", verbose_name="By", default="the system")
    days = tables.Column(empty_values=(), order_by=("first_day",))
    values_accepted = Counted(verbose_name="Accepted")
    rows_rejected = Counted(verbose_name="Rejected")
    rows_repeated = Counted(verbose_name="Duplicate")
    rows_unknown = Counted(verbose_name="Unknown")

    class Meta(PageTable.Meta):
        empty_text = "No delivery fits. Take a filter away, or bring a file in."

    def render_file_name(self, record: Delivery) -> SafeString:
        """The file's name leads to the delivery."""
        return format_html(
            '<a href="{}">{}</a>', reverse("delivery", args=[record.pk]), record.file_name
        )

    def value_file_name(self, record: Delivery) -> str:
        """In a file, the name alone."""
        return record.file_name

    def render_state(self, record: Delivery) -> SafeString:
        """One word, with its shape."""
        if record.undone_at:
            return format_html('<span class="tag none">{}</span>', "undone")
        if record.rows_rejected:
            return format_html('<span class="tag watch">{}</span>', "rows left out")
        return format_html('<span class="tag good">{}</span>', "taken in")

    def value_state(self, record: Delivery) -> str:
        """In a file, the word alone."""
        return "undone" if record.undone_at else "rows left out" if record.rows_rejected else "in"

    def render_received_at(self, value: datetime) -> str:
        """On the tenant's clock."""
        return clock(value, self.tenant)

    def render_days(self, record: Delivery) -> str:
        """From the first day to the last."""
        if not (record.first_day and record.last_day):
            return "–"
        locale = self.tenant.locale
        return formats.first_to_last(record.first_day, record.last_day, locale=locale)

    def value_days(self, record: Delivery) -> str:
        """In a file, as files write days."""
        return f"{record.first_day} to {record.last_day}" if record.first_day else ""


class ProblemTable(PageTable):
    """Rows that cannot be used: where, what stands there, and what to do about it."""

    first_line = ("sentence", "line")
    line = tables.Column(attrs=NUMBER)
    column = tables.Column()
    value = tables.Column()
    sentence = tables.Column(verbose_name="Why, and what to do", orderable=False)

    class Meta(PageTable.Meta):
        empty_text = "Every row can be used."

    def render_value(self, record: UnusableRow) -> str:
        """The cell, cut where it is very long."""
        return record.value if len(record.value) <= 80 else f"{record.value[:80]}…"


class UnknownTable(TenantTable):
    """Names that nobody knew, the most frequent first."""

    first_line = ("value", "act")
    value = tables.Column(verbose_name="Name")
    source = tables.Column(accessor="delivery__source__code", orderable=False)
    kind = tables.Column(accessor="reason", verbose_name="Stands for", orderable=False)
    lines = Counted(verbose_name="Rows that wait")
    deliveries = tables.Column(accessor="latest", verbose_name="Latest delivery")
    means = tables.Column(accessor="value", empty_values=(), orderable=False)
    act = tables.Column(accessor="value", verbose_name="To do", orderable=False)

    class Meta(PageTable.Meta):
        empty_text = "Every name of every file is known."

    def __init__(self, *args: Any, said: Said, may: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.said, self.may = said, may

    def _means(self, record: dict[str, Any]) -> str:
        return self.said.of(record["delivery__source"], record["reason"], record["value"])

    def render_kind(self, value: str) -> str:
        """What the name was taken for."""
        return {METRIC: "a metric", "ambiguous_person": "several people"}.get(value, "a person")

    def render_deliveries(self, value: int) -> SafeString:
        """The latest delivery with the name."""
        return format_html('<a href="{}">Delivery {}</a>', reverse("delivery", args=[value]), value)

    def value_deliveries(self, value: int) -> int:
        """In a file, its number."""
        return value

    def render_means(self, record: dict[str, Any]) -> str:
        """Whom it means by now."""
        return self._means(record) or "nobody has said"

    def render_act(self, record: dict[str, Any]) -> SafeString | str:
        """Say what it means; or try again, once that is said."""
        if not self.may:
            return ""
        if self._means(record):
            address = reverse("delivery", args=[record["latest"]])
            return format_html('<a href="{}#again">Try again</a>', address)
        words = {
            "source": record["delivery__source__code"],
            "name": record["value"],
            "reason": record["reason"],
        }
        return format_html(
            '<a href="{}?{}">Say who it is</a>', reverse("unknown-name"), urlencode(words)
        )
