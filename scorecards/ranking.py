"""Ranking: a board's standing in a period, written with the run that it shows.

Everybody is ranked by the figure that is shown, so whoever shows the same shares the place. A
standing is replaced while its period is open and kept when that is final (docs/adr/0160).
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from psycopg.sql import SQL, Composable, Literal

from incentives.calculate import bring_up_to_date, hold
from incentives.models import Plan, PlanPeriod
from metrics.completeness import complete_through
from metrics.totals import Wanted
from org.errors import DomainError
from org.models import Period
from org.sql import execute, fetch, keep, whole_tables
from scorecards.models import Leaderboard, Standing
from scorecards.ranked import Ranked, Scope, by_metric, definition_for, scope_of
from scorecards.ranked_results import by_attainment

WEEK = timedelta(days=7)
LOOK_BACK = timedelta(days=400)


@transaction.atomic
def rank(*, board: Leaderboard, period: Period, at: datetime, on: date) -> Standing:
    """Work a board's standing out anew; one that is final stays. What hinders it is kept in words.

    ``on``: the tenant's day. Figures are those of the runs that the plan periods point to now.
    """
    Standing.objects.get_or_create(leaderboard=board, period=period, defaults={"at": at, "on": on})
    standing = Standing.objects.select_for_update().get(leaderboard=board, period=period)
    if standing.final_at is not None:
        return standing
    points, scope = _points(board, period), scope_of(board, period, on)
    try:
        ranked = _ranked(scope, points)
    except DomainError as refusal:
        _clear(standing)
        standing.problem = refusal.sentence[:400]
        standing.at, standing.on = at, on
        standing.save()
        return standing
    with whole_tables() if scope.wide else nullcontext():
        keep("board_figure", ranked.query)
        _write_places(standing, ranked, on)
        _describe(standing, ranked, points, at=at, on=on)
    standing.save()
    return standing


def _points(board: Leaderboard, period: Period) -> list[PlanPeriod]:
    """The plan periods whose state the board's is: its plan's, or those of all plans."""
    found = PlanPeriod.objects.filter(period=period, run__isnull=False).select_related("run__plan")
    return list(found.filter(plan=board.plan_id) if board.plan_id else found)


def _ranked(scope: Scope, points: list[PlanPeriod]) -> Ranked:
    board, period = scope.board, scope.period
    if board.what != Leaderboard.What.METRIC:
        made = points[0].run if points else None
        if made is None:
            raise DomainError(f"{board.plan} has not been calculated for {period} yet.")
        return by_attainment(scope, made)
    definition = definition_for(board, period)
    hold([period])
    bring_up_to_date(
        [
            Wanted(
                period.pk, definition.metric_id, definition.kind, period.valid_from, period.valid_to
            )
        ]
    )
    return by_metric(scope, definition)


def _clear(standing: Standing) -> None:
    execute("DELETE FROM scorecards_place WHERE standing_id = %s", [standing.pk])
    standing.ranked = standing.unranked = 0
    standing.best = standing.whole_actual = standing.whole_goal = standing.whole_attainment = None


# --- places


def _write_places(standing: Standing, ranked: Ranked, on: date) -> None:
    keep("board_before", _before(standing, on))
    _clear(standing)
    execute(
        SQL(PLACES).format(
            standing=Literal(standing.pk),
            named=SQL("org_person" if standing.leaderboard.of_people else "org_unit"),
            way=SQL("ASC" if ranked.lower else "DESC"),
        )
    )


PLACES = """
    INSERT INTO scorecards_place (standing_id, subject_id, unit_id, position, rank, tied, value,
                                  sample, reason, before)
    SELECT {standing}, subject_id, unit_id,
           row_number() OVER (ORDER BY problem NULLS FIRST,
               CASE WHEN problem IS NULL THEN value END {way}, named.name, subject_id),
           CASE WHEN problem IS NULL
                THEN rank() OVER (PARTITION BY problem ORDER BY value {way}) END,
           problem IS NULL AND count(*) OVER (PARTITION BY problem, value) > 1,
           value, sample, coalesce(problem, ''), board_before.rank
    FROM board_figure JOIN {named} AS named ON named.id = subject_id
    LEFT JOIN board_before USING (subject_id)
