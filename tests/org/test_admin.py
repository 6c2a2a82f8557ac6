"""The organisation's pages of the admin: who opens them, and that nothing final can be edited."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from org.constraints import AppendOnly
from org.models import AuditEntry, Membership, Person, RoleGrant, User
from org.permissions import Role
from org.tenancy import enter
from tests.factories import AT, make_tenant
from tests.org.cast import START, Cast, make_cast

PAGES = (
    "absencetype",
    "assignment",
    "auditentry",
    "availability",
    "calendar",
    "fact",
    "facttype",
    "holidaycalendar",
    "inputchange",
    "jobtype",
    "membership",
    "paygroup",
    "person",
    "rolegrant",
    "unit",
)


@pytest.fixture(autouse=True)
def _clock() -> Any:
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def firm(union: Cast) -> Cast:
    """A tenant that nobody has entered: the middleware must."""
    tenant = make_tenant("firm")
    with enter(tenant.pk):
        return make_cast(tenant)


def browser(cast: Cast, name: str, role: Role) -> Client:
    with enter(cast.tenant.pk):
        member = cast.member(name, role)
    client = Client()
    client.force_login(member.user)
    return client


@pytest.mark.parametrize("page", PAGES)
def test_an_administrator_opens_every_list(firm: Cast, page: str) -> None:
    ada = browser(firm, "ada", Role.ADMINISTRATOR)
    response = ada.get(reverse(f"admin:org_{page}_changelist"))
    assert response.status_code == 200


@pytest.mark.parametrize("page", ["assignment", "fact", "membership", "person", "rolegrant"])
@pytest.mark.parametrize("role", [Role.AGENT, Role.SUPERVISOR, Role.PLAN_MANAGER, Role.PAYROLL])
def test_others_do_not_open_lists_of_people(firm: Cast, page: str, role: Role) -> None:
    address = reverse(f"admin:org_{page}_changelist")
    response = browser(firm, "ann", role).get(address, follow=True)
    assert response.status_code == 403


def test_people_of_another_tenant_are_not_found(firm: Cast, union: Cast) -> None:
    ada = browser(firm, "ada", Role.ADMINISTRATOR)
    listed = ada.get(reverse("admin:org_person_changelist")).context["cl"].result_list
    assert {person.pk for person in listed} == {person.pk for person in firm.people.values()}
    stranger = reverse("admin:org_person_change", args=[union.people["ann"].pk])
    assert ada.get(stranger).status_code in (302, 404)
    assert ada.post(stranger, {"name": "Stolen"}).status_code in (302, 404)
    with enter(union.tenant.pk):
        assert Person.objects.get(code="ann").name == "Ann"


def test_what_is_only_added_to_is_never_edited(firm: Cast, rf: Any) -> None:
    with enter(firm.tenant.pk):
        member = firm.member("ada", Role.ADMINISTRATOR)
        request = rf.get("/")
        request.user, request.membership = member.user, member
        for model, page in admin.site._registry.items():
            if any(isinstance(c, AppendOnly) for c in model._meta.constraints):
                assert not page.has_add_permission(request)
                assert not page.has_change_permission(request)
                assert not page.has_delete_permission(request)


def test_a_name_can_be_mended_and_leaves_an_audit_row(firm: Cast) -> None:
    ada = browser(firm, "ada", Role.ADMINISTRATOR)
    page = reverse("admin:org_person_change", args=[firm.people["ann"].pk])
    response = ada.get(page)
    assert response.status_code == 200
    counts = {
        f"{p}-{n}_FORMS": "0" for p in ("employments", "assignments") for n in ("TOTAL", "INITIAL")
    }
    response = ada.post(page, {"name": "Anna", "email": "", **counts})
    assert response.status_code == 302
    with enter(firm.tenant.pk):
        assert Person.objects.get(code="ann").name == "Anna"
        assert AuditEntry.objects.filter(action="person changed", subject="Anna").exists()


def test_roles_are_given_and_ended_through_the_verbs(firm: Cast) -> None:
    ada = browser(firm, "ada", Role.ADMINISTRATOR)
    with enter(firm.tenant.pk):
        ann = firm.member("ann")
        own = RoleGrant.objects.get(membership__user__username="firm-ada")
    data = {"role": "payroll", "valid_from": START, "valid_to": "9999-12-31"}
    add = reverse("admin:org_rolegrant_add")
    ada.post(add, {**data, "membership": own.membership_id})
    ada.post(add, {**data, "membership": ann.pk})
    with enter(firm.tenant.pk):
        granted = RoleGrant.objects.get(role="payroll")
        assert granted.membership_id == ann.pk
    ada.post(reverse("admin:org_rolegrant_delete", args=[granted.pk]), {"post": "yes"})
    with enter(firm.tenant.pk):
        granted.refresh_from_db()
        assert granted.valid_to == AT.date()
        assert granted.valid_to > START + timedelta(days=1)


def test_somebody_new_gets_a_login_with_roles_and_a_link(firm: Cast, mailoutbox: list[Any]) -> None:
    ada = browser(firm, "ada", Role.ADMINISTRATOR)
    add = reverse("admin:org_membership_add")
    new = {"email": "nia@firm.example", "name": "Nia North", "number": "ann", "roles": "payroll"}
    assert ada.post(add, {**new, "number": "nobody"}).status_code == 200
    assert "Nobody has the personnel number" in ada.post(add, {**new, "number": "x"}).text
    assert not User.objects.filter(username="nia@firm.example").exists()
    assert ada.post(add, new).status_code == 302
    with enter(firm.tenant.pk):
        nia = Membership.objects.get(user__username="nia@firm.example")
        assert (nia.person, nia.user.is_staff) == (firm.people["ann"], True)
        assert [grant.role for grant in nia.grants.all()] == ["payroll"]
        done = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"add member", "grant role", "send password link"} <= done
    (mail,) = mailoutbox
    assert mail.to == ["nia@firm.example"]
    assert "/account/password/reset/" in mail.body
    again = ada.post(add, {**new, "number": ""})
    assert "is a member already" in again.text


def test_a_login_of_elsewhere_becomes_a_member_and_keeps_what_it_has(
    firm: Cast, union: Cast, mailoutbox: list[Any]
) -> None:
    ada = browser(firm, "ada", Role.ADMINISTRATOR)
    with enter(union.tenant.pk):
        una = union.member("una", Role.AGENT).user
    User.objects.filter(pk=una.pk).update(email="una@union.example")
    new = {"email": "UNA@union.example", "name": "Somebody Else", "number": "", "roles": "auditor"}
    assert ada.post(reverse("admin:org_membership_add"), new).status_code == 302
    una.refresh_from_db()
    assert (una.email, una.get_full_name()) == ("una@union.example", "")
    assert una.memberships.count() == 2
    assert mailoutbox == []
    stranger = una.memberships.get(tenant=union.tenant)
    assert ada.get(reverse("admin:org_membership_change", args=[stranger.pk])).status_code == 404


def test_a_member_is_linked_to_a_person_and_sent_a_new_link(
    firm: Cast, mailoutbox: list[Any]
) -> None:
    ada = browser(firm, "ada", Role.ADMINISTRATOR)
    with enter(firm.tenant.pk):
        ben = firm.member("ben", Role.AGENT)
    page = reverse("admin:org_membership_change", args=[ben.pk])
    assert ada.post(page, {"email": "ben@firm.example", "number": "ann"}).status_code == 302
    with enter(firm.tenant.pk):
        ben = Membership.objects.select_related("user", "person").get(pk=ben.pk)
    assert (ben.user.email, ben.person) == ("ben@firm.example", firm.people["ann"])
    listed = reverse("admin:org_membership_changelist")
    ada.post(listed, {"action": "send_link", "_selected_action": [ben.pk]})
    assert [mail.to for mail in mailoutbox] == [["ben@firm.example"]]
