"""The measure of each plan by which its people are shown in a team."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from incentives.models import PlanPeriod
from incentives.rules import Kind, MeasureRule, VersionRules
from incentives.rules.kept import load_kept


@dataclass(frozen=True)
class Main:
    """The measure by which people of a plan are shown: the first that the version names."""

    place: int
    point: PlanPeriod
    rules: VersionRules
    measure: MeasureRule
    elapsed: Decimal | None

    @property
    def final(self) -> bool:
        """Whether the plan's period is closed."""
        return self.point.final_at is not None

    @property
    def pace(self) -> Decimal | None:
        """What an attainment is divided by before it is judged: a sum that still grows."""
        return self.elapsed if self.measure.kind == Kind.SUM and not self.final else Decimal(1)


def mains_of(points: Sequence[PlanPeriod], *, on: date) -> list[Main]:
    """The main measure of each calculated plan period; one without any is left out."""
    runs = [point.run for point in points if point.run is not None]
    rules = load_kept(
        (run.version, point.period.valid_from) for run, point in zip(runs, points, strict=True)
    )
    found = []
    for place, (run, point) in enumerate(zip(runs, points, strict=True)):
        own = rules[run.version_id, point.period.valid_from]
        measure = next((m for m in own.named if not m.earnings_of), None)
        if measure is not None:
            found.append(Main(place, point, own, measure, elapsed_of(point, measure, on)))
    return found


def elapsed_of(point: PlanPeriod, measure: MeasureRule, on: date) -> Decimal | None:
    """The part of the period's days for which there is data; None where pace says nothing."""
    if measure.window.kind != "period" or point.run is None:
        return None
    period, through = point.period, point.run.complete_through
    end = min(on if through is None else through + timedelta(days=1), on, period.valid_to)
    days = (period.valid_to - period.valid_from).days
    return Decimal(max(0, (end - period.valid_from).days)) / days
