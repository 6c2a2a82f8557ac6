"""People's values by week: sums, never averages, so that a ratio of any week is a ratio of sums."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from metrics.models import MetricDefinition
from org.sql import NEVER, fetch

Kind = MetricDefinition.Kind
WEEKS = 8


@dataclass(frozen=True)
class Sums:
    """What the current values of one person, metric and seven days add up to."""

    numerator: Decimal
    denominator: Decimal | None
    minimum: Decimal
    maximum: Decimal
    last: Decimal

    def figure(self, kind: str) -> Decimal | None:
        """The figure of the week by the kind of metric; None where it would divide by 0."""
        if kind in (Kind.RATIO, Kind.WEIGHTED_MEAN):
            return self.numerator / self.denominator if self.denominator else None
        return {
            Kind.LAST: self.last,
            Kind.MINIMUM: self.minimum,
            Kind.MAXIMUM: self.maximum,
        }.get(Kind(kind), self.numerator)


ByWeek = dict[int, Sums]
"""Sums by how many weeks ago: 0 is the last one."""

BY_WEEK = f"""
    SELECT person_id, metric_id, (%(end)s::date - 1 - day) / 7 AS back,
           sum(numerator * (1 - coalesce(undone, 0))), sum(denominator * (1 - coalesce(undone, 0))),
           min(numerator), max(numerator), (array_agg(numerator ORDER BY day DESC, reference))[1]
    FROM metrics_value
    WHERE person_id = ANY(%(people)s) AND metric_id = ANY(%(metrics)s)
      AND day >= %(start)s AND day < %(end)s AND superseded_at = {NEVER}
    GROUP BY 1, 2, 3
"""


def by_week(
    *, people: Iterable[int], metrics: Iterable[int], end: date, weeks: int = WEEKS
) -> dict[tuple[int, int], ByWeek]:
    """The sums of each person and metric in the stretches of seven days before ``end``."""
    found: dict[tuple[int, int], ByWeek] = {}
    asked = {
        "people": sorted(people),
        "metrics": sorted(metrics),
        "start": end - timedelta(days=7 * weeks),
        "end": end,
    }
    if not asked["metrics"] or not asked["people"]:
        return found
    for person, metric, back, *sums in fetch(BY_WEEK, asked):
        found.setdefault((person, metric), {})[back] = Sums(*sums)
    return found
