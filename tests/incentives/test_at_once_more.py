"""Two runs, corrections, disputes, releases and opening balances at the same moment."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import connections

from incentives import calculate, closing, finalise, notices, release
from incentives.models import CalculationRun, Dispute, PlanPeriod
from org.errors import DomainError
from org.models import StaleMark, User
from org.tenancy import enter
from tests.incentives.test_at_once import (
    JOBS,
    RULES,
    Somebody,
    booked,
    deals,
    lead,
    settled,
    stop_at,
    tenant,
    wait_until_stands,
)
from tests.incentives.test_found import Small

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
USERS = """
users:
  pat: {name: Pat Pay, roles: [payroll]}
  robin: {name: Robin Right, roles: [payroll]}
"""
LATER = """
      - in_force: 2026-02-01
        number: 2
        measures: {x: {}, sales: {}, led: {}}
        schedules: {later: [{share: 40%, release: final}, {share: 60%, release: 2026-03-05}]}
        components:
          figures: {formula: x}
          commission: {per: credit, of: sales, formula: amount * 10%, schedule: later}
          override: {formula: led * 1%}
"""
COMMISSION = ("--component", "commission", "--reason", "I doubt it")


@pytest.fixture
def small(transactional_db: None, tmp_path: Path) -> Small:
    """Ann has sold for 1,000 in January, which is final, and for 500 in February."""
    small = Small(tmp_path, JOBS, RULES + USERS)
    lead(small, "mia")
    deals(small, "D1,2026-01-05,1000,ann")
    small.run("finalise", "2026-01", "--on", "2026-02-01")
    deals(small, "D2,2026-02-05,500,ann")
    return small


def figures(small: Small, month: str) -> str:
    """What Ann's figures of a month pay by the latest run."""
    rows = csv.DictReader(io.StringIO(small.run("results", month)))
    [amount] = [
        row["amount"] for row in rows if (row["person"], row["component"]) == ("ann", "figures")
    ]
    return amount


def test_two_runs_of_one_month_leave_one_result(small: Small) -> None:
    small.values("ann,2026-02-09,x,7,")
    runs = [Somebody(lambda: small.run("calculate", "2026-02")) for _ in range(3)]
    assert {one.end() for one in runs} == {"done"}
    assert figures(small, "2026-02") == "7.00"
    with enter(tenant(small)):
        february = CalculationRun.objects.filter(period__code="2026-02")
        assert [run.pk for run in february] == [
            PlanPeriod.objects.get(period__code="2026-02").run_id
        ]


