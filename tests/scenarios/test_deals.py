"""Acceptance scenarios of transactions and credits: one row each, and what becomes of them."""

import io
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from incentives.models import RateTable
from org.models import Tenant, User
from org.tenancy import enter
from tests.incentives import june
from tests.scenarios.site import Site
from tests.scenarios.test_periods import run_nightly, transfers

pytestmark = pytest.mark.django_db

JULY = ("--on", "2026-07-02")


def money(text: str) -> Decimal:
    return Decimal(text)


def lines(site: Site, period: str, **only: str) -> dict[str, Decimal]:
    """Amounts by the key of the deal, of the rows that fit ``only``."""
    rows = [r for r in site.results(period) if all(r[k] == v for k, v in only.items())]
    found = {row["line"].split("/")[1]: money(row["amount"]) for row in rows}
    assert len(found) == len(rows), f"two lines of one deal: {rows}"
    return found


def test_01_the_rule_looks_at_each_deal() -> None:
    """3 % of each deal that is large enough with margin enough, before anything is added up."""
    site = Site("s01")
    site.ingest("crm", "deals.csv")
    site.run("calculate", "2026-01", "--on", "2026-02-02")
    assert lines(site, "2026-01", plan="sales") == {"D1": money("750.00"), "D4": money("600.00")}
    assert site.amount("2026-01", "ann", plan="sales") == money("1350.00")
    statement = site.run("explain", "ann", "2026-01", "--plan", "sales")
    missed = statement.partition("Transactions that count for nothing here\n")[2]
    assert missed.splitlines()[:3] == [
        "  2026-01-13 deal/D2: amount >= 20000 does not hold: amount is 19999.99.",
        "  2026-01-20 deal/D3: margin >= 35% does not hold: margin is 34.9%.",
        "",
    ]
    assert "amount = 25000" in statement

    site.run("finalise", "2026-01", "--on", "2026-02-02")
    site.ingest("crm", "corrected.csv")
    site.run("calculate", "2026-02", "--on", "2026-02-10")
    for plan, line in (("sales", "deal/D3/deals/seller"), ("gated", "deal/D3/every/seller")):
        [difference] = [r for r in site.results("2026-02") if r["plan"] == plan]
        assert difference["status"] == "provisional difference"
        assert (difference["amount"], difference["earned"]) == ("1200.00", "2026-01")
        assert difference["line"] == line
        assert difference["note"] == "corrected.csv from crm: 1 changed of deal: D3."
    site.run("finalise", "2026-02", "--on", "2026-03-02")
    assert site.amount("2026-02", "ann", status="difference", plan="sales") == money("1200.00")
    statement = site.run("explain", "ann", "2026-01", "--plan", "sales")
    assert "margin is 34.9%" in statement, "a final statement stays as it was"


def test_01_by_a_gate_for_each_credit() -> None:
    """The same rule as a gate: what misses it has a line of its own, with the condition."""
    site = Site("s01")
    site.ingest("crm", "deals.csv")
    site.run("calculate", "2026-01", "--on", "2026-02-02")
    assert lines(site, "2026-01", plan="gated") == {
        "D1": money("750.00"),
        "D2": money("0.00"),
        "D3": money("0.00"),
        "D4": money("600.00"),
    }
    statement = site.run("explain", "ann", "2026-01", "--plan", "gated")
    assert "AND(amount >= 20000, margin >= 35%) = FALSE" in statement
    assert "amount >= 20000 = FALSE" in statement
    assert "margin >= 35% = FALSE" in statement
    assert "Total: 1350.00 EUR" in statement


