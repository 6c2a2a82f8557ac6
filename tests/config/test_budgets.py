"""Budgets in the tenant file: read, written back, and refused by a sentence each."""

from __future__ import annotations

from datetime import date

import pytest

from incentives.models import Budget
from org.base import CURRENT
from org.models import InputChange, Tenant
from org.tenancy import enter
from tests.config.files import SMALL, Folder, export

TWO = """budgets:
  - {plan: service, amount: 12000.50, from: 2026-01-01, to: 2026-06-30}
  - {plan: service, amount: 14000, from: 2026-07-01}
"""


def test_budgets_are_read_and_written_back_and_move_no_pay(folder: Folder) -> None:
    folder.apply(SMALL)
    with enter(Tenant.objects.get().pk):
        causes = InputChange.objects.count()
    assert folder.changes(SMALL + TWO) == {
        "budgets": ["+ budget of service: 12000.5", "+ budget of service: 14000"]
    }
    written = export()
    assert "amount: 12000.5" in written
    assert list(folder.apply(written).lines()) == ["Nothing changes."]
    changed = SMALL + TWO.replace("14000", "13000")
    assert folder.changes(changed)["budgets"] == [
        "- budget of service: 14000",
        "+ budget of service: 13000",
    ]
    with enter(Tenant.objects.get().pk):
        assert InputChange.objects.count() == causes
        last = Budget.objects.filter(CURRENT).latest("valid_from")
        assert (last.amount, last.valid_from) == (13000, date(2026, 7, 1))
        assert Budget.objects.count() == 3, "what was known before stays"


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("{plan: sevice, amount: 10}", "budgets[0].plan"),
        ("{plan: service, amount: -1}", "-1 is below zero"),
        (
            "{plan: service, amount: 1}, {plan: service, amount: 2}",
            "is for the same plan on",
        ),
    ],
)
def test_a_budget_that_makes_no_sense_is_refused(folder: Folder, said: str, sentence: str) -> None:
    assert sentence in folder.refusal(f"{SMALL}budgets: [{said}]\n")
