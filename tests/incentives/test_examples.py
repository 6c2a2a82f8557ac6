"""Worked examples: every kind of component, on both engines, and what keeps one from running."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from incentives import examples
from incentives.describe import document
from incentives.examples import Outcome, Said, needs_of, outcomes
from incentives.examples.run import shown
from incentives.examples.take import taken_from
from incentives.models import Component, Earning, PlanPeriod, PlanVersion, Result
from incentives.rules import load
from org.errors import DomainError
from org.models import Person, Tenant
from org.tenancy import enter
from tests.incentives import test_random_plans as by_lot
from tests.incentives.test_found import Small
from tests.seeds import first

pytestmark = pytest.mark.django_db

RULES = """
  till: {map: {transaction: sale, people_by: code}}
units: [{code: north}]
facts: {grade: {kind: text}, base: {kind: number}, senior: {kind: yes_no}, since: {kind: date}}
metrics:
  calls: {kind: sum, decimals: 0}
  talk: {kind: sum, unit: seconds}
  pace: {kind: derived, formula: talk / calls, unit: seconds, direction: lower}
  sales: {kind: sum, unit: money}
  hours: {kind: sum}
transactions:
  payment: {key: [no], dates: [paid], attributes: {sum_paid: money}}
  sale:
    key: [no]
    dates: [sold]
    attributes: {amount: money, product: text, new: yes_no, back: percent}
    roles: {seller: {}}
    undone: {share: 'DEFAULT(back, 0)', on: sold}
credits:
  - {group: g, order: 1, kind: sale, to: seller, amount: amount, into: sales, on: sold}
