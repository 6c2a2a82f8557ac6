"""What a leaderboard of attainments or points ranks: the results of a run, as a query.

An attainment is the SQL engine's, over the inputs that the run stored. Of several results (the jobs
of a person, the people of a team) the parts are added up first: a ratio and its goal weighted by
the ratio's own denominators, so that no average is averaged.
"""

from __future__ import annotations

from dataclasses import replace

from psycopg.sql import SQL, Composable, Identifier, Literal

from formula import Ref, error_column
from incentives.evaluate import Work, attain
from incentives.models import CalculationRun, Measure
from incentives.participants import Frame
from incentives.rules import Kind, MeasureRule, VersionRules, decided_name, load
from metrics.models import MetricDefinition
from org.errors import DomainError
from org.sql import keep
from scorecards.models import Leaderboard
from scorecards.ranked import ADDED, WEIGHTED, Ranked, Scope

SHARE_PLACES = 2  # of a percentage, as scorecards show an attainment: cut, never rounded up
POINT_PLACES = 1


def measures_of(board: Leaderboard, rules: VersionRules) -> list[MeasureRule]:
    """The measures that a board stands on; DomainError where one cannot be ranked."""
    found = []
    for name in board.weight_of:
        measure = rules.measures.get(name)
        if measure is None or measure.hidden:
            known = ", ".join(sorted(m.name for m in rules.named))
            raise DomainError(f"{rules.version} has no measure “{name}”. It has: {known}.")
        found += [measure, *_parts(rules, measure)]
    for measure in found:
        _refuse_measure(board, measure)
    return found


def _parts(rules: VersionRules, measure: MeasureRule) -> list[MeasureRule]:
    """The hidden measures that a derived one stands on."""
    beginning = f"{measure.name}__"
    return [m for m in rules.measures.values() if m.hidden and m.name.startswith(beginning)]


def _refuse_measure(board: Leaderboard, measure: MeasureRule) -> None:
    if measure.earnings_of:
        raise DomainError(f"“{measure.name}” is what people earn: pay is never ranked.")
    if board.of_people:
        return
    if measure.scope != Measure.Scope.OWN:
        raise DomainError(
            f"“{measure.name}” is a figure of a whole unit already, so its people's cannot be added"
            " up. Rank teams by a measure of people's own figures."
        )
    if measure.kind in WEIGHTED and measure.window.kind != "period":
        raise DomainError(
            f"“{measure.name}” is a ratio over other days than the period's, so its parts are not"
            " kept for a team. Rank teams by a measure over the period."
        )


def by_attainment(scope: Scope, made: CalculationRun) -> Ranked:
    """The attainment of a measure, or the points of several, from the results of a run."""
    board = scope.board
    rules = load(made.version, made.period.valid_from, made.at)
    measures = measures_of(board, rules)
    rules = replace(rules, measures={m.name: m for m in measures})
    keep("board_result", _results(scope, made, rules))
    query = _scored(scope, made, rules, whole=False)
    attainment = board.what == Leaderboard.What.ATTAINMENT
    whole = None
    shown = measures[0]
    if (
        attainment
        and shown.scope == Measure.Scope.OWN
        and shown.kind in ADDED
        and not shown.derived
    ):
        whole = _whole(scope, made, rules, shown)
    return Ranked(
        query,
        MetricDefinition.Unit.PERCENT if attainment else MetricDefinition.Unit.SCORE,
        SHARE_PLACES if attainment else POINT_PLACES,
        lower=False,
        whole=whole,
        whole_kind=shown.kind if whole else "",
        whole_unit=shown.unit if whole else "",
        whole_places=shown.decimals if whole else 0,
    )


RESULTS = """
    SELECT result.*, {inputs} FROM (
        SELECT person_id, job, inputs, segments,
               (segments -> -1 ->> 'unit')::bigint AS unit_id,
               (segments -> -1 ->> 'job_type')::bigint AS job_type_id,
               segments -> -1 ->> 'to' AS until,
               count(*) OVER (PARTITION BY person_id) AS results
        FROM incentives_result WHERE run_id = {run}) AS result
    WHERE {within}
"""


