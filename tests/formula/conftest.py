"""The SQL engine is tested on the project's test database, as the application's role."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, transaction
from psycopg.sql import Composable

from .populations import Run


@pytest.fixture
def sql(db: None) -> Run:
    """Runs a composed statement and returns its rows."""

    def run(statement: Composable) -> list[tuple[Any, ...]]:
        # A savepoint: a statement that fails must not spoil the next example of the same test.
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
            return rows

    return run
