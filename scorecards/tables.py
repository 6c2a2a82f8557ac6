"""The table of a team."""

from __future__ import annotations

from typing import Any

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html

from org.models import Assignment, Period, Person
from org.tables import NUMBER, PageTable
from scorecards.reading import MetricFigure


class TeamTable(PageTable):
    """People with what they earned; the figures and jobs of the shown page are set afterwards."""

    first_line = ("name", "amount")
    name = tables.Column(verbose_name="Person")
    unit = tables.Column(empty_values=(), orderable=False)
    figures = tables.TemplateColumn(
        template_name="scorecards/figures_cell.html", orderable=False, verbose_name="Attainment"
    )
    amount = tables.TemplateColumn(
        template_name="scorecards/amount_cell.html", attrs=NUMBER, verbose_name="Amount"
    )

    class Meta(PageTable.Meta):
        empty_text = "Nobody of yours is on a plan that was calculated for this period."

    def __init__(self, *args: Any, period: Period, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.period = period
        self.currency = currency
        self.metrics: dict[int, list[MetricFigure]] = {}
        self.jobs: dict[int, Assignment] = {}

    def render_name(self, record: Person) -> str:
        """The name leads to the person's scorecard."""
        address = reverse(
            "scorecard", args=[record.code, self.period.calendar.code, self.period.code]
        )
        return format_html('<a href="{}">{}</a>', address, record.name)

    def render_unit(self, record: Person) -> str:
        """Where the person works on the day that the page shows."""
        job = self.jobs.get(record.pk)
        return str(job.unit) if job else "–"


def page_of(table: TeamTable) -> list[int]:
    """The people on the page that is shown, read once."""
    return [row.record.pk for row in table.page.object_list]
