"""Components of every grain, worked out by hand: per credit, day, person and team."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from django.core.management import CommandError

from tests.incentives.test_found import TWO_PEOPLE, Small

pytestmark = pytest.mark.django_db

THREE = "ann,north,agent,2026-01-01,\nbob,north,agent,2026-01-01,\ncy,south,agent,2026-01-01,"
UNITS = """
units: [{code: north}, {code: south}]
facts: {bonus: {kind: number}}
metrics:
  x: {kind: sum}
  y: {kind: sum}
  time: {kind: ratio, direction: lower, unit: seconds}
"""


def plan(version: str, **more: str) -> str:
    """A monthly plan with one version from January on."""
    body = "".join(f"        {line}\n" for line in version.strip("\n").splitlines())
    return (
        f"plans:\n  p:\n    calendar: monthly\n    versions:\n      - in_force: 2026-01-01\n{body}"
    )


def small(tmp_path: Path, version: str, *, people: str = THREE) -> Small:
    return Small(tmp_path, people, UNITS + plan(version))


def lines(site: Small, period: str = "2026-01") -> dict[str, list[str]]:
    """Amounts of every line, by person.component."""
    found: dict[str, list[str]] = {}
    for row in csv.DictReader(io.StringIO(site.run("results", period))):
        found.setdefault(f"{row['person']}.{row['component']}", []).append(row["amount"])
    return found


def test_tiers_along_the_credits_sum_to_the_tier_of_the_total(tmp_path: Path) -> None:
    site = small(
        tmp_path,
        """
tables: {step: {rows: [[0, 3.33%], [100, 6.67%]]}}
measures: {x: {}}
components:
  each: {per: credit, of: x, formula: 'SLICE(RUNNING(x), amount, step)'}
  whole: {formula: 'TIER(x, step)'}
  alone: {per: credit, of: x, formula: 'SLICE(RUNNING(x), amount, step)',
          rounding: {each: credit}}
""",
    )
    site.values(
        "".join(f"ann,2026-01-{d:02},x,33.35,\n" for d in range(5, 12)) + "bob,2026-01-05,x,10,\n"
    )
    site.run("calculate", "2026-01")
    found = lines(site)
    assert len(found["ann.each"]) == 7
    assert sum(map(float, found["ann.each"])) == pytest.approx(float(found["ann.whole"][0]))
    assert found["ann.whole"] == ["12.23"]
    assert found["ann.alone"][0] == "1.11"
    assert found["cy.whole"] == ["0.00"]
    assert "cy.each" not in found
    text = site.run("explain", "ann", "2026-01")
    assert "rounded along the running result" in text


def test_days_that_reach_a_mark_are_paid(tmp_path: Path) -> None:
    site = small(
        tmp_path,
        """
measures: {x: {}}
components:
  mark: {per: day, formula: 'IF(x >= 50, 5, 0)'}
  days: {formula: 'EARNED(mark) / 5'}
""",
    )
    site.values("ann,2026-01-05,x,50,\nann,2026-01-06,x,49,\nann,2026-01-07,x,80,\n")
    site.run("calculate", "2026-01")
    found = lines(site)
    assert found["ann.mark"] == ["5.00", "5.00"]
    assert found["ann.days"] == ["2.00"]
    assert found["bob.days"] == ["0.00"]
    assert "2026-01-07" in site.run("explain", "ann", "2026-01")


def test_a_pool_is_shared_to_the_cent_within_each_unit(tmp_path: Path) -> None:
    site = small(
        tmp_path,
        """
measures: {x: {}, y: {}}
components:
  pool: {per: team, formula: '100', distribute: x}
  sales: {per: team, formula: 'y * 10%', distribute: {by: x, within: plan}}
