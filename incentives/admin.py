"""Plans in the admin: versions with their measures, tables and formulas; runs and the ledger."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from incentives.admin_disputes import DisputeReasonAdmin
from incentives.compliance import findings
from incentives.draft import copy_once, next_number
from incentives.edited import last_edit
from incentives.forms import (
    ComponentForm,
    MeasureForm,
    PartFormSet,
    PlanVersionForm,
    RateTableForm,
)
from incentives.late import SHOWN, put_in_force
from incentives.models import (
    CalculationRun,
    Component,
    Decision,
    DisputeReason,
    Eligibility,
    ExchangeRate,
    Family,
    Measure,
    Plan,
    PlanPeriod,
    PlanVersion,
    RateTable,
    Transfer,
)
from incentives.rules import Problem, problems
from incentives.table_text import OPTIONS, text_of
from org.access import today
from org.admin_base import TenantAdmin, TenantInline, TenantStackedInline
from org.errors import DomainError
from org.permissions import Permission

DRAFT = PlanVersion.Status.DRAFT


class Unsound(Exception):
    """A version was saved on trial, and its rules do not hold; the trial is rolled back."""

    def __init__(self, found: list[Problem]) -> None:
        super().__init__("the rules of the version do not hold")
        self.found = found


def is_own_draft(request: HttpRequest, version: PlanVersion | None) -> bool:
    """Whether a version may still be changed by whoever asks: a draft that nobody else wrote."""
    if version is None:
        return True
    return version.status == DRAFT and version.author_id in (None, request.user.pk)


class OfVersion:
    """Rows of a version can be written as long as the version can."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_add_permission(request, obj) and is_own_draft(request, obj)  # type: ignore[misc]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and is_own_draft(request, obj)  # type: ignore[misc]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and is_own_draft(request, obj)  # type: ignore[misc]


class MeasureInline(OfVersion, TenantInline):
    model = Measure
    form = MeasureForm
    formset = PartFormSet
    write = Permission.EDIT_RULES


