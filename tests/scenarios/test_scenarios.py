"""Acceptance scenarios: each a tenant file, source files and the commands that people type."""

from decimal import Decimal

import pytest

from tests.scenarios.site import Site

pytestmark = pytest.mark.django_db

JULY = ("--on", "2026-07-02")


def money(text: str) -> Decimal:
    return Decimal(text)


def test_14_three_calendars() -> None:
    """A month that is final, a quarter that is open, a campaign that ends late in New York."""
    site = Site("s14")
    site.ingest("crm", "sales.csv")
    site.run("finalise", "monthly:2026-01", "--on", "2026-02-02")
    assert site.amount("monthly:2026-01", "ann", status="final") == money("200.00")
    site.run("finalise", "monthly:2026-02", "--on", "2026-03-02")
    site.run("calculate", "quarterly:2026-Q1", "--on", "2026-03-09")
    assert site.amount("quarterly:2026-Q1", "ann") == 0

    site.ingest("crm", "late.csv")
    site.run("calculate", "monthly:2026-03", "--on", "2026-03-10")
    site.run("calculate", "quarterly:2026-Q1", "--on", "2026-03-10")
    late = [r for r in site.results("monthly:2026-03") if r["status"] == "provisional difference"]
    assert [(r["amount"], r["earned"]) for r in late] == [("30.00", "2026-01")]
    assert "late.csv" in late[0]["note"]
    quarter = site.results("quarterly:2026-Q1")
    assert [(r["amount"], r["status"]) for r in quarter] == [("150.00", "provisional")]
    assert "Sales (sales): 102" in site.run("explain", "ann", "quarterly:2026-Q1")

    site.run("calculate", "spiff", "--on", "2026-03-26")
    assert site.amount("spiff", "ann") == money("30.00")

    site.run("finalise", "monthly:2026-03", "--on", "2026-04-02")
    booked = [r for r in site.results("monthly:2026-03") if r["status"] == "difference"]
    assert [(r["amount"], r["earned"]) for r in booked] == [("30.00", "2026-01")]
    site.run("calculate", "monthly:2026-04", "--on", "2026-04-03")
    again = site.results("monthly:2026-04")
    assert [r["status"] for r in again] == ["provisional"], "the difference is posted once"


def test_17_one_plan_two_goals() -> None:
    site = Site("s17")
    site.ingest("figures", "figures.csv")
    site.run("calculate", "2026-06", *JULY)
    assert site.amount("2026-06", "ann", plan="blended") == money("576.00")
    separate = [r["amount"] for r in site.results("2026-06") if r["plan"] == "separate"]
    assert sorted(separate) == ["240.00", "420.00"]
    assert "attainment 96 %" in site.run("explain", "ann", "2026-06", "--plan", "blended")
    costs = site.run("results", "2026-06", "--by-unit").splitlines()
    assert costs == [
        "plan,unit,name,amount,currency",
        "blended,team_a,Team A,288.00,EUR",
        "blended,team_b,Team B,288.00,EUR",
        "separate,team_a,Team A,420.00,EUR",
        "separate,team_b,Team B,240.00,EUR",
    ]


def test_18_goals_of_ratios_follow_the_volume() -> None:
    site = Site("s18")
    site.ingest("figures", "figures.csv")
    site.run("calculate", "2026-06", *JULY)
    assert site.amounts("2026-06") == {
        "ann.actual": money("324.00"),
        "ann.goal": money("320.00"),
        "ann.attainment": money("98.77"),
        "ann.bonus": money("0.00"),
    }


def test_19_quality_and_balances_across_segments() -> None:
    site = Site("s19")
    site.ingest("figures", "figures.csv")
    site.run("calculate", "2026-06", *JULY)
    assert site.amounts("2026-06") == {
        "ann.score": money("83.33"),
        "ann.bonus": money("0.00"),
        "ann.balance": money("1100000.00"),
        "mia.balance": money("0.00"),
        "max.balance": money("1100000.00"),
    }


@pytest.mark.parametrize(
    ("plan", "goal", "attainment", "bonus"),
    [
        ("calendar_with_first", "26.60", "90.23", "0.00"),
        ("calendar_without_first", "25.20", "95.24", "900.00"),
        ("working", "24.00", "100.00", "900.00"),
        ("goal_and_amount", "24.00", "100.00", "514.29"),
        ("amount_only", "42.00", "57.14", "0.00"),
    ],
)
def test_20_hired_in_the_month(plan: str, goal: str, attainment: str, bonus: str) -> None:
    site = Site("s20")
    site.ingest("figures", "figures.csv")
    site.run("calculate", "2026-06", *JULY)
    assert site.amounts("2026-06", plan=plan) == {
        "ann.goal": money(goal),
        "ann.attainment": money(attainment),
        "ann.bonus": money(bonus),
    }
    text = site.run("explain", "ann", "2026-06", "--plan", plan)
    for said in ("The goal is", "The amount is", "first day"):
        assert said in text


