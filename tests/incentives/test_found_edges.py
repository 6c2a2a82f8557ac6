"""Amounts at the edge of what can be kept: a sentence, and nothing half written."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError

from incentives.models import CalculationRun, Transfer
from org.models import Tenant
from org.tenancy import enter
from tests.incentives.test_found import ONE_UNIT, TWO_PEOPLE, Small

pytestmark = pytest.mark.django_db

WORLD = (
    ONE_UNIT
    + """
plans:
  p:
    calendar: monthly
    versions:
      - in_force: 2026-01-01
        measures: {x: {no_data: zero}}
        components: {pay: {formula: x * 900000000000000000}}
"""
)


def written() -> tuple[int, int]:
    """How many runs and transfers there are."""
    with enter(Tenant.objects.get().pk):
        return CalculationRun.objects.count(), Transfer.objects.count()


def test_a_sum_that_no_column_holds_is_refused(tmp_path: Path) -> None:
    small = Small(tmp_path, TWO_PEOPLE, WORLD)
    small.values("ann,2026-01-05,x,1,\nbob,2026-01-05,x,1,")
    for command in ("calculate", "finalise"):
        with pytest.raises(CommandError, match=r"1,800,000,000,000,000,000\.00 .*decimal point"):
            small.run(command, "2026-01", *(("--on", "2026-02-01") * (command == "finalise")))
        assert written() == (0, 0)
    small.values("bob,2026-01-05,x,0.000000000001,")
    small.run("finalise", "2026-01", "--on", "2026-02-01")
    assert small.amounts("2026-01")["ann.p.pay"] == "900000000000000000.00"


def test_a_difference_that_no_column_holds_is_refused(tmp_path: Path) -> None:
    small = Small(tmp_path, TWO_PEOPLE, WORLD)
    small.values("ann,2026-01-05,x,1,\nbob,2026-01-05,x,0,")
    small.run("finalise", "2026-01", "--on", "2026-02-01")
    before = written()
    small.values("ann,2026-01-05,x,-1,")
    with pytest.raises(CommandError, match=r"ann \(ann\).*-1,800,000,000,000,000,000\.00"):
        small.run("finalise", "2026-02", "--on", "2026-03-01")
    assert written() == before
    small.values("ann,2026-01-05,x,1,")
    small.run("finalise", "2026-02", "--on", "2026-03-01")
    assert small.differences("2026-02") == {}
