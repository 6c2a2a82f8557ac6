"""What keeps a final period as it was: triggers that refuse, whoever asks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from org.constraints import DatabaseOnly, models_role


class FinalForever(DatabaseOnly):
    """Rows of a final run cannot be removed, and no row is ever updated."""

    def create_sql(self, model: Any, schema_editor: Any) -> str:
        table = schema_editor.quote_name(model._meta.db_table)
        return (
            f"REVOKE UPDATE, TRUNCATE ON {table} FROM {models_role(schema_editor)}; "
            f'CREATE TRIGGER "{self.name}_update" BEFORE UPDATE ON {table} '
            f"FOR EACH STATEMENT EXECUTE FUNCTION refuse_change(); "
            f'CREATE TRIGGER "{self.name}_delete" AFTER DELETE ON {table} '
            f"REFERENCING OLD TABLE AS gone "
            f"FOR EACH STATEMENT EXECUTE FUNCTION refuse_final_delete()"
        )

    def remove_sql(self, model: Any, schema_editor: Any) -> str:
        table = schema_editor.quote_name(model._meta.db_table)
        return (
            f'DROP TRIGGER "{self.name}_update" ON {table}; '
            f'DROP TRIGGER "{self.name}_delete" ON {table}; '
            f"GRANT UPDATE ON {table} TO {models_role(schema_editor)}"
        )


class FinalRow(DatabaseOnly):
    """A row whose ``column`` is set can neither change nor go."""

    def __init__(self, *, column: str, name: str) -> None:
        super().__init__(name=name)
        self.column = column

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        path, args, kwargs = super().deconstruct()
        return path, args, {**kwargs, "column": self.column}

    def create_sql(self, model: Any, schema_editor: Any) -> str:
        table = schema_editor.quote_name(model._meta.db_table)
        return (
            f'CREATE TRIGGER "{self.name}" BEFORE UPDATE OR DELETE ON {table} '
            f"FOR EACH ROW WHEN (OLD.{schema_editor.quote_name(self.column)} IS NOT NULL) "
            f"EXECUTE FUNCTION refuse_change()"
        )

    def remove_sql(self, model: Any, schema_editor: Any) -> str:
        return f'DROP TRIGGER "{self.name}" ON {schema_editor.quote_name(model._meta.db_table)}'
