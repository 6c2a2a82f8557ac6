"""The component gallery: every part that pages are made of, with invented figures."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import django_tables2 as tables
from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from org.access import needs
from org.permissions import Permission
from org.tables import NUMBER, PageTable, configured, download
from scorecards import charts

WEEK = date(2026, 4, 6)
TREND = [Decimal(n) for n in (182, 190, 187, 201, 196, 214, 209, 221)]
TEAMS = [
    ("North", Decimal(412), "412"),
    ("Harbour", Decimal(388), "388"),
    ("East", Decimal(301), "301"),
]
SPREAD = [Decimal(70 + (n * 37) % 61) for n in range(80)]


class ExampleTable(PageTable):
    """Three rows as every table shows them."""

    first_line = ("name", "amount")
    name = tables.Column()
    unit = tables.Column()
    amount = tables.Column(attrs=NUMBER)

    class Meta(PageTable.Meta):
        pass


class ExampleForm(forms.Form):
    """One field of each kind, one of them wrong."""

    name = forms.CharField(help_text="As it stands on the contract.")
    amount = forms.DecimalField(help_text="In the plan's currency.", required=False)
    since = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}))
    kind = forms.ChoiceField(choices=[("sum", "Sum"), ("ratio", "Ratio of sums")])
    reason = forms.CharField(widget=forms.Textarea)
    told = forms.BooleanField(label="The person has been told", required=False)


@require_safe
@needs(Permission.CONFIGURE)
def gallery(request: HttpRequest) -> HttpResponse:
    """All parts on one page; its table can be taken along like any other."""
    rows: list[dict[str, Any]] = [
        {"name": name, "unit": "Branches", "amount": value} for name, value, _ in TEAMS
    ]
    table = ExampleTable(rows, order_by="name")
    if answer := download(request, table, name="gallery"):
        return answer
    form = ExampleForm({"name": "Ann Abel", "amount": "much", "kind": "sum", "told": "on"})
    weeks = [(WEEK + timedelta(weeks=n), value) for n, value in enumerate(TREND)]
    context = {
        "table": configured(request, table),
        "form": form,
        "trend": TREND,
        "line": charts.svg(
            charts.line_with_goal(weeks, goal=Decimal(200), unit="calls"),
            label="Calls a week rose from 182 to 221 in eight weeks; the goal is 200.",
        ),
        "bars": charts.svg(charts.bars(TEAMS), label="North 412, Harbour 388, East 301."),
        "spread": charts.svg(
            charts.spread(SPREAD, unit="attainment in percent", goal=Decimal(100)),
            label="Eighty people between 70 and 130 percent of their goal.",
        ),
    }
    return render(request, "pmsite/gallery.html", context)
