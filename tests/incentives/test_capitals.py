"""Names that differ in capitals alone: one name to a formula, and one key of the ledger."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError

from tests.incentives.test_found import FIGURES, ONE_UNIT, TWO_PEOPLE, Small

pytestmark = pytest.mark.django_db

FIRST = """
plans:
  main:
    calendar: monthly
    versions:
      - {in_force: 2026-01-01, number: 1, measures: {x: {}}, components: {pay: {formula: x}}}
"""
LATE = """      - in_force: 2026-0MONTH-01
        number: 2
        reason: Agreed late
        measures: {x: {}}
        components: {Pay: {formula: x * 2}}
"""


@pytest.mark.parametrize("month", ["1", "2"])
def test_a_component_keeps_the_capitals_by_which_it_was_booked(tmp_path: Path, month: str) -> None:
    """With a second key, January's late version would take 10.00 back and grant 20.00 anew."""
    small = Small(tmp_path, TWO_PEOPLE, ONE_UNIT + FIRST)
    small.values(FIGURES)
    small.run("finalise", "2026-01", "--on", "2026-02-01")
    late = LATE.replace("MONTH", month)
    with pytest.raises(CommandError, match=r"components.Pay.*has paid it as “pay”.*write “pay”"):
        small.apply(ONE_UNIT + FIRST + late)
    small.apply(ONE_UNIT + FIRST + late.replace("Pay", "pay"))
    small.run("calculate", "2026-02")
    late_pay = {"ann.main.pay": "10.00", "bob.main.pay": "20.00"} if month == "1" else {}
    assert small.differences("2026-02") == late_pay


def test_what_was_never_booked_may_be_written_otherwise(tmp_path: Path) -> None:
    small = Small(tmp_path, TWO_PEOPLE, ONE_UNIT + FIRST)
    small.values(FIGURES)
    small.run("calculate", "2026-01")
    assert "components.Pay" in small.apply(ONE_UNIT + FIRST.replace("pay:", "Pay:"))


def test_an_opening_balance_keeps_its_name(tmp_path: Path) -> None:
    users = "users:\n  pat: {name: P, roles: [payroll]}\n  robin: {name: R, roles: [payroll]}\n"
    small = Small(
        tmp_path, TWO_PEOPLE, ONE_UNIT + users + FIRST.replace("2026-01-01", "2026-02-01")
    )
    balance = "person,account,amount,plan,component,period\nann,paid,10,main,pay,2026-01"
    path = small.folder / "opening.csv"
    path.write_text(balance)
    small.run("opening", path, "--by", "pat", "--approved-by", "robin")
    with pytest.raises(CommandError, match="has paid it as “pay”"):
        small.apply(
            ONE_UNIT + users + FIRST.replace("2026-01-01", "2026-02-01").replace("pay:", "PAY:")
        )


def test_two_plans_do_not_differ_in_capitals_alone(tmp_path: Path) -> None:
    second = FIRST.replace("plans:\n", "").replace("main:", "Main:")
    with pytest.raises(CommandError, match=r"plans.Main.*there is a plan “main”, too"):
        Small(tmp_path, TWO_PEOPLE, ONE_UNIT + FIRST + second)
