"""Totals: each person's values in one job, metric and period, added up where they are stale.

Marks say what is stale. They are deleted by the transaction that adds up anew, before it reads the
values: what was committed with a deleted mark is visible to the statements that follow, and what
comes later brings a mark of its own (docs/adr/0081).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

from metrics.credit import credit, kinds_by_assignment, touch_managed
from metrics.locks import hold_values
from metrics.models import CreditRule, MetricDefinition
from org import locks
from org.sql import NEVER, execute, fetch

Kind = MetricDefinition.Kind

# What is kept of a metric's values, and for which kinds; for others the column stays empty.
ADDED = frozenset({Kind.SUM, Kind.RATIO, Kind.WEIGHTED_MEAN})
EXTREME = frozenset({Kind.MINIMUM, Kind.MAXIMUM})
LAST = frozenset({Kind.LAST})
COLUMNS = (
    ("numerator", "sum(numerator)", "numeric", ADDED),
    ("denominator", "sum(denominator)", "numeric", ADDED),
    ("minimum", "min(numerator)", "numeric", EXTREME),
    ("maximum", "max(numerator)", "numeric", EXTREME),
    ("last_day", "max(day)", "date", LAST),
)


@dataclass(frozen=True)
class Wanted:
    """Totals that somebody reads: a metric, of a kind, in a period of days ``[start, end)``."""

    period: int
    metric: int
    kind: str
    start: date
    end: date


def refresh(wanted: Iterable[Wanted]) -> int:
    """Bring the wanted totals up to date; the number of totals written.

    Leaves the marks that it took in the temporary table ``taken_mark`` (change_id, kind, person_id,
    metric, plan, first_day, end_day) for whoever has more to do about them in this transaction.
    """
    locks.hold_engine()
    _take_marks()
    if _jobs_changed():
        # A delivery that is on its way may have stamped its values by the jobs of before.
        hold_values()
        _credit_again()
        _stamp_again()
    written = 0
    for _, items in sorted(_by_period({*wanted, *_kept_and_marked()}).items()):
        written += _refresh_period(items)
    return written


def are_current(wanted: Iterable[Wanted]) -> bool:
    """Whether refreshing the wanted totals would change none: no mark waits, all are kept."""
    if fetch("SELECT 1 FROM org_stalemark WHERE plan IS NULL LIMIT 1"):
        return False
    periods = _by_period(wanted)
    return all({i.metric for i in items} <= _kept(period) for period, items in periods.items())


def _take_marks() -> None:
    execute("DROP TABLE IF EXISTS taken_mark")
    execute(
        "CREATE TEMP TABLE taken_mark (change_id bigint, kind text, person_id bigint,"
        " metric bigint, plan bigint, first_day date, end_day date) ON COMMIT DROP"
    )
    execute(
        "WITH gone AS (DELETE FROM org_stalemark RETURNING *)"
        " INSERT INTO taken_mark SELECT change_id, change.kind, person_id, metric, plan,"
        " first_day, end_day FROM gone JOIN org_inputchange AS change ON change.id = change_id"
    )
    execute("ANALYZE taken_mark")


def _jobs_changed() -> bool:
    return bool(
        fetch("SELECT 1 FROM taken_mark WHERE kind IN ('assignment', 'employment') LIMIT 1")
    )


def _credit_again() -> None:
    """Credits of managers and heads of units go to others where assignments changed.

    They are recorded as known since that change, which is their cause.
    """
    changed = fetch(
        "SELECT max(change.id), max(change.at) FROM taken_mark AS mark JOIN org_inputchange AS"
        " change ON change.id = mark.change_id WHERE mark.kind IN ('assignment', 'employment')"
    )[0]
    rules = kinds_by_assignment()
    if not rules or not touch_managed(rules):
        return
    done = credit(at=changed[1])
    for first, last, person, metric in done.marks:
        execute(
            "INSERT INTO taken_mark (change_id, kind, person_id, metric, first_day, end_day)"
            " VALUES (%s, 'credit', %s, %s, %s, %s::date + 1)",
            [changed[0], person, metric, first, last],
        )


# A day's job: the slot that the source named, else the primary one, else the only one there is.
JOB_OF_DAY = f"""
    SELECT job.id FROM org_assignment AS job
    WHERE job.person_id = value.person_id AND job.superseded_at = {NEVER}
      AND job.valid_from <= value.day AND job.valid_to > value.day
      AND (value.slot IS NULL OR job.slot = value.slot)
    ORDER BY job.slot <> 'primary', job.slot LIMIT 1
