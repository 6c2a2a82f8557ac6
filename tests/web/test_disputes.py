"""Disputes on pages: from a line or a period to the answer, with files, and who sees what."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from incentives.ledger import Entry, post
from incentives.models import (
    ChangeNotice,
    Dispute,
    DisputeFile,
    DisputeMessage,
    DisputeReason,
    Transfer,
)
from org.models import AuditEntry
from org.tenancy import enter
from tests.web.cast import NOW, Cast

Browser = Callable[[str], Client]
NEW = "/people/ann/monthly/2026-06/dispute/"
LINE = f"{NEW}?plan=calls&component=bonus"
WRONG = {"code": "amount", "reason": "Ten calls are missing"}


def text(answer: Any) -> str:
    """What a page says, its blanks made one."""
    assert answer.status_code == 200, answer
    return " ".join(answer.content.decode().split())


def only(bank: Cast) -> Dispute:
    """The only dispute."""
    with enter(bank.tenant.pk):
        return Dispute.objects.select_related("owner", "person").get()


@pytest.fixture
def address(browser: Browser, bank: Cast) -> str:
    """Where Ann's dispute of her bonus is."""
    browser("ann").post(LINE, WRONG)
    return f"/disputes/{only(bank).pk}/"


def test_from_the_line_to_the_dispute_and_back(browser: Browser, bank: Cast) -> None:
    ann = browser("ann")
    part = text(ann.get("/people/ann/monthly/2026-06/parts/calls/bonus/"))
    assert LINE.replace("&", "&amp;") in part
    assert LINE.replace("&", "&amp;") in text(ann.get("/people/ann/monthly/2026-06/statement/"))
    form = text(ann.get(LINE))
    assert "Something is wrong with Calls bonus" in form
    assert "412.50" in form
    for _ in range(2):
        told = text(ann.post(LINE, WRONG, follow=True))
    assert "It should be answered by 29 June 2026. The line is frozen until then" in told
    assert "Ten calls are missing" in told
    assert (only(bank).component, only(bank).amount_then) == ("bonus", Decimal("412.50"))
    for page in ("statement/", "parts/calls/bonus/"):
        shown = text(ann.get(f"/people/ann/monthly/2026-06/{page}"))
        assert f'href="/disputes/{only(bank).pk}/"><span class="tag watch">in dispute' in shown


def test_something_missing_stands_on_the_period(browser: Browser, bank: Cast) -> None:
    ann = browser("ann")
    assert f'href="{NEW}"' in text(ann.get("/people/ann/monthly/2026-06/"))
    said = {"code": "work", "reason": "A call of 3 June"}
    told = text(ann.post(NEW, said, follow=True))
    assert "nothing is frozen" in told
    assert (only(bank).is_claim, only(bank).role) == (True, "supervisor")
    assert "Something missing, calls June 2026" in text(ann.get("/disputes/"))


def test_a_supervisor_objects_for_an_agent_and_does_not_answer(
    browser: Browser, bank: Cast
) -> None:
    sam = browser("sam")
    sam.post(LINE, WRONG)
    shown = text(sam.get(f"/disputes/{only(bank).pk}/"))
    assert "Somebody else must answer it" in shown
    assert "Ten calls are missing" in text(browser("ann").get(f"/disputes/{only(bank).pk}/"))


def test_a_line_that_went_meanwhile_loses_nothing(browser: Browser, bank: Cast) -> None:
    address = LINE.replace("bonus", "gone")
    ann = browser("ann")
    assert "This line is not there any more" in text(ann.get(address))
    told = text(ann.post(address, WRONG))
    assert "has no line “gone”" in told
    assert "Ten calls are missing" in told, "what was typed is kept"
    ann.post(address, {**WRONG, "as": "claim"})
    assert only(bank).is_claim