def test_a_correction_during_a_run_is_seen_by_the_next(
    small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits for nobody, and its mark stays until somebody has counted it."""
    small.values("ann,2026-02-09,x,7,")
    gate = stop_at(monkeypatch, calculate, "calculate_together")
    running = Somebody(lambda: small.run("calculate", "2026-02"))
    assert gate.reached.wait(60), running.end()
    small.run("correct", "ann", "2026-02-09", "x", "9", "--reason", "Recount")
    gate.go_on.set()
    assert running.end() == "done"
    assert figures(small, "2026-02") == "7.00"
    with enter(tenant(small)):
        assert StaleMark.objects.exists()
    small.run("calculate", "2026-02")
    assert figures(small, "2026-02") == "9.00"


def test_a_correction_while_its_month_becomes_final(
    small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    small.values("ann,2026-02-09,x,7,")
    gate = stop_at(monkeypatch, finalise, "post")
    finalising = Somebody(lambda: small.run("finalise", "2026-02", "--on", "2026-03-01"))
    assert gate.reached.wait(60), finalising.end()
    small.run("correct", "ann", "2026-02-09", "x", "9", "--reason", "Recount")
    gate.go_on.set()
    assert finalising.end() == "done"
    assert booked(small)[("ann", "figures", "2026-02")] == "7"
    small.run("finalise", "2026-03", "--on", "2026-04-01")
    assert booked(small)[("ann", "figures", "2026-02")] == "9"
    settled(small)


@pytest.mark.parametrize("dispute_first", [True, False])
def test_a_line_is_frozen_before_or_after_its_difference_and_not_in_between(
    small: Small, monkeypatch: pytest.MonkeyPatch, dispute_first: bool
) -> None:
    """January's 100.00 become 60.00 while they are disputed and February becomes final."""
    deals(small, "D1,2026-01-05,600,ann")
    about = ("--open", "p", "2026-01", "ann", *COMMISSION)
    module, name = (finalise, "post") if dispute_first else (notices, "tell")
    gate = stop_at(monkeypatch, module, name)
    finalising = Somebody(lambda: small.run("finalise", "2026-02", "--on", "2026-03-01"))
    assert gate.reached.wait(60), finalising.end()
    doubting = Somebody(lambda: small.run("dispute", *about))
    if dispute_first:
        assert doubting.end() == "done"
    else:
        wait_until_stands(doubting)
    gate.go_on.set()
    assert (finalising.end(), doubting.end()) == ("done", "done")
    with enter(tenant(small)):
        dispute = Dispute.objects.get()
    then = "100" if dispute_first else "60"
    assert f"{dispute.amount_then.normalize():f}" == then
    assert booked(small)[("ann", "commission", "2026-01")] == then
    small.run("dispute", "--close", dispute.pk, "--answer", "As it is")
    small.run("finalise", "2026-03", "--on", "2026-04-01")
    assert booked(small)[("ann", "commission", "2026-01")] == "60"
    settled(small)


def test_two_releases_let_nothing_go_twice(small: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    small.apply(RULES + LATER + USERS)
    small.run("finalise", "2026-02", "--on", "2026-03-01")
    gate = stop_at(monkeypatch, release, "_find_ready")
    first = Somebody(lambda: small.run("release", "--on", "2026-03-06"))
    assert gate.reached.wait(60), first.end()
    second = Somebody(lambda: small.run("release", "--on", "2026-03-06"))
    wait_until_stands(second)
    gate.go_on.set()
    assert (first.end(), second.end()) == ("done", "done")
    said = small.run("balance", "ann")
    assert "held 0.00 + due 150.00" in said


def test_an_opening_balance_waits_for_what_becomes_final(
    small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a month has booked here was not booked by an earlier system."""
    balance = "person,account,amount,plan,component,period\nann,paid,10,p,figures,2026-02"
    path = small.folder / "opening.csv"
    path.write_text(balance)
    gate = stop_at(monkeypatch, notices, "tell")
    finalising = Somebody(lambda: small.run("finalise", "2026-02", "--on", "2026-03-01"))
    assert gate.reached.wait(60), finalising.end()
    opening = Somebody(lambda: small.run("opening", path, "--by", "pat", "--approved-by", "robin"))
    wait_until_stands(opening)
    gate.go_on.set()
    assert finalising.end() == "done"
    assert "is final here" in opening.end()


def test_one_person_is_worked_out_while_the_month_becomes_final(
    small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = stop_at(monkeypatch, notices, "tell")
    finalising = Somebody(lambda: small.run("finalise", "2026-02", "--on", "2026-03-01"))
    assert gate.reached.wait(60), finalising.end()
    one = Somebody(lambda: small.run("calculate", "2026-02", "--person", "ann"))
    wait_until_stands(one)
    gate.go_on.set()
    assert finalising.end() == "done"
    assert "is final for every plan" in one.end()
    settled(small)


def test_who_hands_over_what_is_being_worked_out_is_told_so_at_once(
    small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    small.run("calculate", "2026-02")
    monkeypatch.setattr(closing, "PATIENCE_MS", 50)
    bank = tenant(small)
    other = connections["default"].copy()
    try:
        with enter(bank):
            point = PlanPeriod.objects.get(period__code="2026-02")
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT set_config('app.tenant_id', %s, true)", [str(bank)])
            cursor.execute(
                "SELECT 1 FROM incentives_planperiod WHERE id = %s FOR UPDATE", [point.pk]
            )
            with (
                enter(bank),
                pytest.raises(DomainError, match="is being worked out at this moment"),
            ):
                closing.hand_over(
                    plan_period=point, by=User.objects.get(username="pat"), at=AT, on=AT.date()
                )
    finally:
        other.rollback()
        other.close()
