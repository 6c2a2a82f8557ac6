"""Numbers of rows and changes of pay, as a trial keeps them: whole numbers, and amounts as text."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import template

from scorecards import formats
from scorecards.templatetags.figures import tenant_of

register = template.Library()


@register.simple_tag(takes_context=True)
def whole(context: dict[str, Any], number: int | None) -> str:
    """A whole number with the separators of the locale; nothing said counts as none."""
    return formats.number(Decimal(number or 0), places=0, locale=tenant_of(context).locale)


@register.simple_tag(takes_context=True)
def amount(context: dict[str, Any], text: str, currency: str) -> str:
    """An amount that is kept as text."""
    tenant = tenant_of(context)
    return formats.money(Decimal(text), currency=currency or tenant.currency, locale=tenant.locale)


@register.simple_tag(takes_context=True)
def change(context: dict[str, Any], text: str, currency: str) -> str:
    """A change of an amount, with its sign."""
    said = amount(context, text, currency)
    return said.replace(formats.NO_BREAK, f"{formats.NO_BREAK}+", 1) if Decimal(text) > 0 else said
