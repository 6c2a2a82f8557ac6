"""A plan in words: every choice of the schema has a sentence, and the document says them all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from incentives import config_schema
from incentives.describe import DEFAULT
from incentives.describe_words import (
    COMPONENT_CHOICES,
    MEASURE_CHOICES,
    TABLE_CHOICES,
    VERSION_CHOICES,
    Choice,
    part_sentence,
    sentence_of,
    who_sentence,
)
from tests.scenarios.site import Site

# What the document shows as it is, in sections of its own.
SHOWN = {
    "version": {
        *("number", "in_force", "ends", "status", "reason", "eligibility"),
        *("tables", "measures", "components", "schedules"),
        "examples",
    },
    "measure": set(),
    "component": {"title", "of", "formula", "gate", "modifier", "cap", "floor"},
    "table": {"kind", "rows", "points", "columns"},
}
PARTS: dict[str, tuple[Any, dict[str, Choice]]] = {
    "version": (config_schema.VERSION, VERSION_CHOICES),
    "measure": (config_schema.MEASURE, MEASURE_CHOICES),
    "component": (config_schema.COMPONENT, COMPONENT_CHOICES),
    "table": (config_schema.TABLE, TABLE_CHOICES),
}
# Choices that stand deeper and are said by one sentence of what they belong to.
WHOLE = {"window", "goal", "limit", "distribute"}
# Beside which a choice arises at all.
BESIDE: dict[str, Any] = {
    "prorate": {"goal": ["days"], "amount": []},
    "scope": "team",
    "per": "credit",
    "paid_as": "advance",
}
EXAMPLES: dict[str, Any] = {
    "goal": {"metric": "calls", "of": "team", "calendar": "monthly"},
    "limit": {"amount": 24000, "per": "year", "excess": "defer", "lapses": "never"},
    "window": {"rolling": 3},
    "distribute": {"by": "hours", "within": "plan"},
    "prorate.goal": ["days"],
    "prorate.amount": ["share"],
}


def leaves(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Each key of a schema by its path, with what it may hold."""
    for key, part in schema["properties"].items():
        where = f"{path}{key}"
        if "properties" in part and key not in WHOLE:
            yield from leaves(part, f"{where}.")
        else:
            yield where, part


def options(part: dict[str, Any]) -> list[Any]:
    """Every value that a choice can have, where they can be counted."""
    found = list(part.get("enum", []))
    for one in part.get("anyOf", []):
        found += one.get("enum", [])
    return found + ([True, False] if part.get("type") == "boolean" else [])


CASES = [
    (what, path, part)
    for what, (schema, _) in PARTS.items()
    for path, part in leaves(schema)
    if path not in SHOWN[what]
]


@pytest.mark.parametrize("what, path, part", CASES, ids=[f"{w}.{p}" for w, p, _ in CASES])
def test_every_choice_of_the_schema_has_a_sentence(
    what: str, path: str, part: dict[str, Any]
) -> None:
    choice = PARTS[what][1].get(path)
    assert choice is not None, f"{what}.{path}: incentives/describe_words.py has no sentence for it"
    values = options(part) or [EXAMPLES.get(path, 7 if part.get("type") == "integer" else "x")]
    said = {value_sentence(what, choice, path, value) for value in values}
    assert "" not in said
    assert len(said) == len(values), "two values are said alike"


@pytest.mark.parametrize("what", PARTS)
def test_no_sentence_is_left_of_a_choice_that_is_gone(what: str) -> None:
    schema, choices = PARTS[what]
    assert choices.keys() <= {path for path, _ in leaves(schema)}


def value_sentence(what: str, choice: Choice, path: str, value: Any) -> str:
    first, _, rest = path.partition(".")
    beside = {**BESIDE, "kind": "curve"} if path == "outside" else dict(BESIDE)
    if path == "distribute":
        beside["per"] = "team"
    if rest:
        value = {**beside.get(first, {}), rest: value}
    return sentence_of(choice, path, {**beside, first: value})


@pytest.mark.parametrize("what", PARTS)
def test_a_choice_that_nobody_made_is_said_as_the_default(what: str) -> None:
    said: dict[str, Any] = {"kind": "step"}
    if what == "version":
        said["prorate"] = {"goal": [], "amount": []}
    found = [sentence_of(choice, path, said) for path, choice in PARTS[what][1].items()]
    assert found
    assert all(one.endswith(f"{DEFAULT}.") for one in found if one)


def test_parts_of_a_schedule_and_who_a_plan_is_for() -> None:
    assert part_sentence({"share": "70%", "release": "final"}) == "70 % when the period is final"
    assert part_sentence(
        {"share": "0.3", "release": "NOT(ISBLANK(collected))", "expires": "12 months"}
    ) == ("30 % as soon as NOT(ISBLANK(collected)); forfeited after 12 months")
    assert part_sentence({"share": "1", "release": "3 months later"}) == "100 % 3 months later"
    assert part_sentence({"share": "1", "release": "2026-12-01"}) == "100 % on 2026-12-01"
    who = {"person": None, "unit": "north", "job_type": "seller", "slot": ""}
    assert who_sentence(who) == "job type seller in north and below"


@pytest.mark.django_db
def test_the_document_of_a_plan() -> None:
    site = Site("s20")
    text = site.run("describe", "calendar_without_first")
    for part in (
        "# calendar_without_first (calendar_without_first), version 1",
        "In force from 2026-01-01 until a later version takes over",
        "Pays in EUR, by periods of the calendar monthly (monthly)",
        "- everybody",
        "**bonus** (bonus). Only if attainment of sold is at least 95%. Pays 900.",
        "    gate: ATTAINMENT(sold) >= 95%",
        "The goal is reduced by the eligible part of the period.",
        "The amount is not reduced for part of a period (the default).",
        "The first day is left out for who starts within the period.",
        "rounded to 2 decimals of a per cent before it decides anything",
        "Components goal and attainment: it is never reduced for part of a period.",
        "Every component: a half is rounded away from zero (the default).",
        "Nobody approves what moves their own pay.",
    ):
        assert part in text
    assert "has no version 7" in site.refused("describe", "working", "--version", 7)
    assert "Known: " in site.refused("describe", "nothing")
