"""The statement of a team's table.

Whom it is about, the days and what is chosen are parameters: for everybody of a tenant who opens a
period the text is the same, so it is written once a process and planned once a connection.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from django.db import connection
from psycopg.sql import SQL, Composable, Identifier, Literal

from formula import Ref
from incentives.evaluate import Work, attain
from incentives.participants import Frame
from incentives.rules import decided_name
from org.queries import VISIBLE
from org.sql import NEVER
from scorecards.standing import CLOSE
from scorecards.team.mains import Main

STATES = ("failed", "behind", "undecided", "none", "no_plan", "on_track", "ahead")
"""How people stand, those who need attention most first."""

ATTENTION = frozenset(STATES[:5])
BINS = 16  # of ten percent each, the last for all above

# Nobody can tell the planner how few are visible: joined, they would be looked up among everybody.
STATEMENT = """
    WITH visible AS MATERIALIZED (
        SELECT person_id FROM ({visible}) AS seen WHERE person_id <> %(but)s
    ), job AS (
        SELECT DISTINCT ON (person_id) person_id, unit_id, job_type_id FROM org_assignment
        WHERE superseded_at = {never} AND valid_from <= %(day)s AND valid_to > %(day)s
          AND person_id IN (SELECT person_id FROM visible)
        ORDER BY person_id, slot <> 'primary', slot
    ), attained AS (
        SELECT DISTINCT ON (person_id) * FROM ({attained}) AS each
        ORDER BY person_id, attainment IS NULL, place, job <> 'primary', job
    ), earned AS (
        SELECT person_id, {amount} AS amount, bool_or(amount IS NULL) AS undecided,
               bool_or(status = 'failed') AS failed
        FROM incentives_earning
        WHERE run_id = ANY({runs}) AND person_id IN (SELECT person_id FROM visible)
        GROUP BY 1
    ), away AS (
        SELECT at.person_id, min(coalesce(nullif(type.name, ''), type.code, 'absent')) AS why
        FROM org_availability AS at LEFT JOIN org_absencetype AS type ON type.id = absence_type_id
        WHERE at.superseded_at = {never} AND at.kind = 'absent' AND at.day = %(on)s
          AND at.person_id IN (SELECT person_id FROM visible)
        GROUP BY 1
    ), team AS MATERIALIZED (
        SELECT person.id, person.code, person.name, unit.code AS unit_code, unit.name AS unit,
               type.code AS job_code, type.name AS job_type, attained.place AS main,
               attained.actual, attained.goal, attained.attainment, earned.amount,
               coalesce(earned.undecided, false) AS undecided,
               coalesce(earned.failed, false) AS failed, coalesce(away.why, '') AS absent,
               CASE WHEN earned.failed THEN 'failed'
                    WHEN attained.state = 'behind' THEN 'behind'
                    WHEN earned.undecided THEN 'undecided'
                    WHEN attained.person_id IS NULL THEN 'no_plan'
                    ELSE attained.state END AS state
        FROM org_person AS person
        LEFT JOIN job ON job.person_id = person.id
        LEFT JOIN org_unit AS unit ON unit.id = job.unit_id
        LEFT JOIN org_jobtype AS type ON type.id = job.job_type_id
        LEFT JOIN attained ON attained.person_id = person.id
        LEFT JOIN earned ON earned.person_id = person.id
        LEFT JOIN away ON away.person_id = person.id
        WHERE person.id IN (SELECT person_id FROM visible)
          AND (job.person_id IS NOT NULL OR attained.person_id IS NOT NULL)
    ), shown AS (SELECT * FROM team WHERE {filters})
    SELECT
      (SELECT coalesce(json_agg(json_build_object(
            'id', id, 'code', code, 'name', name, 'unit', unit, 'job_type', job_type,
            'main', main, 'state', state, 'undecided', undecided, 'failed', failed,
            'absent', absent, 'actual', actual::text, 'goal', goal::text,
            'attainment', attainment::text, 'amount', amount::text)), '[]') FROM (
          SELECT * FROM shown ORDER BY {order}, name, id
          OFFSET %(offset)s LIMIT %(limit)s) AS part),
      (SELECT count(*) FROM shown),
      (SELECT count(*) FROM team),
      (SELECT coalesce(json_object_agg(state, number), '{{}}') FROM (
          SELECT state, count(*) AS number FROM team GROUP BY 1) AS each),
      (SELECT count(*) FROM team WHERE absent <> ''),
      (SELECT sum(amount) FROM team),
      (SELECT coalesce(json_object_agg(bin, number), '{{}}') FROM (
          SELECT LEAST({last_bin}, GREATEST(0, floor(attainment * 10)))::int AS bin,
                 count(*) AS number
          FROM team WHERE attainment IS NOT NULL GROUP BY 1) AS each),
      (SELECT coalesce(json_agg(json_build_array(unit_code, unit)), '[]') FROM (
          SELECT DISTINCT unit_code, unit FROM team WHERE unit_code IS NOT NULL ORDER BY 2, 1
      ) AS each),
      (SELECT coalesce(json_agg(json_build_array(job_code, job_type)), '[]') FROM (
          SELECT DISTINCT job_code, job_type FROM team WHERE job_code IS NOT NULL ORDER BY 2, 1
      ) AS each),
      (SELECT coalesce(json_agg(DISTINCT main), '[]') FROM team WHERE main IS NOT NULL)
