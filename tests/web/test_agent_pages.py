"""What is behind an amount and a figure, the next step, the rank, the statement, the history."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from incentives.ledger import Entry, balances, post
from incentives.models import Component, Earning, PlanPeriod, Result
from metrics.models import Delivery, Metric, Source, Value
from org.models import Assignment, AuditEntry, Tenant
from org.tenancy import enter
from payroll.batch import approve, prepare
from tests.factories import make_employment, make_pay_group, make_person
from tests.web.cast import NOW, SINCE, Cast, add_result, make_run

Browser = Callable[[str], Client]
JUNE = "/people/ann/monthly/2026-06/"
PART, FIGURES = f"{JUNE}parts/calls/bonus/", f"{JUNE}figures/calls/"
STATEMENT, HISTORY = f"{JUNE}statement/", "/people/ann/history/"
PAGES = [JUNE, PART, f"{JUNE}plans/calls/", FIGURES, STATEMENT, f"{STATEMENT}waiting/", HISTORY]
PAY = [PART, f"{JUNE}plans/calls/", STATEMENT, f"{STATEMENT}waiting/"]
EURO = "€\N{NO-BREAK SPACE}"


def text(client: Client, address: str, **headers: str) -> str:
    """A page that must open, with its blanks as single ones."""
    answer = client.get(address, headers=headers)
    assert answer.status_code == 200, address
    return re.sub(r"[ \n\t]+", " ", answer.content.decode())


def queries(client: Client, address: str) -> int:
    """How often a page asks the database, once its rules are kept."""
    text(client, address)
    with CaptureQueriesContext(connection) as asked:
        text(client, address)
    return len([query for query in asked if "SAVEPOINT" not in (query["sql"] or "")])


# --- whose they are


@pytest.mark.parametrize("address", PAGES)
def test_they_take_no_post_and_no_stranger(browser: Browser, address: str) -> None:
    assert browser("ann").post(address).status_code == 405
    assert browser("cleo").get(address).status_code == 404
    assert browser("").get(address).status_code == 302
    assert "style=" not in text(browser("ann"), address)


@pytest.fixture
def discreet(bank: Cast) -> Cast:
    """The bank, whose supervisors see figures and no pay."""
    Tenant.objects.filter(pk=bank.tenant.pk).update(supervisors_see_pay=False)
    return bank


@pytest.mark.parametrize("address", PAY)
def test_without_the_right_to_see_pay_it_is_refused(
    browser: Browser, discreet: Cast, address: str
) -> None:
    assert browser("sam").get(address).status_code == 403
    assert browser("ann").get(address).status_code == 200
    assert browser("pam").get(address).status_code == 200


def test_figures_are_shown_without_what_they_pay(browser: Browser, discreet: Cast) -> None:
    for address in (JUNE, FIGURES, HISTORY):
        page = text(browser("sam"), address)
        assert "Calls answered" in page
        assert "412.50" not in page
        assert "Statement" not in page
        assert "Calls bonus" not in page


def test_reading_somebody_elses_pay_leaves_a_note(browser: Browser, bank: Cast) -> None:
    for address in PAY:
        text(browser("pam"), address)
        text(browser("ann"), address)
    with enter(bank.tenant.pk):
        assert AuditEntry.objects.filter(action="read pay").count() == len(PAY)


# --- behind an amount


def test_an_amount_unfolds_to_rule_table_figures_and_working(browser: Browser) -> None:
    page = text(browser("ann"), PART)
    for said in (
        "The rule",
        "row 2 (from 10: 1.5)",
        "(your row)",
        "Step by step",
        f'href="{FIGURES}?plan=calls"',
        f"{EURO}412.50",
    ):
        assert said in page, said


def test_the_same_is_a_part_of_the_scorecard(browser: Browser) -> None:
    ann = browser("ann")
    assert f'hx-get="{PART}"' in text(ann, JUNE)
    part = text(ann, PART, HX_Request="true")
    assert "The rule" in part
    assert "<html" not in part


@pytest.mark.parametrize("where", ["parts/calls/nothing/", "parts/none/bonus/", "plans/none/"])
def test_what_there_is_not_is_not_found(browser: Browser, where: str) -> None:
    assert browser("ann").get(f"{JUNE}{where}").status_code == 404


def test_what_counted_is_said_for_the_whole_plan(browser: Browser) -> None:
    assert "How the plan counts (version 1)" in text(browser("ann"), f"{JUNE}plans/calls/")


# --- behind a figure


def add_values(bank: Cast, name: str, *values: tuple[int, str]) -> None:
    """Values of June from one file; the result covers the days up to the 20th."""
    person, metric = bank.people[name], Metric.objects.get()
    source, _ = Source.objects.get_or_create(code="switch", name="Telephone switch")
    file = Delivery.objects.create(
        source=source, file_name="june.csv", sha256=name * 8, content=b"", received_at=NOW
    )
    job = Assignment.objects.get(person=person)
    Value.objects.bulk_create(
        Value(
            person_id=person.pk,
            day=date(2026, 6, day),
            metric_id=metric.pk,
            recorded_at=NOW,
            numerator=Decimal(value),
            assignment_id=job.pk,
            delivery_id=file.pk,
        )
        for day, value in values
    )
    days = {"from": "2026-06-01", "to": "2026-06-21", "days": 14, "of": 22}
    where = {"unit": job.unit_id, "job_type": job.job_type_id}
    found = Result.objects.get(run_id=bank.run.pk, person_id=person.pk)
    replace_result(bank, name, found.inputs, segments=[days | where])


def replace_result(
    bank: Cast, name: str, inputs: dict[str, str], segments: list[dict[str, Any]] | None = None
) -> None:
    """Another result of June in the place of somebody's: results are never changed."""
    own = Result.objects.filter(run_id=bank.run.pk, person_id=bank.people[name].pk)
    own.delete()
    Result.objects.create(
        run_id=bank.run.pk,
        person_id=bank.people[name].pk,
        job="primary",
        inputs=inputs,
        segments=segments or [],
    )


