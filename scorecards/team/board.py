"""The team's table as one statement: who stands how, sorted and paged in the database.

Amounts, actuals and goals are those of the runs that plan periods point to; the attainment is the
formula of the rules, by the SQL engine, over the inputs that the run stored. How somebody stands
follows ``scorecards.standing``; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from psycopg.sql import SQL, Composable, Identifier, Literal

from formula import Ref
from incentives.evaluate import Work, attain
from incentives.models import PlanPeriod
from incentives.participants import Frame
from incentives.rules import Kind, MeasureRule, VersionRules, decided_name
from incentives.rules.kept import load_kept
from org.models import Membership
from org.queries import visible_statement
from org.sql import NEVER, fetch
from scorecards.standing import CLOSE

STATES = ("failed", "behind", "undecided", "none", "no_plan", "on_track", "ahead")
"""How people stand, those who need attention most first."""

ATTENTION = frozenset(STATES[:5])
BINS = 16  # of ten percent each, the last for all above


@dataclass(frozen=True)
class Main:
    """The measure by which people of a plan are shown: the first that the version names."""

    place: int
    point: PlanPeriod
    rules: VersionRules
    measure: MeasureRule
    elapsed: Decimal | None

    @property
    def final(self) -> bool:
        """Whether the plan's period is closed."""
        return self.point.final_at is not None

    @property
    def pace(self) -> Decimal | None:
        """What an attainment is divided by before it is judged: a sum that still grows."""
        return self.elapsed if self.measure.kind == Kind.SUM and not self.final else Decimal(1)


@dataclass(frozen=True)
class Wanted:
    """What the address asks for: filters by code, the order, and the part that is shown."""

    unit: str = ""
    job_type: str = ""
    state: str = ""
    sort: str = "attention"
    offset: int = 0
    limit: int | None = None


@dataclass(frozen=True)
class Member:
    """One person of the table; ``main`` is the place of the plan whose measure is shown."""

    id: int
    code: str
    name: str
    unit: str
    job_type: str
    main: int | None
    actual: Decimal | None
    goal: Decimal | None
    attainment: Decimal | None
    state: str
    amount: Decimal | None
    undecided: bool
    failed: bool
    absent: str


@dataclass(frozen=True)
class Board:
    """A part of the table, and what can be said of the whole team whatever is filtered."""

    rows: tuple[Member, ...]
    matching: int
    people: int
    states: Mapping[str, int]
    absent: int
    amount: Decimal | None
    bins: tuple[int, ...]
    units: tuple[tuple[str, str], ...]
    job_types: tuple[tuple[str, str], ...]
    mains: frozenset[int]

    @property
    def attention(self) -> int:
        """How many need it."""
        return sum(number for state, number in self.states.items() if state in ATTENTION)

    @property
    def ahead(self) -> int:
        """How many have reached what there was to reach by now."""
        return self.states.get("ahead", 0)


def mains_of(points: Sequence[PlanPeriod], *, on: date) -> list[Main]:
    """The main measure of each calculated plan period; one without any is left out."""
    runs = [point.run for point in points if point.run is not None]
    rules = load_kept(
        (run.version, point.period.valid_from) for run, point in zip(runs, points, strict=True)
    )
    found = []
    for place, (run, point) in enumerate(zip(runs, points, strict=True)):
        own = rules[run.version_id, point.period.valid_from]
        measure = next((m for m in own.named if not m.earnings_of), None)
        if measure is not None:
            found.append(Main(place, point, own, measure, elapsed_of(point, measure, on)))
    return found


def elapsed_of(point: PlanPeriod, measure: MeasureRule, on: date) -> Decimal | None:
    """The part of the period's days for which there is data; None where pace says nothing."""
    if measure.window.kind != "period" or point.run is None:
        return None
    period, through = point.period, point.run.complete_through
    end = min(on if through is None else through + timedelta(days=1), on, period.valid_to)
    days = (period.valid_to - period.valid_from).days
    return Decimal(max(0, (end - period.valid_from).days)) / days