plans:
  p:
    calendar: monthly
    versions:
      - in_force: 2026-01-01
        prorate: {amount: [days]}
        tables:
          step: {kind: tier, rows: [[0, 4%], [100000, 6%]]}
          bonus: {kind: rate, rows: [[0, 0], [100%, 500]]}
          product: {kind: lookup, rows: {gold: 40, silver: 10}}
        measures:
          calls: {}
          pace: {}
          volume: {metric: sales, undone_as: reverse}
          hours: {no_data: zero}
          year: {metric: sales, window: year_to_date}
        components:
          goal: {formula: 'RATE(ATTAINMENT(calls), bonus)', gate: 'FACT(grade) = "A"', cap: '400'}
          fast: {formula: 'IF(ATTAINMENT(pace) >= 100%, 25, 0)', prorate: false}
          rest: {formula: 'PRIOR(calls, 1) + TENURE() + FACT(base) / 3
                           + IF(RANK(calls, unit) = 1, 100, 0)', prorate: false}
          commission: {per: credit, of: volume, formula: 'SLICE(RUNNING(volume), amount, step)',
                       prorate: false}
          cards: {per: credit, of: volume, prorate: false,
                  formula: 'LOOKUP(product, product, 0) + COUNT(payment) + IF(new, 1, 0)'}
          day: {per: day, formula: 'IF(calls >= 50, 5, 0)'}
          pool: {per: team, formula: 'hours * 1.01', distribute: hours}
          kicker: {formula: 'EARNED(commission) * 10%', prorate: false}
          year_end: {formula: 'TIER(year, step)', cumulate: to_date}
"""


@pytest.fixture
def version(tmp_path: Path) -> Iterator[PlanVersion]:
    """The only version of the plan, with its tenant entered."""
    Small(tmp_path, "ann,north,agent,2026-01-01,", RULES)
    with enter(Tenant.objects.get(code="small").pk):
        yield PlanVersion.objects.select_related("plan").get()


def came(version: PlanVersion, said: Said) -> dict[str, str]:
    """What each component comes to, on both engines, which must agree."""
    found = outcomes(load(version), "x", said)
    assert all(one.agreed for one in found), [one.sentence for one in found if not one.agreed]
    return {one.component: shown(one.came) for one in found}


INPUTS = {
    "calls": "120",
    "GOAL(calls)": "100",
    "pace": "200",
    "GOAL(pace)": "240",
    "hours": "40",
    "PRIOR(calls, 1)": "80",
    "TENURE()": "7",
    "FACT(base)": "1000",
    "FACT(grade)": "A",
    "RANK(calls, unit)": "1",
    "PRORATE": "0.5",
    "year": "130000",
    "was__year": "90000",
    "first_period_of_year": "no",
}
CREDITS = [
    {"amount": "90000", "before": "yes"},
    {"amount": "18000", "product": "Gold", "COUNT(payment)": "2", "new": "yes"},
    {"amount": "4000", "product": "tin", "new": "no", "undone": "25%"},
]


def test_every_kind_of_component_comes_out_on_both_engines(version: PlanVersion) -> None:
    said = Said(
        INPUTS,
        {
            "credits": {"volume": CREDITS},
            "days": [{"calls": "60"}, {"calls": "49"}, {"calls": "50"}],
            "others": [{"hours": "40"}, {"hours": "20"}],
        },
    )
    assert came(version, said) == {
        "goal": "250",  # 500 in a half month; the cap of 400 comes after
        "fast": "25",
        "rest": "520.33",  # 80 + 7 + 333.333… + 100
        # 10,000 × 4 % + 8,000 × 6 %, then 4,000 × 6 % of which three quarters stay
        "commission": "1060",
        "cards": "43",  # gold 40, two payments and new; tin is in no row
        "day": "5",  # 5.00 for two days, each reduced to the half
        "pool": "40.4",  # 101.00 of 100 hours
        "kicker": "106",
        "year_end": "2200",  # 10,000 × 4 % + 30,000 × 6 %
    }


def test_what_is_left_out_is_blank_or_its_default(version: PlanVersion) -> None:
    found = came(version, Said({"calls": "120"}))
    assert found["goal"] == found["fast"] == found["rest"] == "undecided"
    assert found["commission"] == found["day"] == found["kicker"] == "0"
    assert found["pool"] == "0", "no data counts as zero hours"
    decided = came(version, Said(INPUTS | {"ATTAINMENT(calls)": "left out"}))
    assert decided["goal"] == "0"
    assert came(version, Said(INPUTS | {"ATTAINMENT(calls)": "0%"}))["goal"] == "0"


def test_a_goal_of_zero_and_a_blank_weight(version: PlanVersion) -> None:
    assert came(version, Said(INPUTS | {"GOAL(calls)": "0"}))["goal"] == "error: zero_goal"
    one = next(
        o
        for o in outcomes(
            load(version), "x", Said(INPUTS | {"GOAL(calls)": "0"}, {}, {"goal": "5"})
        )
    )
    assert "it cannot be worked out (The goal is zero" in one.sentence


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (Said({"cals": "1"}), "no formula reads “cals”. They read: calls, GOAL(calls)"),
        (Said({"calls": "many"}), 'calls: "many" is not a number'),
        (Said({"FACT(senior)": "yes"}), "no formula reads “FACT(senior)”"),
        (Said({}, {"credits": {"calls": [{}]}}), "no component pays the credits of “calls”"),
        (Said({}, {"credits": {"volume": [{"new": "perhaps"}]}}), "perhaps is neither yes nor no"),
        (Said({}, {"days": [{"hours": "1"}]}), "day 1: no formula reads “hours”"),
        (Said({}, {}, {"nothing": "1"}), "it expects an amount of “nothing”"),
        (Said({}, {}, {"goal": "a lot"}), "a lot is neither an amount nor “undecided”"),
    ],
)
def test_what_cannot_be_computed_says_why(version: PlanVersion, said: Said, sentence: str) -> None:
    [found] = outcomes(load(version), "Odd one", said)
    assert not found.ok
    assert found.sentence.startswith("Example “Odd one”")
    assert sentence in found.sentence


def test_names_are_taken_however_they_are_written(version: PlanVersion) -> None:
    assert (
        came(version, Said({"Goal( CALLS )": "100", "CALLS": "100", "fact(GRADE)": "a"}))["goal"]
        == "400"
    )


def test_the_needs_of_a_version(version: PlanVersion) -> None:
    needs = needs_of(load(version))
    assert [one.name for one in needs.inputs][:6] == [
        "calls",
        "GOAL(calls)",
        "ATTAINMENT(calls)",
        "hours",
        "pace",
        "GOAL(pace)",
    ]
    assert [one.name for one in needs.credits["volume"]] == [
        "amount",
        "COUNT(payment)",
        "new",
        "product",
        "before",
        "undone",
    ]
    assert [one.name for one in needs.days] == ["calls"]
    assert needs.others


def expecting(version: PlanVersion, **pays: str) -> list[Outcome]:
    """The outcomes of an example with the usual inputs."""
    return outcomes(load(version), "Usual", Said(INPUTS, {}, pays))


def test_an_outcome_says_what_came_out(version: PlanVersion) -> None:
    good, *_ = expecting(version, goal="250.00")
    assert (good.ok, good.sentence) == (True, "")
    bad, *_ = expecting(version, goal="300")
    assert bad.sentence == "Example “Usual”, goal: 300 is expected, but 250 came out."


def test_publishing_asks_for_an_example_of_each_component(version: PlanVersion) -> None:
    version.examples.create(
        name="One", inputs=INPUTS, expected={"goal": "250", "fast": "25", "rest": "undecided"}
    )
    found = examples.problems(version, complete=True)
    assert found[0] == "Example “One”, rest: undecided is expected, but 520.33 came out."
    assert sum("No example says what" in sentence for sentence in found) == 7
    assert len(examples.problems(version, complete=False)) == 1
    with pytest.raises(DomainError, match="p version 1 cannot be published"):
        examples.refuse(version, complete=False)


# --- by lot


@pytest.mark.parametrize("seed", first(2, of=4))
def test_results_drawn_by_lot_come_out_again_as_examples(tmp_path: Path, seed: int) -> None:
    lot = random.Random(1000 + seed)
    site = Small(tmp_path, by_lot.jobs(lot), by_lot.HEAD + by_lot.plan(lot))
    site.values(by_lot.values(lot))
    site.file("ingest", by_lot.sales(lot), "till")
    for period in ("2026-01", "2026-02"):
        site.run("calculate", period, "--on", "2026-03-02")
    with enter(Tenant.objects.get(code="small").pk):
        tried = sum(
            _comes_out(point, person)
            for point in PlanPeriod.objects.filter(run__isnull=False)
            for person in Person.objects.all()
        )
    assert tried


def _comes_out(point: PlanPeriod, person: Person) -> bool:
    """Take a result as an example: the engines agree on it, and people come to what was booked."""
    assert point.run is not None
    if Result.objects.filter(run_id=point.run_id, person_id=person.pk).count() != 1:
        return False
    waits = Earning.objects.filter(run_id=point.run_id, person_id=person.pk, amount=None)
    if waits.exists():
        with pytest.raises(DomainError, match="waits or could not be worked out"):
            taken_from(point.run.version, person, point)
        return False
    said = taken_from(point.run.version, person, point).said
    found = outcomes(load(point.run.version), "taken", said)
    assert all(one.agreed for one in found), [one.sentence for one in found]
    alone = [one for one in found if _stands_alone(point, one.component)]
    assert [one.sentence for one in alone if not one.ok] == []
    return True


def _stands_alone(point: PlanPeriod, name: str) -> bool:
    """Whether a component depends on nothing that is shared with others to the cent."""
    assert point.run is not None
    component = Component.objects.filter(version=point.run.version_id, name=name).first()
    return component is not None and component.per in ("person", "day")


def test_they_stand_in_the_plan_document(version: PlanVersion) -> None:
    version.examples.create(
        name="One",
        note="Why.",
        inputs={"calls": "120"},
        lines={"credits": {"volume": [{"amount": "5"}]}, "days": [{"calls": "9"}], "others": [{}]},
        expected={"goal": "250"},
    )
    text = document(version)
    assert "## Examples" in text
    assert "**One**. Why." in text
    assert "    calls = 120\n    credit of volume: amount 5\n    day: calls 9\n" in text
    assert "    colleague: the same figures\n    → goal: 250\n" in text
