"""Who sees whom, as of a day; and that it takes one query."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404

from org.errors import DomainError
from org.models import Membership
from org.people import transfer
from org.permissions import Permission, Role
from org.queries import get_visible_person_or_404, people_at, permissions, require, visible_people
from org.users import end_role, grant_role
from tests.factories import AT
from tests.org.cast import JUNE, START, Cast

MAY = date(2026, 5, 31)
JULY = date(2026, 7, 1)
EVERYONE = ["ann", "bob", "dora", "nora", "saul", "sue"]


def seen(membership: Membership, on: date = MAY) -> list[str]:
    return sorted(visible_people(membership, on=on).values_list("code", flat=True))


def test_an_agent_sees_only_themselves(bank: Cast) -> None:
    assert seen(bank.member("ann", Role.AGENT)) == ["ann"]


def test_a_supervisor_sees_those_below_and_not_the_neighbours(bank: Cast) -> None:
    assert seen(bank.member("nora", Role.SUPERVISOR)) == ["ann", "bob", "nora"]
    assert seen(bank.member("dora", Role.SUPERVISOR)) == EVERYONE


def test_an_agent_with_reports_on_paper_sees_none_of_them(bank: Cast) -> None:
    assert seen(bank.member("nora", Role.AGENT)) == ["nora"]


@pytest.mark.parametrize(
    "role", [Role.PLAN_MANAGER, Role.PAYROLL, Role.AUDITOR, Role.ADMINISTRATOR]
)
def test_some_roles_see_everyone_of_their_tenant(bank: Cast, role: Role) -> None:
    assert seen(bank.member("nobody", role)) == EVERYONE


def test_without_a_role_nobody_is_seen(bank: Cast) -> None:
    assert seen(bank.member("ann")) == []


def test_a_transfer_changes_who_sees_from_its_day(bank: Cast) -> None:
    nora, saul = bank.member("nora", Role.SUPERVISOR), bank.member("saul", Role.SUPERVISOR)
    transfer(person=bank.people["ann"], manager=bank.people["saul"], on=JUNE, by=None, at=AT)
    assert (seen(nora, MAY), seen(saul, MAY)) == (["ann", "bob", "nora"], ["saul", "sue"])
    assert (seen(nora, JUNE), seen(saul, JUNE)) == (["bob", "nora"], ["ann", "saul", "sue"])


def test_people_who_manage_each_other_end_the_walk(bank: Cast) -> None:
    transfer(person=bank.people["dora"], manager=bank.people["ann"], on=JUNE, by=None, at=AT)
    assert seen(bank.member("ann", Role.SUPERVISOR), JUNE) == EVERYONE


def test_a_deputy_sees_both_teams_until_the_last_day(bank: Cast) -> None:
    nora, saul = bank.member("nora", Role.SUPERVISOR), bank.member("saul", Role.SUPERVISOR)
    stand_in: dict[str, Any] = {"membership": saul, "role": Role.SUPERVISOR, "deputy_for": nora}
    grant_role(**stand_in, on=JUNE, until=JULY, by=None, at=AT)
    assert seen(saul, MAY) == ["saul", "sue"]
    assert seen(saul, JUNE) == ["ann", "bob", "saul", "sue"]
    assert seen(saul, JULY) == ["saul", "sue"]
    with pytest.raises(DomainError, match="needs a last day"):
        grant_role(**stand_in, on=JULY, by=None, at=AT)


def test_visible_people_take_one_query(bank: Cast, django_assert_num_queries: Any) -> None:
    nora = bank.member("nora", Role.SUPERVISOR)
    with django_assert_num_queries(1):
        assert len(visible_people(nora, on=MAY)) == 3


def test_a_role_counts_on_its_days_only(bank: Cast) -> None:
    ann = bank.member("ann")
    grant = grant_role(membership=ann, role=Role.PAYROLL, on=JUNE, until=JULY, by=None, at=AT)
    assert permissions(ann, MAY) == frozenset()
    assert Permission.PREPARE_PAY in permissions(ann, JUNE)
    assert permissions(ann, JULY) == frozenset()
    end_role(grant=grant, on=date(2026, 6, 15), by=None, at=AT)
    assert permissions(ann, date(2026, 6, 15)) == frozenset()


def test_nobody_gives_a_role_to_themselves(bank: Cast) -> None:
    ada = bank.member("ada", Role.ADMINISTRATOR)
    with pytest.raises(DomainError, match="nobody gives a role to themselves"):
        grant_role(membership=ada, role=Role.PAYROLL, on=START, by=ada.user, at=AT)


def test_what_is_not_seen_is_not_found_and_what_is_not_allowed_is_refused(bank: Cast) -> None:
    nora = bank.member("nora", Role.SUPERVISOR)
    ask: dict[str, Any] = {"on": MAY, "permission": Permission.PREPARE_PAY}
    with pytest.raises(Http404):
        get_visible_person_or_404(nora, code="sue", **ask)
    with pytest.raises(PermissionDenied, match="Those who may: payroll"):
        get_visible_person_or_404(nora, code="ann", **ask)
    ask["permission"] = Permission.SEE_TEAM
    assert get_visible_person_or_404(nora, code="ann", **ask) == bank.people["ann"]
    with pytest.raises(PermissionDenied):
        require(None, Permission.SEE_OWN, MAY)
    with pytest.raises(Http404):
        get_visible_person_or_404(None, code="ann", **ask)


def test_the_people_of_another_tenant_never_show(bank: Cast, union: Cast) -> None:
    codes = [person.pk for person in union.people.values()]
    nora = bank.member("nora", Role.ADMINISTRATOR)
    assert not visible_people(nora, on=MAY).filter(pk__in=codes).exists()


def test_people_at_a_unit_on_a_day(bank: Cast) -> None:
    sales = bank.units["sales"]
    assert people_at(sales, MAY).count() == 6
    assert [p.code for p in people_at(sales, MAY, subtree=False)] == ["dora"]
    assert not people_at(sales, date(2025, 12, 31)).exists()
