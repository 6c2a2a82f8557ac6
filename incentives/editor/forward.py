"""Copying a plan year forward: a draft of each plan for the new year, and the goals of the old."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from incentives.draft import copy_as_draft
from incentives.editor.rename import formulas_of
from incentives.models import Measure, Plan, PlanVersion
from metrics.copy_goals import GoalPlan, a_year_later, copy_goals, goals_to_copy
from metrics.models import Metric
from org.calendars import make_periods
from org.errors import DomainError
from org.models import Calendar, User

Status = PlanVersion.Status
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class PlanCopy:
    """A plan in the new year: from which version, beginning when; or why it is not copied.

    ``look_at``: what names days of the old year and moves with them, or must be looked at.
    """

    plan: Plan
    source: PlanVersion | None
    begins: date | None
    refused: str = ""
    look_at: tuple[str, ...] = ()


@dataclass(frozen=True)
class YearCopy:
    """All that a copy would make."""

    year: int
    plans: tuple[PlanCopy, ...]
    goals: GoalPlan

    @property
    def copies(self) -> list[PlanCopy]:
        """The plans that can be copied."""
        return [one for one in self.plans if not one.refused]


def look_ahead(plans: Iterable[Plan], year: int, *, with_goals: bool) -> YearCopy:
    """What copying plans into a year would make; nothing is written."""
    copies = tuple(_plan_copy(plan, year) for plan in plans)
    metrics = _metrics(copies) if with_goals else set()
    return YearCopy(year, copies, goals_to_copy(metrics=metrics, **_days(year)))


@transaction.atomic
def copy_forward(
    *, plans: Iterable[Plan], year: int, with_goals: bool, by: User, at: datetime
) -> tuple[list[PlanVersion], GoalPlan]:
    """Make a draft of each plan that begins with the year's first period, and copy the goals.

    DomainError where one of the plans cannot be copied: nothing of it is done then.
    """
    copies = [_plan_copy(plan, year) for plan in plans]
    refused = tuple(f"{one.plan}: {one.refused}" for one in copies if one.refused)
    if refused:
        raise DomainError("Nothing is copied, because not all of it can be.", refused)
    if not copies:
        raise DomainError("Choose at least one plan.")
    drafts = [_draft(one, by=by, at=at) for one in copies]
    metrics = _metrics(copies) if with_goals else set()
    goals = copy_goals(metrics=metrics, by=by, at=at, **_days(year))
    return drafts, goals


def _days(year: int) -> dict[str, date]:
    """The days of the year before."""
    return {"first": date(year - 1, 1, 1), "end": date(year, 1, 1)}


def _plan_copy(plan: Plan, year: int) -> PlanCopy:
    begins = first_day_of(plan.calendar, year)
    if begins is None:
        return PlanCopy(
            plan, None, None, "its calendar has dates of its own, so a campaign is begun by hand."
        )
    source = _source(plan, begins)
    if source is None:
        return PlanCopy(plan, None, begins, "no version of it is in force at the end of the year.")
    taken = plan.versions.filter(in_force=begins).exclude(status=Status.RETIRED).first()
    if taken is not None:
        return PlanCopy(plan, source, begins, f"version {taken.number} begins on {begins} already.")
    return PlanCopy(plan, source, begins, look_at=tuple(_old_days(source, year - 1)))


def first_day_of(calendar: Calendar, year: int) -> date | None:
    """The first day of a year's first period; None for a calendar of its own dates."""
    if calendar.kind == Calendar.Kind.OWN_DATES:
        return None
    return make_periods(calendar, date(year, 1, 1), date(year, 1, 1))[0].start


def _source(plan: Plan, begins: date) -> PlanVersion | None:
    """The version that rules up to the new year."""
    version = (
        plan.versions.filter(status=Status.PUBLISHED, in_force__lt=begins)
        .order_by("-in_force")
        .first()
    )
    if version is None or (version.ends and version.ends < begins):
        return None
    return version


def _metrics(copies: Iterable[PlanCopy]) -> set[int]:
    """The metrics whose goals the plans' figures are held against."""
    versions = [one.source.pk for one in copies if one.source and not one.refused]
    rows = Measure.objects.filter(version__in=versions)
    found = {row.metric_id for row in rows if row.metric_id}
    codes = {row.options.get("goal", {}).get("metric") for row in rows}
    found.update(Metric.objects.filter(code__in=codes - {None}).values_list("pk", flat=True))
    return found


def _old_days(version: PlanVersion, year: int) -> Iterator[str]:
    """What of a version names the old year."""
    for _, part, field, text in formulas_of(version):
        if re.search(rf"\b{year}\b", text or ""):
            yield f"{part or 'the plan as a whole'}, {field}: its formula names {year}"
    for measure in version.measures.filter(window="own_dates"):
        yield f"{measure.name}: its days move by a year"
    for name, parts in version.schedules.items():
        if any(_DAY.search(str(part)) for part in parts):
            yield f"{name}: its days move by a year"
    if version.ends:
        yield "the end of the plan is taken out"


def _draft(one: PlanCopy, *, by: User, at: datetime) -> PlanVersion:
    assert one.source is not None
    assert one.begins is not None
    draft = copy_as_draft(version=one.source, by=by, at=at)
    draft.in_force, draft.ends = one.begins, None
    draft.schedules = _moved(draft.schedules)
    draft.save()
    for measure in draft.measures.filter(window="own_dates"):
        window = measure.options["window"]
        measure.options = {**measure.options, "window": {k: _later(v) for k, v in window.items()}}
        measure.save()
    return draft


def _moved(schedules: dict[str, Any]) -> dict[str, Any]:
    """Schedules with the days that stand alone a year later."""
    return {
        name: [{key: _later(value) for key, value in part.items()} for part in parts]
        for name, parts in schedules.items()
    }


def _later(text: Any) -> Any:
    if isinstance(text, str) and _DAY.fullmatch(text):
        return a_year_later(date.fromisoformat(text)).isoformat()
    return text
