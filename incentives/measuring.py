"""The figures of each result: totals of its days, put together by the kind of their metric.

Every measure stands on every result (an outer join): nobody falls out because nothing happened.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from psycopg.sql import SQL, Composable, Identifier, Literal

from formula import Ref
from incentives import goals
from incentives.models import Decision, Measure
from incentives.participants import Frame
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
from org.sql import NEVER, fetch, keep

Scope = Measure.Scope


def find(frame: Frame, complete_through: dict[int, date], on: date) -> Composable:
    """Fill the tables of figures and goals; the query of every input of every result.

    Columns: result_id, person_id, job, prorate, and for each measure its value, ``goal x``,
    ``x ?`` (incomplete) and what its attainment reads. ``complete_through`` holds the day through
    which the sources of a metric are complete, for those that say so.
    """
    by_scope: dict[str, list[MeasureRule]] = {}
    for measure in frame.rules.stored:
        by_scope.setdefault(measure.scope, []).append(measure)
    for scope, measures in by_scope.items():
        _figures(frame, scope, measures)
    goals.find(frame)
    return _inputs(frame, by_scope, complete_through, on)


# --- whose days count

COUNTED = {
    # Own: the slices of the result.
    Scope.OWN: "SELECT result_id AS group_id, assignment_id, person_id, first_day, end_day, whole"
    " FROM slice",
    # Direct reports: by the manager of the day. The manager's own figures are not in it.
    Scope.DIRECT: "SELECT job.manager_id AS group_id, job.id AS assignment_id, job.person_id,"
    " GREATEST(job.valid_from, {start}) AS first_day, LEAST(job.valid_to, {end}) AS end_day,"
    " true AS whole FROM org_assignment AS job WHERE job.superseded_at = {never}"
    " AND job.valid_from < {end} AND job.valid_to > {start}"
    " AND job.manager_id IN (SELECT person_id FROM slice)",
    # The unit: everybody who works in it on the day, whatever plan pays them.
    Scope.TEAM: "SELECT job.unit_id AS group_id, job.id AS assignment_id, job.person_id,"
    " GREATEST(job.valid_from, {start}) AS first_day, LEAST(job.valid_to, {end}) AS end_day,"
    " true AS whole FROM org_assignment AS job WHERE job.superseded_at = {never}"
    " AND job.valid_from < {end} AND job.valid_to > {start}"
    " AND job.unit_id IN (SELECT unit_id FROM slice)",
    # The unit and all below it, as the tree stood on the day.
    Scope.SUBTREE: "SELECT closure.ancestor_id AS group_id, job.id AS assignment_id, job.person_id,"
    " GREATEST(job.valid_from, {start}, closure.valid_from) AS first_day,"
    " LEAST(job.valid_to, {end}, closure.valid_to) AS end_day,"
    " closure.valid_from <= GREATEST(job.valid_from, {start})"
    "  AND closure.valid_to >= LEAST(job.valid_to, {end}) AS whole"
    " FROM org_assignment AS job JOIN org_unitclosure AS closure"
    "  ON closure.descendant_id = job.unit_id"
    "  AND closure.ancestor_id IN (SELECT unit_id FROM slice)"
    " WHERE job.superseded_at = {never}"
    " AND GREATEST(job.valid_from, {start}, closure.valid_from) <"
    "  LEAST(job.valid_to, {end}, closure.valid_to)",
}
GROUP_OF = {
    Scope.OWN: "key.result_id",
    Scope.DIRECT: "key.person_id",
    Scope.TEAM: "key.unit_id",
    Scope.SUBTREE: "key.unit_id",
}


def _figures(frame: Frame, scope: str, measures: list[MeasureRule]) -> None:
    """``figure_<scope>``: one row for each group, with the sums of every metric side by side."""
    metrics = Literal(sorted({m.metric for m in measures}))
    keep("counted", SQL(COUNTED[Scope(scope)]).format(**frame.days))
    last = sorted({m.metric for m in measures if m.kind == Kind.LAST})
    source = SQL(FROM_TOTALS).format(
        period=Literal(frame.period.pk),
        metrics=metrics,
        latest=_latest(frame, last, "total", "last_day"),
    )
    if fetch("SELECT 1 FROM counted WHERE NOT whole LIMIT 1"):
        cut = SQL(FROM_VALUES).format(
            metrics=metrics,
            never=SQL(NEVER),
            latest=_latest(frame, last, "value", "day"),
        )
        source = SQL("{} UNION ALL {}").format(source, cut)
    pivots = SQL(", ").join(
        part
        for _, measure in sorted({m.metric: m for m in measures}.items())
        for part in _pivot(measure)
    )
    keep(
        f"figure_{scope}",
        SQL("SELECT group_id, {pivots} FROM ({source}) AS t GROUP BY group_id").format(
            pivots=pivots, source=source
        ),
    )


def _latest(frame: Frame, last: list[int], row: str, day: str) -> Composable:
    """Whether a row of figures holds the person's latest day, of metrics of the kind ``last``."""
    if not last:
        return SQL("true")
    return SQL(LATEST).format(
        period=Literal(frame.period.pk),
        last=Literal(last),
        row=Identifier(row),
        day=Identifier(day),
    )


