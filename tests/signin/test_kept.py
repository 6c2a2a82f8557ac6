"""What was typed while a sign-in ended is given back, to the same person in the same tenant."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from org.models import JobType, Membership
from org.tenancy import enter
from tests.signin.conftest import PASSWORD, SignIn, text_of
from tests.web.cast import Cast

BEGUN = datetime(2026, 6, 22, 9, 0, tzinfo=UTC)
ADD = "/admin/org/jobtype/add/"
TYPED = {"code": "adviser", "name": "<Senior> adviser", "password": "hunter2"}


def expired(sign_in: SignIn, name: str = "ada", typed: dict[str, object] = TYPED) -> Client:
    """A browser that sent a form two hours after the last click."""
    with time_machine.travel(BEGUN, tick=False) as clock:
        client = sign_in(name)
        client.get("/")
        clock.shift(timedelta(hours=2))
        answer = client.post(ADD, typed)
        assert answer["Location"] == "/login/?next=%2Fkept%2F"
    return client


def signed_in_again(client: Client, name: str = "ada.bank") -> object:
    with time_machine.travel(BEGUN + timedelta(hours=2, minutes=1), tick=False):
        page = client.get("/login/?next=/kept/")
        assert "What you typed is kept" in text_of(page)
        answer = client.post("/login/", {"login": name, "password": PASSWORD, "next": "/kept/"})
        return client.get(answer["Location"])


def hidden(page: str) -> dict[str, str]:
    """The fields of the form that sends what was kept."""
    form = page[page.index(f'action="{ADD}"') :].split("</form>")[0]
    areas = re.findall(r'<textarea name="([^"]+)" hidden>(.*?)</textarea>', form, re.DOTALL)
    number = re.findall(r'name="kept_input"\s+value="([^"]+)"', form)
    return {name: unescape(value) for name, value in areas} | {"kept_input": number[0]}


def test_what_was_typed_is_sent_after_signing_in_again(bank: Cast, sign_in: SignIn) -> None:
    client = expired(sign_in)
    page = signed_in_again(client).content.decode()  # type: ignore[attr-defined]
    assert "hunter2" not in page
    fields = hidden(page)
    assert fields["name"] == "<Senior> adviser"
    with enter(bank.tenant.pk):
        assert not JobType.objects.filter(code="adviser").exists()
    with time_machine.travel(BEGUN + timedelta(hours=2, minutes=2), tick=False):
        assert client.post(ADD, fields).status_code == 302
        assert client.get("/kept/")["Location"] == "/"  # nothing is doubled
    with enter(bank.tenant.pk):
        assert JobType.objects.get(code="adviser").name == "<Senior> adviser"


def test_somebody_else_is_not_shown_it(bank: Cast, sign_in: SignIn) -> None:
    client = expired(sign_in)
    answer = signed_in_again(client, "mia.bank")
    assert answer.headers["Location"] == "/"  # type: ignore[attr-defined]


def test_it_goes_to_no_other_organisation(bank: Cast, union: Cast, sign_in: SignIn) -> None:
    client = expired(sign_in)
    with enter(union.tenant.pk):
        Membership.objects.create(user=bank.user("ada"), tenant=union.tenant)
    with time_machine.travel(BEGUN + timedelta(hours=2, minutes=1), tick=False):
        client.post("/login/", {"login": "ada.bank", "password": PASSWORD, "next": "/kept/"})
        client.post("/organisation/", {"tenant": "union"})
        assert client.get("/kept/")["Location"] == "/organisation/?next=%2Fkept%2F"
        client.post("/organisation/", {"tenant": "bank"})
        assert "Senior" in client.get("/kept/").content.decode()


def test_files_are_named(bank: Cast, sign_in: SignIn) -> None:
    file = SimpleUploadedFile("june.csv", b"a;b")
    client = expired(sign_in, typed={**TYPED, "file": file})
    assert "choose june.csv again" in text_of(signed_in_again(client))


def test_it_can_be_thrown_away(bank: Cast, sign_in: SignIn) -> None:
    client = expired(sign_in)
    fields = hidden(signed_in_again(client).content.decode())  # type: ignore[attr-defined]
    with time_machine.travel(BEGUN + timedelta(hours=2, minutes=2), tick=False):
        client.post("/kept/", {"kept_input": fields["kept_input"]})
        assert client.get("/kept/")["Location"] == "/"


def test_without_knowing_whose_it_is_nothing_is_kept(bank: Cast) -> None:
    client = Client()
    assert client.post(ADD, TYPED)["Location"] == f"/admin/login/?next={ADD}"
    assert "kept_input" not in client.session


def test_a_part_of_a_page_sends_the_whole_page_to_sign_in(bank: Cast) -> None:
    answer = Client().get("/search/?q=a", headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert answer["HX-Redirect"].startswith("/login/?next=/search/")


def test_after_signing_in_again_the_whole_page_comes_back_and_not_a_part_of_it(
    bank: Cast,
) -> None:
    around = {"HX-Request": "true", "HX-Current-URL": "http://testserver/data/upload/7/?page=2"}
    answer = Client().get("/data/upload/7/progress/", headers=around)
    assert answer["HX-Redirect"] == "/login/?next=%2Fdata%2Fupload%2F7%2F%3Fpage%3D2"
    elsewhere = around | {"HX-Current-URL": "http://evil.example/data/upload/7/"}
    answer = Client().get("/data/upload/7/progress/", headers=elsewhere)
    assert answer["HX-Redirect"] == "/login/?next=/data/upload/7/progress/"


@pytest.mark.parametrize(("origin", "shown"), [("http://testserver", True), ("", False)])
def test_an_old_page_of_the_same_person_is_sent_with_a_new_token(
    bank: Cast, sign_in: SignIn, origin: str, shown: bool
) -> None:
    client = Client(enforce_csrf_checks=False)
    for _ in range(2):  # signed in, signed out, and in again in another tab
        client.post("/login/", {"login": "ada.bank", "password": PASSWORD})
        client.get("/")
        client.post("/logout/")
    client.post("/login/", {"login": "ada.bank", "password": PASSWORD})
    client.handler.enforce_csrf_checks = True
    headers = {"Origin": origin} if origin else {}
    answer = client.post(ADD, {**TYPED, "csrfmiddlewaretoken": "x" * 64}, headers=headers)
    assert answer.status_code == 403
    assert ("Send it now" in answer.content.decode()) == shown


def test_the_page_needs_somebody(db: None) -> None:
    assert Client().get(reverse("kept"))["Location"] == "/login/?next=/kept/"
