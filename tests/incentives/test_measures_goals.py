"""Which goal a measure is held against, absence, and what is said of a goal that changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.incentives.test_found import Small

pytestmark = pytest.mark.django_db

UNITS = """
units: [{code: north}, {code: south}]
absence_types:
  sick: {reduces_goal: %s}
  unpaid: {reduces_goal: true}
metrics: {x: {kind: sum, attainment: actual_by_goal}}
goals:
  - {metric: x, value: 42, from: 2026-01-01}
plans:
  main:
    calendar: monthly
    versions:
      - in_force: 2026-01-01
        prorate: {goal: [days, share, absence], days: working}
        measures: {x: {}}
        components: {pay: {formula: ATTAINMENT(x) * 1000}}
"""
AWAY = "person,day,kind,absence_type\n" + "\n".join(
    f"ann,2026-06-{day:02},absent,unpaid" for day in (1, 2, 3, 4, 5)
)
SICK = AWAY + "\nann,2026-06-17,absent,sick\nann,2026-06-18,absent,sick"


def _june(folder: Path, excused: str) -> Small:
    # June 2026 with one holiday has the 21 working days of the case.
    rest = (
        UNITS % excused
        + "holidays: {home: {default: true, days: [{day: 2026-06-29, name: Feast}]}}\n"
    )
    small = Small(folder, "ann,north,agent,2026-01-01,", rest)
    (folder / "assignments.csv").write_text(
        "person,unit,job_type,from,share\nann,north,agent,2026-01-01,0.8\n", encoding="utf-8"
    )
    small.run("assignments", folder / "assignments.csv")
    small.values("ann,2026-06-10,x,21,")
    return small


@pytest.mark.parametrize(("excused", "pays"), [("true", "937.50"), ("false", "820.31")])
def test_absence_reduces_the_goal_by_its_type(tmp_path: Path, excused: str, pays: str) -> None:
    """Goal 42 × 80 % × 14 (or 16) of 21 working days, 21 sold, 10.00 a point."""
    small = _june(tmp_path, excused)
    small.file("availability", SICK)
    small.run("calculate", "2026-06")
    assert small.amounts("2026-06") == {"ann.main.pay": pays}


def test_absence_learnt_late_is_a_difference_with_its_cause(tmp_path: Path) -> None:
    small = _june(tmp_path, "true")
    small.file("availability", AWAY)
    small.run("finalise", "2026-06")
    assert small.amounts("2026-06") == {"ann.main.pay": "820.31"}
    small.file("availability", SICK)
    small.run("calculate", "2026-07")
    assert small.differences("2026-07") == {"ann.main.pay": "117.19"}
    assert "availability-" in small.run("results", "2026-07")


def test_the_explanation_tells_the_pieces_of_a_blended_goal(tmp_path: Path) -> None:
    rest = """
units: [{code: north}, {code: south}]
metrics: {x: {kind: sum}}
goals:
  - {metric: x, unit: north, value: 20, from: 2026-01-01}
  - {metric: x, unit: south, value: 30, from: 2026-01-01}
plans:
  main:
    calendar: monthly
    versions:
      - in_force: 2026-01-01
        prorate: {goal: [days]}
        measures: {x: {}}
        components: {pay: {formula: ATTAINMENT(x) * 600}}
"""
    jobs = """ann,north,agent,2026-01-01,2026-06-16
              ann,south,agent,2026-06-16,"""
    small = Small(tmp_path, jobs, rest)
    small.values("ann,2026-06-10,x,12,\nann,2026-06-20,x,12,")
    small.run("calculate", "2026-06")
    assert small.amounts("2026-06") == {"ann.main.pay": "576.00"}
    said = small.run("explain", "ann", "2026-06")
    assert "goal 25.00" in said
    assert "goal 2026-06-01 to 2026-06-15: 20.00, 15 days" in said
    assert "goal 2026-06-16 to 2026-06-30: 30.00, 15 days" in said


CHOICES = """
units: [{code: north}]
metrics: {x: {kind: sum}, y: {kind: sum}, z: {kind: sum}}
goals:
  - {metric: x, value: 10, from: 2026-01-01, calendar: monthly}
  - {metric: x, value: 365, from: 2026-01-01, calendar: yearly}
  - {metric: x, of: team, unit: north, value: 50, from: 2026-01-01}
  - {metric: y, value: 7, from: 2026-01-01}
  - {metric: z, value: 0, from: 2026-01-01, job_type: agent}
  - {metric: z, value: 5, from: 2026-01-01, job_type: lead}
plans:
  main:
    calendar: monthly
    versions:
      - in_force: 2026-01-01
        prorate: {goal: [days]}
        %s
        measures:
          plain: {metric: x}
          year: {metric: x, window: year_to_date}
          of_year: {metric: x, window: year_to_date, goal: {calendar: yearly}}
          of_y: {metric: x, goal: {metric: y}}
          %s
        components:
          %s