"""


def _stamp_again() -> None:
    """Stamp the values of people whose jobs changed; days become stale where a stamp moved."""
    execute(
        SQL(
            "WITH moved AS (UPDATE metrics_value AS value SET assignment_id = found.job FROM ("
            "  SELECT value.person_id, value.day, value.metric_id, value.reference, job.id AS job"
            "  FROM (SELECT DISTINCT person_id FROM taken_mark WHERE kind IN"
            "        ('assignment', 'employment') AND person_id IS NOT NULL) AS touched"
            "  JOIN metrics_value AS value USING (person_id)"
            "  LEFT JOIN LATERAL ({job}) AS job ON true"
            "  WHERE value.superseded_at = {never}"
            "    AND value.assignment_id IS DISTINCT FROM job.id) AS found"
            " WHERE value.person_id = found.person_id AND value.day = found.day"
            "   AND value.metric_id = found.metric_id AND value.reference = found.reference"
            "   AND value.superseded_at = {never}"
            " RETURNING value.person_id, value.metric_id, value.day)"
            " INSERT INTO taken_mark (kind, person_id, metric, first_day, end_day)"
            " SELECT 'stamp', person_id, metric_id, min(day), max(day) + 1 FROM moved GROUP BY 2, 3"
        ).format(job=SQL(JOB_OF_DAY), never=SQL(NEVER))
    )


def _kept_and_marked() -> list[Wanted]:
    """Totals that are kept and that a taken mark touches, whoever reads them: the mark is gone."""
    found = fetch(
        "SELECT period.id, kept.metric_id, definition.kind, period.valid_from, period.valid_to"
        " FROM metrics_kepttotal AS kept JOIN org_period AS period ON period.id = period_id"
        " JOIN metrics_metricdefinition AS definition"
        "  ON definition.metric_id = kept.metric_id"
        f" AND definition.superseded_at = {NEVER}"
        "  AND definition.valid_from <= period.valid_from"
        "  AND definition.valid_to > period.valid_from"
        " WHERE EXISTS (SELECT 1 FROM taken_mark AS mark WHERE mark.plan IS NULL"
        "  AND (mark.metric IS NULL OR mark.metric = kept.metric_id)"
        "  AND mark.first_day < period.valid_to AND mark.end_day > period.valid_from)"
    )
    return [Wanted(*row) for row in found]


def _by_period(wanted: Iterable[Wanted]) -> dict[int, list[Wanted]]:
    """Wanted totals that one reading of the values can add up: those of one period."""
    periods: dict[int, list[Wanted]] = {}
    for item in set(wanted):
        if item.kind != Kind.DERIVED:
            periods.setdefault(item.period, []).append(item)
    return periods


def _refresh_period(items: list[Wanted]) -> int:
    kept = _kept(items[0].period)
    marked = _marked_for_everyone(items[0], [i.metric for i in items if i.metric in kept])
    everyone = [i for i in items if i.metric not in kept or i.metric in marked]
    rest = [i for i in items if i not in everyone]
    written = 0
    if everyone:
        written += _add_up(everyone, SQL("TRUE"), first=not any(i.metric in kept for i in everyone))
        _keep(items[0].period, [i.metric for i in everyone])
    if rest and _mark_people(items[0], [i.metric for i in rest]):
        written += _add_up(rest, SQL(STALE_PERSON), first=False)
    return written


STALE_PERSON = (
    "EXISTS (SELECT 1 FROM stale_person AS stale WHERE stale.person_id = row.person_id"
    " AND stale.metric_id = row.metric_id)"
)


def _kept(period: int) -> set[int]:
    found = fetch("SELECT metric_id FROM metrics_kepttotal WHERE period_id = %s", [period])
    return {metric for (metric,) in found}


def _keep(period: int, metrics: list[int]) -> None:
    execute(
        "INSERT INTO metrics_kepttotal (period_id, metric_id) SELECT %s, unnest(%s::bigint[])"
        " ON CONFLICT DO NOTHING",
        [period, metrics],
    )


def _marked_for_everyone(period: Wanted, metrics: list[int]) -> list[int]:
    found = fetch(
        "SELECT DISTINCT m.metric FROM unnest(%s::bigint[]) AS m (metric) JOIN taken_mark AS t"
        " ON t.metric = m.metric OR t.metric IS NULL WHERE t.person_id IS NULL"
        " AND t.plan IS NULL AND t.kind NOT IN ('goal', 'version', 'rate', 'decision',"
        " 'completeness', 'fact', 'hierarchy') AND t.first_day < %s AND t.end_day > %s",
        [metrics, period.end, period.start],
    )
    return [metric for (metric,) in found]


def _mark_people(period: Wanted, metrics: list[int]) -> int:
    """Collect who is stale in which of these metrics; how many there are."""
    execute("DROP TABLE IF EXISTS stale_person")
    count = execute(
        "CREATE TEMP TABLE stale_person ON COMMIT DROP AS SELECT DISTINCT t.person_id, m.metric_id"
        " FROM taken_mark AS t JOIN unnest(%s::bigint[]) AS m (metric_id)"
        " ON t.metric = m.metric_id OR t.metric IS NULL"
        " WHERE t.person_id IS NOT NULL AND t.plan IS NULL"
        " AND t.first_day < %s AND t.end_day > %s",
        [metrics, period.end, period.start],
    )
    execute("ANALYZE stale_person")
    return count


def _add_up(items: list[Wanted], which: SQL, *, first: bool) -> int:
    """Add the values up in temporary tables (which runs in parallel), then write what differs."""
    execute("DROP TABLE IF EXISTS fresh_total, fresh_last")
    execute(
        SQL(
            "CREATE TEMP TABLE fresh_total ON COMMIT DROP AS SELECT metric_id, person_id,"
            " coalesce(assignment_id, 0) AS assignment_id, count(*) AS rows, {columns}"
            " FROM {values} GROUP BY 1, 2, 3"
        ).format(columns=_columns(items), values=_values(items, which))
    )
    execute("ANALYZE fresh_total")
    _find_last_values(_metrics(items, LAST))
    if first:
        return execute(_insert(items[0]))
    return _remove_vanished(items, which) + execute(
        _insert(items[0])
        + SQL(
            " ON CONFLICT (tenant_id, period_id, metric_id, person_id, assignment_id) DO UPDATE SET"
            " rows = excluded.rows, numerator = excluded.numerator,"
            " denominator = excluded.denominator, minimum = excluded.minimum,"
            " maximum = excluded.maximum, last_day = excluded.last_day,"
            " last_value = excluded.last_value WHERE (kept.rows, kept.numerator, kept.denominator,"
            " kept.minimum, kept.maximum, kept.last_day, kept.last_value) IS DISTINCT FROM"
            " (excluded.rows, excluded.numerator, excluded.denominator, excluded.minimum,"
            " excluded.maximum, excluded.last_day, excluded.last_value)"
        )
    )


def _metrics(items: list[Wanted], kinds: frozenset[Kind]) -> list[int]:
    return sorted(item.metric for item in items if item.kind in kinds)


def _columns(items: list[Wanted]) -> Composable:
    """What the kinds of these metrics keep; one pass over the values serves them all."""
    columns: list[Composable] = []
    for name, aggregate, type_, kinds in COLUMNS:
        which = _metrics(items, kinds)
        value: Composable = SQL(aggregate)
        if not which:
            value = SQL("NULL")
        elif len(which) < len(items):
            value += SQL(" FILTER (WHERE metric_id = ANY({}))").format(Literal(which))
        columns.append(SQL("({})::" + type_ + " AS {}").format(value, Identifier(name)))
    return SQL(", ").join(columns)


def _values(items: list[Wanted], which: SQL) -> Composed:
    """The current values of a period."""
    metrics = [item.metric for item in items]
    credited = _credited(metrics)
    return SQL(
        "(SELECT {columns} FROM metrics_value AS row WHERE row.superseded_at = {never}"
        " AND row.metric_id = ANY({metrics}) AND row.day >= {start} AND row.day < {end}"
        " AND {counts} AND {which}) AS row"
    ).format(
        columns=SQL(RESTATED if credited else "row.*"),
        counts=_counts(items) if credited else SQL("TRUE"),
        never=SQL(NEVER),
        metrics=Literal(metrics),
        start=Literal(items[0].start),
        end=Literal(items[0].end),
        which=which,
    )


# What is undone of a credit does not count, on its own day.
RESTATED = """
    row.metric_id, row.person_id, row.assignment_id, row.day,
    CASE WHEN row.undone IS NULL THEN row.numerator
         ELSE row.numerator * (1 - row.undone) END AS numerator,
    CASE WHEN row.undone IS NULL THEN row.denominator
         ELSE row.denominator * (1 - row.undone) END AS denominator
