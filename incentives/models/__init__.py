"""Plans and their dated versions, calculation runs, earnings, and the ledger of transfers."""

from incentives.models.examples import Example
from incentives.models.ledger import Account, Dispute, Transfer
from incentives.models.plans import (
    Component,
    Decision,
    Eligibility,
    ExchangeRate,
    Family,
    Measure,
    PersonCap,
    Plan,
    PlanVersion,
    RateTable,
)
from incentives.models.runs import CalculationRun, Dirty, Earning, PlanPeriod, Result

__all__ = [
    "Account",
    "CalculationRun",
    "Component",
    "Decision",
    "Dirty",
    "Dispute",
    "Earning",
    "Eligibility",
    "Example",
    "ExchangeRate",
    "Family",
    "Measure",
    "PersonCap",
    "Plan",
    "PlanPeriod",
    "PlanVersion",
    "RateTable",
    "Result",
    "Transfer",
]
