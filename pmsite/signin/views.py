"""Signing in through an organisation's provider, and one's own account."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode, urlsplit

import structlog
from allauth.account.models import EmailAddress
from allauth.account.utils import get_next_redirect_url
from allauth.account.views import email as allauth_email
from allauth.decorators import rate_limit
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialApp
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe
from requests import RequestException

from org.access import today
from org.models import Membership
from org.queries import deputies_of, grants_of
from org.sign_in import HERE, rules_of
from pmsite.signin.ways import FACTORS, ways_of

log = structlog.get_logger("pmsite.signin")


@require_safe
def organisation(request: HttpRequest) -> HttpResponse:
    """Ask for the code of the organisation; who has a provider of its own is led there."""
    code = request.GET.get("organisation", "").strip().lower()
    if code and _app(request, code) is not None:
        return redirect(_with_next(request, reverse("sign_in_provider", args=[code])))
    context = {"code": code, "next": get_next_redirect_url(request) or ""}
    return render(request, "account/organisation.html", context, status=404 if code else 200)


@require_safe
def provider(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Say where the way leads, as a link: a form may be sent to no other site."""
    app = _app(request, provider_id)
    if app is None:
        return redirect(
            f"{reverse('sign_in_organisation')}?{urlencode({'organisation': provider_id})}"
        )
    context = {
        "app": app,
        "host": urlsplit(app.settings["server_url"]).hostname,
        "go": _with_next(request, reverse("openid_connect_login", args=[provider_id])),
    }
    return render(request, "account/provider.html", context)


@rate_limit(action="login")
@require_safe
def go(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Send the browser to the organisation's provider."""
    app = _app(request, provider_id)
    if app is None:
        raise Http404("No such provider.")
    try:
        return app.get_provider(request).redirect(
            request, process="login", next_url=get_next_redirect_url(request)
        )
    except (RequestException, KeyError) as error:
        log.warning("provider not reached", provider=provider_id, error=str(error))
        messages.error(
            request,
            f"The provider of {app.name} does not answer. Try again in a few minutes.",
        )
        return redirect("account_login")


@require_safe
@login_required
def otherwise(request: HttpRequest) -> HttpResponse:
    """Say that the organisation wants another way of signing in, and which."""
    membership = request.membership  # type: ignore[attr-defined]
    if membership is None:
        return redirect("overview")
    rules = rules_of(membership.tenant)
    if rules.accepts(ways_of(request), tenant_code=membership.tenant.code):
        return redirect("overview")
    context = {"tenant": membership.tenant, "rules": rules}
    return render(request, "account/otherwise.html", context)


@login_required
def email(request: HttpRequest) -> HttpResponse:
    """One's e-mail address. The present one, which an administrator entered, holds until then."""
    user: Any = request.user
    known = EmailAddress.objects.filter(email__iexact=user.email, verified=True)
    if user.email and not known.exists():
        EmailAddress.objects.filter(user=user, primary=True).update(primary=False)
        EmailAddress.objects.update_or_create(
            user=user, email=user.email.lower(), defaults={"verified": True, "primary": True}
        )
    return allauth_email(request)


@require_safe
@login_required
def account(request: HttpRequest) -> HttpResponse:
    """What belongs to one's own sign-in, and for whom one stands in until when."""
    membership = request.membership  # type: ignore[attr-defined]
    day = today(membership.tenant) if membership else None
    factors = Authenticator.objects.filter(user=request.user)
    context = {
        "app": factors.filter(type=Authenticator.Type.TOTP).exists(),
        "keys": factors.filter(type=Authenticator.Type.WEBAUTHN).count(),
        "second_factor": factors.filter(type__in=FACTORS).exists(),
        "sessions": UserSession.objects.filter(user=request.user).count(),
        "here": HERE in ways_of(request),
        "grants": grants_of(membership, on=day) if membership and day else [],
        "deputies": deputies_of(membership, on=day) if membership and day else [],
        "memberships": Membership.objects.filter(user=request.user.pk)
        .select_related("tenant")
        .order_by("tenant__name"),
    }
    return render(request, "account/account.html", context)


def _app(request: HttpRequest, code: str) -> SocialApp | None:
    return next(iter(get_adapter(request).list_apps(request, provider=code)), None)


def _with_next(request: HttpRequest, address: str) -> str:
    wanted = get_next_redirect_url(request)
    return f"{address}?{urlencode({'next': wanted})}" if wanted else address