def test_02_precedence() -> None:
    """The first rule that fits decides; a second card for the same customer counts for nothing."""
    site = Site("s02")
    site.ingest("till", "sales.csv")
    site.run("calculate", "2026-06", *JULY)
    by_rule = {
        component: sum(lines(site, "2026-06", component=component).values())
        for component in ("gold", "card", "rest")
    }
    assert by_rule == {"gold": money("80.00"), "card": money("75.00"), "rest": money("60.00")}
    assert site.amount("2026-06", "ann") == money("215.00")
    flagged = "  2026-06-10 sale/S7: rule products 1 excludes it on purpose (no_commission).\n"
    assert flagged in site.run("explain", "ann", "2026-06")

    site.ingest("till", "second.csv")
    site.run("calculate", "2026-06", *JULY)
    assert site.amount("2026-06", "ann") == money("215.00")
    second = (
        "  2026-06-23 sale/S8: it counts only once per customer and product, and sale S1 of"
        " 2026-06-02 came first.\n"
    )
    assert second in site.run("explain", "ann", "2026-06")

    with pytest.raises(CommandError) as refusal:
        site.apply("twice.yaml")
    assert "has the order 2 in group products, too" in str(refusal.value)


def test_03_split_and_overlay() -> None:
    """Three parties share the rounded whole; a split that is short credits nobody."""
    site = Site("s03")
    site.ingest("crm", "deals.csv")
    for _ in range(2):
        site.run("calculate", "2026-06", *JULY)
        assert site.amounts("2026-06") == {
            "ann.commission": money("233.34"),
            "bob.commission": money("233.33"),
            "cy.commission": money("233.33"),
            "mia.overlay": money("100.00"),
            "mia.team_sales": money("10000.00"),
        }
    assert "233.34 (rounded over 3 parties)" in site.run("explain", "ann", "2026-06")

    said = site.ingest("crm", "short.csv")
    assert "1 waits in the queue" in said
    site.run("calculate", "2026-06", *JULY)
    assert site.amount("2026-06", "ann") == money("233.34")
    assert site.amount("2026-06", "mia", component="overlay") == money("100.00")
    assert site.amount("2026-06", "mia", component="team_sales") == money("10000.00")
    why = "Rule sales 1 took it, but the shares sum to 99.99 % and not to 100 %."
    assert f"deal D2: {why}\n" in site.run("queue")
    assert f"  2026-06-16 deal/D2: {why}\n" in site.run("explain", "cy", "2026-06")


def test_04_cancellation_of_a_sale_in_a_cumulative_tier() -> None:
    """Restate, reverse, net: three ways of taking back, as the version says."""
    site = Site("s04")
    site.ingest("crm", "january.csv")
    site.run("finalise", "2026-01", "--on", "2026-02-02")
    plans = ("restated", "reversed", "netted")
    for plan in plans:
        assert lines(site, "2026-01", plan=plan) == {
            "D1": money("200.00"),
            "D2": money("350.00"),
            "D3": money("400.00"),
        }
        assert site.amount("2026-01", "ann", plan=plan, status="final") == money("950.00")
    site.run("finalise", "2026-02", "--on", "2026-03-02")
    site.ingest("crm", "march.csv")
    site.run("calculate", "2026-03", "--on", "2026-03-08")
    assert {p: site.amount("2026-03", "ann", plan=p) for p in plans} == dict.fromkeys(
        plans, money("350.00")
    )

    site.ingest("crm", "cancelled.csv")
    previewed = site.run("preview", "2026-01", site.folder / "reverse.yaml", "--on", "2026-03-10")
    assert "restated commission: 550.00 → 750.00 EUR (+200.00)" in previewed
    previewed = site.run("preview", "2026-03", site.folder / "net.yaml", "--on", "2026-03-10")
    assert "restated commission: 350.00 → 100.00 EUR (-250.00)" in previewed

    site.run("finalise", "2026-03", "--on", "2026-04-02")
    differences = {p: lines(site, "2026-03", plan=p, status="difference") for p in plans}
    assert differences == {
        "restated": {"D1": money("-200.00"), "D2": money("-150.00"), "D3": money("-50.00")},
        "reversed": {"D1": money("-200.00")},
        "netted": {},
    }
    assert sum(differences["restated"].values()) == money("-400.00")
    assert {p: site.amount("2026-03", "ann", plan=p) for p in plans} == {
        "restated": money("-50.00"),
        "reversed": money("150.00"),
        "netted": money("100.00"),
    }
    causes = {r["note"] for r in site.results("2026-03") if r["status"] == "difference"}
    cause = "cancelled.csv from crm: 1 changed of deal: D1."
    assert causes == {cause, f"deal D2: {cause}", f"deal D3: {cause}"}
    assert "Sales (sales): 2000.00" in site.run("explain", "ann", "2026-03", "--plan", "netted")


