"""What a double click does: one thing, and a sentence that says so."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from incentives.ledger import Entry, post
from org.tenancy import enter
from payroll.models import PayBatch, PayFile, PayLine, PayrollProfile
from tests.factories import make_employment, make_pay_group
from tests.web.cast import NOW, Cast

Browser = Callable[[str], Client]


def text(client: Client, address: str, **fields: str) -> str:
    """The page after a button was pressed, its blanks made one."""
    answer = client.post(address, fields, follow=True)
    assert answer.status_code == 200, (address, answer.status_code)
    return " ".join(answer.content.decode().split())


@pytest.fixture
def batch(bank: Cast) -> PayBatch:
    """A draft by Petra that would pay Ann 412.50."""
    with enter(bank.tenant.pk):
        june, ann = bank.periods["2026-06"], bank.people["ann"]
        group = make_pay_group(june.calendar)
        make_employment(ann, group)
        PayrollProfile.objects.create(code="csv", spec={"extends": "generic_csv"})
        entry = Entry(
            person=ann.pk,
            currency="EUR",
            from_account="plan",
            to_account="due",
            amount=Decimal("412.50"),
            origin="calculation",
            plan=bank.plan.pk,
            component="bonus",
            earning_type="incentive",
            earned_period=june.pk,
        )
        post([entry], by=None, at=NOW)
        return PayBatch.objects.create(
            pay_group=group,
            period=june,
            currency="EUR",
            prepared_by=bank.user("petra"),
            prepared_at=NOW,
        )


def test_a_batch_is_approved_once(browser: Browser, bank: Cast, batch: PayBatch) -> None:
    pam, address = browser("pam"), reverse("pay-approve", args=[batch.pk])
    assert "is approved: 1 person, 1 line." in text(pam, address)
    assert "was approved by pam.bank on 22 June 2026; it is paid and stays so" in text(pam, address)
    with enter(bank.tenant.pk):
        assert PayLine.objects.count() == 1


def test_a_file_is_written_once(browser: Browser, bank: Cast, batch: PayBatch) -> None:
    pam = browser("pam")
    text(pam, reverse("pay-approve", args=[batch.pk]))
    with enter(bank.tenant.pk):
        profile = str(PayrollProfile.objects.get().pk)
    address = reverse("pay-write", args=[batch.pk])
    assert "is written: 1 row." in text(pam, address, profile=profile)
    again = text(pam, address, profile=profile)
    assert "A file that payroll reads twice can pay twice" in again
    with enter(bank.tenant.pk):
        first = PayFile.objects.get()
    once_more = {"profile": profile, "again": "on", "seen": str(first.pk)}
    assert "is written: 1 row." in text(pam, address, **once_more)
    assert "was written once more meanwhile" in text(pam, address, **once_more)
    with enter(bank.tenant.pk):
        assert PayFile.objects.count() == 2


def test_a_draft_is_discarded_once(browser: Browser, bank: Cast, batch: PayBatch) -> None:
    pam, address = browser("pam"), reverse("pay-discard", args=[batch.pk])
    assert "is gone; nothing was paid" in text(pam, address)
    assert "This draft is gone" in text(pam, address)
    assert "This draft is gone" in text(pam, reverse("pay-approve", args=[batch.pk]))


def test_a_draft_is_prepared_once(browser: Browser, bank: Cast, batch: PayBatch) -> None:
    with enter(bank.tenant.pk):
        fields = {"pay_group": str(batch.pay_group_id), "period": str(batch.period_id)}
    told = text(browser("pam"), reverse("pay-prepare"), **fields)
    assert "There is a draft for" in told
    with enter(bank.tenant.pk):
        assert PayBatch.objects.count() == 1
