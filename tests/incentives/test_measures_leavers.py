"""Credits after a job's end, and who must be employed to be paid."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from incentives.models import Earning, Result
from org.models import Employment, Tenant
from org.tenancy import enter
from tests.incentives.test_found import Small

pytestmark = pytest.mark.django_db

HEAD = """
units: [{code: north}, {code: south}]
metrics: {x: {kind: sum}}
"""
PLAN = """
plans:
  main:
    calendar: monthly
    versions:
      - in_force: 2026-01-01
        leavers: {%s}
        prorate: {amount: [days]}
        measures: {x: {}, team: {metric: x, scope: team}}
        components:
          pay: {formula: x * 10, prorate: false}
          part: {formula: 100}
"""
JOBS = """cara,north,agent,2026-01-01,2026-05-11
          dan,north,agent,2026-01-01,"""
VALUES = """cara,2026-05-04,x,6,
            cara,2026-05-06,x,12,
            cara,2026-05-25,x,7,
            cara,2026-06-09,x,2,
            cara,2026-06-10,x,50,
            cara,2026-06-15,x,50,
            dan,2026-05-04,x,1,
            dan,2026-06-04,x,1,"""


def _small(folder: Path, leavers: str, jobs: str = JOBS) -> Small:
    small = Small(folder, jobs, HEAD + PLAN % leavers)
    small.values(VALUES)
    return small


def _of(small: Small, person: str, period: str) -> dict[str, str]:
    small.run("calculate", period)
    found = small.amounts(period)
    return {k.split(".")[2]: v for k, v in found.items() if k.startswith(f"{person}.")}


def test_credits_trail_a_job_by_the_days_that_the_version_says(tmp_path: Path) -> None:
    """The job's last day is 10 May, so day one is the 11th and day thirty 9 June."""
    small = _small(tmp_path, "trailing_days: 30")
    # 10 of 31 days; 6 + 12 in the job, 7 after it.
    assert _of(small, "cara", "2026-05") == {"pay": "250.00", "part": "32.26"}
    # No eligible day, two credits on the last trailing day.
    assert _of(small, "cara", "2026-06") == {"pay": "20.00", "part": "0.00"}
    with enter(Tenant.objects.get(code="small").pk):
        june = Result.objects.get(inputs__x="2")
        assert june.inputs["prorate"] == "0"
        # Credits that trail are the person's own: the unit's figure is by the unit of the day.
        assert june.inputs["team"] == "1"
    assert _of(small, "cara", "2026-07") == {}
    assert "cara" in small.run("explain", "cara", "2026-06")


def test_without_trailing_days_nothing_after_the_job_counts(tmp_path: Path) -> None:
    small = _small(tmp_path, "employed_on: none")
    assert _of(small, "cara", "2026-05") == {"pay": "180.00", "part": "32.26"}
    assert _of(small, "cara", "2026-06") == {}


def test_credits_go_to_the_new_job_from_the_day_it_begins(tmp_path: Path) -> None:
    jobs = JOBS.replace("\n", "\ncara,south,agent,2026-06-01,\n", 1)
    small = _small(tmp_path, "trailing_days: 60", jobs)
    assert _of(small, "cara", "2026-05")["pay"] == "250.00"
    assert _of(small, "cara", "2026-06")["pay"] == "1020.00"


@pytest.mark.parametrize(
    ("employed_on", "may"), [("none", "180.00"), ("period_end", "0.00"), ("pay_date", "0.00")]
)
def test_who_has_left_by_the_day_that_counts_earns_nothing(
    tmp_path: Path, employed_on: str, may: str
) -> None:
    small = _small(tmp_path, f"employed_on: {employed_on}")
    with enter(Tenant.objects.get(code="small").pk):
        left = Employment.objects.filter(person__code="cara")
        left.update(valid_to=date(2026, 5, 11))
    assert _of(small, "cara", "2026-05")["pay"] == may
    assert _of(small, "dan", "2026-05")["pay"] == "10.00"
    with enter(Tenant.objects.get(code="small").pk):
        reasons = {e.problem for e in Earning.objects.filter(amount=0)}
    assert reasons == (set() if employed_on == "none" else {"not_employed"})
    if employed_on != "none":
        assert "not employed" in small.run("explain", "cara", "2026-05")


