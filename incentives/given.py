"""Results that are given outright instead of measured: those of worked examples.

The statement that pays works them out; only where it would read people, values and transactions,
it reads these rows. One result is the person's, the others are colleagues'.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from psycopg.sql import SQL, Composable, Literal

from formula import BOOLEAN, DATE, NUMBER, TEXT, Type
from org.sql import values

Column = tuple[str, str]
"""A column's name and its type in SQL."""
SQL_TYPES: Mapping[Type, str] = {
    NUMBER: "numeric",
    TEXT: "text",
    BOOLEAN: "boolean",
    DATE: "date",
}


@dataclass(frozen=True)
class Rows:
    """Rows of one table, a value for each column."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]] = field(default_factory=list)

    @property
    def query(self) -> Composable:
        """The rows as a query."""
        return values(self.rows, self.columns)


@dataclass(frozen=True)
class Given:
    """What stands in the place of what is measured.

    ``results``: a row for each person with the key columns and all that formulas read, errors as
    ``name !``. ``sure``: the columns that cannot hold an error. ``credits``: by measure, and
    ``days``: the lines of the first result, with the columns that :mod:`incentives.credits` and
    :mod:`incentives.days` make of values.
    """

    results: Rows
    sure: frozenset[str]
    credits: Mapping[str, Rows]
    days: Rows

    @property
    def known(self) -> list[str]:
        """The columns of the results."""
        return [name for name, _ in self.results.columns]

    @property
    def persons(self) -> Composable:
        """The people as a table of ids and codes: equal shares go by their order."""
        number = [name for name, _ in self.results.columns].index("person_id")
        ids = [row[number] for row in self.results.rows]
        listed = SQL(", ").join(SQL("({}, {})").format(Literal(n), Literal(f"{n:09}")) for n in ids)
        return SQL("(SELECT * FROM (VALUES {}) AS one (id, code))").format(listed)
