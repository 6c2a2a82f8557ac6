"""What a version may be called, and what is wrong with one, in sentences."""

from __future__ import annotations

from datetime import date

import pytest

from incentives import rules
from incentives.calculate import calculate_period
from incentives.models import Component, Earning, Measure
from metrics.models import Metric, MetricDefinition
from org.models import Tenant
from tests.factories import AT
from tests.incentives.world import make_world

ON = date(2026, 7, 2)


def test_a_component_may_be_called_like_a_measure(tenant: Tenant) -> None:
    world = make_world(1)
    extra = Component.objects.create(version=world.version, name="sales", formula="sales * 2")
    [made] = calculate_period(period=world.period, by=None, at=AT, on=ON)
    assert Earning.objects.filter(run_id=made.pk, component_id=extra.pk).exists()


def test_names_that_differ_only_in_capitals_are_refused(tenant: Tenant) -> None:
    world = make_world(1)
    metric = Metric.objects.get(code="sales")
    Measure.objects.create(version=world.version, name="Sales", metric=metric)
    Component.objects.create(version=world.version, name="POINTS", formula="1")
    said = {problem.where: problem.sentence for problem in rules.problems(world.version)}
    assert any("measures." in where and "capitals" in text for where, text in said.items())
    assert any("components." in where and "capitals" in text for where, text in said.items())


@pytest.mark.parametrize(
    ("formula", "sentence"),
    [("actual / gaol", "goal"), ("actual > goal", "number"), ("actual /", "line 1")],
)
def test_a_broken_attainment_formula_is_a_problem(
    tenant: Tenant, formula: str, sentence: str
) -> None:
    world = make_world(1)
    MetricDefinition.objects.filter(metric__code="sales").update(
        attainment="formula", attainment_formula=formula
    )
    found = [str(problem) for problem in rules.problems(world.version)]
    assert any(sentence in text.lower() for text in found), found


def test_metrics_worked_out_from_each_other_are_refused(tenant: Tenant) -> None:
    world = make_world(1)
    for code, formula in (("one", "two + 1"), ("two", "one + 1")):
        MetricDefinition.objects.create(
            metric=Metric.objects.create(code=code, name=code),
            kind="derived",
            formula=formula,
            attainment="actual_by_goal",
            valid_from=date(2026, 1, 1),
            recorded_at=AT,
        )
    metric = Metric.objects.get(code="one")
    Measure.objects.create(version=world.version, name="circle", metric=metric)
    found = [problem.sentence for problem in rules.problems(world.version)]
    assert any("one → two → one" in text for text in found), found


def test_a_derived_metric_over_derived_metrics(tenant: Tenant) -> None:
    """Three levels, with metrics called like the parts that the engine adds."""
    world = make_world(1)
    for code, formula in (
        ("goal", "sales * 2"),
        ("actual", "goal + sales"),
        ("top", "actual * 10"),
    ):
        MetricDefinition.objects.create(
            metric=Metric.objects.create(code=code, name=code),
            kind="derived",
            formula=formula,
            attainment="actual_by_goal",
            valid_from=date(2026, 1, 1),
            recorded_at=AT,
        )
    metric = Metric.objects.get(code="top")
    Measure.objects.create(version=world.version, name="top", metric=metric)
    thirty = Component.objects.create(
        version=world.version, name="thirty", formula="top - sales * 30"
    )
    [made] = calculate_period(period=world.period, by=None, at=AT, on=ON)
    amounts = Earning.objects.filter(run_id=made.pk, component_id=thirty.pk)
    assert set(amounts.values_list("amount", flat=True)) == {0}
