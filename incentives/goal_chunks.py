"""Which goal a measure is held against, over which days; and the slices of longer windows.

Most measures have the goal of their own metric, for the period. Others have that of another metric,
of the team or of each person, of another calendar (a year's goal in a monthly plan), or one that
adds up over a window.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from psycopg.sql import SQL, Composable, Literal

from incentives import leavers, windows
from incentives.models import PlanVersion
from incentives.participants import Frame
from incentives.rules import UNIT_SCOPES, MeasureRule, Window
from org.calendars import make_periods
from org.models import Calendar, Period
from org.sql import values

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Round:
    """Measures whose goals are worked out together: over the same days, for one calendar.

    ``strict``: only goals that name the calendar. ``blended``: all slices of a job slot count for
    each of its results, though these are kept apart.
    """

    window: Window
    calendar: int
    strict: bool = False
    blended: bool = False

    @property
    def plain(self) -> bool:
        """Whether the slices of the results are all that is needed."""
        return self.window.kind == "period" and not self.strict and not self.blended


@dataclass(frozen=True)
class Variant:
    """A goal within a round: whose, of which metric, put together as which kind, by whose weights.

    ``weigh`` is the metric whose denominators weigh the goals of ratios.
    """

    of: str
    metric: int
    kind: str
    weigh: int


def round_of(frame: Frame, measure: MeasureRule) -> Round:
    """The round in which a measure's goal is worked out."""
    unit = goal_of(measure) == "team"
    blended = frame.rules.separate and measure.apart == "blend" and not unit
    if measure.goal_calendar is not None:
        return Round(Window(), measure.goal_calendar, strict=True, blended=blended)
    return Round(measure.window, frame.period.calendar_id, blended=blended)


def variant_of(measure: MeasureRule) -> Variant | None:
    """The goal of a measure; None where it stands on pay and names no metric."""
    metric = measure.goal_metric or measure.metric
    if not metric:
        return None
    return Variant(goal_of(measure), metric, measure.kind, measure.metric)


def goal_of(measure: MeasureRule) -> str:
    """Whether a measure is held against the goal of a person or of a unit as a whole."""
    return measure.goal_of or ("team" if measure.scope in UNIT_SCOPES else "person")


# --- days


@dataclass(frozen=True)
class Part:
    """The days ``[first, until)`` of a round, as a part of the period ``[of_first, of_until)``."""

    first: date
    until: date
    of_first: date
    of_until: date
    current: bool


PART_COLUMNS = (
    ("first", "date"),
    ("until", "date"),
    ("of_first", "date"),
    ("of_until", "date"),
    ("current", "boolean"),
)


def parts_of(frame: Frame, one: Round) -> list[Part]:
    """The parts of a round, in order of time; none where there is no such window."""
    if one.strict and one.calendar != frame.period.calendar_id:
        found = Period.objects.filter(
            calendar=one.calendar, valid_from__lt=frame.end, valid_to__gte=frame.end
        ).first()
        if found is None:
            return []
        # The whole period of the other calendar, also the rest of it that is still to come.
        days = found.valid_from, found.valid_to
        return [Part(*days, *days, current=False)]
    stretch = windows.find(one.window, frame.period)
    if one.window.kind == "own_dates" and stretch.start and stretch.end:
        whole = stretch.start, stretch.end
        return [Part(c.start, c.end, *whole, current=c.current) for c in stretch.joined().chunks]
    return [part for chunk in stretch.chunks for part in _of_chunk(frame, chunk)]


def _of_chunk(frame: Frame, chunk: windows.Chunk) -> Iterator[Part]:
    """A period; or the periods that there would be, where the calendar has none so early."""
    calendar = frame.period.calendar
    if chunk.period is not None or calendar.kind == Calendar.Kind.OWN_DATES:
        yield Part(chunk.start, chunk.end, chunk.start, chunk.end, chunk.current)
        return
    for span in make_periods(calendar, chunk.start, chunk.end - ONE_DAY):
        first, until = max(span.start, chunk.start), min(span.end, chunk.end)
        yield Part(first, until, span.start, span.end, chunk.current)


def rows(parts: list[Part]) -> Composable:
    """A query of parts."""
    return values(
        [(p.first, p.until, p.of_first, p.of_until, p.current) for p in parts], PART_COLUMNS
    )


def stretches(frame: Frame, one: Round) -> Composable:
    """The stretches of jobs of each result over the parts, read from ``goal_part``.

    Days in the period that is calculated are those that the plan rules; before it all days in the
    job slot count, as for the figures.
    """
    left_out = frame.version.first_day == PlanVersion.FirstDay.LEFT_OUT
    query = SQL(STRETCHES).format(
        group=SQL("key.result_id" if one.blended else "slice.result_id"),
        same_slot=SQL("JOIN outcome_key AS key USING (person_id, slot)" if one.blended else ""),
        left_out=Literal(left_out),
        **frame.days,
    )
    if one.window.kind == "since_hire":
        began = leavers.tenure_start(frame.version)
        query = SQL(SINCE_HIRE).format(query=query, began=began)
    return query


STRETCHES = """
    SELECT {group} AS result_id, slice.assignment_id, slice.person_id, slice.slot, slice.share,
           slice.unit_id, slice.job_type_id, slice.calendar_id,
           GREATEST(slice.first_day, part.first) AS first_day,
           LEAST(slice.end_day, part.until) AS end_day,
           LEAST(GREATEST(slice.counted_from, part.first), slice.end_day, part.until)
             AS counted_from, part.of_first, part.of_until
    FROM slice {same_slot} JOIN goal_part AS part ON part.current
     AND slice.first_day < part.until AND slice.end_day > part.first
    WHERE NOT slice.behind
    UNION ALL
    SELECT key.result_id, job.id, job.person_id, job.slot, job.share, job.unit_id, job.job_type_id,
           coalesce(unit.holiday_calendar_id,
             (SELECT id FROM org_holidaycalendar WHERE is_default), 0),
           GREATEST(job.valid_from, part.first), LEAST(job.valid_to, part.until),
           GREATEST(job.valid_from, part.first) + ({left_out} AND job.valid_from > part.of_first
             AND job.valid_from >= part.first AND NOT EXISTS (
               SELECT 1 FROM org_assignment AS before WHERE before.person_id = job.person_id
               AND before.slot = job.slot AND before.superseded_at = {never}
               AND before.valid_from < job.valid_from
               AND before.valid_to >= job.valid_from))::int, part.of_first, part.of_until
    FROM outcome_key AS key JOIN org_assignment AS job ON job.person_id = key.person_id
     AND job.slot = key.slot AND job.superseded_at = {never}
    JOIN org_unit AS unit ON unit.id = job.unit_id
    JOIN goal_part AS part ON NOT part.current
     AND job.valid_from < part.until AND job.valid_to > part.first
    WHERE NOT key."only credits"
"""
SINCE_HIRE = """
    SELECT row.result_id, row.assignment_id, row.person_id, row.slot, row.share, row.unit_id,
           row.job_type_id, row.calendar_id, GREATEST(row.first_day, hired.day) AS first_day,
           row.end_day, GREATEST(row.counted_from, hired.day) AS counted_from, row.of_first,
           row.of_until
    FROM ({query}) AS row JOIN (
      SELECT key.result_id, {began} AS day FROM outcome_key AS key) AS hired USING (result_id)
    WHERE row.end_day > hired.day
"""
