"""The sums of each group of stretches: one table ``figure_<n>`` for the measures of one source.

Those of earnings are called ``earned_<n>``: they are never those of another plan.

Whole periods come from totals, everything else from values. A figure table has one row for each
group (a result, or a unit), with the sums of every metric side by side.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from psycopg.sql import SQL, Composable, Identifier, Literal

from formula import Formula, layers
from incentives import counted, earned, windows
from incentives.counted import Source
from incentives.goals import WEIGHTED
from incentives.participants import Frame, among
from incentives.rules import Kind, MeasureRule
from incentives.windows import Stretch
from metrics import attributes
from metrics.totals import ADDED
from org.sql import NEVER, fetch, keep


@dataclass(frozen=True)
class Figure:
    """A table of figures, whose they are, and the measures that read it.

    ``known``: of earnings, whether anything was calculated in the window.
    """

    table: str
    source: Source
    stretch: Stretch
    measures: tuple[MeasureRule, ...]
    known: bool = True

    @property
    def join(self) -> Composable:
        """The join that brings it to ``key``, a row of ``outcome_key``."""
        return SQL("LEFT JOIN {0} ON {0}.group_id = " + self.source.group).format(
            Identifier(self.table)
        )


def find(frame: Frame) -> dict[str, Figure]:
    """Fill the tables of all measures that are not derived; the figure of each, by measure."""
    by_source: dict[Source, list[MeasureRule]] = {}
    for measure in frame.rules.stored:
        by_source.setdefault(counted.source_of(frame.rules, measure), []).append(measure)
    found: dict[str, Figure] = {}
    for number, (source, measures) in enumerate(by_source.items()):
        stretch = windows.find(source.window, frame.period)
        if source.earnings_of:
            figure = Figure(f"earned_{number}", source, stretch, tuple(measures))
            figure = _fill_with_earnings(frame, figure)
        else:
            name, there = frame.common.table("figure", (source, stretch, _read(measures)))
            figure = Figure(name, source, stretch, tuple(measures))
            if not there:
                _fill(frame, figure)
        found |= {measure.name: figure for measure in measures}
    return found


def _read(measures: Iterable[MeasureRule]) -> frozenset[tuple[int, str, bool]]:
    """All that decides which sums of a source are needed."""
    return frozenset((m.metric, m.kind, m.minimum_sample is not None) for m in measures)


def _fill(frame: Frame, figure: Figure) -> None:
    stretch = figure.stretch if figure.source.has_totals else figure.stretch.joined()
    keep("counted", counted.counted(frame, figure.source, stretch))
    pivots = SQL(", ").join(
        part
        for _, measures in sorted(_by_metric(figure.measures).items())
        for part in _pivot(measures, filtered=bool(figure.source.filter))
    )
    keep(
        figure.table,
        SQL("SELECT group_id, {pivots} FROM ({sums}) AS t GROUP BY group_id").format(
            pivots=pivots, sums=_sums(frame, figure, stretch)
        ),
        joined=["group_id"],
    )


def _fill_with_earnings(frame: Frame, figure: Figure) -> Figure:
    known = earned.find(frame, figure.source.earnings_of, figure.stretch)
    keep("counted", counted.counted(frame, figure.source, figure.stretch.joined()))
    keep(figure.table, SQL(earned.SUMS))
    return replace(figure, known=known)


def _by_metric(measures: Iterable[MeasureRule]) -> dict[int, list[MeasureRule]]:
    found: dict[int, list[MeasureRule]] = {}
    for measure in measures:
        found.setdefault(measure.metric, []).append(measure)
    return found


def _sums(frame: Frame, figure: Figure, stretch: Stretch) -> Composable:
    """Rows of group_id, metric_id and what totals hold, to be added up by group."""
    values = value_rows(figure.source, stretch, figure.measures)
    last = sorted({m.metric for m in figure.measures if m.kind == Kind.LAST})
    if last:
        keep("latest_day", _latest_days(figure, stretch, values, last))
    metrics = Literal(sorted({m.metric for m in figure.measures}))
    rows: list[Composable] = []
    if figure.source.has_totals:
        periods = stretch.periods
        one = Literal(periods[0]) if len(periods) == 1 else SQL("counted.period_id")
        rows.append(
            SQL(FROM_TOTALS).format(
                period=one,
                metrics=metrics,
                latest=_latest(last, "total"),
                only=among(frame, "total"),
            )
        )
    if not figure.source.has_totals or fetch("SELECT 1 FROM counted WHERE NOT whole LIMIT 1"):
        which = "NOT counted.whole" if figure.source.has_totals else "true"
        rows.append(
            SQL(FROM_VALUES).format(
                values=values, which=SQL(which), latest=_latest(last, "value", day="day")
            )
        )
    if figure.source.window.kind == "prior":
        rows.append(SQL(NOTHING_DONE).format(metrics=metrics))
    return SQL(" UNION ALL ").join(rows)


FROM_TOTALS = """
    SELECT counted.group_id, total.metric_id, total.rows, total.numerator, total.denominator,
           total.minimum, total.maximum, total.last_value, {latest} AS latest, false AS bad
    FROM counted JOIN metrics_total AS total ON total.period_id = {period}
     AND total.metric_id = ANY({metrics}) AND total.person_id = counted.person_id
     AND total.assignment_id = counted.assignment_id{only}
    WHERE counted.whole
