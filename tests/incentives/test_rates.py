"""Exchange rates are part of the earning; a corrected one is a cause, and needs two people."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError
from django.utils import timezone

from incentives.config import apply_rates
from incentives.models import Transfer
from org.errors import DomainError
from org.models import InputChange, Tenant, User
from org.tenancy import enter
from tests.factories import make_user
from tests.incentives.desk import Desk, later
from tests.incentives.test_found import TWO_PEOPLE, Small


def rates(plan: str, *, by: User | None = None, approved_by: User | None = None) -> list[str]:
    """Set the plan's rate from the year's first day, and the month's rates."""
    said: list[dict[str, Any]] = [
        {"name": "plan", "base": "USD", "quote": "EUR", "rate": plan, "from": date(2026, 1, 1)},
        {
            "name": "month",
            "base": "USD",
            "quote": "EUR",
            "rate": "0.94",
            "from": date(2026, 1, 1),
            "to": date(2026, 5, 1),
        },
        {"name": "month", "base": "USD", "quote": "EUR", "rate": "0.97", "from": date(2026, 5, 1)},
    ]
    return apply_rates(said, by=by, at=later(), today=date(2026, 6, 1), approved_by=approved_by)


@pytest.fixture
def desk(tenant: Tenant) -> Desk:
    """4 % of US dollars at the plan's rate, April final with 10,000."""
    tenant.currency = "EUR"
    tenant.save()
    rates("0.90")
    made = Desk(
        formula="sales * 4%",
        component={"exchange_rate": "plan", "options": {"currency": "USD"}},
    )
    made.sells("2026-04", 10000)
    made.finalise("2026-04")
    return made


def test_a_corrected_deal_keeps_its_rate_and_a_corrected_rate_is_a_cause(desk: Desk) -> None:
    assert desk.balance().due == 360
    desk.sells("2026-04", 11000)
    desk.finalise("2026-05")
    assert desk.balance().due == 396, "+36.00"
    rates("0.91", by=make_user("anna"), approved_by=make_user("bert"))
    desk.finalise("2026-06")
    assert str(desk.balance().due.normalize()) == "400.4", "+4.40"
    late = Transfer.objects.latest("id")
    assert late.change is not None
    assert late.change.kind == InputChange.Kind.RATE
    assert "0.91 from 2026-01-01, before 0.9" in late.cause
    assert "approved by bert" in late.cause


def test_a_rate_that_was_paid_with_is_corrected_by_two_people(desk: Desk) -> None:
    anna = make_user("anna")
    with pytest.raises(DomainError, match="Name who approved"):
        rates("0.91", by=anna)
    with pytest.raises(DomainError, match="cannot approve an own correction"):
        rates("0.91", by=anna, approved_by=anna)
    assert not InputChange.objects.filter(sentence__contains="0.91").exists()


LINES = """
  till: {map: {transaction: sale, people_by: code}}
units: [{code: north}]
metrics: {x: {kind: sum}, sales: {kind: sum}}
transactions:
  sale: {key: [no], dates: [sold], attributes: {amount: money}, roles: {seller: {}}}
credits:
  - {group: g, order: 1, kind: sale, to: seller, amount: amount, into: sales, on: sold}
exchange_rates:
  - {name: plan, base: USD, quote: EUR, rate: 0.91}
  - {name: month, base: USD, quote: EUR, rate: 0.94}
  - {name: day, base: USD, quote: EUR, rate: 0.90, to: 2026-01-10}
  - {name: day, base: USD, quote: EUR, rate: 0.95, from: 2026-01-10}
plans:
  p:
    calendar: monthly
    versions:
      - in_force: 2026-01-01
        measures: {x: {}, sales: {}}
        components:
          deals: {per: credit, of: sales, formula: amount * 10%, RATE}
          days: {per: day, formula: 'IF(x >= 5, 10, 0)', RATE}
          pool: {per: team, formula: '100', distribute: x, RATE}
          whole: {formula: x * 2, RATE}
"""


