"""Leaderboards and wallboards of the cast: June's calls of some agents in two teams, ranked."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from incentives.models import PlanPeriod
from metrics.models import KeptTotal, Metric, MetricDefinition, Total
from org.models import Assignment, JobType, Person, Unit
from scorecards.models import Leaderboard, Standing, Wallboard, WallPanel
from scorecards.ranking import rank
from tests.factories import make_person
from tests.web.cast import NOW, SINCE, Cast

ON = NOW.date()


def add_unit(code: str, name: str) -> Unit:
    """A team without people."""
    return Unit.objects.create(code=code, name=name)


def add_agent(
    cast: Cast, code: str, name: str, *, unit: str = "north", manager: str = ""
) -> Person:
    """An agent of a team."""
    person = make_person(name, code=code)
    cast.people[code] = person
    Assignment.objects.create(
        person=person,
        unit=Unit.objects.get(code=unit),
        job_type=JobType.objects.get(code="agent"),
        manager=cast.people.get(manager),
        valid_from=SINCE,
        recorded_at=NOW,
    )
    return person


def calls(cast: Cast, figures: dict[str, int], *, period: str = "2026-06") -> None:
    """Each person's calls in a period, as a calculation keeps them."""
    metric = Metric.objects.get(code="calls")
    where = cast.periods[period]
    KeptTotal.objects.get_or_create(period_id=where.pk, metric_id=metric.pk)
    for code, number in figures.items():
        person = cast.people[code]
        job = Assignment.objects.get(person=person)
        Total.objects.create(
            period_id=where.pk,
            metric_id=metric.pk,
            person_id=person.pk,
            assignment_id=job.pk,
            rows=number,
            numerator=number,
        )


def make_board(cast: Cast, code: str = "calls", **fields: Any) -> Leaderboard:
    """A leaderboard of calls by month."""
    return Leaderboard.objects.create(
        **{
            "code": code,
            "title": "Most calls",
            "what": "metric",
            "metric": Metric.objects.get(code="calls"),
            "calendar": cast.periods["2026-06"].calendar,
            **fields,
        }
    )


def rank_june(cast: Cast, board: Leaderboard) -> Standing:
    """The board in June."""
    return rank(board=board, period=cast.periods["2026-06"], at=NOW, on=ON)


def many(cast: Cast, number: int) -> None:
    """So many more agents, the first with most calls; nobody of them is Sam's."""
    for place in range(number):
        add_agent(cast, f"x{place}", f"Xaver Nr{place}")
    calls(cast, {f"x{place}": 1000 - place for place in range(number)})


def make_wall(cast: Cast, board: Leaderboard, **fields: Any) -> Wallboard:
    """A wallboard with the board, its goal and messages."""
    wall = Wallboard.objects.create(**{"code": "floor", "title": "Floor two", **fields})
    for order, kind in enumerate(("leaderboard", "goal", "messages"), 1):
        named = None if kind == "messages" else board
        WallPanel.objects.create(wallboard=wall, order=order, kind=kind, leaderboard=named)
    return wall


def close_june() -> None:
    """Make June final for its plan."""
    PlanPeriod.objects.update(final_at=NOW)


def ratio(code: str, name: str) -> Metric:
    """A metric that divides."""
    metric = Metric.objects.create(code=code, name=name)
    MetricDefinition.objects.create(
        metric=metric,
        kind="ratio",
        unit="seconds",
        direction="lower",
        decimals=0,
        attainment="goal_by_actual",
        valid_from=SINCE,
        recorded_at=NOW,
    )
    return metric


def handled(cast: Cast, metric: Metric, figures: dict[str, tuple[int, int]]) -> None:
    """Each person's seconds and calls in June."""
    period = cast.periods["2026-06"]
    KeptTotal.objects.get_or_create(period_id=period.pk, metric_id=metric.pk)
    for code, (seconds, number) in figures.items():
        Total.objects.create(
            period_id=period.pk,
            metric_id=metric.pk,
            person_id=cast.people[code].pk,
            assignment_id=Assignment.objects.get(person=cast.people[code]).pk,
            rows=number,
            numerator=Decimal(seconds),
            denominator=Decimal(number),
        )
