"""Copying the goals of a year into the next: with their days moved, and nothing overwritten."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction

from metrics.config_goals import RELATED, WHOSE, note_goals, words_of
from metrics.models import Goal
from org.base import CURRENT
from org.dates import EARLIEST_DAY, FOREVER
from org.models import User

# Periods that run from the 15th to the 14th end the year so late.
A_MONTH = timedelta(days=31)


@dataclass(frozen=True)
class GoalPlan:
    """What a copy of goals would do: new ones (unsaved), those that are there already with the
    goal that would have been copied, and those without an end, which go on by themselves."""

    new: tuple[Goal, ...]
    there: tuple[tuple[Goal, Goal], ...]
    going_on: tuple[Goal, ...]


def a_year_later(day: date) -> date:
    """The same day of the next year; 29 February becomes the 28th."""
    if day in (EARLIEST_DAY, FOREVER):
        return day
    last = day.month == 2 and day.day == 29
    return day.replace(year=day.year + 1, day=28 if last else day.day)


def goals_to_copy(*, metrics: Collection[int], first: date, end: date) -> GoalPlan:
    """The goals of metrics that hold on days of ``[first, end)``, as they would be a year later."""
    rows = (
        Goal.objects.filter(CURRENT, metric__in=metrics, valid_from__lt=end, valid_to__gt=first)
        .select_related(*RELATED)
        .order_by("metric__code", "pk")
    )
    going_on = tuple(row for row in rows if row.valid_to > end + A_MONTH)
    own = [row for row in rows if row.valid_to <= end + A_MONTH]
    known = _by_whose(
        Goal.objects.filter(CURRENT, metric__in=metrics, valid_to__gt=end).select_related(*RELATED)
    )
    new: list[Goal] = []
    there: list[tuple[Goal, Goal]] = []
    for row in own:
        copy = _moved(row, first)
        rival = next((g for g in known.get(_whose(row), ()) if _overlap(g, copy)), None)
        if rival is None:
            new.append(copy)
            known.setdefault(_whose(row), []).append(copy)
        else:
            there.append((row, rival))
    return GoalPlan(tuple(new), tuple(there), going_on)


@transaction.atomic
def copy_goals(
    *, metrics: Collection[int], first: date, end: date, by: User | None, at: datetime
) -> GoalPlan:
    """Write the goals of a year anew for the next one; those that are there are left."""
    plan = goals_to_copy(metrics=metrics, first=first, end=end)
    for goal in plan.new:
        goal.recorded_at = at
    made = Goal.objects.bulk_create(plan.new)
    if made:
        said = [f"+ goal {words_of(goal)}" for goal in made]
        note_goals(made, said, by=by, at=at, reference="copied from the year before")
    return plan


def _moved(row: Goal, first: date) -> Goal:
    values = {name: getattr(row, name) for name in (*WHOSE, "basis", "value")}
    return Goal(
        **values,
        valid_from=a_year_later(max(row.valid_from, first)),
        valid_to=a_year_later(row.valid_to),
    )


def _whose(row: Goal) -> tuple[object, ...]:
    return tuple(getattr(row, name) for name in WHOSE)


def _by_whose(rows: Iterable[Goal]) -> dict[tuple[object, ...], list[Goal]]:
    found: dict[tuple[object, ...], list[Goal]] = {}
    for row in rows:
        found.setdefault(_whose(row), []).append(row)
    return found


def _overlap(one: Goal, other: Goal) -> bool:
    return one.valid_from < other.valid_to and other.valid_from < one.valid_to
