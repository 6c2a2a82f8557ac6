"""Whose pay curves a change can move, and the curves of rules as they are in force."""

from __future__ import annotations

from django.core.cache import cache

from incentives import calculate
from incentives.effect import typical
from incentives.effect.report import Json, curves_of
from incentives.models import Component, ExchangeRate, Plan, PlanPeriod, PlanVersion
from incentives.rules import load
from metrics.models import Goal
from org.models import Period
from org.tenancy import current_tenant_id

# More plans are not drawn: nobody reads more, and each is a person's pay worked out many times.
MOST = 4
KEEP_S = 24 * 60 * 60


def by_goal(goal: Goal, period: Period) -> list[Plan]:
    """The plans of a period with a measure whose goal this is."""
    found = []
    for plan, version in calculate.plans_of(period):
        measures = load(version, period.valid_from).measures.values()
        if any(goal.metric_id in (one.metric, one.goal_metric) for one in measures):
            found.append(plan)
    return found[:MOST]


def by_rate(rate: ExchangeRate, period: Period) -> list[Plan]:
    """The plans of a period with a component that is paid by an exchange rate of this name."""
    ruling = dict(calculate.plans_of(period))
    paid = Component.objects.filter(version__in=list(ruling.values()), exchange_rate=rate.name)
    versions = set(paid.values_list("version", flat=True))
    return [plan for plan, version in ruling.items() if version.pk in versions][:MOST]


def point_of(version: PlanVersion) -> PlanPeriod | None:
    """The latest period that a version has been calculated for."""
    points = PlanPeriod.objects.filter(run__version=version)
    rows = points.select_related("run", "period__calendar", "plan")
    return rows.order_by("-period__valid_from").first()


def of_version(version: PlanVersion, point: PlanPeriod) -> tuple[list[Json], int | None]:
    """The pay curves of rules as they were calculated, and the person whom they are drawn for.

    Kept for a day, as that run has them.
    """
    assert point.run is not None
    key = f"curves:{current_tenant_id()}:{point.run.pk}:{point.run.at.timestamp()}"
    kept: tuple[list[Json], int | None] | None = cache.get(key)
    if kept is not None:
        return kept
    rules = load(version, point.period.valid_from)
    side = typical.of_run(point.run, rules, None)
    found = (curves_of([(side, side)]), side.person) if side else ([], None)
    cache.set(key, found, KEEP_S)
    return found
