"""What no page of ours sends: signs that no text has, days out of time, buttons that are none."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import load_workbook

from incentives.models import Dispute
from org.audit import record
from org.pages import number_in
from org.tenancy import enter
from tests.web.cast import NOW, Cast

Browser = Callable[[str], Client]
LINE = "/people/ann/monthly/2026-06/dispute/?plan=calls&component=bonus"


@pytest.mark.parametrize(
    "body", [{"do": "retire", "reason": "a\0b"}, {"do": ["\0", "retire"]}, {"d\0": "x"}]
)
def test_a_form_with_nul_is_refused(browser: Browser, bank: Cast, body: dict[str, str]) -> None:
    with enter(bank.tenant.pk):
        version = bank.plan.versions.get()
    answer = browser("mia").post(f"/rules/versions/{version.pk}/life/", body)
    assert answer.status_code == 400


@pytest.mark.parametrize("query", ["q=%00", "q=%00&q=a", "%00=a"])
def test_an_address_with_nul_is_refused(browser: Browser, bank: Cast, query: str) -> None:
    assert browser("mia").get(f"/search/?{query}").status_code == 400


@pytest.mark.parametrize("month", ["9999-12", "0001-01", "1969-12", "2200-01"])
def test_a_month_out_of_time_is_none(browser: Browser, bank: Cast, month: str) -> None:
    assert browser("sam").get(f"/team-days/{month}/").status_code == 404
    assert browser("ada").get(f"/team-days/open/{month}/").status_code == 404
    assert browser("sam").get(f"/absences/{month}/").status_code == 404


@pytest.mark.parametrize("asked", ["per_page=-1", "=-1", "page=-1", "page=1e9", "per_page=100000"])
def test_a_table_keeps_its_length(browser: Browser, bank: Cast, asked: str) -> None:
    with enter(bank.tenant.pk):
        for number in range(51):
            record(action="look", subject=f"a thing {number}", by=None, at=NOW)
    page = browser("audrey").get(f"/audit/?{asked}")
    assert page.status_code == 200
    assert len(page.context["table"].page.object_list.data) <= 50


def test_signs_that_no_workbook_has_do_not_stop_a_download(browser: Browser, bank: Cast) -> None:
    with enter(bank.tenant.pk):
        record(action="look", subject="a\x01b", by=None, at=NOW, reason="=1+1\x0b")
    file = browser("audrey").get("/audit/?download=xlsx")
    assert file.status_code == 200
    sheet = load_workbook(io.BytesIO(file.content)).worksheets[0]
    cells = {cell.value for row in sheet for cell in row}
    assert {"a�b", "'=1+1�"} <= cells


@pytest.mark.parametrize("decision", [{}, {"decision": "yes"}])
def test_an_answer_without_a_decision_decides_nothing(
    browser: Browser, bank: Cast, decision: dict[str, str]
) -> None:
    browser("ann").post(LINE, {"code": "amount", "reason": "Ten calls are missing"})
    with enter(bank.tenant.pk):
        dispute = Dispute.objects.get()
    answer = browser("mia").post(f"/disputes/{dispute.pk}/answer/", {"answer": "Hm", **decision})
    assert "Choose by a button" in answer.content.decode()
    with enter(bank.tenant.pk):
        dispute.refresh_from_db()
    assert dispute.state == "open"


NINES = "9" * 5000


@pytest.mark.parametrize("number", [NINES, "9" * 19, "²", "-1", "1e3", ""])
def test_a_number_that_no_row_has_is_none(number: str) -> None:
    assert number_in(number) is None


def test_an_example_with_an_endless_number_is_none(browser: Browser, bank: Cast) -> None:
    with enter(bank.tenant.pk):
        version = bank.plan.versions.get()
    address = f"/rules/versions/{version.pk}/examples/"
    answer = browser("mia").post(address, {"do": "remove", "example": NINES})
    assert answer.status_code == 404


def test_an_upload_is_not_taken_in_an_endless_round(browser: Browser, bank: Cast) -> None:
    file = SimpleUploadedFile("calls.csv", b"a,b\n1,2\n")
    sent = browser("mia").post("/data/upload/", {"file": file})
    answer = browser("mia").post(f"{sent['Location']}take/", {"round": NINES})
    assert answer.status_code == 302


def test_a_claim_sent_twice_is_one_beside_another(browser: Browser, bank: Cast) -> None:
    address = "/people/ann/monthly/2026-06/dispute/"
    told = ["A sale is missing", "A second sale is missing", "A second sale is missing"]
    sent = [browser("ann").post(address, {"code": "work", "reason": one}) for one in told]
    first, second, again = (one["Location"] for one in sent)
    assert first != second == again
