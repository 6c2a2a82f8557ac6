"""Acceptance scenarios of periods, versions and people who move: figures to date, guarantees,
caps, late versions, cut-over, absence, transfers and leavers."""

import csv
import json
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import time_machine
from django.core.management import CommandError
from django.utils import timezone

from incentives.models import Transfer
from org.models import Tenant
from org.tenancy import enter
from pmsite.jobs import Work
from pmsite.work import HANDLERS
from tests.scenarios.site import Site

pytestmark = pytest.mark.django_db


def money(text: str) -> Decimal:
    return Decimal(text)


def finalise(site: Site, *periods: str) -> None:
    """Make monthly periods final, each on the second day of the next month."""
    for period in periods:
        year, month = map(int, period.split("-"))
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
        site.run("finalise", f"monthly:{period}", "--on", f"{year}-{month:02}-02")


def differences(site: Site, period: str, status: str = "difference") -> dict[str, Decimal]:
    """The differences of a period by person, component and the period they were earned in."""
    return {
        f"{r['person']}.{r['component']} {r['earned']}": Decimal(r["amount"])
        for r in site.results(f"monthly:{period}")
        if r["status"] == status
    }


def test_13_year_to_date_minus_earlier() -> None:
    site = Site("s13")
    site.ingest("crm", "to_october.csv")
    months = [f"2026-{month:02}" for month in range(1, 11)]
    finalise(site, *months)
    booked = [site.amount(f"monthly:{month}", "ann", status="final") for month in months]
    assert booked == [money("550.00")] * 10
    site.ingest("crm", "november.csv")
    finalise(site, "2026-11")
    assert site.amount("monthly:2026-11", "ann", status="final") == money("900.00")

    site.ingest("crm", "late.csv")
    site.ingest("crm", "december.csv")
    site.run("calculate", "monthly:2026-12", "--on", "2026-12-05")
    assert differences(site, "2026-12", "provisional difference") == {
        "ann.commission 2026-10": money("200.00"),
        "ann.commission 2026-11": money("120.00"),
    }
    finalise(site, "2026-12")
    rows = [r for r in site.results("monthly:2026-12") if r["person"] == "ann"]
    assert {(r["earned"], r["status"]): money(r["amount"]) for r in rows} == {
        ("2026-12", "final"): money("400.00"),
        ("2026-10", "difference"): money("200.00"),
        ("2026-11", "difference"): money("120.00"),
    }
    assert all("late.csv" in r["note"] for r in rows if r["status"] == "difference")
    year = sum(booked) + money("900.00") + sum(money(r["amount"]) for r in rows)
    assert year == money("7120.00")

    site.run("calculate", "monthly:2027-01", "--on", "2027-01-05")
    assert differences(site, "2027-01", "provisional difference") == {}, "posted once"
    finalise(site, "2027-01")
    assert [r["amount"] for r in site.results("monthly:2027-01")] == ["0.00", "0.00"]
    assert "400" in site.run("explain", "ann", "monthly:2026-12")


def pay(site: Site, period: str, *, out: Path | None = None) -> dict[str, Decimal]:
    """Pay a monthly period by two people; what each person gets, by the draft that is approved.

    ``out``: a folder for the file, which is called by the period.
    """
    draft = site.run("payroll", f"monthly:{period}", "--draft", "--by", "pat")
    paid = {
        person: money(amount.replace(",", ""))
        for person, amount in re.findall(r"^  (\S+) .*: due \S+, pays (\S+?)(?: \(|$)", draft, re.M)
    }
    target = () if out is None else ("--out", out / f"{period}.csv")
    two = ("--by", "pat", "--approved-by", "robin")
    said = site.run("payroll", f"monthly:{period}", "--profile", "csv", *two, *target)
    total = re.search(r"^  total: (\S+) USD", said, re.M)
    assert total, said
    assert money(total[1].replace(",", "")) == sum(paid.values())
    return paid


