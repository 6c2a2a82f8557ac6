"""Amounts that people move by hand: what is wrong with one, in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from psycopg import sql

from incentives.ledger import KEY, account_by_key
from org.currencies import places
from org.errors import DomainError
from org.models import Tenant
from org.sql import fetch
from org.tenancy import current_tenant_id

LARGEST = Decimal(10) ** 12


def tenant_currency() -> str:
    """What the tenant counts in."""
    return Tenant.objects.get(pk=current_tenant_id()).currency


def trouble(amount: Decimal, currency: str, *, signed: bool = False) -> str:
    """Why an amount cannot be moved by hand, as a sentence; '' where it can.

    ``signed``: an amount below zero takes back.
    """
    if not amount.is_finite() or amount == 0 or (amount < 0 and not signed):
        meant = "other than zero" if signed else "above zero"
        return f"{amount} moves nothing. Give an amount {meant}."
    if abs(amount) >= LARGEST:
        return f"{amount:,f} is no amount that one person is paid. Is a decimal point missing?"
    if amount != round(amount, places(currency)):
        return (
            f"{amount:f} has more decimals than {currency} has ({places(currency)}), so payroll "
            "could not pay it. Round it."
        )
    return ""


def refuse_amount(amount: Decimal, currency: str, *, signed: bool = False) -> None:
    """Raise where an amount cannot be moved by hand."""
    if sentence := trouble(amount, currency, signed=signed):
        raise DomainError(sentence)


def keys_in(account: str, *, person: int, currency: str) -> list[dict[str, Any]]:
    """What one person has in an account in one currency, key by key, the oldest earning first.

    Each holds the columns of :data:`incentives.ledger.KEY` and ``amount``.
    """
    query = sql.SQL(
        "SELECT {key}, k.amount FROM ({keys}) AS k"
        " LEFT JOIN org_period AS p ON p.id = k.earned_period_id WHERE k.currency = {currency}"
        " ORDER BY p.valid_from NULLS FIRST, {key}"
    ).format(
        key=sql.SQL(", ").join(sql.Identifier("k", name) for name in KEY),
        keys=account_by_key(account, people=sql.Literal(person)),
        currency=sql.Literal(currency),
    )
    names = (*KEY, "amount")
    return [dict(zip(names, row, strict=True)) for row in fetch(query)]


def shares_of(amount: Decimal, rests: Sequence[Decimal]) -> list[Decimal]:
    """An amount laid over rests in their order: how much of each it takes, none below zero."""
    taken = []
    for rest in rests:
        part = max(Decimal(0), min(amount, rest))
        taken.append(part)
        amount -= part
    return taken


def in_words(amount: Decimal, currency: str, day: date | None = None) -> str:
    """``1,200.00 USD`` for a sentence."""
    return f"{amount:,.{places(currency)}f} {currency}" + (f" on {day}" if day else "")
