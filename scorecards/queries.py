"""What a scorecard shows, read from the runs that plan periods point to.

No figure is computed here: amounts, actuals, goals and attainments are those of the run.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from incentives.models import PlanPeriod, Result
from metrics.models import Total
from org.models import Assignment, Period
from org.queries import assignments_on


def latest_plan_periods(*, limit: int = 12) -> list[PlanPeriod]:
    """The plan periods that have been calculated, the latest first."""
    calculated = PlanPeriod.objects.filter(run__isnull=False)
    related = calculated.select_related("plan", "period__calendar", "run")
    return list(related.order_by("-period__valid_from", "plan__code")[:limit])


def latest_team_period() -> PlanPeriod | None:
    """The last calculated plan period with figures in it, else the last one."""
    figures = Total.objects.filter(period_id=OuterRef("period_id"))
    return _latest(PlanPeriod.objects.filter(run__isnull=False), figures)


def latest_scorecard_period(*, person_id: int | None) -> Period | None:
    """The last period in which a plan had something to say about a person.

    One with figures comes before one that has only begun, where there is nothing to see yet.
    """
    if person_id is None:
        return None
    results = Result.objects.filter(run_id=OuterRef("run_id"), person_id=person_id)
    figures = Total.objects.filter(period_id=OuterRef("period_id"), person_id=person_id)
    last = _latest(PlanPeriod.objects.filter(Exists(results)), figures)
    return last.period if last else None


def _latest(points: QuerySet[PlanPeriod], figures: QuerySet[Total]) -> PlanPeriod | None:
    ordered = points.annotate(begun=Exists(figures)).select_related("period__calendar", "plan")
    return ordered.order_by("-begun", "-period__valid_from", "plan__code").first()


def find_period(*, calendar: str, code: str) -> Period | None:
    """A period by the two codes of its address."""
    periods = Period.objects.filter(calendar__code=calendar, code=code)
    return periods.select_related("calendar").first()


def around(*, calendar: str, code: str) -> tuple[Period | None, Period | None, Period | None]:
    """The period before, the one itself, and the one after, by the codes of its address.

    One query; None for each that is not there.
    """
    same = Period.objects.filter(calendar__code=calendar).order_by("valid_from")
    begins = Subquery(same.filter(code=code).values("valid_from"))
    before = same.filter(valid_from__lt=begins).order_by("-valid_from").values("pk")[:1]
    after = same.filter(valid_from__gt=begins).values("pk")[:1]
    wanted = Q(code=code) | Q(pk__in=Subquery(before)) | Q(pk__in=Subquery(after))
    rows = list(same.filter(wanted).select_related("calendar"))
    at = next((place for place, row in enumerate(rows) if row.code == code), None)
    if at is None:
        return None, None, None
    return (rows[at - 1] if at else None), rows[at], (rows[at + 1] if rows[at + 1 :] else None)


def neighbours(period: Period) -> tuple[Period | None, Period | None]:
    """The period before and the one after, in the same calendar."""
    same = Period.objects.filter(calendar=period.calendar_id).select_related("calendar")
    before = same.filter(valid_from__lt=period.valid_from).order_by("-valid_from").first()
    after = same.filter(valid_from__gt=period.valid_from).order_by("valid_from").first()
    return before, after


def calculated(period: Period) -> list[PlanPeriod]:
    """The plan periods of a period that have a run, in order of their plans."""
    found = PlanPeriod.objects.filter(period=period, run__isnull=False)
    return list(
        found.select_related(
            "plan__calendar",
            "period__calendar",
            "run__version",
            "run__plan",
            "run__period__calendar",
        ).order_by("plan__code")
    )


def jobs_on(people: Iterable[int], on: date) -> dict[int, Assignment]:
    """The job of each person on a day; the primary one where there are several."""
    jobs = assignments_on(on).filter(person__in=people).select_related("unit", "job_type")
    by_person: dict[int, Assignment] = {}
    for job in jobs.order_by("slot"):
        if job.person_id not in by_person or job.slot == Assignment.PRIMARY:
            by_person[job.person_id] = job
    return by_person