def test_a_removed_line_stays_readable_and_is_answered(
    browser: Browser, bank: Cast, address: str
) -> None:
    with enter(bank.tenant.pk):
        bank.version.components.update(name="other")
    assert "The line is not there any more" in text(browser("ann").get(address))
    told = text(
        browser("mia").post(
            f"{address}answer/", {"answer": "It was paid twice", "decision": "reject"}, follow=True
        )
    )
    assert "Rejected: Ann Abel reads your answer" in told


# --- the queue and the answer


def test_it_waits_for_whoever_answers_it(browser: Browser, bank: Cast, address: str) -> None:
    assert "Dispute waits for your answer" in text(browser("mia").get("/"))
    assert "Ann Abel" in text(browser("mia").get("/disputes/"))
    assert "Nothing waits for your answer" in text(browser("sam").get("/disputes/"))
    assert "Ann Abel" in text(browser("sam").get("/disputes/?show=open"))
    assert "Ann Abel" in text(browser("audrey").get("/disputes/"))
    assert "You have disputed nothing" in text(browser("cleo").get("/disputes/"))
    assert "Ann Abel" not in text(browser("olga").get("/disputes/?show=all"))
    rows = browser("mia").get("/disputes/?show=all&download=csv").content.decode()
    assert 'Ann Abel,"Calls bonus, calls 2026-06",The amount is wrong,2026-06-22,2026-06-29' in rows
    with enter(bank.tenant.pk):
        Dispute.objects.update(due_on="2026-06-19")
    assert "1 is overdue" in text(browser("mia").get("/disputes/"))
    assert "Ann Abel" in text(browser("pam").get("/disputes/?show=overdue"))
    assert "Ann Abel" not in text(browser("mia").get("/disputes/?show=all&who=zoe"))


def test_it_is_handed_on(browser: Browser, bank: Cast, address: str) -> None:
    mia = browser("mia")
    assert "Handed on" in text(mia.post(f"{address}hand/", {"to": "role:payroll"}, follow=True))
    assert only(bank).role == "payroll"
    pam = browser("pam")
    assert "It is yours" in text(pam.post(f"{address}hand/", {"to": "me"}, follow=True))
    assert only(bank).owner == bank.user("pam")
    text(mia.post(f"{address}hand/", {"to": "nobody"}))


def test_it_is_answered_once(browser: Browser, bank: Cast, address: str) -> None:
    mia = browser("mia")
    said = {"answer": "", "decision": "reject"}
    assert "An answer needs words" in text(mia.post(f"{address}answer/", said))
    said["answer"] = "All were counted"
    assert "Rejected" in text(mia.post(f"{address}answer/", said, follow=True))
    again = text(browser("mo").post(f"{address}answer/", said, follow=True))
    assert "was answered on 22 June 2026" in again
    assert only(bank).state == "rejected"
    assert "All were counted" in text(browser("ann").get(address))


def test_an_adjustment_takes_two(browser: Browser, bank: Cast, address: str) -> None:
    mia, pam = browser("mia"), browser("pam")
    said = {"answer": "Ten were left out", "decision": "adjust"}
    assert "Say how much" in text(mia.post(f"{address}answer/", said))
    said["amount"] = "15"
    assert "waits for a second person" in text(mia.post(f"{address}answer/", said, follow=True))
    assert "Adjustment waits for approval" in text(pam.get("/"))
    assert "Ann Abel" in text(pam.get("/disputes/?show=approve"))
    assert "asked for this, so somebody else decides" in text(mia.get(address))
    refused = text(mia.post(f"{address}decide/", {"decision": "approve"}))
    assert "asked for this; somebody else must decide" in refused
    for _ in range(2):
        told = text(pam.post(f"{address}decide/", {"decision": "approve"}, follow=True))
        assert "it is booked" in told
    with enter(bank.tenant.pk):
        assert Transfer.objects.get(origin="adjustment").amount == 15
    assert "What it changed so far" in text(browser("ann").get(address))
    assert only(bank).closed_at is not None


