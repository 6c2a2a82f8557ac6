"""A sign-in ends by itself: so many hours after it began, and after some time without a click."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse

from org.middleware import last_place

BEGAN, SEEN, BEFORE = "began_at", "seen_at", "place_before"
NOTED_EVERY = 60
"""Seconds for which a click is not noted again: noting writes the session."""


def begin(request: HttpRequest, **_signal: Any) -> None:
    """Note when a session was signed in to, and who had worked in this browser before."""
    request.session[BEGAN] = request.session[SEEN] = int(time.time())
    request.session[BEFORE] = last_place(request)


class SignInAgeMiddleware:
    """Sign out whoever has been signed in, or idle, for too long."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            self.look_at(request)
        return self.get_response(request)

    def look_at(self, request: HttpRequest) -> None:
        """End the sign-in, or note that it is in use."""
        session, now = request.session, int(time.time())
        began, seen = session.get(BEGAN), session.get(SEEN)
        if began is None or seen is None:
            session[BEGAN] = session[SEEN] = now
        elif now - began >= settings.SESSION_COOKIE_AGE or now - seen >= settings.SESSION_IDLE_AGE:
            request.sign_in_expired = True  # type: ignore[attr-defined]
            logout(request)
        elif now - seen >= NOTED_EVERY:
            session[SEEN] = now
