"""The tables of impacts: what was tried, and who would gain or lose."""

from __future__ import annotations

from typing import Any

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from incentives.models import EffectPerson, EffectTrial
from org.models import Period
from org.tables import PageTable
from pmsite.data.tables import Money, TenantTable, clock
from scorecards import formats


class TrialTable(TenantTable):
    """What was tried, the newest first."""

    first_line = ("title", "state")
    title = tables.Column(verbose_name="Change")
    state = tables.Column()
    kind = tables.Column()
    period = tables.Column(order_by=("period__valid_from",))
    by = tables.Column(accessor="by__username", verbose_name="By", default="the system")
    at = tables.Column(verbose_name="When")

    class Meta(PageTable.Meta):
        empty_text = "Nothing was tried yet. Open a draft, and choose “What would it change?”."

    def render_title(self, record: EffectTrial) -> SafeString:
        """What was tried leads to what it would do."""
        return format_html('<a href="{}">{}</a>', reverse("impact", args=[record.pk]), record.title)

    def render_state(self, record: EffectTrial) -> SafeString:
        """One word, with its shape."""
        tone = {"working": "watch", "ready": "good", "refused": "poor"}[record.state]
        return format_html('<span class="tag {}">{}</span>', tone, record.get_state_display())

    def render_period(self, value: Period) -> str:
        """By its name."""
        return formats.period_name(value, locale=self.tenant.locale)

    def render_at(self, record: EffectTrial) -> str:
        """On the tenant's clock."""
        return clock(record.at, self.tenant)


class MovedTable(TenantTable):
    """Who would gain or lose, and how much."""

    first_line = ("name", "change")
    name = tables.Column(verbose_name="Person")
    code = tables.Column(verbose_name="Number")
    unit = tables.Column()
    job_type = tables.Column()
    before = Money(verbose_name="Before")
    after = Money(verbose_name="After")
    change = Money(verbose_name="Change")
    currency = tables.Column()
    what = tables.Column(empty_values=(), orderable=False)

    class Meta(PageTable.Meta):
        empty_text = "Nobody's pay would change."

    def render_name(self, record: Any) -> SafeString:
        """The name leads to the person."""
        return format_html(
            '<a href="{}">{}</a>', reverse("person", args=[record.code]), record.name or record.code
        )

    def value_name(self, record: Any) -> str:
        """In a file, the name alone."""
        return str(record.name)

    def render_what(self, record: Any) -> str:
        """In words."""
        return said_of(record)


def said_of(one: EffectPerson) -> str:
    """What happens to somebody's pay."""
    if one.after == 0 < one.before:
        said = "falls to zero"
    else:
        said = "gains" if one.after > one.before else "loses"
    return f"{said}, reduces pay already earned" if one.earned < 0 else said
