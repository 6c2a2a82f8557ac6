"""Two caps over plans in three currencies, by lot, held against plain arithmetic."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Mapping, Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

from tests.incentives.test_found import Small

pytestmark = pytest.mark.django_db
PEOPLE = [f"p{number:02}" for number in range(40)]
JOBS = "\n".join(f"{code},north,agent,2026-01-01," for code in PEOPLE)
CURRENCY = {"a": "EUR", "b": "USD", "c": "JPY", "d": "EUR"}
PLACES = {"EUR": 2, "USD": 2, "JPY": 0}
RATES = {
    ("USD", "EUR"): Decimal("0.9137"),
    ("JPY", "EUR"): Decimal("0.00613"),
    ("EUR", "USD"): Decimal("1.0944"),
    ("JPY", "USD"): Decimal("0.0067"),
}
# Where both hold one who takes back what the other counted on, they go on in turn.
CAPS = [(Decimal(687), "EUR", "cab"), (Decimal(311), "USD", "bdc")]
WORLD = """
units: [{code: north}]
metrics: {a: {kind: sum}, b: {kind: sum}, c: {kind: sum}, d: {kind: sum}}
"""
PLAN = """  {code}:
    family: family_{code}
    currency: {currency}
    calendar: monthly
    versions:
      - in_force: 2026-01-01
        measures: {{{code}: {{}}}}
        components:
          third: {{formula: '{code} / 3', rounding: {{decimals: {places}}}}}
          rest: {{formula: '{code} / 7 - 11', rounding: {{decimals: {places}}}}}
"""
Amounts = dict[str, Decimal]


def rules() -> str:
    text = WORLD + "exchange_rates:\n"
    for (base, quote), rate in RATES.items():
        text += f"  - {{name: plan, base: {base}, quote: {quote}, rate: {rate}}}\n"
    text += "plans:\n"
    for code, currency in CURRENCY.items():
        text += PLAN.format(code=code, currency=currency, places=PLACES[currency])
    text += "person_caps:\n"
    for number, (amount, currency, plans) in enumerate(CAPS):
        text += (
            f"  - {{name: cap{number}, calendar: monthly, amount: {amount}, currency: {currency},"
            f" plans: [{', '.join(plans)}]}}\n"
        )
    return text


def rate(plan: str, currency: str) -> Decimal:
    own = CURRENCY[plan]
    return Decimal(1) if own == currency else RATES[own, currency]


def coin(plan: str) -> Decimal:
    return Decimal(1).scaleb(-PLACES[CURRENCY[plan]])


def gross(plan: str, figure: int) -> Decimal:
    """What both components come to before any cap."""
    parts = (Decimal(figure) / 3, Decimal(figure) / 7 - 11)
    return sum((part.quantize(coin(plan), ROUND_HALF_UP) for part in parts), Decimal(0))


def one_turn(have: Amounts) -> Amounts:
    left = dict(have)
    for amount, currency, plans in CAPS:
        before = Decimal(0)
        for plan in plans:
            inside = left[plan] * rate(plan, currency)
            makes = min(amount, before + inside) - min(amount, before)
            before += inside
            if makes != inside:
                left[plan] = (makes / rate(plan, currency)).quantize(coin(plan), ROUND_FLOOR)
    return left


def exceeds(have: Mapping[str, Decimal]) -> bool:
    return any(
        sum(have[plan] * rate(plan, currency) for plan in plans) > amount
        for amount, currency, plans in CAPS
    )


def worked_out(have: Amounts) -> tuple[Amounts, int]:
    """What the caps leave, and in how many turns."""
    left, turns = one_turn(have), 1
    while exceeds(left):
        left, turns = one_turn(left), turns + 1
    return left, turns


def paid(small: Small) -> dict[str, Amounts]:
    found: dict[str, Amounts] = {}
    for row in csv.DictReader(io.StringIO(small.run("results", "2026-01"))):
        mine = found.setdefault(row["person"], dict.fromkeys(CURRENCY, Decimal(0)))
        mine[row["plan"]] += Decimal(row["amount"])
    return found


def test_no_cap_is_exceeded_whatever_is_below_zero(tmp_path: Path) -> None:
    lot = random.Random(4)
    small = Small(tmp_path, JOBS, rules())
    figures = {
        code: {
            plan: lot.randint(-400, 2000) * (150 if CURRENCY[plan] == "JPY" else 1)
            for plan in CURRENCY
        }
        for code in PEOPLE
    }
    small.values(_rows(figures))
    small.run("calculate", "2026-01", "--on", "2026-02-01")
    found, turns = paid(small), []
    for code in PEOPLE:
        wanted, took = worked_out({plan: gross(plan, n) for plan, n in figures[code].items()})
        assert found[code] == wanted
        turns.append(took)
    assert max(turns) > 1, "somebody's caps go on in turn"
    for code in PEOPLE[:3]:
        small.run("calculate", "2026-01", "--person", code, "--on", "2026-02-01")
    assert paid(small) == found
    small.run("finalise", "2026-01", "--on", "2026-02-01")
    assert "ALARM" not in small.run("alarms", "--on", "2026-03-01")


def _rows(figures: Mapping[str, Mapping[str, int]]) -> str:
    rows: Sequence[str] = [
        f"{code},2026-01-05,{plan},{figure},"
        for code, mine in figures.items()
        for plan, figure in mine.items()
    ]
    return "\n".join(rows)
