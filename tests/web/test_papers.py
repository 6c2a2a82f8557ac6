"""Statements as papers, plan documents, and who has acknowledged them."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from incentives.acknowledge import readers, waiting_for
from incentives.fingerprint import version_hash
from incentives.models import Acknowledgement, CalculationRun, Earning, PlanPeriod, Result
from incentives.publish import publish
from org.models import AuditEntry, Person
from org.tenancy import enter
from scorecards.models import SeenStatement
from tests.factories import make_ready
from tests.web.cast import NOW, Cast, add_result, make_version

Browser = Callable[[str], Client]
JUNE = ("ann", "monthly", "2026-06")


def statement(client: Client, kind: str = "statement") -> Any:
    return client.get(reverse(kind, args=JUNE))


# --- the statement


def test_the_statement_can_be_saved_as_pdf(browser: Browser) -> None:
    answer = statement(browser("ann"), "statement-pdf")
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")
    assert 'filename="statement-ann-monthly-2026-06.pdf"' in answer["Content-Disposition"]


def test_the_workbook_has_live_formulas_over_what_went_in(browser: Browser, bank: Cast) -> None:
    book = load_workbook(io.BytesIO(statement(browser("ann"), "statement-workbook").content))
    assert book.sheetnames[0] == "Statement"
    assert book.sheetnames[-1] == "Ledger"
    sheet = book["Plan calls" if "Plan calls" in book.sheetnames else book.sheetnames[1]]
    cells = {str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value is not None}
    assert {"275", "250", "412.5"} <= cells
    assert any(cell.startswith("=") and "SUMPRODUCT" in cell for cell in cells)
    with enter(bank.tenant.pk):
        assert any(version_hash(bank.version)[:12] in cell for cell in cells)


@pytest.mark.parametrize("name", ["=1+1", "=HYPERLINK(0)", "+A1", "-A1", "@SUM(A1)"])
def test_a_name_that_looks_like_a_formula_stays_a_text(
    browser: Browser, bank: Cast, name: str
) -> None:
    with enter(bank.tenant.pk):
        Person.objects.filter(code="ann").update(name=name)
        bank.plan.name = name
        bank.plan.save()
    book = load_workbook(io.BytesIO(statement(browser("ann"), "statement-workbook").content))
    found = [
        cell
        for sheet in book.worksheets
        for row in sheet.iter_rows()
        for cell in row
        if isinstance(cell.value, str) and cell.value.startswith(name)
    ]
    assert found
    assert {cell.data_type for cell in found} == {"s"}
    assert all(cell.quotePrefix for cell in found)


def test_reading_somebody_elses_papers_is_noted(browser: Browser, bank: Cast) -> None:
    for kind in ("statement-pdf", "statement-workbook"):
        statement(browser("pam"), kind)
        statement(browser("ann"), kind)
    with enter(bank.tenant.pk):
        noted = AuditEntry.objects.filter(action="read pay").values_list("subject", flat=True)
        assert sorted(noted) == [
            "ann: statement monthly:2026-06, as PDF",
            "ann: statement monthly:2026-06, as workbook",
        ]


# --- what changed since last time


def recalculated(bank: Cast, calls: str, amount: str) -> None:
    """The night's run finds other figures."""
    with enter(bank.tenant.pk):
        point = PlanPeriod.objects.get(period=bank.periods["2026-06"])
        run = CalculationRun.objects.create(
            plan=bank.plan,
            version=bank.version,
            period=bank.periods["2026-06"],
            at=NOW,
            on=NOW.date(),
        )
        inputs = {"calls": calls, "goal calls": "250", "prorate": "1"}
        add_result(bank, run, bank.people["ann"], amount, inputs)
        old, point.run = point.run_id, run
        point.save()
        Earning.objects.filter(run_id=old).delete()
        Result.objects.filter(run_id=old).delete()


def test_a_statement_says_what_changed_since_the_last_day_and_why(
    browser: Browser, bank: Cast
) -> None:
    ann = browser("ann")
    assert "What changed" not in statement(ann).content.decode()
    recalculated(bank, "300", "450.00")
    assert "What changed" not in statement(ann).content.decode(), "not on the same day"
    recalculated(bank, "320", "480.00")
    with time_machine.travel(NOW + timedelta(days=1), tick=False):
        page = " ".join(statement(browser("ann")).content.decode().split())
        assert "Calls answered went from 300 to 320." in page
        assert "30.00" in page
        again = statement(browser("ann")).content.decode()
        assert "went from 300 to 320" in again, "the whole day long"
    with time_machine.travel(NOW + timedelta(days=2), tick=False):
        page = statement(browser("ann")).content.decode()
        assert "Nothing changed since I last looked" in page
    with enter(bank.tenant.pk):
        assert SeenStatement.objects.count() == 2, "older ones go"


def test_who_looks_at_others_leaves_nothing_seen(browser: Browser, bank: Cast) -> None:
    statement(browser("pam"))
    with enter(bank.tenant.pk):
        assert not SeenStatement.objects.exists()


# --- the plan document