def test_a_correction_is_asked_for_from_it(browser: Browser, bank: Cast, address: str) -> None:
    mia = browser("mia")
    number = only(bank).pk
    assert f'href="/people/ann/correction/?dispute={number}"' in text(mia.get(address))
    form = f"/people/ann/correction/?dispute={number}&metric=calls&day=2026-06-10"
    assert f"dispute {number}" in text(mia.get(form))
    told = text(mia.post(form, {"value": "12", "reason": "Two calls more"}, follow=True))
    assert "Somebody else approves it. The line stays frozen until then" in told
    assert only(bank).waits
    with enter(bank.tenant.pk):
        request = only(bank).remedies.get().request_id
    browser("mo").post(f"/corrections/{request}/decide/", {"decision": "approve"})
    assert (only(bank).state, only(bank).waits) == ("accepted", False)
    assert mia.get("/people/cleo/correction/?dispute=99").status_code == 404


def test_it_is_withdrawn_by_ann_alone(browser: Browser, bank: Cast, address: str) -> None:
    assert "Only Ann Abel" in text(browser("mia").post(f"{address}withdraw/", follow=True))
    assert "Withdraw it" not in text(browser("mia").get(address))
    for _ in range(2):
        text(browser("ann").post(f"{address}withdraw/", follow=True))
    assert only(bank).state == "withdrawn"


# --- thread and files


def test_messages_and_files_go_both_ways(browser: Browser, bank: Cast, address: str) -> None:
    ann, mia = browser("ann"), browser("mia")
    proof = SimpleUploadedFile("proof ü.pdf", b"%PDF-1.7 x")
    assert "Sent." in text(
        ann.post(f"{address}message/", {"text": "See page 2", "attached": [proof]}, follow=True)
    )
    shown = text(mia.get(address))
    assert "See page 2" in shown
    with enter(bank.tenant.pk):
        file = DisputeFile.objects.get().pk
    answer = mia.get(f"{address}files/{file}/")
    assert answer.content == b"%PDF-1.7 x"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename*=utf-8''proof")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert browser("cleo").get(f"{address}files/{file}/").status_code == 404
    assert browser("audrey").get(f"{address}files/{file}/").status_code == 200
    assert browser("audrey").post(f"{address}message/", {"text": "Hm"}).status_code == 403


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("run.exe", b"MZ", "of a kind that is not taken"),
        ("big.pdf", b"%PDF-" + b"x" * 11 * 1024 * 1024, "larger than 10 MB"),
        ("empty.pdf", b"", "is empty"),
    ],
)
def test_a_file_that_is_not_taken_loses_nothing_else(
    browser: Browser, bank: Cast, name: str, content: bytes, said: str
) -> None:
    files = [SimpleUploadedFile(name, content), SimpleUploadedFile("a.txt", b"fine")]
    told = text(browser("ann").post(LINE, {**WRONG, "attached": files}, follow=True))
    assert said in told
    assert "Everything else was sent" in told
    with enter(bank.tenant.pk):
        assert only(bank).reason == WRONG["reason"]
        assert [file.name for file in DisputeFile.objects.all()] == ["a.txt"]


def test_a_message_that_says_nothing_is_not_sent(
    browser: Browser, bank: Cast, address: str
) -> None:
    assert "There is nothing to send" in text(browser("ann").post(f"{address}message/", {}))
    with enter(bank.tenant.pk):
        assert not DisputeMessage.objects.exists()


# --- the report, and whom amounts are shown to


def test_the_report_counts(browser: Browser, bank: Cast, address: str) -> None:
    browser("mia").post(f"{address}answer/", {"answer": "Yes", "decision": "mended"})
    for name in ("mia", "sam", "pam", "audrey"):
        shown = text(browser(name).get("/disputes/report/"))
        assert "The amount is wrong 1" in shown
        assert "North" in shown
    rows = browser("audrey").get("/disputes/report/?download=csv").content.decode()
    assert "Reason,The amount is wrong,1,0,0,1,0,0,0,0,0 EUR" in rows
    nothing = text(browser("mia").get("/disputes/report/?since=2026-01-01&until=2026-01-31"))
    assert "Nothing was disputed in these days" in nothing
    assert "The amount is wrong" not in text(browser("oda").get("/disputes/report/"))


