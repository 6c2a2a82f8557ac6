"""Three people of a thousand divide by zero: the others' amounts stand, and the three are named."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError

from incentives.models import Transfer
from org.models import Tenant
from org.tenancy import enter
from tests.incentives.test_found import Small

pytestmark = pytest.mark.django_db

WORLD = """
units: [{code: north}]
metrics: {x: {kind: sum}, y: {kind: sum}}
plans:
  p:
    calendar: monthly
    versions:
      - in_force: 2026-01-01
        measures: {x: {}, y: {}}
        components: {pay: {formula: 100 * x / y}}
"""
THREE = ("p0007", "p0500", "p1000")


def test_three_of_a_thousand_who_divide_by_zero_keep_the_period_open(tmp_path: Path) -> None:
    codes = [f"p{number:04}" for number in range(1, 1001)]
    small = Small(tmp_path, "\n".join(f"{c},north,agent,2026-01-01," for c in codes), WORLD)
    rows = (f"{c},2026-01-05,x,4,\n{c},2026-01-05,y,{0 if c in THREE else 8}," for c in codes)
    small.values("\n".join(rows))
    said = small.run("calculate", "2026-01")
    assert "3 failed" in said
    amounts = small.amounts("2026-01")
    assert len(amounts) == len(codes)
    assert {amounts[f"{code}.p.pay"] for code in THREE} == {""}
    assert {amounts[f"{code}.p.pay"] for code in codes if code not in THREE} == {"50.00"}
    with pytest.raises(CommandError) as refused:
        small.run("finalise", "2026-01", "--on", "2026-02-01")
    assert "3 results wait" in str(refused.value)
    for code in THREE:
        assert f"{code} ({code}), p, pay: It would have to be divided by zero." in str(
            refused.value
        )
    with enter(Tenant.objects.get(code="small").pk, through="a test"):
        assert not Transfer.objects.exists()
    small.values("\n".join(f"{code},2026-01-06,y,8," for code in THREE))
    assert "1000 transfers booked" in small.run("finalise", "2026-01", "--on", "2026-02-01")
    assert set(small.amounts("2026-01").values()) == {"50.00"}