def test_05_unearned_part_at_the_old_rate() -> None:
    """An account is earned over twelve months: what closing takes back, reopening gives again."""
    site = Site("s05")
    site.ingest("core", "opened.csv")
    for month in range(1, 6):
        site.run("finalise", f"2026-0{month}", "--on", f"2026-0{month + 1}-02")
    assert lines(site, "2026-01") == {"A1": money("360.00")}
    site.ingest("core", "closed.csv")
    site.run("finalise", "2026-06", "--on", "2026-07-02")
    rows = {r["status"]: r for r in site.results("2026-06")}
    assert (rows["final"]["amount"], rows["final"]["line"].split("/")[1]) == ("480.00", "A2")
    taken_back = rows["difference"]
    assert (taken_back["amount"], taken_back["earned"]) == ("-210.00", "2026-01")
    assert taken_back["line"] == "account/A1/accounts/seller"
    assert taken_back["note"] == "closed.csv from core: 1 new of account, 1 changed: A1."

    site.run("finalise", "2026-07", "--on", "2026-08-02")
    site.ingest("core", "reopened.csv")
    site.run("finalise", "2026-08", "--on", "2026-09-02")
    [given_again] = site.results("2026-08")
    assert (given_again["amount"], given_again["earned"]) == ("210.00", "2026-01")
    assert given_again["line"] == "account/A1/accounts/seller"
    assert "0 alarms" in site.run("alarms")


def pay(site: Site, period: str) -> Decimal:
    """Pay a period by two people; what the file pays."""
    two = ("--by", "pat", "--approved-by", "robin")
    said = site.run("payroll", period, "--profile", "csv", *two)
    total = re.search(r"^  total: (\S+) EUR$", said, re.M)
    assert total, said
    return money(total[1].replace(",", ""))


def test_06_paid_in_parts() -> None:
    """A part is held until the customer pays; a refund takes from each part what is its own."""
    site = Site("s06_parts")
    allowance = money("2000.00")  # of each month, so that what is taken back has something to meet
    site.ingest("crm", "deals.csv")
    site.run("finalise", "2026-01", "--on", "2026-02-02")
    assert lines(site, "2026-01", plan="sales") == {"D1": money("4300.00")}
    received = [pay(site, "2026-01") - allowance]
    assert received == [money("3010.00")]
    held = "1,290.00  earned, held (sales.commission 2026-01, when COUNT(payment) > 0)"
    assert held in site.run("balance", "ann")
    site.run("finalise", "2026-02", "--on", "2026-03-02")
    received.append(pay(site, "2026-02") - allowance)

    site.ingest("refunds", "refunds.csv")
    site.run("finalise", "2026-03", "--on", "2026-04-02")
    back = [r for r in site.results("2026-03") if r["status"] == "difference"]
    assert [(r["amount"], r["earned"]) for r in back] == [
        ("-1204.00", "2026-01"),
        ("-516.00", "2026-01"),
    ]
    assert {r["line"] for r in back} == {"deal/D1/volume/seller"}
    received.append(pay(site, "2026-03") - allowance)
    assert received[-1] == money("-1204.00")
    assert "held 774.00 + due 0.00" in site.run("balance", "ann")

    site.ingest("bank", "payments.csv")
    site.run("finalise", "2026-04", "--on", "2026-05-02")
    received.append(pay(site, "2026-04") - allowance)
    assert received[-1] == money("774.00")
    assert sum(received) == money("2580.00")
    history = site.run("balance", "ann")
    assert "774.00  released (sales.commission 2026-01, when COUNT(payment) > 0)" in history
    assert "held 0.00 + due 0.00 + paid 10,580.00 + lost 0.00 − owed 0.00" in history


