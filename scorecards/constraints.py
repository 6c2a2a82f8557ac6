"""What keeps a final leaderboard as it was shown."""

from __future__ import annotations

from typing import Any

from org.constraints import DatabaseOnly, models_role


class FinalPlaces(DatabaseOnly):
    """Places are never updated, and those of a final standing cannot be removed."""

    def create_sql(self, model: Any, schema_editor: Any) -> str:
        table = schema_editor.quote_name(model._meta.db_table)
        return (
            f"REVOKE UPDATE, TRUNCATE ON {table} FROM {models_role(schema_editor)}; "
            f'CREATE TRIGGER "{self.name}_update" BEFORE UPDATE ON {table} '
            f"FOR EACH STATEMENT EXECUTE FUNCTION refuse_change(); "
            f'CREATE TRIGGER "{self.name}_delete" AFTER DELETE ON {table} '
            f"REFERENCING OLD TABLE AS gone "
            f"FOR EACH STATEMENT EXECUTE FUNCTION refuse_final_place_delete()"
        )

    def remove_sql(self, model: Any, schema_editor: Any) -> str:
        table = schema_editor.quote_name(model._meta.db_table)
        return (
            f'DROP TRIGGER "{self.name}_update" ON {table}; '
            f'DROP TRIGGER "{self.name}_delete" ON {table}; '
            f"GRANT UPDATE ON {table} TO {models_role(schema_editor)}"
        )
