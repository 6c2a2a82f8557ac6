"""The organisation in the admin.

Dated and append-only rows are shown and never edited here: they change by verbs, which keep what
was known and record the cause. Rows that are a code and a name can be edited. Isolation comes from
row-level security; who sees and who writes, from the table of roles.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from org import pay_rule
from org.access import today
from org.admin_base import TenantAdmin, TenantForm, TenantInline
from org.admin_members import MembershipAdmin
from org.admin_sign_in import SignInRulesAdmin
from org.base import CURRENT
from org.compliance import ProductClass
from org.dates import FOREVER
from org.errors import DomainError
from org.models import (
    AbsenceType,
    Assignment,
    AuditEntry,
    Availability,
    Calendar,
    Employment,
    Fact,
    FactType,
    Holiday,
    HolidayCalendar,
    InputChange,
    JobType,
    Membership,
    PayGroup,
    Period,
    Person,
    RoleGrant,
    SignInRules,
    Tenant,
    Unit,
    UnitPlacement,
)
from org.permissions import Permission, Role
from org.tenancy import current_tenant_id
from org.users import end_role, grant_role


class ReadOnlyInline(TenantInline):
    """Rows shown beside what they belong to; only those that nothing has replaced."""

    can_delete = False
    ordering: ClassVar[tuple[str, ...]] = ("valid_from",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(CURRENT)


# -- configuration: codes and names ---------------------------------------------------------------


class CodedAdmin(TenantAdmin):
    """A row that is a code and a few fields; the code is what files call it, so it stays."""

    see = Permission.SEE_RULES
    write = Permission.CONFIGURE
    search_fields: ClassVar[tuple[str, ...]] = ("code",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("code",) if obj else ()


class JobTypeForm(TenantForm):
    """A job type; its licences decide what compliance packs let it be paid by."""

    licences = forms.MultipleChoiceField(
        choices=ProductClass.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Everybody of this job type is licensed to sell these.",
    )

    class Meta:
        model = JobType
        fields = ("code", "name", "licences")


@admin.register(JobType)
class JobTypeAdmin(CodedAdmin):
    form = JobTypeForm
    list_display = ("code", "name")


@admin.register(AbsenceType)
class AbsenceTypeAdmin(CodedAdmin):
    list_display = ("code", "name", "reduces_goal", "reduces_payout")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """What it reduces moves results, so it changes by the tenant file."""
        return ("code", "reduces_goal", "reduces_payout") if obj else ()


@admin.register(FactType)
class FactTypeAdmin(CodedAdmin):
    list_display = ("code", "name", "kind", "sensitive")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("code", "kind") if obj else ()


class PlacementInline(ReadOnlyInline):
    model = UnitPlacement
    fk_name = "unit"
    fields = ("parent", "valid_from", "valid_to")
    verbose_name_plural = "places in the tree (changed by the tenant file)"


@admin.register(Unit)
class UnitAdmin(CodedAdmin):
    list_display = ("code", "name", "kind")
    list_filter = ("kind",)
    search_fields = ("code", "name")
    inlines = (PlacementInline,)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Other holidays move goals, so they change by the tenant file."""
        return ("code", "holiday_calendar") if obj else ()


class PeriodInline(TenantInline):
    model = Period
    fields = ("code", "valid_from", "valid_to", "pay_date")
    can_delete = False


@admin.register(Calendar)
class CalendarAdmin(TenantAdmin):
    """Shown only: periods follow from the calendar, and results hang on them."""

    list_display = ("code", "kind", "first_day", "anchor", "pay_day", "pay_days_after")
    inlines = (PeriodInline,)


class HolidayInline(TenantInline):
    model = Holiday
    fields = ("day", "name")
    can_delete = False


@admin.register(HolidayCalendar)
class HolidayCalendarAdmin(TenantAdmin):
    """Shown only: a holiday moves goals, so the tenant file changes it and notes the cause."""

    list_display = ("code", "weekdays", "is_default")
    inlines = (HolidayInline,)


@admin.register(PayGroup)
class PayGroupAdmin(TenantAdmin):
    list_display = ("code", "calendar", "currency", "draw", "recover", "minimum")
    list_select_related = ("calendar",)

    def save_model(self, request: HttpRequest, obj: PayGroup, form: Any, change: bool) -> None:
        """Refuse a pay rule that makes no sense, as the tenant file does."""
        currency = obj.currency or Tenant.objects.get(pk=current_tenant_id()).currency
        found = pay_rule.problems(pay_rule.of_group(obj), currency=currency)
        if sentences := tuple(f"{key}: {sentence}" for key, sentence in found):
            raise DomainError(f"The pay group “{obj}” cannot be saved.", sentences)
        super().save_model(request, obj, form, change)


# -- people ---------------------------------------------------------------------------------------