""",
    )
    site.values(
        "ann,2026-01-05,x,1,\nbob,2026-01-06,x,2,\ncy,2026-01-07,x,4,\ncy,2026-01-08,y,70,\n"
    )
    site.run("calculate", "2026-01")
    found = lines(site)
    assert (found["ann.pool"], found["bob.pool"], found["cy.pool"]) == (
        ["33.33"],
        ["66.67"],
        ["100.00"],
    )
    assert [found[f"{p}.sales"] for p in ("ann", "bob", "cy")] == [["1.00"], ["2.00"], ["4.00"]]
    assert "largest remainder" in site.run("explain", "bob", "2026-01")


def test_places_and_shares_among_everybody(tmp_path: Path) -> None:
    site = small(
        tmp_path,
        """
tables: {prizes: {rows: [[0, 500], [1, 300], [2, 200], [3, 0]]}}
measures: {x: {}, time: {}}
components:
  prize: {formula: 'SLICE(RANK(x) - 1, TIES(x), prizes) / TIES(x)'}
  best: {formula: 'RANK(time)'}
  mine: {formula: 'RANK(x, unit)'}
  part: {formula: '100 * SHARE(x)'}
  after: {formula: 'RANK(prize)'}
""",
    )
    site.values(
        "ann,2026-01-05,x,8,\nbob,2026-01-06,x,8,\ncy,2026-01-07,x,4,\n"
        "ann,2026-01-05,time,300,1\nbob,2026-01-05,time,200,1\ncy,2026-01-05,time,250,1\n"
    )
    site.run("calculate", "2026-01")
    found = lines(site)
    people = ("ann", "bob", "cy")
    assert [found[f"{p}.prize"] for p in people] == [["400.00"], ["400.00"], ["200.00"]]
    assert [found[f"{p}.best"] for p in people] == [["3.00"], ["1.00"], ["2.00"]]
    assert [found[f"{p}.mine"] for p in people] == [["1.00"], ["1.00"], ["1.00"]]
    assert [found[f"{p}.part"] for p in people] == [["40.00"], ["40.00"], ["20.00"]]
    assert [found[f"{p}.after"] for p in people] == [["1.00"], ["1.00"], ["3.00"]]
    site.run("explain", "bob", "2026-01")


def test_a_sum_to_date_pays_what_came_since_the_period_before(tmp_path: Path) -> None:
    site = small(
        tmp_path,
        """
tables: {step: {rows: [[0, 5%], [120, 8%]]}}
measures: {x: {window: year_to_date}, last: {metric: x}}
components:
  commission: {formula: 'TIER(x, step)', cumulate: to_date, cap: '9'}
  before: {formula: 'PRIOR(last, 1)'}
  year: {formula: 'YTD(last)'}
""",
    )
    site.values("ann,2026-01-05,x,110,\nann,2026-02-06,x,20,\nann,2026-03-06,x,50,\n")
    for period in ("2026-01", "2026-02", "2026-03"):
        site.run("calculate", period)
    assert lines(site)["ann.commission"] == ["5.50"]
    assert lines(site, "2026-02")["ann.commission"] == ["1.30"]
    assert lines(site, "2026-03")["ann.commission"] == ["2.20"], "the cap leaves 9 in all"
    assert lines(site, "2026-02")["ann.before"] == ["110.00"]
    assert lines(site, "2026-03")["ann.year"] == ["180.00"]
    site.run("explain", "ann", "2026-03")


def test_a_cap_of_the_plan_is_allotted_back_to_the_cent(tmp_path: Path) -> None:
    site = small(
        tmp_path,
        """
measures: {x: {}}
components:
  one: {formula: x}
  two: {formula: x}
  three: {per: credit, of: x, formula: amount}
cap: '100'
gate: 'total >= 30'
""",
    )
    site.values("ann,2026-01-05,x,50,\nbob,2026-01-06,x,9,\ncy,2026-01-06,x,20,\n")
    site.run("calculate", "2026-01")
    found = lines(site)
    assert sorted(found[f"ann.{c}"][0] for c in ("one", "two", "three")) == [
        "33.33",
        "33.33",
        "33.34",
    ]
    assert [found[f"bob.{c}"] for c in ("one", "two", "three")] == [["0.00"]] * 3
    assert [found[f"cy.{c}"] for c in ("one", "two", "three")] == [["20.00"]] * 3
    site.run("explain", "ann", "2026-01")


def test_what_another_plan_earned(tmp_path: Path) -> None:
    site = Small(
        tmp_path,
        TWO_PEOPLE,
        UNITS
        + """
