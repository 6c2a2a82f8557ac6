"""What went wrong once with pools, places and shares of units, worked out by hand, by commands."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from django.core.management import CommandError

from tests.incentives.test_found import Small

pytestmark = pytest.mark.django_db

# Ann moves from north to south in the middle of the month.
MOVES = """
ann,north,agent,2026-01-01,2026-01-16
ann,south,agent,2026-01-16,
bob,north,agent,2026-01-01,
cy,south,agent,2026-01-01,
"""
RULES = """
units: [{code: north}, {code: south}]
metrics: {x: {kind: sum}, hours: {kind: sum}}
plans:
  p:
    calendar: monthly
    versions:
      - in_force: 2026-01-01
        measures: {x: {}, hours: {no_data: zero}}
        components: {COMPONENTS}
"""
VALUES = """
ann,2026-01-05,x,100,
ann,2026-01-20,x,20,
bob,2026-01-05,x,60,
cy,2026-01-20,x,60,
ann,2026-01-05,hours,80,
ann,2026-01-20,hours,70,
bob,2026-01-05,hours,120,
cy,2026-01-20,hours,70,
"""


def paid(folder: Path, component: str) -> dict[str, list[str]]:
    """What each gets of one component, by person."""
    small = Small(folder, MOVES, RULES.replace("COMPONENTS", f"c: {{{component}}}"))
    small.values(VALUES.strip())
    small.run("calculate", "2026-01")
    for person in ("ann", "bob", "cy"):
        small.run("explain", person, "2026-01")
    found: dict[str, list[str]] = {}
    for row in csv.DictReader(io.StringIO(small.run("results", "2026-01"))):
        found.setdefault(row["person"], []).append(row["amount"])
    return {person: sorted(amounts) for person, amounts in found.items()}


@pytest.mark.parametrize(
    ("component", "amounts"),
    [
        ("per: team, formula: '100', distribute: hours", (["40.00", "50.00"], "60.00", "50.00")),
        ("per: team, formula: x, distribute: hours", (["40.00", "64.00"], "96.00", "40.00")),
        ("formula: '100 * SHARE(x, unit)'", (["25.00", "62.50"], "37.50", "75.00")),
        ("formula: '30 / RANK(x, unit)'", (["15.00", "30.00"], "15.00", "30.00")),
    ],
)
def test_who_moves_shares_in_each_unit_what_they_did_there(
    tmp_path: Path, component: str, amounts: tuple[list[str], str, str]
) -> None:
    ann, bob, cy = amounts
    assert paid(tmp_path, component) == {"ann": ann, "bob": [bob], "cy": [cy]}


def test_over_the_whole_plan_a_move_cuts_nothing(tmp_path: Path) -> None:
    component = "per: team, formula: x, distribute: {by: hours, within: plan}"
    # 240 by 150, 120 and 70 of 340 hours.
    assert paid(tmp_path, component) == {"ann": ["105.88"], "bob": ["84.71"], "cy": ["49.41"]}


def test_those_whose_figure_holds_a_pool_up_are_named_first(tmp_path: Path) -> None:
    """The last of thirty divides by zero; the others only wait for the pool that they share."""
    codes = [f"p{number:02}" for number in range(30)]
    small = Small(
        tmp_path,
        "\n".join(f"{code},north,agent,2026-01-01," for code in codes),
        """
units: [{code: north}]
metrics: {x: {kind: sum}}
plans:
  p:
    calendar: monthly
    versions:
      - in_force: 2026-01-01
        measures: {x: {}}
        components:
          part: {formula: 60 / x}
          pool: {per: team, formula: '100', distribute: EARNED(part)}
""",
    )
    small.values("\n".join(f"{code},2026-01-05,x,{0 if code == 'p29' else 3}," for code in codes))
    with pytest.raises(CommandError) as refusal:
        small.run("finalise", "2026-01", "--on", "2026-02-01")
    first, second = str(refusal.value).splitlines()[1:3]
    assert "p29 (p29), p, part: It would have to be divided by zero." in first
    assert "p00 (p00), p, pool: undecided: the pool waits until its amount" in second
    small.run("calculate", "2026-01")
    said = small.run("explain", "p29", "2026-01")
    assert "north: —" in said
    assert "None" not in said
