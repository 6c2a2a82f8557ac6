"""A file on trial comes to a worker through the queue, and the job says how far it is."""

from __future__ import annotations

import hashlib

import pytest
from django_rq import get_worker

from metrics.models import Delivery, Source, Trial, Value
from org.errors import DomainError
from org.models import Tenant, User
from org.tenancy import enter
from pmsite import jobs, work
from pmsite.data.work import LOOK, TAKE
from pmsite.jobs import Work, handler, request
from pmsite.models import Job
from tests.factories import make_person, make_user
from tests.jobs.conftest import NIGHT
from tests.metrics.cast import SIMPLE, make_metric

ROWS = "".join(f"ann,2026-05-{1 + n % 28:02},1\n" for n in range(3000))
FILE = f"Agent,Date,Calls\n{ROWS}".encode()


def make_trial(tenant: Tenant) -> Trial:
    """Three thousand calls of Ann, on trial."""
    with enter(tenant.pk):
        make_metric("calls", "sum")
        make_person("Ann Arden", code="ann")
        column_map = {**SIMPLE, "values": {"calls": {"sum": "Calls"}}}
        Source.objects.create(code="telephone", column_map=column_map)
        return Trial.objects.create(
            file_name="calls.csv",
            sha256=hashlib.sha256(FILE).hexdigest(),
            size=len(FILE),
            content=FILE,
            by=make_user("mia"),
            at=NIGHT,
        )


@pytest.mark.django_db(transaction=True)
def test_a_worker_looks_and_takes_in(bank: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "TELL_EVERY_S", 0.005)
    trial = make_trial(bank)
    job = request(name=LOOK, tenant=bank, at=NIGHT, about=trial.pk)
    worker = get_worker(worker_class="rq.worker.SimpleWorker")
    worker.work(burst=True)
    job.refresh_from_db()
    assert (job.state, job.outcome) == (Job.State.DONE, "Looked at.")
    assert job.step != ""
    with enter(bank.pk):
        assert Trial.objects.get().state == Trial.State.READY
        assert not Delivery.objects.exists()
        Trial.objects.update(state=Trial.State.TAKING, ended_by=User.objects.get(username="mia"))
    request(name=TAKE, tenant=bank, at=NIGHT, about=trial.pk)
    worker.work(burst=True)
    with enter(bank.pk):
        assert Trial.objects.get().state == Trial.State.TAKEN
        assert Value.objects.count() == 28


def test_a_job_about_a_row_is_told_which(bank: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Work] = []
    monkeypatch.setitem(work.ABOUT_ONE, "one", lambda given: told.append(given) or "done")
    jobs.perform(request(name="one", tenant=bank, at=NIGHT, about=7).pk)
    jobs.perform(request(name="one", tenant=bank, at=NIGHT, about=8).pk)
    assert [given.about for given in told] == [7, 8]


def test_a_schedule_cannot_ask_for_a_job_about_a_row() -> None:
    with pytest.raises(DomainError, match="There are: alarms, fresh, nightly"):
        handler(LOOK)
