"""Entering a tenant: the one place where the database is told whose rows it may show.

Row-level security compares every row's ``tenant_id`` with the setting ``app.tenant_id``. The
setting lives as long as the transaction; without it every read and write of tenant rows raises.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import connection, transaction
from django.db.models import BigIntegerField, Func, Value
from django.db.models.functions import Cast, NullIf

_current: ContextVar[int | None] = ContextVar("tenant_id", default=None)


class NoTenant(RuntimeError):
    """Something asked for tenant data outside ``with enter(tenant):``."""


def current_tenant_id() -> int:
    """The tenant that this thread works for; raises :class:`NoTenant` when there is none."""
    tenant_id = _current.get()
    if tenant_id is None:
        raise NoTenant("No tenant is set: enter one with org.tenancy.enter(tenant_id).")
    return tenant_id


def tenant_from_setting() -> Cast:
    """The same tenant, as the database knows it: the default of every ``tenant_id`` column.

    With no tenant it is null, which the column refuses; it must not raise by itself, because
    adding a column evaluates it.
    """
    setting = Func(Value("app.tenant_id"), Value(True), function="current_setting")
    return Cast(NullIf(setting, Value("")), BigIntegerField())


@contextmanager
def enter(tenant_id: int) -> Iterator[None]:
    """Work for one tenant inside one transaction; afterwards the tenant before is back.

    A transaction that rolls back takes the setting with it, so only the good end restores it.
    """
    before = _current.get()
    with transaction.atomic():
        _tell_database(tenant_id)
        token = _current.set(tenant_id)
        try:
            yield
        finally:
            _current.reset(token)
        _tell_database(before)


def _tell_database(tenant_id: int | None) -> None:
    setting = "" if tenant_id is None else str(tenant_id)
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.tenant_id', %s, true)", [setting])
