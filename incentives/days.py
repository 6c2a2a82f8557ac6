"""Components per day: “5.00 for each day with 50 calls”. The measures are those of one day."""

from __future__ import annotations

from dataclasses import replace

from psycopg.sql import SQL, Composable, Identifier, Literal

from formula import Formula, error_column, layers
from incentives import counted, figures, rates
from incentives.evaluate import Work, add_earned
from incentives.goals import WEIGHTED
from incentives.participants import Frame
from incentives.rules import ComponentRule, Kind, MeasureRule, Stage, Window, part_name
from incentives.windows import find as find_window
from org.sql import keep


def add(work: Work, stage: Stage) -> None:
    """Work out the components per day of a stage; what each earned becomes a column."""
    known = work.settle()
    for component in stage.components:
        table = f"day_{component.id}"
        work.keep(table, _worked_out(work, component, known), joined=["~result"])
        work.grains.append((component, table))
        add_earned(work, component, table)


def _worked_out(work: Work, component: ComponentRule, known: str) -> Composable:
    measures = [m for m in work.rules.measures.values() if m.name in component.measures()]
    read = {ref.column for ref in component.references} | {"prorate"}
    rate = part_name(component.name, "rate")
    known_columns = {*work.known} - {m.name for m in measures}
    person = sorted(known_columns & {*read, rate, error_column(rate)})
    own_rate = component.rate and work.frame.given is None
    of_day = rates.columns(work.frame, component, SQL("day.day")) if own_rate else []
    base = SQL(
        'SELECT day.result_id AS "~result", day.day AS "~day", day.day::text AS "~grain"{measures}'
        "{person}{rate}"
        " FROM ({daily}) AS day JOIN {known} AS known ON known.result_id = day.result_id"
    ).format(
        measures=_listed("day", [m.name for m in measures]),
        person=_listed("known", person),
        rate=SQL("").join(SQL(", {}").format(column) for column in of_day),
        daily=daily(work.frame, measures)
        if work.frame.given is None
        else work.frame.given.days.query,
        known=Identifier(known),
    )
    amount, error = component.column, error_column(component.column)
    rated = [rate] if component.rate else []
    steps: list[list[tuple[str, Formula]]] = [
        list(component.steps),
        [(component.column, component.amount)],
    ]
    found = layers(
        steps,
        SQL("({})").format(base),
        never_fails=sorted(read - {rate}),
        keep=["~result", "~day", "~grain", *(m.name for m in measures), *rated, amount, error],
    )
    return SQL(
        'SELECT q.*, {amount} AS "~amount", {error} AS "~error", NULL::text AS "~note"'
        " FROM ({found}) AS q WHERE {error} IS NOT NULL OR {amount} IS DISTINCT FROM {nothing}"
    ).format(amount=Identifier(amount), error=Identifier(error), found=found, nothing=Literal(0))


def _listed(row: str, columns: list[str]) -> Composable:
    return SQL("").join(SQL(", {}").format(Identifier(row, column)) for column in columns)


# --- the figures of one day


def daily(frame: Frame, measures: list[MeasureRule]) -> Composable:
    """A query of result_id, day and each measure's figure of that day, for days with any value.

    Sums of a day without a value of theirs are 0; ratios and last values are blank then.
    """
    queries, columns = [], []
    for number, measure in enumerate(measures):
        source = counted.source_of(frame.rules, replace(measure, window=Window()))
        stretch = find_window(Window(), frame.period).joined()
        table = f"day_counted_{number}"
        keep(table, counted.counted(frame, source, stretch))
        queries.append(
            SQL(DAILY).format(
                table=Identifier(table),
                number=Literal(number),
                values=figures.value_rows(source, stretch, [measure]),
            )
        )
        columns.append(SQL("{} AS {}").format(_figure(measure, number), Identifier(measure.name)))
    return SQL("SELECT result_id, day, {} FROM ({}) AS value GROUP BY 1, 2").format(
        SQL(", ").join(columns), SQL(" UNION ALL ").join(queries)
    )


DAILY = """
    SELECT counted.group_id AS result_id, value.day, {number} AS which, value.numerator,
           value.denominator
    FROM {table} AS counted JOIN ({values}) AS value ON value.person_id = counted.person_id
     AND value.assignment_id = counted.assignment_id
     AND value.day >= counted.first_day AND value.day < counted.end_day
"""


def _figure(measure: MeasureRule, number: int) -> Composable:
    only = SQL("FILTER (WHERE which = {})").format(Literal(number))
    if measure.kind in WEIGHTED:
        return SQL(
            "round(sum(numerator) {only}::numeric(80,50) / nullif(sum(denominator) {only}, 0), 12)"
        ).format(only=only)
    function = {Kind.MINIMUM: "min", Kind.MAXIMUM: "max"}.get(Kind(measure.kind), "sum")
    value = SQL("{}(numerator) {}").format(SQL(function), only)
    return SQL("coalesce({}, 0)").format(value) if measure.kind == Kind.SUM else value
