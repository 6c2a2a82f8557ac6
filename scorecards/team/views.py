"""The team in a period: three numbers, one chart, and everybody by who needs attention."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from incentives.models import PlanPeriod
from metrics.weeks import by_week
from org.access import needs, request_permissions, request_sees_pay, today
from org.models import Membership, Period, Person
from org.permissions import Permission as P
from org.prepared import reads_prepared
from org.reading import log_reading
from org.tables import PER_PAGE, configured, download
from scorecards.histogram import histogram
from scorecards.queries import around, calculated
from scorecards.team.board import Board, Member, Wanted, read_board
from scorecards.team.mains import Main, mains_of
from scorecards.team.table import Ready, TeamTable, rows_of
from scorecards.trend import Weeks, has_trend, trend_of

ONE_DAY = timedelta(days=1)
FILTERS = (
    ("attention", "Need attention"),
    ("behind", "Behind"),
    ("undecided", "Undecided"),
    ("failed", "Could not be worked out"),
    ("none", "No data"),
    ("no_plan", "No plan"),
    ("on_track", "On track"),
    ("ahead", "Ahead"),
    ("absent", "Away today"),
)


@dataclass(frozen=True)
class Asked:
    """What a request for a team's table needs to know again and again."""

    membership: Membership
    period: Period
    points: Sequence[PlanPeriod]
    mains: Sequence[Main]
    currency: str
    pay: bool
    today: date
    with_self: bool

    @property
    def day(self) -> date:
        """Whose jobs are shown: those of today, else of the period's nearest end."""
        last = self.period.valid_to - ONE_DAY
        return max(self.period.valid_from, min(self.today, last))

    def board(self, wanted: Wanted) -> Board:
        """The table as wanted."""
        return read_board(
            self.membership,
            self.mains,
            self.points,
            wanted,
            today=self.today,
            day=self.day,
            currency=self.currency,
            pay=self.pay,
            with_self=self.with_self,
        )

    def table(self, board: Board, offset: int) -> TeamTable:
        """A part of the table with the trends of its people."""
        rows = rows_of(board.rows, self.mains, self._weeks(board.rows))
        return TeamTable(
            Ready(rows, board.matching, offset),
            period=self.period,
            tenant=self.membership.tenant,
            currency=self.currency,
            pay=self.pay,
        )

    def _weeks(self, members: Sequence[Member]) -> dict[int, Weeks]:
        """The main measure's last eight weeks of each, in one query."""
        by_place = {main.place: main for main in self.mains if has_trend(main.measure)}
        shown = [m for m in members if m.main in by_place]
        metrics = {
            part.metric for main in by_place.values() for part in main.rules.under(main.measure)
        }
        sums = by_week(people=[m.id for m in shown], metrics=metrics, end=self._end())
        found = {}
        for member in shown:
            main = by_place[member.main or 0]
            own = {metric: weeks for (person, metric), weeks in sums.items() if person == member.id}
            found[member.id] = trend_of(main.rules, main.measure, own)
        return found

    def _end(self) -> date:
        """The day after the last one with data in the period."""
        through = [p.run.complete_through for p in self.points if p.run and p.run.complete_through]
        last = min([self.today, self.period.valid_to - ONE_DAY, *through[:1]])
        return last + ONE_DAY


