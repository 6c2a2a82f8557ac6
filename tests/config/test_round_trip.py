"""Applying twice, exporting, applying the export: nothing changes, wherever it is applied."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metrics.models import Goal, Metric
from org.models import AuditEntry, Person, Tenant
from org.tenancy import enter
from pmsite import tenant_file, tenant_yaml
from tests.config.files import AT, SMALL, Folder, example, export
from tests.seeds import examples


@pytest.fixture
def example_file(folder: Folder) -> str:
    """The example of the documentation, with its people beside it."""
    files = example()
    for name in ("people.csv", "assignments.csv"):
        folder.write(files[name], name)
    return files["tenant.yaml"]


def test_the_same_file_again_changes_nothing(folder: Folder, example_file: str) -> None:
    first = folder.apply(example_file)
    assert first.created
    assert set(first.changes) >= {"metrics", "sources", "goals", "plans", "people", "assignments"}
    assert list(folder.apply(example_file).lines()) == ["Nothing changes."]


def test_applying_an_export_changes_nothing(folder: Folder, example_file: str) -> None:
    folder.apply(example_file)
    tenant = Tenant.objects.get(code="example-bank")
    written = tenant_file.export(tenant=tenant, with_people=True)
    for name, text in written.files.items():
        folder.write(text, name)
    assert list(folder.apply(written.text).lines()) == ["Nothing changes."]
    assert tenant_file.export(tenant=tenant, with_people=True) == written


def test_an_export_makes_an_equal_tenant_under_another_code(
    folder: Folder, example_file: str
) -> None:
    folder.apply(example_file)
    sandbox = export("example-bank", with_people=True)
    folder.apply(sandbox, tenant="production")
    production = export("production", with_people=True)
    assert production == sandbox.replace("code: example-bank", "code: production", 1)
    assert Tenant.objects.count() == 2


def test_a_dry_run_says_the_same_and_writes_nothing(folder: Folder, example_file: str) -> None:
    dry = folder.apply(example_file, dry_run=True)
    assert not Tenant.objects.exists()
    assert list(folder.apply(example_file).lines()) == list(dry.lines())
    changed = example_file.replace("value: 400", "value: 410")
    before = export("example-bank")
    assert folder.apply(changed, dry_run=True).changes["goals"]
    assert export("example-bank") == before


def test_what_is_left_out_stays(folder: Folder) -> None:
    folder.apply(SMALL)
    before = export()
    assert (
        folder.changes("tenant: {code: bank, name: Bank, time_zone: Europe/Zurich, currency: CHF}")
        == {}
    )
    assert export() == before


def test_a_section_is_the_whole_truth(folder: Folder) -> None:
    folder.apply(SMALL)
    more = SMALL.replace("goals:\n", "goals:\n  - {metric: aht, value: 300, unit: north}\n")
    assert folder.changes(more) == {"goals": ["+ goal aht 300 for north"]}
    assert folder.changes(SMALL) == {"goals": ["- goal aht 300 for north"]}
    with enter(Tenant.objects.get().pk):
        assert Goal.objects.count() == 2  # the one that went is kept, as it was known


def test_a_metric_that_nobody_used_goes_and_one_in_use_stays(folder: Folder) -> None:
    folder.apply(SMALL)
    extra = SMALL.replace("metrics:\n", "metrics:\n  spare: {kind: last}\n")
    assert folder.changes(extra)["metrics"] == ["+ metric spare: last"]
    assert folder.changes(SMALL)["metrics"] == ["- metric spare"]
    without = SMALL.replace("  calls: {name: Calls, kind: sum}\n", "")
    assert "metrics.calls (line 8): the file leaves this metric out, but there are goals" in (
        folder.refusal(without)
    )


def test_dated_definitions_follow_each_other(folder: Folder) -> None:
    dated = SMALL.replace(
        "  calls: {name: Calls, kind: sum}",
        "  calls:\n    - {name: Calls, kind: sum}\n"
        "    - {kind: sum, decimals: 0, from: 2026-04-01}",
    )
    folder.apply(SMALL)
    said = folder.changes(dated)
    assert said == {"metrics": ["~ metric calls: sum to 2026-04-01; sum from 2026-04-01"]}
    assert "- {kind: sum, decimals: 0, from: 2026-04-01}" in export()
    assert folder.changes(dated) == {}


def test_applying_is_on_the_record(folder: Folder) -> None:
    folder.apply(SMALL)
    with enter(Tenant.objects.get().pk):
        entry = AuditEntry.objects.get(action="apply tenant file")
        assert entry.detail["changes"]["goals"] == ["+ goal calls 100"]
        assert len(entry.detail["sha256"]) == 64
    folder.apply(SMALL)
    with enter(Tenant.objects.get().pk):
        assert AuditEntry.objects.filter(action="apply tenant file").count() == 1


def test_tenants_do_not_meet(folder: Folder) -> None:
    folder.apply(SMALL)
    folder.apply(SMALL, tenant="other")
    with enter(Tenant.objects.get(code="other").pk):
        assert Metric.objects.count() == 2
        assert not Person.objects.exists()


# -- YAML itself ----------------------------------------------------------------------------------

PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.decimals(
        allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=6
    ),
    st.dates(),
    st.sampled_from(
        ["on", "yes", "no", "null", "~", "007", "1:30", "4%", "0.10", "2026-01-01", "<<"]
    ),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20),
    st.just("IF(a > 1,\n   b,\n   c)"),
)
KEYS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=8
)
NESTED = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(KEYS, NESTED, min_size=1, max_size=4))
@settings(max_examples=150, deadline=None)
def test_what_is_written_is_read_back(data: dict[str, Any]) -> None:
    assert tenant_yaml.load(tenant_yaml.dump(data), "file").data == data


# -- properties -----------------------------------------------------------------------------------

AMOUNTS = st.decimals(0, 10**9, places=4, allow_nan=False)


@st.composite
def tables(draw: Callable[..., Any]) -> dict[str, Any]:
    """A step table, with percents and numbers mixed."""
    bounds = sorted(draw(st.lists(AMOUNTS, min_size=1, max_size=4, unique=True)))
    rates = [draw(AMOUNTS | st.integers(0, 90).map(lambda n: f"{n}%")) for _ in bounds]
    rows = [[bound, rate] for bound, rate in zip(bounds, rates, strict=True)]
    return {"rows": rows, "on_bound": draw(st.sampled_from(["upper_row", "lower_row"]))}


@st.composite
def tenants(draw: Callable[..., Any]) -> dict[str, Any]:
    """Goals, a dated metric and a plan with a table, in the many ways that a file can say them."""
    data = tenant_yaml.load(SMALL, "small").data
    goal = {
        "metric": "aht",
        "value": draw(AMOUNTS),
        "of": draw(st.sampled_from(["person", "team"])),
    }
    if draw(st.booleans()):
        goal["job_type"] = "agent"
    data["goals"].append(goal)
    data["metrics"]["aht"]["decimals"] = draw(st.integers(0, 6))
    data["metrics"]["aht"]["minimum_sample"] = draw(st.none() | st.integers(1, 50)) or 5
    version = data["plans"]["service"]["versions"][0]
    version["tables"]["step"] = draw(tables())
    version["prorate"] = {"goal": draw(st.lists(st.sampled_from(["days", "share"]), unique=True))}
    version["components"]["pay"]["cap"] = draw(st.integers(0, 10**6) | AMOUNTS)
    version["components"]["pay"]["prorate"] = draw(st.booleans())
    return data


@given(tenants())
@settings(
    max_examples=examples(4, of=10),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_every_export_is_stable(folder: Folder, data: dict[str, Any]) -> None:
    text = tenant_yaml.dump(data)
    folder.apply(text)
    assert folder.changes(text) == {}
    once = export()
    assert folder.changes(once) == {}
    assert export() == once


def test_numbers_are_exact(folder: Folder) -> None:
    folder.apply(SMALL.replace("value: 100}", "value: 0.100000000001}"))
    with enter(Tenant.objects.get().pk):
        assert Goal.objects.get().value == Decimal("0.100000000001")
    folder.apply(SMALL.replace("value: 100}", "value: 95%}"), at=AT)
    assert "value: 0.95}" in export()
