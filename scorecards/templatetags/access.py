"""What whoever asks may do, for templates that show only what the role has."""

from __future__ import annotations

from typing import Any

from django import template

from org.access import request_permissions

register = template.Library()


@register.simple_tag(takes_context=True)
def permissions(context: dict[str, Any]) -> dict[str, bool]:
    """The permissions by name; a name that is not there is one that the member lacks."""
    request = context.get("request")
    if request is None or getattr(request, "membership", None) is None:
        return {}
    return {permission.value: True for permission in request_permissions(request)}