# --- the statement

# Nobody can tell the planner how few are visible: joined, they would be looked up among everybody.
STATEMENT = """
    WITH visible AS MATERIALIZED (
        SELECT person_id FROM ({visible}) AS seen WHERE person_id <> {but}
    ), job AS (
        SELECT DISTINCT ON (person_id) person_id, unit_id, job_type_id FROM org_assignment
        WHERE superseded_at = {never} AND valid_from <= {day} AND valid_to > {day}
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
        WHERE at.superseded_at = {never} AND at.kind = 'absent' AND at.day = {today}
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
          SELECT * FROM shown ORDER BY {order}, name, id OFFSET {offset} LIMIT {limit}) AS part),
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


def read_board(
    membership: Membership,
    mains: Sequence[Main],
    points: Sequence[PlanPeriod],
    wanted: Wanted,
    *,
    today: date,
    day: date,
    currency: str,
    pay: bool,
    with_self: bool,
) -> Board:
    """The table as ``wanted``, in one statement. ``day``: whose jobs are meant.

    Without ``pay`` no amount is read at all. ``with_self``: whether the member is in the table.
    """
    sort = wanted.sort if wanted.sort.lstrip("-") in ORDERS else "attention"
    if sort.lstrip("-") == "amount" and not pay:
        sort = "attention"
    statement = SQL(STATEMENT).format(
        visible=visible_statement(membership, on=today),
        but=Literal(0 if with_self else membership.person_id or 0),
        never=SQL(NEVER),
        day=Literal(day),
        today=Literal(today),
        attained=attained(mains),
        amount=SQL("sum(amount) FILTER (WHERE currency = {})").format(Literal(currency))
        if pay
        else SQL("NULL::numeric"),
        runs=SQL("{}::bigint[]").format(Literal([point.run_id for point in points])),
        filters=_filters(wanted),
        order=_order(sort),
        offset=Literal(wanted.offset),
        limit=SQL("ALL") if wanted.limit is None else Literal(wanted.limit),
        last_bin=Literal(BINS - 1),
    )
    return _board(fetch(statement)[0])


def _order(sort: str) -> Composable:
    way = SQL("DESC" if sort.startswith("-") else "ASC")
    states = SQL("{}::text[]").format(Literal(list(STATES)))
    return SQL(ORDERS[sort.lstrip("-")]).format(way=way, states=states)


def _filters(wanted: Wanted) -> Composable:
    found: list[Composable] = [SQL("true")]
    if wanted.unit:
        found.append(SQL("unit_code = {}").format(Literal(wanted.unit)))
    if wanted.job_type:
        found.append(SQL("job_code = {}").format(Literal(wanted.job_type)))
    if wanted.state == "attention":
        found.append(SQL("state = ANY({})").format(Literal(sorted(ATTENTION))))
    elif wanted.state == "absent":
        found.append(SQL("absent <> ''"))
    elif wanted.state:
        found.append(SQL("state = {}").format(Literal(wanted.state)))
    return SQL(" AND ").join(found)


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


# --- out of the database


def _board(row: tuple[Any, ...]) -> Board:
    rows, matching, people, states, absent, amount, bins, units, job_types, mains = row
    counted = {int(place): number for place, number in bins.items()}
    return Board(
        rows=tuple(_member(one) for one in rows),
        matching=matching,
        people=people,
        states=states,
        absent=absent,
        amount=amount,
        bins=tuple(counted.get(place, 0) for place in range(BINS)),
        units=tuple((code, name) for code, name in units),
        job_types=tuple((code, name) for code, name in job_types),
        mains=frozenset(mains),
    )


def _member(said: Mapping[str, Any]) -> Member:
    exact = {name: _exact(said[name]) for name in ("actual", "goal", "attainment", "amount")}
    words = {"unit": said["unit"] or "", "job_type": said["job_type"] or ""}
    return Member(**{**said, **words, **exact})


def _exact(number: Any) -> Decimal | None:
    return None if number is None else Decimal(number)