def test_08_guarantee_is_not_a_draw() -> None:
    site = Site("s08_earned")
    site.ingest("crm", "december.csv")
    finalise(site, "2025-12")
    assert pay(site, "2025-12") == {"bo": money("2500.00")}
    site.ingest("crm", "january.csv")
    site.ingest("crm", "taken_back.csv")
    finalise(site, "2026-01")
    final = site.amounts("monthly:2026-01", status="final")
    assert (final["ann.commission"], final["ann.top_up"]) == (1500, 500)
    assert (final["bo.commission"], final["bo.top_up"]) == (1200, 800)
    assert differences(site, "2026-01") == {"bo.commission 2025-12": money("-200.00")}
    assert pay(site, "2026-01") == {"ann": money("2000.00"), "bo": money("1800.00")}

    site.ingest("crm", "late.csv")
    finalise(site, "2026-02")
    assert differences(site, "2026-02") == {
        "ann.commission 2026-01": money("300.00"),
        "ann.top_up 2026-01": money("-300.00"),
    }
    assert pay(site, "2026-02") == {"ann": money("0.00")}
    site.run("calculate", "monthly:2026-03", "--on", "2026-03-05")
    assert differences(site, "2026-03", "provisional difference") == {}


def test_16_starting_in_mid_year() -> None:
    site = Site("s16")
    site.ingest("crm", "to_date.csv")
    two = ("--by", "pat", "--approved-by", "robin")
    said = site.run("opening", site.folder / "opening.csv", *two)
    assert "5 balances opened" in said
    assert "5 known already" in site.run("opening", site.folder / "opening.csv", *two)
    site.ingest("crm", "july.csv")
    finalise(site, "2026-07")
    assert site.amounts("monthly:2026-07") == {
        "ann.commission": money("1500.00"),
        "bea.commission": money("1000.00"),
        "cy.commission": money("400.00"),
        "dan.commission": money("400.00"),
        "eve.commission": money("0.00"),
    }, "true up, from here; two who began in July; one who had more than the cap allows"
    assert pay(site, "2026-07") == {
        "ann": money("900.00"),
        "bea": money("400.00"),
        "cy": money("400.00"),
        "dan": money("400.00"),
    }
    explained = site.run("explain", "ann", "monthly:2026-07")
    assert "opened: what was booked before for this year\n      14000" in explained
    assert "opened:" not in site.run("explain", "cy", "monthly:2026-07")

    site.ingest("crm", "august.csv")
    finalise(site, "2026-08")
    assert site.amounts("monthly:2026-08") == {
        "ann.commission": money("0.00"),
        "bea.commission": money("500.00"),
        "cy.commission": money("50.00"),
        "dan.commission": money("50.00"),
        "eve.commission": money("0.00"),
    }, "15,500 a year are reached; only the new ones have room"


def test_16_parallel_run_with_the_older_system() -> None:
    site = Site("s16_parallel")
    site.ingest("crm", "june.csv")
    site.run("calculate", "monthly:2026-06", "--on", "2026-07-02")
    said = site.run("compare", "monthly:2026-06", site.folder / "old_system.csv")
    assert "400 people: 398 equal, 2 differ, 0 only here, 0 only in old_system.csv." in said
    assert said.splitlines()[1:] == [
        "  Person 117 (p117): 814.21 here, 804.21 there (+10.00);"
        " they part in selling cards: 60.00 here, 50.00 there",
        "  Person 333 (p333): 1662.19 here, 2162.19 there (-500.00);"
        " they part in selling commission: 1612.19 here, 2112.19 there",
    ], "both figures, and the first line where they part"


@pytest.fixture
def january_and_february() -> Site:
    """Scenario 15 with two months that are final and paid."""
    site = Site("s15")
    site.ingest("crm", "sales.csv")
    finalise(site, "2026-01", "2026-02")
    assert site.amounts("monthly:2026-01", status="final") == {
        "ann.commission": money("1900.00"),
        "dan.commission": money("1300.00"),
        "eve.commission": money("240.00"),
    }
    assert site.amount("monthly:2026-02", "ann", status="final") == money("900.00")
    assert pay(site, "2026-02") == {"ann": 2800, "dan": 1300, "eve": 240}
    return site


BY_TWO = ("--by", "ada", "--approved-by", "paul")


