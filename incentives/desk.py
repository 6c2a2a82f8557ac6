"""What waits for somebody who looks after plans: drafts, failed formulas, people without a plan."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet

from incentives.calculate import version_for
from incentives.models import PlanPeriod, PlanVersion, Result
from incentives.stale import is_stale
from org.base import CURRENT
from org.models import Assignment, Period, Person, User


@dataclass(frozen=True)
class Closing:
    """A period of a calendar with the plans that pay in it and are not final there."""

    period: Period
    plans: tuple[PlanPeriod, ...]

    @property
    def waits(self) -> int:
        """How many results wait for data, a decision or a mended formula."""
        return sum(point.run.undecided + point.run.failed for point in self.plans if point.run)


def drafts() -> QuerySet[PlanVersion]:
    """Versions that are still being written, the oldest first."""
    found = PlanVersion.objects.filter(status=PlanVersion.Status.DRAFT)
    return found.select_related("plan", "author").order_by("created_at")


def reviews() -> QuerySet[PlanVersion]:
    """Versions that were handed in and wait for a second person, the oldest first."""
    found = PlanVersion.objects.filter(status=PlanVersion.Status.REVIEW)
    return found.select_related("plan", "author", "handed_in_by").order_by("handed_in_at")


def reviews_for(user: User) -> QuerySet[PlanVersion]:
    """What this user may publish: what somebody else wrote and handed in."""
    others = Q(author=None) | ~Q(author=user)
    return reviews().filter(others).exclude(handed_in_by=user)


def sent_back_to(user: User) -> QuerySet[PlanVersion]:
    """The drafts of a user that somebody sent back."""
    return drafts().filter(author=user).exclude(sent_back="")


def in_force(on: date) -> list[PlanVersion]:
    """The version of each plan that rules on a day, by plan."""
    published = PlanVersion.objects.filter(
        status=PlanVersion.Status.PUBLISHED, in_force__lte=on
    ).exclude(ends__lte=on)
    latest = published.order_by("plan__code", "-in_force").distinct("plan__code")
    return list(latest.select_related("plan__family", "plan__calendar", "published_by"))


def open_points() -> QuerySet[PlanPeriod]:
    """Calculated plan periods that are not final; ``stale`` with them."""
    found = PlanPeriod.objects.filter(run__isnull=False, final_at=None)
    found = found.select_related("plan", "period__calendar", "run").annotate(stale=is_stale())
    return found.order_by("period__valid_from", "plan__code")


def behind(version: PlanVersion) -> list[PlanPeriod]:
    """The open plan periods that a published version rules and that another has worked out."""
    if version.status != PlanVersion.Status.PUBLISHED:
        return []
    found = open_points().filter(plan=version.plan_id, period__valid_from__gte=version.in_force)
    others = found.exclude(run__version=version)
    return [one for one in others if version_for(version.plan, one.period) == version]


def troubled() -> list[PlanPeriod]:
    """Open plan periods in which a formula failed for somebody, or a result waits."""
    return [p for p in open_points() if p.run is not None and (p.run.failed or p.run.undecided)]


def to_close(on: date) -> list[Closing]:
    """The periods that are over and not final for some plan, the earliest first."""
    return _by_period(open_points().filter(period__valid_to__lte=on))


def _by_period(points: Iterable[PlanPeriod]) -> list[Closing]:
    found: dict[int, list[PlanPeriod]] = {}
    for point in points:
        found.setdefault(point.period_id, []).append(point)
    return [Closing(own[0].period, tuple(own)) for own in found.values()]


def running_period(on: date) -> Period | None:
    """The period of a day on the calendar that most plans are calculated by."""
    periods = Period.objects.filter(valid_from__lte=on, valid_to__gt=on)
    paying = PlanPeriod.objects.filter(period=OuterRef("pk"), run__isnull=False)
    calculated = periods.filter(Exists(paying)).select_related("calendar")
    return calculated.order_by("valid_to", "calendar__code").first()


def without_plan(period: Period) -> QuerySet[Person]:
    """People with a job in a period who have no result of it on this calendar, by name."""
    working = Assignment.objects.filter(
        CURRENT,
        person=OuterRef("pk"),
        valid_from__lt=period.valid_to,
        valid_to__gt=period.valid_from,
    )
    runs = PlanPeriod.objects.filter(period=period, run__isnull=False).values("run")
    results = Result.objects.filter(run_id__in=runs, person_id=OuterRef("pk"))
    return Person.objects.filter(Exists(working), ~Exists(results)).order_by("name", "code")
