"""Which open results are stale: something that they may read was recorded since they were made.

A mark says so until somebody adds up what it touches and takes it away. Whoever does so works out
some of the periods that it reaches, and notes of the others that they are outdated.
"""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q

from incentives.models import Plan, PlanPeriod
from org.models import StaleMark
from org.sql import execute, fetch


def note_outdated() -> int:
    """Note of open plan periods that the marks reach which a refresh has just taken; how many.

    Whoever works a period out afterwards takes its note away. A mark reaches every period that
    ends after its first day, for a window may be wider than its period; a plan's rules may take
    people from the other plans of its family.
    """
    return execute(
        """
        UPDATE incentives_planperiod AS point SET outdated = true
        FROM org_period AS period, incentives_plan AS plan
        WHERE period.id = point.period_id AND plan.id = point.plan_id
          AND point.final_at IS NULL AND point.run_id IS NOT NULL AND NOT point.outdated
          AND EXISTS (SELECT 1 FROM taken_mark AS mark
                      LEFT JOIN incentives_plan AS changed ON changed.id = mark.plan
                      WHERE mark.first_day < period.valid_to
                        AND (mark.plan IS NULL OR changed.family_id = plan.family_id))
        """
    )


def is_stale(person: int | None = None) -> Q:
    """The condition that a plan period is open and stale, be it for one person.

    ``queryset.annotate(stale=is_stale())`` lets a page say so. A plan's mark reaches its family, as
    it does for :func:`note_outdated`.
    """
    family = Plan.objects.filter(family=OuterRef(OuterRef("plan__family"))).values("pk")
    marks = StaleMark.objects.filter(
        Q(plan=None) | Q(plan__in=family), first_day__lt=OuterRef("period__valid_to")
    )
    if person is not None:
        marks = marks.filter(Q(person=None) | Q(person=person))
    return Q(final_at=None) & (Q(outdated=True) | Q(Exists(marks)))


def period_is_stale() -> Q:
    """The same of what shows a period as a whole and points to it by ``period``."""
    marks = StaleMark.objects.filter(first_day__lt=OuterRef("period__valid_to"))
    outdated = PlanPeriod.objects.filter(period=OuterRef("period"), final_at=None, outdated=True)
    return Q(final_at=None) & (Q(Exists(outdated)) | Q(Exists(marks)))


def something_is_stale() -> bool:
    """Whether anything waits to be worked out anew."""
    outdated = PlanPeriod.objects.filter(outdated=True, final_at=None)
    return bool(fetch("SELECT 1 FROM org_stalemark LIMIT 1")) or outdated.exists()
