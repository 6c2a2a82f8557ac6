"""Writing many rows at once. Tables with policies refuse COPY, temporary tables take it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection
from psycopg import sql


def insert_rows(model: Any, fields: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Insert rows, given as values in the order of ``fields``; answers how many.

    The tenant fills itself in from the database's setting. Python-side defaults do not: name every
    column that has one.
    """
    table = sql.Identifier(model._meta.db_table)
    names = [sql.Identifier(model._meta.get_field(field).column) for field in fields]
    parts = {
        "table": table,
        "columns": sql.SQL(", ").join(names),
        "stage": sql.Identifier("stage"),
    }
    with connection.cursor() as cursor:
        cursor.execute(
            _sql(
                "CREATE TEMP TABLE {stage} AS SELECT {columns} FROM {table} LIMIT 0",
                parts,
            )
        )
        with cursor.copy(_sql("COPY {stage} ({columns}) FROM STDIN", parts)) as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute(_sql("INSERT INTO {table} ({columns}) SELECT {columns} FROM {stage}", parts))
        inserted: int = cursor.rowcount
        cursor.execute(_sql("DROP TABLE {stage}", parts))
    return inserted


def _sql(text: str, parts: dict[str, sql.Composable]) -> Any:
    # Django's cursor hands a composed statement through to psycopg.
    return sql.SQL(text).format(**parts)  # type: ignore[arg-type]
