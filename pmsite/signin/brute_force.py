"""Guessing passwords is slow: who it is about, from where, and the page that says when to go on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from allauth.core.internal.httpkit import get_client_ip
from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from org.models import User


def login_name(request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    """Whom a try is about: one and the same, whether the user name or the e-mail was typed."""
    given = credentials or {}
    typed = given.get("username") or given.get("email") or request.POST.get("login") or ""
    typed = typed.replace("\0", "").strip().lower()[:255]
    user = known_user(typed)
    return user.username.lower() if user else typed


def known_user(typed: str) -> User | None:
    """The one user with this name or e-mail address, if there is exactly one."""
    found = list(User.objects.filter(Q(username__iexact=typed) | Q(email__iexact=typed))[:2])
    return found[0] if typed and len(found) == 1 else None


def client_address(request: HttpRequest) -> str | None:
    """From where a request comes; the word of as many proxies counts as are set up."""
    return get_client_ip(request)


def locked_out(
    request: HttpRequest, _answer: HttpResponse | None, credentials: dict[str, Any] | None
) -> HttpResponse:
    """The page of a lock-out; it says the same whether or not the account exists."""
    until = locked_until(request, credentials)
    seconds = max(1, int((until - timezone.now()).total_seconds()))
    context = {"until": until, "minutes": (seconds + 59) // 60}
    answer = render(request, "account/locked.html", context, status=429)
    answer["Retry-After"] = str(seconds)
    return answer


def locked_until(request: HttpRequest, credentials: dict[str, Any] | None) -> datetime:
    """When the next try counts again."""
    last = (
        AccessAttempt.objects.filter(
            username=login_name(request, credentials), ip_address=client_address(request)
        )
        .order_by("-attempt_time")
        .first()
    )
    begun = last.attempt_time if last else timezone.now()
    return begun + settings.AXES_COOLOFF_TIME
