"""Leaderboards: the list, one board in one period, and the choice to stand there without a name."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from org.access import member_required, request_permissions, today
from org.errors import DomainError
from org.models import Membership
from org.pages import number_in
from org.prepared import reads_prepared
from scorecards.boards import (
    Viewer,
    around,
    board_rows,
    find_standing,
    latest_standing,
    may_open,
    open_boards,
    rows_for,
)
from scorecards.choose import choose_name
from scorecards.models import Leaderboard, Standing

MOST_PAGES = 1_000_000


def viewer_of(request: HttpRequest) -> Viewer:
    """Whoever looks, today."""
    membership: Membership = request.membership  # type: ignore[attr-defined]
    return Viewer(membership, request_permissions(request), today(membership.tenant))


@require_safe
@member_required
def leaderboards(request: HttpRequest) -> HttpResponse:
    """The boards that are open to whoever asks, with their own place on each."""
    viewer = viewer_of(request)
    context = {"standings": open_boards(viewer), "viewer": viewer}
    return render(request, "scorecards/leaderboards.html", context)


@require_safe
@member_required
def latest_board(request: HttpRequest, code: str) -> HttpResponse:
    """A board in the period that has something to show now."""
    board = board_or_404(code)
    standing = latest_standing(code)
    if standing is None:
        refuse_closed(viewer_of(request), board, None)
        return render(request, "scorecards/leaderboard_empty.html", {"board": board})
    return redirect("leaderboard", code, standing.period.calendar.code, standing.period.code)


@require_safe
@reads_prepared
@member_required
def leaderboard(request: HttpRequest, code: str, calendar: str, period: str) -> HttpResponse:
    """A board in a period, as far as whoever asks may see it."""
    viewer = viewer_of(request)
    standing = find_standing(viewer, code=code, calendar=calendar, period=period)
    if standing is None:
        board_or_404(code)
        raise Http404(f"{code} has not ranked {period}.")
    board = standing.leaderboard
    refuse_closed(viewer, board, standing)
    page = page_of(request)
    places, more = rows_for(viewer, standing, page=page)
    rows = board_rows(places, standing, subject=standing.subject)  # type: ignore[attr-defined]
    before, after = around(standing)
    context = {
        "board": board,
        "standing": standing,
        "ranked": [row for row in rows if row.rank],
        "unranked": [row for row in rows if not row.rank],
        "page_before": page - 1,
        "page_after": page + 1 if more else 0,
        "previous": before,
        "following": after,
        "viewer": viewer,
    }
    return render(request, "scorecards/leaderboard.html", context)


def page_of(request: HttpRequest) -> int:
    """The page that the address asks for; the first where it asks for none that could be."""
    asked = number_in(request.GET.get("page", "1"))
    return min(asked, MOST_PAGES) if asked else 1


def board_or_404(code: str) -> Leaderboard:
    """A board of the tenant."""
    board = Leaderboard.objects.filter(code=code).first()
    if board is None:
        raise Http404(f"No leaderboard is called {code}.")
    return board


def refuse_closed(viewer: Viewer, board: Leaderboard, standing: Standing | None) -> None:
    """Refuse (403) who may know that the board is there, but not open it."""
    if standing is None and viewer.supervises:
        return
    if standing is None or not may_open(viewer, standing):
        if board.open_to == Leaderboard.OpenTo.SUPERVISORS:
            raise PermissionDenied(f"“{board}” is for supervisors only.")
        raise PermissionDenied(f"“{board}” is open to those who are ranked on it.")


@require_POST
@member_required
def choose(request: HttpRequest, code: str) -> HttpResponse:
    """Take somebody's choice whether their name stands on a board."""
    board = board_or_404(code)
    person = request.membership.person  # type: ignore[attr-defined]
    if person is None:
        raise PermissionDenied("Your login is nobody among the people here: you are not ranked.")
    shown = request.POST.get("name") == "shown"
    try:
        choose_name(
            board=board,
            person=person,
            shown=shown,
            by=request.user,  # type: ignore[arg-type]
            at=timezone.now(),
        )
    except DomainError as refusal:
        raise PermissionDenied(refusal.sentence) from refusal
    if shown:
        messages.success(request, "Your name is shown on this board again.")
    else:
        messages.success(request, "Your name is hidden. Your place still counts.")
    return redirect("latest-leaderboard", code)
