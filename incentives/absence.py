"""Days of a stretch in the unit that a version counts by, and how many of them were absent.

Calendar days, working days or scheduled hours. A day's absence counts as the part of the day that
it takes (its hours of the scheduled ones, else all of it), where its type reduces goals or payouts.
Where somebody has no schedule in a period, working days stand in for hours; working days of the
period before or after the job weigh as much as the scheduled ones do on average.
"""

from __future__ import annotations

from datetime import date

from psycopg.sql import SQL, Composable, Literal

from incentives.models import PlanVersion
from org.sql import NEVER, execute, keep

Days = PlanVersion.Days


def counts_absence(version: PlanVersion) -> bool:
    """Whether days of absence are taken off goals or amounts."""
    return "absence" in {*version.prorate_goal, *version.prorate_amount}


def used(version: PlanVersion) -> bool:
    """Whether it matters what was scheduled, or who was absent."""
    return version.prorate_days == Days.SCHEDULED or counts_absence(version)


def find(version: PlanVersion, first: date, until: date, *, prefix: str = "") -> None:
    """Fill ``person_day`` with schedules and absences of the days ``[first, until)``.

    ``prefix``: before the names of this table and of ``day_count``, where the days are not those of
    the period.
    """
    if not used(version):
        return
    keep(
        f"{prefix}person_day",
        SQL(PERSON_DAY).format(first=Literal(first), until=Literal(until), never=SQL(NEVER)),
    )
    execute(f"CREATE INDEX ON {prefix}person_day (person_id, slot, day)")


PERSON_DAY = """
    SELECT person_id, slot, day, max(scheduled) AS hours,
           LEAST(1, coalesce(sum(part) FILTER (WHERE reduces_goal), 0)) AS absent_goal,
           LEAST(1, coalesce(sum(part) FILTER (WHERE reduces_payout), 0)) AS absent_payout
    FROM (SELECT at.*, type.reduces_goal, type.reduces_payout,
                 CASE WHEN at.kind = 'absent' THEN CASE
                   WHEN at.hours IS NULL OR coalesce(at.scheduled, 0) = 0 THEN 1
                   ELSE LEAST(1, at.hours::numeric(80,50) / at.scheduled) END END AS part
          FROM (SELECT at.*, sum(at.hours) FILTER (WHERE at.kind = 'scheduled')
                         OVER (PARTITION BY at.person_id, at.slot, at.day) AS scheduled
                FROM org_availability AS at WHERE at.superseded_at = {never}
                 AND at.day >= {first} AND at.day < {until} AND at.kind <> 'worked') AS at
          LEFT JOIN org_absencetype AS type ON type.id = at.absence_type_id) AS at
    GROUP BY person_id, slot, day
"""


def measured(version: PlanVersion, stretches: Composable, *, prefix: str = "") -> Composable:
    """Stretches with ``work_days``, ``days``, ``period_days`` and what was absent of them.

    They have person_id, slot, calendar_id, counted_from, end_day, and the period that they are a
    part of: of_first, of_until. ``prefix``: of the tables of days, as in :func:`find`.
    """
    kind = Days(version.prorate_days)
    scheduled = kind == Days.SCHEDULED
    tables = _tables(prefix)
    return SQL(MEASURED).format(
        stretches=stretches,
        count=tables["count"],
        days=SQL(DAYS[kind]),
        period_days=SQL(PERIOD_DAYS[kind]),
        in_hours=SQL("planned.hours IS NOT NULL" if scheduled else "false"),
        absent=SQL(ABSENT if used(version) else NOT_ABSENT),
        planned=SQL(PLANNED if scheduled else "").format(never=SQL(NEVER), **tables),
        met=met(version, SQL("planned.hours IS NOT NULL"), prefix=prefix),
    )


def _tables(prefix: str) -> dict[str, SQL]:
    return {"count": SQL(prefix + "day_count"), "person_day": SQL(prefix + "person_day")}


DAYS = {
    Days.CALENDAR: "row.end_day - row.counted_from",
    Days.WORKING: "last.before - first.before",
    Days.SCHEDULED: "CASE WHEN planned.hours IS NULL THEN last.before - first.before"
    " ELSE coalesce(met.hours, 0) END",
}
PERIOD_DAYS = {
    Days.CALENDAR: "row.of_until - row.of_first",
    Days.WORKING: "closing.before - opening.before",
    Days.SCHEDULED: "CASE WHEN coalesce(planned.work, 0) = 0 THEN"
    " coalesce(planned.hours, closing.before - opening.before) WHEN planned.hours IS NULL"
    " THEN closing.before - opening.before"
    " ELSE planned.hours * (closing.before - opening.before)::numeric(80,50) / planned.work END",
}
ABSENT = ", met.absent_goal, met.absent_payout"
NOT_ABSENT = ", 0::numeric AS absent_goal, 0::numeric AS absent_payout"
MEASURED = """
    SELECT row.*, last.before - first.before AS work_days, ({days})::numeric AS days,
           ({period_days})::numeric AS period_days, {in_hours} AS in_hours{absent}
    FROM ({stretches}) AS row
    JOIN {count} AS first ON first.calendar_id = row.calendar_id AND first.day = row.counted_from
    JOIN {count} AS last ON last.calendar_id = row.calendar_id AND last.day = row.end_day
    JOIN {count} AS opening ON opening.calendar_id = row.calendar_id AND opening.day = row.of_first
    JOIN {count} AS closing ON closing.calendar_id = row.calendar_id AND closing.day = row.of_until
    {planned} {met}
"""
# All hours that are scheduled in the period, and the working days on which the job is held.
PLANNED = """
    CROSS JOIN LATERAL (SELECT
      (SELECT sum(at.hours) FROM {person_day} AS at WHERE at.person_id = row.person_id
         AND at.slot = row.slot AND at.day >= row.of_first AND at.day < row.of_until) AS hours,
      (SELECT sum(b.before - a.before) FROM org_assignment AS job
         JOIN {count} AS a ON a.calendar_id = row.calendar_id
          AND a.day = GREATEST(job.valid_from, row.of_first)
         JOIN {count} AS b ON b.calendar_id = row.calendar_id
          AND b.day = LEAST(job.valid_to, row.of_until)
         WHERE job.person_id = row.person_id AND job.slot = row.slot
          AND job.superseded_at = {never} AND job.valid_from < row.of_until
          AND job.valid_to > row.of_first) AS work) AS planned
"""


def met(version: PlanVersion, in_hours: Composable, *, prefix: str = "") -> Composable:
    """The join ``met`` that sums up the days of a stretch ``row``: hours and what was absent."""
    if not used(version):
        return SQL("")
    weight = {
        Days.CALENDAR: SQL("1"),
        Days.WORKING: SQL("day.working::int"),
        Days.SCHEDULED: SQL(
            "CASE WHEN {} THEN coalesce(at.hours, 0) ELSE day.working::int END"
        ).format(in_hours),
    }[Days(version.prorate_days)]
    return SQL(MET).format(weight=weight, **_tables(prefix))


MET = """
    CROSS JOIN LATERAL (
      SELECT sum(at.hours) AS hours, coalesce(sum(at.absent_goal * {weight}), 0) AS absent_goal,
             coalesce(sum(at.absent_payout * {weight}), 0) AS absent_payout
      FROM {person_day} AS at
      JOIN {count} AS day ON day.calendar_id = row.calendar_id AND day.day = at.day
      WHERE at.person_id = row.person_id AND at.slot = row.slot
        AND at.day >= row.counted_from AND at.day < row.end_day) AS met
"""
