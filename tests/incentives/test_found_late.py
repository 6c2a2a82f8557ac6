"""Everything that is changed behind a final period is a difference with a cause, and no alarm."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError

from tests.incentives import test_found
from tests.incentives.test_found import Small

pytestmark = pytest.mark.django_db

MONTHLY = "  monthly: {kind: monthly, from: 2026-01-01, to: 2026-12-31}"
REST = """
holidays:
  main: {default: true, days: [{day: 2026-01-01}]}
  other: {days: [{day: 2026-01-02}, {day: 2026-01-12}]}
units: [{code: north}]
absence_types: {sick: {reduces_goal: true}}
facts: {bonus: {kind: number}}
metrics: {x: {kind: sum, attainment_decimals: 0}}
goals: [{metric: x, value: 100}, {metric: x, value: 1200, calendar: yearly}]
plans:
  p:
    calendar: monthly
    versions:
      - in_force: 2026-01-01
        prorate: {goal: [days, absence], days: working}
        measures: {x: {}, year: {metric: x, goal: {calendar: yearly}}}
        components:
          pay: {formula: x}
          goal: {formula: GOAL(x)}
          year: {formula: GOAL(year)}
          share: {formula: ATTAINMENT(x) * 100}
          fact: {formula: 'DEFAULT(FACT(bonus), 0)'}
        leavers: {employed_on: pay_date, trailing_days: 10}
"""
JOBS = "ann,north,agent,2026-01-01,\nbob,north,agent,2026-01-11,"
PEOPLE = "code,name,pay_group,hired,left\nann,ann,staff,2020-01-01,\nbob,bob,staff,2020-01-01,{}\n"


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Small:
    """Ann sells 90 in January and Bob 50; both are paid on 10 February, and it is final."""
    head_with(monkeypatch, MONTHLY, MONTHLY.replace("}", ", pay_days_after: 10}"))
    small = Small(tmp_path, JOBS, REST)
    small.values("ann,2026-01-07,x,90,\nbob,2026-01-14,x,50,")
    small.file("availability", "person,day,kind,absence_type\nann,2026-01-20,absent,sick")
    small.file("facts", "person,fact,value,from\nann,bonus,7,2026-01-01")
    small.run("finalise", "2026-01", "--on", "2026-02-01")
    return small


def learnt(small: Small) -> dict[str, str]:
    """The differences that February books; nothing is left without a cause."""
    small.run("finalise", "2026-02", "--on", "2026-03-01")
    assert " 0 alarms" in small.run("alarms")
    for person in ("ann", "bob"):
        small.run("explain", person, "2026-01")
        small.run("explain", person, "2026-02")
    return small.differences("2026-02")


def bob_leaves(small: Small, day: str) -> None:
    """Bob's last day, in the file of people that goes with the tenant file."""
    people = small.folder / "people.csv"
    people.write_text(PEOPLE.format(day), encoding="utf-8")
    small.run("people", people)


def head_with(monkeypatch: pytest.MonkeyPatch, said: str, instead: str) -> None:
    assert said in test_found.HEAD
    monkeypatch.setattr(test_found, "HEAD", test_found.HEAD.replace(said, instead))


def test_who_leaves_between_the_period_and_its_pay_date(small: Small) -> None:
    """Final on 1 February; on the 5th Bob is gone, and so not employed when January is paid."""
    bob_leaves(small, "2026-02-05")
    found = learnt(small)
    assert found["bob.p.pay"] == "-50.00"
    assert not any(line.startswith("ann") for line in found)


def test_a_job_that_trails_longer_than_was_known(tmp_path: Path) -> None:
    """The job ended on 20 January, it was said; so a sale of 2 February was too late by three days.
    It ended on 25 January, it says now."""
    small = Small(tmp_path, "ann,north,agent,2026-01-01,2026-01-21\n", REST)
    small.values("ann,2026-02-02,x,30,")
    for month, day in (("01", "2026-02-01"), ("02", "2026-03-01")):
        small.run("finalise", f"2026-{month}", "--on", day)
    small.file("assignments", "person,unit,job_type,from,to\nann,north,agent,2026-01-01,2026-01-26")
    small.run("finalise", "2026-03", "--on", "2026-04-01")
    assert small.differences("2026-03")["ann.p.pay"] == "30.00"
    assert " 0 alarms" in small.run("alarms")


