"""The history page of a row: what it held, who changed it, through what."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client

from org.models import JobType
from org.tenancy import enter
from tests.web.cast import Cast

Browser = Callable[[str], Client]


def test_an_auditor_reads_old_and_new(browser: Browser, bank: Cast) -> None:
    with enter(bank.tenant.pk):
        job = JobType.objects.create(code="adviser", name="Adviser")
    page = f"/admin/org/jobtype/{job.pk}/"
    answer = browser("ada").post(f"{page}change/", {"name": "Senior adviser"})
    assert answer.status_code == 302
    told = browser("audrey").get(f"{page}history/").content.decode()
    assert "changed: name" in told
    assert "<td>Adviser</td>" in told
    assert "<td>Senior adviser</td>" in told
    assert f"<td>ada.{bank.tenant.code}</td>" in told
    assert f"POST {page}change/" in told


def test_the_page_of_another_organisation_is_not_there(
    browser: Browser, bank: Cast, union: Cast
) -> None:
    with enter(union.tenant.pk):
        job = JobType.objects.create(code="adviser", name="Adviser")
    answer = browser("audrey").get(f"/admin/org/jobtype/{job.pk}/history/")
    assert answer.status_code == 404
