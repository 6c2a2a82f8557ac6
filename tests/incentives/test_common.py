"""Plans of a period that share tables come to the same as each by itself."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from incentives import calculate
from incentives.participants import Frame
from incentives.rules import load
from org.commands import find_periods
from org.models import Tenant
from org.tenancy import enter
from tests.incentives.test_found import Small
from tests.incentives.test_some_people import everything, plan

pytestmark = pytest.mark.django_db

AT, ON = datetime(2026, 7, 2, tzinfo=UTC), date(2026, 7, 2)
# Hal is new, and new as a lead; Ivy left and still has a figure; Jo goes to another unit.
JOBS = """
    gus,north,agent,2026-01-01,
    hal,north,lead,2026-06-11,
    ivy,south,agent,2026-01-01,2026-05-25
    jo,north,agent,2026-01-01,2026-06-16
    jo,south,agent,2026-06-16,
"""
REST = """
units: [{code: north}, {code: south}]
absence_types: {unpaid: {reduces_goal: true, reduces_payout: true}}
metrics: {x: {kind: sum}, y: {kind: sum}, last: {kind: last}}
goals:
  - {metric: x, value: 100, from: 2026-01-01}
  - {metric: x, unit: north, value: 40, from: 2026-06-10}
  - {metric: y, value: 70, from: 2026-01-01}
plans:
"""
PAYS = "components: {pay: {formula: ATTAINMENT(x) * 100 + x}}"
READS = f"measures: {{x: {{}}}}, {PAYS}"
YEAR = f"measures: {{x: {{window: year_to_date}}, last: {{}}}}, {PAYS}"
# Each twice: the second of a sort finds all that the first left, and what the next needs is not it.
VERSIONS = [
    READS,
    f"prorate: {{goal: [days]}}, {READS}",
    f"prorate: {{goal: [days, absence]}}, {READS}",
    f"prorate: {{goal: [days], amount: [days]}}, {READS}",
    f"prorate: {{goal: [days], days: working}}, {READS}",
    f"prorate: {{goal: [days], first_day: out}}, {READS}",
    f"segments: separate, prorate: {{goal: [days]}}, {READS}",
    f"eligibility: [{{job_type: lead}}], {READS}",
    f"leavers: {{trailing_days: 30}}, {READS}",
    f"leavers: {{trailing_days: 30, employed_on: period_end}}, {READS}",
    f"measures: {{x: {{metric: y}}}}, {PAYS}",
    f"measures: {{x: {{}}, y: {{}}, last: {{}}}}, {PAYS}",
    YEAR,
    f"measures: {{x: {{scope: team}}}}, {PAYS}",
    "measures: {x: {earnings_of: p00.pay}}, components: {pay: {formula: x * 10%}}",
    "measures: {x: {earnings_of: p01.pay}}, components: {pay: {formula: x * 10%}}",
]


def test_plans_that_share_tables_come_to_what_each_does_alone(tmp_path: Path) -> None:
    plans = [plan(f"p{n:02}", version) for n, version in enumerate([*VERSIONS, *VERSIONS])]
    small = Small(tmp_path, JOBS, REST + "".join(plans))
    rows = [
        f"{person},2026-{day},{metric},{number}.37,"
        for number, person in enumerate(("gus", "hal", "ivy", "jo"), start=11)
        for metric in ("x", "y", "last")
        for day in ("03-05", "06-02", "06-12", "06-20")
    ]
    small.values("\n".join(rows))
    small.file(
        "availability",
        "person,day,kind,absence_type\ngus,2026-06-17,absent,unpaid\njo,2026-06-03,absent,unpaid",
    )
    small.run("calculate", "2026-06")
    together = everything()
    with enter(Tenant.objects.get(code="small").pk):
        _each_alone()
    assert everything() == together


def _each_alone() -> None:
    [period] = find_periods("monthly:2026-06")
    for _, version in calculate.find_open_plans(period):
        frame = Frame(load(version, period.valid_from), period)
        calculate.calculate_frame(frame, by=None, at=AT, on=ON)
