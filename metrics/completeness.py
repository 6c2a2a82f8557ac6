"""Up to which day the sources of a metric say that they are complete."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from metrics.models import CreditRule, Metric, SourceComplete
from org.base import CURRENT
from org.dates import NEVER

ONE_DAY, FRIDAY = timedelta(days=1), 5


def complete_through() -> dict[int, date]:
    """For each metric whose sources declare completeness, the earliest of their days, by metric.

    A source that never declared anything counts as complete for every day (docs/adr/0082).
    """
    ids = dict(Metric.objects.values_list("code", "pk"))
    found: dict[int, date] = {}
    declared = SourceComplete.objects.filter(superseded_at=NEVER).select_related("source")
    for row in declared:
        for code in fed_metrics(row.source.column_map, every=ids).intersection(ids):
            earliest = found.get(ids[code], row.through)
            found[ids[code]] = min(earliest, row.through)
    return found


def fed_metrics(column_map: Mapping[str, Any], *, every: Iterable[str]) -> set[str]:
    """The metrics that a source's map brings; a file that names its metrics can bring ``every``.

    A map of transactions brings what the credit rules of its kind make of them.
    """
    if kind := column_map.get("transaction"):
        rules = CreditRule.objects.filter(CURRENT, kind__code=kind, into__isnull=False)
        return set(rules.values_list("into__code", flat=True))
    values = column_map.get("values", {})
    named_in_file = isinstance(values.get("from"), Mapping)
    return set(every) if named_in_file else set(values)


def gaps(spans: Iterable[tuple[date, date]]) -> list[tuple[date, date]]:
    """The days between the first and the last of some spans that lie in none; both ends included.

    Weekends alone are no gap: most sources have nothing to say of them.
    """
    found: list[tuple[date, date]] = []
    reached: date | None = None
    for first, last in sorted(spans):
        if reached is not None and first > reached + ONE_DAY:
            gap = reached + ONE_DAY, first - ONE_DAY
            days = (gap[0] + timedelta(n) for n in range((gap[1] - gap[0]).days + 1))
            if any(day.isoweekday() <= FRIDAY for day in days):
                found.append(gap)
        reached = last if reached is None else max(reached, last)
    return found
