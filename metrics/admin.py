"""Metrics in the admin: what came in, what could not be used, and taking it back.

Values are not listed here: they are many, and a scorecard shows them better. Definitions, goals and
column maps come from the tenant file; a delivery is uploaded, previewed and undone on its page.
"""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html

from metrics.ingest import IngestReport, ingest
from metrics.models import (
    Correction,
    Delivery,
    Goal,
    Metric,
    MetricDefinition,
    PersonAlias,
    Rejection,
    Source,
    SourceComplete,
)
from metrics.undo import undo
from org.admin_base import TenantAdmin, TenantForm, TenantInline
from org.base import CURRENT
from org.errors import DomainError
from org.models import User
from org.permissions import Permission

SENTENCES = 10


class Current(TenantAdmin):
    """Rows that nothing has replaced; they change by the tenant file, and are read here."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(CURRENT)


class DefinitionInline(TenantInline):
    """What the metric means, and from which day on."""

    model = MetricDefinition
    fields = ("valid_from", "valid_to", "kind", "unit", "direction", "decimals", "attainment")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(CURRENT)


@admin.register(Metric)
class MetricAdmin(TenantAdmin):
    """A metric with its dated definitions."""

    list_display = ("code", "name")
    search_fields = ("code", "name")
    inlines = [DefinitionInline]


@admin.register(Goal)
class GoalAdmin(Current):
    """Goals that hold, with whom they are for."""

    list_display = ("metric", "of", "basis", "value", "person", "unit", "job_type", "valid_from")
    list_select_related = ("metric", "person", "unit", "job_type")
    list_filter = ("metric",)


class AliasInline(TenantInline):
    """What the source calls people."""

    model = PersonAlias
    fields = ("external_id", "person", "valid_from", "valid_to")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(CURRENT).select_related("person")


@admin.register(Source)
class SourceAdmin(TenantAdmin):
    """A source with its column map, as the tenant file has it."""

    list_display = ("code", "name", "time_zone", "complete_through")
    search_fields = ("code", "name")
    fields = ("code", "name", "time_zone", "map_text")
    readonly_fields = ("map_text",)
    inlines = [AliasInline]

    @admin.display(description="column map")
    def map_text(self, source: Source) -> str:
        return format_html(
            "<pre>{}</pre>", json.dumps(source.column_map, indent=2, ensure_ascii=False)
        )

    @admin.display(description="complete to")
    def complete_through(self, source: Source) -> Any:
        row = SourceComplete.objects.filter(CURRENT, source=source).first()
        return row and row.through


class UploadForm(TenantForm):
    """A file for a source; it is kept as it came."""

    file = forms.FileField(help_text="A CSV file or a workbook (.xlsx), as the source exports it.")
    complete_through = forms.DateField(
        required=False,
        help_text="The source has delivered all there is up to this day (included).",
    )
    preview = forms.BooleanField(
        required=False, help_text="Only say what would happen, and keep nothing."
    )

    class Meta:
        model = Delivery
        fields = ("source",)


@admin.register(Delivery)
class DeliveryAdmin(TenantAdmin):
    """What came in: uploaded here, looked at, undone."""

    see = Permission.SEE_RULES
    list_display = (
        "id",
        "source",
        "file_name",
        "received_at",
        "rows_read",
        "values_accepted",
        "values_superseded",
        "rows_rejected",
        "first_day",
        "last_day",
        "undone_at",
    )
    list_display_links = ("id", "file_name")
    list_filter = ("source",)
    list_select_related = ("source",)
    exclude = ("content",)
    actions = ["undo_deliveries"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        # A list of files must not load the files.
        return super().get_queryset(request).defer("content")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, Permission.UPLOAD_DATA)

    def has_undo_permission(self, request: HttpRequest) -> bool:
        """Whoever may bring data in may take it back."""
        return self.may(request, Permission.UPLOAD_DATA)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if obj is None:
            return UploadForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ("source", "file", "complete_through", "preview")
        return super().get_fields(request, obj)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Take the file in; the delivery of the form becomes the one that it made."""
        file = form.cleaned_data["file"]
        report = ingest(
            source=obj.source,
            file_name=file.name,
            content=file.read(),
            by=_user(request),
            at=timezone.now(),
            complete_through=form.cleaned_data["complete_through"],
            commit=not form.cleaned_data["preview"],
        )
        self._say(request, report)
        obj.pk, obj.file_name = report.delivery, report.file_name

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The verb has left its audit row."""

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        return self.response_post_save_add(request, obj)

    def _say(self, request: HttpRequest, report: IngestReport) -> None:
        for sentence in report.sentences():
            messages.info(request, sentence)
        for row in report.rejections[:SENTENCES]:
            messages.warning(request, row.sentence)
        if report.rejected > SENTENCES:
            messages.warning(
                request, f"… and {report.rejected - SENTENCES:,} more, listed under Rejections."
            )

    @admin.action(description="Undo the chosen deliveries", permissions=["undo"])
    def undo_deliveries(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        # The newest first: what an older one had replaced comes back once, not twice.
        for delivery in queryset.order_by("-id"):
            try:
                done = undo(delivery=delivery, by=_user(request), at=timezone.now())
            except DomainError as refusal:
                messages.error(request, str(refusal))
            else:
                messages.success(request, done.sentence())


@admin.register(Rejection)
class RejectionAdmin(TenantAdmin):
    """Rows that could not be used: the queue of whoever mends files and maps."""

    list_display = ("delivery", "line", "column", "value", "sentence")
    list_filter = ("reason", "delivery__source")
    search_fields = ("value", "sentence")
    list_select_related = ("delivery__source",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("delivery__content")


@admin.register(Correction)
class CorrectionAdmin(TenantAdmin):
    """Figures set by hand, also those that hold no more."""

    see = Permission.SEE_EVERYONE
    list_display = (
        "person",
        "day",
        "metric",
        "before_numerator",
        "numerator",
        "reason",
        "by",
        "recorded_at",
        "superseded_at",
    )
    list_select_related = ("person", "metric", "by")
    search_fields = ("person__name", "person__code", "reason")


def _user(request: HttpRequest) -> User:
    user: models.Model = request.user  # type: ignore[assignment]
    assert isinstance(user, User)
    return user
