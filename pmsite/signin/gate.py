"""What a sign-in must show before it opens a tenant, asked of every request (docs/adr/0141)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse

from org.access import request_roles
from org.sign_in import rules_of
from pmsite.signin.ways import has_second_factor, used_second_factor, ways_of

OPEN = frozenset({"account", "healthz", "login", "logout", "readyz", "tenant"})
OPEN_GROUPS = ("account_", "mfa_", "openid_connect_", "sign_in_", "usersessions_")


def is_about_signing_in(request: HttpRequest) -> bool:
    """Whether a page is about the person's own sign-in, and so about no tenant's data."""
    match = request.resolver_match
    name = match.view_name if match else ""
    return name in OPEN or name.startswith(OPEN_GROUPS)


def lead_to(request: HttpRequest, address: str) -> HttpResponse:
    """Send the browser to a page; a part of a page that htmx asked for sends the whole page."""
    if "HX-Request" not in request.headers:
        return HttpResponseRedirect(address)
    response = HttpResponse()
    response["HX-Redirect"] = address
    return response


def page_around(request: HttpRequest) -> str:
    """The page of ours for a part of which htmx asks; empty where a whole page is asked for."""
    htmx = request.htmx  # type: ignore[attr-defined]
    return (htmx.current_url_abs_path or "") if htmx else ""


class GateMiddleware:
    """Stand before every page of a tenant, the admin's included; nothing else need ask."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, _view: Any, _args: Any, _kwargs: Any
    ) -> HttpResponseBase | None:
        """Lead to what is missing; None lets the request through."""
        if is_about_signing_in(request):
            return None
        step = missing_step(request)
        if step is None:
            return None
        back = reverse("overview")
        if request.method in ("GET", "HEAD"):
            back = page_around(request) or request.get_full_path()
        return lead_to(request, f"{step}?{urlencode({'next': back})}")


def missing_step(request: HttpRequest) -> str | None:
    """The page on which whoever asks gets what their tenant demands; None when nothing is missing.

    Who is asked for nothing here may still lack the role; that is said by the page itself.
    """
    if request.must_choose:  # type: ignore[attr-defined]
        return reverse("tenant")
    membership = request.membership  # type: ignore[attr-defined]
    if membership is None:
        return None
    rules = rules_of(membership.tenant)
    if not rules.accepts(ways_of(request), tenant_code=membership.tenant.code):
        return reverse("sign_in_otherwise")
    if not rules.second_factor or not rules.wants_second_factor(request_roles(request)):
        return None
    if not has_second_factor(request):
        return reverse("mfa_index")
    return None if used_second_factor(request) else reverse("mfa_reauthenticate")