plans:
  a_second:
    calendar: monthly
    family: other
    versions:
      - in_force: 2026-01-01
        measures: {team: {earnings_of: p.bonus, scope: team}}
        components:
          more: {formula: 'EARNED(p.bonus) * 10%'}
          override: {formula: 'team * 1%'}
  p:
    calendar: monthly
    versions:
      - in_force: 2026-01-01
        measures: {x: {}}
        components: {bonus: {formula: x}}
""",
    )
    site.values("ann,2026-01-05,x,50,\nbob,2026-01-06,x,30,\n")
    site.run("calculate", "2026-01")
    found = lines(site)
    assert (found["ann.more"], found["bob.more"]) == (["5.00"], ["3.00"])
    assert (found["ann.override"], found["bob.override"]) == (["0.80"], ["0.80"])


@pytest.mark.parametrize(
    "last, written",
    [
        ("z_last", "EARNED(Z_LAST.bonus)"),
        ("z-last", 'EARNED("Z-Last.Bonus")'),
    ],
)
def test_plans_are_worked_out_after_those_whose_pay_they_read(
    tmp_path: Path, last: str, written: str
) -> None:
    site = Small(
        tmp_path,
        TWO_PEOPLE,
        UNITS
        + f"""
plans:
  a_first:
    calendar: monthly
    family: other
    versions: [{{in_force: 2026-01-01, components: {{more: {{formula: '{written} * 10%'}}}}}}]
  {last}:
    calendar: monthly
    versions:
      - {{in_force: 2026-01-01, measures: {{x: }}, components: {{bonus: {{formula: x}}}}}}
""",
    )
    site.values("ann,2026-01-05,x,50,\nbob,2026-01-06,x,30,\n")
    site.run("calculate", "2026-01")
    found = lines(site)
    assert (found["ann.more"], found["bob.more"]) == (["5.00"], ["3.00"])


CAPPED = """
plans:
  first:
    calendar: monthly
    family: a
    versions: [{in_force: 2026-01-01, measures: {x: {}}, components: {one: {formula: x}}}]
  second:
    calendar: monthly
    family: b
    versions:
      - in_force: 2026-01-01
        measures: {x: {}}
        components: {two: {formula: x}, three: {formula: x / 2}}
person_caps: [{name: all, calendar: monthly, amount: 100, plans: [first, second]}]
"""


def test_a_cap_over_plans_cuts_the_later_one(tmp_path: Path) -> None:
    site = Small(tmp_path, TWO_PEOPLE, UNITS + CAPPED)
    site.values("ann,2026-01-05,x,50,\nbob,2026-01-06,x,40,\n")
    site.run("calculate", "2026-01")
    found = lines(site)
    assert [found[f"ann.{c}"] for c in ("one", "two", "three")] == [["50.00"], ["33.33"], ["16.67"]]
    assert [found[f"bob.{c}"] for c in ("one", "two", "three")] == [["40.00"], ["40.00"], ["20.00"]]
    assert "before the cap over several plans" in site.run("explain", "ann", "2026-01")
    site.run("finalise", "2026-01", "--on", "2026-02-02")
    site.values("ann,2026-01-07,x,30,\n")
    site.run("calculate", "2026-02", "--on", "2026-02-03")
    late = site.differences("2026-02")
    assert late == {
        "ann.first.one": "30.00",
        "ann.second.two": "-20.00",
        "ann.second.three": "-10.00",
    }
    site.run("explain", "ann", "2026-01")


SHARED = """
  till: {map: {transaction: sale, people_by: code}}
