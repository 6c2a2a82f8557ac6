"""The edge at which a request enters its tenant."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from django.core.exceptions import BadRequest
from django.db.models import Case, When
from django.http import HttpRequest, HttpResponse

from org.models import Membership
from org.tenancy import enter

SESSION_KEY = "tenant_id"


class TenantMiddleware:
    """Open the transaction, set the tenant in it, and render inside it.

    ``ATOMIC_REQUESTS`` alone would render templates after the transaction, so without a tenant.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        refuse_null(request)
        membership = chosen_membership(request)
        request.membership = membership  # type: ignore[attr-defined]
        if membership is None:
            return self.get_response(request)
        structlog.contextvars.bind_contextvars(tenant=membership.tenant.code)
        through = f"{request.method} {request.path}"
        with enter(membership.tenant_id, by=request.user, through=through):
            return self.get_response(request)


def refuse_null(request: HttpRequest) -> None:
    """Refuse an address with the character NUL, which no text of the database can hold."""
    if "\0" in request.path or any("\0" in text for text in request.GET.values()):
        raise BadRequest("The address has a character that no text has.")


def chosen_membership(request: HttpRequest) -> Membership | None:
    """The user's place in the tenant of this session: the one chosen, else the first."""
    if not request.user.is_authenticated:
        return None
    chosen = Case(When(tenant=request.session.get(SESSION_KEY), then=0), default=1)
    memberships = Membership.objects.filter(user=request.user).select_related("tenant")
    return memberships.order_by(chosen, "tenant__code").first()
