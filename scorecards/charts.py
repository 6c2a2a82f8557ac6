"""Charts: a Vega-Lite specification becomes SVG on the server, the same for page and PDF.

Colours are the names of the pages' custom properties, so a chart is light or dark with its page;
a PDF, which knows no properties, gets their light values. A wide chart is drawn twice, the second
time for a phone, where the first would shrink until nobody can read it; the style sheet shows one.
A chart is drawn once for its data: the drawing is kept under the specification's hash.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cache as remembered
from pathlib import Path
from typing import Any

import vl_convert
from django.conf import settings
from django.core.cache import cache
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

VEGA_LITE = "v5.20"
KEEP_S = 24 * 60 * 60
NARROW = 270  # the width of a phone, less margins and an axis
_PROPERTY = re.compile(r"var\(--([\w-]+)\)")
_ROOT = re.compile(r"^<svg ([^>]*?)width=\"[\d.]+\" height=\"[\d.]+\"")

STYLE: dict[str, Any] = {
    "font": "Inter Variable, Liberation Sans, DejaVu Sans, sans-serif",
    "background": None,
    "view": {"stroke": None},
    "axis": {
        "labelColor": "var(--ink-soft)",
        "titleColor": "var(--ink-soft)",
        "gridColor": "var(--line)",
        "domainColor": "var(--line-strong)",
        "tickColor": "var(--line-strong)",
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
    },
    "axisX": {"grid": False},
    "axisY": {"labelLimit": 200},
    "text": {"color": "var(--ink)", "fontSize": 12},
}


def svg(spec: Mapping[str, Any], *, label: str) -> SafeString:
    """The drawing of a specification as inline SVG; ``label`` says in words what it shows.

    Wider than a phone, it comes a second time for one, as narrow as its ``usermeta`` says.
    """
    narrow = spec.get("usermeta", {}).get("narrow", NARROW)
    if spec["width"] <= narrow:
        return mark_safe(_drawing(spec, label))
    slim = {**spec, "width": narrow, "config": STYLE | {"axisY": {"labelLimit": 110}}}
    return mark_safe(_drawing(spec, label, "wide") + _drawing(slim, label, "slim"))


def _drawing(spec: Mapping[str, Any], label: str, size: str = "") -> str:
    whole = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "config": STYLE,
        **spec,
    }
    text = json.dumps(whole, sort_keys=True, default=_plain)
    key = f"chart:{VEGA_LITE}:{hashlib.sha256(text.encode()).hexdigest()}"
    drawn = cache.get(key)
    if drawn is None:
        drawn = vl_convert.vegalite_to_svg(text, vl_version=VEGA_LITE)
        cache.set(key, drawn, KEEP_S)
    size = f' data-size="{size}"' if size else ""
    named = f'role="img" aria-label="{escape(label)}"{size}'
    return _ROOT.sub(lambda opening: f"<svg {opening[1]}{named}", drawn)


def for_print(drawn: str) -> SafeString:
    """The same drawing with the light colours themselves."""
    colours = light_colours()
    return mark_safe(_PROPERTY.sub(lambda match: colours[match.group(1)], drawn))


@remembered
def light_colours() -> dict[str, str]:
    """The custom properties of light pages by name."""
    text = (Path(settings.BASE_DIR) / "static" / "css" / "tokens.css").read_text()
    block = re.search(r":root \{(.*?)\}", text, re.DOTALL)
    assert block is not None, "the first block holds the light colours"
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block.group(1)))


def _plain(value: object) -> str | float:
    """Days and exact numbers as a drawing takes them; rounding by the eye's measure."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"A chart cannot show {value!r}.")


def line_with_goal(
    points: Sequence[tuple[date | str, Decimal | None]],
    *,
    goal: Decimal | None = None,
    unit: str = "",
    width: int = 640,
    height: int = 200,
) -> dict[str, Any]:
    """A line over time and, where there is one, a dashed goal labelled at its end."""
    rows = [{"at": at, "value": value} for at, value in points if value is not None]
    kind = "temporal" if rows and isinstance(rows[0]["at"], date) else "ordinal"
    axis: dict[str, Any] = {"title": None, "labelAngle": 0}
    if kind == "temporal":
        axis |= {"format": "%-d %b", "labelOverlap": True, "values": [row["at"] for row in rows]}
    at = {"field": "at", "type": kind, "sort": None, "axis": axis}
    value = {"field": "value", "type": "quantitative", "axis": {"title": unit or None}}
    layers: list[dict[str, Any]] = [
        {
            "mark": {
                "type": "line",
                "color": "var(--bar)",
                "strokeWidth": 2,
                "point": {"color": "var(--bar)", "size": 36, "filled": True},
            },
            "encoding": {"x": at, "y": value},
        }
    ]
    if goal is not None:
        layers += [
            {
                "data": {"values": [{"goal": goal}]},
                "mark": {"type": "rule", "color": "var(--ink)", "strokeDash": [4, 4]},
                "encoding": {"y": {"field": "goal", "type": "quantitative"}},
            },
            {
                "data": {"values": [{"goal": goal, "word": "goal"}]},
                "mark": {"type": "text", "align": "right", "dy": -7, "x": "width"},
                "encoding": {
                    "y": {"field": "goal", "type": "quantitative"},
                    "text": {"field": "word"},
                },
            },
        ]
    return {"width": width, "height": height, "data": {"values": rows}, "layer": layers}


def bars(
    rows: Iterable[tuple[str, Decimal, str]], *, width: int = 560, step: int = 28
) -> dict[str, Any]:
    """Horizontal bars from zero in the order given, each labelled with its own words."""
    values = [{"name": name, "value": value, "said": said} for name, value, said in rows]
    name = {
        "field": "name",
        "type": "nominal",
        "sort": None,
        "axis": {"title": None, "ticks": False, "domain": False},
    }
    value = {"field": "value", "type": "quantitative", "axis": None, "scale": {"zero": True}}
    return {
        "width": width,
        "height": {"step": step},
        "usermeta": {"narrow": 140},
        "data": {"values": values},
        "encoding": {"y": name, "x": value},
        "layer": [
            {"mark": {"type": "bar", "color": "var(--bar)", "height": {"band": 0.6}}},
            {
                "mark": {"type": "text", "align": "left", "dx": 6},
                "encoding": {"text": {"field": "said"}},
            },
        ],
    }


def spread(
    values: Iterable[Decimal], *, unit: str = "", goal: Decimal | None = None, width: int = 560
) -> dict[str, Any]:
    """How many people lie where: a histogram, with the goal as a line."""
    layers: list[dict[str, Any]] = [
        {
            "mark": {"type": "bar", "color": "var(--bar)", "binSpacing": 2},
            "encoding": {
                "x": {
                    "field": "value",
                    "bin": {"maxbins": 20},
                    "axis": {"title": unit or None},
                },
                "y": {"aggregate": "count", "axis": {"title": "people", "tickMinStep": 1}},
            },
        }
    ]
    if goal is not None:
        layers.append(
            {
                "data": {"values": [{"goal": goal}]},
                "mark": {"type": "rule", "color": "var(--ink)", "strokeWidth": 2},
                "encoding": {"x": {"field": "goal", "type": "quantitative"}},
            }
        )
    return {
        "width": width,
        "height": 160,
        "data": {"values": [{"value": value} for value in values]},
        "layer": layers,
    }
