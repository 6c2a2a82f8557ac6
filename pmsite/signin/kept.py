"""What somebody typed into a form while their sign-in ended: kept, and given back to them.

A form that is sent after the sign-in has ended would be answered by the sign-in page, and what was
typed would be gone. Its fields wait in the browser's new session instead; after signing in, the
same person, in the same organisation, sees them and sends them with one click (docs/adr/0143).
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from org.access import member_required
from org.middleware import last_place
from pmsite.signin.gate import is_about_signing_in, lead_to, page_around
from pmsite.signin.labels import labelled
from pmsite.signin.sessions import BEFORE

KEY = "kept_input"
FIELD = "kept_input"
LONGEST = 512 * 1024
GOOD_FOR = 60 * 60
SECRET_NAMES = ("password", "secret", "credential", "csrfmiddlewaretoken", FIELD)


class KeptInputMiddleware:
    """Keep a form whose answer would be the sign-in page; forget it once it is sent again."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        anonymous = not request.user.is_authenticated
        if request.method == "POST" and not anonymous and FIELD in request.POST:
            forget(request, request.POST[FIELD])
        response = self.get_response(request)
        if not anonymous or not leads_to_sign_in(response) or is_about_signing_in(request):
            return response
        if request.method == "POST" and keep(request):
            return lead_to(request, f"{reverse('account_login')}?{urlencode({'next': page()})}")
        if request.method in ("GET", "HEAD") and (around := page_around(request)):
            back = urlencode({"next": around})
            return lead_to(request, f"{reverse('account_login')}?{back}")
        return lead_to(request, response["Location"])


def page() -> str:
    """The page that gives back what was kept."""
    return reverse("kept")


def leads_to_sign_in(response: HttpResponse) -> bool:
    """Whether an answer sends to the sign-in page."""
    there = urlsplit(response.get("Location", "")).path
    return response.status_code == 302 and there in (
        reverse("account_login"),
        reverse("admin:login"),  # sends on to the other
    )


def keep(request: HttpRequest) -> bool:
    """Put a form's fields into the session for whoever worked in this browser last; or not.

    Without knowing who that was nobody could be given them back. Secrets are left out.
    """
    place = last_place(request)
    if place is None:
        return False
    kept = kept_form(request)
    if sum(len(name) + len(value) for name, value in kept["fields"]) > LONGEST:
        messages.warning(
            request,
            "What you sent is too long to be kept until you have signed in. It is still in your "
            "browser: sign in in another tab, then go back and send it again.",
        )
        return False
    request.session[KEY] = {**kept, "place": list(place), "at": int(time.time())}
    messages.info(request, "Your sign-in had ended. What you typed is kept: sign in to send it.")
    return True


def kept_form(request: HttpRequest) -> dict[str, Any]:
    """Where a form was sent, its fields without secrets, and the names of its files."""
    fields = [
        (name, value)
        for name, values in request.POST.lists()
        if not any(word in name.lower() for word in SECRET_NAMES)
        for value in values
    ]
    return {
        "id": secrets.token_urlsafe(12),
        "path": request.get_full_path(),
        "fields": fields,
        "files": [file.name for files in request.FILES.lists() for file in files[1]],
    }


def forget(request: HttpRequest, number: str) -> None:
    """Drop what is kept once it was sent again or thrown away, so that it is not sent twice."""
    if request.session.get(KEY, {}).get("id") == number:
        del request.session[KEY]


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def kept(request: HttpRequest) -> HttpResponse:
    """Show what was kept to the one it belongs to; a POST throws it away."""
    if request.method == "POST":  # the middleware has forgotten it
        messages.info(request, "It is thrown away.")
        return redirect("overview")
    form = request.session.get(KEY)
    membership = request.membership  # type: ignore[attr-defined]
    if form is None or time.time() - form["at"] > GOOD_FOR:
        return redirect("overview")
    user_id, tenant_id = form["place"]
    if user_id != membership.user_id:
        del request.session[KEY]
        return redirect("overview")
    if tenant_id != membership.tenant_id:
        messages.info(
            request, "What you typed is for another organisation: choose it to send it there."
        )
        return HttpResponseRedirect(f"{reverse('tenant')}?{urlencode({'next': page()})}")
    return show(request, form, status=200)


def show(request: HttpRequest, form: dict[str, Any], *, status: int) -> HttpResponse:
    """The page with what was typed, and the button that sends it."""
    context = {"form": form, "field": FIELD, "shown": labelled(form["path"], form["fields"])}
    return render(request, "account/kept.html", context, status=status)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Refuse a form without its token; who signed in again in another tab may send it anew.

    Only what this browser sent from a page of ours, and only where the same person had worked for
    the same organisation before: an old page of theirs, then, and not somebody else's form.
    """
    membership = getattr(request, "membership", None)
    if membership is None or not is_own_old_page(request) or is_about_signing_in(request):
        return render(request, "403_csrf.html", {"reason": reason}, status=403)
    return show(request, kept_form(request), status=403)


def is_own_old_page(request: HttpRequest) -> bool:
    """Whether a form without a valid token is one that the same person had open before."""
    membership = request.membership  # type: ignore[attr-defined]
    own = f"{request.scheme}://{request.get_host()}"
    before = request.session.get(BEFORE)
    return request.headers.get("Origin") == own and before == [
        membership.user_id,
        membership.tenant_id,
    ]