def test_15_version_published_after_the_fact(january_and_february: Site, tmp_path: Path) -> None:
    site = january_and_february
    with pytest.raises(CommandError, match=r"2026-01, 2026-02 are final.*Give a “reason”"):
        site.apply("unexplained.yaml", *BY_TWO)
    with pytest.raises(CommandError, match="who writes a version does not publish it"):
        site.apply("raised.yaml", "--by", "ada")
    said = site.run("preview", "monthly:2026-01", site.folder / "raised.yaml", "--on", "2026-03-20")
    assert "Ann Archer (ann): 1900.00 → 2050.00 USD (+150.00)" in said
    assert "Dan Dyer (dan): 1300.00 → 1350.00 USD (+50.00)" in said
    assert "eve" not in said
    assert "reduces" not in said
    listed = site.apply("raised.yaml", *BY_TWO)
    assert "Ann Archer (ann), commission in 2026-01: 1900.00 → 2050.00 USD, +150.00" in listed
    assert "Dan Dyer (dan), commission in 2026-01: 1300.00 → 1350.00 USD, +50.00" in listed
    assert "2026-02" not in listed

    site.run("calculate", "monthly:2026-03", "--on", "2026-03-20")
    january_only = {
        "ann.commission 2026-01": money("150.00"),
        "dan.commission 2026-01": money("50.00"),
    }
    assert differences(site, "2026-03", "provisional difference") == january_only
    finalise(site, "2026-03")
    assert differences(site, "2026-03") == january_only, "no entry for February"
    notes = {r["note"] for r in site.results("monthly:2026-03") if r["status"] == "difference"}
    assert all("The agreement of 18 March counts from January" in note for note in notes)

    assert pay(site, "2026-03", out=tmp_path) == {"ann": 150, "dan": 50}
    rows = csv.DictReader((tmp_path / "2026-03.csv").read_text(encoding="utf-8").splitlines())
    dan = [(r["payroll_id"], r["amount"]) for r in rows if r["name"] == "Dan Dyer"]
    assert dan == [("004711", "50.00")], "his last payroll id"
    site.run("calculate", "monthly:2026-04", "--on", "2026-04-05")
    assert differences(site, "2026-04", "provisional difference") == {}


def test_15_version_that_lowers_what_is_earned(january_and_february: Site) -> None:
    site = january_and_february
    lowered = site.folder / "lowered.yaml"
    said = site.run("preview", "monthly:2026-01", lowered, "--on", "2026-03-20")
    assert "Ann Archer (ann): 1900.00 → 1750.00 USD (-150.00)" in said
    assert "It reduces pay already earned: 2 people" in said
    with pytest.raises(CommandError, match="reduces pay already earned, of Ann Archer, Dan Dyer"):
        site.apply("lowered.yaml", *BY_TWO)
    site.apply("lowered.yaml", "--by", "ada", "--approved-by", "robin")
    finalise(site, "2026-03")
    assert differences(site, "2026-03") == {
        "ann.commission 2026-01": money("-150.00"),
        "dan.commission 2026-01": money("-50.00"),
    }


def test_23_transfer_learnt_late() -> None:
    with time_machine.travel("2026-08-05T09:00:00-04:00"):
        site = Site("s23")
        site.ingest("crm", "sales.csv")
        site.run("finalise", "monthly:2026-07")
    july = {
        "ben.commission": money("800.00"),
        "ada.commission": money("200.00"),
        "pia.override": money("200.00"),
        "quinn.override": money("50.00"),
        "dora.total": money("50.00"),
        "dirk.total": money("0.00"),
    }
    assert site.amounts("monthly:2026-07") == july
    with time_machine.travel("2026-08-20T09:00:00-04:00"):
        site.apply("reorganised.yaml")
        site.run("assignments", site.folder / "moved.csv")
        site.run("calculate", "monthly:2026-08")
    override = {
        "pia.override 2026-07": money("-200.00"),
        "quinn.override 2026-07": money("200.00"),
    }
    assert differences(site, "2026-08", "provisional difference") == override

    with time_machine.travel("2026-09-02T09:00:00-04:00"):
        site.run("finalise", "monthly:2026-08")
        assert differences(site, "2026-08") == override, "Ben's own pay does not move"
        late = [r for r in site.results("monthly:2026-08") if r["status"] == "difference"]
        assert all("moved.csv" in r["note"] for r in late)
        assert site.amounts("monthly:2026-08", status="final") == {
            "ben.commission": money("120.00"),
            "ada.commission": money("40.00"),
            "pia.override": money("0.00"),
            "quinn.override": money("40.00"),
            "dora.total": money("0.00"),
            "dirk.total": money("8.00"),
        }
        known = site.run(
            "asof",
            "monthly:2026-07",
            "--moment",
            "2026-08-05",
            "--person",
            "pia",
            "--plan",
            "override",
        )
        assert "Sales (sold_by_reports): 40000" in known
        assert "worked out as known then: 250.00" in known
        assert site.amounts("monthly:2026-07") == july
        site.run("calculate", "monthly:2026-09")
        assert differences(site, "2026-09", "provisional difference") == {}


