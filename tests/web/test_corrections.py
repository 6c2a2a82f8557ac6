"""Corrections: one asks, another decides, nobody about what moves their own pay, and all once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.test import Client

from metrics.models import Correction, CorrectionRequest, Value
from org.base import CURRENT
from org.models import AuditEntry, Membership
from org.tenancy import enter
from tests.factories import make_person
from tests.web.cast import Cast

Browser = Callable[[str], Client]
NEW = "/people/ann/correction/?metric=calls&day=2026-06-10"
SAID = {"value": "12", "reason": "Two calls were on the other line"}


def text(answer: HttpResponse) -> str:
    assert answer.status_code == 200
    return answer.content.decode()


def asked(bank: Cast) -> CorrectionRequest:
    """The only request."""
    with enter(bank.tenant.pk):
        return CorrectionRequest.objects.select_related("asked_by", "decided_by").get()


@pytest.fixture
def request_of(browser: Browser, bank: Cast) -> str:
    """The address of what Sam asked for."""
    browser("sam").post(NEW, SAID)
    return f"/corrections/{asked(bank).pk}/"


def test_asking_twice_is_asking_once(browser: Browser, bank: Cast) -> None:
    sam = browser("sam")
    assert "There is no figure of that day yet" in text(sam.get(NEW))
    for _ in range(2):
        assert "Asked for." in text(sam.post(NEW, SAID, follow=True))
    assert (asked(bank).state, asked(bank).numerator) == ("open", Decimal(12))
    with enter(bank.tenant.pk):
        assert not Correction.objects.exists()
    assert "Ann Abel" in text(browser("mia").get("/corrections/"))
    assert "Ann Abel" in text(sam.get("/corrections/"))


def test_another_figure_for_the_same_day_waits(browser: Browser, request_of: str) -> None:
    page = text(browser("sam").post(NEW, SAID | {"value": "13"}))
    assert "asked for another figure" in page


def test_approving_makes_the_correction_once(browser: Browser, bank: Cast, request_of: str) -> None:
    mia = browser("mia")
    for _ in range(2):
        page = text(mia.post(f"{request_of}decide/", {"decision": "approve"}, follow=True))
        assert "is corrected" in page
    with enter(bank.tenant.pk):
        made = Correction.objects.get()
        assert made == CorrectionRequest.objects.get().correction
        value = Value.objects.get(CURRENT, person_id=bank.people["ann"].pk)
        assert (value.numerator, value.correction_id) == (Decimal(12), made.pk)
        entry = AuditEntry.objects.get(action="correction corrected")
        assert entry.by == bank.user("sam")
        assert "approved by mia.bank" in entry.reason
    assert "holds" in text(browser("sam").get("/people/ann/work/"))


def test_a_refusal_needs_a_reason_and_stays(browser: Browser, bank: Cast, request_of: str) -> None:
    mia = browser("mia")
    for neither in ({}, {"decision": "maybe"}):
        page = text(mia.post(f"{request_of}decide/", {"answer": "See log", **neither}))
        assert "Nothing was decided" in page
    page = text(mia.post(f"{request_of}decide/", {"decision": "refuse", "answer": ""}))
    assert "A refusal needs a reason" in page
    text(mia.post(f"{request_of}decide/", {"decision": "refuse", "answer": "See log"}, follow=True))
    assert "See log" in text(browser("sam").get(request_of))
    page = text(mia.post(f"{request_of}decide/", {"decision": "approve"}))
    assert "was refused by mia.bank already" in page
    assert asked(bank).state == "refused"


def test_only_who_asked_withdraws(browser: Browser, bank: Cast, request_of: str) -> None:
    page = text(browser("mia").post(f"{request_of}withdraw/", follow=True))
    assert "Only sam.bank, who asked, can withdraw this" in page
    for _ in range(2):
        text(browser("sam").post(f"{request_of}withdraw/", follow=True))
    assert asked(bank).state == "withdrawn"


def test_who_asked_does_not_decide(browser: Browser, bank: Cast) -> None:
    mia = browser("mia")
    mia.post(NEW, SAID)
    address = f"/corrections/{asked(bank).pk}/"
    assert "You asked for this, so somebody else decides" in text(mia.get(address))
    page = text(mia.post(f"{address}decide/", {"decision": "approve"}))
    assert "cannot both correct this and approve it" in page
    page = text(mia.post(f"{address}decide/", {"decision": "refuse", "answer": "no"}))
    assert "let somebody else decide" in page
    assert asked(bank).state == "open"


@pytest.mark.parametrize("whose", ["ann", "sam"])
def test_nobody_decides_what_may_move_their_own_pay(
    browser: Browser, bank: Cast, request_of: str, whose: str
) -> None:
    with enter(bank.tenant.pk):
        membership = Membership.objects.get(user=bank.user("mo"))
        membership.person = bank.people[whose]
        membership.save()
    mo = browser("mo")
    assert "may move your own pay" in text(mo.get(request_of))
    for decision in ("approve", "refuse"):
        said = {"decision": decision, "answer": "so be it"}
        assert "nobody approves what moves their own pay" in text(
            mo.post(f"{request_of}decide/", said)
        )
    assert asked(bank).state == "open"


def test_the_database_holds_that_two_stand_for_it(bank: Cast, request_of: str) -> None:
    with enter(bank.tenant.pk), pytest.raises(IntegrityError), transaction.atomic():
        CorrectionRequest.objects.update(
            state="refused", decided_by=bank.user("sam"), decided_at="2026-06-22T09:00Z"
        )


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"value": "many"}, "Enter a number"),
        ({"reason": ""}, "This field is required"),
        ({"value": "1e29"}, "18 digits before the decimal point"),
    ],
)
def test_a_figure_that_is_none_is_refused(
    browser: Browser, bank: Cast, changed: dict[str, str], said: str
) -> None:
    assert said in text(browser("sam").post(NEW, SAID | changed))
    with enter(bank.tenant.pk):
        assert not CorrectionRequest.objects.exists()


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "Show the figure"),
        ("?metric=nothing&day=2026-06-10", "Select a valid choice"),
        ("?metric=calls&day=2020-06-10", "is not defined on 10 June 2020"),
    ],
)
def test_the_figure_is_chosen_first(browser: Browser, query: str, said: str) -> None:
    assert said in text(browser("sam").get(f"/people/ann/correction/{query}"))


def test_nobody_asks_for_their_own(browser: Browser) -> None:
    address = NEW.replace("/ann/", "/sam/")
    assert browser("sam").get(address).status_code == 403
    assert browser("sam").post(address, SAID).status_code == 403


@pytest.mark.parametrize(
    ("name", "status"), [("", 302), ("una", 403), ("cleo", 404), ("ann", 403), ("pam", 403)]
)
def test_who_may_not_ask(browser: Browser, name: str, status: int) -> None:
    assert browser(name).post(NEW, SAID).status_code == status


@pytest.mark.parametrize(
    ("name", "status"), [("", 302), ("ann", 403), ("sam", 403), ("pam", 403), ("audrey", 403)]
)
def test_who_may_not_decide(
    browser: Browser, bank: Cast, request_of: str, name: str, status: int
) -> None:
    answer = browser(name).post(f"{request_of}decide/", {"decision": "approve"})
    assert answer.status_code == status
    assert asked(bank).state == "open"


def test_another_teams_and_another_tenants_are_not_there(browser: Browser, bank: Cast) -> None:
    with enter(bank.tenant.pk):
        other = make_person("Zoe", code="zoe")
        found = CorrectionRequest.objects.create(
            person=other,
            day=date(2026, 6, 10),
            metric=bank.version.measures.get().metric,
            numerator=1,
            reason="x",
            asked_by=bank.user("mo"),
            asked_at="2026-06-20T09:00Z",
        )
    for name in ("sam", "olga"):
        for part in ("", "pay/"):
            assert browser(name).get(f"/corrections/{found.pk}/{part}").status_code == 404
        assert "Zoe" not in text(browser(name).get("/corrections/?state=all"))
    said = {"decision": "approve"}
    assert browser("olga").post(f"/corrections/{found.pk}/decide/", said).status_code == 404
    assert browser("mia").get(f"/corrections/{found.pk}/").status_code == 200


def test_methods(browser: Browser, request_of: str) -> None:
    assert browser("mia").post(request_of).status_code == 405
    assert browser("mia").get(f"{request_of}decide/").status_code == 405
    assert browser("sam").get(f"{request_of}withdraw/").status_code == 405
    assert browser("mia").post(f"{request_of}pay/").status_code == 405


def test_pay_is_not_shown_to_who_may_not_see_it(
    browser: Browser, bank: Cast, request_of: str
) -> None:
    bank.tenant.supervisors_see_pay = False
    bank.tenant.save()
    assert "What it would change in pay" not in text(browser("sam").get(request_of))
    assert browser("sam").get(f"{request_of}pay/").status_code == 403
    assert "What it would change in pay" in text(browser("mia").get(request_of))


def test_the_list_can_be_taken_along(browser: Browser, request_of: str) -> None:
    rows = browser("mia").get("/corrections/?download=csv").content.decode()
    assert "Ann Abel,Calls answered,2026-06-10,sam.bank" in rows