"""


def _credited(metrics: list[int]) -> bool:
    """Whether a credit rule feeds one of these metrics: nothing else can be undone in part."""
    return CreditRule.objects.filter(into_id__in=metrics).exists()


def _counts(items: list[Wanted]) -> Composable:
    """What is wholly undone is nobody's smallest, largest or last value."""
    return SQL("(row.undone IS DISTINCT FROM 1 OR row.metric_id = ANY({}))").format(
        Literal(_metrics(items, ADDED))
    )


def _find_last_values(metrics: list[int]) -> None:
    """``fresh_last``: the value of the last day, of the metrics that count by it."""
    figure = "value.numerator"
    if _credited(metrics):
        figure = "value.numerator * (1 - coalesce(value.undone, 0))"
    execute(
        SQL(
            "CREATE TEMP TABLE fresh_last ON COMMIT DROP AS SELECT fresh.metric_id,"
            " fresh.person_id, fresh.assignment_id,"
            " sum({figure}) AS last_value"
            " FROM fresh_total AS fresh JOIN metrics_value AS value"
            "  ON value.metric_id = fresh.metric_id AND value.person_id = fresh.person_id"
            "  AND value.day = fresh.last_day AND value.superseded_at = {never}"
            "  AND coalesce(value.assignment_id, 0) = fresh.assignment_id"
            " WHERE fresh.metric_id = ANY({metrics}) GROUP BY 1, 2, 3"
        ).format(never=SQL(NEVER), metrics=Literal(metrics), figure=SQL(figure))
    )


def _insert(period: Wanted) -> Composed:
    return SQL(
        "INSERT INTO metrics_total AS kept (period_id, metric_id, person_id, assignment_id, rows,"
        " numerator, denominator, minimum, maximum, last_day, last_value)"
        " SELECT {period}, metric_id, person_id, assignment_id, rows, numerator, denominator,"
        " minimum, maximum, last_day, last_value FROM fresh_total"
        " LEFT JOIN fresh_last USING (metric_id, person_id, assignment_id)"
    ).format(period=Literal(period.period))


def _remove_vanished(items: list[Wanted], which: SQL) -> int:
    return execute(
        SQL(
            "DELETE FROM metrics_total AS row WHERE row.period_id = {period}"
            " AND row.metric_id = ANY({metrics}) AND {which} AND NOT EXISTS (SELECT 1 FROM"
            " fresh_total AS fresh WHERE fresh.metric_id = row.metric_id AND"
            " fresh.person_id = row.person_id AND fresh.assignment_id = row.assignment_id)"
        ).format(
            period=Literal(items[0].period),
            metrics=Literal([item.metric for item in items]),
            which=which,
        )
    )
