"""Who would gain or lose by a trial, with their names and where they are."""

from __future__ import annotations

from typing import Any

from django.db.models import F, OuterRef, QuerySet, Subquery

from incentives.models import EffectPerson, EffectTrial
from org.base import CURRENT
from org.models import Assignment, Person


def moved(trial: EffectTrial) -> QuerySet[Any]:
    """Everybody whose pay a trial would change, with name, code, change, unit and job type."""
    person = Person.objects.filter(pk=OuterRef("person_id"))
    jobs = Assignment.objects.filter(
        CURRENT,
        person=OuterRef("person_id"),
        valid_from__lt=trial.period.valid_to,
        valid_to__gt=trial.period.valid_from,
    ).order_by("-valid_to", "slot")
    return EffectPerson.objects.filter(trial_id=trial.pk).annotate(
        name=Subquery(person.values("name")[:1]),
        code=Subquery(person.values("code")[:1]),
        change=F("after") - F("before"),
        unit=Subquery(jobs.values("unit__name")[:1]),
        job_type=Subquery(jobs.values("job_type__name")[:1]),
    )


# Of the same change by their numbers: the codes of all would be looked up to order by them.


def gainers(trial: EffectTrial, currency: str) -> QuerySet[Any]:
    """Those who gain, the most first."""
    rows = moved(trial).filter(currency=currency, after__gt=F("before"))
    return rows.order_by("-change", "person_id")


def losers(trial: EffectTrial, currency: str) -> QuerySet[Any]:
    """Those who lose, the most first."""
    rows = moved(trial).filter(currency=currency, after__lt=F("before"))
    return rows.order_by("change", "person_id")


def to_zero(trial: EffectTrial, currency: str) -> QuerySet[Any]:
    """Those who get something now and would get nothing, who had the most first."""
    rows = moved(trial).filter(currency=currency, after=0, before__gt=0)
    return rows.order_by("-before", "person_id")
