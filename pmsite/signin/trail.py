"""What happens about sign-ins, written into the audit trails of the tenants that it concerns.

A user is global, an audit trail is a tenant's: what a user does stands in each of their tenants,
save what came through one tenant's provider. Tries for names that nobody has stand in the log only.
"""

from __future__ import annotations

from typing import Any

import structlog
from allauth.account import signals as account
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialLogin
from axes.signals import user_locked_out
from django.contrib.auth import signals as auth
from django.http import HttpRequest
from django.utils import timezone

from org.middleware import SESSION_KEY
from org.models import Membership, Tenant, User
from org.sign_in import note_in, tenants_of
from pmsite.signin import brute_force, sessions
from pmsite.signin.ways import FACTORS, used_second_factor

log = structlog.get_logger("pmsite.signin")


def connect() -> None:
    """Listen to what allauth, axes and Django tell."""
    for signal, receiver in (
        (auth.user_logged_in, _begun),
        (auth.user_logged_out, _signed_out),
        (auth.user_login_failed, _failed),
        (user_locked_out, _locked_out),
        (account.user_logged_in, _signed_in),
        (account.password_changed, _told("password changed")),
        (account.password_set, _told("password changed")),
        (account.password_reset, _told("password reset")),
        (account.email_changed, _email_changed),
        (mfa.authenticator_added, _factor_added),
        (mfa.authenticator_removed, _factor("second factor removed")),
        (mfa.authenticator_reset, _factor("second factor renewed")),
        (mfa.authentication_failed, _factor("second factor failed", by_user=False)),
    ):
        signal.connect(receiver, weak=False)


def write(
    request: HttpRequest,
    user: User,
    action: str,
    *,
    by: User | None = None,
    only: list[int] | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """One line in the log, and a row in the audit trail of the tenants concerned."""
    address = brute_force.client_address(request)
    log.info(action, user=user.get_username(), address=address, detail=detail or {})
    note_in(
        tenants_of(user) if only is None else only,
        action=action,
        subject=user.get_username(),
        at=timezone.now(),
        address=address,
        by=by,
        detail=detail,
    )


def note_change(request: HttpRequest, before: Membership | None, after: Membership) -> None:
    """Note that somebody goes from one organisation to another; neither is told of the other."""
    user = after.user
    if before is not None:
        write(request, user, "organisation left", by=user, only=[before.tenant_id])
    write(request, user, "organisation entered", by=user, only=[after.tenant_id])


def _begun(request: HttpRequest, **signal: Any) -> None:
    sessions.begin(request)


def _signed_in(
    request: HttpRequest, user: User, sociallogin: SocialLogin | None = None, **_signal: Any
) -> None:
    only = None
    if sociallogin is not None:
        tenant = Tenant.objects.get(code=sociallogin.account.provider)
        request.session[SESSION_KEY] = tenant.pk
        only = [tenant.pk]
    detail = {"provider": only is not None, "second factor": used_second_factor(request)}
    write(request, user, "signed in", by=user, only=only, detail=detail)


def _signed_out(request: HttpRequest, user: User | None, **_signal: Any) -> None:
    if user is not None:
        expired = getattr(request, "sign_in_expired", False)
        write(request, user, "sign-in ended" if expired else "signed out", by=user)


def _failed(
    credentials: dict[str, Any], request: HttpRequest | None = None, **_signal: Any
) -> None:
    if request is None or getattr(request, "axes_locked_out", False):
        return  # what is tried while locked out is not even looked at
    user = brute_force.known_user(brute_force.login_name(request, credentials))
    if user is not None:
        write(request, user, "sign-in failed")
    else:
        log.warning("sign-in failed", user="unknown", address=brute_force.client_address(request))


def _locked_out(request: HttpRequest, username: str, **_signal: Any) -> None:
    if request.axes_failures_since_start is None:  # type: ignore[attr-defined]
        return  # locked out before: that was written then
    user = brute_force.known_user(username)
    until = brute_force.locked_until(request, request.axes_credentials)  # type: ignore[attr-defined]
    log.warning("locked out", address=brute_force.client_address(request))
    if user is not None:
        write(request, user, "locked out", detail={"until": f"{until:%Y-%m-%d %H:%M} UTC"})


def _told(action: str) -> Any:
    def receive(request: HttpRequest, user: User, **_signal: Any) -> None:
        write(request, user, action, by=user)

    return receive


def _email_changed(
    request: HttpRequest, user: User, from_email_address: Any, to_email_address: Any, **_signal: Any
) -> None:
    before = from_email_address.email if from_email_address else ""
    detail = {"before": before, "after": to_email_address.email}
    write(request, user, "e-mail changed", by=user, detail=detail)


def _factor(action: str, *, by_user: bool = True) -> Any:
    def receive(
        request: HttpRequest, user: User, authenticator: Authenticator, **_signal: Any
    ) -> None:
        write(request, user, action, by=user if by_user else None, detail=_kind(authenticator))

    return receive


def _kind(authenticator: Authenticator) -> dict[str, str]:
    return {"kind": str(Authenticator.Type(authenticator.type).value)}


def _factor_added(
    request: HttpRequest, user: User, authenticator: Authenticator, **_signal: Any
) -> None:
    """Whoever has just set up a second factor has shown it in this session."""
    write(request, user, "second factor added", by=user, detail=_kind(authenticator))
    if authenticator.type in FACTORS:
        record_authentication(
            request, user, "mfa", id=authenticator.pk, type=str(authenticator.type)
        )
