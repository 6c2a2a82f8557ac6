"""Small tools for the statements of a calculation: run them, keep temporary tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection
from psycopg.sql import SQL, Composable, Identifier, Literal

# Spelt out, so that the planner can compare it with the column's statistics.
NEVER = SQL("'9999-12-31 00:00:00+00'::timestamptz")


def run(statement: str | Composable, parameters: Any = None) -> int:
    """Execute one statement; how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return int(cursor.rowcount)


def rows(statement: str | Composable, parameters: Any = None) -> list[tuple[Any, ...]]:
    """All rows of a query."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


def keep(name: str, query: Composable) -> int:
    """Make a query's rows a temporary table of this transaction, with statistics; how many rows.

    ``CREATE TABLE AS`` runs in parallel, which ``INSERT … SELECT`` never does.
    """
    run(SQL("DROP TABLE IF EXISTS {}").format(Identifier(name)))
    count = run(SQL("CREATE TEMP TABLE {} ON COMMIT DROP AS {}").format(Identifier(name), query))
    run(SQL("ANALYZE {}").format(Identifier(name)))
    return count


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


def columns(names: Iterable[str]) -> Composable:
    """Names of columns with commas between them."""
    return SQL(", ").join(Identifier(name) for name in names)