FROM_TOTALS = """
    SELECT counted.group_id, total.metric_id, total.rows, total.numerator, total.denominator,
           total.minimum, total.maximum, total.last_value, {latest} AS latest
    FROM counted JOIN metrics_total AS total ON total.period_id = {period}
     AND total.metric_id = ANY({metrics}) AND total.person_id = counted.person_id
     AND total.assignment_id = counted.assignment_id
    WHERE counted.whole
"""
# A last value counts where the person's latest one of the period lies, and nowhere else.
LATEST = """CASE WHEN {row}.metric_id = ANY({last}) THEN NOT EXISTS (
    SELECT 1 FROM metrics_total AS later
    WHERE later.period_id = {period} AND later.metric_id = {row}.metric_id
      AND later.person_id = {row}.person_id AND later.last_day > {row}.{day}) END"""
# Days cut out of an assignment have no total of their own: their values are added up here.
FROM_VALUES = """
    SELECT group_id, metric_id, count(*), sum(numerator), sum(denominator), min(numerator),
           max(numerator), sum(numerator) FILTER (WHERE latest), true
    FROM (SELECT counted.group_id, value.metric_id, value.numerator, value.denominator,
                 {latest} AS latest
          FROM counted JOIN metrics_value AS value ON value.person_id = counted.person_id
           AND value.assignment_id = counted.assignment_id AND value.metric_id = ANY({metrics})
           AND value.day >= counted.first_day AND value.day < counted.end_day
           AND value.superseded_at = {never}
          WHERE NOT counted.whole) AS value
    GROUP BY group_id, metric_id
"""


def _pivot(measure: MeasureRule) -> Iterable[Composable]:
    """What :func:`_value` reads of a metric, and no more: each sum is paid for by every person."""
    metric, kind = measure.metric, measure.kind
    only = SQL("FILTER (WHERE metric_id = {})").format(Literal(metric))
    parts: dict[str, str] = {}
    if measure.minimum_sample is not None:
        parts |= {"rows": "sum(rows)"}
    if kind in goals.WEIGHTED or kind == Kind.SUM:
        parts |= {"n": "sum(numerator)"}
    if kind in goals.WEIGHTED:
        parts |= {"d": "sum(denominator)"}
    if kind == Kind.MINIMUM:
        parts |= {"n": "min(minimum)"}
    if kind == Kind.MAXIMUM:
        parts |= {"n": "max(maximum)"}
    for name, aggregate in parts.items():
        yield SQL(aggregate + " {} AS {}").format(only, Identifier(f"{name} {metric}"))
    if kind == Kind.LAST:
        last = SQL("FILTER (WHERE latest AND metric_id = {})").format(Literal(metric))
        yield SQL(
            "CASE WHEN sum(rows) {only} > 0 THEN coalesce(sum(last_value) {last}, 0) END AS {name}"
        ).format(only=only, last=last, name=Identifier(f"n {metric}"))


# --- what formulas read


def _inputs(
    frame: Frame,
    by_scope: dict[str, list[MeasureRule]],
    complete_through: dict[int, date],
    on: date,
) -> Composable:
    decided = _decisions(frame)
    columns: list[Composable] = []
    joins: list[Composable] = []
    for scope in by_scope:
        joins.append(
            SQL("LEFT JOIN {} ON {}.group_id = " + GROUP_OF[Scope(scope)]).format(
                Identifier(f"figure_{scope}"), Identifier(f"figure_{scope}")
            )
        )
    for number, measure in enumerate(frame.rules.measures.values()):
        through = _through(frame.rules, measure, complete_through)
        incomplete = _incomplete(frame, through, on)
        if measure.derived is None:
            columns.append(
                SQL("{} AS {}").format(_value(measure, incomplete), Identifier(measure.name))
            )
        if measure.hidden:
            continue
        columns.append(SQL("{} AS {}").format(incomplete, Identifier(f"{measure.name} ?")))
        columns.append(
            SQL("{}.goal AS {}").format(
                Identifier(f"goal{number}"), Identifier(Ref("goal", measure.name).column)
            )
        )
        joins.append(goals.goal_join(measure, number))
        columns += _decided(measure, decided.get(measure.name))
    for fact in sorted(frame.rules.facts):
        columns.append(_fact(fact))
    if any(ref.kind == "tenure" for ref in frame.rules.references):
        columns.append(SQL(TENURE).format(never=SQL(NEVER)))
    if frame.rules.shown:
        joins.insert(0, SQL("JOIN goal_like USING (result_id)"))
    return SQL("SELECT key.*{} FROM outcome_key AS key {}").format(
        SQL("").join(SQL(", {}").format(column) for column in columns), SQL(" ").join(joins)
    )


