"""The same change tried by two clicks at the same moment is worked out once."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from django.db import connections

from incentives.effect import trials
from incentives.models import EffectTrial
from org.models import Period
from org.tenancy import enter
from tests.factories import make_calendar, make_month, make_tenant
from tests.incentives.test_at_once import Gate, Somebody

pytestmark = pytest.mark.django_db(transaction=True)
# Who waits for a row waits for the end of the transaction that holds it.
WAITING = """
    SELECT 1 FROM pg_locks AS waits WHERE NOT granted AND locktype = 'transactionid'
      AND EXISTS (SELECT 1 FROM pg_locks AS own WHERE own.pid = waits.pid AND own.database =
                  (SELECT oid FROM pg_database WHERE datname = current_database()))
"""
AT = datetime(2026, 6, 22, 9, tzinfo=UTC)


def begin(period: Period) -> bool:
    """Ask for the same once more; whether it is new."""
    _, new = trials.begin(
        kind=EffectTrial.Kind.GOAL, title="Goal", period=period, about=7, by=None, at=AT
    )
    return new


def wait_for_row(one: Somebody) -> None:
    """Wait until somebody waits for a row that another one holds."""
    deadline = time.monotonic() + 60
    with connections["owner"].cursor() as cursor:
        while cursor.execute(WAITING).fetchone() is None:
            assert one.thread.is_alive(), one.said
            assert time.monotonic() < deadline
            time.sleep(0.02)


def test_two_clicks_at_once_begin_one_trial() -> None:
    tenant = make_tenant("bank")
    with enter(tenant.pk):
        period = make_month(make_calendar(), 2026, 6)
    gate, new = Gate(), []

    def first() -> None:
        with enter(tenant.pk):
            new.append(begin(period))
            gate.stop()

    def second() -> None:
        with enter(tenant.pk):
            new.append(begin(period))

    one = Somebody(first)
    assert gate.reached.wait(60)
    other = Somebody(second)
    wait_for_row(other)
    gate.go_on.set()
    assert (one.end(), other.end()) == ("done", "done")
    assert new == [True, False]
    with enter(tenant.pk):
        assert EffectTrial.objects.count() == 1
