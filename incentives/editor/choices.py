"""What a part of a version chose where plans differ, in the sentences of the plan document."""

from __future__ import annotations

from collections.abc import Mapping

from incentives.config_versions import component_said, measure_said
from incentives.describe import flat, with_names
from incentives.describe_words import (
    COMPONENT_CHOICES,
    DEFAULT,
    MEASURE_CHOICES,
    VERSION_CHOICES,
    Choice,
    Said,
    sentence_of,
)
from incentives.models import Component, Measure, PlanVersion

# Said in words of their own.
FORMULAS = frozenset({"gate", "modifier", "cap"})


def of_version(row: PlanVersion) -> list[str]:
    """What a version chose as a whole, a sentence each; what goes without saying comes last."""
    said = {
        "segments": row.segments,
        "prorate": {
            "goal": row.prorate_goal,
            "amount": row.prorate_amount,
            "days": row.prorate_days,
            "first_day": row.first_day,
        },
        **row.options,
    }
    parts = {key: one for key, one in VERSION_CHOICES.items() if key not in FORMULAS}
    return _sentences(parts, said, usual=True)


def of_measure(row: Measure) -> list[str]:
    """What a measure is, a sentence each; what goes without saying comes last."""
    [said] = with_names({row.name: flat(measure_said(row))}).values()
    return _sentences(MEASURE_CHOICES, said, usual=True)


def of_component(row: Component) -> list[str]:
    """What a component chose otherwise than usual, a sentence each."""
    return _sentences(COMPONENT_CHOICES, flat(component_said(row)), usual=False)


def _sentences(choices: Mapping[str, Choice], said: Said, *, usual: bool) -> list[str]:
    found = [text for path, choice in choices.items() if (text := sentence_of(choice, path, said))]
    chosen = [text for text in found if not text.endswith(f"{DEFAULT}.")]
    return [*chosen, *(text for text in found if text not in chosen)] if usual else chosen
