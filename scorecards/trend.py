"""The trend of a measure: its figure in each of the last eight weeks, divided after adding up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from formula import evaluate
from incentives.models import Measure
from incentives.rules import Kind, MeasureRule, VersionRules
from metrics.weeks import WEEKS, ByWeek

Weeks = tuple[Decimal | None, ...]


def has_trend(measure: MeasureRule) -> bool:
    """Whether weeks can be told from the person's own values: not of units, nor of some deals."""
    own = measure.scope == Measure.Scope.OWN
    return own and not measure.earnings_of and measure.filter is None


def trend_of(rules: VersionRules, measure: MeasureRule, sums: Mapping[int, ByWeek]) -> Weeks:
    """The figures of the weeks, the oldest first; ``sums``: of the person, by metric.

    A week without a row is a gap; of a sum it is 0, once there has been anything.
    """
    if not has_trend(measure):
        return ()
    weeks = tuple(_figure(rules, measure, sums, back) for back in reversed(range(WEEKS)))
    return tuple(_filled(weeks)) if measure.kind == Kind.SUM else weeks


def _filled(weeks: Weeks) -> Iterator[Decimal | None]:
    begun = False
    for value in weeks:
        begun = begun or value is not None
        yield Decimal(0) if begun and value is None else value


def _figure(
    rules: VersionRules, measure: MeasureRule, sums: Mapping[int, ByWeek], back: int
) -> Decimal | None:
    known: dict[str, Any] = {}
    for part in rules.under(measure):
        if part.derived is None:
            week = sums.get(part.metric, {}).get(back)
            known[part.name] = None if week is None else week.figure(part.kind)
        else:
            known[part.name] = evaluate(part.derived, _exact(known)).value
    value = known[measure.name]
    return value if isinstance(value, Decimal) else None


def _exact(known: Mapping[str, Any]) -> dict[str, Any]:
    """Figures with no more places than formulas take."""
    return {
        name: None if value is None else value.quantize(Decimal("1e-12"))
        for name, value in known.items()
    }
