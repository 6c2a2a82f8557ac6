"""Batches, lines and files to read; they are made by the verbs and never edited."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from org.access import request_permissions
from org.admin_base import TenantAdmin
from org.permissions import Permission
from payroll.models import PayBatch, PayFile, PayLine, PayStop


class PayAdmin(TenantAdmin):
    """To look at, not to touch: for those who prepare pay and those who audit it."""

    see = Permission.SEE_AUDIT

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the role of whoever asks prepares pay or audits."""
        mine = request_permissions(request)
        return self.see in mine or Permission.PREPARE_PAY in mine


@admin.register(PayBatch)
class PayBatchAdmin(PayAdmin):
    list_display = ["__str__", "status", "currency", "prepared_by", "approved_by", "approved_at"]
    list_filter = ["status", "pay_group"]
    list_select_related = ["pay_group", "period", "prepared_by", "approved_by"]


@admin.register(PayLine)
class PayLineAdmin(PayAdmin):
    list_display = ["person", "batch", "earning_type", "earned_period", "amount", "currency"]
    list_filter = ["batch__pay_group", "earning_type"]
    search_fields = ["person__name", "person__code", "employment__payroll_id"]
    list_select_related = ["person", "batch__pay_group", "batch__period", "earned_period__calendar"]


@admin.register(PayFile)
class PayFileAdmin(PayAdmin):
    list_display = ["name", "batch", "profile", "rows", "total", "sha256", "written_at", "by"]
    list_select_related = ["batch__pay_group", "batch__period", "profile", "by"]
    exclude = ["content"]


@admin.register(PayStop)
class PayStopAdmin(PayAdmin):
    list_display = ["person", "reason", "by", "recorded_at", "resumed_by", "resumed_because"]
    search_fields = ["person__name", "person__code"]
    list_select_related = ["person", "by", "resumed_by"]
