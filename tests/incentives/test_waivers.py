"""A waived difference stays waived, and is restored when what it forgave moves on."""

from __future__ import annotations

from pathlib import Path

import pytest

from incentives.ledger import balances
from org.models import Tenant
from org.tenancy import enter
from tests.incentives.desk import Desk
from tests.incentives.test_found import ONE_UNIT, Small


@pytest.fixture
def desk(tenant: Tenant) -> Desk:
    tenant.waive_below = 100
    tenant.save()
    made = Desk(("ann", "bo"))
    for name in ("ann", "bo"):
        made.sells("2026-01", 1000, name)
    made.finalise("2026-01")
    made.pay("ann")
    made.pay("bo")
    return made


def test_a_small_difference_is_posted_and_waived_once(desk: Desk) -> None:
    desk.sells("2026-01", 950)
    desk.finalise("2026-02")
    assert desk.moved("2026-02") == [
        ("due", "plan", 50, "calculation"),
        ("lost", "due", 50, "waiver"),
    ]
    assert desk.balance().due == 0
    desk.calculate("2026-03")
    desk.finalise("2026-03")
    assert desk.moved("2026-03") == []


@pytest.mark.parametrize("paid_between", [False, True])
def test_what_comes_back_restores_the_waiver_first(desk: Desk, paid_between: bool) -> None:
    desk.sells("2026-01", 950)
    desk.sells("2026-02", 10)
    desk.finalise("2026-02")
    if paid_between:
        assert desk.pay() == 10
    desk.sells("2026-01", 1020)
    desk.finalise("2026-03")
    assert desk.moved("2026-03") == [
        ("plan", "due", 70, "calculation"),
        ("due", "lost", 50, "waiver"),
    ]
    assert desk.balance().due == (20 if paid_between else 30)
    desk.finalise("2026-04")
    assert desk.moved("2026-04") == []


def test_what_accumulates_beyond_the_bound_is_taken_back_whole(desk: Desk) -> None:
    """Two of 60 since the last payment are 120; a payment in between begins anew."""
    desk.sells("2026-01", 940)
    desk.finalise("2026-02")
    assert desk.balance().due == 0
    desk.sells("2026-01", 880)
    desk.finalise("2026-03")
    assert desk.balance().due == -120
    desk.sells("2026-04", 60, "bo")
    desk.sells("2026-01", 940, "bo")
    desk.finalise("2026-04")
    assert desk.balance("bo").due == 60, "−60 waived"
    desk.pay("bo")
    desk.sells("2026-01", 880, "bo")
    desk.finalise("2026-05")
    assert desk.balance("bo").due == 0, "−60 waived again"


def test_without_a_bound_nothing_is_waived(tenant: Tenant) -> None:
    desk = Desk()
    desk.sells("2026-01", 1000)
    desk.finalise("2026-01")
    desk.sells("2026-01", 999)
    desk.finalise("2026-02")
    assert desk.balance().due == 999


def test_behind_the_look_back_a_difference_is_listed_and_not_posted(tenant: Tenant) -> None:
    tenant.look_back = 2
    tenant.save()
    desk = Desk()
    for month in ("2026-01", "2026-02", "2026-03"):
        desk.sells(month, 100)
        desk.finalise(month)
    desk.sells("2026-01", 150)
    desk.sells("2026-02", 150)
    report = desk.finalise("2026-04", on=desk.months["2026-04"].valid_to)
    assert [(p.code, d.amount) for p, d in report.too_late] == [("2026-01", 50), ("2026-02", 50)]
    tenant.look_back = 12
    tenant.save()
    assert [d.amount for _, d in desk.finalise("2026-05").differences] == [50, 50]


TWO_CURRENCIES = """
  home:
    calendar: monthly
    versions:
      - {in_force: 2026-01-01, measures: {x: {}}, components: {pay: {formula: x}}}
  abroad:
    family: abroad
    currency: JPY
    calendar: monthly
    versions:
      - in_force: 2026-01-01
        measures: {x: {}}
        components: {pay: {formula: x * 160, rounding: {decimals: 0}}}
"""


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("waived", "due"),
    [
        ({}, {"EUR": 90, "JPY": 14400}),
        ({"EUR": "50"}, {"EUR": 100, "JPY": 14400}),
        ({"EUR": "50", "JPY": "50"}, {"EUR": 100, "JPY": 14400}),
        ({"EUR": "5", "JPY": "5000"}, {"EUR": 90, "JPY": 16000}),
    ],
)
def test_each_currency_has_a_bound_of_its_own(
    tmp_path: Path, waived: dict[str, str], due: dict[str, int]
) -> None:
    """10.00 EUR less are 1,600 JPY less: a bound of 50 is much in one and nothing in the other."""
    small = Small(tmp_path, "ann,north,agent,2026-01-01,", ONE_UNIT + "plans:" + TWO_CURRENCIES)
    Tenant.objects.update(waive_below_in=waived)
    small.values("ann,2026-01-05,x,100,")
    small.run("finalise", "2026-01", "--on", "2026-02-01")
    small.run("correct", "ann", "2026-01-05", "x", "90", "--reason", "Recount")
    small.run("finalise", "2026-02", "--on", "2026-03-01")
    with enter(Tenant.objects.get().pk):
        assert {one.currency: one.due for one in balances()} == due
