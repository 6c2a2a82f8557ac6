"""What went wrong once with credits and caps: small tenants, worked out by hand, by commands."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from django.core.management import CommandError

from tests.incentives.test_found import Small

pytestmark = pytest.mark.django_db

ONE_UNIT = """
units: [{code: north}]
metrics: {v: {kind: sum}}
"""
THREE = """
ann,north,agent,2026-01-01,
bob,north,agent,2026-01-01,
cem,north,lead,2026-01-01,
"""
DEALS = """
  crm:
    map:
      transaction: deal
      people_by: code
      parties: {seller: [{person: one}, {person: two}, {person: three}], helper: helper}
transactions:
  deal:
    key: [no]
    dates: [sold, gone]
    attributes: {amount: money, part: percent}
    roles: {seller: {share: equal}, helper: {}}
    undone: {share: 'DEFAULT(part, 0)', on: gone}
"""
SHARED = """
credits:
  - {group: v, order: 1, kind: deal, to: seller, split: true, amount: amount, into: v, on: sold}
"""
HEADER = "no,sold,gone,part,amount,one,two,three,helper\n"


def plan(component: str, measure: str = "v: {}", who: str = "agent") -> str:
    return f"""
plans:
  pay:
    calendar: monthly
    versions:
      - in_force: 2026-01-01
        eligibility: [{{job_type: {who}}}]
        measures: {{{measure}}}
        components: {{c: {{per: credit, of: v, {component}}}}}
"""


def lines(small: Small, period: str) -> dict[str, str]:
    """Amounts by person and line."""
    rows = csv.DictReader(io.StringIO(small.run("results", period)))
    return {f"{row['person']} {row['line']}": row["amount"] for row in rows}


def test_a_lead_is_paid_for_the_day_of_each_of_the_team(tmp_path: Path) -> None:
    rule = plan("formula: amount * 10%", "v: {scope: team}", who="lead")
    small = Small(tmp_path, THREE, ONE_UNIT + rule)
    small.values("ann,2026-01-05,v,10,\nbob,2026-01-05,v,20,")
    small.run("calculate", "2026-01")
    assert lines(small, "2026-01") == {
        "cem 2026-01-05|ann": "1.00",
        "cem 2026-01-05|bob": "2.00",
    }
    assert "Total: 3.00 EUR" in small.run("explain", "cem", "2026-01")


def test_a_lead_is_paid_for_a_deal_that_several_of_the_team_share(tmp_path: Path) -> None:
    rule = plan("formula: amount * 7%", "v: {scope: team}", who="lead")
    small = Small(tmp_path, THREE, DEALS + ONE_UNIT + SHARED + rule)
    small.file("ingest", HEADER + "7,2026-01-05,,,10000,ann,bob,cem,", "crm")
    small.run("calculate", "2026-01")
    assert lines(small, "2026-01") == {
        "cem deal/7/v/seller/ann": "233.34",
        "cem deal/7/v/seller/bob": "233.33",
        "cem deal/7/v/seller/cem": "233.33",
    }
    assert "Total: 700.00 EUR" in small.run("explain", "cem", "2026-01")
    small.run("finalise", "2026-01")
    small.file("ingest", HEADER + "7,2026-01-05,,,13000,ann,bob,cem,", "crm")
    small.run("finalise", "2026-02")
    assert sum(map(float, lines(small, "2026-02").values())) == 210.00
    assert "Difference" not in small.run("calculate", "2026-03")


def test_what_cancels_a_shared_deal_cancels_it_for_each(tmp_path: Path) -> None:
    rule = plan("formula: amount * 7%", "v: {undone_as: net}")
    everybody = THREE.replace("lead", "agent")
    small = Small(tmp_path, everybody, DEALS + ONE_UNIT + SHARED + rule)
    small.file("ingest", HEADER + "7,2026-01-05,2026-01-20,100%,10000,ann,bob,cem,", "crm")
    small.run("calculate", "2026-01")
    assert lines(small, "2026-01") == {
        "ann deal/7/v/seller": "233.34",
        "bob deal/7/v/seller": "233.33",
        "cem deal/7/v/seller": "233.33",
        "ann deal/7/v/seller undone": "-233.34",
        "bob deal/7/v/seller undone": "-233.33",
        "cem deal/7/v/seller undone": "-233.33",
    }
    assert "Total: 0.00 EUR" in small.run("explain", "ann", "2026-01")


def test_who_has_a_deal_twice_is_paid_and_told_why(tmp_path: Path) -> None:
    twice = """
  - {group: w, order: 1, kind: deal, to: helper, amount: amount * 0.333, into: v, on: sold}
"""
    small = Small(tmp_path, THREE, DEALS + ONE_UNIT + SHARED + twice + plan("formula: amount * 7%"))
    small.file("ingest", HEADER + "7,2026-01-05,,,100.50,ann,bob,,ann", "crm")
    small.run("calculate", "2026-01")
    # 3.5175, 3.5175 and 2.342655 come to 9.377655, so to 9.38.
    assert lines(small, "2026-01") == {
        "ann deal/7/v/seller": "3.52",
        "bob deal/7/v/seller": "3.52",
        "ann deal/7/w/helper": "2.34",
    }
    assert "Total: 5.86 EUR" in small.run("explain", "ann", "2026-01")


def test_the_longest_reference_is_a_line(tmp_path: Path) -> None:
    source = """
  refs:
    map: {person: {column: person, by: code}, day: day, reference: ref, values: {v: {column: v}}}
