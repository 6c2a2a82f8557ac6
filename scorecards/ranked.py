"""What a leaderboard ranks, as a query: one row for each person or team, with its figure.

Columns: subject_id, unit_id, value, sample, problem (a code of ``Place.Reason``). Here a metric:
its totals added up, and divided afterwards. Attainments and points: ``ranked_results``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from psycopg.sql import SQL, Composable, Literal

from incentives.rules import Kind
from metrics.completeness import complete_through
from metrics.models import MetricDefinition
from org.dates import NEVER as NEVER_MOMENT
from org.errors import DomainError
from org.models import Period, UnitClosure
from org.sql import NEVER
from scorecards.models import Leaderboard

WEIGHTED = frozenset({Kind.RATIO, Kind.WEIGHTED_MEAN})
# A board of so many units at most is looked up person by person.
FEW_UNITS = 50
ADDED = frozenset({Kind.SUM, Kind.LAST}) | WEIGHTED


@dataclass(frozen=True)
class Scope:
    """Whom a board ranks, on the days of a period up to ``on``; ``units`` None: all."""

    board: Leaderboard
    period: Period
    on: date
    units: tuple[int, ...] | None

    @property
    def end(self) -> date:
        """The day after the last one that has begun."""
        return min(self.period.valid_to, max(self.on, self.period.valid_from) + timedelta(days=1))

    @property
    def wide(self) -> bool:
        """Whether so much of the tenant is looked at that whole tables are best read at once."""
        return self.units is None or len(self.units) > FEW_UNITS

    def where(self, unit: str, job_type: str) -> Composable:
        """The condition on a job's unit and job type."""
        found: list[Composable] = [SQL("true")]
        if self.units is not None:
            found.append(SQL(unit + " = ANY({}::bigint[])").format(Literal(list(self.units))))
        if self.board.job_type_id is not None:
            found.append(SQL(job_type + " = {}").format(Literal(self.board.job_type_id)))
        return SQL(" AND ").join(found)


@dataclass(frozen=True)
class Ranked:
    """The query of a board, how its figures read, and what all reached together, where said."""

    query: Composable
    unit: str
    places: int
    lower: bool
    whole: Composable | None = None
    whole_kind: str = ""
    whole_unit: str = ""
    whole_places: int = 0


def scope_of(board: Leaderboard, period: Period, on: date) -> Scope:
    """The board's scope; the tree of units is that of the period's last day that has begun."""
    scope = Scope(board, period, on, None)
    if board.unit_id is None:
        return scope
    day = scope.end - timedelta(days=1)
    below = UnitClosure.objects.filter(
        ancestor=board.unit_id, valid_from__lte=day, valid_to__gt=day
    )
    return replace(scope, units=tuple(below.values_list("descendant", flat=True)))


# --- a metric


def definition_for(board: Leaderboard, period: Period) -> MetricDefinition:
    """What the board's metric means in a period; DomainError where it cannot be ranked."""
    found = MetricDefinition.objects.filter(
        metric=board.metric_id,
        superseded_at=NEVER_MOMENT,
        valid_from__lte=period.valid_from,
        valid_to__gt=period.valid_from,
    ).first()
    if found is None:
        raise DomainError(f"The metric “{board.metric}” has no definition on {period.valid_from}.")
    if found.kind == Kind.DERIVED:
        raise DomainError(
            f"The metric “{board.metric}” is a formula over others, which nobody adds up by itself."
            " Rank the attainment of a plan's measure instead."
        )
    return found