def test_12_two_exchange_rates() -> None:
    """A difference uses the rate that was booked, until somebody corrects the rate itself."""
    site = Site("s12")
    site.ingest("crm", "april.csv")
    site.run("finalise", "2026-04", "--on", "2026-05-02")
    assert site.amounts("2026-04") == {
        "ann.commission": money("360.00"),
        "ann.spiff": money("470.00"),
    }
    statement = site.run("explain", "ann", "2026-04")
    assert "put together: formula * rate = 360\n          rate = 0.9\n" in statement
    assert "put together: formula * rate = 470\n          rate = 0.94\n" in statement

    site.ingest("crm", "may.csv")
    site.run("finalise", "2026-05", "--on", "2026-06-02")
    [corrected] = site.results("2026-05")
    assert (corrected["component"], corrected["amount"]) == ("commission", "36.00")
    assert (corrected["earned"], corrected["line"]) == ("2026-04", "deal/D1/sales/seller")

    for approver, why in (
        ((), "was paid by these exchange rates. Name who approved"),
        (("--approved-by", "pat"), "pat cannot approve an own correction"),
    ):
        with pytest.raises(CommandError) as refusal:
            call_command("apply", str(site.folder / "rate.yaml"), "--by", "pat", *approver)
        assert why in str(refusal.value)
    two = ("--by", "pat", "--approved-by", "quinn")
    call_command("apply", str(site.folder / "rate.yaml"), *two, stdout=io.StringIO())
    site.run("calculate", "2026-06", "--on", "2026-06-12")
    [by_rate] = site.results("2026-06")
    assert (by_rate["amount"], by_rate["earned"]) == ("4.40", "2026-04")
    assert by_rate["line"] == "deal/D1/sales/seller"
    assert by_rate["note"] == (
        "deal D1: Exchange rate changed: plan USD/EUR 0.91 from 2026-01-01, before 0.9,"
        " approved by quinn"
    )


def test_28_one_correction_everybody_moves() -> None:
    """A pool and prizes after final: restated, everybody moves; frozen, one person or nobody."""
    site = Site("s28")
    site.ingest("clock", "hours.csv")
    site.ingest("surveys", "surveys.csv")
    site.run("finalise", "2026-06", "--on", "2026-07-05")
    pool = {
        "ann.pool": money("431.21"),
        "bob.pool": money("341.84"),
        "cy.pool": money("226.95"),
    }
    prizes = {
        "dan.prize": money("500.00"),
        "eve.prize": money("250.00"),
        "fay.prize": money("250.00"),
        "gus.prize": money("0.00"),
        "hal.prize": money("0.00"),
    }
    for way in ("restated", "frozen"):
        assert site.amounts("2026-06", plan=f"pool_{way}") == pool
        assert site.amounts("2026-06", plan=f"prizes_{way}") == prizes
    hal = site.run("explain", "hal", "2026-06", "--plan", "prizes_restated")
    assert "Survey score (score): no data" in hal
    assert "RANK(score) = blank" in hal
    ann = site.run("explain", "ann", "2026-06", "--plan", "pool_restated")
    assert "shop: 431.21 (152 of 352.5, to the cent by largest remainder)" in ann
    assert "Total: 431.21 EUR" in ann

    why = ("--reason", "Two shifts were missing")
    site.run("correct", "cy", "2026-06-12", "hours", "24", *why)
    one_survey = ("dan", "2026-06-01", "score", "78", "--reference", "dan-1", "--denominator", "1")
    site.run("correct", *one_survey, "--reason", "Keyed wrongly")
    site.run("finalise", "2026-07", "--on", "2026-08-05")
    moved = {
        plan: site.amounts("2026-07", plan=plan, status="difference")
        for plan in ("pool_restated", "pool_frozen", "prizes_restated", "prizes_frozen")
    }
    assert moved == {
        "pool_restated": {
            "ann.pool": money("-18.73"),
            "bob.pool": money("-14.84"),
            "cy.pool": money("33.57"),
        },
        "pool_frozen": {"cy.pool": money("33.57")},
        "prizes_restated": {
            "dan.prize": money("-300.00"),
            "eve.prize": money("150.00"),
            "fay.prize": money("150.00"),
        },
        "prizes_frozen": {},
    }
    assert sum(moved["pool_restated"].values()) == 0
    notes = {r["plan"]: r["note"] for r in site.results("2026-07") if r["status"] == "difference"}
    assert all("Hours of Cy Cole" in note for plan, note in notes.items() if "pool" in plan)
    assert notes["pool_frozen"].endswith("at the company's cost")
    assert "company's cost" not in notes["pool_restated"]
    site.run("calculate", "2026-08", "--on", "2026-08-10")
    assert not [r for r in site.results("2026-08") if "difference" in r["status"]], "posted once"
    assert "0 alarms" in site.run("alarms", "2026-06")


