"""A plan year copied forward with its goals, and where metrics, tables, attributes are used."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from incentives.models import Component, PlanVersion
from metrics.copy_goals import a_year_later, goals_to_copy
from metrics.models import CreditRule, Goal, Metric, Source, TransactionKind
from org.dates import FOREVER
from org.models import AuditEntry, InputChange
from org.tenancy import enter
from tests.web.board_cast import make_board
from tests.web.cast import NOW, SINCE, Cast, make_version

Browser = Callable[[str], Client]


def page(client: Client, name: str, *args: Any, query: str = "") -> str:
    """A page that must open."""
    answer = client.get(reverse(name, args=args) + query)
    assert answer.status_code == 200
    return answer.content.decode()


def goal(value: str, first: date, end: date = FOREVER, **whose: Any) -> Goal:
    """A goal for calls."""
    return Goal.objects.create(
        metric=Metric.objects.get(code="calls"),
        value=Decimal(value),
        valid_from=first,
        valid_to=end,
        recorded_at=NOW,
        **whose,
    )


YEAR = {"first": date(2026, 1, 1), "end": date(2027, 1, 1)}


# --- copying a year


@pytest.fixture
def goals(bank: Cast) -> None:
    """Goals of the year, of a month, of ever, and one that is there already."""
    with enter(bank.tenant.pk):
        ann, cleo = bank.people["ann"], bank.people["cleo"]
        goal("250", date(2026, 1, 1), date(2027, 1, 1))
        goal("200", date(2026, 2, 1), date(2026, 3, 1), person=ann)
        goal("100", SINCE, person=cleo)
        goal("10", date(2026, 1, 1), date(2027, 1, 1), of="team")
        goal("11", date(2027, 1, 1), date(2028, 1, 1), of="team")


def test_days_move_by_a_year() -> None:
    assert a_year_later(date(2028, 2, 29)) == date(2029, 2, 28)
    assert a_year_later(date(2026, 2, 28)) == date(2027, 2, 28)


def test_what_a_copy_of_goals_would_do(bank: Cast, goals: None) -> None:
    with enter(bank.tenant.pk):
        plan = goals_to_copy(metrics=[Metric.objects.get().pk], **YEAR)
        new = {(g.value, g.valid_from, g.valid_to) for g in plan.new}
        assert new == {
            (Decimal(250), date(2027, 1, 1), date(2028, 1, 1)),
            (Decimal(200), date(2027, 2, 1), date(2027, 3, 1)),
        }
        assert [(old.value, there.value) for old, there in plan.there] == [(10, 11)]
        assert [g.value for g in plan.going_on] == [100]


def test_a_year_is_looked_at_and_then_copied(browser: Browser, bank: Cast, goals: None) -> None:
    mia = browser("mia")
    shown = page(mia, "plan-forward", query=f"?year=2027&plans={bank.plan.pk}&goals=on")
    assert "1 January 2027" in shown
    assert "is left out" in shown
    with enter(bank.tenant.pk):
        assert PlanVersion.objects.count() == 1, "looking makes nothing"
    post = {"year": "2027", "plans": str(bank.plan.pk), "goals": "on"}
    answer = mia.post(reverse("plan-forward"), post, follow=True)
    assert "and 2 goals copied" in answer.content.decode()
    with enter(bank.tenant.pk):
        draft = PlanVersion.objects.get(in_force=date(2027, 1, 1))
        assert (draft.status, draft.author) == ("draft", bank.user("mia"))
        assert draft.tables.get().spec == bank.version.tables.get().spec
        assert Goal.objects.filter(valid_from__year=2027).count() == 3
        assert InputChange.objects.filter(kind="goal").exists(), "a cause for what it moves"
        assert AuditEntry.objects.filter(action="set goals", by=bank.user("mia")).exists()


def test_the_same_year_twice_is_refused(browser: Browser, bank: Cast) -> None:
    mia = browser("mia")
    post = {"year": "2027", "plans": str(bank.plan.pk)}
    mia.post(reverse("plan-forward"), post)
    answer = mia.post(reverse("plan-forward"), post)
    assert "version 2 begins on 1 January 2027 already" in answer.content.decode()
    with enter(bank.tenant.pk):
        assert PlanVersion.objects.count() == 2


def test_what_names_the_old_year_is_said(browser: Browser, bank: Cast) -> None:
    with enter(bank.tenant.pk):
        formula = "IF(FACT(since) < DATE(2026, 6, 1), calls, 0)"
        Component.objects.filter(version=bank.version).update(formula=formula)
    shown = page(browser("mia"), "plan-forward", query=f"?year=2027&plans={bank.plan.pk}")
    assert "bonus, formula: its formula names 2026" in shown


# --- where a thing is used


@pytest.fixture
def deals(bank: Cast) -> TransactionKind:
    """A kind of transaction that credits calls, and a source that brings them."""
    with enter(bank.tenant.pk):
        metric = Metric.objects.get()
        kind = TransactionKind.objects.create(
            code="sale",
            key_columns=["no"],
            dates=["sold"],
            attributes={"amount": "money", "product": "text"},
            roles={"seller": {}},
        )
        CreditRule.objects.create(
            kind=kind, group="volume", order=1, when="amount > 100", to=["seller"],
            amount="amount", into=metric, on="sold", valid_from=SINCE, recorded_at=NOW,
        )  # fmt: skip
        Source.objects.create(code="phone", column_map={"values": {"calls": {"sum": "Calls"}}})
        goal("250", SINCE)
        make_board(bank, "board")
    return kind


def test_where_a_metric_is_used(browser: Browser, deals: TransactionKind) -> None:
    shown = page(browser("mia"), "where-used", "metric", "calls")
    for found in (
        "calls version 1: measure calls",
        "Credit rule sale: volume 1",
        "Source phone",
        "1 goal",
        "Leaderboard",
    ):
        assert found in shown


def test_where_an_attribute_is_used(browser: Browser, bank: Cast, deals: TransactionKind) -> None:
    with enter(bank.tenant.pk):
        measure = bank.version.measures.get()
        measure.filter = 'product = "Gold"'
        measure.save()
    shown = page(browser("mia"), "where-used", "attribute", "sale.amount")
    assert "Credit rule volume 1, when" in shown
    assert "Credit rule volume 1, amount" in shown
    shown = page(browser("mia"), "where-used", "attribute", "sale.product")
    assert "calls version 1: measure calls" in shown


def test_where_a_table_is_used(browser: Browser, bank: Cast) -> None:
    shown = page(browser("audrey"), "where-used-part", bank.version.pk, "tables", "step")
    assert "calls version 1: component bonus" in shown


def test_where_a_component_is_used_by_another_plan(browser: Browser, bank: Cast) -> None:
    with enter(bank.tenant.pk):
        version = make_version(bank.plan, author=bank.user("mia"), status="draft", number=2)
        Component.objects.create(version=version, name="extra", formula="EARNED(bonus) * 2")
    shown = page(browser("mia"), "where-used", "component", "calls.bonus")
    assert "calls version 2: component extra" in shown


def test_what_nothing_uses(browser: Browser, bank: Cast) -> None:
    assert "Nothing uses it" in page(browser("mia"), "where-used", "plan", "calls")


@pytest.mark.parametrize(
    ("what", "name"),
    [
        ("metric", "nothing"),
        ("thing", "calls"),
        ("attribute", "sale.x"),
        ("fact", "x"),
        ("plan", "x"),
    ],
)
def test_what_is_not_there_is_not_found(browser: Browser, what: str, name: str) -> None:
    assert browser("mia").get(reverse("where-used", args=[what, name])).status_code == 404
