"""The list of disputes."""

from __future__ import annotations

from datetime import date
from typing import Any

import django_filters
import django_tables2 as tables
from django import forms
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from incentives.dispute_reasons import every_reason
from incentives.models import Dispute, Plan
from org.models import Tenant
from org.tables import PageTable
from scorecards import formats

TAGS = {"open": "watch", "accepted": "good", "rejected": "poor", "withdrawn": "none"}
LONGEST = 60


class DisputeFilter(django_filters.FilterSet):
    """Which disputes are listed."""

    who = django_filters.CharFilter(method="of_person", label="Person")
    plan = django_filters.ModelChoiceFilter(
        queryset=lambda request: Plan.objects.order_by("name"),
        to_field_name="code",
        empty_label="Every plan",
    )
    reason = django_filters.ChoiceFilter(
        "reason_code",
        label="Reason",
        empty_label="Every reason",
        choices=lambda: [(one.code, one.name) for one in every_reason()],
    )
    since = django_filters.DateFilter(
        "opened_at",
        "date__gte",
        label="Opened since",
        widget=forms.DateInput(attrs={"type": "date"}),
    )

    def of_person(self, rows: QuerySet[Dispute], name: str, value: str) -> QuerySet[Dispute]:
        """Those of somebody, by name or number."""
        return rows.filter(Q(person__name__icontains=value) | Q(person__code__iexact=value))


class DisputeTable(PageTable):
    """Disputes with their state, and by when they are answered."""

    first_line = ("person", "state")
    person = tables.Column(order_by=("person__name", "opened_at"))
    what = tables.Column(empty_values=(), order_by="title", verbose_name="About")
    reason_name = tables.Column(verbose_name="Reason", empty_values=())
    opened_at = tables.DateTimeColumn(verbose_name="Opened")
    due_on = tables.DateColumn(verbose_name="Due")
    owner = tables.Column(
        empty_values=(), order_by=("owner__username", "role"), verbose_name="With"
    )
    state = tables.Column()

    class Meta(PageTable.Meta):
        empty_text = "No dispute is here."

    def __init__(self, *args: Any, tenant: Tenant, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tenant, self.today = tenant, today

    def render_person(self, record: Dispute) -> SafeString:
        """The name leads to the dispute."""
        address = reverse("dispute", args=[record.pk])
        return format_html('<a href="{}">{}</a>', address, record.person.name)

    def value_person(self, record: Dispute) -> str:
        """In a file, the plain name."""
        return record.person.name

    def render_what(self, record: Dispute) -> str:
        """The line, or that something is missing; of which plan and period."""
        return self._what(record, formats.period_name(record.period, locale=self.tenant.locale))

    def value_what(self, record: Dispute) -> str:
        """In a file, with the period's code."""
        return self._what(record, record.period.code)

    def _what(self, record: Dispute, period: str) -> str:
        what = record.title or "Something missing"  # type: ignore[attr-defined]
        return f"{what}, {record.plan} {period}"

    def render_reason_name(self, record: Dispute) -> str:
        """The reason chosen, else the first words."""
        words = record.reason_name or record.reason
        return words if len(words) <= LONGEST else f"{words[:LONGEST]} …"

    def value_reason_name(self, record: Dispute) -> str:
        """In a file, all of it."""
        return record.reason_name or record.reason

    def render_opened_at(self, record: Dispute) -> str:
        """The day in the tenant's words."""
        return formats.day(timezone.localdate(record.opened_at), locale=self.tenant.locale)

    def value_opened_at(self, record: Dispute) -> str:
        """The day in a file."""
        return timezone.localdate(record.opened_at).isoformat()

    def render_due_on(self, record: Dispute) -> SafeString | str:
        """The day; one that has passed is marked."""
        if record.due_on is None or record.state != Dispute.State.OPEN:
            return "–"
        day = formats.day(record.due_on, locale=self.tenant.locale)
        if record.due_on < self.today:
            return format_html('{} <span class="tag poor">overdue</span>', day)
        return day

    def value_due_on(self, record: Dispute) -> str:
        """The day in a file."""
        return record.due_on.isoformat() if record.due_on else ""

    def render_owner(self, record: Dispute) -> str:
        """Whose it is."""
        return record.with_whom

    def render_state(self, record: Dispute) -> SafeString:
        """The word with its colour."""
        return format_html('<span class="tag {}">{}</span>', tag_of(record), record.said)

    def value_state(self, record: Dispute) -> str:
        """In a file, the plain word."""
        return record.said


def tag_of(dispute: Dispute) -> str:
    """The colour of a state."""
    return "open" if dispute.waits else TAGS[dispute.state]