def test_a_goal_of_the_year_when_the_rest_of_it_changes(small: Small) -> None:
    """Bob will be there until the end of June: 121 of 261 working days are 1,200 no more."""
    small.file("assignments", "person,unit,job_type,from,to\nbob,north,agent,2026-01-11,2026-07-01")
    found = learnt(small)
    assert set(found) == {"bob.p.year"}
    assert float(found["bob.p.year"]) < 0


def test_other_holidays_of_a_unit(small: Small) -> None:
    """The 12th is a holiday in the north by now: Bob has 14 of 20 working days, not 15 of 21."""
    small.apply(REST.replace("{code: north}", "{code: north, holidays: other}"))
    found = learnt(small)
    assert found["bob.p.goal"] == "-1.43"


def test_an_absence_that_reduces_nothing_any_more(small: Small) -> None:
    small.apply(REST.replace("reduces_goal: true", "reduces_goal: false"))
    found = learnt(small)
    assert found["ann.p.goal"] == "4.76"
    assert not any(line.startswith("bob") for line in found)


def test_a_pay_date_that_moves(small: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bob leaves on the 15th, after the pay date; then January is paid on the 20th."""
    bob_leaves(small, "2026-02-15")
    small.run("calculate", "2026-02")
    assert small.differences("2026-02") == {}
    head_with(monkeypatch, "pay_days_after: 10", "pay_days_after: 20")
    small.apply(REST)
    assert learnt(small)["bob.p.pay"] == "-50.00"


def test_a_pay_group_that_is_paid_by_another_calendar(
    small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    bob_leaves(small, "2026-05-15")
    small.run("calculate", "2026-02")
    assert small.differences("2026-02") == {}
    head_with(
        monkeypatch, "  yearly: {kind: yearly,", "  yearly: {kind: yearly, pay_days_after: 10,"
    )
    head_with(monkeypatch, "staff: {calendar: monthly}", "staff: {calendar: yearly}")
    small.apply(REST)
    assert learnt(small)["bob.p.pay"] == "-50.00"


def test_a_kind_of_fact_cannot_hold_something_else(small: Small) -> None:
    with pytest.raises(CommandError, match=r"facts\.bonus: there are facts of this kind"):
        small.apply(REST.replace("bonus: {kind: number}", "bonus: {kind: text}"))


def test_what_was_final_is_explained_by_the_definitions_of_then(small: Small) -> None:
    """90 of 95.24 were 95 %; by now the attainment has two decimals."""
    assert small.amounts("2026-01")["ann.p.share"] == "95.00"
    small.apply(REST.replace("attainment_decimals: 0", "attainment_decimals: 2"))
    assert "share: 95.00" in small.run("explain", "ann", "2026-01")
    assert learnt(small) == {"ann.p.share": "-0.50"}


def test_what_is_booked_in_a_currency_keeps_the_organisation_at_it(
    small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every amount would be taken back, and paid once more in the other currency."""
    head_with(monkeypatch, "currency: EUR}", "currency: CHF}")
    with pytest.raises(CommandError, match=r"tenant\.currency.*have paid in EUR"):
        small.apply(REST)


OWN_CONTRACT = """
  own:
    calendar: monthly
    versions:
      - in_force: 2026-01-01
        reason: Agreed late
        eligibility: [{person: ann}]
        measures: {x: {}}
        components: {pay: {formula: x * 2}}
"""


def test_who_is_taken_into_a_plan_behind_a_final_period_is_paid_by_it_there(
    small: Small,
) -> None:
    """Ann's own contract reaches back to January, which would be lost between the two plans."""
    small.apply(REST + OWN_CONTRACT)
    with pytest.raises(CommandError) as refusal:
        small.run("finalise", "2026-02", "--on", "2026-03-01")
    assert str(refusal.value) == (
        "monthly:2026-01 of own was never calculated, and another plan of its family has paid its"
        " people there. Calculate and finalise it first: periods become final in their order."
    )
    small.run("finalise", "2026-01", "--on", "2026-03-01")
    assert small.amounts("2026-01")["ann.own.pay"] == "180.00"
    assert learnt(small)["ann.p.pay"] == "-90.00"
