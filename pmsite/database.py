"""Database addresses as Django understands them, and what the application role may do."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import sql

# A killed client lets go of its locks within two seconds instead of forty (measured).
SESSION_OPTIONS = "-c client_connection_check_interval=2s"

# Rights on tables that migrations make later; a migration takes away what a table must not allow.
# Setting them first, and only on tables to come, keeps such a refusal when migrations run again.
GRANTS = (
    "GRANT USAGE ON SCHEMA public TO {role}",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public"
    " GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {role}",
)


# Of the session's role and of all that it could become by SET ROLE.
PRIVILEGES = """
    SELECT session_user, bool_or(rolsuper), bool_or(rolbypassrls), bool_or(pg_roles.oid = datdba),
        EXISTS (
            SELECT FROM pg_class
            WHERE relrowsecurity AND pg_has_role(session_user, relowner, 'MEMBER')
        )
    FROM pg_roles, pg_database
    WHERE pg_has_role(session_user, pg_roles.oid, 'MEMBER') AND datname = current_database()
"""
PRIVILEGE_NAMES = (
    "is a superuser",
    "may bypass row-level security",
    "owns the database",
    "owns tables of tenants",
)


@dataclass(frozen=True, kw_only=True)
class DatabaseAddress:
    """Where a database is, and as whom to connect. `host` may be a directory of a socket."""

    name: str
    user: str
    password: str
    host: str
    port: str
    options: dict[str, str]


def parse_database_url(url: str, *, setting: str) -> DatabaseAddress:
    """Read postgresql://user:password@host:port/name?host=/socket/directory&sslmode=require.

    Raises ImproperlyConfigured with a sentence that names `setting` if the address is unusable.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("postgresql", "postgres"):
        raise ImproperlyConfigured(
            f"{setting} must begin with postgresql://, but begins with {parts.scheme or url!r}. "
            "Example: postgresql://pmsite_app:secret@db.bank:5432/pmsite"
        )
    options = dict(parse_qsl(parts.query))
    name = unquote(parts.path.lstrip("/"))
    if not name or not parts.username:
        raise ImproperlyConfigured(
            f"{setting} must name a user and a database. "
            "Example: postgresql://pmsite_app:secret@db.bank:5432/pmsite"
        )
    return DatabaseAddress(
        name=name,
        user=unquote(parts.username),
        password=unquote(parts.password or ""),
        host=options.pop("host", unquote(parts.hostname or "")),
        port=options.pop("port", str(parts.port or "")),
        options=options,
    )


def django_database(address: DatabaseAddress, **more: Any) -> dict[str, Any]:
    """Return the entry of DATABASES for an address; `more` overrides or adds keys."""
    session = " ".join(filter(None, [address.options.get("options"), SESSION_OPTIONS]))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": address.name,
        "USER": address.user,
        "PASSWORD": address.password,
        "HOST": address.host,
        "PORT": address.port,
        "OPTIONS": {"application_name": "pmsite", **address.options, "options": session},
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        **more,
    }


def database_url(settings: dict[str, Any]) -> str:
    """Write a connection's settings as the address that another process needs to connect so."""
    user, password, name = (quote(str(settings[key])) for key in ("USER", "PASSWORD", "NAME"))
    query = urlencode({"host": settings["HOST"], "port": settings["PORT"] or "5432"})
    return f"postgresql://{user}:{password}@/{name}?{query}"


def refuse_privileged_role(connection: BaseDatabaseWrapper, **_signal: Any) -> None:
    """Let the application connect only as a role that row-level security binds.

    A receiver of `connection_created`: gunicorn runs no system checks, but it does connect.
    The session's own role counts, since whoever took another by SET ROLE can go back.
    """
    if connection.alias != "default":
        return
    with connection.cursor() as cursor:
        cursor.execute(PRIVILEGES)
        name, *privileges = cursor.fetchone()
    found = [what for what, has in zip(PRIVILEGE_NAMES, privileges, strict=True) if has]
    if found:
        connection.close()
        raise ImproperlyConfigured(
            f"DATABASE_URL connects as {name}, and that role {' and '.join(found)}: row-level "
            "security would not keep tenants apart. Use the application's role, e.g. pmsite_app."
        )


def grant_to_application(connection: BaseDatabaseWrapper, *, role: str) -> None:
    """Let the application role read and write the tables that the connected owner will make."""
    if connection.settings_dict["USER"] == role:
        return
    with connection.cursor() as cursor:
        for statement in GRANTS:
            # Django's cursor hands a composed statement through to psycopg.
            cursor.execute(sql.SQL(statement).format(role=sql.Identifier(role)))  # type: ignore[arg-type]
