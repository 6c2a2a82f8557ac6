"""Those who leave: credits that still count for a while, and who must be there to be paid.

``trailing_days`` of a version: credits dated on day one to n after a job's last day have no job of
their own; they count for the one that ended, if the plan ruled it. Whoever has such credits in a
later period has a result there, without an eligible day. ``employed_on``: whoever is not employed
on that day earns nothing.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from psycopg.sql import SQL, Composable, Identifier, Literal

from incentives.models import PlanVersion
from incentives.rules import VersionRules
from org.sql import NEVER, execute, keep

# The column of ``outcome_key`` that says who is not employed on the day that counts.
NOT_EMPLOYED = "not employed"


def option(version: PlanVersion, name: str) -> Any:
    """What a version says of leavers, or None."""
    return (version.options or {}).get("leavers", {}).get(name)


def options_of(version: PlanVersion) -> frozenset[tuple[str, str]]:
    """All that a version says of leavers."""
    said = (version.options or {}).get("leavers", {})
    return frozenset((name, str(value)) for name, value in said.items())


def asks_for_employment(version: PlanVersion) -> bool:
    """Whether who is not employed on a certain day earns nothing."""
    return option(version, "employed_on") not in (None, "none")


def waits_for_pay_date(version: PlanVersion) -> bool:
    """Whether who is not employed on the pay date, after the period, earns nothing."""
    return bool(option(version, "employed_on") == "pay_date")


def forfeits(version: PlanVersion) -> bool:
    """Whether who leaves loses what is held."""
    return bool(option(version, "held") == "forfeit")


def trailing_days(version: PlanVersion) -> int:
    """How many days after a job's last one its credits still count."""
    return int(option(version, "trailing_days") or 0)


def tenure_start(version: PlanVersion) -> Composable:
    """The day from which tenure counts, of the employment that covers the last day of ``key``, a
    row of ``outcome_key``.

    With ``tenure_gap`` an employment that begins at most so many days after the one before goes on
    with its tenure, unless the people file says when its own began.
    """
    gap = option(version, "tenure_gap")
    if gap is None:
        return SQL(TENURE_START).format(never=SQL(NEVER))
    return SQL(UNBROKEN).format(never=SQL(NEVER), gap=Literal(int(gap)))


TENURE_START = """
    (SELECT tenure_start FROM org_employment AS employment
     WHERE employment.person_id = key.person_id AND employment.superseded_at = {never}
       AND employment.valid_from < key.end_day ORDER BY employment.valid_from DESC LIMIT 1)
"""
# ``anew``: an employment whose tenure is its own. What lies before the latest of them is past.
UNBROKEN = """
    (SELECT tenure_start FROM (
       SELECT tenure_start, valid_from, bool_or(anew) OVER (ORDER BY valid_from DESC
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS past
       FROM (SELECT tenure_start, valid_from, tenure_start <> valid_from OR coalesce(
                      valid_from - lag(valid_to) OVER (ORDER BY valid_from) > {gap}, true) AS anew
             FROM org_employment AS employment
             WHERE employment.person_id = key.person_id AND employment.superseded_at = {never}
               AND employment.valid_from < key.end_day) AS employment) AS employment
     WHERE past IS NOT TRUE ORDER BY valid_from LIMIT 1)
"""


def opening(version: PlanVersion, start: date) -> date:
    """The first day of a job's end that may still have credits in a period that begins then."""
    days = trailing_days(version)
    if not days:
        return start
    versions = version.plan.versions.exclude(status=PlanVersion.Status.RETIRED)
    first = min([*versions.values_list("in_force", flat=True), version.in_force])
    return min(start, max(first, start - timedelta(days=days)))


def find_trailing(rules: VersionRules, start: date, end: date) -> None:
    """Fill ``trail`` (assignment_id, person_id, slot, ended, first_day, end_day) out of ``won``.

    Where two job slots of a person trail on the same days, the nearer one has the credits.
    """
    about = {
        "start": Literal(start),
        "end": Literal(end),
        "days": Literal(trailing_days(rules.version)),
        "never": SQL(NEVER),
    }
    keep("ended_job", SQL(ENDED).format(**about))
    keep("trail", SQL(TRAILING))


ENDED = """
    SELECT job.id AS assignment_id, job.person_id, job.slot, job.valid_to AS ended,
           job.valid_to AS first_day, LEAST(job.valid_to + {days}::int, {end}, (
             SELECT min(next.valid_from) FROM org_assignment AS next
             WHERE next.person_id = job.person_id AND next.slot = job.slot
               AND next.superseded_at = {never} AND next.valid_from >= job.valid_to)) AS end_day
    FROM won JOIN org_assignment AS job ON job.id = won.assignment_id
    WHERE job.valid_to < {end} AND job.valid_to + {days}::int > {start}
      AND upper(won.days) = job.valid_to
"""
TRAILING = """
    SELECT own.assignment_id, own.person_id, own.slot, own.ended,
           lower(part) AS first_day, upper(part) AS end_day
    FROM (SELECT own.*, datemultirange(daterange(own.first_day, own.end_day)) - coalesce((
            SELECT range_agg(daterange(other.first_day, other.end_day)) FROM ended_job AS other
            WHERE other.person_id = own.person_id AND other.first_day < other.end_day
              AND (other.slot <> 'primary', other.slot) < (own.slot <> 'primary', own.slot)),
            '{}') AS days
          FROM ended_job AS own WHERE own.first_day < own.end_day) AS own
    CROSS JOIN LATERAL unnest(own.days) AS part
"""


