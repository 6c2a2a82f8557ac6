"""Working out anew what something recorded has made stale, and nothing else.

Where what came in is about a few people, theirs and what they move is worked out; else the periods
that it reaches, as in the night (docs/adr/0227).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet

from incentives import calculate
from incentives.models import CalculationRun, PlanPeriod
from incentives.some_people import calculate_people
from org.models import InputChange, Period, User
from org.progress import Tell, quiet
from org.sql import fetch

Kind = InputChange.Kind
# What is about figures of single people. A changed job moves others too: the units of before.
OF_PEOPLE = (Kind.VALUES, Kind.UNDO, Kind.CORRECTION, Kind.AVAILABILITY, Kind.FACT)
MOST_SINGLY = 200


@dataclass(frozen=True)
class Came:
    """What was recorded: from which day on it counts (None: nothing was), and whom it is about.

    ``people`` is None where it is about too many to be worked out singly, or about everybody.
    """

    first: date | None
    people: tuple[int, ...] | None = None

    def reaches(self, period: Period) -> bool:
        """Whether a period may read it."""
        return self.first is not None and self.first < period.valid_to


@transaction.atomic
def freshen(*, by: User | None, at: datetime, on: date, tell: Tell = quiet) -> list[CalculationRun]:
    """Work out what is stale in the open periods that have begun; the runs that were made.

    Differences of final periods that it moves are worked out with them.
    """
    calculate.hold(calculate.open_periods(on))
    behind = set(_open_points().filter(outdated=True).values_list("period", flat=True))
    calculate.bring_up_to_date([])
    came = _came()
    # Looked for after the wait: one may have become final meanwhile.
    periods = [p for p in calculate.open_periods(on) if p.pk in behind or came.reaches(p)]
    made: list[CalculationRun] = []
    for place, period in enumerate(periods):
        tell(f"Working out {period.code}", place, len(periods))
        people = None if period.pk in behind else came.people
        made += _work_out(period, people, by=by, at=at, on=on)
    return made


def _came() -> Came:
    """What the marks say that were just taken."""
    [(first, singly, number)] = fetch(
        "SELECT min(first_day), bool_and(kind = ANY(%s) AND person_id IS NOT NULL AND plan IS"
        " NULL), count(DISTINCT person_id) FROM taken_mark",
        [list(OF_PEOPLE)],
    )
    if not singly or number > MOST_SINGLY:
        return Came(first)
    people = fetch("SELECT DISTINCT person_id FROM taken_mark ORDER BY 1")
    return Came(first, tuple(person for (person,) in people))


def _work_out(
    period: Period, people: tuple[int, ...] | None, *, by: User | None, at: datetime, on: date
) -> list[CalculationRun]:
    points = _open_points().filter(period=period)
    if people is None:
        made = calculate.calculate_period(period=period, by=by, at=at, on=on)
        # What no version rules any more cannot be worked out, so nothing waits there.
        points.exclude(plan__in=[run.plan_id for run in made]).update(outdated=False)
        return made
    # Before it is done, for what is recorded from now on is not in it.
    points.update(outdated=False)
    plans = [plan for plan, _ in calculate.find_open_plans(period)]
    calculate.calculate_differences(period, plans, by=by, at=at, on=on)
    return calculate_people(period=period, people=people, by=by, at=at, on=on)


def _open_points() -> QuerySet[PlanPeriod]:
    return PlanPeriod.objects.filter(final_at=None, run__isnull=False)
