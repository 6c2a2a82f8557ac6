"""Tables as they were: temporary ones that stand before the permanent ones of the same name.

A temporary table is found first by its name, so that code which knows nothing of it reads and
writes the shadow. Shadows are made and dropped inside a transaction that is rolled back; other
sessions never see them, and nothing of theirs is touched (docs/adr/0110).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import models, transaction
from psycopg.sql import SQL, Composable, Identifier, Literal

from org.history import TRACKED
from org.models import InputChange, StaleMark, UnitClosure, UnitPlacement
from org.past import events_of
from org.sql import NEVER, execute, fetch, identifiers
from org.units import rebuild_closure


class _RollBack(Exception):
    """Ends a trial: everything that was written in it goes."""


@contextmanager
def rolled_back() -> Iterator[None]:
    """Do something for real, and undo all of it at the end, locks and temporary tables included."""
    try:
        with transaction.atomic():
            yield
            raise _RollBack
    except _RollBack:
        pass


def columns(model: type[models.Model]) -> list[str]:
    """The columns of a model's table."""
    return [field.column for field in model._meta.concrete_fields if field.column]


def permanent(model: type[models.Model]) -> Composable:
    """The permanent table of a model, named so that no shadow stands before it."""
    [(schema,)] = fetch("SELECT current_schema()")
    return Identifier(schema, model._meta.db_table)


def selected(model: type[models.Model], values: Mapping[str, Composable]) -> Composable:
    """The columns of a table called ``value``, some of them with another value."""
    return SQL(", ").join(
        SQL("{} AS {}").format(values.get(name, Identifier("value", name)), Identifier(name))
        for name in columns(model)
    )


def shadow(model: type[models.Model], rows: Composable | None = None) -> int:
    """Put a temporary table before a model's: with the rows of a query, or empty; how many.

    The query yields the columns of the table by name, and reads :func:`permanent` tables. Keys,
    checks and defaults are those of the table; new rows get numbers after those there are.
    """
    table, names = Identifier("pg_temp", model._meta.db_table), identifiers(columns(model))
    numerous = isinstance(model._meta.pk, models.CompositePrimaryKey)
    # Of tables with rows by the million the key alone is made, and after them, which is faster.
    execute(
        SQL("CREATE TEMP TABLE {} (LIKE {} INCLUDING ALL {}) ON COMMIT DROP").format(
            Identifier(model._meta.db_table),
            permanent(model),
            SQL("EXCLUDING INDEXES" if numerous else ""),
        )
    )
    count = 0
    if rows is not None:
        count = execute(
            SQL("INSERT INTO {} ({}) SELECT {} FROM ({}) AS row").format(table, names, names, rows)
        )
    if numerous:
        key = identifiers(str(field.column) for field in model._meta.pk_fields)
        execute(SQL("ALTER TABLE {} ADD PRIMARY KEY ({})").format(table, key))
    _number_on(model)
    execute(SQL("ANALYZE {}").format(table))
    return count


def _number_on(model: type[models.Model]) -> None:
    """Let new rows be numbered after all of the permanent table, so that none is mistaken."""
    key = model._meta.pk
    if not isinstance(key, models.AutoField | models.BigAutoField):
        return
    execute(
        SQL(
            "SELECT setval(pg_get_serial_sequence({table}, {key}),"
            " (SELECT coalesce(max({column}), 0) + 1 FROM {permanent}))"
        ).format(
            table=Literal(f"pg_temp.{model._meta.db_table}"),
            key=Literal(key.column),
            column=Identifier(str(key.column)),
            permanent=permanent(model),
        )
    )


def shadow_recorded(model: type[models.Model], moment: datetime, *, past: bool = False) -> bool:
    """Shadow a model whose rows supersede each other by what was known at a moment.

    ``past``: with what had been superseded by then, for other rows still name it. Answers whether
    anything was recorded since then; if not, the table itself is what was known.
    """
    about = {"table": permanent(model), "at": Literal(moment), "never": SQL(NEVER)}
    if not fetch(
        SQL(
            "SELECT 1 FROM {table} WHERE recorded_at > {at}"
            " OR (superseded_at > {at} AND superseded_at <> {never}) LIMIT 1"
        ).format(**about)
    ):
        return False
    end = SQL("CASE WHEN value.superseded_at > {at} THEN {never} ELSE value.superseded_at END")
    shadow(
        model,
        SQL(
            "SELECT {names} FROM {table} AS value WHERE value.recorded_at <= {at} AND {known}"
        ).format(
            names=selected(model, {"superseded_at": end.format(**about)}),
            known=SQL("true") if past else SQL("value.superseded_at > {at}").format(**about),
            **about,
        ),
    )
    return True


# When something happened to a row: at the moment that its command worked at, else when it was
# written. They differ where somebody enters what was known at another time.
MOMENT = "coalesce((event.pgh_context ->> 'at')::timestamptz, event.pgh_created_at)"


def shadow_tracked(model: type[models.Model], moment: datetime) -> bool:
    """Shadow a model whose rows change in place by what its events say they held at a moment.

    A row whose past is not known back to the moment stands as it is first known. Answers whether
    anything happened to its rows since then.
    """
    assert model in TRACKED
    events = Identifier(events_of(model)._meta.db_table)
    about: dict[str, Any] = {"events": events, "at": Literal(moment), "moment": SQL(MOMENT)}
    if not fetch(
        SQL("SELECT 1 FROM {events} AS event WHERE {moment} > {at} LIMIT 1").format(**about)
    ):
        return False
    own = [name for name in columns(model) if name not in ("id", "tenant_id")]
    from_event = SQL(", ").join(
        [SQL("row_id AS id"), SQL("tenant_id"), *(Identifier(name) for name in own)]
    )
    shadow(
        model,
        SQL(
            "SELECT * FROM ("
            "  SELECT DISTINCT ON (event.row_id) {from_event}, pgh_label FROM {events} AS event"
            "  WHERE {moment} <= {at} ORDER BY event.row_id, {moment} DESC, event.id DESC"
            " ) AS known WHERE pgh_label <> 'delete'"
            " UNION ALL SELECT * FROM ("
            "  SELECT DISTINCT ON (event.row_id) {from_event}, pgh_label FROM {events} AS event"
            "  WHERE NOT EXISTS (SELECT 1 FROM {events} AS earlier"
            "    WHERE earlier.row_id = event.row_id AND {earlier} <= {at})"
            "  ORDER BY event.row_id, {moment}, event.id"
            " ) AS first_known WHERE pgh_label <> 'insert'"
            " UNION ALL SELECT {plain}, '' FROM {table} AS value WHERE NOT EXISTS"
            "  (SELECT 1 FROM {events} AS event WHERE event.row_id = value.id)"
        ).format(
            from_event=from_event,
            earlier=SQL(MOMENT.replace("event.", "earlier.")),
            plain=identifiers(["id", "tenant_id", *own]),
            table=permanent(model),
            **about,
        ),
    )
    return True


def shadow_tree(moment: datetime) -> None:
    """Shadow the placements of units, and the closure that follows from them."""
    if shadow_recorded(UnitPlacement, moment):
        shadow(UnitClosure)
        rebuild_closure()


def shadow_marks(moment: datetime) -> None:
    """Keep the marks of what had been recorded by then and that still wait to be worked out.

    Whoever takes them in the shadow takes none away from the present.
    """
    shadow(
        StaleMark,
        SQL(
            "SELECT value.* FROM {mark} AS value JOIN {change} AS change"
            " ON change.id = value.change_id WHERE change.at <= {at}"
        ).format(mark=permanent(StaleMark), change=permanent(InputChange), at=Literal(moment)),
    )
