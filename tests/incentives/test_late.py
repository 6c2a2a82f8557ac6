"""Versions published after the fact: whom they move, who must agree, and whose own pay it is."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from datetime import date
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from incentives.late import approve_reduction, effects_on_final, put_in_force, reductions
from incentives.models import PlanVersion, RateTable, Transfer
from incentives.review import hand_in, send_back
from org.dates import FOREVER
from org.errors import DomainError
from org.models import AuditEntry, Membership, RoleGrant, Tenant, User
from org.tenancy import enter
from tests.conftest import Kept
from tests.factories import make_member, make_ready, make_tenant
from tests.incentives.desk import Desk, later

ON = date(2026, 3, 20)


def with_role(user: User, role: str) -> User:
    """Give a member a role for ever."""
    RoleGrant.objects.create(
        membership=Membership.objects.get(user=user),
        role=role,
        valid_from=date(2020, 1, 1),
        valid_to=FOREVER,
    )
    return user


class Late:
    """Tier 1 is 2 %, tier 2 (above 50,000) 3 %; January and February are final."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.desk = Desk(("ann", "bo", "dan"), formula="TIER(sales, step)")
        self._table(self.desk.plan.versions.get(), "3%")
        for person, amount in (("ann", 80000), ("bo", 45000), ("dan", 60000)):
            self.desk.sells("2026-01", amount, person)
        self.desk.sells("2026-02", 45000)
        self.desk.finalise("2026-01")
        self.desk.finalise("2026-02")
        self.author = make_member(tenant, "author")
        self.second = with_role(make_member(tenant, "second"), "plan_manager")

    def _table(self, version: PlanVersion, upper: str) -> None:
        RateTable.objects.create(
            version=version, name="step", spec={"rows": [[0, "2%"], [50000, upper]]}
        )

    def draft(self, upper: str, **fields: Any) -> PlanVersion:
        """Version 2 from 1 January with another tier 2."""
        version = self.desk.version(
            number=2,
            status="draft",
            formula="TIER(sales, step)",
            author=self.author,
            **{"reason": "agreed late", **fields},
        )
        self._table(version, upper)
        return make_ready(version)


@pytest.fixture(scope="module")
def made(kept: Kept) -> Iterator[Late]:
    with kept():
        tenant = make_tenant()
        with enter(tenant.pk):
            late = Late(tenant)
        yield late


@pytest.fixture
def late(made: Late, db: None) -> Iterator[Late]:
    with enter(made.tenant.pk):
        yield deepcopy(made)


def test_a_late_version_lists_its_people_and_posts_their_differences(late: Late) -> None:
    draft = late.draft("3.5%")
    listed = effects_on_final(draft, at=later(), on=ON)
    assert [(e.code, e.period, int(e.change)) for e in listed] == [
        ("ann", "2026-01", 150),
        ("dan", "2026-01", 50),
    ]
    assert reductions(listed) == []
    draft.refresh_from_db()
    assert draft.status == "review", "a list writes nothing"
    assert put_in_force(version=draft, by=late.second, at=later(), on=ON) == listed
    late.desk.finalise("2026-03")
    posted = Transfer.objects.filter(posted_period=late.desk.months["2026-03"])
    found = sorted((t.person.code, t.earned_period.code, t.amount) for t in posted)
    assert found == [("ann", "2026-01", 150), ("dan", "2026-01", 50)]
    assert all("agreed late" in t.cause for t in posted)


def test_it_needs_a_reason_and_a_second_person(late: Late) -> None:
    draft = late.draft("3.5%", reason="")
    with pytest.raises(DomainError, match="Give a reason"):
        put_in_force(version=draft, by=late.second, at=later(), on=ON)
    draft.reason = "agreed late"
    draft.save()
    with pytest.raises(DomainError, match="somebody else must publish it"):
        put_in_force(version=draft, by=late.author, at=later(), on=ON)


def test_what_reduces_pay_already_earned_needs_a_higher_approval(late: Late) -> None:
    draft = late.draft("2.5%")
    effects = effects_on_final(draft, at=later(), on=ON)
    assert [(e.code, int(e.change)) for e in effects] == [("ann", -150), ("dan", -50)]
    assert reductions(effects) == ["ann", "dan"]
    with pytest.raises(DomainError, match="reduces pay already earned, of ann, dan"):
        put_in_force(version=draft, by=late.second, at=later(), on=ON)
    boss = with_role(make_member(late.tenant, "boss"), "payroll")
    put_in_force(version=draft, by=late.second, at=later(), on=ON, higher=boss)
    late.desk.finalise("2026-03")
    last = Transfer.objects.get(person__code="dan", posted_period=late.desk.months["2026-03"])
    assert (last.from_account, last.to_account, last.amount) == ("due", "plan", 50)


