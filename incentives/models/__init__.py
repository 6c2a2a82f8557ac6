"""Plans and their dated versions, calculation runs, earnings, and the ledger of transfers."""

from incentives.models.effects import Budget, EffectPerson, EffectTrial
from incentives.models.examples import Example
from incentives.models.ledger import Account, Dispute, Transfer
from incentives.models.papers import Acknowledgement, AcknowledgementReminder
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
    "Acknowledgement",
    "AcknowledgementReminder",
    "Budget",
    "CalculationRun",
    "Component",
    "Decision",
    "Dirty",
    "Dispute",
    "Earning",
    "EffectPerson",
    "EffectTrial",
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
