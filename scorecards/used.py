"""Which boards show a metric, a plan or one of its figures."""

from __future__ import annotations

from django.urls import reverse

from formula import key_of
from incentives.editor.used import Use
from incentives.models import Plan
from metrics.models import Metric
from scorecards.models import Leaderboard


def of_metric(metric: Metric) -> list[Use]:
    """The leaderboards that rank a metric."""
    return [_use(board, "ranks by it") for board in Leaderboard.objects.filter(metric=metric)]


def of_plan(plan: Plan) -> list[Use]:
    """The leaderboards that rank by figures of a plan."""
    return [
        _use(board, f"ranks by {', '.join(board.weights)}")
        for board in Leaderboard.objects.filter(plan=plan)
    ]


def of_measure(plan: Plan, name: str) -> list[Use]:
    """The leaderboards that rank by one figure of a plan."""
    return [
        _use(board, "ranks by it")
        for board in Leaderboard.objects.filter(plan=plan)
        if key_of(name) in map(key_of, board.weights)
    ]


def _use(board: Leaderboard, how: str) -> Use:
    return Use(f"Leaderboard {board.title}", how, reverse("latest-leaderboard", args=[board.code]))