def _through(
    rules: VersionRules, measure: MeasureRule, complete_through: dict[int, date]
) -> date | None:
    """The day through which everything that a measure stands on is complete, if that is said."""
    metrics = {part.metric for part in rules.under(measure)}
    return min((complete_through[m] for m in metrics & complete_through.keys()), default=None)


def _incomplete(frame: Frame, through: date | None, on: date) -> Composable:
    """Whether a source that says how far it is complete has not come to the result's last day.

    Before the period is over nothing is missing yet.
    """
    if through is None or on < frame.end:
        return SQL("false")
    return SQL("key.end_day > {}").format(Literal(through + timedelta(days=1)))


def _value(measure: MeasureRule, incomplete: Composable) -> Composable:
    """The figure of a measure: blank where there is no data, or too little of it."""

    def part(name: str) -> Composable:
        return Identifier(f"figure_{measure.scope}", f"{name} {measure.metric}")

    value: Composable
    if measure.kind in goals.WEIGHTED:
        value = SQL("round({}::numeric(80,50) / nullif({}, 0), 12)").format(part("n"), part("d"))
        sample = part("d")
    elif measure.kind == Kind.SUM:
        value = SQL("coalesce({}, CASE WHEN NOT ({}) THEN 0 END)").format(part("n"), incomplete)
        sample = part("rows")
    else:
        value, sample = part("n"), part("rows")
    if measure.minimum_sample is not None:
        value = SQL("CASE WHEN {} >= {} THEN {} END").format(
            sample, Literal(measure.minimum_sample), value
        )
    if measure.no_data == Measure.NoData.ZERO:
        value = SQL("coalesce({}, 0)").format(value)
    return value


def _decisions(frame: Frame) -> dict[str, dict[int, str]]:
    """What was decided for people whose goal is zero, by measure and person."""
    found: dict[str, dict[int, str]] = {}
    for row in Decision.objects.filter(
        plan=frame.version.plan_id, period=frame.period, superseded_at=NEVER_MOMENT
    ):
        found.setdefault(row.measure, {})[row.person_id] = row.kind
    return found


DECIDED = {Decision.Kind.ZERO: "0", Decision.Kind.FULL: "1"}


def _decided(measure: MeasureRule, decided: dict[int, str] | None) -> list[Composable]:
    """The decided attainment of a measure, or the error value that leaves its components out."""
    name = decided_name(measure.name)
    value: Composable = SQL("NULL::numeric")
    error: Composable = SQL("NULL::text")
    if decided:
        person = SQL("CASE key.person_id {} END")
        numbers = [
            SQL("WHEN {} THEN {}::numeric").format(Literal(p), SQL(DECIDED[Decision.Kind(k)]))
            for p, k in decided.items()
            if Decision.Kind(k) in DECIDED
        ]
        left_out = [
            SQL("WHEN {} THEN 'left_out'").format(Literal(p))
            for p, k in decided.items()
            if Decision.Kind(k) not in DECIDED
        ]
        value = person.format(SQL(" ").join(numbers)) if numbers else value
        error = person.format(SQL(" ").join(left_out)) if left_out else error
    return [
        SQL("{} AS {}").format(value, Identifier(name)),
        SQL("{} AS {}").format(error, Identifier(f"{name} !")),
    ]


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


# Whole months of the employment that covers the result's last day.
TENURE = """
    (SELECT (extract(year FROM age(key.end_day, tenure_start)) * 12
             + extract(month FROM age(key.end_day, tenure_start)))::numeric
     FROM org_employment AS employment WHERE employment.person_id = key.person_id
      AND employment.superseded_at = {never} AND employment.valid_from < key.end_day
     ORDER BY employment.valid_from DESC LIMIT 1) AS tenure
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