def test_22_team_goal_and_a_transfer() -> None:
    site = Site("s22")
    site.ingest("figures", "figures.csv")
    site.run("calculate", "monthly:2026-06", *JULY)
    site.run("calculate", "monthly_fixed:2026-06", *JULY)
    by_head = site.amounts("monthly:2026-06")
    assert by_head["ann.goal"] == by_head["p1.goal"] == money("200.00")
    assert by_head["ann.attainment"] == money("103.00")
    assert by_head["ann.bonus"] == money("55.00")
    assert by_head["p9.bonus"] == money("105.00")
    fixed = site.amounts("monthly_fixed:2026-06")
    assert fixed["ann.attainment"] == fixed["p1.attainment"] == money("98.10")
    assert fixed["p1.bonus"] == 0


def test_25_which_plan_and_two_jobs() -> None:
    site = Site("s25")
    site.ingest("crm", "sales.csv")
    site.ingest("telephone", "calls.csv")
    site.run("calculate", "2026-06", *JULY)
    main_and_campaign = {
        person: sum(
            site.amount("2026-06", person, plan=plan)
            for plan in ("clerks", "kim", "campaign")
            if any(r["plan"] == plan and r["person"] == person for r in site.results("2026-06"))
        )
        for person in ("kim", "leo")
    }
    assert main_and_campaign == {"kim": money("450.00"), "leo": money("350.00")}
    two_jobs = {
        (r["plan"], r["component"], r["job"]): r["amount"]
        for r in site.results("2026-06")
        if r["person"] == "kim" and r["plan"].endswith("_goals")
    }
    assert two_jobs == {
        ("branch_goals", "goal", "primary"): "12.00",
        ("branch_goals", "actual", "primary"): "5.00",
        ("phone_goals", "goal", "telephone"): "20.00",
        ("phone_goals", "actual", "telephone"): "17.00",
    }


def test_26_zero_no_data_too_few() -> None:
    site = Site("s26")
    site.ingest("crm", "sales.csv", "--complete-to", "2026-06-30")
    site.ingest("surveys", "surveys.csv", "--complete-to", "2026-06-20")
    site.ingest("scores", "scores.csv")
    site.run("calculate", "2026-06", *JULY)
    amounts = site.amounts("2026-06", plan="guarantee")
    assert amounts == {"eve.commission": money("800.00"), "eve.attainment": money("0.00")}
    [fay] = [r for r in site.results("2026-06") if r["person"] == "fay"]
    assert (fay["amount"], fay["status"]) == ("", "undecided")
    assert "2026-06-20" in fay["note"]
    assert site.amount("2026-06", "gus", plan="weights_move") == money("102.50")
    assert site.amount("2026-06", "gus", plan="counts_zero") == money("82.00")

    refusal = site.refused("finalise", "2026-06", *JULY)
    assert "Fay Fox" in refusal
    assert "Eve" not in refusal
    site.run("complete", "surveys", "2026-06-30")
    site.run("finalise", "2026-06", *JULY)
    assert site.amount("2026-06", "fay", status="final") == money("100.00")


def test_26_goals_of_zero_stop_nobody_else() -> None:
    site = Site("s26_zero_goals")
    site.ingest("figures", "figures.csv")
    said = site.run("calculate", "2026-06", *JULY)
    assert "1000 people" in said
    assert "3 failed" in said
    results = site.results("2026-06")
    assert sum(r["amount"] == "80.00" for r in results) == 997
    listed = {r["person"]: r["note"] for r in results if not r["amount"]}
    assert set(listed) == {"p0007", "p0500", "p0999"}
    assert all("goal is zero" in note for note in listed.values())

    refusal = site.refused("finalise", "2026-06", *JULY)
    assert all(f"Person {n}" in refusal for n in ("0007", "0500", "0999"))
    assert "reason" in site.refused("decide", "2026-06", "p0007", "sales", "100%")
    for person, attainment in (("p0007", "100%"), ("p0500", "0%"), ("p0999", "leave_out")):
        site.run("decide", "2026-06", person, "sales", attainment, "--reason", "On leave all month")
    site.run("finalise", "2026-06", *JULY)
    final = site.amounts("2026-06", status="final")
    assert [final[f"{p}.bonus"] for p in ("p0007", "p0500", "p0999")] == [100, 0, 0]


def test_27_bounds_and_decisions() -> None:
    site = Site("s27")
    site.ingest("figures", "figures.csv")
    site.run("calculate", "2026-06", *JULY)
    assert site.amount("2026-06", "ann", plan="rounded") == money("500.00")
    assert site.amount("2026-06", "ann", plan="exact") == money("0.00")
    assert "attainment 99.995 %" in site.run("explain", "ann", "2026-06", "--plan", "exact")
    assert site.amount("2026-06", "bea", plan="thirds") == money("500.00")
    assert site.amount("2026-06", "cy", plan="by_actual") == money("125.00")
    assert site.amount("2026-06", "cy", plan="two_minus") == money("100.00")
    dan = [r for r in site.results("2026-06") if r["person"] == "dan"]
    assert all(r["status"] == "undecided" and r["amount"] == "" for r in dan)