units: [{code: north}]
metrics: {x: {kind: sum}, sales: {kind: sum}}
transactions:
  sale:
    key: [no]
    dates: [sold]
    attributes: {amount: money}
    roles: {one: {share: equal}, two: {share: equal}, three: {share: equal}}
credits:
  - {group: g, order: 1, kind: sale, to: [one, two, three], split: true, amount: amount,
     into: sales, on: sold}
plans:
  p:
    calendar: monthly
    versions:
      - in_force: 2026-01-01
        measures: {x: {}, sales: {}}
        components:
          deal: {per: credit, of: sales, formula: 'amount * 7%'}
          more: {formula: x}
"""


def test_the_cents_of_a_shared_deal_stay_where_they_are(tmp_path: Path) -> None:
    """Working one party out anew must not round the deal as if the others were not there."""
    site = Small(tmp_path, THREE.replace("south", "north"), SHARED)
    site.file("ingest", "no,sold,amount,one,two,three\n1,2026-01-05,10000,ann,bob,cy", "till")
    site.run("calculate", "2026-01")
    found = lines(site)
    shares = [found[f"{p}.deal"] for p in ("ann", "bob", "cy")]
    assert shares == [["233.34"], ["233.33"], ["233.33"]]
    site.run("finalise", "2026-01", "--on", "2026-02-02")
    site.values("ann,2026-01-07,x,30,\n")
    site.run("calculate", "2026-02", "--on", "2026-02-03")
    assert site.differences("2026-02") == {"ann.p.more": "30.00"}


def test_three_who_divide_by_zero_are_listed_and_the_others_are_paid(tmp_path: Path) -> None:
    people = [f"p{n:03}" for n in range(60)]
    jobs = "\n".join(f"{person},north,agent,2026-01-01," for person in people)
    site = small(
        tmp_path,
        """
measures: {x: {}, y: {}}
components: {rate: {formula: 'x / y'}, credit: {per: credit, of: x, formula: 'amount / y'}}
""",
        people=jobs,
    )
    zero = {"p007", "p031", "p059"}
    site.values(
        "".join(
            f"{person},2026-01-05,x,50,\n{person},2026-01-05,y,{0 if person in zero else 4},\n"
            for person in people
        )
    )
    assert "6 failed" in site.run("calculate", "2026-01")
    found = lines(site)
    assert {p for p in people if found[f"{p}.rate"] == ["12.50"]} == set(people) - zero
    assert {p for p in people if found[f"{p}.credit"] == [""]} == zero
    with pytest.raises(CommandError) as refused:
        site.run("finalise", "2026-01", "--on", "2026-02-02")
    assert all(person in str(refused.value) for person in zero)
    assert "divided by zero" in str(refused.value)
    assert "p008" not in str(refused.value)


POOL = """
measures: {x: {}, y: {}}
components:
  pool: {per: team, formula: 'x', distribute: {by: 'y', within: plan}}
"""


@pytest.mark.parametrize(
    ("weights", "amounts", "sentences"),
    [
        ((-5, 10, 0), ["", "", ""], ["below zero", "the pool waits"]),
        ((0, 0, 0), ["0.00", "0.00", "0.00"], ["0 of 0"]),
        ((0, 10, 0), ["0.00", "100.33", "0.00"], []),
    ],
)
def test_nobody_shares_a_pool_by_less_than_nothing(
    tmp_path: Path, weights: tuple[int, ...], amounts: list[str], sentences: list[str]
) -> None:
    site = small(tmp_path, POOL)
    people = ("ann", "bob", "cy")
    figures = [f"{p},2026-01-05,y,{w}," for p, w in zip(people, weights, strict=True)]
    site.values("\n".join(["ann,2026-01-05,x,100.33,", *figures]))
    site.run("calculate", "2026-01", "--on", "2026-02-01")
    assert [lines(site)[f"{person}.pool"][0] for person in people] == amounts
    said = site.run("explain", "ann", "2026-01") + site.run("explain", "bob", "2026-01")
    assert all(sentence in said for sentence in sentences)