class RateTableInline(OfVersion, TenantStackedInline):
    model = RateTable
    form = RateTableForm
    formset = PartFormSet
    write = Permission.EDIT_RULES
    fieldsets = [(None, {"fields": [("name", "kind"), "rows", ("on_bound", "below", "outside")]})]
    readonly_fields = ("table",)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who may not change the table reads its rows; the boxes are fields of the form alone."""
        if self.has_change_permission(request, obj):
            return self.fieldsets
        return [(None, {"fields": ["name", "table"]})]

    @admin.display(description="rows")
    def table(self, row: RateTable) -> str:
        """The table as it was typed."""
        options = [f"{option}: {row.spec[option]}" for option in OPTIONS if option in row.spec]
        return format_html("<pre>{}</pre>", "\n".join([text_of(row.spec), *options]))


class ComponentInline(OfVersion, TenantStackedInline):
    model = Component
    form = ComponentForm
    formset = PartFormSet
    write = Permission.EDIT_RULES
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("name", "title", "order"),
                    "formula",
                    "gate",
                    "modifier",
                    "floor",
                    "cap",
                    ("prorate", "rounding_decimals", "earning_type"),
                ]
            },
        )
    ]


class EligibilityInline(OfVersion, TenantInline):
    model = Eligibility
    write = Permission.EDIT_RULES
    fields = ("unit", "job_type", "person", "slot")
    raw_id_fields = ("person",)
    verbose_name_plural = "For whom (no row: everybody)"


@admin.register(PlanVersion)
class PlanVersionAdmin(TenantAdmin):
    """The plan editor. A draft belongs to its author; somebody else reads and publishes it."""

    form = PlanVersionForm
    write = Permission.EDIT_RULES
    inlines = [MeasureInline, RateTableInline, ComponentInline, EligibilityInline]
    list_display = ("plan", "number", "in_force", "status", "author", "published_by")
    list_filter = ("status", "plan")
    list_select_related = ("plan", "author", "published_by")
    ordering = ("plan__code", "-number")
    actions = ["publish_versions", "copy_versions"]
    readonly_fields = (
        "number",
        "status",
        "author",
        "created_at",
        "published_by",
        "published_at",
    )
    fieldsets = [
        (None, {"fields": [("plan", "number"), ("in_force", "ends"), "reason"]}),
        (
            "Whole periods, parts of periods",
            {
                "fields": [
                    "segments",
                    ("prorate_goal", "prorate_amount"),
                    ("prorate_days", "first_day"),
                ]
            },
        ),
        (
            "Who and when",
            {"fields": [("status", "author", "created_at"), ("published_by", "published_at")]},
        ),
    ]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and is_own_draft(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and is_own_draft(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*self.readonly_fields, "plan") if obj else self.readonly_fields

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        version = context.get("original")
        own = version is not None and version.author_id == request.user.pk
        context["may_publish"] = self.may(request, Permission.PUBLISH_RULES) and not own
        context["findings"] = findings(version) if version is not None else []
        context["may_copy"] = self.may(request, Permission.EDIT_RULES)
        if version is not None:
            # A page that was refused keeps what its editor has seen, and is refused again.
            context["seen"] = request.POST.get("seen") or last_edit(version).stamp
        return super().render_change_form(request, context, *args, **kwargs)

    # --- saving: on trial, then judged by the same rules that calculate

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Save; where the rules do not hold, show the form again with each mistake at its field."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except Unsound as unsound:
            request._found = unsound.found  # type: ignore[attr-defined]
            return super().changeform_view(request, *args, **kwargs)

    def get_formset_kwargs(
        self, request: HttpRequest, obj: Any, inline: Any, prefix: str
    ) -> dict[str, Any]:
        given = super().get_formset_kwargs(request, obj, inline, prefix)
        if issubclass(inline.formset, PartFormSet):
            given["found"] = getattr(request, "_found", ())
        return given

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            obj.number = next_number(obj.plan)
            obj.created_at = timezone.now()
        obj.author = request.user
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        found = problems(form.instance)
        placed = [problem for problem in found if "." in problem.where]
        if placed and not hasattr(request, "_found"):
            raise Unsound(placed)
        for problem in found:
            messages.warning(request, f"Not ready to be published. {problem}")
        for finding in findings(form.instance):
            messages.warning(request, str(finding))

    # --- what is done with a whole version

    def get_urls(self) -> list[URLPattern]:
        own = [
            path("<int:pk>/publish/", self._door(self.publish_view), name="publish_version"),
            path("<int:pk>/copy/", self._door(self.copy_view), name="copy_version"),
        ]
        return [*own, *super().get_urls()]

    def _door(self, view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        return self.admin_site.admin_view(require_POST(view))

    def publish_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Publish the version of a page; what is refused is said on it."""
        version = self._version(request, pk)
        self._publish(request, version)
        return HttpResponseRedirect(reverse("admin:incentives_planversion_change", args=[pk]))

    def copy_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Make a draft like the version of a page, and open it."""
        draft = self._copy(request, self._version(request, pk))
        return HttpResponseRedirect(reverse("edit-version", args=[draft.pk]))

    def _version(self, request: HttpRequest, pk: int) -> PlanVersion:
        """A version of the tenant (404), if the role may write rules (403)."""
        version: PlanVersion | None = self.get_queryset(request).filter(pk=pk).first()
        if version is None:
            raise Http404("No version has this number.")
        self.demand(request, Permission.EDIT_RULES)
        return version

    def _publish(self, request: HttpRequest, version: PlanVersion) -> None:
        self.demand(request, Permission.PUBLISH_RULES)
        try:
            effects = put_in_force(
                version=version,
                by=request.user,  # type: ignore[arg-type]
                at=timezone.now(),
                on=today(request.membership.tenant),  # type: ignore[attr-defined]
            )
        except DomainError as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, f"{version} is published: in force from {version.in_force}.")
            for one in effects[:SHOWN]:
                messages.info(request, str(one))

    def _copy(self, request: HttpRequest, version: PlanVersion) -> PlanVersion:
        draft = copy_once(version=version, by=request.user, at=timezone.now())  # type: ignore[arg-type]
        messages.success(
            request, f"{draft} is a draft of yours, like version {version.number}. Change it here."
        )
        return draft

    @admin.action(description="Publish the chosen versions in review", permissions=["publish"])
    def publish_versions(self, request: HttpRequest, queryset: QuerySet[PlanVersion]) -> None:
        for version in queryset:
            self._publish(request, version)

    @admin.action(description="Copy as new drafts", permissions=["add"])
    def copy_versions(self, request: HttpRequest, queryset: QuerySet[PlanVersion]) -> None:
        for version in queryset:
            self._copy(request, version)

    def has_publish_permission(self, request: HttpRequest) -> bool:
        return self.may(request, Permission.PUBLISH_RULES)


@admin.register(Plan)
class PlanAdmin(TenantAdmin):
    """A plan's name, family and calendar; once a version is in force only the name can change."""

    write = Permission.EDIT_RULES
    list_display = ("code", "name", "family", "calendar", "currency")
    list_select_related = ("family", "calendar")
    search_fields = ("code", "name")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        in_force = obj is not None and obj.versions.exclude(status=DRAFT).exists()
        return ("code", "family", "calendar", "currency") if in_force else ()


@admin.register(Family)
class FamilyAdmin(TenantAdmin):
    write = Permission.EDIT_RULES
    list_display = ("code", "name")


@admin.register(PlanPeriod)
class PlanPeriodAdmin(TenantAdmin):
    see = Permission.SEE_EVERYONE
    list_display = ("plan", "period", "state", "final_at", "final_by", "run")
    list_filter = ("plan",)
    list_select_related = ("plan", "period__calendar", "run__plan", "run__period__calendar")
    ordering = ("-period__valid_from", "plan__code")

    @admin.display(description="state")
    def state(self, row: PlanPeriod) -> str:
        return "final" if row.final_at else "provisional"


@admin.register(CalculationRun)
class CalculationRunAdmin(TenantAdmin):
    see = Permission.SEE_EVERYONE
    list_display = ("plan", "period", "purpose", "at", "people", "undecided", "failed", "total")
    list_filter = ("purpose", "plan")
    list_select_related = ("plan", "period__calendar")


@admin.register(Transfer)
class TransferAdmin(TenantAdmin):
    see = Permission.SEE_EVERYONE
    list_display = (
        "recorded_at",
        "person",
        "amount",
        "currency",
        "from_account",
        "to_account",
        "origin",
        "plan",
        "component",
        "cause",
    )
    list_filter = ("origin", "to_account", "plan")
    list_select_related = ("person", "plan")
    search_fields = ("person__name", "person__code")
    ordering = ("-id",)


@admin.register(Decision)
class DecisionAdmin(TenantAdmin):
    see = Permission.SEE_EVERYONE
    list_display = ("person", "plan", "period", "measure", "kind", "by", "recorded_at")
    list_select_related = ("person", "plan", "period__calendar", "by")


@admin.register(ExchangeRate)
class ExchangeRateAdmin(TenantAdmin):
    list_display = ("name", "base", "quote", "rate", "valid_from", "valid_to")


admin.site.register(DisputeReason, DisputeReasonAdmin)
