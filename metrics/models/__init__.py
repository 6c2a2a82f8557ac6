"""Metrics, where their values come from, the values, their totals, and the goals set for them."""

from metrics.models.definitions import Goal, Metric, MetricDefinition
from metrics.models.requests import CorrectionRequest, DealRequest
from metrics.models.sources import (
    Delivery,
    HandledRejections,
    PersonAlias,
    Rejection,
    Source,
    SourceComplete,
)
from metrics.models.transactions import (
    CreditRule,
    OnceKey,
    Party,
    Transaction,
    TransactionCorrection,
    TransactionKind,
    Waiting,
)
from metrics.models.trials import Trial, TrialRow
from metrics.models.values import Correction, KeptTotal, Total, Value

__all__ = [
    "Correction",
    "CorrectionRequest",
    "CreditRule",
    "DealRequest",
    "Delivery",
    "Goal",
    "HandledRejections",
    "KeptTotal",
    "Metric",
    "MetricDefinition",
    "OnceKey",
    "Party",
    "PersonAlias",
    "Rejection",
    "Source",
    "SourceComplete",
    "Total",
    "Transaction",
    "TransactionCorrection",
    "TransactionKind",
    "Trial",
    "TrialRow",
    "Value",
    "Waiting",
]