def _results(scope: Scope, made: CalculationRun, rules: VersionRules) -> Composable:
    """The results whose last day lies in the scope, with what was stored for these measures."""
    columns = []
    for measure in rules.stored:
        columns.append(_input(measure.name, "numeric"))
    for measure in rules.shown:
        decided = decided_name(measure.name)
        columns.append(_input(Ref("goal", measure.name).column, "numeric"))
        columns.append(_input(decided, "numeric"))
        columns.append(_input(f"{decided} !", "text"))
    return SQL(RESULTS).format(
        inputs=SQL(", ").join(columns),
        run=Literal(made.pk),
        within=scope.where("result.unit_id", "result.job_type_id"),
    )


def _input(name: str, type_: str) -> Composable:
    return SQL("(result.inputs ->> {})::" + type_ + " AS {}").format(
        Literal(name), Identifier(name)
    )


# The totals behind a result: all of its person's, or those of its own jobs where there are several.
SAMPLES = """
    SELECT result.person_id, result.job, {columns}
    FROM board_result AS result JOIN metrics_total AS total
      ON total.period_id = {period} AND total.metric_id = ANY({metrics})
     AND total.person_id = result.person_id
    LEFT JOIN org_assignment AS job ON job.id = total.assignment_id
    WHERE result.results = 1 OR EXISTS (
        SELECT FROM jsonb_to_recordset(result.segments) AS part (unit bigint, job_type bigint)
        WHERE part.unit = job.unit_id AND part.job_type = job.job_type_id)
    GROUP BY 1, 2
"""


def _samples(made: CalculationRun, rules: VersionRules) -> Composable:
    columns = [
        SQL("sum(total.{}) FILTER (WHERE total.metric_id = {}) AS {}").format(
            Identifier("denominator" if measure.kind in WEIGHTED else "rows"),
            Literal(measure.metric),
            Identifier(_sample(measure)),
        )
        for measure in rules.stored
    ]
    return SQL(SAMPLES).format(
        columns=SQL(", ").join(columns),
        period=Literal(made.period_id),
        metrics=Literal(sorted({m.metric for m in rules.stored})),
    )


def _sample(measure: MeasureRule) -> str:
    return f"{measure.name} ~sample"


def _grouped(scope: Scope, made: CalculationRun, rules: VersionRules, *, whole: bool) -> Composable:
    """Actuals and goals of each subject: its results added up by the kind of each measure."""
    subject = "0" if whole else "person_id" if scope.board.of_people else "unit_id"
    columns: list[Composable] = []
    for measure in rules.stored:
        columns.append(_together(measure, measure.name))
        columns.append(SQL("sum({0}) AS {0}").format(Identifier(_sample(measure))))
    for measure in rules.shown:
        decided = decided_name(measure.name)
        columns.append(_together(measure, Ref("goal", measure.name).column, goal=True))
        columns += [_only(decided), _only(f"{decided} !")]
    return SQL(
        "SELECT " + subject + " AS subject_id,"
        " (array_agg(unit_id ORDER BY until DESC))[1] AS unit_id, {columns}"
        " FROM board_result LEFT JOIN ({samples}) AS sample USING (person_id, job)"
        " WHERE " + subject + " IS NOT NULL GROUP BY 1"
    ).format(columns=SQL(", ").join(columns), samples=_samples(made, rules))


def _only(name: str) -> Composable:
    """What was decided for one result; a decision says nothing of several together."""
    return SQL("CASE WHEN count(*) = 1 THEN min({0}) END AS {0}").format(Identifier(name))


