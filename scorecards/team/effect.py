"""What a correction that is asked for would change in pay: the engine, before and after it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from incentives.models import PlanPeriod
from incentives.preview import PersonChange, Preview, preview
from metrics.correct import correct
from metrics.models import CorrectionRequest
from org.models import Period, User


@dataclass(frozen=True)
class Effect:
    """One period and who would get more or less in it; nobody where nothing moves."""

    period: Period
    final: bool
    people: tuple[PersonChange, ...]


def effect_of(request: CorrectionRequest, *, at: datetime, on: date) -> tuple[Effect, ...]:
    """The change in pay for every calculated period that holds the day, the real engine's.

    Nothing stays of it. DomainError where the figure cannot be corrected.
    """
    points = PlanPeriod.objects.filter(
        period__valid_from__lte=request.day, period__valid_to__gt=request.day, run__isnull=False
    )
    periods = Period.objects.filter(pk__in=points.values("period")).select_related("calendar")
    found = []
    for period in periods.order_by("valid_from", "calendar__code"):
        tried = preview(period=period, change=lambda: _make(request, at), at=at, on=on)
        final = all(point.final_at for point in points.filter(period=period))
        found.append(Effect(period, final, _moved(tried)))
    return tuple(found)


def _make(request: CorrectionRequest, at: datetime) -> list[str]:
    asked_by: User = request.asked_by
    correct(
        person=request.person,
        day=request.day,
        metric=request.metric,
        reference=request.reference,
        numerator=request.numerator,
        denominator=request.denominator,
        reason=request.reason,
        by=asked_by,
        at=at,
    )
    return [str(request)]


def _moved(tried: Preview) -> tuple[PersonChange, ...]:
    return tuple(one for one in tried.people if one.change)