class EmploymentInline(ReadOnlyInline):
    model = Employment
    fields = ("payroll_id", "pay_group", "company", "tenure_start", "valid_from", "valid_to")


class AssignmentInline(ReadOnlyInline):
    model = Assignment
    fk_name = "person"
    fields = ("slot", "unit", "job_type", "manager", "share", "valid_from", "valid_to")
    ordering = ("slot", "valid_from")


@admin.register(Person)
class PersonAdmin(CodedAdmin):
    """Name and address can be mended; employments and jobs change by file, with their cause."""

    see = Permission.MANAGE_PEOPLE
    write = Permission.MANAGE_PEOPLE
    list_display = ("name", "code", "email")
    search_fields = ("name", "code")
    inlines = (EmploymentInline, AssignmentInline)


class DatedAdmin(TenantAdmin):
    """Rows of people over time, with what was known before."""

    see = Permission.MANAGE_PEOPLE
    search_fields = ("person__name", "person__code")
    date_hierarchy = None
    show_full_result_count = False


@admin.register(Assignment)
class AssignmentAdmin(DatedAdmin):
    list_display = (
        "person",
        "slot",
        "unit",
        "job_type",
        "manager",
        "share",
        "valid_from",
        "valid_to",
        "recorded_at",
        "superseded_at",
    )
    list_select_related = ("person", "unit", "job_type", "manager")
    list_filter = ("unit", "job_type")


@admin.register(Fact)
class FactAdmin(DatedAdmin):
    """Base pay and the like: only who manages people sees them here."""

    list_display = ("person", "fact_type", "number", "text", "day", "valid_from", "valid_to")
    list_select_related = ("person", "fact_type")
    list_filter = ("fact_type",)


@admin.register(Availability)
class AvailabilityAdmin(DatedAdmin):
    list_display = ("person", "day", "kind", "absence_type", "hours", "slot")
    list_select_related = ("person", "absence_type")
    list_filter = ("kind", "absence_type")


# -- roles ----------------------------------------------------------------------------------------


class RoleGrantForm(TenantForm):
    """A role from a day to a day; a deputy's must end."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, text in GRANT_HELP.items():
            if name in self.fields:
                self.fields[name].help_text = text

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.cleaned_data.get("deputy_for") and self.cleaned_data.get("valid_to") == FOREVER:
            self.add_error(
                "valid_to", "A deputy's role needs an end, on which it goes away by itself."
            )
        return cleaned


GRANT_HELP = {
    "valid_to": "First day on which it no longer counts. A deputy needs one that comes soon.",
    "deputy_for": "Whom they stand in for. Empty: the role is their own.",
}


@admin.register(RoleGrant)
class RoleGrantAdmin(TenantAdmin):
    """Given and ended, never changed: an audit row says by whom."""

    form = RoleGrantForm
    see = Permission.MANAGE_USERS
    write = Permission.MANAGE_USERS
    list_display = ("membership", "role", "valid_from", "valid_to", "deputy_for")
    list_select_related = (
        "membership__user",
        "membership__tenant",
        "deputy_for__user",
        "deputy_for__tenant",
    )
    list_filter = ("role",)
    actions = None

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        """Memberships are global: offer those of this tenant."""
        tenant = request.membership.tenant  # type: ignore[attr-defined]
        options["queryset"] = tenant.memberships.select_related("user", "tenant")
        return super().formfield_for_foreignkey(db_field, request, **options)

    def save_model(self, request: HttpRequest, obj: RoleGrant, form: Any, change: bool) -> None:
        granted = grant_role(
            membership=obj.membership,
            role=Role(obj.role),
            on=obj.valid_from,
            until=obj.valid_to,
            deputy_for=obj.deputy_for,
            by=request.user,  # type: ignore[arg-type]
            at=timezone.now(),
        )
        obj.pk = granted.pk

    def delete_model(self, request: HttpRequest, obj: RoleGrant) -> None:
        on = today(request.membership.tenant)  # type: ignore[attr-defined]
        end_role(grant=obj, on=on, by=request.user, at=timezone.now())  # type: ignore[arg-type]


admin.site.register(Membership, MembershipAdmin)
admin.site.register(SignInRules, SignInRulesAdmin)


# -- what happened --------------------------------------------------------------------------------


class HistoryAdmin(TenantAdmin):
    """Append-only: shown to who may see the audit trail, edited by nobody."""

    see = Permission.SEE_AUDIT
    list_select_related = ("by",)
    show_full_result_count = False


@admin.register(AuditEntry)
class AuditEntryAdmin(HistoryAdmin):
    list_display = ("at", "by", "action", "subject")
    list_filter = ("action",)
    search_fields = ("subject",)


@admin.register(InputChange)
class InputChangeAdmin(HistoryAdmin):
    list_display = ("at", "by", "kind", "sentence")
    list_filter = ("kind",)
    search_fields = ("sentence",)
