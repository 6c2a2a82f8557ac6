"""What every page's frame shows: places, icons, and who is here."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from django import template
from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from org.access import request_asking, request_permissions
from pmsite import navigation

register = template.Library()
_PARTS = re.compile(r"<(?:path|circle|rect|line)\b[^>]*/>")


@cache
def drawing(name: str) -> str:
    """The strokes of an icon of the front-end package; a name that is not there raises."""
    folder = Path(settings.FRONT_END) / "@tabler" / "icons" / "icons" / "outline"
    parts = _PARTS.findall((folder / f"{name}.svg").read_text())
    return "".join(part for part in parts if 'stroke="none"' not in part)


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """An icon beside a word: it says nothing by itself, so it is hidden from readers."""
    return format_html(
        '<svg class="icon {}" viewBox="0 0 24 24" fill="none" stroke="currentColor"'
        ' stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">{}</svg>',
        size,
        mark_safe(drawing(name)),
    )


@register.simple_tag(takes_context=True)
def places(context: dict[str, Any]) -> dict[str, Any]:
    """The sections of the rail, the bar of a phone, and the place where this page lies."""
    request = context.get("request")
    if request is None or getattr(request, "membership", None) is None:
        return {"sections": [], "thumbs": [], "here": None}
    somebody = request.membership.person_id is not None
    sections = list(navigation.open_to(request_permissions(request), somebody=somebody))
    every = [place for section in sections for place in section.places]
    return {
        "sections": sections,
        "thumbs": navigation.thumbs(sections),
        "here": navigation.here(every, request.path, code=request_asking(request).code),
    }


@register.simple_tag(takes_context=True)
def my_name(context: dict[str, Any]) -> str:
    """The name of whoever asks among the tenant's people, else the one of the login."""
    request = context["request"]
    return request_asking(request).name or str(request.user)


@register.filter
def initials(name: object) -> str:
    """``AA`` for Ann Abel or ann.abel."""
    words = re.findall(r"[^\W\d_]+", str(name))
    return "".join(word[0] for word in [*words[:1], *words[1:][-1:]]).upper()
