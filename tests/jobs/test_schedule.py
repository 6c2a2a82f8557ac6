"""Times of a tenant's clock become rows, once, also where clocks change and schedulers race."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django_rq.settings import QUEUES

from org.errors import DomainError
from org.models import Tenant
from org.tenancy import enter
from pmsite import schedule
from pmsite.jobs import Work, bell, work_queue
from pmsite.models import Job, Schedule
from pmsite.schedule import moment, set_schedule, tick
from tests.jobs.conftest import NIGHT

ZURICH = ZoneInfo("Europe/Zurich")
SET = datetime(2026, 1, 1, tzinfo=UTC)


def at_half_past_two(tenant: Tenant, *, job: str = "note", weekdays: str = "1234567") -> None:
    with enter(tenant.pk):
        set_schedule(job=job, at_time=time(2, 30), weekdays=weekdays, by=None, at=SET)


def due_of(tenant: Tenant) -> list[datetime]:
    return list(
        Job.objects.filter(tenant=tenant).order_by("due_at").values_list("due_at", flat=True)
    )


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 3, 28), datetime(2026, 3, 28, 1, 30, tzinfo=UTC)),
        # Clocks go from 02:00 to 03:00: there is no 02:30, and it comes at 03:30.
        (date(2026, 3, 29), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        (date(2026, 3, 30), datetime(2026, 3, 30, 0, 30, tzinfo=UTC)),
        # Clocks go from 03:00 to 02:00: 02:30 comes twice, and the first counts.
        (date(2026, 10, 25), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        (date(2026, 10, 26), datetime(2026, 10, 26, 1, 30, tzinfo=UTC)),
    ],
)
def test_a_time_of_day_comes_once_a_day(day: date, expected: datetime) -> None:
    assert moment(day=day, at_time=time(2, 30), zone=ZURICH) == expected


@pytest.mark.parametrize("night", [date(2026, 3, 29), date(2026, 10, 25)])
def test_ticking_through_a_change_of_clocks_makes_one_job(
    bank: Tenant, done: list[Work], night: date
) -> None:
    at_half_past_two(bank)
    begin = datetime.combine(night, time(0), tzinfo=ZURICH).astimezone(UTC)
    tick(at=begin - timedelta(hours=12))
    before = len(due_of(bank))
    for hours in range(25):
        tick(at=begin + timedelta(hours=hours))
    assert len(due_of(bank)) == before + 1


def test_each_tenant_has_its_own_night(bank: Tenant, union: Tenant, done: list[Work]) -> None:
    at_half_past_two(bank)
    at_half_past_two(union)
    tick(at=datetime(2026, 6, 10, 1, 0, tzinfo=UTC))
    assert due_of(bank) == [datetime(2026, 6, 10, 0, 30, tzinfo=UTC)]
    assert due_of(union) == [datetime(2026, 6, 9, 6, 30, tzinfo=UTC)]


def test_only_the_latest_missed_time_is_made_up(bank: Tenant, done: list[Work]) -> None:
    at_half_past_two(bank)
    tick(at=datetime(2026, 6, 1, 12, tzinfo=UTC))
    tick(at=datetime(2026, 6, 10, 12, tzinfo=UTC))
    assert due_of(bank) == [
        datetime(2026, 6, 1, 0, 30, tzinfo=UTC),
        datetime(2026, 6, 10, 0, 30, tzinfo=UTC),
    ]


def test_a_missed_week_is_made_up(bank: Tenant, done: list[Work]) -> None:
    at_half_past_two(bank, weekdays="1")
    tick(at=datetime(2026, 6, 14, 12, tzinfo=UTC))  # a Sunday
    assert due_of(bank) == [datetime(2026, 6, 8, 0, 30, tzinfo=UTC)]


def test_times_before_the_schedule_was_set_are_not_made_up(bank: Tenant, done: list[Work]) -> None:
    with enter(bank.pk):
        set_schedule(job="note", at_time=time(1), by=None, at=NIGHT)
    tick(at=NIGHT + timedelta(hours=1))
    assert due_of(bank) == []


def test_an_idle_schedule_makes_nothing(bank: Tenant, done: list[Work]) -> None:
    with enter(bank.pk):
        set_schedule(job="note", at_time=time(1), active=False, by=None, at=SET)
    assert tick(at=NIGHT).made == 0


def test_setting_a_schedule_again_changes_it(bank: Tenant, done: list[Work]) -> None:
    at_half_past_two(bank)
    at_half_past_two(bank, weekdays="12345")
    with enter(bank.pk):
        assert [s.weekdays for s in Schedule.objects.all()] == ["12345"]


@pytest.mark.parametrize("weekdays", ["", "8", "21", "mon", "11"])
def test_wrong_weekdays_are_refused(bank: Tenant, done: list[Work], weekdays: str) -> None:
    with enter(bank.pk), pytest.raises(ValidationError, match=r"are no weekdays|cannot be blank"):
        set_schedule(job="note", at_time=time(1), weekdays=weekdays, by=None, at=SET)


def test_an_unknown_job_is_refused(bank: Tenant) -> None:
    with enter(bank.pk), pytest.raises(DomainError, match="No job is called “nigthly”"):
        set_schedule(job="nigthly", at_time=time(1), by=None, at=SET)


def test_a_lost_queue_is_filled_again(bank: Tenant, done: list[Work]) -> None:
    at_half_past_two(bank)
    tick(at=NIGHT)
    job = Job.objects.get(tenant=bank)
    assert work_queue().get_job_ids() == [bell(job)]
    work_queue().connection.flushdb()
    assert tick(at=NIGHT + timedelta(minutes=1)).queued == 1
    assert tick(at=NIGHT + timedelta(minutes=2)).queued == 0
    assert work_queue().get_job_ids() == [bell(job)]


@pytest.mark.django_db(transaction=True)
def test_two_schedulers_at_once_make_one_job(bank: Tenant, done: list[Work]) -> None:
    at_half_past_two(bank)
    together = threading.Barrier(4)

    def one() -> None:
        together.wait()
        try:
            tick(at=NIGHT)
        finally:
            connection.close()

    schedulers = [threading.Thread(target=one) for _ in range(4)]
    for thread in schedulers:
        thread.start()
    for thread in schedulers:
        thread.join()
    assert Job.objects.filter(tenant=bank).count() == 1


def test_the_tick_reports_its_own_failure(bank: Tenant, union: Tenant, done: list[Work]) -> None:
    at_half_past_two(bank)
    at_half_past_two(union)
    Tenant.objects.filter(pk=bank.pk).update(time_zone="Mars/Olympus")
    ticked = tick(at=NIGHT)
    assert "bank: its schedules could not be read" in ticked.problems[0]
    assert len(due_of(union)) == 1  # the other tenant has its night
    row = Job.objects.get(name=schedule.TICK)
    assert row.state == Job.State.FAILED
    assert "Mars/Olympus" in row.failure
    with pytest.raises(CommandError, match="Mars/Olympus"):
        call_command("tick")


def test_a_queue_out_of_reach_is_a_failed_tick_and_loses_nothing(
    bank: Tenant, done: list[Work], monkeypatch: pytest.MonkeyPatch
) -> None:
    at_half_past_two(bank)
    with monkeypatch.context() as away:
        away.setitem(QUEUES, "default", {"URL": "redis://127.0.0.1:1/0"})
        ticked = tick(at=NIGHT)
    assert ticked.made == 1
    assert "The queue cannot be reached" in ticked.problems[0]
    assert tick(at=NIGHT + timedelta(minutes=1)).queued == 1


def test_old_ticks_are_forgotten(bank: Tenant) -> None:
    tick(at=NIGHT - timedelta(days=8))
    tick(at=NIGHT)
    assert Job.objects.filter(name=schedule.TICK).count() == 1
