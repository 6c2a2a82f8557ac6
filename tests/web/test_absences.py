"""Absence recorded by hand: whose, by whom, on which days, once, and taken back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from django.http import HttpResponse
from django.test import Client

from org.base import CURRENT
from org.models import AbsenceType, Availability, InputChange, StaleMark
from org.tenancy import enter
from tests.web.cast import Cast

Browser = Callable[[str], Client]
ADD = "/people/ann/absences/add/"
BACK = "/people/ann/absences/back/"


@pytest.fixture
def said(bank: Cast) -> dict[str, str]:
    """A training of three days."""
    with enter(bank.tenant.pk):
        kind = AbsenceType.objects.create(code="training", name="Training")
        AbsenceType.objects.create(code="ill", name="Illness", reduces_payout=True)
    return {
        "first": "2026-06-10",
        "last": "2026-06-12",
        "type": str(kind.pk),
        "hours": "",
        "reason": "New card system",
    }


def text(answer: HttpResponse) -> str:
    assert answer.status_code == 200
    return answer.content.decode()


def days(bank: Cast) -> list[tuple[int, str, Decimal | None]]:
    """Ann's absences that hold."""
    with enter(bank.tenant.pk):
        rows = Availability.objects.filter(CURRENT, person=bank.people["ann"]).order_by("day")
        return [(r.day.day, str(r.absence_type), r.hours) for r in rows]


def test_three_days_are_recorded_once(browser: Browser, bank: Cast, said: dict[str, str]) -> None:
    sam = browser("sam")
    assert "recorded for 3 days" in text(sam.post(ADD, said, follow=True))
    assert "nothing changed" in text(sam.post(ADD, said, follow=True))
    assert days(bank) == [(10, "Training", None), (11, "Training", None), (12, "Training", None)]
    with enter(bank.tenant.pk):
        cause = InputChange.objects.get(kind="availability")
        assert "Ann Abel absent 10–12 June 2026: Training (New card system)" in cause.sentence
        mark = StaleMark.objects.get(change=cause)
        assert (mark.first_day, mark.end_day) == (date(2026, 6, 10), date(2026, 6, 13))
    page = text(sam.get("/people/ann/work/"))
    assert "10 June 2026 to 12 June 2026, 3 days" in page
    assert "lowers the goal" in page


def test_whole_days_replace_and_hours_stand_beside(
    browser: Browser, bank: Cast, said: dict[str, str]
) -> None:
    sam = browser("sam")
    with enter(bank.tenant.pk):
        ill = str(AbsenceType.objects.get(code="ill").pk)
    one_day = {"first": "2026-06-10", "last": "2026-06-10"}
    sam.post(ADD, said | one_day | {"hours": "2"})
    sam.post(ADD, said | one_day | {"hours": "3", "type": ill})
    assert sorted(days(bank), key=str) == [
        (10, "Illness", Decimal(3)),
        (10, "Training", Decimal(2)),
    ]
    sam.post(ADD, said | one_day)
    assert days(bank) == [(10, "Training", None)]


def test_it_is_taken_back_once(browser: Browser, bank: Cast, said: dict[str, str]) -> None:
    sam = browser("sam")
    sam.post(ADD, said)
    back = {**said, "first": "2026-06-11", "reason": "The course was cut short"}
    assert "2 days taken back" in text(sam.post(BACK, back, follow=True))
    assert "nothing changed" in text(sam.post(BACK, back, follow=True))
    assert days(bank) == [(10, "Training", None)]


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"last": "2026-06-09"}, "lies before the first"),
        ({"first": "2023-12-30", "last": "2024-01-02"}, "has no job on 30 December 2023"),
        ({"last": "2028-06-12"}, "At most 366 days at once"),
        ({"hours": "30"}, "at most 24 hours"),
        ({"type": "0"}, "Select a valid choice"),
        ({"first": "tomorrow"}, "Enter a valid date"),
        ({"reason": "  "}, "This field is required"),
    ],
)
def test_what_cannot_be_is_refused_in_words(
    browser: Browser, bank: Cast, said: dict[str, str], changed: dict[str, str], sentence: str
) -> None:
    assert sentence in text(browser("sam").post(ADD, said | changed))
    assert days(bank) == []


def test_nobody_records_their_own(browser: Browser, said: dict[str, str]) -> None:
    page = text(browser("sam").post("/people/sam/absences/add/", said))
    assert "records an absence of their own" in page
    assert "Record an absence" not in text(browser("sam").get("/people/sam/work/"))


@pytest.mark.parametrize(
    ("name", "status"),
    [("", 302), ("una", 403), ("cleo", 404), ("ann", 403), ("mia", 403), ("pam", 403)],
)
def test_who_may_not_record(
    browser: Browser, bank: Cast, said: dict[str, str], name: str, status: int
) -> None:
    assert browser(name).post(ADD, said).status_code == status
    assert browser(name).post(BACK, said).status_code == status
    assert days(bank) == []


def test_another_tenants_ann_is_another(
    browser: Browser, bank: Cast, union: Cast, said: dict[str, str]
) -> None:
    other = Client()
    other.force_login(union.user("ada"))
    assert "Select a valid choice" in text(other.post(ADD, said)), "the kind is of the bank"
    assert days(bank) == []


def test_the_month_shows_who_is_away_and_leads_to_a_person(
    browser: Browser, said: dict[str, str]
) -> None:
    sam = browser("sam")
    sam.post(ADD, said)
    assert sam.get("/absences/")["Location"] == "/absences/2026-06/"
    assert "Training" in text(sam.get("/absences/2026-06/"))
    assert "Ann Abel" in sam.get("/absences/2026-06/?download=csv").content.decode()
    found = sam.get("/absences/2026-06/?who=ann Ann Abel")
    assert found["Location"] == "/people/ann/work/#absence"
    assert sam.get("/absences/2026-06/?who=Abel")["Location"] == "/people/ann/work/#absence"
    assert "Nobody here has the name" in text(sam.get("/absences/2026-06/?who=cleo"))
    assert sam.get("/absences/2026-6/").status_code == 404


def test_agents_have_no_page_of_absences(browser: Browser) -> None:
    assert browser("ann").get("/absences/2026-06/").status_code == 403
    assert browser("sam").post("/absences/2026-06/").status_code == 405
    assert browser("sam").get(ADD).status_code == 405


@pytest.mark.parametrize(("name", "status"), [("ann", 200), ("sam", 200), ("cleo", 404)])
def test_the_work_of_a_person_opens_to_who_sees_them(
    browser: Browser, name: str, status: int
) -> None:
    assert browser(name).get("/people/ann/work/").status_code == status


def test_the_agent_reads_and_has_no_actions(browser: Browser, said: dict[str, str]) -> None:
    browser("sam").post(ADD, said)
    page = text(browser("ann").get("/people/ann/work/"))
    assert "Training" in page
    assert "Was there after all" not in page
    assert "Ask for a correction" not in page