"""
    small = Small(tmp_path, THREE, source + ONE_UNIT + plan("formula: amount"))
    small.file("ingest", f"person,day,ref,v\nann,2026-01-05,{'R' * 120},5", "refs")
    small.run("calculate", "2026-01")
    assert lines(small, "2026-01") == {f"ann 2026-01-05|{'R' * 120}": "5.00"}


CAPPED = """
units: [{code: north}]
metrics: {x: {kind: sum}, y: {kind: sum}, z: {kind: sum}}
plans:
"""


def plans(**metrics: str) -> str:
    return CAPPED + "".join(
        f"  {code}: {{family: {code}, calendar: monthly, {rest} versions: [{{in_force: 2026-01-01,"
        f" measures: {{{metric}: {{}}}}, components: {{pay: {{formula: {metric}}}}}}}]}}\n"
        for code, (metric, _, rest) in ((c, m.partition(" ")) for c, m in metrics.items())
    )


TWO_CAPS = """
person_caps:
  - {name: one, calendar: monthly, amount: 100, plans: [a, b]}
  - {name: two, calendar: monthly, amount: AMOUNT, plans: [b, c]}
"""


@pytest.mark.parametrize(("amount", "left"), [("1000", "500.00"), ("90", "50.00")])
def test_the_second_cap_looks_at_what_the_first_has_left(
    tmp_path: Path, amount: str, left: str
) -> None:
    caps = TWO_CAPS.replace("AMOUNT", amount)
    small = Small(tmp_path, "ann,north,agent,2026-01-01,", plans(a="x", b="y", c="z") + caps)
    small.values("ann,2026-01-05,x,60,\nann,2026-01-05,y,80,\nann,2026-01-05,z,500,")
    small.run("calculate", "2026-01")
    assert small.amounts("2026-01") == {
        "ann.a.pay": "60.00",
        "ann.b.pay": "40.00",
        "ann.c.pay": left,
    }


def test_a_late_change_goes_through_all_caps_at_once(tmp_path: Path) -> None:
    caps = TWO_CAPS.replace("AMOUNT", "90")
    # The order of the caps is not that of the plans' codes.
    small = Small(tmp_path, "ann,north,agent,2026-01-01,", plans(c="x", b="y", a="z") + caps
                  .replace("[a, b]", "[c, b]").replace("[b, c]", "[b, a]"))  # fmt: skip
    small.values("ann,2026-01-05,x,60,\nann,2026-01-05,y,80,\nann,2026-01-05,z,500,")
    small.run("finalise", "2026-01")
    small.run("correct", "ann", "2026-01-05", "x", "90", "--reason", "recount")
    moved = {"ann.c.pay": "30.00", "ann.b.pay": "-30.00", "ann.a.pay": "30.00"}
    small.run("calculate", "2026-02")
    assert small.differences("2026-02") == moved
    small.run("finalise", "2026-02")
    assert small.differences("2026-02") == moved
    small.run("calculate", "2026-03")
    assert small.differences("2026-03") == {}


IN_EUROS = "person_caps: [{name: one, calendar: monthly, amount: 100, plans: [a, b]}]\n"
RATE = "exchange_rates: [{name: plan, base: USD, quote: EUR, rate: 0.9}]\n"


def test_a_cap_counts_what_is_paid_in_another_currency_at_its_rate(tmp_path: Path) -> None:
    two = plans(a="x", b="y currency: USD,")
    small = Small(tmp_path, "ann,north,agent,2026-01-01,", two + RATE + IN_EUROS)
    small.values("ann,2026-01-05,x,60,\nann,2026-01-05,y,80,")
    small.run("calculate", "2026-01")
    # 40.00 euros are left, 44.44 dollars.
    assert small.amounts("2026-01") == {"ann.a.pay": "60.00", "ann.b.pay": "44.44"}
    small.run("finalise", "2026-01")
    small.apply(two + RATE.replace("0.9", "0.8") + IN_EUROS)
    small.run("calculate", "2026-02")
    assert small.differences("2026-02") == {"ann.b.pay": "5.56"}
    assert "at most 100 EUR a period" in small.run("describe", "b")


def test_a_cap_without_a_rate_says_which_one_is_missing(tmp_path: Path) -> None:
    two = plans(a="x", b="y currency: USD,")
    small = Small(tmp_path, "ann,north,agent,2026-01-01,", two + IN_EUROS)
    small.values("ann,2026-01-05,x,60,")
    with pytest.raises(CommandError, match="no rate “plan” from USD to EUR for monthly:2026-01"):
        small.run("calculate", "2026-01")


def test_a_cap_on_one_plan_is_printed(tmp_path: Path) -> None:
    cap = "person_caps: [{name: one, calendar: monthly, amount: 100, plans: [a]}]\n"
    small = Small(tmp_path, "ann,north,agent,2026-01-01,", plans(a="x") + cap)
    assert "It pays one person at most 100 EUR a period of monthly" in small.run("describe", "a")


def test_what_a_team_shares_is_not_reduced_for_part_of_a_period(tmp_path: Path) -> None:
    small = Small(
        tmp_path,
        "ann,north,agent,2026-01-01,\nbob,north,agent,2026-01-17,",
        ONE_UNIT
        + """
plans:
  p:
    calendar: monthly
    versions:
      - in_force: 2026-01-01
        prorate: {amount: [days], days: calendar}
        measures: {v: {}}
        components:
          own: {formula: '310'}
          pool: {per: team, formula: '100', distribute: v}
""",
    )
    small.values("ann,2026-01-20,v,3,\nbob,2026-01-20,v,1,")
    small.run("finalise", "2026-01")
    assert small.amounts("2026-01") == {
        "ann.p.own": "310.00",
        "ann.p.pool": "75.00",
        "bob.p.own": "150.00",
        "bob.p.pool": "25.00",
    }
    told = small.run("explain", "bob", "2026-01")
    assert "PRORATE" in told
    assert "PRORATE" not in told.rpartition("pool:")[2]
