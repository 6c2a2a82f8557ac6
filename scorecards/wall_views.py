"""Wallboards: the list and the page of those who look after them, and the screen itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from org.access import needs, request_permissions, today
from org.errors import DomainError
from org.models import Membership
from org.permissions import Permission
from org.tenancy import enter
from scorecards.models import Wallboard, WallMessage
from scorecards.wall_forms import MessageForm, TokenForm
from scorecards.wall_panels import Wall, wall_of
from scorecards.walls import (
    Opened,
    make_token,
    managed_by,
    open_token,
    read_only,
    revoke_token,
    say,
    take_down,
    tokens_of,
)

MANAGE = (Permission.CONFIGURE, Permission.SEE_TEAM)
SHIFT = timedelta(hours=8)


# --- those who look after them


@require_safe
@needs(*MANAGE)
def wallboards(request: HttpRequest) -> HttpResponse:
    """The wallboards that somebody may look after."""
    return render(request, "scorecards/wallboards.html", {"wallboards": _managed(request)})


@require_http_methods(["GET", "HEAD", "POST"])
@needs(*MANAGE)
def wallboard(request: HttpRequest, code: str) -> HttpResponse:
    """A wallboard's addresses and messages; a post makes an address, whose secret is shown once."""
    board = managed_or_refused(request, code)
    membership: Membership = request.membership  # type: ignore[attr-defined]
    form = TokenForm(request.POST or None, wallboard=board, tenant=membership.tenant)
    address = _made(request, board, form) if request.method == "POST" else ""
    if address:
        form = TokenForm(wallboard=board, tenant=membership.tenant)
    return _page(request, board, token_form=form, address=address)


def _made(request: HttpRequest, board: Wallboard, form: TokenForm) -> str:
    """The address that the form asks for; empty where it is refused in words."""
    if not form.is_valid():
        return ""
    try:
        make_token(
            wallboard=board,
            secret=form.cleaned_data["secret"],
            label=form.cleaned_data["label"],
            expires_at=form.expires_at(),
            by=request.user,  # type: ignore[arg-type]
            at=timezone.now(),
        )
    except DomainError as refusal:
        form.add_error(None, refusal.sentence)
        return ""
    return request.build_absolute_uri(f"/wall/{form.cleaned_data['secret']}/")


@require_POST
@needs(*MANAGE)
def revoke(request: HttpRequest, code: str, token: int) -> HttpResponse:
    """Revoke an address."""
    board = managed_or_refused(request, code)
    if not tokens_of(board).filter(pk=token).exists():
        raise Http404("This wallboard has no such address.")
    revoke_token(wallboard=board, token=token, by=request.user, at=timezone.now())  # type: ignore[arg-type]
    messages.success(request, "The address opens nothing any more.")
    return redirect("wallboard", code)


@require_POST
@needs(*MANAGE)
def message(request: HttpRequest, code: str) -> HttpResponse:
    """Put a message on a wallboard."""
    board = managed_or_refused(request, code)
    membership: Membership = request.membership  # type: ignore[attr-defined]
    with timezone.override(ZoneInfo(membership.tenant.time_zone)):
        form = MessageForm(request.POST)
        if form.is_valid():
            try:
                say(
                    wallboard=board,
                    by=request.user,  # type: ignore[arg-type]
                    at=timezone.now(),
                    **form.cleaned_data,
                )
            except DomainError as refusal:
                form.add_error(None, refusal.sentence)
            else:
                messages.success(request, "The message is on the wallboard in its time.")
                return redirect("wallboard", code)
        return _page(request, board, message_form=form)


@require_POST
@needs(*MANAGE)
def end_message(request: HttpRequest, code: str, message: int) -> HttpResponse:
    """Take a message down."""
    board = managed_or_refused(request, code)
    if not WallMessage.objects.filter(wallboard=board, pk=message).exists():
        raise Http404("This wallboard has no such message.")
    take_down(wallboard=board, message=message, by=request.user, at=timezone.now())  # type: ignore[arg-type]
    messages.success(request, "The message is taken down.")
    return redirect("wallboard", code)


