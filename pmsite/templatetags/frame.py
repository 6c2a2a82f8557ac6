"""What every page's frame shows: places, icons, and who is here."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from django import template
from django.conf import settings
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from org.access import request_asking, request_permissions
from org.permissions import Permission
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
@cache
def icon(name: str, size: str = "") -> SafeString:
    """An icon beside a word: it says nothing by itself, so it is hidden from readers."""
    return format_html(
        '<svg class="icon {}" viewBox="0 0 24 24" fill="none" stroke="currentColor"'
        ' stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">{}</svg>',
        size,
        mark_safe(drawing(name)),
    )


@register.simple_tag(takes_context=True)
def framed(context: dict[str, Any], *templates: str) -> SafeString:
    """Parts of the frame that show the places open to whoever asks, and where this page lies.

    Those with the same permissions, in the same place of the same tenant, see the same: it is
    written once a process. What is of a person or a request is no part of it.
    """
    request = context.get("request")
    if request is None or getattr(request, "membership", None) is None:
        return SafeString()
    permissions, somebody = request_permissions(request), request.membership.person_id is not None
    every = [place for section in sections(permissions, somebody) for place in section.places]
    here = navigation.here(every, request.path, code=request_asking(request).code)
    place = every.index(here) if here else None
    tenant = str(request.membership.tenant)
    return mark_safe(
        "".join(part(name, permissions, somebody, place, tenant) for name in templates)
    )


@lru_cache(maxsize=64)
def sections(permissions: frozenset[Permission], somebody: bool) -> tuple[navigation.Section, ...]:
    """The sections that these permissions open."""
    return tuple(navigation.open_to(permissions, somebody=somebody))


@lru_cache(maxsize=1024)
def part(
    template_name: str,
    permissions: frozenset[Permission],
    somebody: bool,
    here: int | None,
    tenant: str,
) -> SafeString:
    """A part of the frame; ``here``: which of all open places it marks."""
    shown = sections(permissions, somebody)
    every = [place for section in shown for place in section.places]
    frame = {
        "sections": shown,
        "thumbs": navigation.thumbs(shown),
        "here": None if here is None else every[here],
    }
    return render_to_string(template_name, {"frame": frame, "tenant": tenant})


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
