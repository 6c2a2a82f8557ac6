"""Pages whose statements are planned once a connection, and written once a process.

Planning is most of what the database does for a page that reads by key. Statements whose parameters
the server binds keep their text, so the connection prepares them; and where writing the text takes
Python longer than all else, a :class:`Question` keeps it. See docs/adr/0195.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from functools import wraps
from typing import Any

from django.db import connection
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.models import QuerySet
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


class Question:
    """A queryset of values that is turned into SQL once, and asked again with other parameters.

    ``build`` makes it from the parameters, which are keys (whole numbers) or days; it must be one
    statement whatever they are, so it may not look at them. The columns are plain: what a database
    answers is what is returned.
    """

    def __init__(self, build: Callable[..., QuerySet[Any, Any]]) -> None:
        self.build = build
        # Both at once: the threads of a process share it.
        self.kept: tuple[str, list[Any]] | None = None

    def ask(self, **given: int | date) -> list[tuple[Any, ...]]:
        """The rows for these parameters."""
        if self.kept is None:
            self.kept = self._written(given)
        text, slots = self.kept
        parameters = [given[slot.name] if isinstance(slot, _Slot) else slot for slot in slots]
        with connection.cursor() as cursor:
            cursor.execute(text, parameters)
            return cursor.fetchall()

    def _written(self, given: dict[str, int | date]) -> tuple[str, list[Any]]:
        stand_ins = {name: _stand_in(n, value) for n, (name, value) in enumerate(given.items())}
        names = {value: _Slot(name) for name, value in stand_ins.items()}
        text, parameters = self.build(**stand_ins).query.sql_with_params()
        slots = [names.get(one, one) if isinstance(one, int | date) else one for one in parameters]
        asked = {slot.name for slot in slots if isinstance(slot, _Slot)}
        if asked != set(given):
            raise RuntimeError(f"The statement does not ask for {sorted(set(given) - asked)}.")
        return text, slots


class _Slot:
    """The place of a parameter in a kept statement."""

    def __init__(self, name: str) -> None:
        self.name = name


def _stand_in(number: int, value: int | date) -> int | date:
    """A key or a day that no statement has by itself."""
    if isinstance(value, date):
        return date.min + timedelta(days=4711 + number)
    return -4_711_000 - number
