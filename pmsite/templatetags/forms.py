"""What the templates of form fields need to know."""

from __future__ import annotations

from django import template
from django.forms import BoundField, CheckboxInput

register = template.Library()


@register.filter
def kind_of(field: BoundField) -> str:
    """``check`` for a box whose label stands behind it; else nothing."""
    return "check" if isinstance(field.field.widget, CheckboxInput) else ""