def test_the_rows_behind_a_figure_add_up_to_it(browser: Browser, bank: Cast) -> None:
    with enter(bank.tenant.pk):
        add_values(bank, "ann", (1, "100"), (2, "175"), (25, "9"))
    page = text(browser("ann"), FIGURES)
    assert "The rows below add up to the figure." in page
    assert "Telephone switch, june.csv" in page
    assert "2 June 2026" in page
    assert "does not count: the plan did not rule that day" in page
    file = browser("ann").get(f"{FIGURES}?download=csv").content.decode()
    assert "2026-06-02" in file


def test_rows_that_do_not_come_to_the_figure_say_so(browser: Browser, bank: Cast) -> None:
    with enter(bank.tenant.pk):
        add_values(bank, "ann", (1, "100"))
    page = text(browser("ann"), FIGURES)
    assert "the run had 275, the rows come to 100." in page


def test_a_figure_that_no_plan_reads_is_not_found(browser: Browser) -> None:
    assert browser("ann").get(f"{JUNE}figures/none/").status_code == 404
    assert browser("ann").get(f"{FIGURES}?plan=none").status_code == 404


# --- the next step, the trend, the rank


def set_calls(bank: Cast, name: str, calls: str, amount: str = "0") -> None:
    """A result of June with other figures."""
    person = bank.people[name]
    Result.objects.filter(run_id=bank.run.pk, person_id=person.pk).delete()
    Earning.objects.filter(run_id=bank.run.pk, person_id=person.pk).delete()
    add_result(bank, bank.run, person, amount)
    replace_result(bank, name, {"calls": calls, "goal calls": "250", "prorate": "1"})


def test_the_next_step_is_said_with_its_amount(browser: Browser, bank: Cast) -> None:
    with enter(bank.tenant.pk):
        set_calls(bank, "ann", "240")
    page = text(browser("ann"), JUNE)
    # 250 calls reach the goal, and each then pays 1.50.
    assert f"<strong>{EURO}375.00 more</strong> once Calls answered reaches" in page
    assert "(now 240)" in page
    assert "If everything else stays as it is." in page


