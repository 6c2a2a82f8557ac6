"""Batches, lines and files to read; they are made by the verbs and never edited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest

from payroll.models import PayBatch, PayFile, PayLine

if TYPE_CHECKING:
    Base = admin.ModelAdmin[Any]  # takes its parameter in the stubs only
else:
    Base = admin.ModelAdmin


class ReadOnly(Base):
    """To look at, not to touch."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes."""
        return False


@admin.register(PayBatch)
class PayBatchAdmin(ReadOnly):
    list_display = ["__str__", "status", "currency", "prepared_by", "approved_by", "approved_at"]
    list_filter = ["status", "pay_group"]
    list_select_related = ["pay_group", "period", "prepared_by", "approved_by"]


@admin.register(PayLine)
class PayLineAdmin(ReadOnly):
    list_display = ["person", "batch", "earning_type", "earned_period", "amount", "currency"]
    list_filter = ["batch__pay_group", "earning_type"]
    search_fields = ["person__name", "person__code", "employment__payroll_id"]
    list_select_related = ["person", "batch__pay_group", "batch__period", "earned_period__calendar"]


@admin.register(PayFile)
class PayFileAdmin(ReadOnly):
    list_display = ["name", "batch", "profile", "rows", "total", "sha256", "written_at", "by"]
    list_select_related = ["batch__pay_group", "batch__period", "profile", "by"]
    exclude = ["content"]
