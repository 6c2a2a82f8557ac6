"""The night's calculation beside everything else: killed, twice, while finalising or correcting.

Real connections, real worker processes, a real queue. The ledger's sums are the check: what was
booked is what should be, once.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import connection, connections

from incentives.calculate import nightly
from incentives.finalise import finalise_period
from incentives.ledger import check_identity
from incentives.models import CalculationRun, Earning, PlanPeriod, Result, Transfer
from metrics.correct import correct
from metrics.ingest import ingest
from metrics.models import Metric, Source, Total
from org.errors import DomainError
from org.models import Period, Person, StaleMark, Tenant
from org.tenancy import enter
from pmsite import runner, spreadsheet, tenant_file
from pmsite.demo.months import Month, month_after
from pmsite.jobs import LEASE, request
from pmsite.models import Job
from pmsite.schedule import tick

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PEOPLE = 30
DAYS = 20
CALLS = 3
WORTH = PEOPLE * DAYS * CALLS * 5
# A worker's night is today's, so the month is the one before it, and the next one is this.
FIRST = Month(month_after(datetime.now(UTC).date(), -1))
NEXT = Month(FIRST.end)
ON = FIRST.end + timedelta(days=3)
AT = datetime.combine(ON, clock(1), tzinfo=UTC)
SET_UP = datetime.combine(FIRST.first, clock(8), tzinfo=UTC)
MORNING_AFTER = datetime.combine(FIRST.end, clock(8), tzinfo=UTC)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def bank(transactional_db: None, tmp_path: Path) -> Tenant:
    """Thirty people with three calls on each of the first twenty days of a month."""
    codes = [f"p{n:02}" for n in range(PEOPLE)]
    text = (HERE / "cast.yaml").read_text()
    for written, day in (("2026-04-01", FIRST.first), ("2026-07-31", month_after(FIRST.first, 3))):
        text = text.replace(written, day.isoformat())
    (tmp_path / "bank.yaml").write_text(text)
    people = [f"{c},Person {c},{c},monthly,2024-01-01" for c in codes]
    write(tmp_path / "people.csv", "code,name,payroll_id,pay_group,hired", people)
    jobs = [f"{c},north,agent,2024-01-01" for c in codes]
    write(tmp_path / "assignments.csv", "person,unit,job_type,from", jobs)
    tenant_file.apply(path=tmp_path / "bank.yaml", by=None, at=SET_UP)
    tenant = Tenant.objects.get(code="bank")
    with enter(tenant.pk):
        rows = [f"{c},{FIRST.code}-{d:02},{CALLS}" for c in codes for d in range(1, DAYS + 1)]
        deliver("calls.csv", rows, at=MORNING_AFTER)
    return tenant


def write(path: Path, header: str, rows: list[str]) -> None:
    path.write_text("\n".join([header, *rows]) + "\n")


def deliver(name: str, rows: list[str], *, at: datetime) -> None:
    ingest(
        source=Source.objects.get(code="switch"),
        file_name=name,
        content="\n".join(["person,day,calls", *rows]).encode(),
        by=None,
        at=at,
        complete_through=FIRST.end - timedelta(days=1),
    )


def the_month() -> Period:
    return Period.objects.get(code=FIRST.code)


def calculated(tenant: Tenant) -> Decimal:
    """What the month is worth by the run that its plan period points to."""
    with enter(tenant.pk):
        point = PlanPeriod.objects.select_related("run").get(period=the_month())
        assert point.run is not None
        earnings = Earning.objects.filter(run_id=point.run.pk)
        total = sum((e.amount or Decimal(0) for e in earnings), Decimal(0))
        assert total == point.run.total
        assert earnings.count() == PEOPLE
        return total


def booked(tenant: Tenant) -> Decimal:
    """What the ledger has granted for the month."""
    with enter(tenant.pk):
        assert not check_identity()
        transfers = Transfer.objects.filter(earned_period=the_month(), origin="calculation")
        granted = [t.amount if t.from_account == "plan" else -t.amount for t in transfers]
        return sum(granted, Decimal(0))


def together(*actions: Callable[[], object]) -> list[BaseException | None]:
    """Do things at once, each on a connection of its own; what each one raised."""
    start = threading.Barrier(len(actions))
    ended: list[BaseException | None] = [None] * len(actions)

    def one(number: int, action: Callable[[], object]) -> None:
        start.wait()
        try:
            action()
        except DomainError as refusal:
            ended[number] = refusal
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one, args=pair) for pair in enumerate(actions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads)
    return ended


def in_tenant(tenant: Tenant, action: Callable[[], object]) -> Callable[[], None]:
    def entered() -> None:
        with enter(tenant.pk):
            action()

    return entered


def run_night() -> None:
    nightly(by=None, at=AT, on=ON)


def finalise(month: Month = FIRST, on: date = ON) -> None:
    at = datetime.combine(on, clock(2), tzinfo=UTC)
    finalise_period(period=Period.objects.get(code=month.code), by=None, at=at, on=on)


def add_calls(count: int) -> None:
    """One person's first day is corrected to so many calls."""
    correct(
        person=Person.objects.get(code="p00"),
        day=FIRST.first,
        metric=Metric.objects.get(code="calls"),
        numerator=Decimal(count),
        reason="The switch had lost some.",
        by=None,
        at=AT + timedelta(minutes=5),
    )


