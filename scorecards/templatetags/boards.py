"""What the templates of leaderboards and wallboards write."""

from __future__ import annotations

from typing import Any

from django import template

from scorecards.naming import ordinal as said

register = template.Library()


@register.filter
def ordinal(number: Any) -> str:
    """``14th``; nothing for nothing."""
    return said(int(number)) if number else ""
