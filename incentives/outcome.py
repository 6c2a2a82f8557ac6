"""Writing what a calculation found: results with their inputs, and an earning for each line."""

from __future__ import annotations

from decimal import Decimal
from typing import cast

from psycopg.sql import SQL, Composable, Identifier, Literal

from formula import Ref, error_column
from incentives import leavers
from incentives.evaluate import Work, decided, earned_column, waiting_for
from incentives.measuring import told_name
from incentives.models import CalculationRun, Earning, Result
from incentives.pools import group_inputs
from incentives.rules import (
    POPULATION,
    TOTAL,
    WHOLE,
    ComponentRule,
    Per,
    VersionRules,
    decided_name,
    part_name,
)
from incentives.rules.components import YEAR_BEGINS
from org.errors import DomainError
from org.sql import execute, fetch, identifiers, keep

EARNING = Identifier(Earning._meta.db_table)


def write(work: Work, made: CalculationRun) -> None:
    """Write results and earnings of everybody in the table ``outcome``."""
    _write_results(work, made)
    write_earnings(work, made)


def write_earnings(work: Work, made: CalculationRun) -> None:
    """Write the earnings alone, cut to what the plan as a whole pays."""
    _write_people(work, made)
    for component, table in work.grains:
        _write_grain(work, made, component, table)
    if work.rules.whole:
        _cut_to_whole(work, made)
    leavers.take_away(work.frame.version, made.pk)


# --- results


def _write_results(work: Work, made: CalculationRun) -> None:
    execute(
        SQL(
            "INSERT INTO {result} (run_id, person_id, job, inputs, segments)"
            " SELECT {run}, outcome.person_id, outcome.job, {inputs}, key.segments FROM outcome"
            " JOIN (SELECT result_id, segments FROM {segments}) AS key USING (result_id)"
        ).format(
            segments=Identifier(_segments(work)),
            result=Identifier(Result._meta.db_table),
            run=Literal(made.pk),
            inputs=inputs_as_json(work),
        )
    )


SEGMENTS = """
    SELECT result_id, jsonb_agg(jsonb_build_object('unit', unit_id, 'job_type', job_type_id,
      'slot', slot, 'from', first_day, 'to', end_day, 'days', days, 'of', period_days)
      ORDER BY first_day) AS segments
    FROM slice GROUP BY result_id
"""


def _segments(work: Work) -> str:
    """The table of each result's slices as JSON. It takes long to make, so only what writes results
    has one, and plans with the same participants share it."""
    name, there = work.frame.common.table("segment", ())
    if not there:
        keep(name, SQL(SEGMENTS).format(), joined=["result_id"])
    return name


def inputs_as_json(work: Work) -> Composable:
    """Everything that the Decimal engine needs to work a row of ``outcome`` out again."""
    # Two arrays: a function takes a hundred arguments, and ten measures have more keys and texts.
    inputs = _input_texts(work)
    return SQL(
        "jsonb_strip_nulls(jsonb_object(ARRAY[{names}]::text[], ARRAY[{texts}]::text[]))"
    ).format(
        names=SQL(", ").join(Literal(name) for name in inputs),
        texts=SQL(", ").join(inputs.values()),
    )


def _input_texts(work: Work) -> dict[str, Composable]:
    """The text, by key, of everything that the Decimal engine needs to work it out again."""
    rules = work.rules
    numbers = [m.name for m in rules.stored] + ["prorate"]
    plain: list[str] = []
    for measure in rules.shown:
        numbers += [Ref("goal", measure.name).column, decided_name(measure.name)]
        plain += [f"{decided_name(measure.name)} !", told_name(measure.name)]
    for code in sorted(rules.facts):
        plain.append(Ref("fact", code).column)
    if any(ref.kind == "tenure" for ref in rules.references):
        numbers.append("tenure")
    numbers += sorted({ref.column for ref in rules.references if ref.kind in POPULATION})
    numbers += _given(rules)
    plain += [n for c in rules.components.values() if (n := rate_error(c)) in work.known]
    plain += [YEAR_BEGINS] if YEAR_BEGINS in work.known else []
    # Text keeps every digit; a JSON number would be read as a binary fraction.
    texts: dict[str, Composable] = {
        name: SQL("trim_scale({})::text").format(Identifier(name))
        for name in numbers
        if name in work.known
    }
    texts |= {name: SQL("{}::text").format(Identifier(name)) for name in plain}
    for name in (f"{measure.name} ?" for measure in rules.shown):
        texts[name] = SQL("CASE WHEN {} THEN 'yes' END").format(Identifier(name))
    return texts


