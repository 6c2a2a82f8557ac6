"""Finalising, deliveries, previews and rules at the same moment, over real connections.

Nothing is lost, nothing is booked twice, and nobody waits in a ring (docs/adr/0136).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError
from django.db import connections
from django.utils import timezone

from incentives import config_plans, waivers
from incentives.ledger import check_identity
from incentives.models import Dirty
from incentives.preview import preview
from metrics.ingest import ingest
from metrics.models import Source, Value
from org.base import CURRENT
from org.models import Assignment, Period, StaleMark, Tenant
from org.sql import fetch
from org.tenancy import enter
from pmsite.draft_file import apply_draft
from tests.incentives.test_found import HEAD, Small

pytestmark = pytest.mark.django_db(transaction=True)

JOBS = """
    ann,north,agent,2026-01-01,
    bob,north,agent,2026-01-01,
    mia,north,lead,2026-01-01,
    kim,south,lead,2026-01-01,
"""
RULES = """
  till: {map: {transaction: sale, people_by: code}}
units: [{code: north}, {code: south}]
metrics: {x: {kind: sum}, sales: {kind: sum}, led: {kind: sum}}
transactions:
  sale: {key: [no], dates: [sold], attributes: {amount: money}, roles: {seller: {}}}
credits:
  - {group: own, order: 1, kind: sale, to: seller, amount: amount, into: sales, on: sold}
  - {group: led, order: 1, kind: sale, to: manager of seller, amount: amount, into: led, on: sold}
plans:
  p:
    calendar: monthly
    versions:
      - in_force: 2026-01-01
        measures: {x: {}, sales: {}, led: {}}
        components:
          figures: {formula: x}
          commission: {per: credit, of: sales, formula: amount * 10%}
          override: {formula: led * 1%}
"""
# What is led counts twice, and a version from January on pays the figures twice.
OTHER_RULES = (
    RULES.replace("seller, amount: amount, into: led", "seller, amount: amount * 2, into: led")
    + """
      - in_force: 2026-01-01
        number: 2
        reason: Agreed late
        measures: {x: {}, sales: {}, led: {}}
        components:
          figures: {formula: x * 2}
          commission: {per: credit, of: sales, formula: amount * 10%}
          override: {formula: led * 1%}
"""
)
Booked = dict[tuple[str, str, str], str]


@pytest.fixture
def small(transactional_db: None, tmp_path: Path) -> Small:
    """Ann and Bob sell, and Mia leads them; all of it committed, so that others see it."""
    small = Small(tmp_path, JOBS, RULES)
    lead(small, "mia")
    deals(small, "D1,2026-01-05,1000,ann")
    small.run("finalise", "2026-01", "--on", "2026-02-01")
    deals(small, "D2,2026-02-05,500,ann")
    return small


def lead(small: Small, manager: str, unit: str = "north") -> None:
    """Let somebody manage both from the beginning, in a unit."""
    jobs = [f"{person},{unit},agent,{manager},2026-01-01" for person in ("ann", "bob")]
    small.file("assignments", "\n".join(["person,unit,job_type,manager,from", *jobs]))


def deals(small: Small, *rows: str) -> None:
    small.file("ingest", "\n".join(["no,sold,amount,seller", *rows]), "till")


def booked(small: Small) -> Booked:
    """What calculation booked, by person, component and earned month."""
    with enter(tenant(small)):
        assert check_identity() == []
        found = fetch(
            "SELECT person.code, moved.component, period.code,"
            " trim_scale(sum(CASE 'plan' WHEN from_account THEN amount ELSE -amount END))::text"
            " FROM incentives_transfer AS moved JOIN org_person AS person ON person.id = person_id"
            " JOIN org_period AS period ON period.id = earned_period_id"
            " WHERE origin = 'calculation' GROUP BY 1, 2, 3"
        )
    return {(person, component, month): amount for person, component, month, amount in found}


def tenant(small: Small) -> int:
    return int(Tenant.objects.get(code="small").pk)


# --- two at once


class Gate:
    """A point at which somebody stops until they are let go."""

    def __init__(self) -> None:
        self.reached, self.go_on = threading.Event(), threading.Event()

    def stop(self) -> None:
        """Say that one is here, and wait."""
        self.reached.set()
        assert self.go_on.wait(60), "nobody let go"


class Somebody:
    """Who does something in a thread and a connection of their own."""

    def __init__(self, work: Callable[[], object]) -> None:
        self.said = "did not end"
        self.thread = threading.Thread(target=self._do, args=[work])
        self.thread.start()

    def _do(self, work: Callable[[], object]) -> None:
        try:
            work()
            self.said = "done"
        except CommandError as refusal:
            self.said = str(refusal)
        finally:
            connections.close_all()

    def end(self) -> str:
        """What became of it."""
        self.thread.join(60)
        return self.said


def wait_until_stands(one: Somebody) -> None:
    """Wait until somebody stands before a lock that another one holds."""
    deadline = time.monotonic() + 60
    while not somebody_waits():
        assert one.thread.is_alive(), one.said
        assert time.monotonic() < deadline
        time.sleep(0.02)


def somebody_waits() -> bool:
    """Whether a session of the application stands before a lock."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM pg_locks WHERE NOT granted AND database ="
            " (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        return cursor.fetchone() is not None


