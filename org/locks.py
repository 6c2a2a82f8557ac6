"""Advisory locks on a tenant's period: who calculates shares it, who finalises has it alone.

They are taken by the transaction's first statement and go with it, also when its client dies.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import connection

from org.tenancy import current_tenant_id

# The second key of the lock under which totals are worked out: no period has it.
TOTALS = 0
# And of everything that pays, or moves by hand what is due, paid or owed.
PAY_RUN = -1


_alone: ContextVar[bool] = ContextVar("alone", default=False)


@contextmanager
def not_needed() -> Iterator[None]:
    """Take no lock inside: whoever works on tables of their own keeps nobody waiting."""
    token = _alone.set(True)
    try:
        yield
    finally:
        _alone.reset(token)


def share(period_ids: Iterable[int]) -> None:
    """Let others calculate these periods too, and nobody finalise them, until we are done."""
    _take("pg_advisory_xact_lock_shared", period_ids)


def exclude(period_ids: Iterable[int]) -> None:
    """Have these periods alone: wait for those who calculate them, and let nobody begin."""
    _take("pg_advisory_xact_lock", period_ids)


def _take(function: str, keys: Iterable[int]) -> None:
    if _alone.get():
        return
    # Always in the same order, so that two who want several never wait for each other.
    with connection.cursor() as cursor:
        for key in sorted(keys):
            cursor.execute(f"SELECT {function}(%s::int, %s::int)", [current_tenant_id(), key])