def balance(site: Site, person: str) -> dict[str, Decimal]:
    """A person's accounts, in one currency."""
    (account,) = json.loads(site.run("balance", person, "--json"))["accounts"]
    names = ("granted", "held", "due", "owed", "paid", "lost")
    return {name: money(account[name]) for name in names}


def test_09_cap_with_deferral() -> None:
    site = Site("s09")
    site.ingest("crm", "to_october.csv")
    finalise(site, "2026-09", "2026-10")
    assert pay(site, "2026-10") == {"ann": 23400, "bea": 23400}
    site.ingest("crm", "november.csv")
    finalise(site, "2026-11")
    earned = site.amounts("monthly:2026-11", status="final")
    assert set(earned.values()) == {money("1500.00")}
    assert (balance(site, "ann")["held"], balance(site, "ann")["lost"]) == (900, 0)
    assert (balance(site, "bea")["held"], balance(site, "bea")["lost"]) == (0, 900)
    assert pay(site, "2026-11") == {"ann": 600, "bea": 600}

    site.ingest("crm", "cancelled.csv")
    finalise(site, "2026-12")
    assert differences(site, "2026-12") == {
        "ann.commission 2026-09": money("-1000.00"),
        "bea.commission 2026-09": money("-1000.00"),
    }
    for person in ("ann", "bea"):
        assert balance(site, person) == {
            "granted": money("23900.00"),
            "held": money("0.00"),
            "due": money("-100.00"),
            "owed": money("0.00"),
            "paid": money("24000.00"),
            "lost": money("0.00"),
        }, "earned to date 23,900, so 100 are to come back and nothing waits"
    assert pay(site, "2026-12") == {"ann": 0, "bea": 0}
    assert balance(site, "ann")["owed"] == balance(site, "bea")["owed"] == 100

    finalise(site, "2027-01")
    assert pay_nothing(site, "2027-01"), "nothing waits for the next year's room"
    assert balance(site, "ann")["held"] == 0


def pay_nothing(site: Site, period: str) -> bool:
    """Whether a pay run of a period finds nothing to pay."""
    two = ("--by", "pat", "--approved-by", "robin")
    return "Nothing" in site.refused("payroll", f"monthly:{period}", "--profile", "csv", *two)


def transfers(site: Site) -> int:
    """How many transfers the ledger of a tenant holds."""
    with enter(Tenant.objects.get(code=site.code).pk):
        return Transfer.objects.count()


def run_nightly(site: Site, on: date) -> str:
    """What a worker does at night for a tenant."""
    tenant = Tenant.objects.get(code=site.code)
    with enter(tenant.pk):
        return HANDLERS["nightly"](Work(tenant=tenant, at=timezone.now(), on=on))


def test_11_a_waived_difference_stays_waived() -> None:
    site = Site("s11")
    site.ingest("crm", "january.csv")
    finalise(site, "2026-01")
    assert pay(site, "2026-01") == {"ann": 1000, "bea": 1000}
    site.ingest("crm", "less.csv")
    finalise(site, "2026-02")
    assert differences(site, "2026-02") == {
        "ann.commission 2026-01": money("-50.00"),
        "bea.commission 2026-01": money("-100.00"),
    }
    ann, bea = balance(site, "ann"), balance(site, "bea")
    assert (ann["granted"], ann["due"], ann["lost"]) == (950, 0, -50), "taken back and waived"
    assert (bea["granted"], bea["due"], bea["lost"]) == (900, -100, 0), "100 is not below 100"
    assert "Waived" in site.run("balance", "ann")
    assert pay(site, "2026-02") == {"bea": 0}, "nothing to pay, and nothing owed by Ann"

    posted = transfers(site)
    for night in (5, 6):
        run_nightly(site, date(2026, 3, night))
    assert transfers(site) == posted
    assert differences(site, "2026-03", "provisional difference") == {}
    finalise(site, "2026-03")
    assert transfers(site) == posted

    site.ingest("crm", "more.csv")
    finalise(site, "2026-04")
    assert differences(site, "2026-04") == {"ann.commission 2026-01": money("70.00")}
    ann = balance(site, "ann")
    assert (ann["granted"], ann["due"], ann["lost"]) == (1020, 20, 0), "the waiver is restored"
    assert pay(site, "2026-04") == {"ann": 20}


def by_person(amounts: dict[str, Decimal | None]) -> list[Decimal | None]:
    """Amounts of Ann, Bea, Cy and Dan, who have one component each."""
    return [amounts[key] for key in sorted(amounts)]