"""
GOALS = """plain: {formula: GOAL(plain)}
          year: {formula: GOAL(year)}
          of_year: {formula: GOAL(of_year)}
          of_y: {formula: GOAL(of_y)}"""
JOBS = "ann,north,agent,2026-01-01,\nbob,north,lead,2026-07-02,"


def _choices(folder: Path, version: str, measures: str, components: str) -> Small:
    small = Small(folder, JOBS, CHOICES % (version, measures, components))
    small.values("ann,2026-07-10,x,10,\nann,2026-07-10,z,1,\nbob,2026-07-10,z,1,")
    small.run("calculate", "2026-07")
    return small


def test_a_measure_may_be_held_against_another_goal(tmp_path: Path) -> None:
    small = _choices(tmp_path, "", "", GOALS)
    found = small.amounts("2026-07")
    # Seven months of 10; the year's goal; the goal of y.
    assert {k: v for k, v in found.items() if k.startswith("ann.")} == {
        "ann.main.plain": "10.00",
        "ann.main.year": "70.00",
        "ann.main.of_year": "365.00",
        "ann.main.of_y": "7.00",
    }
    # From 2 July: 30 of 31 days of the month, and 183 of 365 of the year.
    assert {k: v for k, v in found.items() if k.startswith("bob.")} == {
        "bob.main.plain": "9.68",
        "bob.main.year": "9.68",
        "bob.main.of_year": "183.00",
        "bob.main.of_y": "6.77",
    }


def test_a_persons_own_figure_may_be_held_against_the_goal_of_the_unit(tmp_path: Path) -> None:
    small = _choices(
        tmp_path,
        "",
        "of_team: {metric: x, goal: {of: team}}",
        "pay: {formula: ATTAINMENT(of_team) * 100}",
    )
    assert small.amounts("2026-07") == {"ann.main.pay": "20.00", "bob.main.pay": "0.00"}


@pytest.mark.parametrize(
    ("choice", "pays"), [("0%", "0.00"), ("100%", "100.00"), ("leave_out", "0.00"), ("wait", "")]
)
def test_a_goal_of_zero_counts_as_the_version_says(tmp_path: Path, choice: str, pays: str) -> None:
    small = _choices(
        tmp_path,
        f"zero_goal: {choice}",
        "z: {}",
        "pay: {formula: ATTAINMENT(z) * 100}",
    )
    # Bob's goal is not zero: 1 of 5 × 30/31.
    assert small.amounts("2026-07") == {"ann.main.pay": pays, "bob.main.pay": "20.67"}
    if choice != "wait":
        small.run("decide", "2026-07", "ann", "z", "100%", "--reason", "she stood in")
        small.run("calculate", "2026-07")
        assert small.amounts("2026-07")["ann.main.pay"] == "100.00"


def test_absence_counts_beside_a_goal_of_other_days(tmp_path: Path) -> None:
    """The goal of January is worked out first, and its absences are not those of June."""
    rest = (UNITS % "true").replace(
        "measures: {x: {}}",
        "measures: {early: {metric: x, window: {from: 2026-01-01, to: 2026-01-31}}, x: {}}",
    )
    rest += "holidays: {home: {default: true, days: [{day: 2026-06-29, name: Feast}]}}\n"
    small = Small(tmp_path, "ann,north,agent,2026-01-01,", rest)
    small.values("ann,2026-06-10,x,21,")
    small.file("availability", SICK)
    small.run("calculate", "2026-06")
    # 42 × 14 of 21 working days is 28, and 21 of them are 75 %.
    assert small.amounts("2026-06") == {"ann.main.pay": "750.00"}


def test_the_bounds_of_a_table_are_reduced_by_a_formula(tmp_path: Path) -> None:
    """Half of June: bounds of 0 and 5,000 as if they were 0 and 2,500."""
    small = Small(
        tmp_path,
        "ann,north,agent,2026-06-16,",
        """
units: [{code: north}]
metrics: {x: {kind: sum}}
plans:
  p:
    calendar: monthly
    versions:
      - in_force: 2026-01-01
        prorate: {amount: [days]}
        tables: {step: {rows: [[0, 5%], [5000, 10%]]}}
        measures: {x: {}}
        components:
          scaled: {formula: 'TIER(x / PRORATE(1), step)'}
          not_scaled: {formula: 'TIER(x, step)', prorate: false}
""",
    )
    small.values("ann,2026-06-20,x,4000,")
    small.run("calculate", "2026-06")
    assert small.amounts("2026-06") == {"ann.p.scaled": "275.00", "ann.p.not_scaled": "200.00"}
