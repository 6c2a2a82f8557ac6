"""Single people worked out anew after a correction: the same as if everybody had been."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError

from org.models import Tenant
from org.sql import fetch
from org.tenancy import enter
from tests.incentives.test_found import Small

pytestmark = pytest.mark.django_db

# Dee goes from south to west in June, so that the two units have a person in common.
JOBS = """
    ann,north,agent,2026-01-01,
    bob,north,agent,2026-01-01,
    cy,south,agent,2026-01-01,
    dee,south,agent,2026-01-01,2026-06-16
    dee,west,agent,2026-06-16,
    eve,west,agent,2026-01-01,
    fay,east,agent,2026-01-01,
    gil,south,agent,2026-01-01,2026-03-01
    gil,east,agent,2026-03-01,
"""
METRICS = """
units: [{code: north}, {code: south}, {code: west}, {code: east}]
metrics: {x: {kind: sum}, y: {kind: sum}}
goals: [{metric: x, value: 100, from: 2026-01-01}]
plans:
"""
OWN = "measures: {x: {}}, components: {pay: {formula: ATTAINMENT(x) * 100}}"
POOL = (
    "measures: {x: {}, team: {metric: y, scope: team}},"
    " components: {pool: {per: team, formula: team * 10%, distribute: x}}"
)
OF_YEAR = (
    "measures: {team: {metric: x, scope: team, window: year_to_date}},"
    " components: {pay: {formula: team * 1%}}"
)
PLACE = "measures: {x: {}}, components: {pay: {formula: 'IF(RANK(x, unit) = 1, 50, 5)'}}"
ANYWHERE = "measures: {x: {}}, components: {pay: {formula: 'IF(RANK(x, plan) = 1, 50, 5)'}}"
ON_POOL = "measures: {of_pool: {earnings_of: p.pool}}, components: {pay: {formula: of_pool * 10%}}"
PEOPLE = ("ann", "bob", "cy", "dee", "eve", "fay", "gil")


def plan(name: str, version: str) -> str:
    return (
        f"  {name}:\n    calendar: monthly\n    family: {name}\n    versions:\n"
        f"      - {{in_force: 2026-01-01, {version}}}\n"
    )


def site(folder: Path, *plans: str, more: str = "") -> Small:
    small = Small(folder, JOBS, METRICS + "".join(plans) + more)
    rows = []
    for number, person in enumerate(PEOPLE, start=1):
        rows += [f"{person},2026-{month},x,{10 * number}.37," for month in ("01-05", "06-05")]
        rows += [f"{person},2026-06-20,x,{7 * number},", f"{person},2026-06-20,y,{31 * number},"]
    small.values("\n".join(rows))
    small.run("calculate", "2026-06")
    return small


def correct(small: Small, person: str, day: str = "2026-06-05") -> None:
    small.run("correct", person, day, "x", "999.99", "--reason", "Counted twice.")


def everything() -> list[tuple[object, ...]]:
    """All that is written: lines, results and the counts of runs."""
    with enter(Tenant.objects.get(code="small").pk):
        lines = fetch(
            "SELECT person.code, component_id, job, grain, amount, status, detail::text"
            " FROM incentives_earning JOIN org_person AS person ON person.id = person_id"
        )
        results = fetch(
            "SELECT person_id, job, inputs::text, segments::text FROM incentives_result"
        )
        runs = fetch(
            "SELECT plan_id, people, undecided, failed, total FROM incentives_calculationrun"
        )
    return sorted([*lines, *results, *runs], key=repr)


def made() -> dict[str, int]:
    """Which run each plan's period points to."""
    with enter(Tenant.objects.get(code="small").pk):
        return dict(
            fetch(
                "SELECT plan.code, run_id FROM incentives_planperiod AS point"
                " JOIN incentives_plan AS plan ON plan.id = point.plan_id"
            )
        )


KINDS = {"own": OWN, "pool": POOL, "of_year": OF_YEAR, "place": PLACE, "anywhere": ANYWHERE}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("person", ["ann", "dee", "gil"])
def test_single_people_come_to_what_everybody_would(tmp_path: Path, kind: str, person: str) -> None:
    small = site(tmp_path, plan("p", KINDS[kind]))
    before = everything(), made()
    correct(small, person)
    correct(small, "gil", "2026-01-05")
    small.run("calculate", "2026-06", "--person", person, "--person", "gil")
    patched = everything()
    # Only where places are those of the whole plan the run is another.
    assert (made() == before[1]) == (kind != "anywhere")
    assert patched != before[0]
    small.run("calculate", "2026-06")
    assert everything() == patched


def test_those_whom_a_plan_moves_are_worked_out_in_the_plans_that_read_it(tmp_path: Path) -> None:
    """Ann's figure moves Bob's share of the pool, and with it what Bob has of the other plan."""
    small = site(tmp_path, plan("p", POOL), plan("q", ON_POOL))
    before, runs = small.amounts("2026-06"), made()
    correct(small, "ann")
    small.run("calculate", "2026-06", "--person", "ann")
    patched, patched_amounts = everything(), small.amounts("2026-06")
    assert patched_amounts["bob.q.pay"] != before["bob.q.pay"]
    assert made() == runs
    small.run("calculate", "2026-06")
    assert everything() == patched


def test_a_cap_over_plans_is_cut_anew(tmp_path: Path) -> None:
    caps = "person_caps: [{name: all, calendar: monthly, amount: 120, plans: [p, q]}]\n"
    small = site(tmp_path, plan("p", OWN), plan("q", OWN), more=caps)
    correct(small, "ann")
    small.run("calculate", "2026-06", "--person", "ann")
    patched = everything()
    small.run("calculate", "2026-06")
    assert everything() == patched


def test_a_period_that_is_final_is_refused(tmp_path: Path) -> None:
    small = site(tmp_path, plan("p", OWN))
    small.run("finalise", "2026-01", "--on", "2026-07-01")
    with pytest.raises(CommandError, match="final for every plan"):
        small.run("calculate", "2026-01", "--person", "ann")
    with pytest.raises(CommandError, match="personnel number “anne”"):
        small.run("calculate", "2026-06", "--person", "anne")
