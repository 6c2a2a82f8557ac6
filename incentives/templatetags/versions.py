"""How pages say what an example came to."""

from __future__ import annotations

from collections.abc import Sequence

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
    return UNDECIDED if value is None else f"{value:f}"


@register.filter
def can_accept(outcomes: Sequence[Outcome]) -> bool:
    """Whether what came out could be expected: the engines agree, and it is not expected yet."""
    sound = all(not one.trouble and one.agreed and not one.came[1] for one in outcomes)
    return sound and any(not one.ok or one.expected is None for one in outcomes)
