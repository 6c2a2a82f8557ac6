"""The scorecard and the team's table: whose they are, what they say, and how often they ask."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from incentives.models import Component, Earning, PlanPeriod
from org.models import AuditEntry
from org.reading import READ_PAY
from org.tenancy import enter
from tests.web.cast import BONUS, NOW, Cast, make_run

Browser = Callable[[str], Client]
ANN = "/people/ann/monthly/2026-06/"
TEAM = "/team/monthly/2026-06/"


def text(client: Client, address: str) -> str:
    """A page that must open."""
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def queries(client: Client, address: str) -> int:
    """How often a page asks the database."""
    with CaptureQueriesContext(connection) as asked:
        text(client, address)
    return len([query for query in asked if "SAVEPOINT" not in (query["sql"] or "")])


# --- whose it is


@pytest.mark.parametrize("name", ["ann", "sam", "mia", "mo", "pam", "audrey", "ada"])
def test_those_who_see_ann_see_her_scorecard(browser: Browser, name: str) -> None:
    page = text(browser(name), ANN)
    assert "Ann Abel" in page
    assert "€\N{NO-BREAK SPACE}412.50" in page


@pytest.mark.parametrize("name", ["cleo", "olga"])
def test_to_others_it_is_not_there(browser: Browser, name: str) -> None:
    answer = browser(name).get(ANN)
    if name == "olga":  # of the other tenant, which has an Ann of its own
        assert "Bank" not in answer.content.decode()
        assert "Union" in answer.content.decode()
    else:
        assert answer.status_code == 404


def test_a_supervisor_does_not_see_the_other_team(browser: Browser) -> None:
    assert browser("sam").get("/people/cleo/monthly/2026-06/").status_code == 404
    assert browser("sam").get("/people/nobody/monthly/2026-06/").status_code == 404


@pytest.mark.parametrize(("name", "status"), [("", 302), ("una", 403)])
def test_who_has_no_place_does_not_get_in(browser: Browser, name: str, status: int) -> None:
    assert browser(name).get(ANN).status_code == status
    assert browser(name).get(TEAM).status_code == status


@pytest.mark.parametrize("address", [ANN, TEAM])
def test_the_pages_take_no_post(browser: Browser, address: str) -> None:
    assert browser("sam").post(address).status_code == 405


@pytest.mark.parametrize("where", ["monthly/2026-13", "weekly/2026-06"])
def test_a_period_that_is_none_is_not_there(browser: Browser, where: str) -> None:
    assert browser("ann").get(f"/people/ann/{where}/").status_code == 404
    assert browser("sam").get(f"/team/{where}/").status_code == 404


# --- what it says


def test_it_says_what_was_reached_and_what_it_pays(browser: Browser) -> None:
    page = text(browser("ann"), ANN)
    for said in (
        "so far in June 2026",
        "provisional",
        "data complete to 20 June 2026",
        "Agent, North",
        "Calls answered",
        "goal 250",
        "110",
        "ahead",
        "Calls bonus",
    ):
        assert said in page, said
    assert 'href="/people/ann/monthly/2026-05/"' in page
    assert 'href="/people/ann/monthly/2026-07/"' in page
    assert "style=" not in page


def test_a_final_period_says_so(browser: Browser, bank: Cast) -> None:
    with enter(bank.tenant.pk):
        PlanPeriod.objects.update(final_at=NOW)
    page = text(browser("ann"), ANN)
    assert ">final</span>" in page
    assert "for June 2026." in page
    assert "provisional" not in page
    assert "goal reached" in page


def test_what_is_undecided_says_what_to_do(browser: Browser, bank: Cast) -> None:
    with enter(bank.tenant.pk):
        make_run(bank, "2026-05", {"ann": None})
    page = text(browser("ann"), "/people/ann/monthly/2026-05/")
    assert "No amount is decided yet." in page
    part = text(browser("ann"), "/people/ann/monthly/2026-05/parts/calls/bonus/")
    assert "Calls answered is complete; load the rest, or declare it complete." in part


def test_a_period_without_a_run_says_so(browser: Browser) -> None:
    page = text(browser("ann"), "/people/ann/monthly/2026-07/")
    assert "No plan has worked out anything for Ann Abel in July 2026" in page


def test_an_amount_that_cannot_be_explained_is_an_alarm(browser: Browser, bank: Cast) -> None:
    with enter(bank.tenant.pk):
        run = make_run(bank, "2026-05", {"ann": "412.51"})
        assert Earning.objects.get(run_id=run.pk).amount == Decimal("412.51")
    page = text(browser("ann"), "/people/ann/monthly/2026-05/")
    assert "the explanation comes to 412.5, but 412.51" in page.replace("412.510000", "412.51")


def test_the_tenants_locale_writes_the_numbers(browser: Browser, bank: Cast) -> None:
    bank.tenant.locale = "de"
    bank.tenant.save()
    page = text(browser("ann"), ANN)
    assert "€\N{NO-BREAK SPACE}412,50" in page
    assert "20 Juni 2026" in page


# --- the team


def test_an_agent_has_no_team(browser: Browser) -> None:
    assert browser("ann").get(TEAM).status_code == 403


# --- how often it asks


def test_a_scorecard_asks_as_often_for_three_components_as_for_one(
    browser: Browser, bank: Cast
) -> None:
    ann = browser("ann")
    text(ann, ANN)  # the rules are read once, and kept
    assert queries(ann, ANN) == SCORECARD_QUERIES
    with enter(bank.tenant.pk):
        earning = Earning.objects.get(run_id=bank.run.pk)
        for name in ("second", "third"):
            component = Component.objects.create(version=bank.version, name=name, formula=BONUS)
            Earning.objects.bulk_create([copy_of(earning, component)])
        assert Earning.objects.filter(run_id=bank.run.pk).count() == 3
    assert "third" in text(ann, ANN)
    assert queries(ann, ANN) == SCORECARD_QUERIES


def copy_of(earning: Earning, component: Component) -> Earning:
    """The same earning of another component."""
    return Earning(
        run_id=earning.run_id,
        person_id=earning.person_id,
        component_id=component.pk,
        job=earning.job,
        plan_id=earning.plan_id,
        period_id=earning.period_id,
        currency=earning.currency,
        amount=earning.amount,
        status=earning.status,
    )


SCORECARD_QUERIES = 12


def test_the_clock_of_these_tests_lies_in_june() -> None:
    assert date(2026, 6, 1) <= NOW.date() < date(2026, 7, 1)


# --- reading is noted


def readings(cast: Cast) -> list[tuple[str, str, list[str]]]:
    """Who read whose pay."""
    with enter(cast.tenant.pk):
        noted = AuditEntry.objects.filter(action=READ_PAY).order_by("pk").select_related("by")
        return [(str(e.by), e.subject, e.detail["people"]) for e in noted]


def test_reading_somebody_elses_pay_is_noted_and_ones_own_is_not(
    browser: Browser, bank: Cast
) -> None:
    text(browser("ann"), ANN)
    assert readings(bank) == []
    text(browser("sam"), ANN)
    text(browser("sam"), TEAM)
    assert readings(bank) == [
        ("sam.bank", "ann: scorecard monthly:2026-06", ["ann"]),
        ("sam.bank", "ann: team monthly:2026-06", ["ann"]),
    ]
