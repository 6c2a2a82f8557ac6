"""Small tools for statements: run them, keep temporary tables, write rows as a query."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection
from psycopg.sql import SQL, Composable, Identifier, Literal

# org.dates.NEVER spelt out, so that the planner can compare it with the column's statistics.
NEVER = "'9999-12-31 00:00:00+00'::timestamptz"


def execute(statement: str | Composable, parameters: Any = None) -> int:
    """Run one statement; how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return int(cursor.rowcount)


def fetch(statement: str | Composable, parameters: Any = None) -> list[tuple[Any, ...]]:
    """All rows of a query."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


def keep(name: str, query: Composable, *, joined: Sequence[str] = ()) -> int:
    """Make a query's rows a temporary table of this transaction, with statistics; how many rows.

    ``joined``: the columns that others join, group or choose by; of a wide table only these are
    worth their statistics. ``CREATE TABLE AS`` runs in parallel, ``INSERT … SELECT`` never does.
    """
    columns = SQL(" ({})").format(identifiers(joined)) if joined else SQL("")
    # Sent as one: a calculation keeps dozens, and of one person each costs as much as its journey.
    made = SQL(
        "DROP TABLE IF EXISTS {table};"
        " CREATE TEMP TABLE {table} ON COMMIT DROP AS {query}; ANALYZE {table}{columns}"
    ).format(table=Identifier(name), query=query, columns=columns)
    with connection.cursor() as cursor:
        cursor.execute(made)
        cursor.nextset()
        return int(cursor.rowcount)


def values(rows_: Sequence[Sequence[Any]], columns: Sequence[tuple[str, str]]) -> Composable:
    """A query of literal rows; ``columns`` are (name, type). No rows: an empty query."""
    names = SQL(", ").join(Identifier(name) for name, _ in columns)
    casts = SQL(", ").join(
        SQL("{}::" + type_ + " AS {}").format(Identifier(name), Identifier(name))
        for name, type_ in columns
    )
    if not rows_:
        nothing = SQL(", ").join(
            SQL("NULL::" + type_ + " AS {}").format(Identifier(name)) for name, type_ in columns
        )
        return SQL("SELECT {} WHERE false").format(nothing)
    literals = SQL(", ").join(
        SQL("({})").format(SQL(", ").join(Literal(value) for value in row)) for row in rows_
    )
    return SQL("SELECT {} FROM (VALUES {}) AS row ({})").format(casts, literals, names)


def identifiers(names: Iterable[str]) -> Composable:
    """Names of columns with commas between them."""
    return SQL(", ").join(Identifier(name) for name in names)