@require_safe
@reads_prepared
@needs(P.SEE_TEAM, P.SEE_EVERYONE)
def team(request: HttpRequest, calendar: str, period: str) -> HttpResponse:
    """Whom the member sees, filtered, sorted and paged in the database."""
    before, shown, after = around(calendar=calendar, code=period)
    if shown is None:
        raise Http404(f"No period {period} in a calendar {calendar}.")
    asked, currencies = asked_of(request, shown, pay=request_sees_pay(request))
    wanted = _wanted(request)
    if request.GET.get("download"):
        everything = asked.board(replace(wanted, offset=0, limit=None))
        answer = download(request, asked.table(everything, 0), name=f"team-{calendar}-{period}")
        if answer is not None:
            _log(request, asked, everything)
            return answer
    board = asked.board(wanted)
    if not board.rows and board.matching:
        wanted = replace(wanted, offset=(board.matching - 1) // PER_PAGE * PER_PAGE)
        board = asked.board(wanted)
    _log(request, asked, board)
    context: dict[str, Any] = {
        "table": configured(request, asked.table(board, wanted.offset)),
        "board": board,
        "chart": _chart(board),
        "said": _said(board),
        "period": shown,
        "previous": before,
        "following": after,
        "stamp": stamp_of(asked.points, board),
        "currencies": currencies if asked.pay and len(currencies) > 1 else [],
        "currency": asked.currency,
        "pay": asked.pay,
        "wanted": wanted,
        "filters": FILTERS,
        "filtered": bool(wanted.unit or wanted.job_type or wanted.state),
    }
    return render(request, "team/team.html", context)


def asked_of(request: HttpRequest, period: Period, *, pay: bool) -> tuple[Asked, list[str]]:
    """Whose table of which period is asked for, and the currencies that its plans pay in."""
    membership: Membership = request.membership  # type: ignore[attr-defined]
    points = calculated(period)
    now = today(membership.tenant)
    own = membership.tenant.currency
    currencies = sorted({point.plan.currency or own for point in points}) or [own]
    asked = Asked(
        membership=membership,
        period=period,
        points=points,
        mains=mains_of(points, on=now),
        currency=request.GET.get("currency", currencies[0])[:3],
        pay=pay,
        today=now,
        with_self=P.SEE_EVERYONE in request_permissions(request),
    )
    return asked, currencies


def _wanted(request: HttpRequest) -> Wanted:
    page = request.GET.get("page", "1")
    number = int(page) if page.isdecimal() and len(page) < 7 else 1
    return Wanted(
        unit=request.GET.get("unit", ""),
        job_type=request.GET.get("job", ""),
        state=request.GET.get("state", ""),
        sort=request.GET.get("sort", "attention"),
        offset=max(0, number - 1) * PER_PAGE,
        limit=PER_PAGE,
    )


def _log(request: HttpRequest, asked: Asked, board: Board) -> None:
    """Whose pay was shown; nothing where the page has no amounts."""
    if asked.pay:
        people = [Person(pk=member.id, code=member.code) for member in board.rows]
        log_reading(request, people, what=f"team {asked.period}")


@dataclass(frozen=True)
class Stamp:
    """How far the figures of the people here are: of the plans that they are on, the least."""

    final: bool
    stale: bool
    at: datetime
    through: date | None
    plans: tuple[str, ...]


def stamp_of(points: Sequence[PlanPeriod], board: Board) -> Stamp | None:
    """How far the figures of a board are; None where nothing was worked out."""
    on = [point for place, point in enumerate(points) if place in board.mains] or points
    runs = [point.run for point in on if point.run is not None]
    if not runs:
        return None
    return Stamp(
        final=all(point.final_at for point in on),
        stale=any(getattr(point, "stale", False) for point in on),
        at=min(run.at for run in runs),
        through=min((r.complete_through for r in runs if r.complete_through), default=None),
        plans=tuple(str(point.plan) for point in on),
    )


def _chart(board: Board) -> SafeString | str:
    if not sum(board.bins):
        return ""
    return histogram(board.bins, step=10, goal=100, label=_said(board))


def _said(board: Board) -> str:
    """What the chart shows, in a sentence."""
    with_figure, reached = sum(board.bins), sum(board.bins[10:])
    most = max(range(len(board.bins)), key=lambda place: board.bins[place])
    where = "150 % or more" if most == len(board.bins) - 1 else f"{most * 10} to {most * 10 + 10} %"
    return (
        f"{reached} of {with_figure} people with a figure are at or above their goal; the most, "
        f"{board.bins[most]}, lie at {where}."
    )
