"""How many decimals a currency's amounts have: nobody can be paid a part of its smallest coin."""

from __future__ import annotations

from decimal import Decimal

# ISO 4217: currencies whose smallest unit is the whole.
WITHOUT_CENTS = frozenset(
    [
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "UYI",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    ]
)
WITH_THREE = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])


def places(currency: str) -> int:
    """Decimals of a currency's amounts."""
    if currency in WITHOUT_CENTS:
        return 0
    return 3 if currency in WITH_THREE else 2


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
