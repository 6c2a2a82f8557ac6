"""Making dated rows as a file says, in a handful of statements however many rows there are.

A row that the file repeats stays. One that only ends on another day keeps its key, and a copy of
what it said before goes into history. Others are superseded and written anew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise
from typing import Any, NamedTuple

from django.db import connection
from psycopg import sql

from org.base import CURRENT
from org.bulk import insert_rows
from org.dates import NEVER

Key = tuple[Any, ...]


class Wanted(NamedTuple):
    """What the file says for a key: these attributes on the days ``[start, end)``."""

    start: date
    end: date
    attributes: tuple[Any, ...]


class Stored(NamedTuple):
    """A current row of the database."""

    start: date
    end: date
    attributes: tuple[Any, ...]
    id: int


@dataclass
class Steps:
    """The rows to supersede, to end on another day (and whether that is earlier), to write anew."""

    superseded: list[int] = field(default_factory=list)
    moved_ends: list[tuple[int, date, bool]] = field(default_factory=list)
    new: list[tuple[Any, ...]] = field(default_factory=list)


@dataclass
class Comparison:
    """How timelines differ: how many, and per key the days ``[first, end)`` that will."""

    touched: dict[Key, tuple[date, date]] = field(default_factory=dict)
    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0
    steps: Steps = field(default_factory=Steps)


@dataclass(frozen=True)
class DatedRows:
    """A model of dated, recorded rows, with the columns that tell its timelines apart."""

    model: Any
    key: tuple[str, ...]
    attributes: tuple[str, ...]

    def stored(self, **narrow: Any) -> dict[Key, list[Stored]]:
        """The current rows by key, in order of their days."""
        rows = self.model.objects.filter(CURRENT, **narrow).order_by("valid_from")
        cut = len(self.key)
        found: dict[Key, list[Stored]] = defaultdict(list)
        names = (*self.key, "valid_from", "valid_to", "id", *self.attributes)
        for row in rows.values_list(*names).iterator(chunk_size=20_000):
            start, end, row_id = row[cut : cut + 3]
            found[row[:cut]].append(Stored(start, end, row[cut + 3 :], row_id))
        return found

    def compare(
        self,
        *,
        stored: Mapping[Key, list[Stored]],
        wanted: Mapping[Key, list[Wanted]],
        at: datetime,
    ) -> Comparison:
        """What it takes to have the timelines of every wanted key so; an empty list removes one."""
        found = Comparison()
        for key, rows in wanted.items():
            before, after = stored.get(key, []), _merged(sorted(rows))
            if [row[:3] for row in _merged(before)] == [row[:3] for row in after]:
                found.unchanged += 1
                continue
            found.added += not before
            found.removed += not after
            found.changed += bool(before and after)
            found.touched[key] = _plan(key, before, after, at, found.steps)
        return found

    def write(self, comparison: Comparison, *, at: datetime) -> None:
        """Rows give way before others take their days, for no two may overlap even for a moment."""
        steps = comparison.steps
        self._keep_history([row_id for row_id, _, _ in steps.moved_ends], at)
        self._supersede(steps.superseded, at)
        for shorter in (True, False):
            moved = [(row_id, end) for row_id, end, less in steps.moved_ends if less == shorter]
            self._move_ends(moved, at)
        names = (*self.key, *self.attributes, "valid_from", "valid_to")
        if steps.new:
            insert_rows(self.model, (*names, "recorded_at", "superseded_at"), steps.new)

    def _keep_history(self, ids: list[int], at: datetime) -> None:
        names = (*self.key, *self.attributes, "valid_from", "valid_to", "recorded_at")
        columns = [self.model._meta.get_field(name).column for name in names]
        self._execute(
            "INSERT INTO {table} ({columns}, superseded_at) "
            "SELECT {columns}, %s FROM {table} WHERE id = ANY (%s)",
            [at, ids],
            columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        )

    def _supersede(self, ids: list[int], at: datetime) -> None:
        self._execute("UPDATE {table} SET superseded_at = %s WHERE id = ANY (%s)", [at, ids])

    def _move_ends(self, moved: list[tuple[int, date]], at: datetime) -> None:
        self._execute(
            "UPDATE {table} AS row SET valid_to = new.valid_to, recorded_at = %s "
            "FROM unnest(%s::bigint[], %s::date[]) AS new (id, valid_to) WHERE row.id = new.id",
            [at, [row_id for row_id, _ in moved], [end for _, end in moved]],
        )

    def _execute(self, text: str, values: list[Any], **parts: sql.Composable) -> None:
        if not values[1]:
            return
        table = sql.Identifier(self.model._meta.db_table)
        statement: Any = sql.SQL(text).format(table=table, **parts)  # type: ignore[arg-type]
        with connection.cursor() as cursor:
            cursor.execute(statement, values)


def _plan(
    key: Key, before: list[Stored], after: list[Wanted], at: datetime, steps: Steps
) -> tuple[date, date]:
    """Decide for each row of a timeline, and answer the days on which it differs."""
    free = {(row.start, row.attributes): row for row in before}
    stays: list[tuple[date, date, int]] = []
    for row in after:
        match = free.pop((row.start, row.attributes), None)
        if match is None:
            steps.new.append((*key, *row.attributes, row.start, row.end, at, NEVER))
            continue
        stays.append((row.start, row.end, match.id))
        if match.end != row.end:
            steps.moved_ends.append((match.id, row.end, row.end < match.end))
    steps.superseded += [row.id for row in free.values()]
    kept = {row_id for _, _, row_id in stays}
    fresh = [(row.start, row.end, 0) for row in after if row.start not in {s for s, _, _ in stays}]
    gone = [(row.start, row.end, row.id if row.id in kept else -1) for row in before]
    days = list(_differences(gone, stays + fresh))
    return min(start for start, _ in days), max(end for _, end in days)


def _differences(
    before: list[tuple[date, date, int]], after: list[tuple[date, date, int]]
) -> Iterator[tuple[date, date]]:
    """The ranges on which not the same row counts before and after."""
    bounds = sorted({bound for start, end, _ in before + after for bound in (start, end)})
    for start, end in pairwise(bounds):
        if _row_on(before, start) != _row_on(after, start):
            yield start, end


def _row_on(rows: list[tuple[date, date, int]], day: date) -> int | None:
    return next((row_id for start, end, row_id in rows if start <= day < end), None)


def _merged(rows: Any) -> list[Any]:
    """Rows in order, neighbours that say the same made one."""
    merged: list[Any] = []
    for row in rows:
        last = merged[-1] if merged else None
        if last is not None and last.end == row.start and last.attributes == row.attributes:
            merged[-1] = last._replace(end=row.end)
        else:
            merged.append(row)
    return merged
