"""Entering a tenant: the one place where the database is told whose rows it may show.

Row-level security compares every row's ``tenant_id`` with the setting ``app.tenant_id``. The
setting lives as long as the transaction; without it every read and write of tenant rows raises.
Beside it stands who works there and through what, for the past of rows (org.history).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.db.models import BigIntegerField, Func, Value
from django.db.models.functions import Cast, NullIf

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.contrib.auth.models import AnonymousUser

_current: ContextVar[int | None] = ContextVar("tenant_id", default=None)
_acting: ContextVar[dict[str, str | int]] = ContextVar("acting", default={})  # noqa: B039


class NoTenant(RuntimeError):
    """Something asked for tenant data outside ``with enter(tenant):``."""


def current_tenant_id() -> int:
    """The tenant that this thread works for; raises :class:`NoTenant` when there is none."""
    tenant_id = _current.get()
    if tenant_id is None:
        raise NoTenant("No tenant is set: enter one with org.tenancy.enter(tenant_id).")
    return tenant_id


def acting_through() -> str:
    """The page with the address that asked for it, the command or the job that is at work."""
    return str(_acting.get().get("through", ""))


def tenant_from_setting() -> Cast:
    """The same tenant, as the database knows it: the default of every ``tenant_id`` column.

    With no tenant it is null, which the column refuses; it must not raise by itself, because
    adding a column evaluates it.
    """
    setting = Func(Value("app.tenant_id"), Value(True), function="current_setting")
    return Cast(NullIf(setting, Value("")), BigIntegerField())


@contextmanager
def enter(
    tenant_id: int,
    *,
    by: AbstractBaseUser | AnonymousUser | None = None,
    through: str = "",
    at: datetime | None = None,
) -> Iterator[None]:
    """Work for one tenant inside one transaction; afterwards the tenant before is back.

    ``by`` and ``through`` (a request, a command, a job) are noted with rows that change, and so is
    ``at``, the moment at which it is recorded; left out, they stay what they were. A transaction
    that rolls back takes the settings with it, so only the good end restores them.
    """
    before, acting_before = _current.get(), _acting.get()
    acting = acting_before
    if by is not None or through:
        acting = {"through": through[:200]}
        if by is not None and by.pk is not None:
            acting |= {"user": by.pk, "name": by.get_username()}
    if at is not None:
        acting = {**acting, "at": at.isoformat()}
    with transaction.atomic():
        _tell_database(tenant_id, acting)
        tokens = _current.set(tenant_id), _acting.set(acting)
        try:
            yield
        finally:
            _current.reset(tokens[0])
            _acting.reset(tokens[1])
        _tell_database(before, acting_before)


def _tell_database(tenant_id: int | None, acting: dict[str, str | int]) -> None:
    setting = "" if tenant_id is None else str(tenant_id)
    context = json.dumps(acting) if acting else ""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('app.tenant_id', %s, true),"
            " set_config('pghistory.context_metadata', %s, true)",
            [setting, context],
        )