def test_a_person_acknowledges_the_rules_that_were_shown(browser: Browser, bank: Cast) -> None:
    ann = browser("ann")
    assert "read and acknowledge" in ann.get(reverse("scorecard", args=JUNE)).content.decode()
    page = ann.get(reverse("my-plan", args=["calls", 1])).content.decode()
    with enter(bank.tenant.pk):
        digest = version_hash(bank.version)
    assert digest in page
    assert "Calls bonus" in page
    ann.post(reverse("my-plan-acknowledge", args=["calls"]), {"digest": digest})
    ann.post(reverse("my-plan-acknowledge", args=["calls"]), {"digest": digest})
    with enter(bank.tenant.pk):
        [made] = Acknowledgement.objects.all()
        assert (made.person.code, made.digest, made.by) == ("ann", digest, bank.user("ann"))
        assert "my-plan-acknowledge" in made.through or "acknowledge" in made.through
        assert AuditEntry.objects.filter(action="acknowledge rules").count() == 1
        assert not waiting_for(bank.people["ann"], NOW.date()).exists()
    assert "read and acknowledge" not in ann.get(reverse("scorecard", args=JUNE)).content.decode()


def test_rules_replaced_a_moment_ago_are_not_acknowledged(browser: Browser, bank: Cast) -> None:
    ann = browser("ann")
    with enter(bank.tenant.pk):
        digest = version_hash(bank.version)
        draft = make_version(bank.plan, author=bank.user("mia"), status="draft", number=2)
        make_ready(draft)
        publish(version=draft, by=bank.user("mo"), at=NOW)
    answer = ann.post(
        reverse("my-plan-acknowledge", args=["calls"]), {"digest": digest}, follow=True
    )
    page = answer.content.decode()
    assert "were replaced while you read them: version 2 is published now" in page
    assert answer.redirect_chain[-1][0] == reverse("my-plan", args=["calls", 2])
    with enter(bank.tenant.pk):
        assert not Acknowledgement.objects.exists()


def test_the_document_is_the_same_file_each_time(browser: Browser, bank: Cast) -> None:
    address = reverse("plan-document", args=[bank.version.pk])
    first, second = (browser("mia").get(address).content for _ in range(2))
    assert first.startswith(b"%PDF")
    assert first == second


def test_who_has_not_read_the_rules_is_reminded_once_a_day(
    browser: Browser, bank: Cast, django_capture_on_commit_callbacks: Any
) -> None:
    ann = bank.user("ann")
    ann.email = "ann@bank.example"
    ann.save()
    mia, address = browser("mia"), reverse("acknowledgements-remind", args=[bank.version.pk])
    listed = mia.get(reverse("acknowledgements-of", args=[bank.version.pk])).content.decode()
    assert "Remind 1 person" in " ".join(listed.split())
    with django_capture_on_commit_callbacks(execute=True):
        said = mia.post(address, follow=True).content.decode()
    assert "1 person was reminded" in said
    assert [letter.to for letter in mail.outbox] == [["ann@bank.example"]]
    assert reverse("my-plans") in mail.outbox[0].body
    said = mia.post(address, follow=True).content.decode()
    assert "reminded within the last day" in said
    assert "Reminded" in browser("ann").get(reverse("my-plans")).content.decode()
    with enter(bank.tenant.pk):
        [reader] = readers(bank.version, NOW.date())
        assert reader.reminded_at == NOW
        assert AuditEntry.objects.filter(action="remind of rules").count() == 1


def test_whom_a_plan_no_longer_pays_is_asked_nothing(bank: Cast) -> None:
    with enter(bank.tenant.pk):
        assert not waiting_for(bank.people["cleo"], NOW.date()).exists()
        assert waiting_for(bank.people["ann"], NOW.date()).exists()
        bank.version.ends = date(2026, 6, 1)
        bank.version.save()
        assert not waiting_for(bank.people["ann"], NOW.date()).exists()


# --- what if


def what_if(client: Client, **moved: str) -> str:
    asked = {f"calls.0.{name}": value for name, value in moved.items()}
    answer = client.get(reverse("what-if", args=JUNE), asked, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    return " ".join(answer.content.decode().replace("\xa0", " ").split())


def test_what_if_shows_the_pay_that_would_follow(browser: Browser) -> None:
    ann = browser("ann")
    page = what_if(ann, calls="300")
    assert "€ 412.50" in page
    assert "€ 450.00" in page
    assert "+€ 37.50" in page
    assert "€ 0.00" in what_if(ann, calls="200"), "below the goal the rule pays nothing"


def test_what_if_works_without_javascript(browser: Browser) -> None:
    answer = browser("ann").get(reverse("what-if", args=JUNE), {"calls.0.calls": "300"})
    page = answer.content.decode()
    assert 'name="calls.0.calls"' in page
    assert 'value="300"' in page
    assert "450.00" in page


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("many", "is not a number"),
        ("-3", "out of range"),
        ("9" * 30, "out of range"),
    ],
)
def test_what_if_says_what_is_no_figure(browser: Browser, typed: str, sentence: str) -> None:
    assert sentence in what_if(browser("ann"), calls=typed)


def test_what_if_has_nothing_to_move_in_a_closed_period(browser: Browser, bank: Cast) -> None:
    with enter(bank.tenant.pk):
        PlanPeriod.objects.update(final_at=NOW)
    page = browser("ann").get(reverse("what-if", args=JUNE)).content.decode()
    assert "There is nothing left to move" in page
