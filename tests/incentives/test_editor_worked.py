"""Drafts worked out for real people and deals, of every grain, and the same while it is typed."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import OperationalError

from incentives.editor import figures, trial
from incentives.editor.worked import Tried, somebody, try_for
from incentives.models import CalculationRun, Component, Earning, PlanVersion
from org import locks
from org.errors import DomainError
from org.models import Assignment, Period, Person, Tenant
from org.tenancy import enter
from tests.scenarios.site import Site

pytestmark = pytest.mark.django_db
AT = datetime(2026, 2, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def deals() -> Iterator[None]:
    """Scenario 1: Ann's four deals of January, of which two are large enough."""
    site = Site("s01")
    site.ingest("crm", "deals.csv")
    with enter(Tenant.objects.get(code="s01").pk):
        yield


@pytest.fixture
def pool() -> Iterator[None]:
    """Scenario 28: tips of 1,000 shared by hours."""
    site = Site("s28")
    site.ingest("clock", "hours.csv")
    with enter(Tenant.objects.get(code="s28").pk):
        yield


def component(plan: str) -> Component:
    """The component of a plan's version."""
    return Component.objects.select_related("version__plan__calendar").get(version__plan__code=plan)


def tried(row: Component, person: str, deal: str = "") -> Tried:
    """A component as it is typed, for somebody in January."""
    return try_for(
        version=row.version,
        person=Person.objects.get(code=person),
        period=Period.objects.get(code="2026-01"),
        at=AT,
        on=AT.date(),
        component=row,
        only=row.name,
        deal=deal,
    )


def typed_over(row: Component, given: dict[str, str]) -> figures.Worked:
    """The same component over figures, as a page works it out while somebody types."""
    checked = trial.check_component(row.version, copy(row))
    assert checked.component is not None
    assert checked.rules is not None
    needed = figures.needed(checked.rules, checked.component)
    return figures.work_out(
        checked.rules, checked.component, {f.column: given.get(f.column, "") for f in needed}
    )


def test_each_credit_of_a_person_is_worked_out(deals: None) -> None:
    row = component("sales")
    row.formula = "amount * 4%"
    found = tried(row, "ann")
    [line] = found.lines
    assert line.amount == Decimal("1800.00")
    assert set(found.deals) == {"D1", "D4"}
    assert (found.deal, found.figures["amount"]) == ("D1", "25000")
    assert not CalculationRun.objects.exists(), "nothing of it stays"
    assert not Earning.objects.exists()
    assert component("sales").formula == "amount * 3%"


def test_the_figures_of_the_deal_that_is_chosen(deals: None) -> None:
    row = component("sales")
    row.formula = "IF(margin >= 36%, amount, 0) * 1%"
    found = tried(row, "ann", deal="D4")
    assert (found.deal, found.figures["margin"]) == ("D4", "0.35")
    assert typed_over(row, dict(found.figures)).amount.value == 0
    first = tried(row, "ann", deal="D1")
    assert typed_over(row, dict(first.figures)).amount.value == Decimal(250)


def test_what_a_team_shares(pool: None) -> None:
    row = component("pool_restated")
    person = somebody(row.version, Period.objects.get(code="2026-06"))
    assert person is not None
    found = try_for(
        version=row.version,
        person=person,
        period=Period.objects.get(code="2026-06"),
        at=AT,
        on=date(2026, 7, 2),
        component=row,
        only="pool",
    )
    [line] = found.lines
    assert line.amount is not None
    assert line.amount > 0
    assert "by largest remainder" in line.lines[0].rounded


def test_nobody_waits_long_for_the_engine(deals: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy() -> None:
        raise OperationalError("canceling statement due to lock timeout")

    monkeypatch.setattr(locks, "hold_engine", busy)
    with pytest.raises(DomainError, match="The engine is calculating at this moment"):
        tried(component("sales"), "ann")


def test_somebody_who_is_not_on_the_plan(deals: None) -> None:
    row = component("sales")
    PlanVersion.objects.filter(pk=row.version_id).update(ends=date(2026, 1, 1))
    row = component("sales")
    with pytest.raises(DomainError, match="is not on this plan"):
        tried(row, "ann")


def test_whoever_stands_for_all_has_figures_where_the_rule_looks(deals: None) -> None:
    version = component("sales").version
    job = Assignment.objects.get(person__code="ann")
    job.pk, job.person = None, Person.objects.create(code="aaa", name="Has sold nothing")
    job.save()
    Period.objects.get_or_create(
        calendar=version.plan.calendar,
        code="2026-02",
        defaults={"valid_from": date(2026, 2, 1), "valid_to": date(2026, 3, 1)},
    )
    february = Period.objects.get(code="2026-02")

    def chosen() -> str:
        found = somebody(version, february)
        assert found is not None
        return found.code

    assert chosen() == "aaa", "nobody has a figure of February"
    version.measures.update(window="year_to_date")
    assert chosen() == "ann"
