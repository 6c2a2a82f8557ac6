"""What to do now, the desks of plans and of payroll, and the auditor's pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from django.test import Client

from incentives import past_looks
from incentives.amounts import Line, Moved, Outcome
from incentives.asof_report import Entry as KnownEntry
from incentives.asof_report import Known
from incentives.ledger import Entry, post
from incentives.models import CalculationRun, PlanPeriod, PlanVersion
from incentives.review import send_back
from org.history import TRACKED
from org.models import AuditEntry, JobType, Period
from org.sql import execute
from org.tenancy import enter
from payroll.models import PayBatch, PayFile, PayrollProfile
from tests.factories import make_employment, make_pay_group, make_ready
from tests.web.cast import NOW, Cast, make_run, make_version
from tests.web.data import work

Browser = Callable[[str], Client]
JUNE = "monthly/2026-06/"


def page(client: Client, address: str) -> str:
    """A page that must open, as text."""
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return answer.content.decode()


@pytest.fixture
def ready(bank: Cast) -> PlanVersion:
    """Mia's draft of a second version, handed in."""
    with enter(bank.tenant.pk):
        version = make_version(bank.plan, author=bank.user("mia"), status="draft", number=2)
        version.refresh_from_db()
        return make_ready(version)


# --- What to do now


def test_a_version_waits_for_the_other_manager_only(browser: Browser, ready: PlanVersion) -> None:
    assert "Version waits for you to publish it" in page(browser("mo"), "/")
    assert "Version waits for you" not in page(browser("mia"), "/")
    assert "somebody else must publish it" in page(browser("mia"), "/rules/")


def test_what_was_sent_back_waits_for_its_author(
    browser: Browser, bank: Cast, ready: PlanVersion
) -> None:
    with enter(bank.tenant.pk):
        send_back(version=ready, by=bank.user("mo"), at=NOW, reason="Cap it")
    assert "Draft of yours was sent back" in page(browser("mia"), "/")
    assert "Cap it" in page(browser("mia"), "/rules/")
    assert "was sent back" not in page(browser("mo"), "/")


def test_who_has_nothing_to_do_is_told_so(browser: Browser) -> None:
    assert "Nothing waits for you" in page(browser("audrey"), "/")


def test_a_period_that_is_over_waits_to_be_closed(browser: Browser, bank: Cast) -> None:
    with enter(bank.tenant.pk):
        make_run(bank, "2026-05", {"ann": "100.00"})
    assert "Period is ready to be made final" in page(browser("pam"), "/")
    assert "May 2026" in page(browser("pam"), "/closing/")
    assert "June 2026" not in page(browser("pam"), "/closing/")


def test_somebody_without_a_plan_is_named(browser: Browser) -> None:
    assert "Person works without a plan" in page(browser("mia"), "/")
    assert "Cleo Chan" in page(browser("mia"), f"/rules/without-plan/{JUNE}")
    told = browser("mia").get(f"/rules/without-plan/{JUNE}?download=csv").content.decode("utf-8")
    assert "Cleo Chan,cleo" in told


def test_a_result_that_waits_is_listed_by_name(browser: Browser, bank: Cast) -> None:
    with enter(bank.tenant.pk):
        PlanPeriod.objects.all().delete()
        run = make_run(bank, "2026-06", {"ann": None}, undecided=1)
        assert run.undecided == 1
    assert "1 wait for data or a decision" in page(browser("mia"), "/rules/")
    assert "Ann Abel (ann)" in page(browser("mia"), f"/rules/waiting/{JUNE}")


def test_runs_are_listed_and_taken_along(browser: Browser) -> None:
    shown = page(browser("mia"), "/rules/runs/")
    assert "June 2026" in shown
    assert "monthly:2026-06" not in shown
    assert browser("mia").get("/rules/runs/?download=xlsx").status_code == 200


# --- Pay


