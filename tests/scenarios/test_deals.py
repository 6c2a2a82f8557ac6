"""Acceptance scenarios of transactions and credits: one row each, and what becomes of them."""

from decimal import Decimal

import pytest
from django.core.management import CommandError

from tests.scenarios.site import Site

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
    assert "S7" not in lines(site, "2026-06"), "a flagged sale pays nothing"

    site.ingest("till", "second.csv")
    site.run("calculate", "2026-06", *JULY)
    assert site.amount("2026-06", "ann") == money("215.00")

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
    assert "1 wait and credit nobody" in said
    site.run("calculate", "2026-06", *JULY)
    assert site.amount("2026-06", "ann") == money("233.34")
    assert site.amount("2026-06", "mia", component="overlay") == money("100.00")
    assert site.amount("2026-06", "mia", component="team_sales") == money("10000.00")


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
    assert causes == {"cancelled.csv from crm: 0 new of deal, 1 changed: D1."}
    assert "Sales (sales): 2000.00" in site.run("explain", "ann", "2026-03", "--plan", "netted")


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
    assert all("hours of Cy Cole" in note for plan, note in notes.items() if "pool" in plan)
    assert notes["pool_frozen"].endswith("at the company's cost")
    assert "company's cost" not in notes["pool_restated"]
    site.run("calculate", "2026-08", "--on", "2026-08-10")
    assert not [r for r in site.results("2026-08") if "difference" in r["status"]], "posted once"
    assert "0 alarms" in site.run("alarms", "2026-06")
