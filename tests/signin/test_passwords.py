"""Passwords: signing in and out, guessing, resetting, and sessions that end by themselves."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from axes.models import AccessAttempt
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.management import call_command
from django.test import Client

from org.models import AuditEntry
from org.tenancy import enter
from tests.signin.conftest import PASSWORD, SignIn, actions, text_of
from tests.web.cast import Cast


def attempt(client: Client, login: str, password: str = "wrong", **more: str) -> Any:
    return client.post("/login/", {"login": login, "password": password, **more})


@pytest.mark.parametrize("login", ["mia.bank", "MIA.bank", "mia@bank.example", "Mia@Bank.Example"])
def test_name_and_address_both_sign_in(bank: Cast, login: str) -> None:
    client = Client()
    assert attempt(client, login, PASSWORD)["Location"] == "/"
    assert client.get("/").status_code == 200
    with enter(bank.tenant.pk):
        entry = AuditEntry.objects.get(action="signed in")
    assert entry.by == bank.user("mia")
    assert entry.detail["address"] == "127.0.0.1"


def test_the_session_is_another_one_after_signing_in(bank: Cast) -> None:
    client = Client()
    client.get("/login/")
    session = client.session
    session["planted"] = "yes"
    session.save()
    client.cookies["sessionid"] = session.session_key
    attempt(client, "mia.bank", PASSWORD)
    assert client.cookies["sessionid"].value != session.session_key
    assert not Session.objects.filter(session_key=session.session_key).exists()


@pytest.mark.parametrize(
    "there", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"]
)
def test_one_is_sent_to_no_other_site(bank: Cast, there: str) -> None:
    assert attempt(Client(), "mia.bank", PASSWORD, next=there)["Location"] == "/"
    assert attempt(Client(), "mia.bank", PASSWORD, next="/pay/")["Location"] == "/pay/"


def test_signing_out_takes_a_post(sign_in: SignIn, bank: Cast) -> None:
    mia = sign_in("mia")
    assert mia.get("/logout/").status_code == 405
    assert mia.post("/logout/")["Location"] == "/login/"
    assert mia.get("/")["Location"] == "/login/?next=/"
    assert actions(bank)[-1] == "signed out"


def test_nobody_signs_up() -> None:
    assert Client().get("/account/signup/").status_code == 404


# -- guessing -------------------------------------------------------------------------------------


def test_five_wrong_passwords_lock_out_and_say_until_when(bank: Cast) -> None:
    client = Client()
    begun = datetime(2026, 6, 22, 9, 0, tzinfo=UTC)
    with time_machine.travel(begun, tick=False) as clock:
        for login in ["mia.bank", "mia@bank.example", "mia.bank", "MIA.BANK"]:
            assert "do not belong together" in text_of(attempt(client, login))
        answer = attempt(client, "mia.bank")
        assert (answer.status_code, answer["Retry-After"]) == (429, "900")
        assert "in 15 minutes, at 09:15 UTC" in text_of(answer)
        clock.shift(timedelta(minutes=10))
        answer = attempt(client, "mia.bank", PASSWORD)  # the right one does not help
        assert answer.status_code == 429
        assert "in 5 minutes, at 09:15 UTC" in text_of(answer)
        assert Client(REMOTE_ADDR="10.1.1.1").get("/login/").status_code == 200
        clock.shift(timedelta(minutes=6))
        assert attempt(client, "mia.bank", PASSWORD)["Location"] == "/"
    assert actions(bank) == ["sign-in failed"] * 4 + ["locked out", "signed in"]
    with enter(bank.tenant.pk):
        entry = AuditEntry.objects.get(action="locked out")
    assert entry.detail == {"address": "127.0.0.1", "until": "2026-06-22 09:15 UTC"}


def test_the_page_does_not_tell_who_exists(bank: Cast) -> None:
    pages = []
    with time_machine.travel(datetime(2026, 6, 22, 9, 0, tzinfo=UTC), tick=False):
        for login in ("mia.bank", "nobody.bank"):
            client = Client()
            pages.append([text_of(attempt(client, login)) for _ in range(6)])
    hidden = [[page.replace("nobody", "mia") for page in each] for each in pages]
    assert hidden[0] == hidden[1]


def test_a_colleague_elsewhere_is_not_locked_out(bank: Cast) -> None:
    for _ in range(5):
        attempt(Client(REMOTE_ADDR="10.9.9.9"), "mia.bank")
    assert attempt(Client(), "mia.bank", PASSWORD)["Location"] == "/"


def test_passwords_stand_in_no_table(bank: Cast) -> None:
    attempt(Client(), "mia.bank", "hunter2-secret")
    assert "hunter2-secret" not in str(list(AccessAttempt.objects.values()))
    with enter(bank.tenant.pk):
        assert "hunter2-secret" not in str(list(AuditEntry.objects.values()))


def test_an_address_counts_as_the_proxies_say(bank: Cast, settings: Any) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    attempt(Client(), "mia.bank")
    client = Client(HTTP_X_FORWARDED_FOR="6.6.6.6, 10.0.0.7")
    attempt(client, "mia.bank")
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 0
    attempt(client, "mia.bank")
    assert sorted(AccessAttempt.objects.values_list("ip_address", "failures_since_start")) == [
        ("10.0.0.7", 1),
        ("127.0.0.1", 2),
    ]


def test_somebody_is_let_in_again_by_command(bank: Cast) -> None:
    client = Client()
    for _ in range(5):
        attempt(client, "mia.bank")
    call_command("sign_in", "mia.bank", "--unlock")
    assert attempt(client, "mia.bank", PASSWORD)["Location"] == "/"
    assert "let in again" in actions(bank)


# -- resetting and changing -----------------------------------------------------------------------


def test_a_link_by_mail_sets_the_password(bank: Cast) -> None:
    client = Client()
    answer = client.post("/account/password/reset/", {"email": "Mia@bank.example"}, follow=True)
    assert "a link is on its way" in text_of(answer)
    [message] = mail.outbox
    assert message.to == ["mia@bank.example"]
    [link] = re.findall(r"http://testserver(/\S+)", message.body)
    answer = client.get(link, follow=True)
    form = answer.redirect_chain[-1][0]
    word = {"password1": "a new long word", "password2": "a new long word"}
    assert "Your password is set" in text_of(client.post(form, word, follow=True))
    assert attempt(client, "mia.bank", "a new long word")["Location"] == "/"
    assert "password reset" in actions(bank)
    assert "used before" in text_of(Client().get(link, follow=True))


def test_an_unknown_address_is_answered_alike_and_gets_no_mail(bank: Cast) -> None:
    known, unknown = (
        text_of(Client().post("/account/password/reset/", {"email": email}, follow=True))
        for email in ("mia@bank.example", "who@bank.example")
    )
    assert known == unknown
    assert len(mail.outbox) == 1


def test_links_are_not_sent_without_end(bank: Cast) -> None:
    answers = [
        Client().post("/account/password/reset/", {"email": "mia@bank.example"}) for _ in range(7)
    ]
    assert [answer.status_code for answer in answers] == [302] * 5 + [429] * 2
    assert "Too often" in answers[-1].content.decode()


def test_changing_the_password_takes_the_old_one_and_ends_other_sessions(
    bank: Cast, sign_in: SignIn
) -> None:
    mia, elsewhere = sign_in("mia"), sign_in("mia")
    page = "/account/password/"
    assert mia.post(page, {"password1": "x", "password2": "x"}).status_code == 200
    words = {
        "oldpassword": PASSWORD,
        "password1": "a new long word",
        "password2": "a new long word",
    }
    assert mia.post(page, words)["Location"] == "/account/"
    assert mia.get("/account/").status_code == 200
    assert elsewhere.get("/account/").status_code == 302
    assert actions(bank)[-1] == "password changed"


def test_an_address_is_changed_by_following_a_link(bank: Cast, sign_in: SignIn) -> None:
    mia = sign_in("mia")
    mia.post("/account/confirm/", {"password": PASSWORD, "next": "/account/"})
    mia.post("/account/email/", {"email": "new@bank.example", "action_add": "1"})
    user = bank.user("mia")
    user.refresh_from_db()
    assert user.email == "mia@bank.example"
    [link] = re.findall(r"http://testserver(/\S+)", mail.outbox[0].body)
    mia.post(link)
    user.refresh_from_db()
    assert user.email == "new@bank.example"
    assert "e-mail changed" in actions(bank)


# -- the end of a sign-in -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clicks", "open_"), [([50, 50, 50], True), ([61], False), ([50] * 15, False)]
)
def test_a_sign_in_ends_when_idle_and_after_half_a_day(
    sign_in: SignIn, clicks: list[int], open_: bool
) -> None:
    with time_machine.travel(datetime(2026, 6, 22, 9, 0, tzinfo=UTC), tick=False) as clock:
        mia = sign_in("mia")
        for minutes in clicks:
            clock.shift(timedelta(minutes=minutes))
            answer = mia.get("/")
    assert (answer.status_code == 200) == open_


def test_other_browsers_are_listed_and_ended(bank: Cast, sign_in: SignIn) -> None:
    mia, phone = sign_in("mia"), sign_in("mia", HTTP_USER_AGENT="A phone")
    assert "A phone" in text_of(mia.get("/account/sessions/"))
    mia.post("/account/sessions/")
    assert mia.get("/").status_code == 200
    assert phone.get("/").status_code == 302
