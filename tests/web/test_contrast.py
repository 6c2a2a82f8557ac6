"""Every pair of ink and paper has the contrast that WCAG asks for, in light and in dark."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TOKENS = Path(__file__).parents[2] / "static" / "css" / "tokens.css"
TEXT = [
    *((ink, paper) for ink in ("ink", "ink-soft", "accent") for paper in ("paper", "ground")),
    ("accent-ink", "accent"),
    ("accent", "accent-tint"),
    ("ink", "accent-tint"),
    *((state, f"{state}-tint") for state in ("good", "watch", "poor", "none")),
    *(("ink", f"{state}-tint") for state in ("good", "watch", "poor", "none")),
    *((state, "paper") for state in ("good", "watch", "poor", "none")),
]
SHAPES = [
    ("line-strong", "paper"),
    ("line-strong", "ground"),
    ("bar", "bar-ground"),
    *((state, "bar-ground") for state in ("good", "watch", "poor")),
    ("ink", "bar-ground"),
]
MODES = ["light", "dark"]


def tokens(mode: str) -> dict[str, str]:
    """The colours of a mode by name; the dark ones stand in the second block."""
    blocks = re.findall(r":root \{(.*?)\}", TOKENS.read_text(), re.DOTALL)
    assert len(blocks) == 2
    found = re.findall(r"--([\w-]+): (#[0-9a-f]{6});", blocks[MODES.index(mode)])
    return dict(found)


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The ratio of the lighter to the darker, 1 to 21."""
    darker, lighter = sorted([luminance(one), luminance(other)])
    return (lighter + 0.05) / (darker + 0.05)


def test_black_on_white_is_21() -> None:
    assert round(contrast("#000000", "#ffffff"), 2) == 21


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("pairs", "least"), [(TEXT, 4.5), (SHAPES, 3.0)], ids=["text", "shapes"])
def test_pairs_can_be_told_apart(mode: str, pairs: list[tuple[str, str]], least: float) -> None:
    colours = tokens(mode)
    measured = {pair: round(contrast(*(colours[name] for name in pair)), 2) for pair in pairs}
    assert {pair: ratio for pair, ratio in measured.items() if ratio < least} == {}


def test_light_and_dark_name_the_same_colours() -> None:
    assert tokens("light").keys() == tokens("dark").keys()
