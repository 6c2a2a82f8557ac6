"""The tables of looks at the past."""

from __future__ import annotations

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from incentives.models import PastLook, PastLookLine
from org.tables import PageTable
from pmsite.data.tables import Money, TenantTable, clock
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
        named = formats.period_name(record.period, locale=self.tenant.locale)
        return format_html('<a href="{}">{}</a>', address, named)

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