def _managed(request: HttpRequest) -> list[Wallboard]:
    membership: Membership = request.membership  # type: ignore[attr-defined]
    found = managed_by(membership, request_permissions(request), on=today(membership.tenant))
    return list(found)


def managed_or_refused(request: HttpRequest, code: str) -> Wallboard:
    """A wallboard that somebody may look after; 404 where there is none, 403 for others'."""
    found = next((board for board in _managed(request) if board.code == code), None)
    if found is not None:
        return found
    if Wallboard.objects.filter(code=code).exists():
        raise PermissionDenied("This wallboard hangs where none of your people work.")
    raise Http404(f"No wallboard is called {code}.")


def _page(
    request: HttpRequest,
    board: Wallboard,
    *,
    token_form: TokenForm | None = None,
    message_form: MessageForm | None = None,
    address: str = "",
) -> HttpResponse:
    membership: Membership = request.membership  # type: ignore[attr-defined]
    zone = ZoneInfo(membership.tenant.time_zone)
    now = timezone.now()
    local = now.astimezone(zone).replace(second=0, microsecond=0, tzinfo=None)
    context = {
        "board": board,
        "panels": board.panels.select_related("leaderboard"),
        "tokens": tokens_of(board).select_related("made_by"),
        "messages_there": WallMessage.objects.filter(wallboard=board, ends__gt=now),
        "token_form": token_form or TokenForm(wallboard=board, tenant=membership.tenant),
        "message_form": message_form
        or MessageForm(initial={"begins": local, "ends": local + SHIFT}),
        "address": address,
        "now": now,
    }
    answer = render(request, "scorecards/wallboard.html", context)
    if address:
        answer["Cache-Control"] = "no-store"
        answer["Referrer-Policy"] = "no-referrer"
    return answer


# --- the screen


def guarded(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Keep a screen's answers out of caches, indexes and other sites' logs, refusals included."""

    @never_cache
    def answer(request: HttpRequest, *args: str, **kwargs: str) -> HttpResponse:
        found = view(request, *args, **kwargs)
        found["Cache-Control"] = "no-store, private"
        found["Referrer-Policy"] = "no-referrer"
        found["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        return found

    return answer


@guarded
@require_safe
def wall(request: HttpRequest, secret: str) -> HttpResponse:
    """A wallboard on a screen, without a login; the screen asks for the moving part alone."""
    now = timezone.now()
    opened = open_token(secret, at=now)
    if opened is not None:
        # What is read and rendered is the address's tenant's, whoever may be logged in here.
        with enter(opened.tenant.pk):
            read_only()
            board = Wallboard.objects.filter(pk=opened.wallboard_id, active=True).first()
            if board is not None:
                shown = wall_of(board, at=now, on=today(opened.tenant))
                return _screen(request, opened, shown, now)
    return _nothing(request)


def _screen(request: HttpRequest, opened: Opened, shown: Wall, now: datetime) -> HttpResponse:
    part = bool(request.htmx)  # type: ignore[attr-defined]
    seen = request.GET.get("seen", "").split("-") if part else []
    context = {
        "tenant": opened.tenant,
        "wall": shown,
        "now": now,
        "news": [one.stamp for one in shown.panels if seen and one.stamp not in seen],
    }
    template = "scorecards/wall_part.html" if part else "scorecards/wall.html"
    return render(request, template, context)


def _nothing(request: HttpRequest) -> HttpResponse:
    """The same answer to an unknown, an ended and a revoked address; a screen loads it whole."""
    answer = render(request, "scorecards/wall_nothing.html", status=404)
    if request.htmx:  # type: ignore[attr-defined]
        answer["HX-Refresh"] = "true"
    return answer
