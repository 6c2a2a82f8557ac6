"""Closing on pages: the checklist, reasons for what stays open, and two people and a job."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.test import Client

from incentives.models import CalculationRun, Closing, Component, Decision, PlanPeriod
from metrics.models import Delivery
from org.models import Membership
from org.tenancy import enter
from pmsite.models import Job
from tests.web.cast import NOW, Cast, add_result, make_run
from tests.web.data import MIXED, send, take, telephone, trial, work

Browser = Callable[[str], Client]
MAY = "/closing/monthly/2026-05/"
PLAN = f"{MAY}calls/"
JUNE = "/closing/monthly/2026-06/calls/"


def text(answer: Any) -> str:
    """What a page says, its blanks made one."""
    assert answer.status_code == 200, answer
    return " ".join(answer.content.decode().split())


@pytest.fixture
def may(bank: Cast) -> None:
    """May is over and worked out; its rule pays everybody 5.00."""
    with enter(bank.tenant.pk):
        Component.objects.update(formula="5")
        make_run(bank, "2026-05", {"ann": "5.00"})


def point(bank: Cast, code: str = "2026-05") -> PlanPeriod:
    with enter(bank.tenant.pk):
        return PlanPeriod.objects.select_related("final_by").get(period__code=code)


# --- one after the other


def test_one_hands_it_over_and_another_closes_it(browser: Browser, bank: Cast, may: None) -> None:
    pam, petra = browser("pam"), browser("petra")
    assert "Nothing is open that is not accepted" in text(pam.get(PLAN))
    told = text(pam.post(f"{PLAN}hand/", {"note": "All there"}, follow=True))
    assert "Somebody else closes it now" in told
    assert "You handed it over" in told
    assert "“All there”" in text(petra.get(PLAN))
    assert "waits for you to close it" in text(petra.get("/"))
    assert "waits for you to close it" not in text(pam.get("/"))
    assert "pam.bank" in text(petra.get("/closing/"))
    assert "somebody else must close it" in text(pam.post(f"{PLAN}close/", follow=True))
    for _ in range(2):
        told = text(petra.post(f"{PLAN}close/", follow=True))
    assert "calls is being closed already" in told
    assert "Waits for a worker" in told
    assert f'hx-get="{PLAN}progress/"' in told
    assert Job.objects.filter(name="close a period").count() == 1
    [done] = work()
    assert done.startswith("2026-05 is final for calls: ")
    assert petra.get(f"{PLAN}progress/").headers["HX-Redirect"] == PLAN
    assert point(bank).final_by == bank.user("petra")
    final = text(petra.get(PLAN))
    assert "pam.bank handed it over" in final
    assert "petra.bank closed it" in final
    assert "It is not handed over, or it is closed already" in text(
        petra.post(f"{PLAN}close/", follow=True)
    )
    assert "is final" in text(pam.post(f"{PLAN}hand/", follow=True))


def test_all_that_others_handed_over_is_closed_at_once(
    browser: Browser, bank: Cast, may: None
) -> None:
    browser("pam").post(f"{PLAN}hand/")
    assert "Make final what others handed over" not in text(browser("pam").get(MAY))
    petra = browser("petra")
    assert "Make final what others handed over (1)" in text(petra.get(MAY))
    assert "is being closed" in text(petra.post(MAY, follow=True))
    work()
    assert point(bank).final_at is not None
    assert "Nothing of this period was handed over" in text(petra.post(MAY, follow=True))


def test_what_is_refused_is_said_and_can_be_closed_later(
    browser: Browser, bank: Cast, may: None
) -> None:
    browser("pam").post(f"{PLAN}hand/")
    browser("petra").post(f"{PLAN}close/")
    with enter(bank.tenant.pk):
        Component.objects.update(formula="1 / 0")
    assert work() == ["2026-05 could not be closed; its page says why."]
    assert "It could not be closed: May 2026 cannot be final yet" in text(
        browser("petra").get(PLAN)
    )
    assert point(bank).final_at is None
    with enter(bank.tenant.pk):
        Component.objects.update(formula="5")
    with time_machine.travel(NOW, tick=True):
        browser("petra").post(f"{PLAN}close/")
        work()
    assert point(bank).final_at is not None


def test_work_that_stopped_is_asked_for_again(browser: Browser, bank: Cast, may: None) -> None:
    browser("pam").post(f"{PLAN}hand/")
    petra = browser("petra")
    petra.post(f"{PLAN}close/")
    Job.objects.update(state="failed", failure="The worker stopped.")
    assert "The work stopped: The worker stopped." in text(petra.get(PLAN))
    with time_machine.travel(NOW, tick=True):
        petra.post(f"{PLAN}close/")
        work()
    assert point(bank).final_at is not None


def test_it_is_sent_back_with_a_reason(browser: Browser, may: None) -> None:
    browser("pam").post(f"{PLAN}hand/")
    petra = browser("petra")
    assert "Say why, for pam.bank" in text(petra.post(f"{PLAN}back/", follow=True))
    petra.post(f"{PLAN}back/", {"reason": "A file is missing"})
    assert "Sent back: A file is missing" in text(browser("pam").get(PLAN))


# --- what is open


def test_rows_left_out_are_accepted_or_handled(browser: Browser, bank: Cast) -> None:
    telephone(bank)
    mia = browser("mia")
    send(mia, MIXED)
    work()
    take(mia, trial(bank))
    work()
    shown = text(browser("pam").get(JUNE))
    assert "could not be used" in shown
    assert "“jnae” of phone: 1 row waits for the name" in shown
    assert "Its last day is 30 June 2026" in shown
    assert "Say why: the reason stays" in text(browser("pam").post(f"{JUNE}accept/rejected/"))
    why = {"reason": "Known to the supplier"}
    told = text(browser("pam").post(f"{JUNE}accept/rejected/", why, follow=True))
    assert "It holds for exactly this list" in told
    assert "Known to the supplier" in told
    refused = text(browser("pam").post(f"{JUNE}accept/over/", why, follow=True))
    assert "keeps the period open until it is mended" in refused
    with enter(bank.tenant.pk):
        number = Delivery.objects.get().pk
    page = f"/data/deliveries/{number}/"
    assert "They are handled" in text(mia.get(page))
    assert "Say what became" in text(mia.post(f"{page}handled/", {}, follow=True))
    told = text(mia.post(f"{page}handled/", {"handled": "Test rows"}, follow=True))
    assert "The rows left out are handled: Test rows" in told
    after = text(browser("pam").get(JUNE))
    assert "could not be used" not in after
    assert "jnae" not in after


def test_a_result_that_waits_keeps_it_open(browser: Browser, bank: Cast) -> None:
    with enter(bank.tenant.pk):
        make_run(bank, "2026-05", {"ann": None}, undecided=1)
    shown = text(browser("pam").get(PLAN))
    assert "Ann Abel (ann), calls, Calls bonus" in shown
    assert "It cannot be closed with this open" in shown
    assert "while something is open" in text(browser("pam").post(f"{PLAN}hand/", follow=True))


def test_a_goal_of_zero_is_decided_from_the_list(browser: Browser, bank: Cast) -> None:
    with enter(bank.tenant.pk):
        run = CalculationRun.objects.create(
            plan=bank.plan,
            version=bank.version,
            period=bank.periods["2026-06"],
            at=NOW,
            on=NOW.date(),
        )
        zero = {"calls": "275", "goal calls": "0", "prorate": "1"}
        add_result(bank, run, bank.people["ann"], "5.00", zero)
        PlanPeriod.objects.update(run=run)
    address = f"{JUNE}goal/ann/"
    mia = browser("mia")
    assert "What the goal of zero means for Ann Abel" in text(mia.get(address))
    assert "This field is required" in text(mia.post(address, {}))
    kind = Decision.Kind.values[0]
    said = {"measure": "calls", "kind": kind, "reason": "On a project"}
    assert "Decided" in text(mia.post(address, said, follow=True))
    with enter(bank.tenant.pk):
        assert Decision.objects.get().by == bank.user("mia")
    assert "No goal of Cleo Chan is zero" in text(mia.get(f"{JUNE}goal/cleo/"))


def test_whoever_is_paid_by_it_does_not_close_it(browser: Browser, bank: Cast, may: None) -> None:
    with enter(bank.tenant.pk):
        row = Membership.objects.get(user=bank.user("pam"))
        row.person = bank.people["ann"]
        row.save()
    pam = browser("pam")
    shown = text(pam.get(PLAN))
    assert "nobody closes what moves their own pay" in shown
    assert "It is ready to close" not in shown
    assert "nobody closes what moves" in text(pam.post(f"{PLAN}hand/", follow=True))
    with enter(bank.tenant.pk):
        assert not Closing.objects.exists()


def test_an_auditor_reads_the_list_and_does_nothing(browser: Browser, may: None) -> None:
    audrey = browser("audrey")
    shown = text(audrey.get(PLAN))
    assert "Sources are complete" in shown
    assert "It is ready to close" not in shown
    assert "Totals beside" in shown


@pytest.mark.parametrize("part", ["accept/sources/", "hand/", "back/", "close/"])
def test_methods(browser: Browser, part: str) -> None:
    assert browser("pam").get(f"{JUNE}{part}").status_code == 405
    assert browser("pam").post(JUNE).status_code == 405
    assert browser("pam").post(f"{JUNE}progress/").status_code == 405