@pytest.fixture
def due(bank: Cast) -> Period:
    """Ann is in a pay group, and 412.50 is due to her."""
    with enter(bank.tenant.pk):
        june = bank.periods["2026-06"]
        group = make_pay_group(june.calendar)
        make_employment(bank.people["ann"], pay_group=group)
        entry = Entry(
            person=bank.people["ann"].pk,
            from_account="plan",
            to_account="due",
            amount=Decimal("412.50"),
            currency="EUR",
            origin="calculation",
            plan=bank.plan.pk,
            component="bonus",
            earning_type="incentive",
            earned_period=june.pk,
        )
        post([entry], by=None, at=NOW)
        PayrollProfile.objects.create(code="csv", spec={"extends": "generic_csv"})
    return june


def prepare(client: Client, bank: Cast) -> PayBatch:
    """A draft for June, prepared by whoever asks."""
    with enter(bank.tenant.pk):
        june = bank.periods["2026-06"]
        group = bank.people["ann"].employments.get().pay_group_id
    client.post("/pay/prepare/", {"pay_group": group, "period": june.pk})
    with enter(bank.tenant.pk):
        return PayBatch.objects.get()


def test_pay_goes_from_draft_to_file_by_two_people(
    browser: Browser, bank: Cast, due: Period
) -> None:
    pam, petra = browser("pam"), browser("petra")
    assert "Pay group has something due" in page(pam, "/")
    batch = prepare(pam, bank)
    address = f"/pay/batches/{batch.pk}/"
    assert "Ann Abel" in page(pam, address)
    assert "Approve and pay" not in page(pam, address)
    refused = pam.post(f"{address}approve/", follow=True).content.decode()
    assert "somebody else must" in refused
    assert "Pay batch waits for your approval" in page(petra, "/")
    assert (
        "is approved: 1 person, 1 line."
        in petra.post(f"{address}approve/", follow=True).content.decode()
    )
    again = petra.post(f"{address}approve/", follow=True).content.decode()
    assert "it is paid and stays so" in again
    with enter(bank.tenant.pk):
        profile = PayrollProfile.objects.get().pk
    assert (
        "is written: 1 row."
        in pam.post(f"{address}write/", {"profile": profile}, follow=True).content.decode()
    )
    twice = pam.post(f"{address}write/", {"profile": profile}, follow=True).content.decode()
    assert "can pay twice" in twice
    with enter(bank.tenant.pk):
        [file] = PayFile.objects.all()
    taken = pam.get(f"/pay/files/{file.pk}/")
    assert taken.content == bytes(file.content)
    assert browser("audrey").get(f"/pay/files/{file.pk}/").status_code == 403
    assert browser("olga").get(f"/pay/files/{file.pk}/").status_code == 403
    with enter(bank.tenant.pk):
        assert AuditEntry.objects.filter(action="payroll.download").count() == 1
        assert AuditEntry.objects.filter(action="read pay", by=bank.user("pam")).exists()


def test_an_off_cycle_batch_is_prepared_in_the_browser(
    browser: Browser, bank: Cast, due: Period
) -> None:
    pam = browser("pam")
    with enter(bank.tenant.pk):
        ann = bank.people["ann"]
        asked = {"pay_group": ann.employments.get().pay_group_id, "period": due.pk}

    def said(**more: str) -> str:
        return pam.post("/pay/prepare/", {**asked, **more}, follow=True).content.decode()

    assert "Only an off-cycle batch can be for some people" in said(people=ann.code)
    assert "Nobody has the personnel number “nobody”" in said(
        people="nobody", pay_date="2026-07-06"
    )
    assert "as a date, like 2026-07-06" in said(pay_date="some day")
    refused = said(people="nobody", pay_date="2026-07-06")
    assert 'value="2026-07-06"' in refused, "what was typed stands there still"
    assert "<details open>" in refused
    with enter(bank.tenant.pk):
        assert not PayBatch.objects.exists()
    assert "Somebody else approves it." in said(people=f"{ann.code}\n", pay_date="2026-07-06")
    with enter(bank.tenant.pk):
        [made] = PayBatch.objects.all()
    assert (made.off_cycle, made.pay_date, made.people) == (True, date(2026, 7, 6), [ann.pk])
    assert "There is a draft" in said(pay_date="2026-07-06")


