"""In which ways a session was signed in to, as allauth keeps it in the session."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.models import Authenticator
from django.http import HttpRequest

from org.sign_in import HERE

FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def ways_of(request: HttpRequest) -> frozenset[str]:
    """HERE for a password or passkey, and the codes of tenants whose provider vouched.

    A second factor after a provider's word does not make it a sign-in of this site.
    """
    found = {_way(record) for record in _records(request)} - {""}
    return frozenset(found or {HERE})


def _way(record: dict[str, Any]) -> str:
    if record["method"] == "socialaccount":
        return str(record["provider"])
    alone = record["method"] == "password" or record.get("passwordless", False)
    return HERE if alone else ""


def used_second_factor(request: HttpRequest) -> bool:
    """Whether this session has shown a second factor."""
    return any(record["method"] == "mfa" for record in _records(request))


def has_second_factor(request: HttpRequest) -> bool:
    """Whether the user has an app or a passkey to show."""
    return Authenticator.objects.filter(user=request.user.pk, type__in=FACTORS).exists()


def _records(request: HttpRequest) -> list[dict[str, Any]]:
    return list(get_authentication_records(request, request.user))  # type: ignore[arg-type]
