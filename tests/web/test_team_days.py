"""Who was on my team on which days: shown, confirmed, doubted, answered; by whom, and once."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

import pytest
from django.http import HttpResponse
from django.test import Client

from org.models import Assignment, AuditEntry, Membership, RoleGrant, TeamConfirmation
from org.models import TeamObjection as Objection
from org.permissions import Role
from org.tenancy import enter
from tests.web.cast import NOW, Cast

Browser = Callable[[str], Client]
MAY = "/team-days/2026-05/"
WRONG = {"who": "Ann Abel", "since": "2026-05-12", "what": "She moved to East."}


def text(answer: HttpResponse) -> str:
    assert answer.status_code == 200
    return answer.content.decode()


def hash_of(client: Client, address: str = MAY) -> str:
    """What the page would send to confirm."""
    found = re.search(r'name="sha256" value="(\w+)"', text(client.get(address)))
    assert found is not None
    return found[1]


def test_it_lists_people_and_days(browser: Browser) -> None:
    page = text(browser("sam").get(MAY))
    for said in ("Ann Abel", "Agent, North", "1 May to 31 May", "Nobody has confirmed this month"):
        assert said in page, said
    assert "Cleo" not in page


def test_without_a_month_it_is_the_last_one_that_is_over(browser: Browser) -> None:
    assert browser("sam").get("/team-days/")["Location"] == MAY
    assert browser("ada").get("/team-days/open/")["Location"] == "/team-days/open/2026-05/"


def test_confirming_twice_is_confirming_once(browser: Browser, bank: Cast) -> None:
    sam = browser("sam")
    sent = {"sha256": hash_of(sam)}
    for _ in range(2):
        assert "Confirmed" in text(sam.post(f"{MAY}confirm/", sent, follow=True))
    with enter(bank.tenant.pk):
        kept = TeamConfirmation.objects.get()
        assert (kept.by, kept.month, kept.at) == (bank.user("sam"), date(2026, 5, 1), NOW)
        assert kept.shown == [["ann", "North", "Agent", "primary", "2026-05-01", "2026-06-01"]]
        assert AuditEntry.objects.filter(action="confirm team").count() == 1
    assert "This is right" not in text(sam.get(MAY))


def test_what_changed_after_the_page_was_opened_is_not_confirmed(
    browser: Browser, bank: Cast
) -> None:
    sam = browser("sam")
    sent = {"sha256": hash_of(sam)}
    with enter(bank.tenant.pk):
        job = Assignment.objects.filter(person=bank.people["ann"])
        job.update(valid_to=date(2026, 5, 12))
    assert "changed after you opened the page" in text(
        sam.post(f"{MAY}confirm/", sent, follow=True)
    )
    with enter(bank.tenant.pk):
        assert not TeamConfirmation.objects.exists()


def test_a_team_that_changes_after_it_was_confirmed_waits_again(
    browser: Browser, bank: Cast
) -> None:
    sam = browser("sam")
    sam.post(f"{MAY}confirm/", {"sha256": hash_of(sam)})
    assert "Every team of May 2026 is confirmed" in text(
        browser("ada").get("/team-days/open/2026-05/")
    )
    with enter(bank.tenant.pk):
        job = Assignment.objects.filter(person=bank.people["ann"])
        job.update(valid_to=date(2026, 5, 12))
    assert "changed after it was confirmed" in text(sam.get(MAY))
    assert "changed after it was confirmed" in text(browser("ada").get("/team-days/open/2026-05/"))


def test_a_month_that_is_not_over_is_not_confirmed(browser: Browser, bank: Cast) -> None:
    answer = browser("sam").post("/team-days/2026-06/confirm/", {"sha256": "x"}, follow=True)
    assert "June 2026 is not over yet" in text(answer)
    assert "This is right" not in text(browser("sam").get("/team-days/2026-06/"))


def test_what_is_wrong_goes_to_the_administrators_and_back(browser: Browser, bank: Cast) -> None:
    sam, ada = browser("sam"), browser("ada")
    for _ in range(2):
        assert "She moved to East." in text(sam.post(f"{MAY}wrong/", WRONG, follow=True))
    with enter(bank.tenant.pk):
        number = Objection.objects.get().pk
    assert "She moved to East." in text(ada.get("/team-days/open/2026-05/"))
    address = f"/team-days/wrong/{number}/"
    assert "This field is required" in text(ada.post(address, {"answer": " "}))
    for _ in range(2):
        text(ada.post(address, {"answer": "Moved as of the 12th."}, follow=True))
    assert "Moved as of the 12th." in text(sam.get(MAY))
    with enter(bank.tenant.pk):
        assert AuditEntry.objects.filter(action="answer objection").count() == 1


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"who": ""}, "This field is required"),
        ({"since": "12.5.2026"}, "Enter a valid date"),
        ({"since": "2026-06-02"}, "up to the end of May 2026"),
    ],
)
def test_what_is_wrong_is_said_in_full(
    browser: Browser, changed: dict[str, str], said: str
) -> None:
    page = text(browser("sam").post(f"{MAY}wrong/", WRONG | changed))
    assert said in page
    assert "She moved to East." in page, "what was typed is still there"


def test_a_deputy_confirms_for_whom_they_stand_in(browser: Browser, bank: Cast) -> None:
    with enter(bank.tenant.pk):
        members = {m.user.username: m for m in Membership.objects.select_related("user")}
        RoleGrant.objects.create(
            membership=members["cleo.bank"],
            role=Role.SUPERVISOR,
            valid_from=date(2026, 6, 1),
            deputy_for=members["sam.bank"],
        )
    cleo = browser("cleo")
    address = f"{MAY}?of=sam"
    page = text(cleo.post(f"{MAY}confirm/?of=sam", {"sha256": hash_of(cleo, address)}, follow=True))
    assert "Confirmed by cleo.bank" in page
    assert cleo.get(f"{MAY}?of=ann").status_code == 404


@pytest.mark.parametrize("month", ["2026-13", "2026-5", "may", "2026-05-01"])
def test_a_month_that_is_none_is_not_there(browser: Browser, month: str) -> None:
    assert browser("sam").get(f"/team-days/{month}/").status_code == 404


@pytest.mark.parametrize(
    ("name", "status"), [("", 302), ("una", 403), ("ann", 403), ("mia", 403), ("audrey", 403)]
)
def test_only_supervisors_confirm(browser: Browser, name: str, status: int) -> None:
    client = browser(name)
    assert client.get(MAY).status_code == status
    assert client.post(f"{MAY}confirm/", {"sha256": "x"}).status_code == status
    assert client.post(f"{MAY}wrong/", WRONG).status_code == status


@pytest.mark.parametrize("name", ["ann", "sam", "mia"])
def test_only_administrators_see_what_is_outstanding(browser: Browser, name: str) -> None:
    for address in ("/team-days/open/", "/team-days/open/2026-05/", "/team-days/wrong/1/"):
        assert browser(name).get(address).status_code == 403, address


def test_auditors_read_and_do_not_answer(browser: Browser, bank: Cast) -> None:
    browser("sam").post(f"{MAY}wrong/", WRONG)
    with enter(bank.tenant.pk):
        address = f"/team-days/wrong/{Objection.objects.get().pk}/"
    assert "She moved to East." in text(browser("audrey").get(address))
    assert browser("audrey").post(address, {"answer": "So it is."}).status_code == 403


def test_another_tenant_sees_none_of_it(browser: Browser, bank: Cast, union: Cast) -> None:
    browser("sam").post(f"{MAY}wrong/", WRONG)
    with enter(bank.tenant.pk):
        number = Objection.objects.get().pk
    other = Client()
    other.force_login(union.user("ada"))
    assert other.get(f"/team-days/wrong/{number}/").status_code == 404
    assert "She moved" not in text(other.get("/team-days/open/2026-05/"))


@pytest.mark.parametrize("address", [MAY, "/team-days/"])
def test_looking_takes_no_post(browser: Browser, address: str) -> None:
    assert browser("sam").post(address).status_code == 405


@pytest.mark.parametrize("address", [f"{MAY}confirm/", f"{MAY}wrong/"])
def test_doing_takes_no_get(browser: Browser, address: str) -> None:
    assert browser("sam").get(address).status_code == 405


def test_the_list_can_be_taken_along(browser: Browser) -> None:
    answer = browser("ada").get("/team-days/open/2026-05/?download=csv")
    assert "Sam Stern,1,not confirmed" in answer.content.decode()