"""
# What people may sort by; the second name is in the address with a minus before it.
ORDERS = {
    "attention": "array_position({states}, state) {way}, attainment {way} NULLS LAST",
    "name": "name {way}",
    "unit": "unit {way} NULLS LAST",
    "attainment": "attainment {way} NULLS LAST",
    "amount": "amount {way} NULLS LAST",
}

# What people may choose by, each with a parameter of its name.
CHOICES = {
    "unit": "unit_code = %(unit)s",
    "job_type": "job_code = %(job_type)s",
    "attention": "state = ANY(%(attention)s)",
    "absent": "absent <> ''",
    "state": "state = %(state)s",
}
AMOUNT = "sum(amount) FILTER (WHERE currency = %(currency)s)"


@dataclass(frozen=True)
class Fixed:
    """What the text of the statement is made of, apart from the plans: all else are parameters.

    ``choices``: of :data:`CHOICES`; ``sort``: of :data:`ORDERS`, falling with a minus before it.
    """

    runs: tuple[int, ...]
    choices: tuple[str, ...]
    sort: str
    pay: bool


def board_text(mains: Sequence[Main], fixed: Fixed) -> str:
    """The statement, with the names of its parameters."""
    return _text(tuple(Shown(main) for main in mains), fixed)


class Shown:
    """A main measure, the same as another one where it is read alike."""

    def __init__(self, main: Main) -> None:
        self.main = main
        point = main.point
        self.key = (id(main.rules), main.place, point.run_id, point.period_id, main.pace)

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        # The rules are kept as long as this is, so that no others come by their number.
        return isinstance(other, Shown) and self.key == other.key


@lru_cache(maxsize=64)
def _text(mains: tuple[Shown, ...], fixed: Fixed) -> str:
    choices = [CHOICES[name] for name in fixed.choices] or ["true"]
    known = attained(shown.main for shown in mains).as_string(connection.connection)
    return STATEMENT.format(
        visible=VISIBLE,
        never=NEVER,
        attained=known.replace("%", "%%"),
        amount=AMOUNT if fixed.pay else "NULL::numeric",
        runs=f"'{{{','.join(map(str, fixed.runs))}}}'::bigint[]",
        filters=" AND ".join(choices),
        order=ORDERS[fixed.sort.lstrip("-")].format(
            way="DESC" if fixed.sort.startswith("-") else "ASC",
            states=f"'{{{','.join(STATES)}}}'::text[]",
        ),
        last_bin=BINS - 1,
    )


def attained(mains: Iterable[Main]) -> Composable:
    """Each visible person's main figure per plan, with its attainment and how that stands."""
    parts = [_of_plan(main) for main in mains]
    if not parts:
        return SQL(
            "SELECT NULL::bigint AS person_id, ''::text AS job, 0 AS place,"
            " NULL::numeric AS actual, NULL::numeric AS goal, NULL::numeric AS attainment,"
            " ''::text AS state WHERE false"
        )
    return SQL(" UNION ALL ").join(parts)


OF_PLAN = """
    SELECT person_id, job, {place} AS place, actual, goal, attainment,
           CASE WHEN attainment IS NULL THEN 'none'
                WHEN attainment >= 1 OR attainment / {pace} >= 1 THEN 'ahead'
                WHEN {pace} IS NULL OR attainment / {pace} >= {close} THEN 'on_track'
                ELSE 'behind' END AS state
    FROM (SELECT person_id, job, {actual} AS actual, {goal} AS goal, {attainment} AS attainment
          FROM ({known}) AS known) AS figure
"""


def _of_plan(main: Main) -> Composable:
    inside = main.rules.under(main.measure)
    rules = replace(main.rules, measures={measure.name: measure for measure in inside})
    columns = ["person_id", "job"]
    for measure in rules.stored:
        columns.append(measure.name)
    for measure in rules.shown:
        decided = decided_name(measure.name)
        columns += [Ref("goal", measure.name).column, decided, f"{decided} !"]
    work = Work(
        Frame(rules, main.point.period), _results(main, columns[2:]), columns, _sure(columns)
    )
    attain(work)
    pace = main.pace or None
    return SQL(OF_PLAN).format(
        place=Literal(main.place),
        pace=SQL("{}::numeric").format(Literal(pace)),
        close=Literal(CLOSE),
        actual=Identifier(main.measure.name),
        goal=Identifier(Ref("goal", main.measure.name).column),
        attainment=Identifier(Ref("attainment", main.measure.name).column),
        known=work.query,
    )


def _sure(columns: Iterable[str]) -> list[str]:
    """Inputs that hold no error; the decided attainment has its error beside it."""
    return [name for name in columns if not name.endswith((" !", "__decided"))]


def _results(main: Main, inputs: Iterable[str]) -> Composable:
    """What the run stored for the visible people, the named inputs as columns."""
    columns = [
        SQL("(inputs ->> {})::{} AS {}").format(
            Literal(name), SQL("text" if name.endswith(" !") else "numeric"), Identifier(name)
        )
        for name in inputs
    ]
    return SQL(
        "SELECT person_id, job, {columns} FROM incentives_result WHERE run_id = {run}"
        " AND person_id IN (SELECT person_id FROM visible)"
    ).format(columns=SQL(", ").join(columns), run=Literal(main.point.run_id))
