"""Looking a key up in a mapping from a template."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template

register = template.Library()


@register.filter
def get(mapping: Mapping[Any, Any], key: Any) -> Any:
    """The value of a key; nothing where the key is not there."""
    return mapping.get(key, ())
