"""Manual scores: the team's form, as a file of a source; by whom, why, once, and over a limit."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.http import HttpResponse
from django.test import Client

from metrics.models import CorrectionRequest, Delivery, Metric, MetricDefinition, Source, Value
from metrics.scores import form_map
from org.base import CURRENT
from org.models import Assignment
from org.tenancy import enter
from tests.factories import make_person
from tests.web.cast import NOW, SINCE, Cast

Browser = Callable[[str], Client]
FORM = "/scores/qa/2026-06-19/"


@pytest.fixture(autouse=True)
def _by_hand(bank: Cast, union: Cast) -> None:
    """Both tenants have a quality score that supervisors enter; the union's is another."""
    for cast in (bank, union):
        with enter(cast.tenant.pk):
            metric = Metric.objects.create(code="qa", name="Quality score")
            MetricDefinition.objects.create(
                metric=metric,
                kind="weighted_mean",
                unit="percent",
                decimals=1,
                attainment="actual_by_goal",
                valid_from=SINCE,
                recorded_at=NOW,
            )
            Source.objects.create(code="hand", by_hand=["qa"], column_map=form_map(["qa"]))


def text(answer: HttpResponse) -> str:
    assert answer.status_code == 200
    return answer.content.decode()


def filled(client: Client, bank: Cast, value: str, beside: str = "2") -> dict[str, str]:
    """The form as it is shown, with a score for Ann."""
    token = re.search(r'name="form" value="(\w+)"', text(client.get(FORM)))
    assert token is not None
    ann = bank.people["ann"].pk
    return {
        "form": token[1],
        "reason": "Evaluation of 19 June",
        f"p{ann}-value": value,
        f"p{ann}-beside": beside,
    }


def scores(bank: Cast) -> list[tuple[Decimal, Decimal | None]]:
    """Ann's scores that hold."""
    with enter(bank.tenant.pk):
        rows = Value.objects.filter(CURRENT, person_id=bank.people["ann"].pk)
        return [(row.numerator, row.denominator) for row in rows]


def test_a_form_sent_twice_is_taken_once(browser: Browser, bank: Cast) -> None:
    sam = browser("sam")
    said = filled(sam, bank, "92.5")
    assert "1 score taken" in text(sam.post(FORM, said, follow=True))
    page = text(sam.post(FORM, said, follow=True))
    assert "came in already" in page or "No score was entered" in page
    assert scores(bank) == [(Decimal("1.85"), Decimal(2))]
    with enter(bank.tenant.pk):
        delivery = Delivery.objects.get()
        assert (delivery.by, delivery.source.code) == (bank.user("sam"), "hand")
        assert b"Evaluation of 19 June" in bytes(delivery.content)


def test_who_and_why_stand_beside_the_score(browser: Browser, bank: Cast) -> None:
    sam = browser("sam")
    sam.post(FORM, filled(sam, bank, "92.5"))
    page = text(sam.get("/people/ann/work/"))
    assert "Evaluation of 19 June" in page
    assert "sam.bank" in page
    assert "92.5\N{NO-BREAK SPACE}%" in page


def test_a_score_goes_back_to_what_it_was(browser: Browser, bank: Cast) -> None:
    sam = browser("sam")
    for value in ("80", "90", "80"):
        sam.post(FORM, filled(sam, bank, value))
    assert scores(bank) == [(Decimal("1.6"), Decimal(2))]


def test_what_is_over_the_limit_waits_for_a_second_person(browser: Browser, bank: Cast) -> None:
    bank.tenant.score_limit = Decimal("0.1")
    bank.tenant.save()
    sam = browser("sam")
    sam.post(FORM, filled(sam, bank, "80"))
    sam.post(FORM, filled(sam, bank, "85"))
    assert scores(bank) == [(Decimal("1.7"), Decimal(2))], "within the limit"
    page = text(sam.post(FORM, filled(sam, bank, "99"), follow=True))
    assert "A second person must approve: Ann Abel" in page
    assert scores(bank) == [(Decimal("1.7"), Decimal(2))]
    with enter(bank.tenant.pk):
        request = CorrectionRequest.objects.get()
        assert (request.numerator, request.denominator) == (Decimal("1.98"), Decimal(2))
    browser("mia").post(f"/corrections/{request.pk}/decide/", {"decision": "approve"})
    assert scores(bank) == [(Decimal("1.98"), Decimal(2))]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"reason": ""}, "This field is required"),
        ({"p": "much"}, "Enter a number"),
        ({"p": ""}, "No score was entered"),
    ],
)
def test_what_cannot_be_taken_is_said(
    browser: Browser, bank: Cast, changed: dict[str, str], said: str
) -> None:
    sam = browser("sam")
    sent = filled(sam, bank, changed.pop("p", "90")) | changed
    assert said in text(sam.post(FORM, sent))
    assert scores(bank) == []


def test_the_form_has_the_team_of_that_day_only(browser: Browser, bank: Cast) -> None:
    with enter(bank.tenant.pk):
        job = Assignment.objects.get(person=bank.people["ann"])
        Assignment.objects.create(
            person=make_person("Zoe Later", code="zoe"),
            unit=job.unit,
            job_type=job.job_type,
            manager=bank.people["sam"],
            valid_from=NOW.date(),
            recorded_at=NOW,
        )
    page = text(browser("sam").get(FORM))
    assert "Ann Abel" in page
    assert "Cleo" not in page
    assert "Zoe" not in page
    assert "Zoe Later" in text(browser("sam").get("/scores/qa/2026-06-22/"))


def test_a_score_for_somebody_elses_person_is_passed_over(browser: Browser, bank: Cast) -> None:
    sam = browser("sam")
    sent = filled(sam, bank, "") | {f"p{bank.people['cleo'].pk}-value": "100"}
    assert "No score was entered" in text(sam.post(FORM, sent))
    with enter(bank.tenant.pk):
        assert not Value.objects.exists()


@pytest.mark.parametrize(
    "address",
    ["/scores/calls/2026-06-19/", "/scores/none/2026-06-19/", "/scores/qa/2026-06-31/",
     "/scores/qa/2026-07-19/", "/scores/qa/2020-06-19/"],
)  # fmt: skip
def test_a_form_that_makes_no_sense_is_not_there(browser: Browser, address: str) -> None:
    assert browser("sam").get(address).status_code == 404


@pytest.mark.parametrize(
    ("name", "status"), [("", 302), ("una", 403), ("ann", 403), ("mia", 403), ("olga", 403)]
)
def test_only_supervisors_enter_scores(browser: Browser, name: str, status: int) -> None:
    for address in ("/scores/", FORM):
        assert browser(name).get(address).status_code == status
    assert browser(name).post(FORM, {"reason": "x", "form": "y"}).status_code == status


def test_the_metric_and_day_are_chosen_first(browser: Browser) -> None:
    sam = browser("sam")
    assert "Quality score" in text(sam.get("/scores/"))
    assert sam.get("/scores/?metric=qa&day=2026-06-19")["Location"] == FORM
    assert "Select a valid choice" in text(sam.get("/scores/?metric=calls&day=2026-06-19"))
    assert sam.post("/scores/").status_code == 405


def test_where_no_metric_is_entered_by_hand_the_page_says_who_can_change_that(
    browser: Browser, bank: Cast
) -> None:
    with enter(bank.tenant.pk):
        Source.objects.update(by_hand=[])
    assert "An administrator names such metrics" in text(browser("sam").get("/scores/"))