def test_a_closed_period_promises_nothing(browser: Browser, bank: Cast) -> None:
    with enter(bank.tenant.pk):
        set_calls(bank, "ann", "240")
        PlanPeriod.objects.update(final_at=NOW)
    assert "more</strong> once" not in text(browser("ann"), JUNE)


def test_the_trend_is_drawn_of_weeks(browser: Browser, bank: Cast) -> None:
    with enter(bank.tenant.pk):
        add_values(bank, "ann", (3, "40"), (10, "50"), (17, "60"))
    page = text(browser("ann"), JUNE)
    assert "the last 8 weeks, from 40 to 60 a week" in page


def add_peers(bank: Cast, *calls: int, first: int = 0) -> None:
    """Colleagues of Ann's in North, each with so many calls in June."""
    job = Assignment.objects.get(person=bank.people["ann"])
    for number, reached in enumerate(calls, first):
        name = f"peer{number}"
        bank.people[name] = make_person(f"Zoe Quick{number}", code=name)
        Assignment.objects.create(
            person=bank.people[name],
            unit=job.unit,
            job_type=job.job_type,
            manager=bank.people["sam"],
            valid_from=SINCE,
            recorded_at=NOW,
        )
        set_calls(bank, name, str(reached))


def test_a_rank_shows_two_above_and_two_below_by_initials(browser: Browser, bank: Cast) -> None:
    with enter(bank.tenant.pk):
        add_peers(bank, 400, 350, 300, 300, 275, 200, 150, 100)
    page = text(browser("ann"), JUNE)
    assert "Place <strong>5</strong> of 9 by Calls answered" in page
    assert "Compared with: Agent, North." in page
    assert page.count("<td>ZQ</td>") == 4
    assert "Zoe" not in page
    assert page.count('<td class="number">5</td>') == 2  # two share the place
    for shown, there in (("120.0", True), ("80.0", True), ("160.0", False), ("40.0", False)):
        assert (f"{shown}\N{NO-BREAK SPACE}%" in page) is there


@pytest.mark.parametrize(
    ("calls", "ranked"), [((100, 120, 140), False), ((100, 120, 140, 160), True)]
)
def test_among_fewer_than_five_nobody_is_ranked(
    browser: Browser, bank: Cast, calls: tuple[int, ...], ranked: bool
) -> None:
    with enter(bank.tenant.pk):
        add_peers(bank, *calls)
    assert ("Where I stand" in text(browser("ann"), JUNE)) is ranked


# --- the statement


def pay_ann(bank: Cast) -> None:
    """Close May and June for Ann with a difference, an adjustment and a hold, and pay June."""
    periods, ann = bank.periods, bank.people["ann"]
    group = make_pay_group(periods["2026-06"].calendar)
    make_employment(ann, group)
    shared = {
        "person": ann.pk,
        "currency": "EUR",
        "plan": bank.plan.pk,
        "component": "bonus",
        "earning_type": "incentive",
        "posted_period": periods["2026-06"].pk,
    }
    june, may = periods["2026-06"].pk, periods["2026-05"].pk
    moves = [
        {"amount": "412.50", "earned_period": june},
        {"amount": "12.50", "earned_period": may, "cause": "Line 7 was corrected"},
        {"amount": "60.00", "earned_period": june, "part": 1, "to": "held"},
        {"amount": "15.00", "earned_period": june, "origin": "adjustment", "grain": "adjustment 1"},
    ]
    entries = [
        Entry(
            from_account="plan",
            to_account=str(move.pop("to", "due")),
            origin=str(move.pop("origin", "calculation")),
            **{**shared, **move, "amount": Decimal(str(move["amount"]))},  # type: ignore[arg-type]
        )
        for move in moves
    ]
    post(entries, by=None, at=NOW)
    PlanPeriod.objects.update(final_at=NOW)
    batch = prepare(pay_group=group, period=periods["2026-06"], by=bank.user("pam"), at=NOW)
    approve(batch=batch, by=bank.user("petra"), at=NOW)


