"""Components per credit: each credit by itself, and the credits of a person in their order.

A credit is a value of the component's measure: its amount is the value's numerator, its weight the
denominator, and the attributes are those of its transaction. Columns that are not names of the
language begin with ``~``, so that a transaction may have an attribute of any name.
"""

from __future__ import annotations

from dataclasses import replace

from psycopg.sql import SQL, Composable, Identifier, Literal

from formula import Formula, layers
from incentives import counted, figures, rates
from incentives.evaluate import Work, add_earned, waiting_for
from incentives.models import Measure
from incentives.participants import Frame
from incentives.rules import ComponentRule, MeasureRule, Stage, Window, part_name
from incentives.rules.components import CREDIT_NAMES
from incentives.windows import find as find_window
from metrics.attributes import columns as attribute_columns
from org.sql import keep

# In which order credits are counted: by their day, then by their key.
IN_ORDER = 'PARTITION BY "~result" ORDER BY "~day", "~grain"'


def add(work: Work, stage: Stage) -> None:
    """Work out the components per credit of a stage; what each earned becomes a column."""
    known = work.settle()
    for component in stage.components:
        table = f"credit_{component.id}"
        credits = _worked_out(work, component, known)
        lines = _rounded(component, _of(work, component), credits)
        work.keep(table, lines, joined=["~result", "~current"])
        work.grains.append((component, table))
        add_earned(work, component, table, which=SQL('"~current"'))


def _worked_out(work: Work, component: ComponentRule, known: str) -> Composable:
    """Each credit with its unrounded amount ``~raw``, its error and what it waits for."""
    base = _base(work, component, known)
    gates = [SQL("{} AS {}").format(waiting_for(component), Identifier("~waits"))]
    raw, error = Identifier(component.column), Identifier(f"{component.column} !")
    steps: list[list[tuple[str, Formula]]] = [
        list(component.steps),
        [(component.column, component.amount)],
    ]
    kept = [*KEPT, *_details(component), component.column, f"{component.column} !", "~waits"]
    found = layers(
        steps,
        SQL("(SELECT base.*, {} FROM ({}) AS base OFFSET 0)").format(SQL(", ").join(gates), base),
        never_fails=_sure(work, component),
        keep=kept,
    )
    reversed_ = _of(work, component).undone_as == Measure.UndoneAs.REVERSE
    return SQL(
        "SELECT q.*, CASE WHEN {error} = 'left_out' THEN 0 WHEN \"~waits\" IS NULL THEN {raw} END"
        '{part} AS "~raw", nullif({error}, \'left_out\') AS "~error",'
        " CASE WHEN {error} = 'left_out' THEN 'left_out' ELSE \"~waits\" END AS \"~note\","
        ' {taken} AS "~reversed" FROM ({found}) AS q'
    ).format(
        error=error,
        raw=raw,
        found=found,
        taken=SQL('"~undone"' if reversed_ else "NULL::numeric"),
        part=SQL(' * (1 - coalesce("~undone", 0))' if reversed_ else ""),
    )


KEPT = (
    "~result", "~day", "~grain", "~deal", "~role", "~share", "~undone", "~current", "~person",
    "~counter",
)  # fmt: skip


def _details(component: ComponentRule) -> list[str]:
    """The columns of a credit that its explanation needs beside transaction and result."""
    running = sorted(r.column for r in component.references if r.kind == "running")
    rate = [part_name(component.name, "rate")] if component.rate else []
    return ["amount", "weight", *running, *rate]


def _sure(work: Work, component: ComponentRule) -> list[str]:
    """The columns that cannot hold an error: all but those of what is known of the person."""
    read = {ref.column for ref in component.references}
    unsure = {c for c in read if c in work.known and c not in work.sure}
    rate = part_name(component.name, "rate")
    return sorted((read | {"prorate", "amount", "weight"}) - unsure - {rate})


def _of(work: Work, component: ComponentRule) -> MeasureRule:
    return work.rules.measures[component.of]


def _base(work: Work, component: ComponentRule, known: str) -> Composable:
    """Credits with the columns that formulas read: of the credit, its transaction, its person."""
    person = _person_columns(work, component)
    extra: list[Composable] = [SQL("known.{c} AS {c}").format(c=Identifier(c)) for c in person]
    if work.frame.given is not None:
        rows = work.frame.given.credits[component.of].query
    else:
        measure = _of(work, component)
        window = measure.window if _looks_back(component) else Window()
        rows = credit_rows(work.frame, measure, window)
        of_deal = [r for r in component.references if r.column not in (*work.known, *CREDIT_NAMES)]
        extra += attribute_columns(of_deal, "deal")
        if component.rate:
            extra += rates.columns(work.frame, component, SQL('credit."~day"'))
    for ref in sorted(r for r in component.references if r.kind == "running"):
        extra.append(
            SQL(
                'coalesce(sum(credit.amount) OVER (PARTITION BY credit."~result" ORDER BY'
                ' credit."~day", credit."~grain" ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),'
                " 0) AS {}"
            ).format(Identifier(ref.column))
        )
    return SQL(
        "SELECT credit.*{extra} FROM ({rows}) AS credit"
        ' JOIN {known} AS known ON known.result_id = credit."~result"'
        ' LEFT JOIN metrics_transaction AS deal ON deal.id = credit."~deal"'
    ).format(
        extra=SQL("").join(SQL(", {}").format(column) for column in extra),
        rows=rows,
        known=Identifier(known),
    )


def _looks_back(component: ComponentRule) -> bool:
    """Whether earlier credits of the measure's window matter: for the total before each."""
    return any(ref.kind == "running" for ref in component.references) or component.each == "running"


