"""Second factors: set up, asked for, demanded by role, and in the way of every page until then."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from allauth.core import context
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core.management import call_command
from django.test import Client

from org.models import AuditEntry
from org.permissions import Role
from org.sign_in import Rules, set_rules
from org.tenancy import enter
from tests.factories import AT
from tests.signin.conftest import PASSWORD, SignIn, actions, text_of
from tests.web.cast import Cast

APP = "/account/second-factor/app/"
CODES = "/account/second-factor/codes/"


def code_of(secret: str, ahead: int = 0) -> str:
    """What an app with this secret shows now, or some steps later."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + ahead))


def confirm(client: Client) -> None:
    client.post("/account/confirm/", {"password": PASSWORD, "next": "/account/"})


def set_up_app(client: Client, run: Any) -> str:
    """Set up an authenticator app, as a person would; answers its secret."""
    confirm(client)
    page = client.get(APP).content.decode()
    secret = re.findall(r'class="secret">(\w+)<', page)[0]
    with run() as callbacks:
        answer = client.post(APP, {"code": code_of(secret)})
    request = answer.wsgi_request
    with context.request_context(request):  # as the middleware has it when it commits
        for callback in callbacks:
            callback()
    request.session.save()
    assert answer["Location"] == CODES, answer.content.decode()
    return secret


def demand(cast: Cast, *roles: Role) -> None:
    with enter(cast.tenant.pk):
        set_rules(Rules(second_factor=roles), by=None, at=AT)


def test_an_app_is_set_up_and_asked_for(
    bank: Cast, sign_in: SignIn, django_capture_on_commit_callbacks: Any
) -> None:
    mia = sign_in("mia")
    secret = set_up_app(mia, django_capture_on_commit_callbacks)
    assert "second factor added" in actions(bank)
    stored = Authenticator.objects.get(type="totp").data["secret"]
    assert secret not in stored
    client = sign_in("mia")
    assert client.get("/")["Location"] == "/login/?next=/"  # the password alone opens nothing
    wrong = client.post("/login/second-factor/", {"code": "000000"})
    assert "This code is not right" in text_of(wrong)
    code = code_of(secret, 1)
    assert client.post("/login/second-factor/", {"code": code})["Location"] == "/"
    assert client.get("/").status_code == 200
    again = sign_in("mia")
    assert "This code is not right" in text_of(again.post("/login/second-factor/", {"code": code}))
    assert actions(bank).count("second factor failed") == 2
    with enter(bank.tenant.pk):
        assert secret not in str(list(AuditEntry.objects.values()))


def test_a_recovery_code_gets_in_once(
    bank: Cast, sign_in: SignIn, django_capture_on_commit_callbacks: Any
) -> None:
    mia = sign_in("mia")
    set_up_app(mia, django_capture_on_commit_callbacks)
    codes = re.findall(r"<code>(\d{8})</code>", mia.get(CODES).content.decode())
    assert len(codes) == 10
    client, again = sign_in("mia"), sign_in("mia")
    assert client.post("/login/second-factor/", {"code": codes[0]})["Location"] == "/"
    assert again.post("/login/second-factor/", {"code": codes[0]}).status_code == 200
    assert codes[1] in mia.get(f"{CODES}file/").content.decode()
    assert mia.post(f"{CODES}new/")["Location"] == CODES
    assert codes[1] not in mia.get(CODES).content.decode()


def test_codes_cannot_be_guessed_without_end(
    bank: Cast, sign_in: SignIn, django_capture_on_commit_callbacks: Any
) -> None:
    secret = set_up_app(sign_in("mia"), django_capture_on_commit_callbacks)
    client = sign_in("mia")
    for number in range(30):
        client.post("/login/second-factor/", {"code": f"{number:06}"})
    answer = client.post("/login/second-factor/", {"code": code_of(secret, 1)})
    assert "That was too often" in text_of(answer)


CLOSED = ["/", "/pay/", "/search/?q=a", "/admin/", "/admin/org/person/", "/kept/"]