def test_a_draft_names_its_differences_with_their_causes(
    browser: Browser, bank: Cast, due: Period
) -> None:
    with enter(bank.tenant.pk):
        may = bank.periods["2026-05"]
        known = {"person": bank.people["ann"].pk, "currency": "EUR", "plan": bank.plan.pk}
        booked = {**known, "origin": "calculation", "earned_period": may.pk, "component": "bonus"}
        booked |= {"earning_type": "bonus", "job": "primary"}
        ours = {"from_account": "plan", "to_account": "due", "amount": Decimal("30.00")}
        cause = "Calls of Ann Abel on 2026-05-11 was corrected: ten more"
        post([Entry(**booked, **ours, posted_period=due.pk, cause=cause)], by=None, at=NOW)
        post(
            [Entry(**booked, **{**ours, "amount": Decimal(5)}, posted_period=may.pk)],
            by=None,
            at=NOW,
        )
    batch = prepare(browser("pam"), bank)
    shown = page(browser("petra"), f"/pay/batches/{batch.pk}/")
    assert "Differences of earlier periods" in shown
    assert "Calls bonus, calls" in shown
    assert "May 2026" in shown
    assert "30.00" in shown
    table = shown.partition('id="differences"')[2]
    assert "35.00" not in table, "what May was booked with is no difference"
    assert "Calls of Ann Abel on 11 May 2026 was corrected: ten more" in shown
    browser("petra").post(f"/pay/batches/{batch.pk}/approve/")
    shown = page(browser("petra"), f"/pay/batches/{batch.pk}/")
    assert "Calls bonus, calls" in shown
    assert "May 2026" in shown


def test_a_draft_can_be_thrown_away(browser: Browser, bank: Cast, due: Period) -> None:
    batch = prepare(browser("pam"), bank)
    told = browser("pam").post(f"/pay/batches/{batch.pk}/discard/", follow=True)
    assert "nothing was paid" in told.content.decode()
    assert browser("pam").get(f"/pay/batches/{batch.pk}/").status_code == 404


def test_a_batch_needs_a_group_and_a_period(browser: Browser, due: Period) -> None:
    told = browser("pam").post("/pay/prepare/", {}, follow=True).content.decode()
    assert "Choose the pay group" in told
    assert "Choose the period of pay" in told


# --- The auditor


def test_the_trail_is_filtered_and_leaves_readings_out(browser: Browser, bank: Cast) -> None:
    page(browser("sam"), "/people/ann/monthly/2026-06/")
    browser("ada").post("/admin/org/jobtype/add/", {"code": "adviser", "name": "Adviser"})
    audrey = browser("audrey")
    everything = page(audrey, "/audit/")
    assert "Adviser" in everything
    assert "sam.bank" not in everything
    read = page(audrey, "/audit/?action=read+pay")
    assert "sam.bank" in read
    assert "GET /people/ann/monthly/2026-06/ from 127.0.0.1" in read
    assert "Adviser" not in page(audrey, "/audit/?who=mia.bank")
    assert "Adviser" not in page(audrey, "/audit/?until=2026-06-21")
    assert "ann" in page(audrey, "/audit/?action=*&text=ann")
    assert "Adviser" in audrey.get("/audit/?download=csv").content.decode()
    assert page(audrey, "/audit/?since=yesterday&action=nonsense")


