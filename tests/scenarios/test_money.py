"""From earned to paid: the scenarios of draws, guarantees, minimum, refusal and cheque."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.site import Site

pytestmark = pytest.mark.django_db

BY = ("--by", "pia", "--approved-by", "otto")


def pay(site: Site, period: str, folder: Path, *more: str) -> dict[str, Decimal]:
    """Run payroll for a period; what its file pays, by payroll id."""
    out = folder / f"{period}.csv"
    site.run("payroll", period, "--profile", "csv", "--out", out, *BY, *more)
    rows = csv.DictReader(io.StringIO(out.read_text(encoding="utf-8")))
    paid: dict[str, Decimal] = {}
    for row in rows:
        amount = Decimal(row["amount"])
        assert amount > 0
        paid[row["payroll_id"]] = paid.get(row["payroll_id"], Decimal(0)) + amount
    return paid


def balance(site: Site, person: str) -> dict[str, Any]:
    """What ``balance`` says of one person, who has one currency."""
    (account,) = json.loads(site.run("balance", person, "--json"))["accounts"]
    return dict(account)


def finalise(site: Site, period: str, on: str) -> None:
    site.run("finalise", period, "--on", on)


def test_07_recoverable_draw(tmp_path: Path) -> None:
    site = Site("s07")
    site.ingest("crm", "sales.csv")
    found = []
    for month in (1, 2, 3, 4):
        finalise(site, f"2026-{month:02}", f"2026-{month + 1:02}-02")
        draft = site.run("payroll", f"2026-{month:02}", "--draft", "--by", "pia")
        paid = pay(site, f"2026-{month:02}", tmp_path)
        owed = balance(site, "ann")["owed"]
        assert f"owes then {Decimal(owed):,.2f}" in draft
        found.append((paid["000001"], owed))
    assert found == [
        (Decimal(1800), "550.00"),
        (Decimal(2200), "150.00"),
        (Decimal(1800), "1050.00"),
        (Decimal(2600), "250.00"),
    ]
    ann = balance(site, "ann")
    assert (ann["paid"], ann["granted"], ann["due"]) == ("8400.00", "8150.00", "0.00")
    said = site.run("balance", "ann")
    assert "owes 250.00 of 900.00 (draws)" in said
    assert said.count("advanced as a draw") == 2
    assert said.count("repays a debt") == 3


def test_08_a_guarantee_is_not_a_draw(tmp_path: Path) -> None:
    site = Site("s08")
    site.ingest("crm", "sales.csv")
    finalise(site, "2025-12", "2026-01-02")
    assert pay(site, "2025-12", tmp_path) == {"000001": 2400, "000002": 2500}
    site.ingest("crm", "clawback.csv")
    finalise(site, "2026-01", "2026-02-02")
    assert site.amount("2026-01", "ann", component="top_up") == Decimal("500.00")
    assert pay(site, "2026-01", tmp_path) == {"000001": 2000, "000002": 1800}

    site.ingest("crm", "late.csv")
    finalise(site, "2026-02", "2026-03-02")
    late = {
        r["component"]: r["amount"] for r in site.results("2026-02") if r["status"] == "difference"
    }
    assert late == {"commission": "300.00", "top_up": "-300.00"}
    assert pay(site, "2026-02", tmp_path) == {"000001": 2100, "000002": 2100}
    assert balance(site, "ann")["owed"] == "0.00"


def test_10_negative_minimum_refusal_cheque(tmp_path: Path) -> None:
    site = Site("s10")
    site.ingest("crm", "sales.csv")
    finalise(site, "2026-01", "2026-02-02")
    assert pay(site, "2026-01", tmp_path) == {"000001": Decimal("1200.00")}
    assert balance(site, "bo")["due"] == "35.00"
    assert balance(site, "cy")["owed"] == "80.00"

    site.run("refuse", "2026-01", "ann", "--reason", "Unknown id", "--by", "pia")
    assert "refused already" in site.refused("refuse", "2026-01", "ann", "--reason", "x")
    assert "lines that payroll refused" in site.refused(
        "payroll", "2026-01", "--profile", "csv", "--reissue"
    )
    site.run("paid-outside", "ann", "500", "--reason", "Cheque 1023", *BY)
    assert balance(site, "ann")["due"] == "700.00"

    site.run("people", site.folder / "people_mended.csv")
    finalise(site, "2026-02", "2026-03-02")
    paid = pay(site, "2026-02", tmp_path)
    assert paid == {"004711": Decimal("700.00"), "000002": 75, "000003": 220}
    assert sum(paid.values()) == Decimal("995.00")

    everybody = [balance(site, person) for person in ("ann", "bo", "cy")]
    sums = {
        name: sum(Decimal(one[name]) for one in everybody)
        for name in ("granted", "paid", "due", "held", "owed")
    }
    assert sums == {"granted": 1495, "paid": 1495, "due": 0, "held": 0, "owed": 0}
    history = balance(site, "ann")["history"]
    (refused,) = [step for step in history if step["origin"] == "refusal"]
    assert "was refused: Unknown id" in refused["cause"]
    new = history[-1]
    assert (new["amount"], new["replaces"]) == ("700.00", history[1]["line"])
    assert f"which replaces line {new['replaces']}" in new["what"]


def test_24_leaver_and_return(tmp_path: Path) -> None:
    """Cara owes 250.00 and repays it out of 300.00; Dora owes 400.00; Cara comes back."""
    site = Site("s24")
    site.run("opening", site.folder / "opening.csv", *BY)
    site.ingest("shop", "sales.csv")
    finalise(site, "2026-05", "2026-06-20")
    assert site.amount("2026-05", "cara") == Decimal("300.00")
    draft = site.run("payroll", "2026-05", "--draft", "--by", "pia")
    assert "Dora Dunn (left): due 300.00, pays 0.00 (recovered 300.00, owes then 100.00)" in draft
    assert "Left and still owing, to be written off" in draft
    assert pay(site, "2026-05", tmp_path) == {"000024": Decimal("50.00")}
    assert balance(site, "cara")["owed"] == "0.00"

    assert balance(site, "dora")["owed"] == "100.00"
    assert "second person" in site.refused("write-off", "dora", "--reason", "Left", "--by", "pia")
    site.run("write-off", "dora", "--reason", "Left, cannot be collected", *BY)
    dora = balance(site, "dora")
    assert (dora["owed"], dora["lost"], dora["paid"]) == ("0.00", "-100.00", "400.00")

    finalise(site, "2026-06", "2026-07-02")
    granted = balance(site, "cara")["granted"]
    assert granted == "300.00", "what was activated on the 36th day after the last does not count"

    site.run("people", site.folder / "people_back.csv")
    site.run("assignments", site.folder / "assignments_back.csv")
    for month in ("07", "08", "09"):
        finalise(site, f"2026-{month}", f"2026-{int(month) + 1:02}-02")
    site.ingest("shop", "october.csv")
    finalise(site, "2026-10", "2026-11-02")
    late = [r for r in site.results("2026-10") if r["status"] == "difference"]
    assert [(r["amount"], r["earned"]) for r in late] == [("-80.00", "2026-05")]
    paid = pay(site, "2026-10", tmp_path)
    assert paid == {"000099": Decimal("420.00")}
    assert balance(site, "cara")["owed"] == "0.00"
