"""Logging in, the choice of the organisation, the front page, and refusals in words."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import structlog
from django.test import Client

from incentives.models import PlanPeriod
from metrics.models import Metric, Total
from org.audit import record
from org.models import Membership
from org.tenancy import enter
from scorecards.queries import latest_scorecard_period, latest_team_period
from tests.web.cast import NOW, Cast, make_run

Browser = Callable[[str], Client]


def test_who_is_not_logged_in_is_asked_to(browser: Browser) -> None:
    answer = browser("").get("/")
    assert answer.status_code == 302
    assert answer["Location"] == "/login/?next=/"


def test_login_opens_the_front_page(bank: Cast) -> None:
    user = bank.user("mia")
    user.set_password("a long enough word")
    user.save()
    answer = Client().post(
        "/login/", {"login": user.username, "password": "a long enough word", "next": "/"}
    )
    assert (answer.status_code, answer["Location"]) == (302, "/")


def test_a_wrong_password_is_said_in_words(bank: Cast) -> None:
    answer = Client().post("/login/", {"login": "mia.bank", "password": "wrong"})
    assert "this password do not belong together" in answer.content.decode()


def test_logging_out_takes_a_post(browser: Browser) -> None:
    mia = browser("mia")
    assert mia.get("/logout/").status_code == 405
    assert mia.post("/logout/")["Location"] == "/login/"
    assert mia.get("/").status_code == 302


def test_an_agent_is_sent_to_the_own_scorecard(browser: Browser) -> None:
    assert browser("ann").get("/")["Location"] == "/people/ann/monthly/2026-06/"


def test_an_agent_without_results_is_told_what_to_expect(browser: Browser) -> None:
    assert "There is no scorecard for you yet" in browser("cleo").get("/").content.decode()


@pytest.mark.parametrize(
    ("name", "shown", "hidden"),
    [
        ("sam", ["My team"], ["Audit trail", "What plans have granted"]),
        ("mia", ["What to do now", "What plans have granted"], ["My team", "My scorecard"]),
        ("audrey", ["Audit trail", "Organisation"], ["My scorecard"]),
    ],
)
def test_the_overview_shows_what_the_role_has(
    browser: Browser, name: str, shown: list[str], hidden: list[str]
) -> None:
    page = browser(name).get("/").content.decode()
    assert [text for text in shown if text not in page] == []
    assert [text for text in hidden if text in page] == []


@pytest.mark.parametrize("name", ["sam", "mia", "pam", "audrey", "ada"])
def test_no_link_of_the_front_page_is_dead(browser: Browser, name: str) -> None:
    client = browser(name)
    links = set(re.findall(r'href="(/[^"]*)"', client.get("/").content.decode()))
    pages = {link for link in links if not link.startswith("/static/")}
    answers = {link: client.get(link, follow=True).status_code for link in pages}
    assert {link: status for link, status in answers.items() if status != 200} == {}


def test_the_front_page_takes_no_post(browser: Browser) -> None:
    assert browser("mia").post("/").status_code == 405


def test_a_login_without_membership_gets_a_sentence(browser: Browser) -> None:
    answer = browser("una").get("/")
    assert answer.status_code == 403
    assert "belongs to no organisation here" in answer.content.decode()


def test_a_user_of_two_organisations_chooses_one(browser: Browser, bank: Cast, union: Cast) -> None:
    with enter(union.tenant.pk):
        Membership.objects.create(user=bank.user("mia"), tenant=union.tenant)
    mia = browser("mia")
    assert mia.get("/")["Location"] == "/organisation/?next=%2F"
    assert "Union" in mia.get("/organisation/").content.decode()
    assert mia.post("/organisation/", {"tenant": "union"})["Location"] == "/"
    page = mia.get("/").content.decode()
    assert "<title>Union" in page
    assert "What plans have granted" not in page, "the role is of the bank, not of the union"


def test_an_organisation_of_others_cannot_be_chosen(browser: Browser) -> None:
    answer = browser("ann").post("/organisation/", {"tenant": "union"}, follow=True)
    assert "You are no member of that organisation" in answer.content.decode()
    assert "Union" not in answer.content.decode()


def test_what_is_not_there_is_said_in_our_words(browser: Browser) -> None:
    answer = browser("ann").get("/nowhere/")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.content.decode()


def test_nothing_inline_is_allowed_by_the_policy(browser: Browser) -> None:
    answer = browser("mia").get("/")
    assert "unsafe-inline" not in answer["Content-Security-Policy"]
    page = answer.content.decode()
    assert "style=" not in page
    assert re.findall(r"<script(?![^>]* src=)[^>]*>", page) == []


def test_the_front_page_prefers_a_month_with_figures_to_one_that_has_only_begun(
    bank: Cast,
) -> None:
    ann = bank.people["ann"]
    with enter(bank.tenant.pk):
        make_run(bank, "2026-07", {"ann": None})
        assert latest_scorecard_period(person_id=ann.pk) == bank.periods["2026-07"]
        Total.objects.create(
            period_id=bank.periods["2026-06"].pk,
            metric_id=Metric.objects.get(code="calls").pk,
            person_id=ann.pk,
            assignment_id=0,
            rows=1,
            numerator=1,
        )
        assert latest_scorecard_period(person_id=ann.pk) == bank.periods["2026-06"]
        assert latest_team_period() == PlanPeriod.objects.get(period=bank.periods["2026-06"])


def test_a_request_is_logged_with_its_tenant(browser: Browser) -> None:
    merge = [structlog.contextvars.merge_contextvars]
    mia, nobody = browser("mia"), browser("")
    with structlog.testing.capture_logs(processors=merge) as lines:
        mia.get("/")
        nobody.get("/login/")
    requests = [(line["path"], line.get("tenant")) for line in lines]
    assert requests == [("/", "bank"), ("/login/", None)]


@pytest.mark.parametrize(
    "address", ["/people/%00/monthly/2026-06/", "/team/monthly/2026-06/?currency=%00"]
)
def test_an_address_that_no_text_can_hold_is_refused(browser: Browser, address: str) -> None:
    assert browser("mia").get(address).status_code == 400


def test_moments_are_those_of_the_tenants_clock(browser: Browser, bank: Cast) -> None:
    bank.tenant.time_zone = "Asia/Tokyo"
    bank.tenant.save()
    with enter(bank.tenant.pk, through="a test"):
        record(action="test", subject="a deed", by=None, at=NOW)  # 09:00 in UTC
    page = browser("audrey").get("/audit/?text=deed").content.decode()
    assert "2026-06-22 18:00:00" in page
    assert "22 June 2026, 18:00" in browser("mia").get("/rules/runs/").content.decode()
