"""Whose work, on which days, a figure adds up: for each scope and window the stretches of jobs.

A query of this module has the columns group_id, assignment_id, person_id, first_day, end_day,
period_id, and whole: whether the stretch is all of the job's days in a period that has totals.

Who counts, by scope:

``own``      In the period that is calculated, the days on which the plan rules the person's job. In
             earlier ones all work in the same job slot, whichever assignment it lay in.
``direct``   Everybody's days under this manager, by the manager of the day. Who holds two job slots
             has the reports in one result: that of the primary slot, where the plan rules it.
             The manager's own work is not in it, unless ``with_manager`` says so.
``team``     Everybody's days in the unit, whatever plan pays them. The person's own work there is
             in it, unless ``with_manager: false`` leaves it out.
``subtree``  The same for the unit and all below it, as the tree stood on the day.
"""

from __future__ import annotations

from dataclasses import dataclass

from psycopg.sql import SQL, Composable, Literal

from incentives import leavers
from incentives.models import Measure
from incentives.participants import Frame
from incentives.rules import MeasureRule, VersionRules, Window
from incentives.windows import Chunk, Stretch
from org.sql import keep

Scope = Measure.Scope
UNITS = frozenset({Scope.TEAM, Scope.SUBTREE})


@dataclass(frozen=True)
class Source:
    """What several measures of a version may share: whose values, of which days, seen how.

    ``blended``: all of a job slot counts in each of its results, though they are kept apart.
    ``filter`` is the text of a condition over transactions, or empty.
    """

    scope: str
    window: Window
    with_manager: bool = False
    blended: bool = False
    filter: str = ""
    undone_as: str = "restate"
    earnings_of: str = ""

    @property
    def by_result(self) -> bool:
        """Whether each result has a figure of its own; else all of a unit share one."""
        if self.scope in UNITS:
            return not self.with_manager or self.window.kind == "since_hire"
        return True

    @property
    def group(self) -> str:
        """The column of ``outcome_key`` by which a result finds its figure."""
        return "key.result_id" if self.by_result else "key.unit_id"

    @property
    def has_totals(self) -> bool:
        """Whether totals can be read: they hold all of a metric, less what was taken back."""
        return not self.filter and self.undone_as == "restate" and not self.earnings_of


def source_of(rules: VersionRules, measure: MeasureRule) -> Source:
    """The source of a measure, with the defaults of its scope."""
    usual = measure.scope in UNITS
    return Source(
        scope=measure.scope,
        window=measure.window,
        with_manager=usual if measure.with_manager is None else measure.with_manager,
        blended=rules.separate and measure.apart == "blend" and measure.scope not in UNITS,
        filter=measure.filter.text if measure.filter else "",
        undone_as=measure.undone_as,
        earnings_of=measure.earnings_of,
    )


def counted(frame: Frame, source: Source, stretch: Stretch) -> Composable:
    """The query of stretches of a source; fills ``chunk`` and what else it reads."""
    keep("chunk", stretch.rows())
    if source.scope in UNITS:
        query = _of_units(frame, source)
    else:
        query = _of_results(frame, source, stretch)
    if stretch.since_hire:
        began = leavers.tenure_start(frame.version)
        query = SQL(SINCE_HIRE).format(query=query, began=began)
    return query


# The tenure of the employment that covers the result's last day begins the window.
SINCE_HIRE = """
    SELECT part.group_id, part.assignment_id, part.person_id,
           GREATEST(part.first_day, hired.day) AS first_day, part.end_day, part.period_id,
           part.whole AND hired.day <= part.first_day AS whole
    FROM ({query}) AS part JOIN (
      SELECT key.result_id, {began} AS day FROM outcome_key AS key) AS hired
     ON hired.result_id = part.group_id
    WHERE part.end_day > hired.day
"""

# --- own and direct


