"""Small tools for statements: run them, keep temporary tables, write rows as a query."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.db.models import Model
from psycopg import Cursor
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


@contextmanager
def whole_tables() -> Iterator[None]:
    """Join by hashing while inside: these queries read everybody, and never a few rows.

    Where a table was just filled, the planner knows nothing of it and walks through all of it for
    each row: 10,000 people took two minutes so, and take seconds by hashing.
    """
    [(before,)] = fetch("SELECT current_setting('enable_nestloop')")
    fetch("SELECT set_config('enable_nestloop', 'off', true)")
    yield
    fetch("SELECT set_config('enable_nestloop', %s, true)", [before])


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


def keep_bytes(row: Model, column: str, content: bytes) -> None:
    """Put a large file into a column of a saved row, as the bytes that it is.

    As a value of an ordinary statement it would be written out as text first, several times as
    long as itself.
    """
    statement = SQL("UPDATE {} SET {} = %b WHERE id = %s").format(
        Identifier(row._meta.db_table), Identifier(column)
    )
    with _bytes_as_they_are() as cursor:
        cursor.execute(statement, [content, row.pk])
    setattr(row, column, content)


def kept_bytes(row: Model, column: str) -> bytes:
    """A large file in a column of a row, read as the bytes that it is."""
    statement = SQL("SELECT {} FROM {} WHERE id = %s").format(
        Identifier(column), Identifier(row._meta.db_table)
    )
    with _bytes_as_they_are() as cursor:
        found = cursor.execute(statement, [row.pk], binary=True).fetchone()
    return bytes(found[0]) if found else b""


def _bytes_as_they_are() -> Cursor[Any]:
    """A cursor of this transaction that sends parameters beside the statement, not within it."""
    connection.ensure_connection()
    return Cursor(connection.connection)


def identifiers(names: Iterable[str]) -> Composable:
    """Names of columns with commas between them."""
    return SQL(", ").join(Identifier(name) for name in names)
