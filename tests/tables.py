"""How much stands in every table, to see that something left nothing behind."""

from __future__ import annotations

from django.db import connection

from org.models import Tenant
from org.tenancy import enter


def contents(tenant: str) -> dict[str, tuple[int, str]]:
    """The number of a tenant's rows of each table, and a fingerprint of all that they hold."""
    found = {}
    with enter(Tenant.objects.get(code=tenant).pk), connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
        for (name,) in cursor.fetchall():
            table = connection.ops.quote_name(name)
            cursor.execute(
                f"SELECT count(*), coalesce(md5(string_agg(row::text, '' ORDER BY row::text)), '')"
                f" FROM {table} AS row"
            )
            found[name] = cursor.fetchone()
    return found
