"""The past of rows that are changed in place: configuration and people (docs/adr/0091).

``@tracked`` gives a model a table of events, written by triggers once a statement, whoever writes:
the admin, a command, raw SQL. Rows that supersede each other keep their own past and need none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pghistory
import pghistory.models
import pghistory.trigger
import pgtrigger
from django.db import models

from org.base import NumerousModel
from org.constraints import AppendOnly

Model = TypeVar("Model", bound=type[models.Model])

TRACKED: dict[type[models.Model], str] = {}
"""Each tracked model, and the look-up by which people name its rows: ``code``, ``plan__code`` …"""


class RowEvent(pghistory.models.Event, NumerousModel):  # type: ignore[misc]
    """What a row held after it was added or changed, or before it was removed.

    No foreign keys: what a reference named may be gone. ``pgh_context`` says who did it, and by
    which request, command or job; it stands here, under the row's policy, because the library's
    own table of contexts knows no tenants.
    """

    pgh_id = None  # type: ignore[assignment]  # the library's key has 32 bits
    id = models.BigAutoField(primary_key=True)
    row_id = models.BigIntegerField(help_text="Key of the row that it happened to.")
    pgh_context = models.JSONField(null=True)

    class Meta:
        abstract = True


class _Note(pghistory.trigger.Event):
    """Copies the rows of one statement.

    The library's own function also writes what it knows about the request into a table that all
    tenants share, even where the event keeps the context itself.
    """

    event_model: Any

    def get_func(self, model: Any) -> Any:
        rows = f"{self.row.lower()}_values"
        tracked = {field.name for field in self.event_model.pgh_tracked_model._meta.fields}
        own = [f.column for f in self.event_model._meta.fields if f.name in tracked - {"id"}]
        values = {
            **{f'"{column}"': f'{rows}."{column}"' for column in own},
            "row_id": f"{rows}.id",
            "pgh_created_at": "now()",
            "pgh_label": f"'{self.label}'",
            "pgh_context": "nullif(current_setting('pghistory.context_metadata', true), '')::jsonb",
        }
        return pgtrigger.Func(
            f'INSERT INTO "{self.event_model._meta.db_table}" ({", ".join(values)}) '
            f"SELECT {', '.join(values.values())} "
            f"FROM (SELECT {rows}.* FROM {{cond_{rows}}}) AS {rows}; RETURN NULL;"
        )


class _ByStatement(pghistory.RowEvent):  # type: ignore[misc]
    """A tracker whose trigger runs once a statement: row by row, bulk loads take a hundredfold."""

    def add_event_trigger(self, event_model: Any) -> None:
        trigger = _Note(
            event_model=event_model,
            label=self.label,
            name=f"history_{self.label}",
            row=self.row,
            operation=self.operation,
            condition=self.condition,
            level=pgtrigger.Statement,
        )
        pgtrigger.register(trigger)(event_model.pgh_tracked_model)


class _Inserted(_ByStatement, pghistory.InsertEvent):  # type: ignore[misc]
    pass


class _Updated(_ByStatement, pghistory.UpdateEvent):  # type: ignore[misc]
    pass


class _Deleted(_ByStatement, pghistory.DeleteEvent):  # type: ignore[misc]
    pass


def tracked(*, key: str) -> Callable[[Model], Model]:
    """Keep the past of a model's rows; ``key`` is the look-up by which people name them."""

    def track(model: Model) -> Model:
        opts = model._meta
        name = f"{opts.app_label}_{opts.model_name}"
        references = {
            field.name: models.BigIntegerField(null=field.null, db_column=field.column)
            for field in opts.local_fields
            if isinstance(field, models.ForeignKey) and field.name != "tenant"
        }
        pghistory.track(
            _Inserted(),
            _Updated(),
            _Deleted(),
            base_model=RowEvent,
            exclude=["id", "tenant", *references],
            attrs=references,
            obj_field=None,
            context_field=None,  # type: ignore[arg-type]
            context_id_field=None,  # type: ignore[arg-type]
            model_name=f"{opts.object_name}Event",
            meta={
                "constraints": [AppendOnly(name=f"{name}event_forever")],
                "indexes": [models.Index(fields=["tenant", "row_id"], name=f"{name}_past")],
            },
        )(model)
        TRACKED[model] = key
        return model

    return track