def test_rows_show_before_and_after_also_of_bare_sql(browser: Browser, bank: Cast) -> None:
    with enter(bank.tenant.pk):
        job = JobType.objects.get(code="agent")
        execute("UPDATE org_jobtype SET name = 'Service agent' WHERE id = %s", [job.pk])
    audrey = browser("audrey")
    told = page(audrey, "/audit/rows/?model=org.JobType")
    assert "Agent → Service agent" in told
    assert "directly in the database" in page(audrey, "/audit/rows/?without_person=on")
    assert "Service agent" not in page(audrey, "/audit/rows/?model=org.JobType&who=ada.bank")
    assert page(audrey, "/audit/rows/?page=9999")
    assert len(TRACKED) > 20


def test_a_period_is_shown_as_known_then(browser: Browser, bank: Cast) -> None:
    audrey = browser("audrey")
    assert "Look" in page(audrey, "/audit/as-known/")
    period = bank.periods["2026-06"].pk
    asked = {"period": period, "day": "2026-06-20"}
    address = audrey.post("/audit/as-known/", asked)["Location"]
    assert audrey.post("/audit/as-known/", asked)["Location"] == address, "a second click"
    assert "Waits for a worker" in page(audrey, address)
    assert "Waits for a worker" in page(audrey, f"{address}progress/")
    assert work() == ["It cannot be worked out; its page says why."]
    told = page(audrey, address)
    assert "No published plan pays" in told, "nothing of it was recorded by then"
    assert audrey.get(f"{address}progress/")["HX-Redirect"] == address
    later = audrey.post("/audit/as-known/", {"period": period, "day": date(2030, 1, 1)})
    assert "has not come yet" in later.content.decode()
    assert "June 2026" in page(audrey, "/audit/as-known/")


def test_what_was_known_then_is_read_line_by_line(browser: Browser, bank: Cast) -> None:
    audrey, june = browser("audrey"), bank.periods["2026-06"]
    with enter(bank.tenant.pk):
        look, _ = past_looks.begin(period=june, moment=NOW, by=bank.user("audrey"), at=NOW)
        line = Line("calls", "ann", "bonus", "primary", "", "EUR")
        moved = Moved(line, Decimal(400), Decimal("412.50"))
        known = Known(
            moment=NOW,
            final=(bank.plan,),
            booked={line: Decimal(400)},
            then=Outcome((), {line: Decimal(400)}),
            now=Outcome((), {line: Decimal("412.50")}),
            entries=(KnownEntry(moved, "Ann Abel", "A late file"),),
            causes=("A late file",),
            explanations=(),
        )
        assert past_looks.worked_out(look, known)
        assert not past_looks.worked_out(look, known), "nobody waits for it any more"
    address = f"/audit/as-known/{look.pk}/"
    told = page(audrey, address).replace("\xa0", " ")
    for words in ("final then", "€ 400.00", "€ 412.50", "€ 12.50", "Ann Abel", "A late file"):
        assert words in told, words
    file = audrey.get(f"{address}?download=csv").content.decode("utf-8-sig")
    assert "Ann Abel,ann" in file
    assert "12.500000" in file
    with enter(bank.tenant.pk):
        assert AuditEntry.objects.filter(action="read pay", subject__contains="as known").exists()


@pytest.mark.parametrize("name", ["ann", "sam", "mia", "pam"])
@pytest.mark.parametrize("address", ["/audit/", "/audit/rows/", "/audit/as-known/"])
def test_the_trail_is_the_auditors(browser: Browser, name: str, address: str) -> None:
    assert browser(name).get(address).status_code == 403


def test_nothing_of_another_organisation_is_in_the_trail(browser: Browser, bank: Cast) -> None:
    browser("ada").post("/admin/org/jobtype/add/", {"code": "adviser", "name": "Adviser"})
    assert "Adviser" not in page(browser("oda"), "/audit/?action=*")
    assert "Adviser" not in page(browser("oda"), "/audit/rows/")


def test_runs_of_the_other_organisation_are_not_listed(browser: Browser, bank: Cast) -> None:
    with enter(bank.tenant.pk):
        CalculationRun.objects.update(people=4711)
    assert "4711" in page(browser("mia"), "/rules/runs/")
    assert "4711" not in page(browser("olga"), "/rules/runs/")