def test_a_statement_adds_up_to_the_ledger(browser: Browser, bank: Cast) -> None:
    with enter(bank.tenant.pk):
        pay_ann(bank)
        (balance,) = balances(person=bank.people["ann"].pk)
    page = text(browser("ann"), STATEMENT)
    assert balance.granted == Decimal("500")
    assert balance.paid == Decimal("440")
    for said in (
        f'Granted</th> <td class="number">{EURO}500.00',
        "difference of May 2026",
        "Line 7 was corrected",
        "Adjustment",
        f"{EURO}−60.00",
        f"{EURO}−440.00",
        f'Payable after</th> <td class="number">{EURO}0.00',
        f'Paid in June 2026</th> <td class="number">{EURO}440.00',
        f'Granted by plans until then</th> <td class="number">{EURO}500.00',
        "agents June 2026 #1",
        "What is held now",
    ):
        assert said in page, said
    assert f'href="{PART}"' in page
    assert "must never happen" not in page


def test_what_is_not_booked_stands_apart(browser: Browser) -> None:
    page = text(browser("ann"), STATEMENT)
    assert "Earned so far, not booked yet" in page
    assert f'So far</th><td class="number">{EURO}412.50' in page
    assert "Booked in" not in page


def test_a_statement_of_nothing_says_what_to_do(browser: Browser) -> None:
    page = text(browser("ann"), "/people/ann/monthly/2026-07/statement/")
    assert "Nothing was earned or paid yet" in page
    assert "No difference of a closed period waits" in text(browser("ann"), f"{STATEMENT}waiting/")


# --- the history


def test_the_history_has_a_row_for_each_period(browser: Browser, bank: Cast) -> None:
    with enter(bank.tenant.pk):
        make_run(bank, "2026-05", {"ann": None})
        pay_ann(bank)
    page = text(browser("ann"), HISTORY)
    assert page.index("June 2026</a>") < page.index("May 2026</a>")
    assert f"{EURO}412.50" in page
    assert f"{EURO}440.00" in page
    assert "undecided parts" in page
    assert "Calls answered <strong>110.0\N{NO-BREAK SPACE}%</strong>" in page
    assert "Calls answered: 110.0\N{NO-BREAK SPACE}% of the goal in May 2026" in page


def test_somebody_without_periods_has_an_empty_history(browser: Browser) -> None:
    assert "No period yet" in text(browser("cleo"), "/people/cleo/history/")
    assert "Nothing is worked out" in text(browser("cleo"), "/people/cleo/monthly/2026-06/")


# --- how often they ask

MOST = {JUNE: 12, PART: 15, FIGURES: 10, STATEMENT: 15, HISTORY: 11}


@pytest.mark.parametrize("address", MOST)
def test_they_ask_as_often_for_three_of_everything(
    browser: Browser, bank: Cast, address: str
) -> None:
    ann = browser("ann")
    with enter(bank.tenant.pk):
        add_values(bank, "ann", (1, "100"))
        add_peers(bank, 300, 200, 100, 50)
    assert queries(ann, address) == MOST[address]
    with enter(bank.tenant.pk):
        (earning,) = Earning.objects.filter(run_id=bank.run.pk, person_id=bank.people["ann"].pk)
        for name in ("second", "third"):
            component = Component.objects.create(
                version=bank.version, name=name, formula="calls * 1.5"
            )
            earning.pk = (*earning.pk[:3], component.pk, *earning.pk[4:])
            earning.component_id = component.pk
            Earning.objects.bulk_create([earning])
        add_values(bank, "peer0", (2, "100"), (3, "75"))
        add_peers(bank, 90, 80, first=4)
    assert queries(ann, address) == MOST[address]


def test_who_reads_others_pays_a_note_and_no_question_about_own_papers(browser: Browser) -> None:
    assert queries(browser("pam"), JUNE) == MOST[JUNE] <= 12
