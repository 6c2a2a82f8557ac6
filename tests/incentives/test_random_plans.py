"""Both engines on plans and data drawn by lot: every line of everybody, to the cent.

The SQL engine calculates; every explanation works every line out again with the Decimal engine,
from what the run kept, and refuses where one cent differs. Sums that must hold do hold.
"""

from __future__ import annotations

import csv
import io
import random
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from incentives.explain import explain
from incentives.models import PlanPeriod
from org.models import Person, Tenant
from org.tenancy import enter
from tests.incentives.test_found import Small
from tests.seeds import first

pytestmark = pytest.mark.django_db

UNITS = ("north", "south")
PEOPLE = tuple(f"p{n}" for n in range(7))
HEAD = """
  till: {map: {transaction: sale, people_by: code}}
units: [{code: north}, {code: south}]
metrics:
  x: {kind: sum}
  y: {kind: sum}
  sales: {kind: sum}
  quality: {kind: ratio}
goals:
  - {metric: x, value: 50, from: 2026-01-01}
  - {metric: sales, value: 5000, from: 2026-01-01}
exchange_rates:
  - {name: plan, base: USD, quote: EUR, rate: 0.9137}
  - {name: month, base: USD, quote: EUR, rate: 0.9411, to: 2026-02-10}
  - {name: month, base: USD, quote: EUR, rate: 0.9523, from: 2026-02-10}
  - {name: day, base: USD, quote: EUR, rate: 0.8999, to: 2026-02-15}
  - {name: day, base: USD, quote: EUR, rate: 1.0101, from: 2026-02-15}
transactions:
  sale:
    key: [no]
    dates: [sold]
    attributes: {amount: money, product: text, margin: percent, back: percent}
    roles: {seller: {share: seller_share}, helper: {share: helper_share}}
    undone: {share: 'DEFAULT(back, 0)', on: sold}
credits:
  - {group: g, order: 1, kind: sale, when: 'product = "gift"', into: none}
  - {group: g, order: 2, kind: sale, to: [seller, helper], split: true,
     amount: amount, into: sales, on: sold}
"""


MEASURES = (
    "          x: {}",
    "          y: {}",
    "          quality: {}",
    "          team: {metric: x, scope: team, with_manager: true}",
    "          quarter: {metric: x, window: quarter_to_date}",
    "          year: {metric: x, window: year_to_date}",
    "          two: {metric: y, window: {rolling: 2}}",
    "          hire: {metric: sales, window: since_hire}",
)
SCHEDULE = (
    "        schedules:",
    "          parts:",
    "            - {share: 70%, release: final}",
    "            - {share: 30%, release: 2 months later, expires: 12 months}",
)


def formula(lot: random.Random) -> str:
    """A formula per person."""
    return lot.choice(
        (
            "TIER(x, step)",
            "IF(ATTAINMENT(x) >= 100%, y * 3.333, y / 7)",
            "MIN(sales * 1.37%, 111.11)",
            "IF(ISBLANK(quality), 0, quality * 17.77)",
            "100 / RANK(x)",
            "SHARE(y, unit) * 99.99",
            "PRIOR(x, 1) + YTD(y) / 3",
            "EARNED(base) * 12.5%",
            "SLICE(RANK(y) - 1, TIES(y), prizes) / TIES(y)",
            "TIER(year, step) + DEFAULT(two, 0) * 0.777",
            "quarter / 9 + hire / 13",
            "MIN(team, 500) * 1.9%",
            "QTD(sales) * 1.11% - PRIOR(y, 1)",
        )
    )


def component(lot: random.Random, name: str) -> str:
    """One component of a random grain."""
    grain = lot.choice(("person", "person", "credit", "day", "team"))
    gate = lot.choice(("", ", gate: 'x >= 20'"))
    paid = lot.choice(("", "", ", schedule: parts"))
    if grain == "person" and lot.random() < 0.3:
        to_date = gate.replace("x", "year")
        return (
            f"          {name}: {{formula: 'TIER(YTD(x), step)', cumulate: to_date{to_date}{paid}}}"
        )
    if grain == "person":
        cap = lot.choice(("", ", cap: '50'", ", modifier: '0.333'", ", floor: '5'"))
        return f"          {name}: {{formula: '{formula(lot)}'{gate}{cap}{paid}}}"
    if grain == "credit":
        text = lot.choice(
            ("SLICE(RUNNING(sales), amount, step)", "amount * margin", "amount * 3.337%")
        )
        each = lot.choice(("", ", rounding: {each: credit}", ", rounding: {each: running}"))
        return f"          {name}: {{per: credit, of: sales, formula: '{text}'{gate}{each}{paid}}}"
    if grain == "day":
        return f"          {name}: {{per: day, formula: 'IF(x >= 10, y * 1.111, 0)'}}"
    within = lot.choice(("unit", "plan", "job_type"))
    text = lot.choice(("77.77", "y * 3.3%", "EARNED(base) * 10%", "year * 0.7% + quarter / 11"))
    return (
        f"          {name}: {{per: team, formula: '{text}',"
        f" distribute: {{by: 'x + 1', within: {within}}}}}"
    )


