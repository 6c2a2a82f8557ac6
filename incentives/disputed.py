"""What a dispute is about, in figures: the lines that somebody has, then and now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from incentives.models import Component, Dispute, Plan
from org.models import Period, Person
from org.sql import fetch


@dataclass(frozen=True)
class Line:
    """A line of somebody in a plan's period, as it counts now: booked where the period is final."""

    component: str
    job: str
    grain: str
    currency: str
    amount: Decimal | None

    def is_in(self, component: str, job: str, grain: str) -> bool:
        """Whether a dispute about that key is about this line, too; no component: about all."""
        return (
            (not component or self.component.lower() == component.lower())
            and job in ("", self.job)
            and grain in ("", self.grain)
        )


# A line that a dispute froze when its period became final is not booked: then what was worked out
# counts. What vanished from the results and is booked still stands there, with what is booked.
LINES = """
    WITH earned AS (
      SELECT component.name AS component, earning.job, earning.grain, earning.currency,
             CASE WHEN bool_and(earning.status = 'decided') THEN sum(earning.amount) END AS amount
      FROM incentives_planperiod AS point
      JOIN incentives_earning AS earning ON earning.run_id = point.run_id
       AND earning.person_id = %(person)s
      JOIN incentives_component AS component ON component.id = earning.component_id
      WHERE point.plan_id = %(plan)s AND point.period_id = %(period)s
      GROUP BY 1, 2, 3, 4
    ), booked AS (
      SELECT component, job, grain, currency,
             sum(CASE 'plan' WHEN from_account THEN amount ELSE -amount END) AS amount
      FROM incentives_transfer
      WHERE plan_id = %(plan)s AND earned_period_id = %(period)s AND person_id = %(person)s
        AND origin IN ('calculation', 'opening') AND 'plan' IN (from_account, to_account)
      GROUP BY 1, 2, 3, 4
    )
    SELECT component, job, grain, currency, coalesce(booked.amount, earned.amount)
    FROM earned FULL JOIN booked USING (component, job, grain, currency)
    ORDER BY component, job, grain, currency
"""


def lines_of(*, plan: Plan, period: Period, person: Person) -> list[Line]:
    """The lines that somebody has of a plan in a period, by component, job and grain."""
    asked = {"plan": plan.pk, "period": period.pk, "person": person.pk}
    return [Line(*row) for row in fetch(LINES, asked)]


def sum_of(lines: Iterable[Line], *, component: str, job: str = "", grain: str = "") -> Sum:
    """What the lines of a key come to together."""
    fitting = [line for line in lines if line.is_in(component, job, grain)]
    decided = [line.amount for line in fitting if line.amount is not None]
    currency = next((line.currency for line in fitting), "")
    return Sum(sum(decided, Decimal(0)) if decided else None, currency, len(fitting))


@dataclass(frozen=True)
class Sum:
    """What some lines come to; None where none of them is decided, or there is none."""

    amount: Decimal | None
    currency: str
    lines: int


def title_of(plan: Plan, component: str) -> str:
    """A component as people read it, by the plan's latest version that has it."""
    rows = Component.objects.filter(version__plan=plan, name__iexact=component)
    last = rows.order_by("-version__number").first()
    return last.title or last.name if last is not None else component


def now_of(dispute: Dispute) -> Sum:
    """What a dispute is about comes to now."""
    lines = lines_of(plan=dispute.plan, period=dispute.period, person=dispute.person)
    return sum_of(lines, component=dispute.component, job=dispute.job, grain=dispute.grain)
