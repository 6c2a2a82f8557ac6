"""The tables of looks at the past."""

from __future__ import annotations

from decimal import Decimal

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from incentives.models import PastLook, PastLookLine
from org.tables import NUMBER, PageTable
from pmsite.data.tables import TenantTable, clock
from scorecards import formats

TONES = {"working": "watch", "ready": "good", "refused": "poor"}


class LookTable(TenantTable):
    """What was looked at, the newest first."""

    first_line = ("period", "state")
    period = tables.Column(order_by=("period__valid_from",))
    moment = tables.Column(verbose_name="As known")
    state = tables.Column()
    by = tables.Column(accessor="by__username", verbose_name="By", default="the system")
    at = tables.Column(verbose_name="Asked for")

    class Meta(PageTable.Meta):
        empty_text = "Nobody has looked yet."

    def render_period(self, record: PastLook) -> SafeString:
        """The period leads to what was found."""
        address = reverse("as-known-look", args=[record.pk])
        return format_html('<a href="{}">{}</a>', address, record.period)

    def render_state(self, record: PastLook) -> SafeString:
        """One word, with its colour."""
        said = record.get_state_display()
        return format_html('<span class="tag {}">{}</span>', TONES[record.state], said)

    def render_moment(self, record: PastLook) -> str:
        """On the tenant's clock."""
        return clock(record.moment, self.tenant)

    def render_at(self, record: PastLook) -> str:
        """On the tenant's clock."""
        return clock(record.at, self.tenant)


class Money(tables.Column):
    """An amount of the row's currency; blank where the line was not there, or waited."""

    def __init__(self, **kwargs: str) -> None:
        super().__init__(attrs=NUMBER, **kwargs)

    def render(self, value: Decimal, record: PastLookLine, table: TenantTable) -> str:  # type: ignore[override]
        """As people read it."""
        return formats.money(value, currency=record.currency, locale=table.tenant.locale)

    def value(self, value: Decimal) -> Decimal:
        """In a file, the number itself."""
        return value


class LineTable(TenantTable):
    """Lines that are not what they were."""

    first_line = ("name", "change")
    name = tables.Column(verbose_name="Person", order_by=("name", "place"))
    person = tables.Column(verbose_name="Number")
    line = tables.Column(empty_values=(), verbose_name="Line", order_by=("plan", "component"))
    before = Money(verbose_name="Then")
    after = Money(verbose_name="Now")
    change = Money()
    currency = tables.Column(visible=False)
    cause = tables.Column(default="no cause is recorded", orderable=False)

    class Meta(PageTable.Meta):
        empty_text = "No amount differs."

    def render_line(self, record: PastLookLine) -> str:
        """Plan, component and what it is about."""
        grain = f", {record.grain}" if record.grain else ""
        return f"{record.plan}, {record.component}{grain}"
