"""The drawings of an effect: how changes are spread, and pay curves before and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.safestring import SafeString

from org.models import Tenant
from scorecards import formats
from scorecards.charts import svg

Json = Mapping[str, Any]
FEW = 6


def spread(said: Json, *, currency: str, tenant: Tenant) -> SafeString:
    """How many people change by how much: losses left of the line, gains right of it."""
    start, step = Decimal(said["start"]), Decimal(said["step"])
    rows = [
        {
            "from": start + step * place,
            "to": start + step * (place + 1),
            "people": people,
            "side": "loses" if start + step * place < 0 else "gains",
        }
        for place, people in enumerate(said["counts"])
    ]
    ends = [rows[0]["from"], rows[-1]["to"]]
    across = {
        "field": "from",
        "type": "quantitative",
        "bin": "binned",
        "axis": {"title": f"change in {currency}", "tickMinStep": step, "labelOverlap": True},
        "scale": {"domain": [min(ends[0], 0), max(ends[1], 0)], "nice": False},
    }
    most = max(said["counts"])
    # Few people are counted one by one: no half of somebody stands at a line.
    marks: dict[str, Any] = {"values": list(range(most + 1))} if most < FEW else {"tickMinStep": 1}
    upwards = {
        "field": "people",
        "type": "quantitative",
        "axis": {"title": "people", "format": "d", **marks},
    }
    colour = {
        "field": "side",
        "type": "nominal",
        "scale": {"domain": ["loses", "gains"], "range": ["var(--poor)", "var(--bar)"]},
        "legend": None,
    }
    spec = {
        "width": 640,
        "height": 170,
        "data": {"values": rows},
        "layer": [
            {
                "mark": {"type": "bar", "binSpacing": 2},
                "encoding": {"x": across, "x2": {"field": "to"}, "y": upwards, "color": colour},
            },
            {
                "data": {"values": [{"zero": 0}]},
                "mark": {"type": "rule", "color": "var(--ink)", "strokeWidth": 2},
                "encoding": {"x": {"field": "zero", "type": "quantitative"}},
            },
        ],
    }
    return svg(spec, label=spread_in_words(said, currency=currency, tenant=tenant))


def spread_in_words(said: Json, *, currency: str, tenant: Tenant) -> str:
    """What the drawing shows: where most people lie."""
    start, step = Decimal(said["start"]), Decimal(said["step"])
    place = max(range(len(said["counts"])), key=lambda n: said["counts"][n])
    ends = [
        formats.money(start + step * n, currency=currency, locale=tenant.locale)
        for n in (place, place + 1)
    ]
    people = said["counts"][place]
    return f"Most of those whose pay changes, {people}, change by between {ends[0]} and {ends[1]}."


@dataclass(frozen=True)
class CurveShown:
    """A drawn pay curve with its cliffs in words."""

    title: str
    measure: str
    drawing: SafeString
    same: bool
    cliffs: tuple[tuple[str, str], ...]
    plan: str = ""


def curve(said: Json, *, currency: str, tenant: Tenant, named: bool) -> CurveShown:
    """A component's amount against its figure; ``named``: mark where the typical person stands."""
    rows: list[dict[str, Any]] = []
    cliffs: list[dict[str, Any]] = []
    sides = ("after",) if said["same"] else ("before", "after")
    for side in sides:
        line = said[side] or {"points": [], "cliffs": []}
        rows += [{"x": Decimal(x), "y": Decimal(y), "side": side} for x, y in line["points"]]
        cliffs += [
            {"x": Decimal(c["at"]), "y": Decimal(c["above"]), "side": side} for c in line["cliffs"]
        ]
    percent = said["unit"] == "percent"
    x: dict[str, Any] = {
        "field": "x",
        "type": "quantitative",
        "axis": {
            "title": said["measure"],
            "format": "~%" if percent else "~f",
            "tickCount": 7,
            "labelOverlap": True,
            "labelSeparation": 8,
        },
        "scale": {"zero": False, "nice": False},
    }
    y = {"field": "y", "type": "quantitative", "axis": {"title": currency, "format": "~f"}}
    colour = {
        "field": "side",
        "type": "nominal",
        "legend": None,
        "scale": {"domain": ["before", "after"], "range": ["var(--line-strong)", "var(--accent)"]},
    }
    dash = {
        "field": "side",
        "type": "nominal",
        "legend": None,
        "scale": {"domain": ["before", "after"], "range": [[5, 4], [1, 0]]},
    }
    layers: list[dict[str, Any]] = [
        {
            "mark": {"type": "line", "strokeWidth": 2, "interpolate": "linear"},
            "encoding": {
                "x": x,
                "y": y,
                "color": colour,
                "strokeDash": dash,
                "order": {"field": "x"},
            },
        },
        {
            "data": {"values": cliffs},
            "mark": {"type": "point", "shape": "triangle-up", "size": 90, "filled": True},
            "encoding": {"x": x, "y": y, "color": colour},
        },
    ]
    if named and said["now"] is not None:
        layers.append(
            {
                "data": {"values": [{"x": Decimal(said["now"])}]},
                "mark": {"type": "rule", "color": "var(--ink-soft)", "strokeDash": [2, 3]},
                "encoding": {"x": {"field": "x", "type": "quantitative"}},
            }
        )
    words = tuple(_cliff_words(said, currency=currency, tenant=tenant))
    label = f"{said['title']} by {said['measure']}. " + (
        " ".join(sentence for _, sentence in words) or "No cliffs."
    )
    spec = {"width": 420, "height": 200, "data": {"values": rows}, "layer": layers}
    drawing, plan = svg(spec, label=label), said.get("plan", "")
    return CurveShown(said["title"], said["measure"], drawing, said["same"], words, plan)


def _cliff_words(said: Json, *, currency: str, tenant: Tenant) -> list[tuple[str, str]]:
    """Each cliff as (new, gone or stays, sentence), in the order of the figure."""
    before, after = (_cliffs(said[side]) for side in ("before", "after"))
    found = []
    for at in sorted(before.keys() | after.keys()):
        cliff = after.get(at) or before[at]
        state = "stays" if at in before and at in after else "new" if at in after else "gone"
        below, above, jump = (
            formats.money(value, currency=currency, locale=tenant.locale)
            for value in (
                Decimal(cliff["below"]),
                Decimal(cliff["above"]),
                Decimal(cliff["above"]) - Decimal(cliff["below"]),
            )
        )
        figure = _figure(at, said, tenant)
        found.append(
            (state, f"At {figure} the amount goes from {below} to {above}: {jump} at once.")
        )
    return found


def _cliffs(line: Json | None) -> dict[Decimal, Json]:
    return {Decimal(c["at"]): c for c in line["cliffs"]} if line else {}


def _figure(value: Decimal, said: Json, tenant: Tenant) -> str:
    places = said["places"]
    return formats.figure(
        value,
        unit=said["unit"],
        places=places,
        currency=tenant.currency,
        locale=tenant.locale,
    )