def stop_at(monkeypatch: pytest.MonkeyPatch, module: object, name: str) -> Gate:
    """Have whoever calls a function stop before it, the first time."""
    gate, does = Gate(), getattr(module, name)

    def stopping(*args: object, **options: object) -> object:
        if not gate.reached.is_set():
            gate.stop()
        return does(*args, **options)

    monkeypatch.setattr(module, name, stopping)
    return gate


# --- what comes in while a month becomes final

ALL: Booked = {
    ("ann", "commission", "2026-01"): "100",
    ("mia", "override", "2026-01"): "10",
    ("ann", "commission", "2026-02"): "50",
    ("bob", "commission", "2026-02"): "200",
    ("mia", "override", "2026-02"): "25",
}


def test_what_comes_in_while_a_month_becomes_final_is_a_difference_of_the_next(
    small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where finalising looks at marks again, for a difference of the month before."""
    small.values("ann,2026-01-09,x,7,")
    gate = stop_at(monkeypatch, waivers, "last_transfer")
    finalising = Somebody(lambda: small.run("finalise", "2026-02", "--on", "2026-03-01"))
    assert gate.reached.wait(60)
    deals(small, "D3,2026-02-09,2000,bob")
    gate.go_on.set()
    assert finalising.end() == "done"
    assert ("bob", "commission", "2026-02") not in booked(small)
    small.run("finalise", "2026-03", "--on", "2026-04-01")
    assert booked(small) == ALL | {("ann", "figures", "2026-01"): "7"}
    settled(small)


@pytest.mark.parametrize("jobs_changed", [False, True])
def test_a_month_becomes_final_while_a_delivery_comes_in(small: Small, jobs_changed: bool) -> None:
    """Where credits of managers move with a change of jobs, it waits; else it does not."""
    if jobs_changed:
        lead(small, "kim")
    gate = Gate()

    def deliver() -> None:
        with enter(tenant(small)):
            deals(small, "D3,2026-02-09,2000,bob")
            gate.stop()

    delivering = Somebody(deliver)
    assert gate.reached.wait(60)
    finalising = Somebody(lambda: small.run("finalise", "2026-02", "--on", "2026-03-01"))
    if jobs_changed:
        wait_until_stands(finalising)
    else:
        assert finalising.end() == "done"
    gate.go_on.set()
    assert (delivering.end(), finalising.end()) == ("done", "done")
    small.run("finalise", "2026-03", "--on", "2026-04-01")
    wanted = dict(ALL)
    if jobs_changed:
        wanted |= {("mia", "override", "2026-01"): "0", ("kim", "override", "2026-01"): "10"}
        wanted[("kim", "override", "2026-02")] = wanted.pop(("mia", "override", "2026-02"))
    assert booked(small) == wanted
    settled(small)


def test_values_on_their_way_follow_a_change_of_jobs(small: Small) -> None:
    """They were stamped with the job of before, which whoever calculates does not see yet."""
    gate = Gate()

    def deliver() -> None:
        with enter(tenant(small)):
            small.values("bob,2026-02-11,x,9,")
            gate.stop()

    delivering = Somebody(deliver)
    assert gate.reached.wait(60)
    lead(small, "mia", unit="south")
    calculating = Somebody(lambda: small.run("calculate", "2026-02", "--on", "2026-03-01"))
    wait_until_stands(calculating)
    gate.go_on.set()
    assert (delivering.end(), calculating.end()) == ("done", "done")
    with enter(tenant(small)):
        value = Value.objects.get(CURRENT, numerator=9)
        job = Assignment.objects.get(pk=value.assignment_id)
        assert job.unit.code == "south"


# --- nobody waits in a ring


def delivery(small: Small, gate: Gate) -> None:
    """What a delivery would do to February's pay."""

    def take_in() -> list[str]:
        said = ingest(
            source=Source.objects.get(code="till"),
            file_name="till.csv",
            content=b"no,sold,amount,seller\nD9,2026-02-11,300,bob\n",
            by=None,
            at=timezone.now(),
        )
        gate.stop()
        return said.sentences()

    _on_trial(small, take_in)


def draft(small: Small, gate: Gate) -> None:
    """What other rules would do to it."""

    def apply() -> list[str]:
        said = apply_draft(_other(small), tenant="small", at=timezone.now())
        gate.stop()
        return said

    _on_trial(small, apply)


def _on_trial(small: Small, change: Callable[[], list[str]]) -> None:
    with enter(tenant(small)):
        february = Period.objects.get(code="2026-02")
        preview(period=february, change=change, at=timezone.now(), on=date(2026, 3, 1))


def _other(small: Small) -> Path:
    path = small.folder / "other.yaml"
    path.write_text(HEAD + OTHER_RULES)
    return path


@pytest.mark.parametrize("trial", [delivery, draft])
def test_a_preview_and_finalising_do_not_wait_for_each_other(
    small: Small, trial: Callable[[Small, Gate], None]
) -> None:
    lead(small, "kim")
    gate = Gate()
    previewing = Somebody(lambda: trial(small, gate))
    assert gate.reached.wait(60), previewing.end()
    finalising = Somebody(lambda: small.run("finalise", "2026-02", "--on", "2026-03-01"))
    wait_until_stands(finalising)
    gate.go_on.set()
    assert (previewing.end(), finalising.end()) == ("done", "done")
    assert booked(small)[("kim", "override", "2026-02")] == "5"


def test_rules_that_reach_back_and_finalising_do_not_wait_for_each_other(
    small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    small.values("ann,2026-02-09,x,7,")
    lead(small, "kim")
    gate = stop_at(monkeypatch, config_plans, "put_in_force")
    applying = Somebody(lambda: small.apply(OTHER_RULES))
    assert gate.reached.wait(60), applying.end()
    finalising = Somebody(lambda: small.run("finalise", "2026-02", "--on", "2026-03-01"))
    wait_until_stands(finalising)
    gate.go_on.set()
    assert (applying.end(), finalising.end()) == ("done", "done")
    assert booked(small)[("ann", "figures", "2026-02")] == "14", "by the rules on their way"
    settled(small)


def settled(small: Small) -> None:
    """Nothing waits to be worked out, and what is final is what it should be."""
    assert "ALARM" not in small.run("alarms", "--on", "2026-05-01")
    with enter(tenant(small)):
        assert not Dirty.objects.exists()
        assert not StaleMark.objects.exists()


# --- everything at once


def test_everything_at_once_ends_at_the_same_sums(small: Small) -> None:
    """Deliveries, figures, a change of jobs and back, and two months that become final."""
    together = threading.Barrier(4)

    def beginning(*works: Callable[[], object]) -> Callable[[], object]:
        def do() -> None:
            together.wait()
            for work in works:
                work()

        return do

    everybody = [
        Somebody(beginning(*works))
        for works in (
            [
                lambda n=n: deals(small, f"E{n},2026-0{1 + n % 3}-11,{n}00,{('ann', 'bob')[n % 2]}")
                for n in range(1, 7)
            ],
            [lambda n=n: small.values(f"bob,2026-0{1 + n}-12,x,{n},") for n in (0, 1, 2)],
            [lambda: lead(small, "kim"), lambda: lead(small, "mia")],
            [
                lambda: small.run("finalise", "2026-02", "--on", "2026-03-01"),
                lambda: small.run("finalise", "2026-03", "--on", "2026-04-01"),
            ],
        )
    ]
    assert {one.end() for one in everybody} == {"done"}
    small.run("finalise", "2026-04", "--on", "2026-05-01")
    found = {key: Decimal(amount) for key, amount in booked(small).items()}
    sums: dict[str, Decimal] = {}
    for (_, component, _), amount in found.items():
        sums[component] = sums.get(component, Decimal(0)) + amount
    assert sums == {"figures": 3, "commission": 150 + 210, "override": 15 + 21}
    assert not any(amount for (person, *_), amount in found.items() if person == "kim")
    settled(small)
