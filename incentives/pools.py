"""Components per team: one amount for a unit (or the whole plan), shared out among its people.

The amount is worked out once, from the figures of the unit and the sums of what its people have,
and shared by their weights to the cent: the largest remainders get the last cents, equal ones by
the people's codes.
"""

from __future__ import annotations

from psycopg.sql import SQL, Composable, Identifier, Literal

from formula import Ref, error_column, layers
from incentives.evaluate import WITHIN, Work, add_places, earned_column, waiting_for
from incentives.leavers import NOT_EMPLOYED
from incentives.rules import UNIT_SCOPES, ComponentRule, Stage, part_name

WHOLE_PLAN = "plan"


def add(work: Work, stage: Stage) -> None:
    """Work out the components per team of a stage; what each person gets becomes a column."""
    for component in stage.components:
        weights = [] if component.weight is None else [component.weight]
        add_places(work, [ref for weight in weights for ref in weight.references])
        work.layer([[(weight_name(component), weight) for weight in weights]])
        known = work.settle()
        pool, table = f"pool_{component.id}", f"team_{component.id}"
        work.keep(pool, _pool(work, component, known), joined=["~group"])
        work.keep(table, _shares(work, component, known, pool), joined=["~result"])
        work.grains.append((component, table))
        _add_earned(work, component, table)


def weight_name(component: ComponentRule) -> str:
    """How the engines call the weight by which a person shares a pool."""
    return part_name(component.name, "weight")


def _group(component: ComponentRule) -> Composable:
    """What tells one pool from another."""
    return SQL("0::bigint") if component.within == WHOLE_PLAN else WITHIN[component.within]


def _pool(work: Work, component: ComponentRule, known: str) -> Composable:
    """One row for each pool: ``~group``, and the component's formulas over the group's figures."""
    columns = [SQL("{} AS {}").format(_group(component), Identifier("~group"))]
    read = group_inputs(work, component)
    for ref in read:
        columns.append(SQL("{} AS {}").format(_of_group(work, ref), Identifier(ref.column)))
    rate = part_name(component.name, "rate")
    for column in [rate, error_column(rate)] if component.rate else []:
        columns.append(SQL("max({0}) AS {0}").format(Identifier(column)))
    columns.append(SQL("max({}) AS {}").format(waiting_for(component), Identifier("~waits")))
    base = SQL("(SELECT {} FROM {} GROUP BY 1)").format(SQL(", ").join(columns), Identifier(known))
    return layers(
        [list(component.steps), [(component.column, component.amount)]],
        base,
        never_fails=[ref.column for ref in read],
        keep=[
            "~group",
            "~waits",
            component.column,
            error_column(component.column),
            *(ref.column for ref in read),
        ],
    )


def group_inputs(work: Work, component: ComponentRule) -> list[Ref]:
    """What the formulas of a pool read of its group."""
    own = {ref for _, formula in component.steps for ref in formula.references}
    return sorted(ref for ref in own if ref.column in work.known)


def _of_group(work: Work, ref: Ref) -> Composable:
    """A figure of the group: the unit's own, or the sum of what its people have."""
    column = Identifier(ref.column)
    measure = work.rules.measures.get(ref.name)
    if ref.kind in ("value", "goal", "attainment") and measure and measure.scope in UNIT_SCOPES:
        return SQL("max({})").format(column)
    return SQL("CASE WHEN bool_and({c} IS NOT NULL) THEN sum({c}) END").format(c=column)


def _shares(work: Work, component: ComponentRule, known: str, pool: str) -> Composable:
    return SQL(SHARES).format(
        known=Identifier(known),
        pool=Identifier(pool),
        persons=work.frame.persons,
        group=_group(component),
        unit=SQL("coalesce(unit.code, '')") if component.within == "unit" else SQL("'plan'"),
        weight=_weight(work, component),
        weight_error=Identifier(error_column(weight_name(component))),
        amount=Identifier(component.column),
        error=Identifier(error_column(component.column)),
        places=Literal(component.decimals),
        inputs=SQL("").join(
            SQL(", pool.{} AS {}").format(Identifier(ref.column), Identifier(f"in {ref.column}"))
            for ref in group_inputs(work, component)
        ),
    )


def _weight(work: Work, component: ComponentRule) -> Composable:
    """By what a person shares the pool; who earns nothing leaves it to the others."""
    weight: Composable = Identifier("known", weight_name(component))
    if NOT_EMPLOYED in work.known:
        weight = SQL("CASE WHEN {} THEN 0 ELSE {} END").format(
            Identifier("known", NOT_EMPLOYED), weight
        )
    return weight


# ``~floor``: the part of the pool that a weight has by itself, in whole cents.
SHARES = """
    SELECT q.*, CASE WHEN "~error" IS NOT NULL OR "~note" IS NOT NULL THEN NULL
        WHEN "~weights" = 0 THEN 0 ELSE "~floor" + CASE WHEN row_number() OVER (
          PARTITION BY "~group" ORDER BY "~ideal" - "~floor" DESC NULLS LAST, "~code", "~result")
          <= round(("~pool" - "~floors") * power(10::numeric, {places}))
          THEN power(10::numeric, -{places}) ELSE 0 END END::numeric AS "~amount"
    FROM (SELECT q.*, sum("~floor") OVER (PARTITION BY "~group") AS "~floors"
      FROM (SELECT q.*, floor("~ideal" * power(10::numeric, {places}))
                   * power(10::numeric, -{places}) AS "~floor"
        FROM (SELECT q.*, round("~pool"::numeric(80,40) * "~weight" / nullif("~weights", 0), 20)
                     AS "~ideal"
          FROM (SELECT known.result_id AS "~result", known.person_id AS "~person",
                   {group} AS "~group", {unit} AS "~grain", person.code AS "~code",
                   known.unit_id AS "~unit", {weight} AS "~weight",
                   sum({weight}) OVER (PARTITION BY {group}) AS "~weights",
                   pool.{amount} AS "~pool",
                   coalesce(nullif(pool.{error}, 'left_out'), known.{weight_error},
                     CASE WHEN {weight} < 0 THEN 'negative_weight' END) AS "~error",
                   coalesce(pool."~waits", CASE WHEN pool.{amount} IS NULL OR
                     bool_or({weight} IS NULL OR {weight} < 0) OVER (PARTITION BY {group})
                     THEN 'blank_pool' END) AS "~note"{inputs}
                FROM {known} AS known JOIN {pool} AS pool ON pool."~group" = {group}
                JOIN {persons} AS person ON person.id = known.person_id
                LEFT JOIN org_unit AS unit ON unit.id = known.unit_id) AS q) AS q) AS q) AS q
"""


def _add_earned(work: Work, component: ComponentRule, table: str) -> None:
    column = earned_column(component.name)
    work.query = SQL(
        'SELECT q.*, shared."~amount" AS {column} FROM ({query}) AS q'
        ' LEFT JOIN {table} AS shared ON shared."~result" = q.result_id OFFSET 0'
    ).format(column=Identifier(column), query=work.query, table=Identifier(table))
    work.known.append(column)
    work.sure.append(column)