@pytest.mark.parametrize("address", CLOSED)
def test_without_the_demanded_factor_no_page_opens(
    bank: Cast, sign_in: SignIn, address: str
) -> None:
    demand(bank, Role.ADMINISTRATOR)
    ada = sign_in("ada")
    for answer in (ada.get(address), ada.post(address, {"name": "x"})):
        assert answer.status_code == 302
        assert answer["Location"].startswith("/account/second-factor/?next=")
    part = ada.get(address, headers={"HX-Request": "true"})
    assert part["HX-Redirect"].startswith("/account/second-factor/")
    assert "nothing else opens until then" in text_of(ada.get("/account/second-factor/"))
    assert sign_in("mia").get("/").status_code == 200  # her role needs none


def test_the_demand_counts_at_once_and_ends_with_the_factor(
    bank: Cast, sign_in: SignIn, django_capture_on_commit_callbacks: Any
) -> None:
    ada, elsewhere = sign_in("ada"), sign_in("ada")
    assert ada.get("/admin/org/person/").status_code == 200
    demand(bank, Role.ADMINISTRATOR)
    assert ada.get("/admin/org/person/").status_code == 302
    secret = set_up_app(ada, django_capture_on_commit_callbacks)
    assert ada.get("/admin/org/person/").status_code == 200
    # Another browser, signed in before without it, has to show it first.
    assert elsewhere.get("/")["Location"] == "/account/confirm/code/?next=%2F"
    elsewhere.post("/account/confirm/code/", {"code": code_of(secret, 1), "next": "/"})
    assert elsewhere.get("/").status_code == 200
    call_command("sign_in", "ada.bank", "--forget-second-factor")
    assert ada.get("/").status_code == 302


def test_taking_it_away_is_written_down(
    bank: Cast, sign_in: SignIn, django_capture_on_commit_callbacks: Any
) -> None:
    mia = sign_in("mia")
    set_up_app(mia, django_capture_on_commit_callbacks)
    assert mia.post(f"{APP}remove/")["Location"] == "/account/second-factor/"
    assert "second factor removed" in actions(bank)
    assert not Authenticator.objects.exists()


def test_nobody_changes_a_factor_without_showing_who_they_are(bank: Cast, sign_in: SignIn) -> None:
    mia = sign_in("mia")
    assert mia.get(APP)["Location"].startswith("/account/confirm/?next=")
    assert mia.post(APP, {"code": "1"})["Location"].startswith("/account/confirm/?next=")
    assert Client().get(APP)["Location"].startswith("/login/?next=")


# -- the page of the admin ------------------------------------------------------------------------


def rules_form(**more: Any) -> dict[str, Any]:
    return {"passwords": "on", "issuer": "", "client_id": "", "domains": "", "secret": "", **more}


def test_an_administrator_sets_the_rules_and_the_secret_does_not_come_out(
    bank: Cast, sign_in: SignIn
) -> None:
    ada = sign_in("ada")
    form = rules_form(
        second_factor=["payroll"],
        issuer="https://login.bank.example",
        client_id="pmsite",
        domains="Bank.example",
        secret="s3cr3t-word",
    )
    answer = ada.post("/admin/org/signinrules/add/", form)
    assert answer.status_code == 302, text_of(answer)
    bank.tenant.refresh_from_db()
    row = bank.tenant.sign_in_rules
    page = f"/admin/org/signinrules/{row.pk}/"
    shown = ada.get(f"{page}change/").content.decode() + ada.get(f"{page}history/").content.decode()
    assert "s3cr3t-word" not in shown
    with enter(bank.tenant.pk):
        assert "s3cr3t-word" not in str(list(AuditEntry.objects.values()))
    refused = ada.post(f"{page}change/", rules_form(passwords=""))
    assert "nobody could sign in any more" in text_of(refused)
    row.refresh_from_db()
    assert row.passwords
    assert sign_in("mia").get(f"{page}change/").status_code == 403


def test_the_rules_of_another_organisation_are_out_of_reach(
    bank: Cast, union: Cast, sign_in: SignIn
) -> None:
    demand(union, Role.AGENT)
    union.tenant.refresh_from_db()
    page = f"/admin/org/signinrules/{union.tenant.sign_in_rules.pk}/change/"
    ada = sign_in("ada")
    assert ada.get(page).status_code in (302, 404)
    assert ada.post(page, rules_form()).status_code in (302, 404)
    union.tenant.sign_in_rules.refresh_from_db()
    assert union.tenant.sign_in_rules.second_factor == ["agent"]
