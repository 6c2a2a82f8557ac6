"""How many people lie where, drawn by hand: bars from zero, with the goal as a line.

The team page has a drawing of its own for every team and night. The library of charts takes 50 ms
of processor time for one, more than all else of that page; this one a fifth of a millisecond
(docs/adr/0235).
It looks like the charts of ``scorecards.charts`` and has, like them, a second drawing for a phone.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

HEIGHT = 150
WIDE, SLIM = 560, 270
RIGHT, ABOVE, BELOW = 14, 20, 38
"""What stands around the bars: half a number, the word at the goal, the percents."""
WORD, DIGIT = 26, 7
"""How wide the word beside the people's axis is, lying on its side, and each digit at it."""
MOST_LINES = 5
FONT = "Inter Variable, Liberation Sans, DejaVu Sans, sans-serif"


def histogram(counts: Sequence[int], *, step: int, goal: int, label: str) -> SafeString:
    """Bars of ``step`` percent each; ``label`` says in words what they show."""
    sizes = (("wide", WIDE), ("slim", SLIM))
    drawn = [_drawing(counts, step, goal, label, *size) for size in sizes]
    return mark_safe("".join(drawn))


def _drawing(
    counts: Sequence[int], step: int, goal: int, label: str, size: str, width: int
) -> SafeString:
    every = spacing(max(counts))
    top = max(counts, default=0) or 1
    lines = {people: HEIGHT - _round(HEIGHT * people / top) for people in range(0, top + 1, every)}
    percents = {
        place * step: _round(width * place / len(counts)) for place in range(0, len(counts) + 1, 2)
    }
    left = WORD + DIGIT * len(str(max(lines)))
    at = _round(width * goal / (step * len(counts)))
    return format_html(
        '<svg class="marks" role="img" aria-label="{}" data-size="{}" viewBox="0 0 {} {}"'
        ' font-family="{}" font-size="12" fill="var(--ink-soft)">'
        '<g transform="translate({},{})"><path d="{}" stroke="var(--line)"/>'
        '<path d="{}" fill="var(--bar)"/><path d="{}" fill="none" stroke="var(--line-strong)"/>'
        '<path d="M{},0v{}" stroke="var(--ink)" stroke-width="2"/>'
        '<g text-anchor="middle"><text x="{}" y="-8" fill="var(--ink)">goal</text>{}'
        '<text x="{}" y="{}">percent of the goal</text>'
        '<text transform="translate({},{})rotate(-90)">people</text></g>'
        '<g text-anchor="end">{}</g></g></svg>',
        *(label, size, left + width + RIGHT, ABOVE + HEIGHT + BELOW, FONT, left, ABOVE),
        "".join(f"M0,{y}h{width}" for y in lines.values()),
        _bars(counts, top, width),
        _axes(list(lines.values()), list(percents.values()), width),
        *(at, HEIGHT, at),
        _words([(x, HEIGHT + 17, str(percent)) for percent, x in percents.items()]),
        *(width // 2, HEIGHT + 33, 12 - left, HEIGHT // 2),
        _words([(-8, y + 4, str(people)) for people, y in lines.items()]),
    )


def spacing(most: int) -> int:
    """How many people lie between two lines: 1, 2 or 5 with noughts, so that there are few."""
    power = 1
    while True:
        for step in (power, 2 * power, 5 * power):
            if most <= step * MOST_LINES:
                return step
        power *= 10


def _bars(counts: Sequence[int], top: int, width: int) -> str:
    """All bars as one path, with a gap between them."""
    edges = [_round(width * place / len(counts)) for place in range(len(counts) + 1)]
    return "".join(
        f"M{left + 1},{HEIGHT}v-{_round(HEIGHT * people / top)}h{right - left - 2}V{HEIGHT}z"
        for left, right, people in zip(edges, edges[1:], counts, strict=False)
        if people
    )


def _axes(lines: Sequence[int], percents: Sequence[int], width: int) -> str:
    beside = "".join(f"M0,{y}h-5" for y in lines)
    below = "".join(f"M{x},{HEIGHT}v5" for x in percents)
    return f"M0,0V{HEIGHT}h{width}{beside}{below}"


def _words(words: Sequence[tuple[int, int, str]]) -> SafeString:
    """Numbers at their places."""
    return mark_safe("".join(f'<text x="{x}" y="{y}">{word}</text>' for x, y, word in words))


def _round(place: float) -> int:
    """Whole units are fine enough to draw."""
    return int(place + 0.5)
