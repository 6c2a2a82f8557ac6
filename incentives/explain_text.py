"""An explanation as text for people and as JSON for programs."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from formula import Step
from incentives.currencies import plain
from incentives.explanation import ComponentLine, Explanation, GrainLine, MeasureLine


def as_text(one: Explanation) -> str:
    """The explanation as lines: who and when, the figures, each component, the total."""
    lines = [
        f"{one.person} ({one.person_code}) · {one.plan}, version {one.version} · {one.period}"
        f" · {one.status}, as of {one.as_of}",
        *(f"  {segment}" for segment in one.segments),
        "",
        "What the version says",
        *(f"  {choice}" for choice in one.choices),
        "",
        "Figures",
        *(line for measure in one.measures for line in _measure(measure)),
    ]
    for component in one.components:
        lines += ["", *_component(component, one.inputs.get("prorate", "1"))]
    if one.unpaid:
        lines += ["", "Transactions that count for nothing here", *(f"  {u}" for u in one.unpaid)]
    lines += ["", f"Total: {plain(one.total, one.currency)} {one.currency}"]
    return "\n".join(lines)


def shown_number(value: Decimal | None, decimals: int | None = None) -> str:
    """A figure as people read it: never rounded to look better than it decides."""
    if value is None:
        return "no data"
    plain = f"{value.normalize():f}"
    if decimals is None or len(plain.partition(".")[2]) > decimals:
        return plain
    return f"{value:.{decimals}f}"


def _measure(measure: MeasureLine) -> list[str]:
    text = f"  {measure.title} ({measure.name}): {shown_number(measure.actual, measure.decimals)}"
    if measure.goal is not None:
        text += f", goal {shown_number(measure.goal, measure.decimals)}"
    if measure.attainment is not None:
        text += f", attainment {shown_number(measure.attainment * 100)} % ({measure.way})"
    text += " — its source is not complete yet" if measure.incomplete else ""
    return [text, *(f"      goal {line}" for line in measure.goal_from)]


def _component(line: ComponentLine, prorate: str) -> list[str]:
    amount = "—" if line.amount is None else f"{plain(line.amount, line.currency)} {line.currency}"
    lines = [f"{line.title}: {amount}"]
    lines.append(f"  {line.rule}")
    for part, text, outcome in line.parts:
        lines.append(f"  {part}: {' '.join(text.split())}")
        lines += [f"      {step}" for step in outcome.steps.lines()]
    for one in line.lines:
        lines += _line(one, line)
    # Parts are called component__part inside; here the component is plain.
    together = line.amount_steps.lines()[0].replace(f"{line.name}__", "")
    lines.append(f"  put together: {together}")
    if "PRORATE(" in together:
        lines.append(f"      PRORATE: times {prorate}, the eligible part of the period")
    if line.problem:
        lines.append(f"  {line.problem}")
    return lines


def _line(one: GrainLine, line: ComponentLine) -> list[str]:
    """One credit, day or share of a pool, with its steps."""
    amount = "—" if one.amount is None else plain(one.amount, line.currency)
    role = f", {one.about}" if one.about else ""
    day = f"{one.day} " if one.day else ""
    lines = [f"  {day}{one.grain}{role}: {amount}"]
    if one.rounded:
        lines[0] += f" ({one.rounded})"
    for part, text, outcome in one.parts:
        lines.append(f"      {part}: {' '.join(text.split())}")
        lines += [f"          {step}" for step in outcome.steps.lines()]
    lines += _together(one, line)
    if one.problem:
        lines.append(f"      {one.problem}")
    return lines


def _together(one: GrainLine, line: ComponentLine) -> list[str]:
    """How the parts of a line, and its exchange rate, were put together; nothing for one part."""
    steps = [text.replace(f"{line.name}__", "") for text in one.raw.steps.lines()]
    if steps[0].startswith("formula = ") or one.raw.value is None:
        return []
    rate = [f"          {text.strip()}" for text in steps[1:] if text.strip().startswith("rate = ")]
    return [f"      put together: {steps[0]}", *rate]


def as_json(one: Explanation) -> dict[str, Any]:
    """The explanation as plain data; amounts and figures are texts of exact decimals."""
    return {
        "person": {"code": one.person_code, "name": one.person},
        "plan": one.plan,
        "version": one.version,
        "period": one.period,
        "job": one.job,
        "status": one.status,
        "as_of": one.as_of,
        "segments": list(one.segments),
        "choices": list(one.choices),
        "measures": [_plain(asdict(measure)) for measure in one.measures],
        "components": [_component_json(line) for line in one.components],
        "unpaid": list(one.unpaid),
        "total": plain(one.total, one.currency),
        "currency": one.currency,
        "inputs": dict(one.inputs),
    }


def _component_json(line: ComponentLine) -> dict[str, Any]:
    return {
        "name": line.name,
        "title": line.title,
        "rule": line.rule,
        "amount": None if line.amount is None else plain(line.amount, line.currency),
        "currency": line.currency,
        "status": line.status,
        "problem": line.problem,
        "parts": [
            {"part": part, "formula": text, "steps": _step(outcome.steps)}
            for part, text, outcome in line.parts
        ],
        "put_together": _step(line.amount_steps),
        "lines": [
            {
                "key": one.grain,
                "day": one.day.isoformat() if one.day else None,
                "role": one.about,
                "amount": None if one.amount is None else plain(one.amount, line.currency),
                "status": one.status,
                "problem": one.problem,
                "rounded": one.rounded,
                "put_together": _step(one.raw.steps),
                "parts": [
                    {"part": part, "formula": text, "steps": _step(outcome.steps)}
                    for part, text, outcome in one.parts
                ],
            }
            for one in line.lines
        ],
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "text": step.text,
        "value": step.shown,
        "note": step.note,
        "steps": [_step(part) for part in step.parts],
    }


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {
        key: f"{value.normalize():f}" if isinstance(value, Decimal) else value
        for key, value in row.items()
    }


def goal_pieces(told: str | None, decimals: int) -> list[str]:
    """The pieces of a goal that changed within a result, a line each: days, goal, and its weight.

    Weights are days (or hours) that count, or the denominators of a ratio's own figures.
    """
    lines = []
    for first, end, goal, days, weight in json.loads(told or "[]"):
        last = date.fromisoformat(end) - timedelta(days=1)
        counted = f"{days} days" if weight is None else f"a weight of {weight}"
        lines.append(f"{first} to {last}: {shown_number(Decimal(goal), decimals)}, {counted}")
    return lines
