"""What went wrong once with held money: small tenants, worked out by hand, by commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from metrics.models import Delivery
from org.models import Tenant
from org.tenancy import enter
from tests.incentives.test_found import Small

pytestmark = pytest.mark.django_db

WORLD = """
  crm: {map: {transaction: sale, people_by: code}}
units: [{code: north}]
metrics: {volume: {kind: sum}}
transactions:
  sale: {key: [no], dates: [sold, collected], attributes: {amount: money}, roles: {seller: {}}}
credits:
  - {group: v, order: 1, kind: sale, to: seller, amount: amount, into: volume, on: sold}
plans:
  sales:
    calendar: monthly
    versions:
      - in_force: 2026-01-01
        measures: {volume: {}}
        components: {c: {per: credit, of: volume, formula: amount * 10%, schedule: collect}}
        schedules:
          collect: [{share: 70%, release: final}, {share: 30%, release: WAITS}]
"""
COLLECTED = "'NOT(ISBLANK(collected))'"
SALE = "no,sold,collected,amount,seller\n1,2026-01-05,DAY,1000,ann"
LEFT = "code,name,pay_group,hired,left\nann,ann,staff,2020-01-01,2026-02-10"


def world(rest: str, waits: str = COLLECTED) -> str:
    return WORLD.replace("WAITS", waits) + f"        {rest}\n"


def accounts(small: Small) -> str:
    """Ann's accounts, as the command says them."""
    [line] = [
        text for text in small.run("balance", "ann").splitlines() if text.startswith("EUR: granted")
    ]
    return line.partition(" = ")[2]


@pytest.mark.parametrize(
    ("waits", "held", "then"),
    [
        (COLLECTED, "keep", "held 0.00 + due 100.00 + paid 0.00 + lost 0.00"),
        (COLLECTED, "forfeit", "held 0.00 + due 70.00 + paid 0.00 + lost 30.00"),
        # Payable while Ann was still there, and after her last day.
        ("2026-02-05", "forfeit", "held 0.00 + due 100.00 + paid 0.00 + lost 0.00"),
        ("2026-02-20", "forfeit", "held 0.00 + due 70.00 + paid 0.00 + lost 30.00"),
    ],
)
def test_who_leaves_keeps_or_forfeits_what_is_held(
    tmp_path: Path, waits: str, held: str, then: str
) -> None:
    small = Small(
        tmp_path, "ann,north,agent,2026-01-01,", world(f"leavers: {{held: {held}}}", waits)
    )
    small.file("ingest", SALE.replace("DAY", ""), "crm")
    small.run("finalise", "2026-01", "--on", "2026-02-01")
    assert accounts(small).startswith("held 30.00 + due 70.00")
    small.file("people", LEFT)
    small.run("release", "--on", "2026-02-10")
    small.run("release", "--on", "2026-03-01")
    small.file("ingest", SALE.replace("DAY", "2026-03-05"), "crm")
    small.run("release", "--on", "2026-03-06")
    assert accounts(small).startswith(then)
    assert "0 held amounts released, 0 amounts lost" in small.run("release", "--on", "2026-04-01")


@pytest.mark.parametrize(
    ("rest", "in_the_year"), [("excess: lose", (0, 30)), ("lapses: year_end", (30, 0))]
)
def test_what_is_payable_and_finds_no_room_in_its_year_does_not_wait_for_ever(
    tmp_path: Path, rest: str, in_the_year: tuple[int, int]
) -> None:
    small = Small(
        tmp_path, "ann,north,agent,2026-01-01,", world(f"limit: {{amount: 70, per: year, {rest}}}")
    )
    small.file("ingest", SALE.replace("DAY", ""), "crm")
    small.run("finalise", "2026-01", "--on", "2026-02-01")
    small.file("ingest", SALE.replace("DAY", "2026-02-05"), "crm")
    small.run("release", "--on", "2026-02-06")
    held, lost = in_the_year
    assert accounts(small).startswith(f"held {held}.00 + due 70.00 + paid 0.00 + lost {lost}.00")
    for month in range(2, 13):
        small.run("finalise", f"2026-{month:02}", "--on", "2027-01-02")
    small.run("release", "--on", "2027-01-03")
    assert accounts(small).startswith("held 0.00 + due 70.00 + paid 0.00 + lost 30.00")