"""


def _before(standing: Standing, on: date) -> Composable:
    """The ranks to compare with: those of the period before, or about a week ago."""
    board = standing.leaderboard
    earlier = (
        Standing.objects.filter(
            leaderboard=board,
            period__calendar=standing.period.calendar_id,
            period__valid_to__lte=standing.period.valid_from,
            ranked__gt=0,
        )
        .order_by("-period__valid_from")
        .select_related("period")
        .first()
    )
    column, source = "rank", earlier and earlier.pk
    if board.movement == Leaderboard.Movement.PERIOD:
        standing.compared = earlier.period.valid_from if earlier else None
    elif standing.ranked:  # within the period: the ranks of the last look, for a week
        source = standing.pk
        if standing.compared is None or on - standing.compared > WEEK:
            standing.compared = standing.on
        else:
            column = "before"
    else:
        source = standing.compared = None
    return SQL(
        "SELECT subject_id, " + column + " AS rank FROM scorecards_place WHERE standing_id = {}"
    ).format(Literal(source))


def _describe(
    standing: Standing, ranked: Ranked, points: list[PlanPeriod], *, at: datetime, on: date
) -> None:
    """How many are ranked, the first one's figure, and what all reached together."""
    [(there, placed, best, scale)] = fetch(
        "SELECT count(*), count(rank), max(value) FILTER (WHERE position = 1),"
        " coalesce(max(scale(trim_scale(value))), 0)"
        " FROM scorecards_place WHERE standing_id = %s",
        [standing.pk],
    )
    standing.at, standing.on, standing.problem = at, on, ""
    standing.ranked, standing.unranked, standing.best = placed, there - placed, best
    standing.unit, standing.places, standing.lower = ranked.unit, ranked.places, ranked.lower
    if standing.leaderboard.what == Leaderboard.What.ATTAINMENT:
        standing.places = max(0, min(ranked.places, scale - 2))  # 100 %, not 100.00 %
    standing.runs = sorted(point.run_id for point in points if point.run_id is not None)
    standing.complete_through = _complete(standing.leaderboard, points)
    if ranked.whole is not None:
        standing.whole_kind = ranked.whole_kind
        standing.whole_unit, standing.whole_places = ranked.whole_unit, ranked.whole_places
        rows = fetch(ranked.whole)
        whole = rows[0] if rows else (None, None, None)
        standing.whole_actual, standing.whole_goal, standing.whole_attainment = (
            None if part is None else round(part, 12) for part in whole
        )


def _complete(board: Leaderboard, points: Iterable[PlanPeriod]) -> date | None:
    if board.metric_id is not None:
        return complete_through().get(board.metric_id)
    days = [p.run.complete_through for p in points if p.run is not None]
    return min((day for day in days if day is not None), default=None)


@transaction.atomic
def remove(*, board: Leaderboard) -> None:
    """Remove a board with its provisional standings; refuses one that has a final one to keep."""
    if board.standings.filter(final_at__isnull=False).exists():
        raise DomainError(
            f"“{board}” has periods that are final, and keeps what was shown. Switch it off"
            " instead: it then ranks no more."
        )
    for standing in board.standings.all():
        _clear(standing)
        standing.delete()
    board.delete()


# --- when


def boards_of(period: Period) -> list[Leaderboard]:
    """The boards that rank the periods of a period's calendar."""
    found = Leaderboard.objects.filter(calendar=period.calendar_id, active=True)
    return list(found.select_related("metric", "plan"))


def rank_period(*, period: Period, at: datetime, on: date) -> list[Standing]:
    """Rank every board in a period."""
    return [rank(board=board, period=period, at=at, on=on) for board in boards_of(period)]


@transaction.atomic
def rank_board(*, board: Leaderboard, at: datetime, on: date) -> list[Standing]:
    """Rank one board in every period that has begun, a year back; the oldest first.

    A period that was final before the board was there is ranked once, and final at once.
    """
    begun = Period.objects.filter(
        calendar=board.calendar_id, valid_from__lte=on, valid_to__gt=on - LOOK_BACK
    )
    if board.plan_id:
        known = PlanPeriod.objects.filter(plan=board.plan_id, run__isnull=False)
        begun = begun.filter(pk__in=known.values("period"))
    periods = list(begun.select_related("calendar").order_by("valid_from")) if board.active else []
    hold(periods)
    standings = [rank(board=board, period=period, at=at, on=on) for period in periods]
    for standing in standings:
        _close(standing, at=at)
    return standings


@transaction.atomic
def rank_open(*, at: datetime, on: date) -> int:
    """Rank every board whose period is running, also on a calendar by which no plan pays."""
    count = 0
    running = Period.objects.filter(
        Q(calendar__plans=None),
        calendar__leaderboards__active=True,
        valid_from__lte=on,
        valid_to__gt=on - WEEK,
    )
    for period in running.select_related("calendar").distinct():
        count += len(rank_period(period=period, at=at, on=on))
    return count


def on_calculated(*, period: Period, at: datetime, on: date, **_rest: Any) -> None:
    """A period has new runs."""
    rank_period(period=period, at=at, on=on)


def on_finalised(
    *, period: Period, plans: list[Plan], at: datetime, on: date, **_rest: Any
) -> None:
    """Plans became final in a period: what their boards show now is kept."""
    for board in boards_of(period):
        known = Standing.objects.filter(leaderboard=board, period=period).first()
        _close(known or rank(board=board, period=period, at=at, on=on), at=at)


def _close(standing: Standing, *, at: datetime) -> None:
    """Keep a standing for ever once every plan that it shows is final."""
    if standing.final_at is not None or standing.problem:
        return
    points = _points(standing.leaderboard, standing.period)
    if points and all(point.final_at is not None for point in points):
        standing.final_at = at
        standing.save(update_fields=["final_at"])
