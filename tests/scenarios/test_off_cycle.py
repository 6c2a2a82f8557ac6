"""Differences of final periods are paid by an off-cycle run, which waits for no closing."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from django.utils import timezone

from incentives.ledger import check_identity
from incentives.models import ChangeNotice, Transfer
from org.models import AuditEntry, Tenant
from org.tenancy import enter
from pmsite.reperform import reperform
from tests.scenarios.site import Site
from tests.scenarios.test_money import balance, finalise, pay

pytestmark = pytest.mark.django_db

OFF = ("--off-cycle", "2026-02-20")
LATE = "Deal,Person,Day,Commission\nL1,ann,2026-01-12,100.00\nL2,bo,2026-01-13,100.00\n"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """January final and paid, and then another deal of January for Ann and for Bo."""
    site = Site("s10")
    site.ingest("crm", "sales.csv")
    finalise(site, "2026-01", "2026-02-02")
    pay(site, "2026-01", tmp_path)
    late = tmp_path / "late.csv"
    late.write_text(LATE, encoding="utf-8")
    site.run("ingest", "crm", late)
    return site


@pytest.fixture
def again(tmp_path: Path) -> Path:
    """A folder for the second file of a period."""
    folder = tmp_path / "again"
    folder.mkdir()
    return folder


def test_an_off_cycle_run_pays_what_a_final_period_lacks(
    site: Site, tmp_path: Path, again: Path
) -> None:
    said = site.run("payroll", "2026-02", "--draft", *OFF, "--by", "pia")
    assert "Differences booked to 2026-02: Ann Archer (ann), commission of 2026-01, +100.00" in said
    site.run("payroll", "2026-02", "--discard", "--by", "pia")
    assert pay(site, "2026-02", tmp_path, *OFF) == {"000001": 100, "000002": 135}
    rows = [row for row in site.results("2026-02") if row["status"] == "difference"]
    assert [(row["person"], row["earned"], row["amount"]) for row in rows] == [
        ("ann", "2026-01", "100.00"),
        ("bo", "2026-01", "100.00"),
    ]
    # Nothing of it is booked or paid again.
    finalise(site, "2026-02", "2026-03-02")
    assert site.amount("2026-02", "ann") == Decimal("100.00")
    assert pay(site, "2026-02", again) == {"000003": 220}
    assert balance(site, "ann")["paid"] == "1300.00"
    with enter(Tenant.objects.get(code="s10").pk, through="a test"):
        assert check_identity() == []
        assert ChangeNotice.objects.filter(period__code="2026-02").count() == 2
        assert AuditEntry.objects.filter(action="carry").count() == 1


def test_an_off_cycle_run_for_one_person_books_only_theirs(
    site: Site, tmp_path: Path, again: Path
) -> None:
    one = pay(site, "2026-02", tmp_path, *OFF, "--person", "ann")
    assert one == {"000001": 100}
    rows = {row["person"]: row for row in site.results("2026-02") if row["earned"] == "2026-01"}
    assert {row["status"] for row in rows.values()} == {"difference"}
    assert balance(site, "bo")["due"] == "35.00"
    finalise(site, "2026-02", "2026-03-02")
    assert pay(site, "2026-02", again) == {"000002": 175, "000003": 220}


def test_a_final_period_takes_no_difference(site: Site, tmp_path: Path) -> None:
    """A batch beside January's own run pays what is due by then, and January stays as it is."""
    finalise(site, "2026-02", "2026-03-02")
    late = tmp_path / "later.csv"
    late.write_text(LATE.replace("L", "M"), encoding="utf-8")
    site.run("ingest", "crm", late)
    paid = pay(site, "2026-02", tmp_path, "--off-cycle", "2026-03-03")
    assert paid["000001"] == 100
    with enter(Tenant.objects.get(code="s10").pk, through="a test"):
        assert not Transfer.objects.filter(amount=200).exists()
    assert pay(site, "2026-03", tmp_path, "--off-cycle", "2026-03-04") == {
        "000001": 100,
        "000002": 100,
    }


def test_too_late_is_too_late_off_cycle_too(site: Site, tmp_path: Path) -> None:
    with enter(Tenant.objects.get(code="s10").pk, through="a test"):
        Tenant.objects.filter(code="s10").update(look_back=1)
    said = site.run("payroll", "2026-03", "--draft", "--off-cycle", "2026-03-10", "--by", "pia")
    assert "Too late to be corrected, and not booked: Ann Archer (ann), commission" in said
    assert balance(site, "ann")["paid"] == "1200.00"


def test_a_period_that_lacked_something_can_be_looked_at_and_done_again(
    site: Site, tmp_path: Path
) -> None:
    """What an off-cycle run booked is in the evidence of its cause and of its pay period."""
    pay(site, "2026-02", tmp_path, *OFF)
    finalise(site, "2026-02", "2026-03-02")
    for number, period in enumerate(("2026-01", "2026-02")):
        folder = tmp_path / f"evidence-{number}"
        site.run("evidence", period, folder, "--moment", timezone.now().isoformat())
        found = reperform(folder=folder, tenant=f"again-{number}")
        assert found.same, found.differing
    said = site.run("asof", "2026-01", "--moment", timezone.now().isoformat())
    assert "worked out as known now: 1355.00" in said
