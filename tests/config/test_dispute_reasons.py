"""Reasons of disputes in the tenant file."""

from __future__ import annotations

from incentives.dispute_reasons import STANDARD, reasons
from incentives.models import DisputeReason
from org.models import Tenant
from org.tenancy import enter
from tests.config.files import SMALL, Folder, export

USERS = "users:\n  pam: {roles: [payroll]}\n"
REASONS = """\
dispute_reasons:
  sum:
    name: The sum does not fit
    about: line
    role: payroll
    owner: pam
    days: 3
  rest: {name: Anything else, role: plan_manager}
"""


def test_applied_twice_or_exported_nothing_changes(folder: Folder) -> None:
    first = folder.changes(SMALL + USERS + REASONS)
    assert first["dispute_reasons"] == ["+ dispute reason sum", "+ dispute reason rest"]
    assert folder.changes(SMALL + USERS + REASONS) == {}
    written = export()
    assert "owner: pam" in written
    assert folder.changes(written) == {}
    assert export() == written


def test_they_change_and_go(folder: Folder) -> None:
    folder.apply(SMALL + USERS + REASONS)
    changed = REASONS.replace("days: 3", "days: 4").replace("    owner: pam\n", "")
    assert folder.changes(SMALL + USERS + changed)["dispute_reasons"] == [
        "~ dispute reason sum: owner, days"
    ]
    left = folder.changes(SMALL + "dispute_reasons: {}\n")
    assert left["dispute_reasons"] == ["- dispute reason rest", "- dispute reason sum"]


def test_a_list_takes_the_place_of_the_standard_one(folder: Folder) -> None:
    folder.apply(SMALL + USERS)
    tenant = Tenant.objects.get(code="bank")
    with enter(tenant.pk):
        assert [one.code for one in reasons(claim=False)] == [
            one.code for one in STANDARD if one.about != "missing"
        ]
    folder.apply(SMALL + USERS + REASONS)
    with enter(tenant.pk):
        assert [one.code for one in reasons(claim=True)] == ["rest"]
        assert DisputeReason.objects.get(code="rest").days == 5


def test_mistakes_are_told_with_their_place(folder: Folder) -> None:
    wrong = REASONS.replace("owner: pam", "owner: sam")
    assert "dispute_reasons.sum.owner (line" in folder.refusal(SMALL + wrong)
    assert "none of the choices supervisor" in folder.refusal(
        SMALL + REASONS.replace("role: plan_manager", "role: agent")
    )
    assert "too large: at most 250" in folder.refusal(
        SMALL + REASONS.replace("days: 3", "days: 300")
    )
