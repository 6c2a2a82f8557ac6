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


def in_coins(amount: Decimal, currency: str, sign: str = ",") -> str:
    """An amount with the decimals of its currency.

    ``sign``: ``,`` for groups of three digits, ``+`` to say which way it moves, or nothing.
    """
    return f"{amount:{sign}.{places(currency)}f}"
