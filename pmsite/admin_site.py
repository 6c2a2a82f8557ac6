"""The admin: open to members whose role sees rules, audit, people or settings of their tenant."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from org.access import request_permissions
from org.admin_base import TenantAdmin
from org.permissions import Permission as P

OPENED_BY = frozenset({P.SEE_RULES, P.SEE_AUDIT, P.MANAGE_PEOPLE, P.MANAGE_USERS, P.CONFIGURE})


class PmsiteAdminSite(AdminSite):
    """One admin for all who work on a tenant's rules and records; who may what is in ``ROLES``."""

    site_title = "pmsite"
    index_title = "Rules and records"
    empty_value_display = "none"
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether the role of whoever asks opens the admin at all."""
        return request.user.is_active and not OPENED_BY.isdisjoint(request_permissions(request))

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        membership = getattr(request, "membership", None)
        name = membership.tenant.name if membership else "pmsite"
        return {**super().each_context(request), "site_header": name, "membership": membership}

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Send to the one login page; who is logged in already lacks the role."""
        if request.user.is_authenticated:
            raise PermissionDenied(
                "Rules and records are open to plan managers, payroll, auditors and "
                "administrators. Ask an administrator if you need to see them."
            )
        return redirect_to_login(request.GET.get("next", reverse("admin:index")))

    def logout(  # type: ignore[override]
        self, request: HttpRequest, extra_context: Any = None
    ) -> HttpResponse:
        return HttpResponseRedirect(reverse("overview"))

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Take only pages that ask for the tenant's roles; those of libraries ask for others."""
        if admin_class is None or not issubclass(admin_class, TenantAdmin):
            page = getattr(admin_class or ModelAdmin, "__module__", "")
            if page.startswith(("django", "allauth")):
                return
            raise TypeError(f"{admin_class} must be a org.admin_base.TenantAdmin.")
        super().register(model_or_iterable, admin_class, **options)
