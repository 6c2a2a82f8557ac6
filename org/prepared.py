"""Pages whose statements the database plans once a connection, and not for every reader.

Planning is most of what the database does for a page that reads by key. Statements whose parameters
the server binds keep their text, so the connection prepares them; see docs/adr/0195.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from django.db import connection
from django.db.backends.postgresql.base import ServerBindingCursor
from django.http import HttpResponseBase

View = Callable[..., HttpResponseBase]
# The first time a statement may be the only one.
AFTER = 1


@contextmanager
def prepared() -> Iterator[None]:
    """Read by prepared statements; what makes tables, or guesses types, does not go in here."""
    connection.ensure_connection()
    raw = connection.connection
    before = raw.cursor_factory, raw.prepare_threshold
    raw.cursor_factory, raw.prepare_threshold = ServerBindingCursor, AFTER
    try:
        yield
    finally:
        raw.cursor_factory, raw.prepare_threshold = before


def reads_prepared(view: View) -> View:
    """A view that only reads, by statements that are the same for everybody."""

    @wraps(view)
    def reading(*args: Any, **kwargs: Any) -> HttpResponseBase:
        with prepared():
            return view(*args, **kwargs)

    return reading