def test_supervisors_see_no_amount_where_the_tenant_says_so(
    browser: Browser, bank: Cast, address: str
) -> None:
    bank.tenant.supervisors_see_pay = False
    bank.tenant.save()
    sam = browser("sam")
    assert "412.50" not in text(sam.get(address))
    assert sam.get(LINE).status_code == 403
    said = {"answer": "Yes", "decision": "adjust", "amount": "5"}
    assert sam.post(f"{address}answer/", said).status_code == 403
    assert sam.get(NEW).status_code == 200


def test_reading_it_is_noted(browser: Browser, bank: Cast, address: str) -> None:
    text(browser("mia").get(address))
    text(browser("ann").get(address))
    with enter(bank.tenant.pk):
        read = AuditEntry.objects.filter(action="read pay", subject__contains="dispute")
        assert {entry.by for entry in read} == {bank.user("mia")}


def test_the_tenants_own_reasons_are_offered(browser: Browser, bank: Cast) -> None:
    with enter(bank.tenant.pk):
        DisputeReason.objects.create(code="sum", name="Sum does not fit", role="payroll")
    shown = text(browser("ann").get(LINE))
    assert "Sum does not fit" in shown
    assert not re.search("The amount is wrong", shown)


@pytest.mark.parametrize("part", ["message/", "answer/", "hand/", "withdraw/", "decide/"])
def test_methods(browser: Browser, address: str, part: str) -> None:
    assert browser("mia").get(f"{address}{part}").status_code == 405
    assert browser("mia").post(address).status_code == 405


# --- news


def test_an_answer_is_news_until_it_is_opened(browser: Browser, bank: Cast, address: str) -> None:
    ann, page = browser("ann"), "/people/ann/monthly/2026-06/"
    assert "What is new for you" not in text(ann.get(page))
    with time_machine.travel(NOW + timedelta(minutes=5), tick=False):
        browser("mia").post(f"{address}answer/", {"answer": "Yes", "decision": "mended"})
        assert "Your dispute about Calls bonus, June 2026" in text(ann.get(page))
        assert "What is new for you" not in text(browser("sam").get(page))
        text(browser("sam").get(address))
        assert "What is new for you" in text(ann.get(page)), "others looking does not count"
        text(ann.get(address))
        assert "What is new for you" not in text(ann.get(page))


def test_what_changed_is_new_until_the_statement_is_opened(browser: Browser, bank: Cast) -> None:
    with enter(bank.tenant.pk):
        may = {"plan": bank.plan.pk, "earned_period": bank.periods["2026-05"].pk}
        moved = Entry(
            person=bank.people["ann"].pk,
            from_account="plan",
            to_account="due",
            amount=Decimal("30.00"),
            currency="EUR",
            origin="calculation",
            component="bonus",
            earning_type="incentive",
            posted_period=bank.periods["2026-06"].pk,
            cause="A sale came late",
            **may,
        )
        post([moved], by=None, at=NOW)
        ChangeNotice.objects.create(
            person=bank.people["ann"], period=bank.periods["2026-06"], at=NOW
        )
    ann, page = browser("ann"), "/people/ann/monthly/2026-06/"
    shown = text(ann.get(page))
    assert "What changed in June 2026" in shown
    assert "A sale came late" in shown
    text(browser("sam").get(f"{page}statement/"))
    told = text(ann.get(f"{page}statement/"))
    assert "What changed in earlier periods" in told
    assert '<span class="tag open">new</span>' in told
    assert "What is new for you" not in text(ann.get(page))
    assert '<span class="tag open">new</span>' not in text(ann.get(f"{page}statement/"))
