"""What the next step of a plan would bring: against explicit arithmetic, and against the engine."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from incentives.explain import work_out
from incentives.models import PlanVersion
from incentives.next_step import NextStep, grid, next_steps, total
from incentives.rules import VersionRules, load
from org.models import Tenant
from org.tenancy import enter
from tests.incentives.test_found import Small
from tests.seeds import examples

pytestmark = pytest.mark.django_db
D = Decimal

RULES = """
units: [{code: north}]
metrics:
  calls: {kind: sum, decimals: 0}
  pace: {kind: ratio, unit: seconds, direction: lower, decimals: 0, attainment: goal_by_actual}
  quality: {kind: ratio, unit: percent, decimals: 1}
goals:
  - {metric: calls, value: 100}
  - {metric: pace, value: 300}
  - {metric: quality, value: 80%}
plans:
  main:
    calendar: monthly
    versions:
      - in_force: 2026-01-01
        measures: {calls: {}, pace: {}, quality: {}}
        tables:
          step: {kind: rate, rows: [[0, 0], [90%, 50], [100%, 100], [120%, 180]]}
          slices: {kind: tier, rows: [[0, 1], [50, 2], [150, 3]]}
          curve: {points: [[80%, 0], [100%, 200]]}
        components:
          bonus: {formula: 'RATE(ATTAINMENT(calls), step)', gate: quality >= 75%}
          each: {formula: 'TIER(calls, slices)'}
          fast: {formula: 'CURVE(ATTAINMENT(pace), curve)'}
  capped:
    family: other
    calendar: monthly
    versions:
      - in_force: 2026-01-01
        cap: '120'
        measures: {calls: {}}
        components: {pay: {formula: 'IF(calls >= 100, 150, 20)'}, more: {formula: 'calls * 0.5'}}
  to_date:
    family: third
    calendar: monthly
    versions:
      - in_force: 2026-01-01
        measures: {calls: {}, year: {metric: calls, window: year_to_date}}
        components: {pay: {formula: 'IF(AND(calls >= 10, year >= 1000), 70, 0)'}}
"""


@pytest.fixture
def rules(tmp_path: Path) -> Iterator[dict[str, VersionRules]]:
    """The rules of the plans by code, with their tenant entered."""
    Small(tmp_path, "ann,north,agent,2026-01-01,", RULES)
    with enter(Tenant.objects.get(code="small").pk):
        versions = PlanVersion.objects.select_related("plan")
        yield {version.plan.code: load(version) for version in versions}


def inputs(calls: str, pace: str = "320", quality: str = "0.8") -> dict[str, str]:
    """What a run kept for a person, with the goals of the plan."""
    return {
        "calls": calls,
        "goal calls": "100",
        "pace": pace,
        "goal pace": "300",
        "quality": quality,
        "goal quality": "0.8",
        "prorate": "1",
    }


def steps(rules: VersionRules, stored: dict[str, str]) -> dict[str, tuple[Decimal, Decimal]]:
    """Where each measure's next step is, and what it brings."""
    return {step.measure.name: (step.to, step.more) for step in next_steps(rules, stored)}


def test_the_next_row_of_a_table_and_the_slice_up_to_it(rules: dict[str, VersionRules]) -> None:
    # 80 calls: 80 % pays 0, slices 50 × 1 + 30 × 2. At 90: 50 more, and ten calls at 2.
    found = steps(rules["main"], inputs("80"))
    assert found["calls"] == (D(90), D(50) + 10 * D(2))


def test_lower_is_better_goes_down(rules: dict[str, VersionRules]) -> None:
    # 320 s of 300 are 93.75 %: 137.50 of the curve; 300 s are 100 %: 200.
    found = steps(rules["main"], inputs("80"))
    assert found["pace"] == (D(300), D("62.50"))


def test_a_gate_that_is_shut_is_a_step_of_its_own(rules: dict[str, VersionRules]) -> None:
    # The gate keeps the 50 that 95 calls would earn; the calls to 100 earn no bonus behind it.
    found = steps(rules["main"], inputs("95", quality="0.7"))
    assert found["quality"] == (D("0.75"), D(50))
    assert found["calls"] == (D(100), 5 * D(2))


def test_the_plans_own_cap_is_kept(rules: dict[str, VersionRules]) -> None:
    # 90 calls: 20 + 45 = 65. At 100: 150 + 50 = 200, of which the plan pays 120.
    assert steps(rules["capped"], inputs("90")) == {"calls": (D(100), D(55))}


def test_a_figure_of_the_year_moves_with_that_of_the_month(rules: dict[str, VersionRules]) -> None:
    # 5 calls this month and 990 in the year: 10 more are 1,000 and 15: the gate of both opens.
    stored = inputs("5") | {"year": "990"}
    assert steps(rules["to_date"], stored)["year"] == (D(1000), D(70))


def test_beyond_the_last_step_nothing_is_promised(rules: dict[str, VersionRules]) -> None:
    assert "calls" not in steps(rules["main"], inputs("400"))


def test_what_has_no_data_or_is_incomplete_promises_nothing(
    rules: dict[str, VersionRules],
) -> None:
    blank = {name: value for name, value in inputs("80").items() if name != "calls"}
    assert "calls" not in steps(rules["main"], blank)
    assert "calls" not in steps(rules["main"], inputs("80") | {"calls ?": "yes"})


def test_the_figure_of_now_never_looks_reached(rules: dict[str, VersionRules]) -> None:
    (step,) = (s for s in next_steps(rules["main"], inputs("89.7")) if s.measure.name == "calls")
    assert (step.to, step.now_shown) == (D(90), D(89))


@settings(
    max_examples=examples(20, of=60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    calls=st.decimals(0, 200, places=1),
    pace=st.decimals(100, 600, places=3),
    quality=st.decimals("0.5", 1, places=4),
)
def test_at_the_promised_figure_the_engine_pays_the_promised_amount(
    rules: dict[str, VersionRules], calls: Decimal, pace: Decimal, quality: Decimal
) -> None:
    stored = inputs(str(calls), str(pace), str(quality))
    for step in next_steps(rules["main"], stored):
        assert gain(rules["main"], stored, step, step.to) == step.more > 0
        worse = grid(step.measure) * (1 if step.measure.lower_is_better else -1)
        assert gain(rules["main"], stored, step, step.to + worse) < step.more


def gain(rules: VersionRules, stored: dict[str, str], step: NextStep, figure: Decimal) -> Decimal:
    """What a result with another figure pays more, worked out from inputs as a run keeps them."""
    before = work_out(rules, stored)
    after = work_out(rules, stored | {step.measure.name: f"{figure:f}"})
    return total(rules, after, before) - total(rules, before, after)
