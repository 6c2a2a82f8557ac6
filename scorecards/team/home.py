"""The team on its supervisor's home: how it stands, who needs help and who is ahead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse

from org.models import Period, Tenant
from scorecards import formats
from scorecards.team.board import Board, Wanted
from scorecards.team.table import SHARE_PLACES, Row, cut, flags_of, rows_of
from scorecards.team.views import Asked, Stamp, asked_of, stamp_of

NEED_HELP, AHEAD = 5, 3


@dataclass(frozen=True)
class Shown:
    """One person: the way there, the main figure's share of its goal, and what to look at."""

    name: str
    address: str
    measure: str
    share: str
    flags: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class TeamAtHome:
    """A team's period in short."""

    period: Period
    stamp: Stamp | None
    board: Board
    need_help: tuple[Shown, ...]
    ahead: tuple[Shown, ...]


def team_at_home(request: HttpRequest, period: Period) -> TeamAtHome:
    """How the team of whoever asks stands in a period, without any pay."""
    asked, _ = asked_of(request, period, pay=False)
    board = asked.board(Wanted(state="attention", limit=NEED_HELP))
    ahead = asked.board(Wanted(state="ahead", sort="-attainment", limit=AHEAD))
    return TeamAtHome(
        period=period,
        stamp=stamp_of(asked.points, board),
        board=board,
        need_help=_shown(asked, board),
        ahead=_shown(asked, ahead),
    )


def _shown(asked: Asked, board: Board) -> tuple[Shown, ...]:
    rows: Sequence[Row] = rows_of(board.rows, asked.mains, {})
    return tuple(_one(row, asked.period, asked.membership.tenant) for row in rows)


def _one(row: Row, period: Period, tenant: Tenant) -> Shown:
    share = ""
    if row.member.attainment is not None:
        value = cut(row.member.attainment)
        share = formats.percent(value, places=SHARE_PLACES, locale=tenant.locale)
    place = [row.member.code, period.calendar.code, period.code]
    return Shown(
        name=row.member.name,
        address=reverse("scorecard", args=place),
        measure=row.main.measure.title if row.main else "",
        share=share,
        flags=tuple(flags_of(row)),
    )
