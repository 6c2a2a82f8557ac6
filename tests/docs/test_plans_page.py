"""Every example of the page about plans can be applied, calculated and explained."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.incentives.test_found import Small

pytestmark = pytest.mark.django_db

PAGE = Path(__file__).parents[2] / "docs" / "plans.md"
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
HEAD = """
  till: {map: {transaction: sale, people_by: code}}
units: [{code: north}]
facts: {target: {kind: number}}
metrics:
  sold: {kind: sum}
  calls: {kind: sum}
  sales: {kind: sum}
  hours: {kind: sum}
  score: {kind: sum}
  quality_score: {kind: ratio}
goals: [{metric: sold, value: 100, from: 2026-01-01}]
transactions:
  sale:
    key: [no]
    dates: [sold_on, collected]
    attributes: {amount: money, product: text, margin: percent}
    roles: {seller: {}}
credits:
  - {group: g, order: 1, kind: sale, to: seller, amount: amount, into: sales, on: sold_on}
exchange_rates: [{name: month, base: USD, quote: EUR, rate: 0.9, from: 2026-01-01}]
plans:
  base:
    calendar: monthly
    family: base
    versions: [{in_force: 2026-01-01, components: {commission: {formula: '100'}}}]
  shown:
    calendar: monthly
    family: shown
    versions:
      - in_force: 2026-01-01
"""


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_an_example_pays(tmp_path: Path, number: int) -> None:
    body = "".join(f"        {line}\n" for line in EXAMPLES[number].splitlines())
    if "quality_score" in body:
        body = body.replace("measures:\n", "measures:\n          quality_score: {}\n", 1)
    site = Small(tmp_path, "ann,north,agent,2026-01-01,\nbob,north,agent,2026-01-01,", HEAD + body)
    site.values("ann,2026-01-05,sold,120,\nbob,2026-01-06,hours,7,\nann,2026-01-06,calls,60,\n")
    site.file(
        "ingest",
        "no,sold_on,collected,amount,product,margin,seller\n1,2026-01-07,,900,gold,40%,ann",
        "till",
    )
    site.run("calculate", "2026-01")
    site.run("explain", "ann", "2026-01", "--plan", "shown")
    assert site.run("describe", "shown")


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 8