def by_metric(scope: Scope, definition: MetricDefinition) -> Ranked:
    """Everybody who worked in the scope, with the metric's figure of that work."""
    percent = definition.unit == MetricDefinition.Unit.PERCENT
    places = definition.decimals
    minimum = scope.board.minimum_sample
    parts = {
        "value": _figure(definition, scope),
        "sample": SQL("denominator" if definition.kind in WEIGHTED else "rows"),
        "places": Literal(places + 2 if percent else places),
        "minimum": Literal(definition.minimum_sample if minimum is None else minimum),
    }
    query = SQL(FIGURES).format(sums=_sums(scope, definition, whole=False), **parts)
    whole = None
    if definition.kind in ADDED:
        whole = SQL("SELECT value, NULL::numeric, NULL::numeric FROM ({}) AS figure").format(
            SQL(FIGURES).format(sums=_sums(scope, definition, whole=True), **parts)
        )
    lower = definition.direction == MetricDefinition.Direction.LOWER
    return Ranked(
        query,
        definition.unit,
        places,
        lower,
        whole,
        whole_kind=definition.kind,
        whole_unit=definition.unit,
        whole_places=places,
    )


FIGURES = """
    SELECT subject_id, unit_id, round(value, {places}) AS value, sample,
           CASE WHEN value IS NULL THEN 'no_data' WHEN sample < {minimum}::numeric THEN 'sample' END
           AS problem
    FROM (SELECT subject_id, unit_id, {value} AS value, coalesce({sample}, 0)::numeric AS sample
          FROM ({sums}) AS sums) AS figure
"""
SUMS = """
    SELECT {subject} AS subject_id, (array_agg(unit_id ORDER BY newest DESC))[1] AS unit_id,
           sum(rows) AS rows, sum(numerator) AS numerator, sum(denominator) AS denominator,
           min(minimum) AS minimum, max(maximum) AS maximum, sum(last_value) AS last_value
    FROM (SELECT job.person_id, {of} AS of_unit,
                 (array_agg(job.unit_id ORDER BY job.slot <> 'primary', job.valid_from DESC))[1]
                 AS unit_id, max(job.valid_from) AS newest,
                 sum(total.rows) AS rows, sum(total.numerator) AS numerator,
                 sum(total.denominator) AS denominator, min(total.minimum) AS minimum,
                 max(total.maximum) AS maximum,
                 (array_agg(total.last_value ORDER BY total.last_day DESC NULLS LAST))[1]
                 AS last_value
          FROM org_assignment AS job LEFT JOIN metrics_total AS total
           ON total.period_id = {period} AND total.metric_id = {metric}
           AND total.person_id = job.person_id AND total.assignment_id = job.id
          WHERE job.superseded_at = {never} AND job.valid_from < {end} AND job.valid_to > {start}
           AND {within}
          GROUP BY 1, 2) AS person
    GROUP BY 1
"""


def _sums(scope: Scope, definition: MetricDefinition, *, whole: bool) -> Composable:
    """The totals of each person's work in the scope, then those of each subject."""
    people = scope.board.of_people
    subject = "0" if whole else "person_id" if people else "of_unit"
    return SQL(SUMS).format(
        subject=SQL(subject),
        of=SQL("0" if people else "job.unit_id"),
        period=Literal(scope.period.pk),
        metric=Literal(definition.metric_id),
        never=SQL(NEVER),
        start=Literal(scope.period.valid_from),
        end=Literal(scope.end),
        within=scope.where("job.unit_id", "job.job_type_id"),
    )


def _figure(definition: MetricDefinition, scope: Scope) -> Composable:
    """The figure out of the sums; a sum of nothing is 0 once its source is complete."""
    if definition.kind in WEIGHTED:
        return SQL("round(numerator::numeric(80,50) / nullif(denominator, 0), 12)")
    if definition.kind == Kind.SUM:
        return SQL("numerator" if _incomplete(definition, scope) else "coalesce(numerator, 0)")
    return SQL(
        {Kind.LAST: "last_value", Kind.MINIMUM: "minimum", Kind.MAXIMUM: "maximum"}[
            Kind(definition.kind)
        ]
    )


def _incomplete(definition: MetricDefinition, scope: Scope) -> bool:
    """Whether a source still owes days of a period that is over."""
    through = complete_through().get(definition.metric_id)
    over = scope.on >= scope.period.valid_to
    return over and through is not None and through + timedelta(days=1) < scope.period.valid_to
