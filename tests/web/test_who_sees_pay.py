"""Who may read whose pay: their own, everybody's by role, the team's where the tenant says so."""

from __future__ import annotations

from datetime import date

import pytest

from org.models import Membership
from org.queries import may_see_pay
from org.tenancy import enter
from tests.web.cast import NOW, Cast

TODAY = NOW.date()


def sees(bank: Cast, name: str, whom: str, on: date = TODAY) -> bool:
    """Whether somebody of the bank may read somebody's pay."""
    with enter(bank.tenant.pk):
        membership = Membership.objects.select_related("tenant").get(user=bank.user(name))
        return may_see_pay(membership, bank.people[whom] if whom else None, on)


@pytest.mark.parametrize("setting", [True, False])
@pytest.mark.parametrize(
    ("name", "whom", "by_setting"),
    [
        ("ann", "ann", False),
        ("sam", "sam", False),
        ("sam", "ann", True),
        ("sam", "", True),
        ("mia", "ann", False),
        ("pam", "ann", False),
        ("audrey", "ann", False),
        ("ada", "", False),
    ],
)
def test_only_a_supervisor_depends_on_the_setting(
    bank: Cast, name: str, whom: str, setting: bool, by_setting: bool
) -> None:
    bank.tenant.supervisors_see_pay = setting
    bank.tenant.save()
    assert sees(bank, name, whom) is (setting if by_setting else True)


@pytest.mark.parametrize("whom", ["cleo", ""])
def test_an_agent_reads_nobody_elses(bank: Cast, whom: str) -> None:
    assert not sees(bank, "ann", whom)


def test_a_role_counts_on_its_days_only(bank: Cast) -> None:
    assert not sees(bank, "sam", "ann", date(2023, 12, 31))
