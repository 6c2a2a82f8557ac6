"""The auditor's pages: what people did, and what became of rows. Everything is read only."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import django_filters
import django_tables2 as tables
from django import forms
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import format_html, format_html_join
from django.views.decorators.http import require_safe

from org import trail
from org.access import needs
from org.models import AuditEntry, ByHand
from org.permissions import Permission
from org.reading import READ_PAY
from org.tables import PageTable, configured, download

ROWS = 40
BY_HAND = {"insert": "added", "update": "changed", "delete": "removed"}
DAY = {"type": "date"}


class DeedFilter(django_filters.FilterSet):
    """Who, what, when, and any word of subject or reason."""

    who = django_filters.CharFilter(label="Who", field_name="by__username", lookup_expr="iexact")
    action = django_filters.ChoiceFilter(
        label="What", empty_label="everything but reading", method="by_action"
    )
    since = django_filters.DateFilter(
        label="Since", widget=forms.DateInput(attrs=DAY), method="from_day"
    )
    until = django_filters.DateFilter(
        label="Until", widget=forms.DateInput(attrs=DAY), method="to_day"
    )
    text = django_filters.CharFilter(label="Subject or reason has", method="by_text")

    class Meta:
        model = AuditEntry
        fields: list[str] = []

    def __init__(self, *args: Any, zone: ZoneInfo, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone
        self.filters["action"].extra["choices"] = [
            ("*", "everything"),
            *((action, action) for action in trail.actions()),
        ]

    def filter_queryset(self, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        """Readings are many; they are shown where they are asked for."""
        if not self.form.cleaned_data.get("action"):
            queryset = queryset.exclude(action=READ_PAY)
        return super().filter_queryset(queryset)

    def by_action(self, queryset: QuerySet[AuditEntry], _name: str, value: str) -> Any:
        """One kind of deed, or all."""
        return queryset if value == "*" else queryset.filter(action=value)

    def by_text(self, queryset: QuerySet[AuditEntry], _name: str, value: str) -> Any:
        """Whose subject, reason or people named hold a text."""
        held = Q(subject__icontains=value) | Q(reason__icontains=value)
        return queryset.filter(held | Q(detail__people__contains=[value]))

    def from_day(self, queryset: QuerySet[AuditEntry], _name: str, value: Any) -> Any:
        """From the beginning of a day of the tenant."""
        return queryset.filter(at__gte=start_of(value, self.zone))

    def to_day(self, queryset: QuerySet[AuditEntry], _name: str, value: Any) -> Any:
        """To the end of a day of the tenant."""
        return queryset.filter(at__lt=start_of(value + timedelta(days=1), self.zone))


class DeedTable(PageTable):
    """Deeds with who, when, what, why, and the figures before and after."""

    first_line = ("action", "at")
    at = tables.DateTimeColumn(verbose_name="When", format="Y-m-d H:i:s")
    by = tables.Column(verbose_name="Who", default="the system", order_by="by__username")
    action = tables.Column(verbose_name="What")
    subject = tables.Column(verbose_name="To what")
    reason = tables.Column(verbose_name="Why", orderable=False)
    through = tables.Column(verbose_name="Through", orderable=False)
    detail = tables.Column(verbose_name="Figures", orderable=False)

    class Meta(PageTable.Meta):
        empty_text = "Nothing matches. Leave a filter empty, or choose other days."

    def render_detail(self, value: dict[str, Any]) -> str:
        """The figures, folded: names and values as they were written."""
        if not value:
            return "–"
        rows = format_html_join("", "<div><dt>{}</dt><dd>{}</dd></div>", value.items())
        return format_html(
            "<details><summary>{} figure{}</summary><dl class='pairs'>{}</dl></details>",
            len(value),
            "" if len(value) == 1 else "s",
            rows,
        )

    def value_detail(self, value: dict[str, Any]) -> str:
        """The same on one line, for files."""
        return "; ".join(f"{name}: {held}" for name, held in value.items())


class ByHandTable(PageTable):
    """Rows that no page, command or job wrote, before and after."""

    first_line = ("what", "at")
    at = tables.DateTimeColumn(verbose_name="When", format="Y-m-d H:i:s")
    login = tables.Column(verbose_name="Role of the database")
    address = tables.Column(verbose_name="From", default="this machine")
    what = tables.Column(verbose_name="What", accessor="table_name")
    fields = tables.Column(
        verbose_name="Before and after", accessor="pk", empty_values=(), orderable=False
    )
    statement = tables.Column(verbose_name="Statement", orderable=False)

    class Meta(PageTable.Meta):
        empty_text = (
            "Nobody has written values, jobs, goals or money past the application: each row came"
            " by a page, a command or a job."
        )

    def render_what(self, record: ByHand) -> str:
        """What was done to which row of which table."""
        return f"{BY_HAND[record.operation]} {record.table_name} {record.key}".strip()

    def render_fields(self, record: ByHand) -> str:
        """Each column that differs, folded."""
        pairs = list(trail.differing(record))
        return format_html(
            "<details><summary>{} field{}</summary><dl class='pairs'>{}</dl></details>",
            len(pairs),
            "" if len(pairs) == 1 else "s",
            format_html_join("", "<div><dt>{}</dt><dd>{} → {}</dd></div>", pairs),
        )

    def value_fields(self, record: ByHand) -> str:
        """The same on one line, for files."""
        return "; ".join(f"{name}: {old} → {new}" for name, old, new in trail.differing(record))


class RowForm(forms.Form):
    """Which rows' past is wanted."""

    model = forms.ChoiceField(required=False, label="Kind of row")
    who = forms.CharField(required=False)
    since = forms.DateField(required=False, widget=forms.DateInput(attrs=DAY))
    until = forms.DateField(required=False, widget=forms.DateInput(attrs=DAY))
    without_person = forms.BooleanField(required=False, label="Only where no person is named")
    page = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["model"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [("", "every kind"), *trail.kinds()]


@require_safe
@needs(Permission.SEE_AUDIT)
def deeds(request: HttpRequest) -> HttpResponse:
    """What people and the system did, filtered, the newest first."""
    rows = AuditEntry.objects.select_related("by")
    wanted = DeedFilter(request.GET, queryset=rows, zone=zone_of(request))
    table = DeedTable(wanted.qs, order_by="-at")
    if answer := download(request, table, name="audit-trail"):
        return answer
    context = {"filter": wanted, "table": configured(request, table)}
    return render(request, "org/trail.html", context)


@require_safe
@needs(Permission.SEE_AUDIT)
def rows(request: HttpRequest) -> HttpResponse:
    """What became of configuration, people and access, row by row, before and after."""
    form = RowForm(request.GET)
    changes: list[Any] = []
    further, page = False, 1
    if form.is_valid():
        given = form.cleaned_data
        zone = zone_of(request)
        page = given["page"] or 1
        asked = trail.Asked(
            model=given["model"],
            who=given["who"],
            since=given["since"] and start_of(given["since"], zone),
            until=given["until"] and start_of(given["until"] + timedelta(days=1), zone),
            without_person=given["without_person"],
        )
        changes, further = trail.row_changes(asked, page=page, size=ROWS)
    context = {"form": form, "changes": changes, "further": further, "page": page}
    return render(request, "org/rows.html", context)


@require_safe
@needs(Permission.SEE_AUDIT)
def by_hand(request: HttpRequest) -> HttpResponse:
    """What was written past the application: typed into the database, or by somebody's script."""
    table = ByHandTable(ByHand.objects.all(), order_by="-at")
    if answer := download(request, table, name="written-by-hand"):
        return answer
    return render(request, "org/by_hand.html", {"table": configured(request, table)})


def zone_of(request: HttpRequest) -> ZoneInfo:
    """The tenant's time zone."""
    return ZoneInfo(request.membership.tenant.time_zone)  # type: ignore[attr-defined]


def start_of(day: Any, zone: ZoneInfo) -> datetime:
    """The first moment of a day in a zone."""
    return datetime.combine(day, time(), tzinfo=zone)
