"""One side of a comparison: what a version comes to for each person, as a table.

Columns of the table: person_id, total, waits (lines that are not decided), and ``a0``, ``a1`` … for
the components in the order of ``Side.names``. Nothing is written beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from psycopg.sql import SQL, Composable, Identifier, Literal

from incentives import outcome
from incentives.evaluate import Work, decided
from incentives.leavers import NOT_EMPLOYED
from incentives.models import CalculationRun, Earning
from incentives.rules import ComponentRule, Per, VersionRules
from org.shadow import shadow
from org.sql import fetch, keep


@dataclass(frozen=True)
class Side:
    """What one version comes to: the table of people, and the sum of each component by name.

    ``waits``: how many lines are not decided.
    """

    table: str
    rules: VersionRules
    names: tuple[str, ...]
    sums: Mapping[str, Decimal]
    waits: int


def settle(work: Work, table: str) -> Side:
    """Keep what has been worked out as the table of a side."""
    components = list(work.rules.components.values())
    rows = _written(work, components) if work.rules.whole else _worked_out(work, components)
    columns = [f"a{n}" for n in range(len(components))]
    total: Composable = SQL(" + ").join(map(Identifier, columns)) if columns else SQL("0")
    keep(
        table,
        SQL("SELECT sums.*, {} AS total FROM ({}) AS sums").format(total, rows),
        joined=["person_id"],
    )
    names = tuple(component.name for component in components)
    return Side(table, work.rules, names, *_sums(table, names, columns))


def added(parts: Sequence[Side]) -> Side:
    """The side of everybody, of whom each of these has a part."""
    sums = {name: sum((p.sums[name] for p in parts), Decimal(0)) for name in parts[0].names}
    return replace(parts[0], sums=sums, waits=sum(part.waits for part in parts))


def _sums(
    table: str, names: tuple[str, ...], columns: list[str]
) -> tuple[Mapping[str, Decimal], int]:
    sums = SQL("").join(SQL(", coalesce(sum({}), 0)").format(Identifier(c)) for c in columns)
    [(waits, *amounts)] = fetch(
        SQL("SELECT coalesce(sum(waits), 0){} FROM {}").format(sums, Identifier(table))
    )
    return dict(zip(names, amounts, strict=True)), int(waits)


# --- straight from what was worked out


def _worked_out(work: Work, components: list[ComponentRule]) -> Composable:
    """The sums of each person from what is known of results, and the tables of credits, days and
    teams."""
    tables = {component.name: table for component, table in work.grains}
    joins: list[Composable] = []
    amounts: list[Composable] = []
    waits: list[Composable] = []
    for component in components:
        if component.per == Per.PERSON:
            amount = decided(work, component)
            waiting: Composable = SQL("(({}) IS NULL)::int").format(amount)
        else:
            grain = f"grain_{component.id}"
            joins.append(_joined(component, tables[component.name], grain))
            amount = Identifier(grain, "~sum")
            waiting = SQL("coalesce({}, 0)").format(Identifier(grain, "~waits"))
        amounts.append(_of_employed(work, amount))
        waits.append(_of_employed(work, waiting))
    # Nearly always a person has one result; adding up groups of one takes a third of the time.
    one_each = _one_result_each()
    sum_ = SQL("{}" if one_each else "sum({})")
    return SQL(
        "SELECT outcome.person_id, coalesce({waits}, 0) AS waits{amounts}"
        " FROM ({outcome}) AS outcome {joins} {grouped}"
    ).format(
        outcome=work.query,
        waits=sum_.format(SQL(" + ").join(waits) if waits else SQL("0")),
        amounts=_named([sum_.format(amount) for amount in amounts]),
        joins=SQL(" ").join(joins),
        grouped=SQL("" if one_each else "GROUP BY outcome.person_id"),
    )


def _one_result_each() -> bool:
    several = "SELECT 1 FROM outcome_key GROUP BY person_id HAVING count(*) > 1 LIMIT 1"
    return not fetch(several)


def _of_employed(work: Work, value: Composable) -> Composable:
    """Nothing of whoever is not employed on the day that counts (incentives.leavers)."""
    if NOT_EMPLOYED not in work.known:
        return value
    return SQL("CASE WHEN NOT {} THEN {} END").format(Identifier(NOT_EMPLOYED), value)


def _named(sums: list[Composable]) -> Composable:
    return SQL("").join(
        SQL(", coalesce({}, 0) AS {}").format(sum_, Identifier(f"a{n}"))
        for n, sum_ in enumerate(sums)
    )


def _joined(component: ComponentRule, table: str, grain: str) -> Composable:
    """The lines of a component per credit, day or team, added up by result."""
    return SQL(
        'LEFT JOIN (SELECT line."~result", sum(line."~amount") AS "~sum",'
        ' count(*) FILTER (WHERE line."~amount" IS NULL) AS "~waits"'
        " FROM {table} AS line WHERE {which} GROUP BY 1) AS {grain}"
        ' ON {grain}."~result" = outcome.result_id'
    ).format(
        table=Identifier(table),
        which=SQL(outcome.GRAINS[Per(component.per)]["which"]),
        grain=Identifier(grain),
    )


# --- where the plan as a whole cuts its lines


def shadow_earnings() -> None:
    """Put an empty temporary table before that of earnings, for plans that are cut as a whole."""
    shadow(Earning)


def _written(work: Work, components: list[ComponentRule]) -> Composable:
    """The sums of each person from lines that the engine writes, into a table that goes again."""
    [(run,)] = fetch("SELECT coalesce(max(run_id), 0) + 1 FROM incentives_earning")
    outcome.write_earnings(work, CalculationRun(pk=run))
    return SQL(
        "SELECT person_id, count(*) FILTER (WHERE amount IS NULL) AS waits{amounts}"
        " FROM incentives_earning WHERE run_id = {run} GROUP BY person_id"
    ).format(
        run=Literal(run),
        amounts=_named(
            [
                SQL("sum(amount) FILTER (WHERE component_id = {})").format(Literal(component.id))
                for component in components
            ]
        ),
    )
