"""The tables of an effect on their way from one transaction to another: a text of each column.

A few long texts, that PostgreSQL writes and reads; of 100,000 people Python has no row to look at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from psycopg.sql import SQL, Composable, Identifier

from org.sql import execute, fetch, identifiers, keep, values

PEOPLE, GROUPS = "effect_person", "effect_group"
SUMS = (("before", "numeric"), ("after", "numeric"))
COLUMNS: Mapping[str, Sequence[tuple[str, str]]] = {
    PEOPLE: (("person_id", "bigint"), ("currency", "text"), *SUMS, ("earned", "numeric")),
    GROUPS: (
        *(("currency", "text"), ("unit_id", "bigint"), ("job_type_id", "bigint")),
        *(("share", "text"), ("tenure", "text"), ("hours", "text"), ("people", "bigint")),
        *(*SUMS, ("gain", "bigint"), ("lose", "bigint")),
    ),
}
Rows = Sequence[str]


def read(table: str, which: str = "true") -> Rows:
    """The rows of a table, all or those ``which`` a condition holds for."""
    columns = SQL(", ").join(
        SQL("coalesce(array_agg({}), '{{}}')::text").format(Identifier(name))
        for name, _ in COLUMNS[table]
    )
    query = SQL("SELECT {} FROM {} WHERE " + which).format(columns, Identifier(table))
    [found] = fetch(query)
    return found


def begin(table: str) -> None:
    """Make a table, empty."""
    keep(table, values((), COLUMNS[table]))


def add(table: str, rows: Rows, *, to: str = "", **beside: Composable) -> None:
    """Write rows of a table into it, or ``to`` another; ``beside``: the same value in each row."""
    names = [*beside, *(name for name, _ in COLUMNS[table])]
    arrays = SQL(", ").join(SQL("%s::" + type_ + "[]") for _, type_ in COLUMNS[table])
    execute(
        SQL("INSERT INTO {} ({}) SELECT {} row.* FROM unnest({}) AS row").format(
            Identifier(to or table),
            identifiers(names),
            SQL("").join(SQL("{}, ").format(value) for value in beside.values()),
            arrays,
        ),
        list(rows),
    )
