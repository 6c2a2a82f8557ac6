"""A plan's period beside the one before, and whose amount is far from their own past.

The rule, as the page states it: somebody's total of the plan is compared with the median of their
own last six periods of it. It is far from it where it is off by more than three times their usual
distance (the median of how far each of these periods was from that median) and by more than a
tenth of it, or, where they always got the same, by more than a tenth. People with fewer than three
earlier periods are compared with nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from typing import Any

from django.core.cache import cache

from incentives.models import CalculationRun, PlanPeriod
from org.sql import fetch
from org.tenancy import current_tenant_id

KEEP_S = 7 * 24 * 60 * 60
PERIODS, FEWEST, TIMES, SHARE = 6, 3, 3, Decimal("0.1")
RULE = (
    "Off by more than three times the usual distance from the median of the person's own last six"
    " periods of this plan, and by more than a tenth of it. The usual distance is the median of"
    " how far these periods were from that median. Whoever has fewer than three is left out."
)


@dataclass(frozen=True)
class Outlier:
    """Somebody whose amount is far from their own past."""

    code: str
    name: str
    currency: str
    amount: Decimal
    usual: Decimal
    distance: Decimal
    periods: int

    @property
    def sentence(self) -> str:
        """Who, how much, and beside what."""
        amount, usual, distance = (
            f"{value.quantize(Decimal('0.01')):f}"
            for value in (self.amount, self.usual, self.distance)
        )
        return (
            f"{self.name} ({self.code}): {amount} {self.currency}; usually {usual}, give or take"
            f" {distance}, in {self.periods} periods."
        )


@dataclass(frozen=True)
class Beside:
    """A component's total and people, now and in the period before."""

    component: str
    currency: str
    total: Decimal
    people: int
    before: Decimal | None
    people_before: int | None

    @property
    def change(self) -> Decimal | None:
        """What is more than before, or less."""
        return None if self.before is None else self.total - self.before

    @property
    def percent(self) -> Decimal | None:
        """The same as a share of before, exact to a tenth of a percent."""
        if self.change is None or not self.before:
            return None
        return (self.change / abs(self.before)).quantize(Decimal("0.001"))


# Each person's total in a run, then the median of their own earlier ones and the median distance
# from it. percentile_disc takes one of the amounts: of an even number, the lower of the two in the
# middle, and no amount becomes a float.
OUTLIERS = """
    WITH past AS (
      SELECT earning.run_id, earning.person_id, earning.currency, sum(earning.amount) AS amount
      FROM incentives_earning AS earning
      WHERE earning.run_id = ANY(%(before)s) AND earning.amount IS NOT NULL
      GROUP BY 1, 2, 3
    ), middle AS (
      SELECT person_id, currency, count(*) AS periods,
             percentile_disc(0.5) WITHIN GROUP (ORDER BY amount) AS usual
      FROM past GROUP BY 1, 2 HAVING count(*) >= %(fewest)s
    ), spread AS (
      SELECT middle.person_id, middle.currency, periods, usual,
             percentile_disc(0.5) WITHIN GROUP (ORDER BY abs(past.amount - usual)) AS distance
      FROM middle JOIN past USING (person_id, currency) GROUP BY 1, 2, 3, 4
    ), now AS (
      SELECT person_id, currency, sum(amount) AS amount
      FROM incentives_earning WHERE run_id = %(run)s AND amount IS NOT NULL GROUP BY 1, 2
    )
    SELECT person.code, person.name, spread.currency, coalesce(now.amount, 0), usual, distance,
           periods
    FROM spread JOIN now USING (person_id, currency)
    JOIN org_person AS person ON person.id = spread.person_id
    WHERE abs(now.amount - usual) > greatest(%(times)s * distance, %(share)s * abs(usual))
    ORDER BY abs(now.amount - usual) DESC, person.code
"""

TOTALS = """
    SELECT coalesce(nullif(component.title, ''), component.name), earning.currency,
           sum(earning.amount),
           count(DISTINCT earning.person_id) FILTER (WHERE earning.amount <> 0)
    FROM incentives_earning AS earning
    JOIN incentives_component AS component ON component.id = earning.component_id
    WHERE earning.run_id = %s AND earning.amount IS NOT NULL
    GROUP BY 1, 2 ORDER BY min(component."order"), 1, 2
"""


def outliers_of(run: CalculationRun) -> list[Outlier]:
    """Whose total of a run is far from their own past, the farthest first.

    Kept for some days by the runs that it was found in and their moments, which change with what
    they found: a checklist is opened many times (docs/adr/0216).
    """
    before = [one.run for one in _earlier(run)[:PERIODS] if one.run is not None]
    if len(before) < FEWEST:
        return []
    runs = ",".join(f"{one.pk}@{one.at.timestamp()}" for one in (run, *before))
    key = f"outliers:{current_tenant_id()}:{sha256(runs.encode()).hexdigest()}"
    rows: list[tuple[Any, ...]] | None = cache.get(key)
    if rows is None:
        rows = fetch(OUTLIERS, _asked(run, before))
        cache.set(key, rows, KEEP_S)
    return [Outlier(*row) for row in rows]


def _asked(run: CalculationRun, before: Sequence[CalculationRun]) -> dict[str, Any]:
    return {
        "run": run.pk,
        "before": [one.pk for one in before],
        "fewest": FEWEST,
        "times": TIMES,
        "share": SHARE,
    }


def beside(run: CalculationRun) -> tuple[PlanPeriod | None, list[Beside]]:
    """A run's totals by component, beside those of the plan's period before."""
    last = next(iter(_earlier(run)[:1]), None)
    before = {}
    if last is not None:
        before = {(name.lower(), c): (s, n) for name, c, s, n in fetch(TOTALS, [last.run_id])}
    found = []
    for name, currency, total, people in fetch(TOTALS, [run.pk]):
        old = before.pop((name.lower(), currency), (None, None))
        found.append(Beside(name, currency, total, people, *old))
    gone = [Beside(n, c, Decimal(0), 0, total, many) for (n, c), (total, many) in before.items()]
    return last, found + gone


def _earlier(run: CalculationRun) -> list[PlanPeriod]:
    """The plan's calculated periods before a run's, the latest first."""
    points = PlanPeriod.objects.filter(
        plan=run.plan_id, run__isnull=False, period__valid_from__lt=run.period.valid_from
    )
    rows = points.order_by("-period__valid_from").select_related("period__calendar", "plan", "run")
    return list(rows[:PERIODS])