def _person_columns(work: Work, component: ComponentRule) -> list[str]:
    read = {ref.column for ref in component.references} | {"prorate"}
    read |= {f"{name} ?" for name in component.measures(gate_only=True)}
    errors = {f"{column} !" for column in read if column not in work.sure}
    return [c for c in work.known if c in read | errors and c not in ("amount", "weight")]


def credit_rows(frame: Frame, measure: MeasureRule, window: Window) -> Composable:
    """The credits of a measure over a window, for each result; those of the period are current."""
    about = replace(measure, window=window)
    source = counted.source_of(frame.rules, about)
    stretch = find_window(window, frame.period).joined()
    keep("counted", counted.counted(frame, source, stretch))
    values = figures.value_rows(source, stretch, [about])
    if frame.people is None:
        # A table of its own, with statistics: those of the values are of before the last delivery,
        # and PostgreSQL would look at all stretches for each credit of a metric that is new to it.
        keep("credit_value", values)
        values = SQL("SELECT * FROM credit_value")
    group = "result_id" if source.by_result else "unit_id"
    return SQL(CREDITS).format(
        values=values,
        group=Identifier("key", group),
        whose=SQL("" if measure.scope == Measure.Scope.OWN else WHOSE),
        people=SQL("" if measure.scope == Measure.Scope.OWN else PEOPLE),
        **frame.days,
    )


CREDITS = """
    SELECT key.result_id AS "~result", value.person_id AS "~person", value.day AS "~day",
           CASE WHEN value.transaction_id IS NOT NULL THEN value.reference
                WHEN value.reference = '' THEN value.day::text
                ELSE value.day || '|' || value.reference END{whose}
             || CASE WHEN value.rows = 0 THEN ' undone' ELSE '' END AS "~grain",
           value.transaction_id AS "~deal", value.role AS "~role", value.share AS "~share",
           value.undone AS "~undone", value.day >= {start} AND value.day < {end} AS "~current",
           value.numerator AS amount, value.denominator AS weight, value.rows = 0 AS "~counter"
    FROM counted JOIN ({values}) AS value ON value.person_id = counted.person_id
     AND value.assignment_id = counted.assignment_id
     AND value.day >= counted.first_day AND value.day < counted.end_day
    JOIN outcome_key AS key ON {group} = counted.group_id{people}
"""
# Whose credit it is, where one result has those of several people.
WHOSE = """ || CASE WHEN value.transaction_id IS NULL THEN '|' ELSE '/' END || person.code"""
PEOPLE = """
    JOIN org_person AS person ON person.id = value.person_id"""


# --- rounding


def _rounded(component: ComponentRule, measure: MeasureRule, credits: Composable) -> Composable:
    """The credits with ``~amount``, rounded as the component says, those of the period only.

    Running: the running result is rounded, and each credit is the difference that it makes, so that
    the credits sum to the rounded whole. Transaction: the parties of a transaction share its
    rounded sum, the largest remainders first, then by the person's number; what is taken back on
    another day is shared by itself. Of other people's credits a result shares what is in it.
    """
    places = Literal(component.decimals)
    if component.each == "running":
        amount = SQL(
            'CASE WHEN "~raw" IS NOT NULL THEN'
            ' round(coalesce(sum("~raw") OVER upto, 0), {places})'
            ' - round(coalesce(sum("~raw") OVER upto, 0) - "~raw", {places}) END'
        ).format(places=places)
        return SQL(
            'SELECT q.*, {amount} AS "~amount",'
            ' coalesce(sum("~raw") OVER upto, 0) - "~raw" AS "~before" FROM ({credits}) AS q'
            " WINDOW upto AS (" + IN_ORDER + " ROWS UNBOUNDED PRECEDING)"
        ).format(amount=amount, credits=credits)
    if component.each == "credit":
        return SQL('SELECT q.*, round("~raw", {places}) AS "~amount" FROM ({credits}) AS q').format(
            places=places, credits=credits
        )
    one, order = 'coalesce("~deal"::text, "~grain" || "~person")', '"~person", "~grain"'
    if measure.undone_as == Measure.UndoneAs.NET:
        one += """ || CASE WHEN "~counter" THEN ' undone' ELSE '' END"""
    if measure.scope != Measure.Scope.OWN:
        one, order = f"""{one} || ' of ' || "~result\"""", '"~grain"'
    return SQL(SHARED).format(places=places, credits=credits, one=SQL(one), order=SQL(order))


# ``~least``: what a credit has by itself, in whole coins; ``~rest``: what is left of the rounded
# sum. Coins go the way that the rest has, so that a deal and what cancels it come to nothing for
# each of its parties.
SHARED = """
    SELECT q.*, CASE WHEN "~parties" = 1 THEN round("~raw", {places})
        ELSE "~least" + CASE WHEN row_number() OVER (PARTITION BY "~one" ORDER BY
          sign("~rest") * ("~raw" - "~least") DESC NULLS LAST, {order})
            <= abs("~rest") * power(10::numeric, {places})
          THEN sign("~rest") * power(10::numeric, -{places}) ELSE 0 END END::numeric AS "~amount"
    FROM (SELECT q.*, round(sum("~raw") OVER parties, {places}) - sum("~least") OVER parties
                   AS "~rest", count("~raw") OVER parties AS "~parties"
          FROM (SELECT q.*, {one} AS "~one", trunc("~raw", {places}) AS "~least"
                FROM ({credits}) AS q) AS q
          WINDOW parties AS (PARTITION BY "~one")) AS q
"""