def left_behind(rules: VersionRules, start: date, stretches: str) -> Composable:
    """Jobs that ended before their result's period but have credits in it: no day of theirs."""
    metrics = sorted({m.metric for m in rules.stored if m.metric})
    same = "AND there.unit_id = job.unit_id AND there.job_type_id = job.job_type_id"
    return SQL(LEFT_BEHIND.replace("{stretches}", stretches)).format(
        start=Literal(start),
        metrics=Literal(metrics),
        never=SQL(NEVER),
        same=SQL(same if rules.separate else ""),
    )


LEFT_BEHIND = """
    SELECT DISTINCT ON (job.person_id, job.slot) job.id AS assignment_id, job.person_id, job.slot,
           job.share, job.unit_id, job.job_type_id, unit.code AS unit_code,
           job_type.code AS job_code, trail.ended - 1 AS first_day, trail.ended AS end_day,
           true AS whole, false AS joined,
           coalesce(unit.holiday_calendar_id,
             (SELECT id FROM org_holidaycalendar WHERE is_default), 0) AS calendar_id,
           trail.ended AS counted_from, true AS behind
    FROM trail JOIN org_assignment AS job ON job.id = trail.assignment_id
    JOIN org_unit AS unit ON unit.id = job.unit_id
    JOIN org_jobtype AS job_type ON job_type.id = job.job_type_id
    WHERE EXISTS (SELECT 1 FROM metrics_value AS value WHERE value.person_id = job.person_id
       AND value.day >= GREATEST(trail.first_day, {start}) AND value.day < trail.end_day
       AND value.assignment_id IS NULL AND value.superseded_at = {never}
       AND value.metric_id = ANY({metrics}::bigint[]))
     AND NOT EXISTS (SELECT 1 FROM ({stretches}) AS there
       WHERE there.person_id = job.person_id AND there.slot = job.slot {same})
    ORDER BY job.person_id, job.slot, trail.ended DESC
"""


def away(version: PlanVersion, last_day: date, pay_date: date | None) -> Composable:
    """Whether the person of ``outcome_key`` row ``key`` is not employed on the day that counts.

    ``pay_date``: for those whose pay group's calendar does not say when the period is paid.
    """
    day = option(version, "employed_on")
    about = {"never": SQL(NEVER), "last": Literal(last_day), "pay": Literal(pay_date or last_day)}
    if day == "period_end":
        return SQL(AWAY).format(day=Literal(last_day), **about)
    if day == "pay_date":
        return SQL(AWAY).format(day=SQL(PAY_DATE).format(**about), **about)
    return SQL("false")


AWAY = """
    NOT EXISTS (SELECT 1 FROM org_employment AS employment
      WHERE employment.person_id = key.person_id AND employment.superseded_at = {never}
        AND employment.valid_from <= {day} AND employment.valid_to > {day})
"""
# The first pay date after the period, of the pay group of the person's newest employment.
PAY_DATE = """
    coalesce((SELECT min(paid.pay_date) FROM org_period AS paid WHERE paid.pay_date > {last}
      AND paid.calendar_id = (
        SELECT pay_group.calendar_id FROM org_employment AS newest
        LEFT JOIN org_paygroup AS pay_group ON pay_group.id = newest.pay_group_id
        WHERE newest.person_id = key.person_id AND newest.superseded_at = {never}
          AND newest.valid_from <= {last} ORDER BY newest.valid_from DESC LIMIT 1)), {pay})
"""


def take_away(version: PlanVersion, run: int) -> None:
    """Let those who are not employed on the day that counts earn nothing in a provisional run.

    Earnings are never updated, so their lines go and come back.
    """
    if not asks_for_employment(version):
        return
    about = {"run": Literal(run), "columns": SQL(", ").join(map(Identifier, LINE))}
    keep("not_employed", SQL(LINES).format(**about))
    execute(SQL(GONE).format(**about))
    execute(SQL(AS_NOTHING).format(**about))


LINE = (
    "person_id", "component_id", "job", "grain", "plan_id", "period_id", "transaction_id", "role",
    "day", "unit_id", "currency",
)  # fmt: skip
LINES = """
    SELECT earning.* FROM incentives_earning AS earning JOIN outcome_key AS key
     ON key.person_id = earning.person_id AND key.job = earning.job AND key."not employed"
    WHERE earning.run_id = {run}
"""
GONE = """
    DELETE FROM incentives_earning AS earning USING not_employed AS line
    WHERE earning.run_id = {run} AND earning.person_id = line.person_id
      AND earning.component_id = line.component_id AND earning.job = line.job
      AND earning.grain = line.grain
"""
# A line of a credit, day or team says under “plan” what it was before, as when the plan cuts it.
AS_NOTHING = """
    INSERT INTO incentives_earning (run_id, {columns}, amount, status, problem, detail)
    SELECT {run}, {columns}, 0, 'decided', 'not_employed', CASE WHEN grain = '' THEN detail
        ELSE coalesce(detail, '{{}}') || jsonb_build_object('plan', amount::text) END
    FROM not_employed
"""


# Whose last employment has ended, with the first day after it.
LEFT = """
    SELECT person_id, max(valid_to) AS since FROM org_employment
    WHERE superseded_at = {never} AND valid_from <= {on}
    GROUP BY person_id HAVING max(valid_to) <= {on}
"""


def gone_by(on: date) -> Composable:
    """The query for those who have left by a day: person_id and ``since``, the first day without
    an employment."""
    return SQL(LEFT).format(never=SQL(NEVER), on=Literal(on))
