"""Measures over pay: what a component, of this plan or another, earned in the window.

An earning is taken from what *should be* by now: the newest run of its plan and period, of either
purpose, that was made for everybody or for that person. It counts in the window that holds its
period's last day, and in the job and under the manager of its own day; without one, of the last day
of its period on which the person held the job that earned it.
"""

from __future__ import annotations

from datetime import timedelta

from psycopg.sql import SQL, Composable, Literal

from formula import key_of
from incentives.models import CalculationRun, Component, Plan
from incentives.participants import Frame
from incentives.windows import Stretch
from org.models import Period
from org.sql import NEVER, keep


def component_of(frame: Frame, name: str) -> tuple[int, list[int]]:
    """The plan that ``plan.component`` (or ``component``, of this plan) names, and the ids that
    the component has in its versions."""
    code, _, component = name.rpartition(".")
    plan = frame.version.plan_id
    if code:
        plan = Plan.objects.values_list("pk", flat=True).get(code=code)
    rows = Component.objects.filter(version__plan=plan).values_list("pk", "name")
    return plan, [pk for pk, own in rows if key_of(own) == key_of(component)]


def find(frame: Frame, name: str, stretch: Stretch) -> bool:
    """Fill ``earned_row`` (person_id, assignment_id, day, amount, waits); whether anything was
    calculated in the window at all."""
    plan, components = component_of(frame, name)
    periods = _periods(plan, stretch)
    runs = CalculationRun.objects.filter(plan=plan, period__in=periods)
    keep("current_run", SQL(CURRENT_RUNS).format(plan=Literal(plan), periods=Literal(periods)))
    keep("earned_row", _rows(components))
    return runs.exists()


def _periods(plan: int, stretch: Stretch) -> list[int]:
    """The periods of a plan's calendar whose last day lies in a window."""
    if stretch.start is None or stretch.end is None:
        return []
    found = Period.objects.filter(
        calendar__plans=plan,
        valid_to__gt=stretch.start,
        valid_to__lt=stretch.end + timedelta(days=1),
    )
    return list(found.values_list("pk", flat=True))


# For everybody (person_id is null) the newest run that is not restricted; for single people a newer
# one that is made for them.
CURRENT_RUNS = """
    WITH run AS (
        SELECT id, period_id, "only" AS people FROM incentives_calculationrun
        WHERE plan_id = {plan} AND period_id = ANY({periods}::bigint[])),
    whole AS (
        SELECT period_id, max(id) AS run_id FROM run
        WHERE people IS NULL OR people = 'null'::jsonb GROUP BY period_id)
    SELECT period_id, NULL::bigint AS person_id, run_id FROM whole
    UNION ALL
    SELECT run.period_id, who::bigint, max(run.id)
    FROM run LEFT JOIN whole USING (period_id)
    CROSS JOIN LATERAL jsonb_array_elements_text(
        CASE WHEN jsonb_typeof(run.people) = 'array' THEN run.people ELSE '[]' END) AS who
    WHERE run.id > coalesce(whole.run_id, 0) GROUP BY 1, 2
"""
EARNED = """
    SELECT earned.person_id, job.id AS assignment_id, coalesce(earned.day, job.last_day) AS day,
           earned.amount, earned.status <> 'decided' AS waits
    FROM (SELECT earning.*, period.valid_from, period.valid_to
          FROM current_run AS run
          JOIN incentives_earning AS earning ON earning.run_id = run.run_id
           AND earning.component_id = ANY({components}::bigint[])
           AND (run.person_id = earning.person_id OR run.person_id IS NULL AND NOT EXISTS (
             SELECT 1 FROM current_run AS newer WHERE newer.period_id = run.period_id
              AND newer.person_id = earning.person_id))
          JOIN org_period AS period ON period.id = run.period_id) AS earned
    CROSS JOIN LATERAL (
      SELECT job.id, LEAST(job.valid_to, earned.valid_to) - 1 AS last_day
      FROM org_assignment AS job
      JOIN org_unit AS unit ON unit.id = job.unit_id
      JOIN org_jobtype AS job_type ON job_type.id = job.job_type_id
      WHERE job.person_id = earned.person_id AND job.superseded_at = {never}
        AND job.slot = split_part(earned.job, '|', 1)
        AND job.valid_from < coalesce(earned.day + 1, earned.valid_to)
        AND job.valid_to > coalesce(earned.day, earned.valid_from)
        AND (split_part(earned.job, '|', 2) IN ('', unit.code))
        AND (split_part(earned.job, '|', 3) IN ('', job_type.code))
      ORDER BY job.valid_from DESC LIMIT 1) AS job
"""


def _rows(components: list[int]) -> Composable:
    return SQL(EARNED).format(components=Literal(components), never=SQL(NEVER))


SUMS = """
    SELECT counted.group_id, sum(earned.amount) AS "n 0", bool_or(earned.waits) AS "bad 0"
    FROM counted JOIN earned_row AS earned ON earned.person_id = counted.person_id
     AND earned.assignment_id = counted.assignment_id
     AND earned.day >= counted.first_day AND earned.day < counted.end_day
    GROUP BY counted.group_id
"""
