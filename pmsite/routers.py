"""Which alias a query takes when nobody says so."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_migrating: ContextVar[str | None] = ContextVar("migrating", default=None)


@contextmanager
def everything_on(alias: str) -> Iterator[None]:
    """Send queries that name no alias to this one, while tables are migrated on it.

    Data steps of other people's migrations name none. They would run as the application and,
    while a test database is made, on the database beside it.
    """
    token = _migrating.set(alias)
    try:
        yield
    finally:
        _migrating.reset(token)


class MigrationRouter:
    """Follows `everything_on`, and otherwise leaves the choice to Django."""

    def db_for_read(self, _model: type, **_hints: Any) -> str | None:
        return _migrating.get()

    def db_for_write(self, _model: type, **_hints: Any) -> str | None:
        return _migrating.get()
