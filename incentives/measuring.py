"""The figures of each result: totals of its days, put together by the kind of their metric.

Every measure stands on every result (an outer join): nobody falls out because nothing happened.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from psycopg.sql import SQL, Composable, Identifier, Literal

from formula import Ref
from incentives import figures, goals, leavers, windows
from incentives.figures import Figure
from incentives.goals import Goal
from incentives.models import Decision, Measure
from incentives.participants import KEY_COLUMNS, Frame
from incentives.rules import (
    FACT_TYPES,
    Kind,
    MeasureRule,
    VersionRules,
    actual_name,
    decided_name,
    goal_name,
)
from org.dates import NEVER as NEVER_MOMENT
from org.models import FactType
from org.sql import NEVER


def find(frame: Frame, complete_through: dict[int, date], on: date) -> Composable:
    """Fill the tables of figures and goals; the query of every input of every result.

    Columns: result_id, person_id, job, prorate, and for each measure its value, ``goal x``,
    ``x ?`` (incomplete) and what its attainment reads. ``complete_through`` holds the day through
    which the sources of a metric are complete, for those that say so.
    """
    found = figures.find(frame)
    return _inputs(frame, found, goals.find(frame), complete_through, on)


# --- what formulas read


def _inputs(
    frame: Frame,
    found: dict[str, Figure],
    goal_of: dict[str, Goal],
    complete_through: dict[int, date],
    on: date,
) -> Composable:
    decided = _decisions(frame)
    columns: list[Composable] = []
    tables = {figure.table: figure for figure in found.values()}
    joins = {figure.table: figure.join for figure in tables.values()}
    for measure in frame.rules.measures.values():
        through = _through(frame.rules, measure, complete_through)
        incomplete = _incomplete(windows.find(measure.window, frame.period).end, through, on)
        if measure.derived is None:
            value = _value(measure, found[measure.name], incomplete)
            columns.append(SQL("{} AS {}").format(value, Identifier(measure.name)))
        if measure.hidden:
            continue
        columns.append(SQL("{} AS {}").format(incomplete, Identifier(f"{measure.name} ?")))
        goal = goal_of.get(measure.name)
        joins |= dict(goal.joins) if goal else {}
        columns += _goal(measure, goal)
        columns += _decided(frame, measure, goal, decided.get(measure.name, {}))
    for fact in sorted(frame.rules.facts):
        columns.append(_fact(fact))
    if any(ref.kind == "tenure" for ref in frame.rules.references):
        columns.append(SQL(TENURE).format(start=leavers.tenure_start(frame.version)))
    names = [*KEY_COLUMNS]
    if leavers.asks_for_employment(frame.version):
        names.append(leavers.NOT_EMPLOYED)
    key = [Identifier("key", name) for name in names]
    return SQL("SELECT {} FROM outcome_key AS key {}").format(
        SQL(", ").join([*key, *columns]), SQL(" ").join(joins.values())
    )


def _goal(measure: MeasureRule, goal: Goal | None) -> list[Composable]:
    """The goal of a measure, and what it was put together from."""
    nothing = SQL("NULL::numeric"), SQL("NULL::text")
    number, told = (goal.column, goal.told) if goal else nothing
    return [
        SQL("{} AS {}").format(number, Identifier(Ref("goal", measure.name).column)),
        SQL("{} AS {}").format(told, Identifier(told_name(measure.name))),
    ]


def told_name(measure: str) -> str:
    """The input that says from which pieces a goal was put together, as JSON text."""
    return f"pieces {measure}"


def _through(
    rules: VersionRules, measure: MeasureRule, complete_through: dict[int, date]
) -> date | None:
    """The day through which everything that a measure stands on is complete, if that is said."""
    metrics = {part.metric for part in rules.under(measure)}
    return min((complete_through[m] for m in metrics & complete_through.keys()), default=None)


def _incomplete(end: date | None, through: date | None, on: date) -> Composable:
    """Whether a source that says how far it is complete has not come to the last day that counts.

    That is the window's, or the result's own where it ends before. ``end``: the day after the
    window; before it is over nothing is missing yet.
    """
    if through is None or end is None or on < end:
        return SQL("false")
    return SQL("LEAST(key.end_day, {}) > {}").format(
        Literal(end), Literal(through + timedelta(days=1))
    )


def _value(measure: MeasureRule, figure: Figure, incomplete: Composable) -> Composable:
    """The figure of a measure: blank where there is no data, or too little of it."""

    def part(name: str) -> Composable:
        return Identifier(figure.table, f"{name} {measure.metric}")

    value: Composable
    sample = part("rows")
    if measure.earnings_of:
        # What waits there waits here; where nothing was calculated there is no data.
        return SQL("CASE WHEN {} THEN NULL ELSE coalesce({}, {}) END").format(
            part("bad"), part("n"), Literal(0 if figure.known or _zero(measure) else None)
        )
    if measure.kind in goals.WEIGHTED:
        value = SQL("round({}::numeric(80,50) / nullif({}, 0), 12)").format(part("n"), part("d"))
        sample = part("d")
    elif measure.kind == Kind.SUM:
        value = part("n")
        if measure.window.kind != "prior":
            value = SQL("coalesce({}, CASE WHEN NOT ({}) THEN 0 END)").format(value, incomplete)
    else:
        value = part("n")
    if measure.minimum_sample is not None:
        value = SQL("CASE WHEN {} >= {} THEN {} END").format(
            sample, Literal(measure.minimum_sample), value
        )
    if _zero(measure):
        value = SQL("coalesce({}, 0)").format(value)
    if measure.filter is not None:
        # A credit of which nobody can say whether it counts: the figure is not known.
        value = SQL("CASE WHEN {} THEN NULL ELSE {} END").format(part("bad"), value)
    return value


def _zero(measure: MeasureRule) -> bool:
    """Whether no data counts as zero."""
    return measure.no_data == Measure.NoData.ZERO


def _decisions(frame: Frame) -> dict[str, dict[int, str]]:
    """What was decided for people whose goal is zero, by measure and person."""
    found: dict[str, dict[int, str]] = {}
    for row in Decision.objects.filter(
        plan=frame.version.plan_id, period=frame.period, superseded_at=NEVER_MOMENT
    ):
        found.setdefault(row.measure, {})[row.person_id] = row.kind
    return found


ATTAINED = {Decision.Kind.ZERO: "0", Decision.Kind.FULL: "1"}


def _decided(
    frame: Frame, measure: MeasureRule, goal: Goal | None, decided: dict[int, str]
) -> list[Composable]:
    """The decided attainment of a measure, or the error value that leaves its components out.

    A person's own decision goes before what the version says of goals of zero. Whoever only has
    credits left that came after leaving has no goal to attain any more.
    """
    usual = (frame.version.options or {}).get("zero_goal")
    cases: list[tuple[Composable, str]] = [
        (SQL("key.person_id = {}").format(Literal(p)), k) for p, k in decided.items()
    ]
    if goal is not None and usual in Decision.Kind.values:
        cases.append((SQL("{} = 0").format(goal.column), usual))
    if leavers.trailing_days(frame.version):
        cases.insert(0, (SQL('key."only credits"'), Decision.Kind.LEAVE_OUT))
    name = decided_name(measure.name)
    return [
        _cases(cases, lambda kind: ATTAINED.get(kind), "numeric", name),
        _cases(cases, lambda kind: None if kind in ATTAINED else "'left_out'", "text", f"{name} !"),
    ]


def _cases(
    cases: list[tuple[Composable, str]],
    outcome: Callable[[Decision.Kind], str | None],
    type_: str,
    name: str,
) -> Composable:
    """The outcome of the first case that holds, as a column."""
    if not any(outcome(Decision.Kind(kind)) for _, kind in cases):
        return SQL("NULL::" + type_ + " AS {}").format(Identifier(name))
    whens = [
        SQL("WHEN {} THEN {}").format(when, SQL(outcome(Decision.Kind(kind)) or "NULL"))
        for when, kind in cases
    ]
    return SQL("(CASE {} END)::" + type_ + " AS {}").format(SQL(" ").join(whens), Identifier(name))


FACT_COLUMN = {"number": "number", "text": "text", "date": "day", "yes_no": "number <> 0"}


def _fact(code: str) -> Composable:
    """A fact as it stands on the result's last day; the job slot's own before the person's."""
    fact_type = FactType.objects.get(code=code)
    assert fact_type.kind in FACT_TYPES
    return SQL(
        "(SELECT " + FACT_COLUMN[fact_type.kind] + " FROM org_fact AS fact"
        " WHERE fact.fact_type_id = {type} AND fact.person_id = key.person_id"
        "  AND fact.superseded_at = {never} AND fact.valid_from < key.end_day"
        "  AND fact.valid_to >= key.end_day AND fact.slot IN ('', key.slot)"
        " ORDER BY fact.slot DESC LIMIT 1) AS {name}"
    ).format(
        type=Literal(fact_type.pk), never=SQL(NEVER), name=Identifier(Ref("fact", code).column)
    )


# Whole months up to the result's last day.
TENURE = """
    (SELECT (extract(year FROM age(key.end_day, day)) * 12
             + extract(month FROM age(key.end_day, day)))::numeric
     FROM (SELECT {start} AS day) AS began) AS tenure
"""


def attainment_inputs(measure: MeasureRule) -> list[Composable]:
    """Actual and goal as the attainment reads them, so that nothing is divided by zero."""
    value, goal = Identifier(measure.name), Identifier(Ref("goal", measure.name).column)
    actual: Composable = value
    if measure.zero_is_no_data:
        actual = SQL("nullif({}, 0)").format(value)
    return [
        SQL("{} AS {}").format(actual, Identifier(actual_name(measure.name))),
        SQL("nullif({}, 0) AS {}").format(goal, Identifier(goal_name(measure.name))),
        SQL("CASE WHEN {} = 0 THEN 'zero_goal' END AS {}").format(
            goal, Identifier(f"{goal_name(measure.name)} !")
        ),
    ]
