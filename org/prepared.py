"""Pages whose statements are planned once a connection, and written once a process.

Planning is most of what the database does for a page that reads by key. Statements whose parameters
the server binds keep their text, so the connection prepares them; and where writing the text takes
Python longer than all else, a :class:`Question` keeps it. See docs/adr/0195.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from datetime import date, timedelta
from functools import wraps
from types import SimpleNamespace
from typing import Any

from django.db import connection
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.models import QuerySet
from django.db.models.query import ModelIterable
from django.db.models.sql.compiler import SQLCompiler
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


Given = int | str | date


@dataclass(frozen=True)
class Written:
    """A statement's text, its parameters with the places of what is given, and how to read it."""

    text: str
    parameters: list[Any]
    compiler: SQLCompiler


class Question:
    """A queryset that is turned into SQL once, and asked again with other parameters.

    ``build`` makes it from the parameters, which are keys (whole numbers), codes or days; it must
    be one statement whatever they are, so it may not look at them.
    """

    def __init__(self, build: Callable[..., QuerySet[Any, Any]]) -> None:
        self.build = build
        # All at once: the threads of a process share it.
        self.kept: Written | None = None

    def ask(self, **given: Given) -> list[tuple[Any, ...]]:
        """The rows for these parameters, as the database answers: of plain columns."""
        return self._answered(self._statement(given), given)

    def objects(self, **given: Given) -> list[Any]:
        """The records for these parameters, with what the queryset selects and annotates."""
        written = self._statement(given)
        rows = self._answered(written, given)
        compiler = copy(written.compiler)
        compiler.connection = connection
        compiler.execute_sql = lambda *_args, **_options: [rows]  # type: ignore[assignment]
        query = SimpleNamespace(get_compiler=lambda using: compiler)
        answered = SimpleNamespace(db=connection.alias, query=query, _known_related_objects={})
        return list(ModelIterable(answered))  # type: ignore[arg-type]

    def _statement(self, given: dict[str, Given]) -> Written:
        if self.kept is None:
            self.kept = self._written(given)
        return self.kept

    def _answered(self, written: Written, given: dict[str, Given]) -> list[tuple[Any, ...]]:
        parameters = [
            given[one.name] if isinstance(one, _Slot) else one for one in written.parameters
        ]
        with connection.cursor() as cursor:
            cursor.execute(written.text, parameters)
            return cursor.fetchall()

    def _written(self, given: dict[str, Given]) -> Written:
        stand_ins = {name: _stand_in(n, value) for n, (name, value) in enumerate(given.items())}
        names = {value: _Slot(name) for name, value in stand_ins.items()}
        compiler = self.build(**stand_ins).query.get_compiler(connection.alias)
        text, parameters = compiler.as_sql()
        slots = [names.get(one, one) if isinstance(one, Given) else one for one in parameters]
        asked = {slot.name for slot in slots if isinstance(slot, _Slot)}
        if asked != set(given):
            raise RuntimeError(f"The statement does not ask for {sorted(set(given) - asked)}.")
        return Written(text, slots, compiler)


class _Slot:
    """The place of a parameter in a kept statement."""

    def __init__(self, name: str) -> None:
        self.name = name


def _stand_in(number: int, value: Given) -> Given:
    """A key, a code or a day that no statement has by itself."""
    if isinstance(value, str):
        return f"stand-in {number} of a kept statement"
    if isinstance(value, date):
        return date.min + timedelta(days=4711 + number)
    return -4_711_000 - number
