"""How pages say what an example came to."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django import template

from incentives.examples.by_decimal import Amount
from incentives.examples.run import UNDECIDED, Outcome, error_words

register = template.Library()


@register.filter
def came(amount: Amount) -> str:
    """An amount, "undecided", or why it could not be worked out."""
    value, error = amount
    if error:
        return error_words(error)
    return UNDECIDED if value is None else _coins(value)


@register.filter
def expected(text: str | None) -> str:
    """What is expected, as :func:`came` writes it; a dash where nothing is."""
    if text is None:
        return "\N{EN DASH}"
    return text if text == UNDECIDED else _coins(Decimal(text))


def _coins(value: Decimal) -> str:
    """An amount with two places, or as many as it has."""
    return f"{value:.2f}" if value == round(value, 2) else f"{value:f}"


@register.filter
def can_accept(outcomes: Sequence[Outcome]) -> bool:
    """Whether what came out could be expected: the engines agree, and it is not expected yet."""
    sound = all(not one.trouble and one.agreed and not one.came[1] for one in outcomes)
    return sound and any(not one.ok or one.expected is None for one in outcomes)


@register.filter
def have_sheet(outcomes: Sequence[Outcome]) -> bool:
    """Whether it is known what a spreadsheet came to."""
    return any("sheet" in one.amounts for one in outcomes)