def lines(rate: str, tmp_path: Path) -> Small:
    """A month of Ann's and Bo's, every grain turned over from dollars by a rate of this name."""
    rules = LINES.replace("RATE", f"currency: USD, exchange_rate: {rate}")
    if rate == "day":
        rules = rules.replace(
            ", distribute: x, currency: USD, exchange_rate: day", ", distribute: x"
        )
        rules = rules.replace("x * 2, currency: USD, exchange_rate: day", "x * 2")
    small = Small(tmp_path, TWO_PEOPLE, rules)
    small.values("ann,2026-01-05,x,6,\nann,2026-01-10,x,9,\nbob,2026-01-05,x,5,")
    deal = "no,sold,amount,seller\nD1,2026-01-09,1000,ann\nD2,2026-01-10,1000,ann"
    small.file("ingest", deal, "till")
    small.run("calculate", "2026-01", "--on", "2026-02-01")
    return small


def paid(small: Small, period: str = "2026-01") -> dict[str, str]:
    """What Ann's lines come to, by component and line."""
    rows = csv.DictReader(io.StringIO(small.run("results", period)))
    return {
        f"{row['component']} {row['line']}".strip(): row["amount"]
        for row in rows
        if row["person"] == "ann"
    }


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("rate", "deal", "day", "pool", "whole"),
    [
        ("plan", ["91.00", "91.00"], ["9.10", "9.10"], "68.25", "27.30"),
        ("month", ["94.00", "94.00"], ["9.40", "9.40"], "70.50", "28.20"),
        ("day", ["90.00", "95.00"], ["9.00", "9.50"], "75.00", "30.00"),
    ],
)
def test_each_line_takes_the_rate_that_its_component_names(
    tmp_path: Path, rate: str, deal: list[str], day: list[str], pool: str, whole: str
) -> None:
    small = lines(rate, tmp_path)
    found = paid(small)
    assert [found[name] for name in sorted(found) if name.startswith("deals")] == deal
    assert [found[name] for name in sorted(found) if name.startswith("days")] == day
    assert (found["pool north"], found["whole"]) == (pool, whole)
    assert "Total" in small.run("explain", "ann", "2026-01"), "the other engine agrees"


@pytest.mark.django_db
def test_a_corrected_rate_of_a_day_moves_the_lines_of_that_day(tmp_path: Path) -> None:
    small = lines("day", tmp_path)
    small.run("finalise", "2026-01", "--on", "2026-02-01")
    with enter(Tenant.objects.get().pk):
        said = [{"name": "day", "base": "USD", "quote": "EUR", "rate": "0.90"}]
        apply_rates(said, by=None, at=timezone.now(), today=date(2026, 2, 3))
    small.run("calculate", "2026-02")
    late = {name: amount for name, amount in paid(small, "2026-02").items() if amount != "0.00"}
    assert late == {"deals sale/D2/g/seller": "-5.00", "days 2026-01-10": "-0.50"}


@pytest.mark.django_db
def test_without_its_rate_each_line_is_named_and_nothing_becomes_final(tmp_path: Path) -> None:
    small = lines("month", tmp_path)
    with enter(Tenant.objects.get().pk):
        apply_rates([], by=None, at=timezone.now(), today=date(2026, 2, 3))
    small.run("calculate", "2026-01", "--on", "2026-02-01")
    assert set(paid(small).values()) == {""}
    with pytest.raises(CommandError, match="cannot be final yet") as refusal:
        small.run("finalise", "2026-01", "--on", "2026-02-01")
    for component in ("deals", "days", "pool", "whole"):
        assert f"ann (ann), p, {component}: " in str(refusal.value)
    assert "rate" in small.run("explain", "ann", "2026-01")


@pytest.mark.django_db
def test_a_line_without_a_day_has_no_rate_of_the_day(tmp_path: Path) -> None:
    rules = LINES.replace("RATE", "currency: USD, exchange_rate: day")
    with pytest.raises(CommandError) as refusal:
        Small(tmp_path, TWO_PEOPLE, rules)
    for per in ("team", "person"):
        assert f"“per: {per}” has no day: write plan or month." in str(refusal.value)
