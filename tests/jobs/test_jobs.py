"""A row is claimed by one worker, done once, swept back when its worker dies, or given up."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError, connection, transaction
from django_rq import get_worker

from org.errors import DomainError
from org.models import AuditEntry, Tenant
from org.tenancy import NoTenant, current_tenant_id, enter
from pmsite import jobs, work
from pmsite.jobs import LEASE, ClaimLost, Work, claim, perform, request, sweep, work_queue
from pmsite.models import Job
from tests.jobs.conftest import NIGHT


def leave_a_trace(work: Work) -> str:
    AuditEntry.objects.create(at=work.at, action="trace", subject="a job was here")
    return "left a trace"


def traces(tenant: Tenant) -> int:
    with enter(tenant.pk):
        return AuditEntry.objects.filter(action="trace").count()


def test_a_job_runs_in_its_tenant_on_the_tenants_day(bank: Tenant, done: list[Work]) -> None:
    job = request(name="note", tenant=bank, at=NIGHT)
    assert perform(job.pk) == "noted"
    job.refresh_from_db()
    assert (job.state, job.attempts, job.outcome) == (Job.State.DONE, 1, "noted")
    assert done[0].tenant == bank
    assert done[0].on == jobs.local_day(bank, done[0].at)
    with pytest.raises(NoTenant):
        current_tenant_id()


def test_asking_twice_for_the_same_moment_is_one_job(bank: Tenant, done: list[Work]) -> None:
    first = request(name="note", tenant=bank, at=NIGHT)
    assert request(name="note", tenant=bank, at=NIGHT) == first


def test_the_database_refuses_the_same_moment_twice(bank: Tenant) -> None:
    Job.objects.create(tenant=bank, name="note", due_at=NIGHT, made_at=NIGHT)
    with pytest.raises(IntegrityError, match="pmsite_job_once"), transaction.atomic():
        Job.objects.create(tenant=bank, name="note", due_at=NIGHT, made_at=NIGHT)


def test_the_database_refuses_a_claim_that_is_none(bank: Tenant) -> None:
    with pytest.raises(IntegrityError, match="pmsite_job_claim"), transaction.atomic():
        Job.objects.create(tenant=bank, name="a", due_at=NIGHT, made_at=NIGHT, state="claimed")


def test_a_done_job_is_not_done_again(bank: Tenant, done: list[Work]) -> None:
    job = request(name="note", tenant=bank, at=NIGHT)
    perform(job.pk)
    assert perform(job.pk) == "nothing to do"
    assert len(done) == 1


def test_a_refusal_is_final_and_kept(bank: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(work: Work) -> str:
        raise DomainError("The month is final.")

    monkeypatch.setitem(work.HANDLERS, "note", refuse)
    job = request(name="note", tenant=bank, at=NIGHT)
    with pytest.raises(DomainError):
        perform(job.pk)
    job.refresh_from_db()
    assert (job.state, job.failure) == (Job.State.FAILED, "The month is final.")


def test_a_failure_is_tried_again_up_to_the_limit(
    bank: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(work: Work) -> str:
        leave_a_trace(work)
        raise OSError("the disk is full")

    monkeypatch.setitem(work.HANDLERS, "note", break_down)
    job = request(name="note", tenant=bank, at=NIGHT)
    states = []
    for _ in range(jobs.ATTEMPTS):
        with pytest.raises(OSError, match="the disk is full"):
            perform(job.pk)
        job.refresh_from_db()
        states.append(job.state)
    assert states == [Job.State.QUEUED] * (jobs.ATTEMPTS - 1) + [Job.State.FAILED]
    assert job.failure == "the disk is full"
    assert perform(job.pk) == "nothing to do"
    assert traces(bank) == 0


def test_a_dead_workers_row_goes_back_and_is_given_up_in_time(
    bank: Tenant, done: list[Work]
) -> None:
    job = request(name="note", tenant=bank, at=NIGHT)
    at = NIGHT
    for attempt in range(1, jobs.ATTEMPTS + 1):
        assert claim(job.pk, at=at) is not None
        assert sweep(at=at + LEASE) == 0  # may still be alive
        at += LEASE + timedelta(seconds=1)
        assert sweep(at=at) == 1
        job.refresh_from_db()
        assert f"attempt {attempt} of {jobs.ATTEMPTS}" in job.failure
    assert job.state == Job.State.FAILED


def test_who_lost_the_claim_rolls_back(bank: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that was thought dead comes to its end after another has taken over."""

    monkeypatch.setitem(work.HANDLERS, "note", leave_a_trace)
    job = request(name="note", tenant=bank, at=NIGHT)
    held = claim(job.pk, at=NIGHT)
    assert held is not None
    assert sweep(at=NIGHT + LEASE + timedelta(seconds=1)) == 1
    with pytest.raises(ClaimLost):
        jobs.finish(held)
    assert traces(bank) == 0
    assert perform(job.pk) == "left a trace"
    assert traces(bank) == 1


@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_do_a_job_once(bank: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(work.HANDLERS, "note", leave_a_trace)
    job = request(name="note", tenant=bank, at=NIGHT)
    together = threading.Barrier(4)
    answers: list[str] = []

    def one() -> None:
        together.wait()
        try:
            answers.append(perform(job.pk))
        finally:
            connection.close()

    workers = [threading.Thread(target=one) for _ in range(4)]
    for thread in workers:
        thread.start()
    for thread in workers:
        thread.join()
    assert sorted(answers) == ["left a trace"] + ["nothing to do"] * 3
    assert traces(bank) == 1


@pytest.mark.django_db(transaction=True)
def test_a_long_job_renews_its_lease(bank: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    leases = []

    def take_long(work: Work) -> str:
        deadline = time.monotonic() + 10
        while len(set(leases)) < 3 and time.monotonic() < deadline:
            leases.append(Job.objects.get(pk=job.pk).lease_until)
            time.sleep(0.02)
        return "slept"

    monkeypatch.setattr(jobs, "RENEW_EVERY_S", 0.05)
    monkeypatch.setitem(work.HANDLERS, "note", take_long)
    job = request(name="note", tenant=bank, at=NIGHT)
    perform(job.pk)
    assert len(set(leases)) == 3
    assert leases == sorted(leases)


@pytest.mark.django_db(transaction=True)
def test_the_queue_brings_a_job_to_a_worker(bank: Tenant, done: list[Work]) -> None:
    job = request(name="note", tenant=bank, at=NIGHT)
    assert len(work_queue()) == 1
    get_worker(worker_class="rq.worker.SimpleWorker").work(burst=True)
    job.refresh_from_db()
    assert job.state == Job.State.DONE
    assert len(work_queue()) == 0


def test_an_unknown_job_is_refused_when_asked_for(bank: Tenant) -> None:
    with pytest.raises(
        DomainError, match=r"No job is called “nigthly”\. There are: alarms, fresh, nightly\."
    ):
        request(name="nigthly", tenant=bank, at=NIGHT)


def test_the_nightly_command_needs_a_tenant(db: None) -> None:
    with pytest.raises(CommandError, match="There is no tenant yet"):
        call_command("nightly")
    with pytest.raises(CommandError, match="No tenant has the code “x”"):
        call_command("nightly", "x")
