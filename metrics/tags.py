"""Tags of metrics and of attributes of transactions: what compliance packs go by."""

from __future__ import annotations

from django.db import models


class Tag(models.TextChoices):
    """What a metric counts, or an attribute says, in the words of a law."""

    LOAN_TERM = "loan_term", "A term of a loan: its rate, margin, fees or points"
    INSURANCE_REFERRAL = "insurance_referral", "A referral to an insurance seller, sold or not"
    INSURANCE_SALE = "insurance_sale", "An insurance sale, or what hangs on one"
    BROKERAGE_REFERRAL = "brokerage_referral", "A referral to a broker, deal or not"
    BROKERAGE_SALE = "brokerage_sale", "A brokerage deal, or what hangs on one"