def _given(rules: VersionRules) -> list[str]:
    """What comes from the ledger, from rates and from lines of credits, days and teams."""
    found: list[str] = []
    for component in rules.components.values():
        if component.per != Per.PERSON:
            found.append(earned_column(component.name))
        found += [part_name(component.name, what) for what in ("rate", "opened")]
    return found


def rate_error(component: ComponentRule) -> str:
    """The column that says why a component has no exchange rate."""
    return error_column(part_name(component.name, "rate"))


# --- earnings


def _write_people(work: Work, made: CalculationRun) -> None:
    """A line for each component per person, of everybody at once."""
    components = [c for c in work.rules.components.values() if c.per == Per.PERSON]
    if not components:
        return
    lines = SQL(", ").join(_line(work, component) for component in components)
    execute(
        SQL(
            "INSERT INTO {earning} (run_id, person_id, component_id, job, plan_id, period_id,"
            " currency, amount, status, problem)"
            " SELECT {run}, outcome.person_id, line.component, outcome.job, {plan}, {period},"
            " {currency}, line.amount, " + STATUS.format(row="line") + ","
            " coalesce(line.error, line.note)"
            " FROM outcome CROSS JOIN LATERAL (VALUES {lines})"
            " AS line (component, amount, error, note)"
        ).format(lines=lines, **_about(work, made))
    )


STATUS = (
    "CASE WHEN {row}.error IS NOT NULL THEN 'failed'"
    " WHEN {row}.amount IS NULL THEN 'undecided' ELSE 'decided' END"
)


def _about(work: Work, made: CalculationRun) -> dict[str, Composable]:
    return {
        "earning": EARNING,
        "run": Literal(made.pk),
        "plan": Literal(work.frame.version.plan_id),
        "period": Literal(work.frame.period.pk),
        "currency": Literal(work.frame.currency),
    }


def _line(work: Work, component: ComponentRule) -> Composable:
    """A component's amount and error: a gate on incomplete data is undecided, whoever is left out
    by a decision earns nothing."""
    return SQL(
        "({id}, {amount}, nullif({error}, 'left_out'),"
        " CASE WHEN {error} = 'left_out' THEN 'left_out' ELSE {waiting} END)"
    ).format(
        id=Literal(component.id),
        error=Identifier(error_column(component.column)),
        amount=decided(work, component),
        waiting=waiting_for(component),
    )


def _write_grain(work: Work, made: CalculationRun, component: ComponentRule, table: str) -> None:
    """A line for each credit, day or share of a pool, with the key of what earned it."""
    grain = GRAINS[Per(component.per)]
    detail = SQL(", ").join(
        SQL("{}, trim_scale({})::text").format(Literal(name), Identifier("line", column))
        for name, column in _detail(work, component).items()
    )
    execute(
        SQL(
            "INSERT INTO {earning} (run_id, person_id, component_id, job, grain, plan_id,"
            " period_id, transaction_id, role, day, unit_id, currency, amount, status, problem,"
            ' detail) SELECT {run}, key.person_id, {component}, key.job, line."~grain", {plan},'
            ' {period}, {columns}, {currency}, line."~amount",'
            " CASE WHEN line.\"~error\" IS NOT NULL THEN 'failed'"
            "  WHEN line.\"~amount\" IS NULL THEN 'undecided' ELSE 'decided' END,"
            ' coalesce(line."~error", line."~note"),'
            " jsonb_strip_nulls(jsonb_build_object({detail}))"
            ' FROM {table} AS line JOIN outcome_key AS key ON key.result_id = line."~result"'
            " WHERE {which}"
        ).format(
            component=Literal(component.id),
            columns=SQL(grain["columns"]),
            which=SQL(grain["which"]),
            table=Identifier(table),
            detail=detail,
            **_about(work, made),
        )
    )