def rated(lot: random.Random, text: str) -> str:
    """The same in dollars, perhaps, at one of the rates that its grain can have."""
    names = ["plan", "month"]
    if "per: credit" in text:
        names.append("day")
    rate = lot.choice(("", "", *names))
    return f"{text[:-1]}, currency: USD, exchange_rate: {rate}}}" if rate else text


def plan(lot: random.Random) -> str:
    """A plan with some components, and perhaps a cap, a limit, segments or shorter months."""
    undone = lot.choice(("restate", "reverse", "net"))
    lines = [
        "plans:",
        "  p:",
        "    calendar: monthly",
        "    versions:",
        "      - in_force: 2026-01-01",
        "        tables:",
        "          step: {rows: [[0, 3.33%], [20, 5.55%], [300, 7.77%]]}",
        "          prizes: {rows: [[0, 500], [1, 300], [2, 200], [3, 0]]}",
        "        measures:",
        f"          sales: {{undone_as: {undone}}}",
        *MEASURES,
        *SCHEDULE,
        "        components:",
        "          base: {formula: 'x * 1.25'}",
        *(rated(lot, component(lot, f"c{n}")) for n in range(6)),
    ]
    if lot.random() < 0.4:
        lines.append(f"        cap: '{lot.choice((60, 200))}'")
    if lot.random() < 0.3:
        lines.append("        limit: {amount: 90}")
    lines.append(f"        segments: {lot.choice(('blend', 'separate'))}")
    if lot.random() < 0.4:
        days = lot.choice(("calendar", "working"))
        lines.append(f"        prorate: {{amount: [days], days: {days}}}")
    return "\n".join([*lines, ""])


def values(lot: random.Random) -> str:
    """Figures of two months."""
    rows = []
    for person in PEOPLE:
        for metric in ("x", "y", "quality"):
            for day in lot.sample(range(1, 29), lot.randint(0, 4)):
                month = lot.choice((1, 2, 2))
                figure = Decimal(lot.randint(0, 4000)) / 100
                under = lot.randint(1, 9) if metric == "quality" else ""
                rows.append(f"{person},2026-{month:02}-{day:02},{metric},{figure},{under}")
    return "\n".join(rows) + "\n"


def sales(lot: random.Random) -> str:
    """Sales of February with one or two parties, some of them taken back."""
    rows = ["no,sold,amount,product,margin,back,seller,seller_share,helper,helper_share"]
    for number in range(lot.randint(3, 14)):
        amount = Decimal(lot.randint(1, 99999)) / 100
        about = [
            f"D{number}",
            f"2026-02-{lot.randint(1, 28):02}",
            str(amount),
            lot.choice(("loan", "card", "gift")),
            f"{lot.randint(1, 90)}%",
            lot.choice(("", "", "25%", "100%")),
        ]
        seller, helper = lot.sample(PEOPLE, 2)
        share = lot.randint(1, 99)
        shared = [seller, f"{share}%", helper, f"{100 - share}%"]
        rows.append(",".join(about + lot.choice((shared, [seller, "100%", "", ""]))))
    return "\n".join(rows) + "\n"


def jobs(lot: random.Random) -> str:
    """Everybody's job; some change it in February, some begin or leave there."""
    lines = []
    for person in PEOPLE:
        unit, other = lot.sample(UNITS, 2)
        day = f"2026-02-{lot.randint(2, 27):02}"
        lines += lot.choice(
            (
                [f"{person},{unit},agent,2026-01-01,"],
                [f"{person},{unit},agent,2026-01-01,"],
                [f"{person},{unit},agent,2026-01-01,{day}", f"{person},{other},lead,{day},"],
                [f"{person},{unit},agent,{day},"],
                [f"{person},{unit},agent,2026-01-01,{day}"],
            )
        )
    return "\n".join(lines)


@pytest.mark.parametrize("seed", first(2, of=8))
def test_every_line_is_the_same_in_both_engines(tmp_path: Path, seed: int) -> None:
    lot = random.Random(seed)
    site = Small(tmp_path, jobs(lot), HEAD + plan(lot))
    site.values(values(lot))
    site.file("ingest", sales(lot), "till")
    for period in ("2026-01", "2026-02"):
        site.run("calculate", period, "--on", "2026-03-02")
    with enter(Tenant.objects.get(code="small").pk):
        for point in PlanPeriod.objects.filter(run__isnull=False):
            for person in Person.objects.all():
                for one in explain(person=person, point=point):
                    assert one.components
    check_pools(site)


def check_pools(site: Small) -> None:
    """What each component paid in all is whole cents, and something was paid."""
    paid: dict[str, Decimal] = defaultdict(Decimal)
    for row in csv.DictReader(io.StringIO(site.run("results", "2026-02"))):
        if row["amount"]:
            paid[row["component"]] += Decimal(row["amount"])
    assert paid
    assert all(amount == amount.quantize(Decimal("0.01")) for amount in paid.values())