def test_29_objections() -> None:
    """A claim stands on the period; a line in dispute waits; nobody approves their own pay."""
    site = Site("s29")
    site.ingest("crm", "sales.csv")
    site.run("finalise", "2026-06", "--on", "2026-07-02")
    claim = ("--customer", "Meier", "--day", "2026-06-12", "--reason", "A sale of 1500 is missing")
    site.run("dispute", "--open", "sales", "2026-06", "ann", *claim, "--by", "ann")
    doubt = ("--component", "commission", "--reason", "I think it is more")
    site.run("dispute", "--open", "sales", "2026-06", "bob", *doubt, "--by", "bob")
    listed = site.run("dispute")
    assert "something missing of Ann Archer in monthly:2026-06 of sales" in listed
    assert "(customer Meier, 2026-06-12: A sale of 1500 is missing)" in listed
    numbers = re.findall(r"^(\d+): ", listed, re.M)

    missing = ("ann", "2026-06-12", "sales", "1500", "--reference", "S4", "--reason", "Left out")
    for by, approver, why in (
        ("olga", "olga", "cannot both correct this and approve it"),
        ("ann", "olga", "nobody approves what moves their own pay"),
    ):
        refusal = site.refused("correct", *missing, "--by", by, "--approved-by", approver)
        assert why in refusal
    two = ("--by", "olga", "--approved-by", "pia")
    site.run("correct", *missing, *two)
    less = ("bob", "2026-06-09", "sales", "4800", "--reference", "S2", "--reason", "It was less")
    site.run("correct", *less, *two)
    site.run("dispute", "--close", numbers[0], "--answer", "Left out; it is paid", "--by", "olga")
    said = site.run("finalise", "2026-07", "--on", "2026-08-02")
    assert re.search(r"Bob Berg commission -60\.00 .* in dispute: it waits for the answer", said)
    assert site.amounts("2026-07", status="difference") == {"ann.commission": money("75.00")}
    assert site.amounts("2026-07", status="final").keys() == {
        "ann.commission",
        "bob.commission",
        "pia.commission",
    }
    [paid] = [r for r in site.results("2026-07") if r["status"] == "difference"]
    assert paid["note"].endswith("Left out (approved by pia)")
    assert "granted 300.00 = held 0.00 + due 300.00" in site.run("balance", "bob")
    site.run("dispute", "--close", numbers[1], "--answer", "It was less", "--by", "olga")
    site.run("finalise", "2026-08", "--on", "2026-09-02")
    assert site.amounts("2026-08", status="difference") == {"bob.commission": money("-60.00")}