# --- Killed


class Worker:
    """A worker process with its horse, in a session of its own."""

    def __init__(self, environment: dict[str, str], *options: str, queues: tuple[str, ...]) -> None:
        command = [sys.executable, "manage.py", "rqworker", *queues, "--verbosity=0", *options]
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, start_new_session=True, stderr=subprocess.DEVNULL
        )

    def members(self) -> list[int]:
        """Every process of its session; the horse leads a group of its own."""
        found = []
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                if os.getsid(int(name)) == self.process.pid:
                    found.append(int(name))
            except ProcessLookupError:
                continue
        return found

    def kill(self) -> None:
        """End all of it as a power failure would."""
        for pid in self.members():
            os.kill(pid, signal.SIGKILL)
        self.process.wait(timeout=10)


@pytest.fixture
def start_worker(process_environment: dict[str, str]) -> Iterator[Callable[..., Worker]]:
    workers: list[Worker] = []

    def start(*options: str, queues: tuple[str, ...] = ("long", "default")) -> Worker:
        workers.append(Worker(process_environment, *options, queues=queues))
        return workers[-1]

    yield start
    for worker in workers:
        if worker.process.poll() is None:
            worker.kill()


def wait_until(holds: Callable[[], bool], what: str, *, seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain until {what}"
        time.sleep(0.05)


def somebody_waits_for_earnings() -> bool:
    """Whether another session stands before the table of earnings."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE NOT granted"
            " AND relation = 'incentives_earning'::regclass"
        )
        return bool(cursor.fetchone()[0])


def sessions_of_the_application() -> int:
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND wait_event_type = 'Lock'"
        )
        return int(cursor.fetchone()[0])


def test_a_worker_killed_in_the_middle_leaves_nothing_and_the_next_one_completes(
    bank: Tenant, start_worker: Callable[..., Worker]
) -> None:
    at = datetime.now(UTC)
    job = request(name="nightly", tenant=bank, at=at)
    with connections["owner"].cursor() as cursor:
        # The calculation comes as far as writing earnings, and stands there.
        cursor.execute("BEGIN; LOCK TABLE incentives_earning IN SHARE ROW EXCLUSIVE MODE")
    worker = start_worker()
    wait_until(somebody_waits_for_earnings, "the calculation writes earnings")
    worker.kill()
    with connections["owner"].cursor() as cursor:
        cursor.execute("COMMIT")
    wait_until(lambda: not sessions_of_the_application(), "the killed session has gone")
    with enter(bank.pk):
        for model in (CalculationRun, Result, Earning, Total, PlanPeriod):
            assert not model.objects.exists(), model
        assert StaleMark.objects.exists()
    job.refresh_from_db()
    assert job.state == Job.State.CLAIMED

    assert tick(at=at).swept == 0  # it may still be alive
    ticked = tick(at=datetime.now(UTC) + LEASE)
    assert (ticked.swept, ticked.queued) == (1, 1)
    assert start_worker("--burst").process.wait(timeout=60) == 0
    job.refresh_from_db()
    assert (job.state, job.attempts) == (Job.State.DONE, 2)
    assert calculated(bank) == WORTH


# --- Beside each other


def test_a_small_job_is_done_while_a_long_one_runs(
    bank: Tenant, start_worker: Callable[..., Worker]
) -> None:
    """The workers are those of `bin/run`; the night stands before the table of earnings."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("BEGIN; LOCK TABLE incentives_earning IN SHARE ROW EXCLUSIVE MODE")
    night = request(name="nightly", tenant=bank, at=datetime.now(UTC))
    for _, command in runner.WORKERS:
        start_worker(queues=command[command.index("rqworker") + 1 : -1])
    wait_until(somebody_waits_for_earnings, "the calculation writes earnings")
    small = request(name=spreadsheet.NAME, tenant=bank, at=datetime.now(UTC), about=1)

    def state(job: Job) -> str:
        job.refresh_from_db()
        return job.state

    wait_until(lambda: state(small) == Job.State.DONE, "the small job is done")
    assert state(night) == Job.State.CLAIMED
    with connections["owner"].cursor() as cursor:
        cursor.execute("COMMIT")
    wait_until(lambda: state(night) == Job.State.DONE, "the night is over")


def test_two_nights_at_once_calculate_once(bank: Tenant) -> None:
    assert together(*[in_tenant(bank, run_night)] * 2) == [None, None]
    assert calculated(bank) == WORTH
    with enter(bank.pk):
        assert CalculationRun.objects.filter(period=the_month()).count() == 1
        assert not StaleMark.objects.exists()


def test_a_night_while_finalising_books_once(bank: Tenant) -> None:
    for ended in together(in_tenant(bank, run_night), in_tenant(bank, finalise)):
        assert ended is None
    assert booked(bank) == WORTH
    run_again = together(in_tenant(bank, run_night))
    assert run_again == [None]
    assert booked(bank) == WORTH


def test_finalising_twice_at_once_books_once(bank: Tenant) -> None:
    ended = together(*[in_tenant(bank, finalise)] * 2)
    refusals = [str(one) for one in ended if one is not None]
    assert len(refusals) == 1
    assert "is final already" in refusals[0]
    assert booked(bank) == WORTH


def test_a_correction_during_a_night_is_in_the_next_at_the_latest(bank: Tenant) -> None:
    correction = in_tenant(bank, lambda: add_calls(CALLS + 10))
    assert together(in_tenant(bank, run_night), correction) == [None, None]
    assert calculated(bank) in (WORTH, WORTH + 50)
    in_tenant(bank, run_night)()
    assert calculated(bank) == WORTH + 50


def test_a_correction_while_finalising_is_booked_once(bank: Tenant) -> None:
    """Before or after it: in the first booking, or as a difference of the next period."""
    correction = in_tenant(bank, lambda: add_calls(CALLS + 10))
    assert together(in_tenant(bank, finalise), correction) == [None, None]
    assert booked(bank) in (WORTH, WORTH + 50)
    with enter(bank.pk):
        source = Source.objects.get(code="switch")
        source.completeness.update(through=NEXT.end)
        finalise(NEXT, NEXT.end + timedelta(days=3))
    assert booked(bank) == WORTH + 50
    in_tenant(bank, lambda: nightly(by=None, at=AT, on=NEXT.end + timedelta(days=4)))()
    assert booked(bank) == WORTH + 50


def test_a_night_in_an_open_transaction_sees_a_correction_that_commits_meanwhile(
    bank: Tenant,
) -> None:
    """A correction that is not committed yet when the night runs loses nothing of its mark."""
    in_tenant(bank, run_night)()
    corrected, go_on = threading.Event(), threading.Event()

    def slow_correction() -> None:
        add_calls(CALLS + 10)
        corrected.set()
        go_on.wait(timeout=20)

    def night() -> None:
        corrected.wait(timeout=20)
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '10s'")
            run_night()
        finally:
            go_on.set()

    released = threading.Timer(1.0, go_on.set)
    released.start()
    assert together(in_tenant(bank, slow_correction), in_tenant(bank, night)) == [None, None]
    released.join()
    in_tenant(bank, run_night)()
    assert calculated(bank) == WORTH + 50


@pytest.mark.parametrize("attempt", range(3))
def test_a_night_with_differences_while_the_next_month_is_finalised(
    bank: Tenant, attempt: int
) -> None:
    """Both want the final month and the totals: neither waits for the other for ever."""
    in_tenant(bank, finalise)()
    in_tenant(bank, lambda: add_calls(CALLS + 10))()
    later = NEXT.end + timedelta(days=3)
    with enter(bank.pk):
        Source.objects.get(code="switch").completeness.update(through=NEXT.end)
    night = in_tenant(bank, lambda: nightly(by=None, at=AT + timedelta(hours=1), on=later))
    assert together(night, in_tenant(bank, lambda: finalise(NEXT, later)), night) == [None] * 3
    assert booked(bank) == WORTH + 50
