"""Whose own pay a plan version moves: nobody publishes, withdraws or agrees to that.

Moved is whoever the version is for on any day from its first on, also where another plan of the
family is nearer today, and whoever another plan pays out of what this one earns.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date

from django.db.models import Q, QuerySet

from formula import key_of
from incentives.models import Eligibility, PlanVersion
from incentives.rules.components import plans_named
from org.base import CURRENT
from org.dates import FOREVER
from org.models import Assignment, UnitClosure, User
from org.two_people import own_people, refuse_own_pay


def refuse(version: PlanVersion, user: User) -> None:
    """Refuse (DomainError) somebody whose own pay a version moves, by whatever role they act."""
    mine = own_people(user)
    moved = paid_by(version, mine) if mine else set()
    what = f"{version} decides their pay from {version.in_force} on"
    refuse_own_pay(user, moved, what=what)


def paid_by(version: PlanVersion, people: Collection[int]) -> set[int]:
    """Which of these people a version, or a plan that stands on what it earns, is for."""
    found: set[int] = set()
    for one in (version, *_standing_on(version)):
        found |= set(
            eligible(one, version.in_force)
            .filter(person__in=people)
            .values_list("person", flat=True)
        )
    return found


def eligible(version: PlanVersion, since: date) -> QuerySet[Assignment]:
    """The jobs that a version is for, on any day that it rules from a day on."""
    jobs = Assignment.objects.filter(
        CURRENT, valid_to__gt=max(since, version.in_force), valid_from__lt=version.ends or FOREVER
    )
    rows = list(Eligibility.objects.filter(version=version)) or [Eligibility(version=version)]
    fits = Q(pk__in=[])
    for row in rows:
        fits |= _fits(row, since)
    return jobs.filter(fits)


def _fits(row: Eligibility, since: date) -> Q:
    """What a job must be for a line of eligibility; a line that names nothing fits every job."""
    fits = Q(pk__isnull=False)
    if row.person_id is not None:
        fits &= Q(person=row.person_id)
    if row.job_type_id is not None:
        fits &= Q(job_type=row.job_type_id)
    if row.slot:
        fits &= Q(slot=row.slot)
    if row.unit_id is not None:
        below = UnitClosure.objects.filter(ancestor=row.unit_id, valid_to__gt=since)
        fits &= Q(unit__in=below.values("descendant"))
    return fits


def _standing_on(version: PlanVersion) -> Iterator[PlanVersion]:
    """Published versions of other plans that pay out of what this plan earns."""
    others = PlanVersion.objects.filter(status=PlanVersion.Status.PUBLISHED).exclude(
        plan=version.plan_id
    )
    rows = list(others)
    named = plans_named(rows)
    code = key_of(version.plan.code)
    yield from (row for row in rows if code in named[row.pk])
