"""The reasons of disputes in the admin: who answers, and how fast."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from org.admin_base import TenantAdmin
from org.models import Membership, User
from org.permissions import Permission
from org.tenancy import current_tenant_id


class DisputeReasonAdmin(TenantAdmin):
    """The first one takes the place of the whole standard list."""

    write = Permission.CONFIGURE
    list_display = ("code", "name", "about", "role", "owner", "days")
    list_select_related = ("owner",)
    fields = ("code", "name", "about", "role", "owner", "days")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Owners are members of the tenant; users are of all tenants."""
        if db_field.name == "owner":
            members = Membership.objects.filter(tenant=current_tenant_id())
            kwargs["queryset"] = User.objects.filter(pk__in=members.values("user"))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)
