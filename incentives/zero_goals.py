"""Whose goals are zero in a plan's period, so that somebody decides what that means."""

from __future__ import annotations

from decimal import Decimal

from formula import Ref
from incentives.models import PlanPeriod, Result
from incentives.rules import load
from org.models import Person


def zero_goals_of(plan_period: PlanPeriod, person: Person) -> list[tuple[str, str]]:
    """The measures of a person whose goal is zero: name and title."""
    made = plan_period.run
    assert made is not None, "only calculated plan periods are read"
    rules = load(made.version, plan_period.period.valid_from)
    rows = Result.objects.filter(run_id=made.pk, person_id=person.pk)
    goals = list(rows.values_list("inputs", flat=True))
    return [
        (measure.name, measure.title)
        for measure in rules.shown
        if any(_is_zero(inputs.get(Ref("goal", measure.name).column)) for inputs in goals)
    ]


def _is_zero(text: str | None) -> bool:
    return text is not None and Decimal(text) == 0
