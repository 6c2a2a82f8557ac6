"""What compliance packs go by, as every app may know it: the packs, and classes of products.

What each pack holds against a plan version is in ``incentives.compliance``.
"""

from __future__ import annotations

from django.db import models


class Pack(models.TextChoices):
    """Rules of law, or of a house, that a tenant switches on."""

    INSURANCE_REFERRALS = "insurance_referrals", "Insurance referrals (12 CFR 343.50(b))"
    BROKERAGE_REFERRALS = "brokerage_referrals", "Brokerage referrals (Regulation R)"
    LOAN_TERMS = "loan_terms", "Terms of a loan (Regulation Z, 12 CFR 1026.36(d))"
    REGULAR_RATE = "regular_rate", "Regular rate of pay (FLSA, 29 CFR 778.108 to 211)"
    SEPARATION_OF_DUTIES = "separation_of_duties", "Separation of duties"


class ProductClass(models.TextChoices):
    """Products that only licensed staff may sell, or be paid for when they are sold."""

    INSURANCE = "insurance", "Insurance"
    BROKERAGE = "brokerage", "Brokerage"


def licence_fact(product: str) -> str:
    """The code of the fact that says of a person: licensed for this class of products."""
    return f"licence_{product}"
