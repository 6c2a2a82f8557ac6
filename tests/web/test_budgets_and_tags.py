"""Budgets, and what compliance packs go by: written by one person, in force by another."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from django.test import Client

from incentives.models import Budget
from metrics.models import Metric, MetricDefinition, TransactionKind
from org.base import CURRENT
from org.models import InputChange, JobType, RuleChange
from org.tenancy import enter
from tests.web.cast import NOW, Cast
from tests.web.test_rule_changes import at, complaints, decide, waiting

Browser = Callable[[str], Client]


def wanted(**changes: str) -> dict[str, str]:
    """A budget as its form sends it."""
    said = {"plan": "calls", "amount": "12000.50", "first": "2026-01-01", "end": ""}
    return {**said, "reason": "Agreed for the year", **changes}


def test_a_budget_is_asked_for_and_put_in_force_by_another(browser: Browser, bank: Cast) -> None:
    mia, mo = browser("mia"), browser("mo")
    asked = mia.post(at("budget-new"), wanted())
    assert asked.status_code == 302, complaints(asked)
    change = waiting(bank)
    assert str(change) == "Budget calls from 2026-01-01"
    assert "somebody else must put it in force" in decide(mia, change, "approve")
    with enter(bank.tenant.pk):
        assert not Budget.objects.exists(), "until then nothing holds"
        causes = InputChange.objects.count()
    assert "It is in force." in decide(mo, change, "approve")
    with enter(bank.tenant.pk):
        made = Budget.objects.get()
        assert (made.amount, made.valid_from) == (Decimal("12000.5"), date(2026, 1, 1))
        assert InputChange.objects.count() == causes, "a budget moves no pay"
    shown = mia.get(at("budget", made.pk)).content.decode()
    assert 'value="12000.5"' in shown
    assert "12,000.50" in mia.get(at("outside-plans")).content.decode()


def test_a_budget_is_changed_and_taken_out(browser: Browser, bank: Cast) -> None:
    mia, mo = browser("mia"), browser("mo")
    mia.post(at("budget-new"), wanted())
    decide(mo, waiting(bank), "approve")
    with enter(bank.tenant.pk):
        first = Budget.objects.get().pk
    unchanged = mia.post(at("budget", first), wanted())
    assert "Nothing of it differs" in complaints(unchanged)
    assert mia.post(at("budget", first), wanted(amount="13000")).status_code == 302
    decide(mo, waiting(bank), "approve")
    with enter(bank.tenant.pk):
        now = Budget.objects.get(CURRENT)
        assert now.amount == 13000
    assert mia.get(at("budget", first)).status_code == 404, "another one took its place"
    gone = mia.post(at("budget", now.pk), {"_remove": "yes", "reason": "No longer planned"})
    assert gone.status_code == 302, complaints(gone)
    decide(mo, waiting(bank), "approve")
    with enter(bank.tenant.pk):
        assert not Budget.objects.filter(CURRENT).exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"amount": "-1"}, "below zero"),
        ({"amount": "much"}, "much"),
        ({"amount": "NaN"}, "NaN"),
        ({"end": "2025-01-01"}, "is not after"),
        ({"first": "0202-01-01"}, "no plausible day"),
        ({"plan": "none"}, "Select a valid choice"),
        ({"reason": ""}, "This field is required"),
    ],
)
def test_a_mistake_stands_at_its_field(
    browser: Browser, bank: Cast, changes: dict[str, str], sentence: str
) -> None:
    answer = browser("mia").post(at("budget-new"), wanted(**changes))
    assert answer.status_code == 200
    assert sentence in complaints(answer)


def test_two_budgets_of_a_plan_do_not_overlap(browser: Browser, bank: Cast) -> None:
    mia = browser("mia")
    mia.post(at("budget-new"), wanted())
    decide(browser("mo"), waiting(bank), "approve")
    answer = mia.post(at("budget-new"), wanted(first="2026-07-01"))
    assert "is for the same plan on 1 July 2026" in complaints(answer)


def test_the_same_change_is_asked_for_once(browser: Browser, bank: Cast) -> None:
    mia = browser("mia")
    mia.post(at("budget-new"), wanted())
    again = mia.post(at("budget-new"), wanted())
    assert "waits already" in complaints(again)
    with enter(bank.tenant.pk):
        assert RuleChange.objects.count() == 1


def test_a_metric_is_tagged_by_two(browser: Browser, bank: Cast) -> None:
    mia, mo = browser("mia"), browser("mo")
    with enter(bank.tenant.pk):
        causes = InputChange.objects.count()
        definitions = MetricDefinition.objects.count()
    post = {"tags": ["insurance_sale"], "reason": "They sell insurance"}
    asked = mia.post(at("metric-tags", "calls"), post)
    assert asked.status_code == 302, complaints(asked)
    page = mia.get(at("rule-change", waiting(bank).pk)).content.decode()
    assert "insurance_sale" in page
    decide(mo, waiting(bank), "approve")
    with enter(bank.tenant.pk):
        assert Metric.objects.get(code="calls").tags == ["insurance_sale"]
        assert MetricDefinition.objects.count() == definitions, "its definition stays as it is"
        assert InputChange.objects.count() == causes
    assert "An insurance sale" in mia.get(at("compliance-tags")).content.decode()
    assert mia.post(at("metric-tags", "calls"), {"reason": "A mistake"}).status_code == 302
    decide(mo, waiting(bank), "approve")
    with enter(bank.tenant.pk):
        assert Metric.objects.get(code="calls").tags == []


def test_a_metric_with_several_definitions_keeps_them(browser: Browser, bank: Cast) -> None:
    july = date(2026, 7, 1)
    with enter(bank.tenant.pk):
        first = MetricDefinition.objects.get()
        MetricDefinition.objects.filter(pk=first.pk).update(valid_to=july)
        MetricDefinition.objects.create(
            metric=first.metric, kind="sum", unit="count", decimals=2,
            attainment="actual_by_goal", valid_from=july, recorded_at=NOW,
        )  # fmt: skip
    post = {"tags": ["brokerage_referral"], "reason": "They refer"}
    asked = browser("mia").post(at("metric-tags", "calls"), post)
    assert asked.status_code == 302, complaints(asked)
    assert "It is in force." in decide(browser("mo"), waiting(bank), "approve")
    with enter(bank.tenant.pk):
        assert MetricDefinition.objects.filter(CURRENT).count() == 2
        assert Metric.objects.get(code="calls").tags == ["brokerage_referral"]


def test_attributes_and_job_types_too(browser: Browser, bank: Cast) -> None:
    mia, mo = browser("mia"), browser("mo")
    with enter(bank.tenant.pk):
        TransactionKind.objects.create(
            code="loan", key_columns=["no"], attributes={"amount": "money", "rate": "percent"},
            tags={"amount": ["brokerage_sale"]},
        )  # fmt: skip
    post = {"tags_amount": [], "tags_rate": ["loan_term"], "reason": "A rate is a term"}
    asked = mia.post(at("kind-tags", "loan"), post)
    assert asked.status_code == 302, complaints(asked)
    decide(mo, waiting(bank), "approve")
    asked = mia.post(
        at("job-licences", "agent"), {"licences": ["insurance"], "reason": "All of them are"}
    )
    assert asked.status_code == 302, complaints(asked)
    decide(mo, waiting(bank), "approve")
    with enter(bank.tenant.pk):
        assert TransactionKind.objects.get().tags == {"rate": ["loan_term"]}
        assert JobType.objects.get().licences == ["insurance"]


def test_an_unknown_tag_is_refused(browser: Browser, bank: Cast) -> None:
    answer = browser("mia").post(at("metric-tags", "calls"), {"tags": ["gold"], "reason": "x"})
    assert "gold is not one of the available choices" in complaints(answer)


@pytest.mark.parametrize("name", ["pam", "audrey", "ada"])
def test_readers_read(browser: Browser, bank: Cast, name: str) -> None:
    client = browser(name)
    assert client.get(at("metric-tags", "calls")).status_code == 200
    assert client.post(at("metric-tags", "calls"), {"reason": "x"}).status_code == 403
    assert client.post(at("budget-new"), wanted()).status_code == 403