SHARED = """
plans:
  prizes:
    calendar: monthly
    versions:
      - in_force: 2026-01-01
        leavers: {employed_on: period_end}
        tables: {prizes: {rows: [[0, 500], [1, 300], [2, 200], [3, 0]]}}
        measures: {x: {}, team: {metric: x, scope: team}}
        components:
          prize:
            formula: IF(ISBLANK(RANK(x)), 0, SLICE(RANK(x) - 1, TIES(x), prizes) / TIES(x))
          part: {formula: '1000 * DEFAULT(SHARE(x), 0)'}
          pool: {per: team, formula: team * 10%, distribute: x}
"""


def test_who_earns_nothing_takes_no_place_and_no_share_from_the_others(tmp_path: Path) -> None:
    jobs = """
    ann,north,agent,2026-01-01,
    bob,north,agent,2026-01-01,2026-01-21
    cem,north,agent,2026-01-01,
    """
    world = "units: [{code: north}]\nmetrics: {x: {kind: sum}}\n"
    small = Small(tmp_path, jobs, world + SHARED)
    small.file("people", "code,name,pay_group,hired,left\nbob,bob,staff,2020-01-01,2026-01-20")
    small.values("ann,2026-01-05,x,100,\nbob,2026-01-05,x,300,\ncem,2026-01-06,x,100,")
    small.run("calculate", "2026-01")
    # The team's figure holds what Bob did; he has no part of what is paid for it.
    paid = {"prize": "400.00", "part": "500.00", "pool": "25.00"}
    assert _of(small, "ann", "2026-01") == _of(small, "cem", "2026-01") == paid
    assert set(_of(small, "bob", "2026-01").values()) == {"0.00"}
    assert "others share the pool" in small.run("explain", "bob", "2026-01")
    assert "Total: 925.00 EUR" in small.run("explain", "ann", "2026-01")


RAMP = """
plans:
  ramp:
    calendar: monthly
    versions:
      - in_force: 2026-01-01
        leavers: {%s}
        measures: {all: {metric: x, window: since_hire}}
        components: {month: {formula: TENURE()}, so_far: {formula: all}}
"""
BACK = """code,name,pay_group,hired,left,tenure_start
cara,Cara,staff,2025-01-01,2025-12-08,
cara,Cara,staff,2026-04-01,,%s"""


@pytest.mark.parametrize(
    ("leavers", "own", "month", "so_far"),
    [
        ("", "", "1.00", "5.00"),
        ("tenure_gap: 90", "", "1.00", "5.00"),
        ("tenure_gap: 112", "", "1.00", "5.00"),
        ("tenure_gap: 113", "", "16.00", "12.00"),
        ("tenure_gap: 113", "2026-02-15", "2.00", "5.00"),
        ("tenure_gap: 90", "2025-01-01", "16.00", "12.00"),
    ],
)
def test_tenure_goes_on_after_a_short_time_away(
    tmp_path: Path, leavers: str, own: str, month: str, so_far: str
) -> None:
    """Cara was away for 113 days."""
    jobs = "cara,north,agent,2025-01-01,2025-12-09\ncara,north,agent,2026-04-01,"
    small = Small(tmp_path, jobs, HEAD + RAMP % leavers)
    small.file("people", BACK % own)
    small.values("cara,2025-11-03,x,7,\ncara,2026-04-06,x,5,")
    assert _of(small, "cara", "2026-04") == {"month": month, "so_far": so_far}
    assert f"month: {month}" in small.run("explain", "cara", "2026-04")