def test_a_file_that_came_before_others_says_how_it_can_count_again(tmp_path: Path) -> None:
    small = Small(tmp_path, "ann,north,agent,2026-01-01,", world("gate: total > 0"))
    small.file("ingest", SALE.replace("DAY", ""), "crm")
    assert "nothing changes." in small.file("ingest", SALE.replace("DAY", ""), "crm")
    small.file("ingest", SALE.replace("DAY", "2026-02-05"), "crm")
    said = small.file("ingest", SALE.replace("DAY", ""), "crm")
    assert "Later deliveries stand over it" in said
    number = said.rpartition("undo delivery ")[2].split()[0]
    small.run("undo", number)
    assert "1 superseded" in small.file("ingest", SALE.replace("DAY", ""), "crm")


def test_nothing_is_let_go_for_a_deal_that_is_gone(tmp_path: Path) -> None:
    """Without the deal all of it reads as blank, and what is due would be paid before it is taken
    back."""
    open_still = world("gate: total > 0", "'ISBLANK(collected)'")
    small = Small(tmp_path, "ann,north,agent,2026-01-01,", open_still)
    small.file("ingest", SALE.replace("DAY", "2026-01-20"), "crm")
    small.run("finalise", "2026-01", "--on", "2026-02-01")
    with enter(Tenant.objects.get().pk):
        number = Delivery.objects.get().pk
    small.run("undo", number)
    small.run("release", "--on", "2026-02-10")
    assert accounts(small).startswith("held 30.00 + due 70.00")
    small.run("finalise", "2026-02", "--on", "2026-03-01")
    assert accounts(small).startswith("held 0.00 + due 0.00")


def test_who_has_left_keeps_what_the_limit_let_through_when_a_deal_shrinks(
    tmp_path: Path,
) -> None:
    """As if 500 had been known from the beginning: 35 due, and 15 that nobody was there for."""
    rest = "limit: {amount: 50, per: year}\n        leavers: {held: forfeit}"
    small = Small(tmp_path, "ann,north,agent,2026-01-01,", world(rest))
    small.file("ingest", SALE.replace("DAY", ""), "crm")
    small.run("finalise", "2026-01", "--on", "2026-02-01")
    small.file("people", LEFT)
    small.run("release", "--on", "2026-02-12")
    assert accounts(small).startswith("held 0.00 + due 50.00 + paid 0.00 + lost 50.00")
    small.file("ingest", SALE.replace("DAY", "2026-02-20").replace("1000", "500"), "crm")
    small.run("finalise", "2026-02", "--on", "2026-03-01")
    assert accounts(small).startswith("held 0.00 + due 35.00 + paid 0.00 + lost 15.00")


def test_who_has_left_forfeits_what_is_learnt_late_of_a_part_whose_day_came_after(
    tmp_path: Path,
) -> None:
    """As if 1500 had been known from the beginning: 105 due, and 45 that nobody was there for."""
    forfeits = world("leavers: {held: forfeit}", "2026-02-20")
    small = Small(tmp_path, "ann,north,agent,2026-01-01,", forfeits)
    small.file("ingest", SALE.replace("DAY", ""), "crm")
    small.run("finalise", "2026-01", "--on", "2026-02-01")
    small.file("people", LEFT)
    more = SALE.replace("DAY", "").replace("1,2026", "2,2026").replace("1000", "500")
    small.file("ingest", more, "crm")
    small.run("finalise", "2026-02", "--on", "2026-03-01")
    assert accounts(small).startswith("held 0.00 + due 105.00 + paid 0.00 + lost 45.00")
    small.file("ingest", more.replace("500", "700"), "crm")
    small.run("finalise", "2026-03", "--on", "2026-04-01")
    assert accounts(small).startswith("held 0.00 + due 119.00 + paid 0.00 + lost 51.00")


def test_results_list_what_was_adjusted_by_hand(tmp_path: Path) -> None:
    users = """
users:
  pat: {name: Pat Pay, roles: [payroll]}
  robin: {name: Robin Right, roles: [payroll]}
"""
    small = Small(tmp_path, "ann,north,agent,2026-01-01,", world("gate: total > 0") + users)
    small.file("ingest", SALE.replace("DAY", ""), "crm")
    small.run("finalise", "2026-01", "--on", "2026-02-01")
    who = ("--by", "pat", "--approved-by", "robin")
    for amount in ("200", "-30.50"):
        small.run("adjust", "ann", amount, "--period", "2026-01", "--reason", "Fair", *who)
    rows = [row for row in small.run("results", "2026-01").splitlines() if "adjustment" in row]
    assert [row.split(",")[:6] for row in rows] == [
        ["ann", "", "adjustment", "200.00", "EUR", "adjustment"],
        ["ann", "", "adjustment", "-30.50", "EUR", "adjustment"],
    ]
