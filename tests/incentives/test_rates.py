"""Exchange rates are part of the earning; a corrected one is a cause, and needs two people."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from incentives.config import apply_rates
from incentives.models import Transfer
from org.errors import DomainError
from org.models import InputChange, Tenant, User
from tests.factories import make_user
from tests.incentives.desk import Desk, later


def rates(plan: str, *, by: User | None = None, approved_by: User | None = None) -> list[str]:
    """Set the plan's rate from the year's first day, and the month's rates."""
    said: list[dict[str, Any]] = [
        {"name": "plan", "base": "USD", "quote": "EUR", "rate": plan, "from": date(2026, 1, 1)},
        {
            "name": "month",
            "base": "USD",
            "quote": "EUR",
            "rate": "0.94",
            "from": date(2026, 1, 1),
            "to": date(2026, 5, 1),
        },
        {"name": "month", "base": "USD", "quote": "EUR", "rate": "0.97", "from": date(2026, 5, 1)},
    ]
    return apply_rates(said, by=by, at=later(), today=date(2026, 6, 1), approved_by=approved_by)


@pytest.fixture
def desk(tenant: Tenant) -> Desk:
    """4 % of US dollars at the plan's rate, April final with 10,000."""
    tenant.currency = "EUR"
    tenant.save()
    rates("0.90")
    made = Desk(
        formula="sales * 4%",
        component={"exchange_rate": "plan", "options": {"currency": "USD"}},
    )
    made.sells("2026-04", 10000)
    made.finalise("2026-04")
    return made


def test_a_corrected_deal_keeps_its_rate_and_a_corrected_rate_is_a_cause(desk: Desk) -> None:
    assert desk.balance().due == 360
    desk.sells("2026-04", 11000)
    desk.finalise("2026-05")
    assert desk.balance().due == 396, "+36.00"
    rates("0.91", by=make_user("anna"), approved_by=make_user("bert"))
    desk.finalise("2026-06")
    assert str(desk.balance().due.normalize()) == "400.4", "+4.40"
    late = Transfer.objects.latest("id")
    assert late.change is not None
    assert late.change.kind == InputChange.Kind.RATE
    assert "0.91 from 2026-01-01, before 0.9" in late.cause
    assert "approved by bert" in late.cause


def test_a_rate_that_was_paid_with_is_corrected_by_two_people(desk: Desk) -> None:
    anna = make_user("anna")
    with pytest.raises(DomainError, match="Name who approved"):
        rates("0.91", by=anna)
    with pytest.raises(DomainError, match="cannot approve an own correction"):
        rates("0.91", by=anna, approved_by=anna)
    assert not InputChange.objects.filter(sentence__contains="0.91").exists()