def _together(measure: MeasureRule, name: str, *, goal: bool = False) -> Composable:
    """A column of several results as one; of a single one it stays as it was stored."""
    column = Identifier(name)
    if measure.kind in WEIGHTED:
        several = SQL(
            "round(sum({0} * {1})::numeric(80,50) / nullif(sum({1}) FILTER (WHERE {0} IS NOT NULL),"
            " 0), 12)"
        ).format(column, Identifier(_sample(measure)))
    elif measure.kind in ADDED:
        several = SQL("sum({})").format(column)
    elif goal or measure.derived:
        several = SQL("CASE WHEN min({0}) = max({0}) THEN min({0}) END").format(column)
    else:
        several = SQL("max({})" if measure.kind == Kind.MAXIMUM else "min({})").format(column)
    return SQL("CASE WHEN count(*) = 1 THEN min({0}) ELSE {1} END AS {0}").format(column, several)


def _attained(
    scope: Scope, made: CalculationRun, rules: VersionRules, *, whole: bool
) -> Composable:
    """The grouped figures with the attainments of the SQL engine."""
    base = _grouped(scope, made, rules, whole=whole)
    known = ["subject_id", "unit_id"]
    sure = []
    for measure in rules.stored:
        known += [measure.name, _sample(measure)]
        sure.append(measure.name)
    for measure in rules.shown:
        goal, decided = Ref("goal", measure.name).column, decided_name(measure.name)
        known += [goal, decided, f"{decided} !"]
        sure.append(goal)
    work = Work(Frame(rules, scope.period), base, known, sure)
    attain(work)
    return work.query


def _scored(scope: Scope, made: CalculationRun, rules: VersionRules, *, whole: bool) -> Composable:
    board = scope.board
    shown = rules.shown
    samples = [SQL("coalesce({}, 0)").format(Identifier(_sample(m))) for m in rules.stored]
    return SQL(SCORED).format(
        value=_value(board, shown),
        problem=SQL(" ").join(part for measure in shown for part in _problems(measure)),
        sample=SQL("least({})").format(SQL(", ").join(samples)),
        minimum=Literal(board.minimum_sample),
        attained=_attained(scope, made, rules, whole=whole),
    )


SCORED = """
    SELECT subject_id, unit_id, value, sample,
           CASE WHEN problem IS NOT NULL THEN problem
                WHEN value IS NULL THEN 'no_data'
                WHEN sample < {minimum}::numeric THEN 'sample' END AS problem
    FROM (SELECT subject_id, unit_id, {value} AS value, {sample}::numeric AS sample,
                 CASE {problem} END AS problem FROM ({attained}) AS attained) AS scored
"""


def _value(board: Leaderboard, shown: list[MeasureRule]) -> Composable:
    """The attainment cut as it is shown, or the points rounded once."""
    attained = {m.name: Identifier(Ref("attainment", m.name).column) for m in shown}
    if board.what == Leaderboard.What.ATTAINMENT:
        [column] = attained.values()
        return SQL("trunc({}, {})").format(column, Literal(SHARE_PLACES + 2))
    weights = board.weight_of
    points = SQL(" + ").join(
        SQL("{} * {}").format(Literal(weights[name]), column) for name, column in attained.items()
    )
    return SQL("round({}, {})").format(points, Literal(POINT_PLACES))


def _problems(measure: MeasureRule) -> list[Composable]:
    column = Ref("attainment", measure.name).column
    error, goal = Identifier(error_column(column)), Identifier(Ref("goal", measure.name).column)
    return [
        SQL("WHEN {} = 'left_out' THEN 'left_out'").format(error),
        SQL("WHEN {} = 'zero_goal' OR ({} IS NULL AND {} IS NULL) THEN 'no_goal'").format(
            error, goal, Identifier(column)
        ),
        SQL("WHEN {} IS NOT NULL THEN 'failed'").format(error),
    ]


def _whole(
    scope: Scope, made: CalculationRun, rules: VersionRules, measure: MeasureRule
) -> Composable:
    return SQL("SELECT {}, {}, {} FROM ({}) AS attained").format(
        Identifier(measure.name),
        Identifier(Ref("goal", measure.name).column),
        Identifier(Ref("attainment", measure.name).column),
        _attained(scope, made, rules, whole=True),
    )