def test_29_own_pay_and_deputies() -> None:
    """The plan manager is on the plan herself; a deputy's right ends on its date by itself."""
    site = Site("s29")
    site.ingest("crm", "sales.csv")
    site.run("finalise", "2026-06", "--on", "2026-07-02")
    own = ("pia", "2026-06-12", "sales", "1500", "--reference", "S9", "--reason", "Left out")
    for two in (("--by", "olga", "--approved-by", "pia"), ("--by", "pia", "--approved-by", "olga")):
        assert "nobody approves what moves their own pay" in site.refused("correct", *own, *two)

    version = ("--by", "olga", "--approved-by", "pia")
    with pytest.raises(CommandError) as refusal:
        call_command("apply", str(site.folder / "raised.yaml"), *version)
    assert "Pia Pike" in str(refusal.value)
    assert "commission" in str(refusal.value)
    assert "Nobody approves" in str(refusal.value)

    batch = ("2026-06", "--profile", "csv", "--by", "otto", "--approved-by", "pia")
    with time_machine.travel("2026-08-14T10:00:00+00:00", tick=False):
        assert status("pia", "/admin/payroll/paybatch/") == 200, "she stands in for Otto"
        assert "nor as somebody's deputy" in site.refused("payroll", *batch)
        assert status("dora", "/admin/incentives/planversion/add/") == 200
    with time_machine.travel("2026-08-15T10:00:00+00:00", tick=False):
        assert status("pia", "/admin/payroll/paybatch/") == 403
        assert status("dora", "/admin/incentives/planversion/add/") == 302, "to the login"
    site.run("payroll", "2026-06", "--profile", "csv", "--by", "otto", "--approved-by", "paul")


def status(user: str, page: str) -> int:
    """What a page answers to a user."""
    client = Client()
    client.force_login(User.objects.get(username=user))
    return client.get(page).status_code


def test_30_the_auditor_does_it_again(tmp_path: Path) -> None:
    """Rates and rules of August move nothing in June; two corrections are the whole difference."""
    site = june.load()
    site.run("finalise", "2026-06", "--on", "2026-07-05")
    booked = [money(row["amount"]) for row in site.results("2026-06")]
    assert sum(booked) == money(june.TOTAL)
    then = timezone.now().isoformat()

    rates = "exchange_rates: [{name: plan, base: USD, quote: EUR, rate: 0.97}]\n"
    for name in ("people.csv", "assignments.csv"):
        (tmp_path / name).write_bytes((site.folder / name).read_bytes())
    (tmp_path / "tenant.yaml").write_text((site.folder / "tenant.yaml").read_text() + rates)
    call_command("apply", str(tmp_path / "tenant.yaml"), stdout=io.StringIO())
    before = transfers(site)
    run_nightly(site, date(2026, 8, 10))
    assert transfers(site) == before, "0 entries"
    assert "0 alarms" in site.run("alarms", "2026-06")

    for person, value in (("p010", "4620.00"), ("p020", "3842.50")):
        correction = (person, "2026-06-15", "sales", value, "--reference", f"D-{person}")
        site.run("correct", *correction, "--reason", "A typing error")
    said = site.run("asof", "2026-06", "--moment", then, "--on", "2026-08-10")
    assert "worked out as known then: 84310.55 (400 people)" in said
    assert "worked out as known now: 84319.80" in said
    assert "difference: +9.25 in 2 entries" in said
    for person, change in (("p010", "+12.40"), ("p020", "-3.15")):
        assert re.search(rf"{person}.*{re.escape(change)}.*A typing error", said)

    # Somebody changes a rate behind everybody's back: no cause, so an alarm and no entry.
    with enter(Tenant.objects.get(code=site.code).pk):
        RateTable.objects.filter(name="step").update(spec={"rows": [[0, "0.02"], [10000, "0.04"]]})
    alarms = site.run("alarms", "2026-06")
    assert "no recorded cause explains it" in alarms
    before = transfers(site)
    run_nightly(site, date(2026, 8, 11))
    assert transfers(site) == before