def _of_results(frame: Frame, source: Source, stretch: Stretch) -> Composable:
    current = [chunk for chunk in stretch.chunks if chunk.current]
    earlier = len(current) < len(stretch.chunks)
    parts: list[Composable] = []
    if source.scope == Scope.OWN or source.with_manager:
        parts += [_own_now(source, chunk) for chunk in current]
        parts += [SQL(OWN_EARLIER).format(**frame.days)] if earlier else []
        parts += _trailing(frame, source, stretch)
    if source.scope == Scope.DIRECT:
        keep("led", SQL(LED))
        parts += [_direct_now(frame, chunk) for chunk in current]
        parts += [SQL(DIRECT_EARLIER).format(**frame.days)] if earlier else []
    return SQL(" UNION ALL ").join(parts) if parts else SQL(NOBODY)


NOBODY = """
    SELECT NULL::bigint AS group_id, NULL::bigint AS assignment_id, NULL::bigint AS person_id,
           NULL::date AS first_day, NULL::date AS end_day, NULL::bigint AS period_id,
           NULL::boolean AS whole WHERE false
"""
OWN_NOW = """
    SELECT {group} AS group_id, slice.assignment_id, slice.person_id,
           GREATEST(slice.first_day, {start}) AS first_day,
           LEAST(slice.end_day, {end}) AS end_day, {period}::bigint AS period_id,
           slice.whole AND {whole} AS whole
    FROM slice {same_slot} WHERE slice.first_day < {end} AND slice.end_day > {start}
"""
SAME_SLOT = "JOIN outcome_key AS key USING (person_id, slot)"


def _own_now(source: Source, chunk: Chunk) -> Composable:
    return SQL(OWN_NOW).format(
        group=SQL("key.result_id" if source.blended else "slice.result_id"),
        same_slot=SQL(SAME_SLOT if source.blended else ""),
        start=Literal(chunk.start),
        end=Literal(chunk.end),
        period=Literal(chunk.period),
        whole=Literal(chunk.period is not None),
    )


OWN_EARLIER = """
    SELECT key.result_id AS group_id, job.id AS assignment_id, job.person_id,
           GREATEST(job.valid_from, chunk.first) AS first_day,
           LEAST(job.valid_to, chunk.until) AS end_day, chunk.period_id,
           chunk.period_id IS NOT NULL AS whole
    FROM outcome_key AS key JOIN org_assignment AS job ON job.person_id = key.person_id
     AND job.slot = key.slot AND job.superseded_at = {never}
    JOIN chunk ON job.valid_from < chunk.until AND job.valid_to > chunk.first
    WHERE NOT chunk.current
"""


def _trailing(frame: Frame, source: Source, stretch: Stretch) -> list[Composable]:
    """Days after a job's last one on which credits still count for it: values without a job."""
    if not leavers.trailing_days(frame.version) or source.scope != Scope.OWN:
        return []
    return [
        SQL(TRAILING).format(
            same=SQL(SAME_JOB if frame.rules.separate and not source.blended else ""),
            start=Literal(stretch.start),
            end=Literal(stretch.end),
        )
    ]


TRAILING = """
    SELECT DISTINCT slice.result_id AS group_id, 0::bigint AS assignment_id, slice.person_id,
           GREATEST(trail.first_day, {start}) AS first_day,
           LEAST(trail.end_day, {end}) AS end_day, NULL::bigint AS period_id, false AS whole
    FROM trail JOIN slice USING (person_id, slot)
    JOIN org_assignment AS job ON job.id = trail.assignment_id {same}
    WHERE trail.first_day < {end} AND trail.end_day > {start}
"""
SAME_JOB = "AND job.unit_id = slice.unit_id AND job.job_type_id = slice.job_type_id"

