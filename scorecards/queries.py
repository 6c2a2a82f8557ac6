"""What a scorecard shows, read from the runs that plan periods point to.

No figure is computed here: amounts, actuals, goals and attainments are those of the run.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db.models import Exists, OuterRef, QuerySet
from psycopg.sql import SQL, Identifier

from incentives.models import PlanPeriod, Result
from incentives.stale import is_stale
from metrics.models import Total
from org.models import Assignment, Calendar, Membership, Period, Person
from org.prepared import Question
from org.queries import assignments_on, visible_people
from org.sql import fetch


def latest_plan_periods(*, limit: int = 12) -> list[PlanPeriod]:
    """The plan periods that have been calculated, the latest first."""
    calculated = PlanPeriod.objects.filter(run__isnull=False)
    related = calculated.select_related("plan", "period__calendar", "run")
    related = related.annotate(stale=is_stale())
    return list(related.order_by("-period__valid_from", "plan__code")[:limit])


def latest_team_period(team: QuerySet[Person] | None = None) -> PlanPeriod | None:
    """The last calculated plan period with figures in it, else the last one.

    ``team``: of a plan that pays one of these people, where there is one. Of several that began
    together it is the one that pays most people.
    """
    figures = Total.objects.filter(period_id=OuterRef("period_id"))
    points = PlanPeriod.objects.filter(run__isnull=False)
    if team is not None:
        theirs = Result.objects.filter(run_id=OuterRef("run_id"), person_id__in=team.values("pk"))
        return _latest(points.filter(Exists(theirs)), figures) or _latest(points, figures)
    return _latest(points, figures)


def team_period_of(membership: Membership, *, on: date, everyone: bool) -> PlanPeriod | None:
    """The same for whom a member leads; ``everyone``: for a member who sees everybody."""
    team = None
    if not everyone:
        team = visible_people(membership, on=on).exclude(pk=membership.person_id or 0)
    return latest_team_period(team)


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
    most = ("-begun", "-period__valid_from", "-run__people", "plan__code")
    return ordered.order_by(*most).first()


def find_period(*, calendar: str, code: str) -> Period | None:
    """A period by the two codes of its address."""
    periods = Period.objects.filter(calendar__code=calendar, code=code)
    return periods.select_related("calendar").first()


PERIOD = [field.attname for field in Period._meta.concrete_fields]
CALENDAR = [field.attname for field in Calendar._meta.concrete_fields]
AROUND = SQL("""
    WITH same AS MATERIALIZED (
        SELECT period.* FROM org_period AS period JOIN org_calendar AS calendar
          ON calendar.id = period.calendar_id WHERE calendar.code = %(calendar)s),
    shown AS (SELECT valid_from FROM same WHERE code = %(code)s),
    beside AS (
        (SELECT -1 AS place, same.* FROM same, shown WHERE same.valid_from < shown.valid_from
         ORDER BY same.valid_from DESC LIMIT 1)
        UNION ALL SELECT 0, same.* FROM same WHERE code = %(code)s
        UNION ALL (SELECT 1, same.* FROM same, shown WHERE same.valid_from > shown.valid_from
         ORDER BY same.valid_from LIMIT 1))
    SELECT beside.place, {period}, {calendar} FROM beside
    JOIN org_calendar AS calendar ON calendar.id = beside.calendar_id
""").format(
    period=SQL(", ").join([Identifier("beside", name) for name in PERIOD]),
    calendar=SQL(", ").join([Identifier("calendar", name) for name in CALENDAR]),
)


def around(*, calendar: str, code: str) -> tuple[Period | None, Period | None, Period | None]:
    """The period before, the one itself, and the one after, by the codes of its address.

    One query, written out because every page of a period asks it; None for each that is not there.
    """
    found: dict[int, Period] = {}
    for place, *row in fetch(AROUND, {"calendar": calendar, "code": code}):
        period = Period.from_db("default", PERIOD, row[: len(PERIOD)])
        period.calendar = Calendar.from_db("default", CALENDAR, row[len(PERIOD) :])
        found[place] = period
    return found.get(-1), found.get(0), found.get(1)


def neighbours(period: Period) -> tuple[Period | None, Period | None]:
    """The period before and the one after, in the same calendar."""
    same = Period.objects.filter(calendar=period.calendar_id).select_related("calendar")
    before = same.filter(valid_from__lt=period.valid_from).order_by("-valid_from").first()
    after = same.filter(valid_from__gt=period.valid_from).order_by("valid_from").first()
    return before, after


def calculated(period: Period) -> list[PlanPeriod]:
    """The plan periods of a period that have a run, by plan; ``stale`` with them."""
    return _CALCULATED.objects(period=period.pk)


def _calculated(*, period: int) -> QuerySet[PlanPeriod]:
    found = PlanPeriod.objects.filter(period=period, run__isnull=False)
    return (
        found.select_related(
            "plan__calendar",
            "period__calendar",
            "run__version",
            "run__plan",
            "run__period__calendar",
        )
        .annotate(stale=is_stale())
        .order_by("plan__code")
    )


_CALCULATED = Question(_calculated)


def jobs_on(people: Iterable[int], on: date) -> dict[int, Assignment]:
    """The job of each person on a day; the primary one where there are several."""
    jobs = assignments_on(on).filter(person__in=people).select_related("unit", "job_type")
    by_person: dict[int, Assignment] = {}
    for job in jobs.order_by("slot"):
        if job.person_id not in by_person or job.slot == Assignment.PRIMARY:
            by_person[job.person_id] = job
    return by_person
