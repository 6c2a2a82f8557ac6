"""Sentences of the domain on pages: days in words, and carets in their columns."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString

from org import wording
from org.admin_base import parts_of

register = template.Library()


@register.filter
def said(sentence: object) -> str:
    """A sentence with its days and periods in words; what is HTML already stays as it is."""
    text = getattr(sentence, "message", sentence)
    return text if isinstance(text, SafeString) else wording.said(str(text))


@register.filter
def parted(message: object) -> list[tuple[bool, str]]:
    """A message as runs of (indented?, text); one that is HTML already stays whole."""
    text = getattr(message, "message", message)
    return [(False, text)] if isinstance(text, SafeString) else parts_of(str(text))
