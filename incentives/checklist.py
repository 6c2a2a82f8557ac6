"""The checklist of closing a plan's period: what is done, open, or open and accepted with why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from incentives.checks import CHECKS
from incentives.models import ClosingAcceptance, Dispute, PlanPeriod
from incentives.outliers import Beside, beside
from incentives.point import Check, Point

WORDS = {"done": "done", "open": "open", "accepted": "accepted", "noted": "noted"}


@dataclass(frozen=True)
class Line:
    """A check with the acceptance that holds for exactly what is open in it."""

    check: Check
    acceptance: ClosingAcceptance | None = None

    @property
    def state(self) -> str:
        """done, open, accepted, or noted (told, and keeps nothing open)."""
        if not self.check.number:
            return "done"
        if self.check.info:
            return "noted"
        return "accepted" if self.acceptance else "open"

    @property
    def can_be_accepted(self) -> bool:
        """Whether a reason is enough to close with it."""
        return self.state == "open" and not self.check.hard


@dataclass(frozen=True)
class Checklist:
    """All lines of a plan's period, its totals beside those of the period before, and what is
    frozen in it."""

    plan_period: PlanPeriod
    lines: tuple[Line, ...]
    before: PlanPeriod | None
    totals: tuple[Beside, ...]
    frozen: tuple[tuple[str, Decimal], ...]

    @property
    def open(self) -> list[Line]:
        """The lines that keep it from being handed over."""
        return [line for line in self.lines if line.state == "open"]

    @property
    def accepted(self) -> list[Line]:
        """The lines that are open and accepted."""
        return [line for line in self.lines if line.state == "accepted"]

    def line(self, code: str) -> Line | None:
        """The line of a check."""
        return next((line for line in self.lines if line.check.code == code), None)


def checklist(plan_period: PlanPeriod, *, on: date) -> Checklist:
    """What is done and open in a calculated plan's period on a day."""
    point = Point(plan_period, on)
    checks = [find(point) for find in CHECKS]
    accepted = {
        (one.line, one.items): one
        for one in ClosingAcceptance.objects.filter(
            plan=plan_period.plan, period=plan_period.period
        ).select_related("by")
    }
    before, totals = beside(point.run)
    return Checklist(
        plan_period,
        tuple(Line(check, accepted.get((check.code, check.stamp))) for check in checks),
        before,
        tuple(totals),
        _frozen(plan_period),
    )


def _frozen(plan_period: PlanPeriod) -> tuple[tuple[str, Decimal], ...]:
    """What open disputes hold, by currency, as it stood when they were opened."""
    sums: dict[str, Decimal] = {}
    rows = Dispute.objects.filter(
        plan=plan_period.plan, period=plan_period.period, closed_at=None
    ).exclude(component="")
    for currency, amount in rows.values_list("currency", "amount_then"):
        sums[currency] = sums.get(currency, Decimal(0)) + (amount or 0)
    return tuple(sorted(sums.items()))
