"""Several pieces of work at once, each in a transaction of its own, and nothing of theirs stays.

PostgreSQL works on one statement of a connection at a time, on one processor, where temporary
tables are in it. Work that can be cut into pieces takes a connection for each; Python waits for
them in threads (docs/adr/0237).
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from typing import TypeVar

from django.db import connection, transaction
from psycopg.sql import SQL, Literal

from org.shadow import rolled_back
from org.sql import execute, fetch
from org.tenancy import current_tenant_id, enter

T = TypeVar("T")
# A piece waits for no lock on a row. Where it would wait for one on a table, whoever holds that
# may wait for us, and PostgreSQL does not see that we wait for the piece.
LOCK_TIMEOUT = "30s"


def possible() -> bool:
    """Whether other transactions see all that this one sees: it has written nothing so far."""
    [(written,)] = fetch("SELECT pg_current_xact_id_if_assigned() IS NOT NULL")
    return not written


def each(pieces: Sequence[Callable[[], T]], *, at_once: bool) -> list[T]:
    """What each piece of work answers; all that they write is undone.

    ``at_once``: in transactions of their own that see one moment, where all that they read is
    :func:`possible` to see; they lock no rows, for this transaction waits for them. Else one after
    the other, in this one.
    """
    if not at_once:
        return [_undone(piece) for piece in pieces]
    moment: Future[str] = Future()
    seen = threading.Barrier(len(pieces))
    tenant = current_tenant_id()

    def beside(number: int, piece: Callable[[], T]) -> T:
        begun = False
        try:
            with transaction.atomic():
                _see_as_of(moment, first=number == 0)
                seen.wait()  # before the first one's end the moment is there to be taken
                begun = True
                execute(SQL("SET LOCAL lock_timeout = {}").format(Literal(LOCK_TIMEOUT)))
                with enter(tenant):
                    return _undone(piece)
        finally:
            if not begun:  # so that no other waits for a moment that never comes
                if number == 0:
                    moment.cancel()
                seen.abort()
            connection.close()

    with ThreadPoolExecutor(len(pieces), thread_name_prefix="abreast") as pool:
        asked = [
            pool.submit(contextvars.copy_context().run, beside, number, piece)
            for number, piece in enumerate(pieces)
        ]
    return _answers(asked)


def _answers(asked: Sequence[Future[T]]) -> list[T]:
    """What each answered, or why the first of them failed: the others failed by it."""
    failures = [failure for one in asked if (failure := one.exception())]
    for failure in failures:
        if not isinstance(failure, (threading.BrokenBarrierError, CancelledError)):
            raise failure
    return [one.result() for one in asked]


def _undone(piece: Callable[[], T]) -> T:
    with rolled_back():
        return piece()


def _see_as_of(moment: Future[str], *, first: bool) -> None:
    """Let this transaction see the data as the first of them sees it."""
    execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    if first:
        [(name,)] = fetch("SELECT pg_export_snapshot()")
        moment.set_result(name)
    else:
        execute(SQL("SET TRANSACTION SNAPSHOT {}").format(Literal(moment.result())))
