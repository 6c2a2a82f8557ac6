"""Constraints that Django does not bring: row-level security, composite keys, append-only tables.

They are ordinary ``Meta.constraints``, so ``makemigrations`` writes them, alters and removes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import models
from django.db.models.constraints import BaseConstraint


class DatabaseOnly(BaseConstraint):
    """A constraint that only the database checks: forms have nothing to ask of it."""

    def validate(self, model: Any, instance: Any, exclude: Any = None, using: Any = None) -> None:
        """Leave the check to the database."""

    def constraint_sql(self, model: Any, schema_editor: Any) -> Any:
        """Wait until the table, and those it names, exist."""
        schema_editor.deferred_sql.append(self.create_sql(model, schema_editor))
        return None

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.deconstruct() == other.deconstruct()  # type: ignore[attr-defined]

    __hash__ = None  # type: ignore[assignment]


class TenantPolicy(DatabaseOnly):
    """Rows of other tenants cannot be seen or written; with no tenant set, every access raises.

    The sub-select keeps index use (the setting is read once a statement, not once a row).
    """

    RULE = "tenant_id = (SELECT current_setting('app.tenant_id')::bigint)"

    def create_sql(self, model: Any, schema_editor: Any) -> str:
        table, name = schema_editor.quote_name(model._meta.db_table), self.name
        return (
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; "
            f'CREATE POLICY "{name}" ON {table} USING ({self.RULE}) WITH CHECK ({self.RULE})'
        )

    def remove_sql(self, model: Any, schema_editor: Any) -> str:
        table = schema_editor.quote_name(model._meta.db_table)
        return (
            f'DROP POLICY "{self.name}" ON {table}; ALTER TABLE {table} DISABLE ROW LEVEL SECURITY'
        )


class TenantReference(DatabaseOnly):
    """A foreign key over (tenant, id): a row can only name rows of its own tenant."""

    def __init__(self, *, field: str, name: str) -> None:
        super().__init__(name=name)
        self.field = field

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        path, args, kwargs = super().deconstruct()
        return path, args, {**kwargs, "field": self.field}

    def create_sql(self, model: Any, schema_editor: Any) -> str:
        """Queue the statement: the key it needs may be made later in the same migration."""
        field = model._meta.get_field(self.field)
        target = field.remote_field.model._meta.db_table
        quote = schema_editor.quote_name
        schema_editor.deferred_sql.append(
            f'ALTER TABLE {quote(model._meta.db_table)} ADD CONSTRAINT "{self.name}" '
            f"FOREIGN KEY (tenant_id, {quote(field.column)}) "
            f"REFERENCES {quote(target)} (tenant_id, id) DEFERRABLE INITIALLY DEFERRED"
        )
        return f"-- {self.name} follows at the end of the migration"

    def remove_sql(self, model: Any, schema_editor: Any) -> str:
        table = schema_editor.quote_name(model._meta.db_table)
        return f'ALTER TABLE {table} DROP CONSTRAINT "{self.name}"'


class AppendOnly(DatabaseOnly):
    """Rows are added and never changed or removed, not even by the table's owner.

    The application role loses the grants; a plain trigger stops everybody else. A library's
    trigger could be switched off by the session, so it protects no money.
    """

    def create_sql(self, model: Any, schema_editor: Any) -> str:
        table = schema_editor.quote_name(model._meta.db_table)
        role = models_role(schema_editor)
        return (
            f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {role}; "
            f'CREATE TRIGGER "{self.name}" BEFORE UPDATE OR DELETE ON {table} '
            f"FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )

    def remove_sql(self, model: Any, schema_editor: Any) -> str:
        table = schema_editor.quote_name(model._meta.db_table)
        role = models_role(schema_editor)
        return f'DROP TRIGGER "{self.name}" ON {table}; GRANT UPDATE, DELETE ON {table} TO {role}'


class NotedByHand(DatabaseOnly):
    """Rows written beside the application are noted, before and after (docs/adr/0196).

    What the application writes says by whom and through what; its own past or its log tells the
    rest. A statement that says neither was typed into the database, or is somebody's script.
    """

    WHEN = "coalesce(current_setting('pghistory.context_metadata', true), '') = ''"

    def create_sql(self, model: Any, schema_editor: Any) -> str:
        table = schema_editor.quote_name(model._meta.db_table)
        return (
            f'CREATE TRIGGER "{self.name}" AFTER INSERT OR UPDATE OR DELETE ON {table} '
            f"FOR EACH ROW WHEN ({self.WHEN}) EXECUTE FUNCTION note_by_hand()"
        )

    def remove_sql(self, model: Any, schema_editor: Any) -> str:
        return f'DROP TRIGGER "{self.name}" ON {schema_editor.quote_name(model._meta.db_table)}'


def models_role(schema_editor: Any) -> str:
    """The quoted name of the role that the application connects as."""
    from django.conf import settings  # settings are read when a migration runs, not on import

    return schema_editor.quote_name(settings.DATABASES["default"]["USER"])


def no_overlap(
    *, name: str, over: tuple[str | models.Func, ...], where: models.Q | None = None
) -> BaseConstraint:
    """No two rows alike in ``over`` whose days ``[valid_from, valid_to)`` overlap."""
    from django.contrib.postgres.constraints import ExclusionConstraint
    from django.contrib.postgres.fields import DateRangeField, RangeOperators

    days = models.Func(
        "valid_from", "valid_to", function="daterange", output_field=DateRangeField()
    )
    keys = [(key, RangeOperators.EQUAL) for key in ("tenant", *over)]
    return ExclusionConstraint(
        name=name, expressions=[*keys, (days, RangeOperators.OVERLAPS)], condition=where
    )
