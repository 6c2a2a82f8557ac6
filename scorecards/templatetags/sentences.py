"""Messages whose indented lines, a formula and its caret, keep their columns."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString

from org.admin_base import parts_of

register = template.Library()


@register.filter
def parted(message: object) -> list[tuple[bool, str]]:
    """A message as runs of (indented?, text); one that is HTML already stays whole."""
    text = getattr(message, "message", message)
    return [(False, text)] if isinstance(text, SafeString) else parts_of(str(text))
