"""The edge at which a request enters its tenant."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

import structlog
from django.conf import settings
from django.core import signing
from django.core.exceptions import BadRequest
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone

from org.mail import from_site
from org.models import Membership
from org.prepared import Question
from org.tenancy import enter

SESSION_KEY = "tenant_id"
COOKIE = "place"
COOKIE_AGE = 90 * 24 * 60 * 60

Place = tuple[int, int]
"""A user and a tenant, by their keys."""


class TenantMiddleware:
    """Open the transaction, set the tenant in it, and render inside it.

    ``ATOMIC_REQUESTS`` alone would render templates after the transaction, so without a tenant.
    Moments are shown, typed and filtered on the tenant's clock.
    Who worked for which tenant last in this browser stands in a signed cookie.
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
        through = f"{request.method} {request.path[:150]} from {client(request)}"
        here = from_site(request.build_absolute_uri)
        clock = timezone.override(ZoneInfo(membership.tenant.time_zone))
        with here, clock, enter(membership.tenant_id, by=request.user, through=through):
            response = self.get_response(request)
        if last_place(request) != (membership.user_id, membership.tenant_id):
            remember_place(response, membership)
        return response


def client(request: HttpRequest) -> str:
    """The address that asks; behind a proxy, the one that the proxy itself saw and put last."""
    named = request.META.get("HTTP_X_FORWARDED_FOR", "") if settings.SECURE_PROXY_SSL_HEADER else ""
    return named.rpartition(",")[2].strip()[:45] or str(request.META.get("REMOTE_ADDR", ""))


def refuse_null(request: HttpRequest) -> None:
    """Refuse an address or a form with the character NUL, which no text of the database can hold.

    Forms say it at their fields, but not every button's reason goes through a form.
    """
    if "\0" in request.path or has_null(request.GET):
        raise BadRequest("The address has a character that no text has.")
    if has_null(request.POST):
        raise BadRequest("The form has a character that no text has. Type the text again.")


def has_null(given: QueryDict) -> bool:
    """Whether a name or any of its values has the character NUL."""
    return any("\0" in text for name, texts in given.lists() for text in (name, *texts))


def chosen_membership(request: HttpRequest) -> Membership | None:
    """The user's place in the tenant of this session: the one chosen, the last one, the only one.

    None where there are several and none was ever chosen: the person is asked (``must_choose``).
    """
    request.must_choose = False  # type: ignore[attr-defined]
    if not request.user.is_authenticated:
        return None
    places = _PLACES.objects(user=request.user.pk)
    by_tenant: dict[int | None, Membership] = {place.tenant_id: place for place in places}
    user_id, last = last_place(request) or (None, None)
    chosen = by_tenant.get(request.session.get(SESSION_KEY))
    if chosen is None and user_id == request.user.pk:
        chosen = by_tenant.get(last)
    if chosen is None and len(by_tenant) == 1:
        [chosen] = by_tenant.values()
    request.must_choose = chosen is None and bool(by_tenant)  # type: ignore[attr-defined]
    return chosen


def _places(*, user: int) -> QuerySet[Membership]:
    return Membership.objects.filter(user=user).select_related("tenant__sign_in_rules")


_PLACES = Question(_places)


def last_place(request: HttpRequest) -> Place | None:
    """Who worked for which tenant last in this browser, if it is known."""
    try:
        text = str(request.get_signed_cookie(COOKIE, max_age=COOKIE_AGE))
    except (KeyError, signing.BadSignature):
        return None
    user_id, _, tenant_id = text.partition(":")
    return int(user_id), int(tenant_id)


def remember_place(response: HttpResponse, membership: Membership) -> None:
    """Note in the browser who works for which tenant; it opens nothing by itself."""
    response.set_signed_cookie(
        COOKIE,
        f"{membership.user_id}:{membership.tenant_id}",
        max_age=COOKIE_AGE,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
