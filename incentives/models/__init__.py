"""Plans and their dated versions, calculation runs, earnings, and the ledger of transfers."""

from incentives.models.approvals import ReductionApproval
from incentives.models.closing import Closing, ClosingAcceptance
from incentives.models.disputes import (
    Dispute,
    DisputeFile,
    DisputeMessage,
    DisputeReason,
    DisputeRemedy,
)
from incentives.models.effects import Budget, EffectPerson, EffectTrial
from incentives.models.examples import Example, ExampleCheck
from incentives.models.ledger import Account, Transfer
from incentives.models.notices import ChangeNotice
from incentives.models.papers import Acknowledgement, AcknowledgementReminder
from incentives.models.past import PastLook, PastLookLine
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
    "ChangeNotice",
    "Closing",
    "ClosingAcceptance",
    "Component",
    "Decision",
    "Dirty",
    "Dispute",
    "DisputeFile",
    "DisputeMessage",
    "DisputeReason",
    "DisputeRemedy",
    "Earning",
    "EffectPerson",
    "EffectTrial",
    "Eligibility",
    "Example",
    "ExampleCheck",
    "ExchangeRate",
    "Family",
    "Measure",
    "PastLook",
    "PastLookLine",
    "PersonCap",
    "Plan",
    "PlanPeriod",
    "PlanVersion",
    "RateTable",
    "ReductionApproval",
    "Result",
    "Transfer",
]