"""
# Days cut out of a period have no total of their own: their values are added up here.
FROM_VALUES = """
    SELECT group_id, metric_id, sum(rows) AS rows, sum(numerator) AS numerator,
           sum(denominator) AS denominator, min(numerator) FILTER (WHERE rows > 0) AS minimum,
           max(numerator) FILTER (WHERE rows > 0) AS maximum,
           sum(numerator) FILTER (WHERE latest AND rows > 0) AS last_value, true AS latest,
           bool_or(bad) AS bad
    FROM (SELECT counted.group_id, value.*, {latest} AS latest
          FROM counted JOIN ({values}) AS value ON value.person_id = counted.person_id
           AND value.assignment_id = counted.assignment_id
           AND value.day >= counted.first_day AND value.day < counted.end_day
          WHERE {which}) AS value
    GROUP BY group_id, metric_id
"""
# Who held a job in an earlier period did nothing there, if there are no values: 0, and not blank.
NOTHING_DONE = """
    SELECT DISTINCT group_id, metric_id, 0, 0, NULL::numeric, NULL::numeric, NULL::numeric,
           NULL::numeric, true, false
    FROM counted CROSS JOIN unnest({metrics}::bigint[]) AS metric_id
"""


# --- values


def value_rows(source: Source, stretch: Stretch, measures: Iterable[MeasureRule]) -> Composable:
    """Current values of the window's days as the source sees them.

    Columns: person_id, assignment_id (0: no job), metric_id, day, numerator, denominator, rows (0
    for a counter-credit), bad (the condition could not be worked out), and reference,
    transaction_id, role, share and undone of the value.
    """
    listed = list(measures)
    about: dict[str, Composable] = {
        "metrics": Literal(sorted({m.metric for m in listed})),
        "added": Literal(sorted({m.metric for m in listed if m.kind in ADDED})),
        "never": SQL(NEVER),
        "start": Literal(stretch.start),
        "end": Literal(stretch.end),
    }
    if source.undone_as == "restate":
        rows = SQL(RESTATED).format(**about)
    else:
        rows = SQL(FULL).format(**about)
    if source.undone_as == "net":
        rows = SQL("{} UNION ALL {}").format(rows, SQL(COUNTER).format(**about))
    condition = next((m.filter for m in listed if m.filter is not None), None)
    return _fitting(rows, condition) if condition is not None else rows


COLUMNS = "value.person_id, coalesce(value.assignment_id, 0) AS assignment_id, value.metric_id"
CREDIT = "value.reference, value.transaction_id, value.role, value.share, value.undone"
CURRENT = """
    FROM metrics_value AS value WHERE value.metric_id = ANY({metrics})
     AND value.superseded_at = {never} AND value.day >= {start} AND value.day < {end}
"""
FULL = f"""
    SELECT {COLUMNS}, value.day, value.numerator, value.denominator, 1 AS rows, false AS bad,
           {CREDIT} {CURRENT}
"""
# As totals hold it: what is wholly undone is nobody's smallest, largest or last value.
RESTATED = f"""
    SELECT {COLUMNS}, value.day,
           CASE WHEN value.undone IS NULL THEN value.numerator
                ELSE value.numerator * (1 - value.undone) END AS numerator,
           CASE WHEN value.undone IS NULL THEN value.denominator
                ELSE value.denominator * (1 - value.undone) END AS denominator,
           1 AS rows, false AS bad, {CREDIT} {CURRENT}
     AND (value.undone IS DISTINCT FROM 1 OR value.metric_id = ANY({{added}}))
"""
# What was taken back counts against the day on which it was, in the job that the person had then.
COUNTER = f"""
    SELECT value.person_id, job.id, value.metric_id, value.undone_on,
           - value.numerator * value.undone, - value.denominator * value.undone, 0, false, {CREDIT}
    FROM metrics_value AS value
    LEFT JOIN org_assignment AS done ON done.id = value.assignment_id
    CROSS JOIN LATERAL (
      SELECT job.id FROM org_assignment AS job
      WHERE job.person_id = value.person_id AND job.superseded_at = {{never}}
        AND job.valid_from <= value.undone_on AND job.valid_to > value.undone_on
        AND (value.slot IS NULL OR job.slot = value.slot)
      ORDER BY job.slot IS DISTINCT FROM done.slot, job.slot <> 'primary', job.slot LIMIT 1) AS job
    WHERE value.metric_id = ANY({{metrics}}) AND value.superseded_at = {{never}}
      AND value.undone > 0 AND value.undone_on >= {{start}} AND value.undone_on < {{end}}