def test_the_higher_approval_is_given_beforehand(late: Late) -> None:
    draft = late.draft("2.5%")
    boss = with_role(make_member(late.tenant, "boss"), "payroll")
    said = {"version": draft, "at": later(), "on": ON, "reason": "Paid by mistake"}
    with pytest.raises(DomainError, match="somebody with the right to approve reductions"):
        approve_reduction(by=late.second, **said)
    with pytest.raises(DomainError, match="Say why"):
        approve_reduction(by=boss, **{**said, "reason": " "})
    made = approve_reduction(by=boss, **said)
    assert approve_reduction(by=boss, **said) == made, "a second click is the same"
    assert put_in_force(version=draft, by=late.second, at=later(), on=ON)
    entry = AuditEntry.objects.get(action="publish late version")
    assert (entry.detail["approved"], entry.detail["because"]) == ("boss", "Paid by mistake")


def test_an_approval_ends_where_the_version_is_sent_back(late: Late) -> None:
    draft = late.draft("2.5%")
    boss = with_role(make_member(late.tenant, "boss"), "payroll")
    approve_reduction(version=draft, by=boss, at=later(), on=ON, reason="Agreed")
    send_back(version=draft, by=late.second, at=later(), reason="Another table")
    hand_in(version=draft, by=late.author, at=later())
    with pytest.raises(DomainError, match="reduces pay already earned"):
        put_in_force(version=draft, by=late.second, at=later(), on=ON)


def test_nothing_that_pays_more_needs_an_approval(late: Late) -> None:
    boss = with_role(make_member(late.tenant, "boss"), "payroll")
    with pytest.raises(DomainError, match="reduces nobody's pay already earned"):
        approve_reduction(
            version=late.draft("3.5%"), by=boss, at=later(), on=ON, reason="To be safe"
        )


def test_nobody_approves_a_reduction_of_their_own(late: Late) -> None:
    ann = with_role(make_member(late.tenant, "anns-login", late.desk.people["ann"]), "payroll")
    with pytest.raises(DomainError, match="moves the own pay"):
        approve_reduction(version=late.draft("2.5%"), by=ann, at=later(), on=ON, reason="Agreed")


def test_a_tenant_may_refuse_reductions_altogether(late: Late) -> None:
    late.tenant.reductions = "refuse"
    late.tenant.save()
    boss = with_role(make_member(late.tenant, "boss"), "administrator")
    with pytest.raises(DomainError, match="The tenant refuses that"):
        put_in_force(version=late.draft("2.5%"), by=boss, at=later(), on=ON)


def test_nobody_approves_what_moves_their_own_pay(late: Late) -> None:
    ann = with_role(make_member(late.tenant, "anns-login", late.desk.people["ann"]), "plan_manager")
    with pytest.raises(DomainError, match=r"ann, and .* moves the own pay: ann \(ann\), pay in"):
        put_in_force(version=late.draft("3.5%"), by=ann, at=later(), on=ON)


def test_nor_in_a_period_that_is_still_open(late: Late) -> None:
    late.desk.sells("2026-03", 90000)
    late.desk.calculate("2026-03")
    ann = with_role(make_member(late.tenant, "anns-login", late.desk.people["ann"]), "plan_manager")
    draft = late.draft("3.5%", in_force=date(2026, 3, 1))
    with pytest.raises(DomainError, match=r"pay in 2026-03: 2200\.00 → 2400\.00 USD"):
        put_in_force(version=draft, by=ann, at=later(), on=ON)
    assert put_in_force(version=draft, by=late.second, at=later(), on=ON) == []


def test_the_command_lists_first_and_publishes_then(
    late: Late, capsys: pytest.CaptureFixture[str]
) -> None:
    late.draft("2.5%", reason="")
    call_command("publish", late.tenant.code, "desk", "--list", "--on", "2026-03-20")
    said = capsys.readouterr().out
    assert "ann (ann), pay in 2026-01: 1900.00 → 1750.00 USD, -150.00" in said
    assert "2 people have differences in final periods." in said
    assert "It reduces pay already earned, of ann, dan." in said
    common = (late.tenant.code, "desk", "--reason", "Agreed", "--by", "second")
    with pytest.raises(CommandError, match="right to approve reductions"):
        call_command("publish", *common, "--on", "2026-03-20")
    with_role(make_member(late.tenant, "boss"), "payroll")
    call_command("publish", *common, "--higher", "boss", "--on", "2026-03-20")
    assert "desk version 2 is published" in capsys.readouterr().out
