"""Advisory locks of a tenant: who waits for whom, and in one order, so that nobody waits in a ring.

The order, in which a transaction takes those that it needs (docs/adr/0136):

0. whoever asks, where a second click of theirs must find what the first one did;
1. ``ENGINE``: whoever works out totals or results, finalises, changes the rules of a tenant, or
   opens balances of periods that are not final;
2. periods: who calculates shares them, who finalises has them alone;
3. ``PAY_RUN``: whoever pays, or moves by hand what is due, paid or owed;
4. ``LEDGER``: whoever works out from the ledger what to post to it; whoever freezes a line shares
   it;
5. ``VALUES``: whoever writes values.

They go with the transaction, also when its client dies.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import connection

from org.models import User
from org.tenancy import current_tenant_id

# Second keys of locks: no period has one of these numbers.
ENGINE = 0
PAY_RUN = -1
LEDGER = -2
VALUES = -3


_alone: ContextVar[bool] = ContextVar("alone", default=False)


@contextmanager
def not_needed() -> Iterator[None]:
    """Take no lock inside: whoever works on tables of their own keeps nobody waiting."""
    token = _alone.set(True)
    try:
        yield
    finally:
        _alone.reset(token)


def hold_engine() -> None:
    """Be the only one to calculate or to change rules, until the transaction ends.

    Before anything is read on which results depend: what is read earlier may have changed while we
    waited, and the marks of that change are taken by us, so that nobody would look again.
    """
    exclude([ENGINE])


def one_click_of(user: User) -> None:
    """Let another request of the same person wait until this one is done: a double click.

    Before the other locks. What the first did is there when the second looks.
    """
    User.objects.select_for_update(no_key=True).filter(pk=user.pk).first()


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