"""


KEPT = (
    "person_id", "assignment_id", "metric_id", "day", "numerator", "denominator", "rows",
    "reference", "transaction_id", "role", "share", "undone",
)  # fmt: skip


def _fitting(rows: Composable, condition: Formula) -> Composable:
    """The credits whose transaction fits a condition; a value without one never does.

    A transaction may have an attribute of any name, so the value's own columns have a ``~``.
    """
    own = [SQL("value.{} AS {}").format(Identifier(name), Identifier(f"~{name}")) for name in KEPT]
    base = SQL("(SELECT {} FROM ({}) AS value {})").format(
        SQL(", ").join([*own, *attributes.columns(condition.references)]),
        rows,
        SQL("JOIN metrics_transaction AS deal ON deal.id = value.transaction_id"),
    )
    fits = layers(
        [[("~fits", condition)]],
        base,
        never_fails={ref.column for ref in condition.references},
        keep=[*(f"~{name}" for name in KEPT), "~fits", "~fits !"],
    )
    back = SQL(", ").join(
        SQL("{} AS {}").format(Identifier(f"~{name}"), Identifier(name)) for name in KEPT
    )
    return SQL(
        'SELECT {}, "~fits !" IS NOT NULL AS bad FROM ({}) AS value'
        ' WHERE "~fits" OR "~fits !" IS NOT NULL'
    ).format(back, fits)


# --- last values


def _latest(last: list[int], row: str, *, day: str = "last_day") -> Composable:
    """Whether a row holds the person's latest day of the window, of metrics of the kind last."""
    if not last:
        return SQL("true")
    return SQL(
        "CASE WHEN {row}.metric_id = ANY({last}) THEN EXISTS (SELECT 1 FROM latest_day AS latest"
        " WHERE latest.person_id = {row}.person_id AND latest.metric_id = {row}.metric_id"
        " AND latest.day = {row}.{day}) END"
    ).format(row=Identifier(row), last=Literal(last), day=Identifier(day))


# A last value counts where the person's latest one of the window lies, and nowhere else.
LATEST = """
    SELECT person_id, metric_id, max(day) AS day FROM ({rows}) AS row GROUP BY 1, 2
"""
OF_TOTALS = """
    SELECT person_id, metric_id, last_day AS day FROM metrics_total
    WHERE period_id = ANY({periods}) AND metric_id = ANY({last})
      AND person_id IN (SELECT person_id FROM counted)
"""
OF_VALUES = """
    SELECT value.person_id, value.metric_id, value.day FROM ({values}) AS value
    JOIN chunk ON value.day >= chunk.first AND value.day < chunk.until AND {which}
    WHERE value.rows > 0 AND value.person_id IN (SELECT person_id FROM counted)
"""


def _latest_days(
    figure: Figure, stretch: Stretch, values: Composable, last: list[int]
) -> Composable:
    totals = figure.source.has_totals and stretch.periods
    rows: list[Composable] = []
    if totals:
        rows.append(SQL(OF_TOTALS).format(periods=Literal(stretch.periods), last=Literal(last)))
    if not totals or any(chunk.period is None for chunk in stretch.chunks):
        which = "chunk.period_id IS NULL" if totals else "true"
        rows.append(SQL(OF_VALUES).format(values=values, which=SQL(which)))
    return SQL(LATEST).format(rows=SQL(" UNION ALL ").join(rows))


# --- side by side


def _pivot(measures: list[MeasureRule], *, filtered: bool) -> Iterable[Composable]:
    """What a figure reads of a metric, and no more: each sum is paid for by every person."""
    metric, kind = measures[0].metric, measures[0].kind
    only = SQL("FILTER (WHERE metric_id = {})").format(Literal(metric))
    parts: dict[str, str] = {}
    if any(measure.minimum_sample is not None for measure in measures):
        parts |= {"rows": "sum(rows)"}
    if kind in WEIGHTED or kind == Kind.SUM:
        parts |= {"n": "sum(numerator)"}
    if kind in WEIGHTED:
        parts |= {"d": "sum(denominator)"}
    if kind == Kind.MINIMUM:
        parts |= {"n": "min(minimum)"}
    if kind == Kind.MAXIMUM:
        parts |= {"n": "max(maximum)"}
    if filtered:
        parts |= {"bad": "bool_or(bad)"}
    for name, aggregate in parts.items():
        yield SQL(aggregate + " {} AS {}").format(only, Identifier(f"{name} {metric}"))
    if kind == Kind.LAST:
        last = SQL("FILTER (WHERE latest AND metric_id = {})").format(Literal(metric))
        yield SQL(
            "CASE WHEN sum(rows) {only} > 0 THEN coalesce(sum(last_value) {last}, 0) END AS {name}"
        ).format(only=only, last=last, name=Identifier(f"n {metric}"))