def sums_to_date(site: Site) -> dict[str, Decimal]:
    """What each person of a tenant has been granted so far."""
    return {p: balance(site, p)["granted"] for p in ("ann", "bea", "cy", "dan")}


@pytest.fixture
def to_july() -> Site:
    """5 % of 60,000 to June and 6 % of 10,000 in July, under four plans."""
    site = Site("to_date")
    site.ingest("crm", "to_june.csv")
    finalise(site, "2026-05", "2026-06")
    site.ingest("crm", "july.csv")
    return site


def test_version_that_takes_over_trues_up_or_goes_on_from_here(to_july: Site) -> None:
    site = to_july
    finalise(site, "2026-07")
    assert by_person(site.amounts("monthly:2026-07")) == [1200, 600, 500, 500]
    site.ingest("crm", "late.csv")
    site.ingest("crm", "august.csv")
    site.run("calculate", "monthly:2026-08", "--on", "2026-08-05")
    expected = {
        "ann.commission 2026-06": 50,
        "ann.commission 2026-07": 10,
        "bea.commission 2026-06": 50,
        "cy.commission 2026-06": 50,
        "cy.commission 2026-07": -50,
        "dan.commission 2026-06": 50,
        "dan.commission 2026-07": -50,
    }
    assert differences(site, "2026-08", "provisional difference") == expected
    finalise(site, "2026-08")
    assert differences(site, "2026-08") == expected
    assert by_person(site.amounts("monthly:2026-08", status="final")) == [120, 120, 0, 0]
    assert sums_to_date(site) == {"ann": 4380, "bea": 3770, "cy": 3500, "dan": 3500}
    site.ingest("crm", "january.csv")
    site.run("calculate", "monthly:2027-01", "--on", "2027-01-20")
    assert by_person(site.amounts("monthly:2027-01", status="provisional")) == [180] * 4


def test_to_date_does_not_depend_on_when_a_sale_was_known(to_july: Site) -> None:
    site = to_july
    site.ingest("crm", "late.csv")
    finalise(site, "2026-07")
    site.ingest("crm", "august.csv")
    finalise(site, "2026-08")
    assert sums_to_date(site) == {"ann": 4380, "bea": 3770, "cy": 3500, "dan": 3500}


def test_21_absence() -> None:
    site = Site("s21")
    site.run("availability", site.folder / "june.csv")
    site.ingest("crm", "sales.csv")
    finalise(site, "2026-06")
    assert site.amounts("monthly:2026-06") == {
        "ann.pay": money("937.50"),
        "bea.pay": money("820.31"),
        "cy.pay": money("820.31"),
    }, "excused; not excused; not known yet"
    excused, not_excused = (site.run("explain", p, "monthly:2026-06") for p in ("ann", "bea"))
    assert "goal 22.40, attainment 93.75 %" in excused
    assert "goal 25.60, attainment 82.03" in not_excused
    site.run("availability", site.folder / "sick.csv")
    finalise(site, "2026-07")
    [late] = [r for r in site.results("monthly:2026-07") if r["status"] == "difference"]
    assert (late["person"], late["amount"], late["earned"]) == ("cy", "117.19", "2026-06")
    assert "absence 17–18 June" in late["note"]


def test_from_here_holds_for_the_plan_s_own_year() -> None:
    site = Site("own_year")
    site.ingest("crm", "sales.csv")
    earned = {"2026-08": 3000, "2026-10": 600, "2027-02": 400, "2027-07": 120}
    for period, amount in earned.items():
        site.run("calculate", f"monthly:{period}", "--on", "2027-08-02")
        assert site.amount(f"monthly:{period}", "ann") == amount, period


def test_three_versions_in_one_year() -> None:
    """The third goes by what the first and the second earned, whatever is booked already."""
    site = Site("three_versions")
    site.ingest("crm", "sales.csv")
    expected = {
        "2026-03": (500, 500),
        "2026-05": (600, 600),
        "2026-07": (1000, 400),
        "2026-08": (700, 0),
    }
    for period, (trued_up, within_cap) in expected.items():
        site.run("calculate", f"monthly:{period}", "--on", "2026-09-02")
        assert site.amount(f"monthly:{period}", "ann") == trued_up, period
        assert site.amount(f"monthly:{period}", "bea") == within_cap, period
        assert site.run("explain", "bea", f"monthly:{period}")
