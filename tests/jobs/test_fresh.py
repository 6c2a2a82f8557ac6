"""What people do asks for its calculation, once; what operators type does not."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connections, transaction

from org.changes import Mark, record_change
from org.models import InputChange, Tenant
from org.shadow import rolled_back
from org.tenancy import enter
from pmsite import jobs
from pmsite.fresh import NAME
from pmsite.models import Job
from tests.jobs.conftest import NIGHT

PAGE = "POST /people/ann/absences/ from 127.0.0.1"


def record(tenant: Tenant, through: str = PAGE, minutes: int = 0) -> None:
    """Something that moves everybody's June is recorded."""
    with enter(tenant.pk, through=through):
        record_change(
            kind=InputChange.Kind.VALUES,
            sentence="Something came in.",
            marks=[Mark(date(2026, 6, 1), date(2026, 6, 2))],
            by=None,
            at=NIGHT + timedelta(minutes=minutes),
        )


def asked() -> list[tuple[str, str]]:
    """The jobs that there are: whose, and how they stand."""
    found = Job.objects.filter(name=NAME).order_by("id")
    return list(found.values_list("tenant__code", "state"))


@pytest.mark.parametrize("through", [PAGE, "job take data in", "DELETE /x from 10.0.0.1"])
def test_what_people_do_is_worked_out(bank: Tenant, through: str) -> None:
    record(bank, through)
    assert asked() == [("bank", "queued")]


@pytest.mark.parametrize(
    "through", ["command ingest", "apply bank.yaml", "demo", "", "GET / from 127.0.0.1"]
)
def test_what_operators_type_waits_for_their_calculation(bank: Tenant, through: str) -> None:
    record(bank, through)
    assert asked() == []


def test_many_things_are_worked_out_once(bank: Tenant, union: Tenant) -> None:
    for minutes in range(5):
        record(bank, minutes=minutes)
    record(union)
    assert asked() == [("bank", "queued"), ("union", "queued")]


def test_what_comes_after_it_has_begun_is_asked_for_anew(bank: Tenant) -> None:
    record(bank)
    assert jobs.claim(Job.objects.get(name=NAME).pk, at=NIGHT) is not None
    record(bank, minutes=1)
    record(bank, minutes=2)
    assert asked() == [("bank", "claimed"), ("bank", "queued")]


def test_a_trial_asks_for_nothing(bank: Tenant) -> None:
    with enter(bank.pk, through=PAGE), rolled_back():
        record(bank)
    assert asked() == []


def test_the_job_says_what_it_did(bank: Tenant) -> None:
    record(bank)
    assert jobs.perform(Job.objects.get(name=NAME).pk) == "Nothing was stale."


@pytest.mark.django_db(transaction=True)
def test_no_worker_begins_before_what_asked_for_it_is_there(bank: Tenant) -> None:
    """A waiting job is held by the transaction that counts on it."""
    record(bank)
    job = Job.objects.get(name=NAME)
    with enter(bank.pk, through=PAGE):
        record(bank, minutes=1)
        other = connections["default"].copy()
        try:
            with transaction.atomic(), other.cursor() as cursor:
                cursor.execute(
                    "SELECT id FROM pmsite_job WHERE id = %s FOR UPDATE SKIP LOCKED", [job.pk]
                )
                assert cursor.fetchall() == []
        finally:
            other.close()
    assert asked() == [("bank", "queued")]
    assert jobs.claim(job.pk, at=NIGHT) is not None