GRAINS = {
    Per.CREDIT: {
        "columns": 'line."~deal", line."~role", line."~day", NULL::bigint',
        "which": 'line."~current"',
    },
    Per.DAY: {"columns": 'NULL::bigint, NULL, line."~day", NULL::bigint', "which": "true"},
    Per.TEAM: {"columns": 'NULL::bigint, NULL, NULL::date, line."~unit"', "which": "true"},
}


def _detail(work: Work, component: ComponentRule) -> dict[str, str]:
    """What the explanation of a line needs beside the inputs of its person's result."""
    if component.per == Per.TEAM:
        inputs = {f"in {ref.column}": f"in {ref.column}" for ref in group_inputs(work, component)}
        return {"pool": "~pool", "weight": "~weight", "weights": "~weights", **inputs}
    rate = part_name(component.name, "rate")
    rated = {rate: rate} if component.rate else {}
    if component.per == Per.DAY:
        return {name: name for name in sorted(component.measures())} | rated
    found = {"amount": "amount", "weight": "weight", "raw": "~raw", "reversed": "~reversed"}
    if component.each == "running":
        found["before"] = "~before"
    for ref in component.references:
        if ref.kind == "running":
            found[ref.column] = ref.column
    return found | rated


# --- a plan's own gate, modifier and cap


def _cut_to_whole(work: Work, made: CalculationRun) -> None:
    """Bring the lines of each result to what the plan as a whole pays, by largest remainder."""
    whole = part_name(WHOLE, "amount")
    allot(
        SQL(
            "SELECT person_id, job, {total}::numeric AS total, {whole} AS allowed FROM outcome"
            " WHERE {whole} IS DISTINCT FROM {total}"
        ).format(total=Identifier(TOTAL), whole=Identifier(whole)),
        runs=[made.pk],
        key=("person_id", "job"),
        places=work.frame.places,
        why="plan",
    )


def allot(cuts: Composable, *, runs: list[int], key: tuple[str, ...], places: int, why: str) -> int:
    """Change decided lines of provisional runs so that those of one key sum to ``allowed``.

    ``cuts``: a query of the key's columns, ``total`` and ``allowed``. Each line keeps its part of
    the total, in whole cents: the largest remainders get the last ones. What a line was before
    stands in its detail under ``why``. Lines with no total to be a part of stay.
    """
    return execute(
        SQL(ALLOT).format(
            earning=EARNING,
            cuts=cuts,
            runs=Literal(runs),
            on=SQL(" AND ").join(
                SQL("cut.{c} = line.{c}").format(c=Identifier(column)) for column in key
            ),
            group=identifiers(key),
            places=Literal(places),
            why=Literal(why),
            columns=identifiers(ALLOTTED),
            kept=SQL(", ").join(Identifier("earning", column) for column in ALLOTTED),
        )
    )