# The days on which a result leads: not those on which a nearer job slot of the person has one too.
LED = """
    SELECT result_id, person_id, lower(part) AS first_day, upper(part) AS end_day
    FROM (SELECT own.result_id, own.person_id, own.days - coalesce((
            SELECT range_agg(daterange(other.first_day, other.end_day)) FROM slice AS other
            WHERE other.person_id = own.person_id
              AND (other.slot <> 'primary', other.slot) < (own.slot <> 'primary', own.slot)),
            '{}') AS days
          FROM (SELECT result_id, person_id, slot,
                       range_agg(daterange(first_day, end_day)) AS days
                FROM slice GROUP BY result_id, person_id, slot) AS own) AS own
    CROSS JOIN LATERAL unnest(own.days) AS part
"""
DIRECT_NOW = """
    SELECT led.result_id AS group_id, job.id AS assignment_id, job.person_id,
           GREATEST(job.valid_from, led.first_day, {first}) AS first_day,
           LEAST(job.valid_to, led.end_day, {until}) AS end_day, {period}::bigint AS period_id,
           {whole} AND led.first_day <= GREATEST(job.valid_from, {start})
             AND led.end_day >= LEAST(job.valid_to, {end}) AS whole
    FROM led JOIN org_assignment AS job ON job.manager_id = led.person_id
     AND job.superseded_at = {never}
    WHERE GREATEST(job.valid_from, led.first_day, {first})
        < LEAST(job.valid_to, led.end_day, {until})
"""
DIRECT_EARLIER = """
    SELECT key.result_id AS group_id, job.id AS assignment_id, job.person_id,
           GREATEST(job.valid_from, chunk.first) AS first_day,
           LEAST(job.valid_to, chunk.until) AS end_day, chunk.period_id,
           chunk.period_id IS NOT NULL AS whole
    FROM (SELECT result_id, person_id, slot = first_value(slot) OVER (
            PARTITION BY person_id ORDER BY slot <> 'primary', slot) AS leads
          FROM outcome_key) AS key
    JOIN org_assignment AS job ON job.manager_id = key.person_id AND job.superseded_at = {never}
    JOIN chunk ON job.valid_from < chunk.until AND job.valid_to > chunk.first
    WHERE key.leads AND NOT chunk.current
"""


def _direct_now(frame: Frame, chunk: Chunk) -> Composable:
    return SQL(DIRECT_NOW).format(
        first=Literal(chunk.start),
        until=Literal(chunk.end),
        period=Literal(chunk.period),
        whole=Literal(chunk.period is not None),
        **frame.days,
    )


# --- units

TEAM = """
    SELECT {group} AS group_id, job.id AS assignment_id, job.person_id,
           GREATEST(job.valid_from, chunk.first) AS first_day,
           LEAST(job.valid_to, chunk.until) AS end_day, chunk.period_id,
           chunk.period_id IS NOT NULL AS whole
    FROM org_assignment AS job
    JOIN chunk ON job.valid_from < chunk.until AND job.valid_to > chunk.first
    {whose} job.unit_id {others} AND job.superseded_at = {never}
"""
SUBTREE = """
    SELECT {group} AS group_id, job.id AS assignment_id, job.person_id,
           GREATEST(job.valid_from, chunk.first, closure.valid_from) AS first_day,
           LEAST(job.valid_to, chunk.until, closure.valid_to) AS end_day, chunk.period_id,
           chunk.period_id IS NOT NULL
             AND closure.valid_from <= GREATEST(job.valid_from, chunk.first)
             AND closure.valid_to >= LEAST(job.valid_to, chunk.until) AS whole
    FROM org_assignment AS job
    JOIN org_unitclosure AS closure ON closure.descendant_id = job.unit_id
    JOIN chunk ON GREATEST(job.valid_from, closure.valid_from, chunk.first)
                < LEAST(job.valid_to, closure.valid_to, chunk.until)
    {whose} closure.ancestor_id {others} AND job.superseded_at = {never}
"""


def _of_units(frame: Frame, source: Source) -> Composable:
    unit = "job.unit_id" if source.scope == Scope.TEAM else "closure.ancestor_id"
    text = TEAM if source.scope == Scope.TEAM else SUBTREE
    if not source.by_result:
        return SQL(text).format(
            group=SQL(unit),
            whose=SQL("WHERE"),
            others=SQL("IN (SELECT unit_id FROM outcome_key)"),
            **frame.days,
        )
    others = "" if source.with_manager else "AND job.person_id <> key.person_id"
    return SQL(text).format(
        group=SQL("key.result_id"),
        whose=SQL("JOIN outcome_key AS key ON key.unit_id ="),
        others=SQL(others),
        **frame.days,
    )
