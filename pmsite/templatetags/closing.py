"""Where something that keeps a period open is mended."""

from __future__ import annotations

from django import template
from django.urls import reverse

from incentives.point import Item

register = template.Library()


@register.filter
def mended_at(item: Item) -> str:
    """The address of an item's page."""
    return reverse(item.page, args=item.args)
