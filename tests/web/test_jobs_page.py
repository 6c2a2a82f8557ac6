"""The page of jobs: schedules, outcomes, failures, and asking for a job at once."""

from __future__ import annotations

from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from org.models import AuditEntry
from org.tenancy import enter
from pmsite.models import Job
from pmsite.schedule import next_due, set_schedule, tick
from tests.web.cast import NOW, Cast
from tests.web.data import Browser, work
from tests.web.test_upload import page

LONG_AGO = NOW - timedelta(days=3)


def job(cast: Cast, minutes: int = 0, **fields: object) -> Job:
    """A job of the tenant."""
    due = NOW - timedelta(minutes=minutes)
    given = {"name": "nightly", "due_at": due, "made_at": due, "tenant": cast.tenant, **fields}
    return Job.objects.create(**given)


def test_what_runs_when_and_what_came_of_it(browser: Browser, bank: Cast, union: Cast) -> None:
    with enter(bank.tenant.pk):
        set_schedule(job="nightly", at_time=time(2, 30), by=None, at=LONG_AGO)
        set_schedule(job="alarms", at_time=time(3), weekdays="67", by=None, at=LONG_AGO)
    job(bank, 60, state="done", outcome="4 plan periods calculated.")
    job(bank, 30, state="failed", failure="The plan “x” reads itself.")
    job(union, 20, state="done", outcome="what nobody else may see")
    shown = page(browser("ada"), "/jobs/")
    for words in (
        "Nightly calculation",
        "02:30, every day",
        "03:00, Sat, Sun",
        "The plan “x” reads itself.",
        "4 plan periods calculated.",
        "1 job failed in the last seven days",
        "The clock that starts jobs has not ticked",
    ):
        assert words in shown, words
    assert "what nobody else may see" not in shown
    # A phone shows no heads of columns: what they sort by stands above the rows.
    sorts = shown.split('<details class="sorts">')[1].split("</details>")[0]
    assert 'href="?sort=state"' in sorts
    failed = page(browser("ada"), "/jobs/?state=failed")
    assert "4 plan periods calculated." not in failed.split("Every job")[1]


def test_a_clock_that_ticks_needs_no_word(browser: Browser, bank: Cast) -> None:
    tick(at=NOW)
    shown = page(browser("ada"), "/jobs/")
    assert "has not ticked" not in shown
    assert "Nothing is scheduled" in shown


def test_a_job_is_asked_for_once(browser: Browser, bank: Cast) -> None:
    ada = browser("ada")
    first = ada.post("/jobs/run/", {"job": "nightly"}, follow=True).content.decode()
    assert "Nightly calculation has been asked for" in first
    again = ada.post("/jobs/run/", {"job": "nightly"}, follow=True).content.decode()
    assert "is under way already" in again
    assert len(work()) == 1
    with enter(bank.tenant.pk):
        assert AuditEntry.objects.filter(action="job.run").count() == 1


@pytest.mark.parametrize("name", ["take data in", "no such", ""])
def test_only_whole_work_can_be_asked_for(browser: Browser, bank: Cast, name: str) -> None:
    answer = browser("ada").post("/jobs/run/", {"job": name}, follow=True)
    assert "No such job" in answer.content.decode()
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("name", "see", "run"),
    [("ada", 200, 302), ("mia", 403, 302), ("pam", 403, 403), ("audrey", 403, 403),
     ("ann", 403, 403)],
)  # fmt: skip
def test_who_sees_and_who_asks(browser: Browser, bank: Cast, name: str, see: int, run: int) -> None:
    client = browser(name)
    assert client.get("/jobs/").status_code == see
    assert client.post("/jobs/run/", {"job": "nightly"}).status_code == run
    assert client.get("/jobs/run/").status_code == 405
    assert client.post("/jobs/").status_code in (403, 405)


def test_the_page_asks_as_often_for_one_as_for_three(browser: Browser, bank: Cast) -> None:
    ada = browser("ada")
    counts = []
    for minutes in ((1,), (2, 3)):
        for one in minutes:
            job(bank, one, state="done")
        with CaptureQueriesContext(connection) as asked:
            ada.get("/jobs/")
        counts.append(len(asked))
    assert counts == [16, 16]


def test_the_next_time_of_a_schedule(bank: Cast) -> None:
    zone = ZoneInfo("Europe/Zurich")
    with enter(bank.tenant.pk):
        daily = set_schedule(job="nightly", at_time=time(2, 30), by=None, at=LONG_AGO)
        weekly = set_schedule(job="alarms", at_time=time(3), weekdays="1", by=None, at=LONG_AGO)
        resting = set_schedule(job="alarms", at_time=time(4), active=False, by=None, at=LONG_AGO)
    assert str(next_due(daily, zone=zone, at=NOW)) == "2026-06-23 00:30:00+00:00"
    assert str(next_due(weekly, zone=zone, at=NOW)) == "2026-06-29 01:00:00+00:00"
    assert next_due(resting, zone=zone, at=NOW) is None
