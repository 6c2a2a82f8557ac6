"""Tables of the desk of plans."""

from __future__ import annotations

import django_tables2 as tables
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from incentives.models import CalculationRun
from org.models import Person
from org.tables import NUMBER, PageTable
from org.wording import period_name


class PersonTable(PageTable):
    """People, each a link to their page."""

    first_line = ("name", "code")
    name = tables.Column(verbose_name="Person")
    code = tables.Column(verbose_name="Number")

    class Meta(PageTable.Meta):
        empty_text = "Everybody who works in this period is on a plan."

    def render_name(self, record: Person) -> str:
        """The name leads to the person."""
        return format_html('<a href="{}">{}</a>', reverse("person", args=[record.code]), record)

    def value_name(self, record: Person) -> str:
        """The plain name, for files."""
        return record.name


class RunTable(PageTable):
    """Calculation runs."""

    first_line = ("plan", "at")
    plan = tables.Column(order_by=("plan__code", "-at"))
    period = tables.Column(order_by=("period__valid_from", "plan__code"))
    version = tables.Column(verbose_name="Version", accessor="version__number", orderable=False)
    at = tables.DateTimeColumn(verbose_name="Worked out", format="j F Y, H:i")
    purpose = tables.Column(
        verbose_name="What for", accessor="get_purpose_display", orderable=False
    )
    people = tables.Column(attrs=NUMBER)
    undecided = tables.Column(attrs=NUMBER)
    failed = tables.Column(attrs=NUMBER)

    class Meta(PageTable.Meta):
        empty_text = "Nothing has been calculated yet."

    def value_at(self, record: CalculationRun) -> str:
        """In a file, as it sorts."""
        return f"{timezone.localtime(record.at):%Y-%m-%d %H:%M}"

    def render_period(self, record: CalculationRun) -> str:
        """The period leads to its closing."""
        period = record.period
        address = reverse("waiting", args=[period.calendar.code, period.code])
        return format_html('<a href="{}">{}</a>', address, period_name(period))

    def value_period(self, record: CalculationRun) -> str:
        """In a file, by its code."""
        return str(record.period)
