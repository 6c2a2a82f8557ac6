"""What is wrong with a leaderboard or a wallboard, in sentences: one judge for admin and file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from formula import key_of
from incentives.models import Measure, PlanVersion
from metrics.models import MetricDefinition
from org.dates import NEVER
from scorecards.models import Leaderboard, WallPanel

MOST_RANKINGS = 3
MOST_BESIDE = 3
LARGEST_WEIGHT = Decimal(1_000_000)


def board_problems(board: Leaderboard) -> Iterator[tuple[str, str]]:
    """What is wrong with a leaderboard: the field, and a sentence."""
    if board.what == Leaderboard.What.METRIC:
        yield from _metric_problems(board)
        return
    if board.metric_id is not None:
        yield "metric", "Only a board that ranks a metric names one: leave it empty."
    if board.plan is None:
        yield "plan", "Name the plan whose attainments are ranked."
        return
    if board.plan.calendar_id != board.calendar_id:
        yield "calendar", f"{board.plan} pays by the calendar “{board.plan.calendar}”: use that."
    yield from _weight_problems(board)


def _metric_problems(board: Leaderboard) -> Iterator[tuple[str, str]]:
    if board.plan_id is not None or board.weights:
        yield "plan", "A board that ranks a metric stands on no plan: leave plan and weights empty."
    if board.metric_id is None:
        yield "metric", "Name the metric that is ranked."
        return
    latest = MetricDefinition.objects.filter(metric=board.metric_id, superseded_at=NEVER).last()
    if latest is not None and latest.kind == MetricDefinition.Kind.DERIVED:
        yield (
            "metric",
            f"“{board.metric}” is a formula over other metrics, which nobody adds up by itself."
            " Rank the attainment of a plan's measure instead.",
        )


def _weight_problems(board: Leaderboard) -> Iterator[tuple[str, str]]:
    if not isinstance(board.weights, dict) or not board.weights:
        yield (
            "weights",
            'Name the measures with their weights, such as {"sales": 60, "quality": 40}.',
        )
        return
    if board.what == Leaderboard.What.ATTAINMENT and len(board.weights) > 1:
        yield "weights", "An attainment is that of one measure; several make points."
    known = {key_of(m.name): m for m in _measures(board)}
    for name, weight in board.weights.items():
        measure = known.get(key_of(name))
        if measure is None:
            names = ", ".join(sorted(known)) or "none"
            yield "weights", f"{board.plan} has no measure “{name}”. It has: {names}."
        elif measure.earnings_of:
            yield "weights", f"“{name}” is what people earn. Pay is never ranked."
        if not _is_weight(weight):
            yield "weights", f"“{weight}” is no weight of “{name}”: write a number above 0."


def _measures(board: Leaderboard) -> Iterable[Measure]:
    """The measures of the plan's last version that is in force or published for later."""
    assert board.plan is not None
    versions = board.plan.versions.filter(status=PlanVersion.Status.PUBLISHED)
    last = versions.order_by("in_force").last()
    return last.measures.all() if last else ()


def _is_weight(weight: Any) -> bool:
    try:
        return Decimal(0) < Decimal(str(weight)) <= LARGEST_WEIGHT
    except InvalidOperation:
        return False


def panel_problems(panels: Iterable[WallPanel]) -> Iterator[str]:
    """What is wrong with the panels of a wallboard: a screen has room for so many."""
    kinds = [panel.kind for panel in panels]
    rankings = kinds.count(WallPanel.Kind.LEADERBOARD)
    if rankings > MOST_RANKINGS:
        yield f"A screen has room for {MOST_RANKINGS} leaderboards; this has {rankings}."
    if len(kinds) - rankings > MOST_BESIDE:
        yield (
            f"A screen has room for {MOST_BESIDE} goals and messages beside the leaderboards; this"
            f" has {len(kinds) - rankings}."
        )
    for panel in panels:
        if (panel.leaderboard_id is None) != (panel.kind == WallPanel.Kind.MESSAGES):
            yield f"Panel {panel.order}: rankings and goals name a leaderboard, messages name none."
        if not 1 <= panel.top <= 10:
            yield f"Panel {panel.order}: a screen shows 1 to 10 places, not {panel.top}."
