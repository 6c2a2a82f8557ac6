"""Amounts of a currency as text, and roundings that nobody could be paid (org.currencies)."""

from __future__ import annotations

from decimal import Decimal

from org.currencies import places

__all__ = ["places", "plain", "rounding_trouble"]


def plain(amount: Decimal, currency: str) -> str:
    """An amount as plain digits, with the decimals of its currency and none fewer than it has."""
    own = -int(amount.normalize().as_tuple().exponent)
    return f"{amount:.{max(places(currency), own)}f}"


def rounding_trouble(currency: str, decimals: int) -> str:
    """Why amounts cannot be rounded to so many decimals, as a sentence; '' where they can."""
    most = places(currency)
    if decimals <= most:
        return ""
    return (
        f"It rounds to {decimals} decimals, but amounts in {currency} have {most}, so payroll could"
        f" not pay them: write “rounding: {{decimals: {most}}}”, or ROUND a part of the formula."
    )
