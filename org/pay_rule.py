"""What is wrong with a pay rule, in sentences: the same for the tenant file and for the admin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from org.currencies import places
from org.models import PayGroup

LARGEST = Decimal(10) ** 12
AMOUNTS = {"draw": "draw", "minimum": "minimum", "protect_amount": "protect"}


def problems(rule: Mapping[str, Any], *, currency: str) -> Iterator[tuple[str, str]]:
    """Each mistake as (key of the tenant file, sentence); ``rule`` holds the columns' values."""
    for column, key in AMOUNTS.items():
        if trouble := _amount_trouble(rule[column], currency):
            yield key, trouble
    if trouble := _share_trouble(rule["recover"]):
        yield "recover", trouble
    if rule["protect"] == PayGroup.Protect.DRAW and not rule["draw"]:
        yield "protect", "protects the draw, and there is none. Add “draw: AMOUNT”, or write none."
    if 0 < rule["draw"] < rule["minimum"]:
        yield (
            "minimum",
            f"{plain(rule['minimum'])} is more than the draw of {plain(rule['draw'])}, so the draw "
            "would wait each time and never be paid. Lower the minimum, or raise the draw.",
        )
    yield from _order_troubles(rule["debts"])


def of_group(group: PayGroup) -> dict[str, Any]:
    """The rule of a group as its columns hold it; also what a batch keeps of it."""
    names = ("draw", "recover", "protect", "protect_amount", "negative", "minimum", "leavers")
    return {**{name: getattr(group, name) for name in names}, "debts": list(group.debts)}


def plain(amount: Decimal) -> str:
    """An amount for a sentence: 1,800 or 1,800.50."""
    text = f"{amount:,.6f}".rstrip("0").rstrip(".")
    whole, _, rest = text.partition(".")
    return f"{whole}.{rest:0<2}" if rest else whole


def _amount_trouble(amount: Decimal, currency: str) -> str:
    if amount < 0:
        return f"{plain(amount)} is below zero. Write 0 for none, or an amount above it."
    if amount >= LARGEST:
        return f"{plain(amount)} is no amount that one person is paid. Is a decimal point missing?"
    if amount != round(amount, places(currency)):
        return (
            f"{plain(amount)} has more decimals than {currency} has ({places(currency)}), so "
            "payroll could not pay it. Round it."
        )
    return ""


def _share_trouble(share: Decimal) -> str:
    if 0 <= share <= 1 and share == round(share, 6):
        return ""
    if share < 0 or share <= 1:
        return f"{plain(share)} is no share. Write 0% to 100%, with at most 4 decimals."
    hint = f" Did you mean {plain(share)}%?" if share <= 100 else ""
    return f"{plain(share * 100)} % is more than all of it. Write 0% to 100%.{hint}"


def _order_troubles(order: list[str]) -> Iterator[tuple[str, str]]:
    for kind in order:
        if kind not in PayGroup.DEBTS:
            known = ", ".join(PayGroup.DEBTS)
            yield "debts", f"no kind of debt is called “{kind}”. There are: {known}."
        elif order.count(kind) > 1:
            yield "debts", f"names {kind} {order.count(kind)} times. Name each once, first to last."
            return