# An earning is never changed, so one that is cut gives way to another: all but amount and detail.
ALLOTTED = [
    field.column
    for field in Earning._meta.concrete_fields
    if field.column and field.column not in ("amount", "detail")
]
ALLOT = """
    WITH line AS (
        SELECT line.run_id, line.person_id, line.plan_id, line.component_id, line.job, line.grain,
               coalesce((line.detail ->> {why})::numeric, line.amount) AS amount,
               cut.allowed,
               round(coalesce((line.detail ->> {why})::numeric, line.amount)::numeric(80,40)
                 * cut.allowed / cut.total, 20) AS ideal
        FROM {earning} AS line JOIN ({cuts}) AS cut ON {on}
        WHERE line.run_id = ANY({runs}) AND line.status = 'decided' AND cut.total <> 0),
    whole AS (
        SELECT line.*, floor(ideal * power(10::numeric, {places})) * power(10::numeric, -{places})
                 AS least FROM line),
    shared AS (
        SELECT whole.*, least + CASE WHEN row_number() OVER (PARTITION BY {group} ORDER BY
                 ideal - least DESC, component_id, grain) <= round((allowed
                 - sum(least) OVER (PARTITION BY {group})) * power(10::numeric, {places}))
                 THEN power(10::numeric, -{places}) ELSE 0 END AS new FROM whole),
    gone AS (
        DELETE FROM {earning} AS earning USING shared WHERE earning.run_id = shared.run_id
          AND earning.person_id = shared.person_id AND earning.component_id = shared.component_id
          AND earning.job = shared.job AND earning.grain = shared.grain
          AND earning.amount IS DISTINCT FROM shared.new
        RETURNING {kept}, shared.new AS amount, coalesce(earning.detail, '{{}}')
          || jsonb_build_object({why}, trim_scale(shared.amount)::text) AS detail)
    INSERT INTO {earning} ({columns}, amount, detail) SELECT {columns}, amount, detail FROM gone
"""


def forget(people: tuple[int, ...]) -> None:
    """Take people out of what is to be written, who were worked out only beside others."""
    for table in ("outcome", "outcome_key"):
        execute(
            SQL("DELETE FROM {} WHERE person_id = ANY({}::bigint[])").format(
                Identifier(table), Literal(list(people))
            )
        )


def remove_runs(run_ids: list[int]) -> None:
    """Remove provisional runs with their results and earnings; the database refuses final ones."""
    if not run_ids:
        return
    for model in (Earning, Result):
        execute(
            SQL("DELETE FROM {} WHERE run_id = ANY({})").format(
                Identifier(model._meta.db_table), Literal(run_ids)
            )
        )
    CalculationRun.objects.filter(pk__in=run_ids).delete()


def remove_people(made: CalculationRun, people: list[int]) -> None:
    """Remove what a provisional run found for some people."""
    for model in (Earning, Result):
        execute(
            SQL("DELETE FROM {} WHERE run_id = {} AND person_id = ANY({})").format(
                Identifier(model._meta.db_table), Literal(made.pk), Literal(people)
            )
        )


# What a column for amounts does not hold; formulas give no number so large, but sums may.
TOO_MUCH = Decimal(10) ** 18

Summary = tuple[int, int, int, Decimal]
SUMMED = ("people", "undecided", "failed", "total")


def summary(made: CalculationRun, people: list[int] | None = None) -> Summary:
    """How many people a run has (or of these people), undecided, failed, and the sum."""
    whose = SQL("") if people is None else SQL(" AND person_id = ANY({})").format(Literal(people))
    [found] = fetch(
        SQL(
            "SELECT count(DISTINCT person_id), count(*) FILTER (WHERE status = 'undecided'),"
            " count(*) FILTER (WHERE status = 'failed'), coalesce(sum(amount), 0)"
            " FROM {earning} WHERE run_id = {run}{whose}"
        ).format(earning=EARNING, run=Literal(made.pk), whose=whose)
    )
    return cast(Summary, found)


def summarise(made: CalculationRun) -> None:
    """Count what a run found, for whoever reads the list of runs."""
    made.people, made.undecided, made.failed, made.total = summary(made)
    _refuse_too_much(made)
    made.save()


def add_to_summary(made: CalculationRun, before: Summary, after: Summary) -> None:
    """Bring the counts of a run up to date where only some of its people moved."""
    made.people += after[0] - before[0]
    made.undecided += after[1] - before[1]
    made.failed += after[2] - before[2]
    made.total += after[3] - before[3]
    _refuse_too_much(made)


def _refuse_too_much(made: CalculationRun) -> None:
    if abs(made.total) >= TOO_MUCH:
        raise DomainError(
            f"{made.plan} comes to {made.total:,.2f} in {made.period}, and no amount reaches 10 to"
            " the 18th. Is a decimal point missing in the plan, or in what came in? Nothing of"
            " this calculation was kept."
        )
