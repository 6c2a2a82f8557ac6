"""What the template of tables asks of a table."""

from __future__ import annotations

from django import template
from django_tables2 import Table

register = template.Library()


@register.simple_tag
def cell_class(table: Table, name: str) -> str:
    """The role that a column has on a narrow page; tables of others know none."""
    known = getattr(table, "cell_class", None)
    return known(name) if known else ""
