"""Small drawings inside rows and cards: a trend as a spark, an attainment as a bullet."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()
WIDTH, HEIGHT, EDGE = 96, 24, 3


@register.simple_tag
def spark(values: Sequence[Decimal | None], label: str) -> SafeString | str:
    """A line through the last figures, its end marked; nothing where there are fewer than two."""
    shown = [(place, value) for place, value in enumerate(values) if value is not None]
    if len(shown) < 2:
        return ""
    low, high = min(v for _, v in shown), max(v for _, v in shown)
    reach = (high - low) or Decimal(1)
    across = Decimal(WIDTH - 2 * EDGE) / max(1, len(values) - 1)
    points = [
        (
            round(EDGE + across * place, 1),
            round(HEIGHT - EDGE - (value - low) / reach * (HEIGHT - 2 * EDGE), 1),
        )
        for place, value in shown
    ]
    return format_html(
        '<svg class="spark" viewBox="0 0 {} {}" role="img" aria-label="{}"><polyline points="{}"'
        ' fill="none" stroke="var(--bar)" stroke-width="1.75" stroke-linejoin="round"/>'
        '<circle cx="{}" cy="{}" r="2.5" fill="var(--bar)"/></svg>',
        WIDTH,
        HEIGHT,
        label,
        " ".join(f"{x},{y}" for x, y in points),
        *points[-1],
    )
