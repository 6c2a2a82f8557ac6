"""What the editor answers while somebody types: mistakes, words, steps, tables, and real people."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from incentives.models import CalculationRun, Component, Earning, Measure, PlanVersion, Result
from metrics.models import Metric, Value
from org.changes import Mark, record_change
from org.models import Assignment, AuditEntry, InputChange
from org.tenancy import enter
from tests.web.cast import BONUS, NOW, Cast, make_version

Browser = Callable[[str], Client]


@pytest.fixture
def draft(bank: Cast) -> PlanVersion:
    """Mia's draft of a second version."""
    with enter(bank.tenant.pk):
        version = make_version(bank.plan, author=bank.user("mia"), status="draft", number=2)
        version.in_force = date(2026, 7, 1)
        version.save()
    return version


def ask(client: Client, page: str, /, *args: Any, **post: str) -> str:
    """The fragment that a page gets while somebody types."""
    answer = client.post(reverse(page, args=args), post)
    assert answer.status_code == 200
    return answer.content.decode()


def typed(formula: str, **more: str) -> dict[str, str]:
    """A component as it is typed."""
    return {"name": "bonus", "was": "bonus", "per": "person", "formula": formula, **more}


FIGURES = {"figure:calls": "275", "figure:goal calls": "250"}


def test_a_rule_is_said_in_words_and_worked_step_by_step(
    browser: Browser, draft: PlanVersion
) -> None:
    said = ask(browser("mia"), "edit-check", draft.pk, "components", **typed(BONUS), **FIGURES)
    assert "Pays if attainment of calls is at least 100%" in said
    assert "It would pay" in said
    assert "€\xa0412.50" in said
    assert "RATE(calls, step)" in said
    assert "row 2 (from 10: 1.5)" in said


def test_another_figure_gives_another_amount(browser: Browser, draft: PlanVersion) -> None:
    figures = {**FIGURES, "figure:calls": "300"}
    said = ask(browser("mia"), "edit-check", draft.pk, "components", **typed(BONUS), **figures)
    assert "€\xa0450.00" in said


def test_a_missing_figure_is_named(browser: Browser, draft: PlanVersion) -> None:
    figures = {"figure:calls": "275", "figure:goal calls": ""}
    said = ask(browser("mia"), "edit-check", draft.pk, "components", **typed(BONUS), **figures)
    assert "No figure stands for goal of Calls answered" in said
    assert "nothing yet: something is blank" in said


def test_a_figure_that_is_none_is_said(browser: Browser, draft: PlanVersion) -> None:
    figures = {**FIGURES, "figure:calls": "many"}
    said = ask(browser("mia"), "edit-check", draft.pk, "components", **typed(BONUS), **figures)
    assert "“many” is no value of Calls answered." in said


def test_a_mistake_stands_at_its_field_under_a_caret(browser: Browser, draft: PlanVersion) -> None:
    post = typed("calls * 2", gate="cals > 1")
    said = ask(browser("mia"), "edit-check", draft.pk, "components", **post)
    at = said.index('id="said-gate"')
    assert "There is no name &quot;cals&quot; here." in said[at:]
    assert '<pre class="caret">    cals &gt; 1\n    ^^^^</pre>' in said[at:]
    formula = said[said.index('id="said-formula"') :]
    assert "<li>" not in formula[: formula.index("</div>")], "the formula itself is right"


@pytest.mark.parametrize(
    ("formula", "sentence"),
    [
        ("1" + "+1" * 5_000, "10001 characters; 10000 are the limit"),
        ("(" * 200 + "calls" + ")" * 200, "nested 201 levels deep; 100 are the limit"),
        ("", "Write the formula"),
    ],
)
def test_bad_input_is_a_sentence(
    browser: Browser, draft: PlanVersion, formula: str, sentence: str
) -> None:
    said = ask(browser("mia"), "edit-check", draft.pk, "components", **typed(formula))
    assert sentence in said


@pytest.mark.parametrize(
    "more",
    [
        {"rounding_decimals": "-999999999"},
        {"rounding_decimals": "9" * 5_000},
        {"figure:calls": "NaN"},
        {"figure:calls": "1e400"},
        {"per": "nothing"},
        {"per": "credit", "of": "nothing"},
        {"per": "team"},
        {"cumulate": "x", "after_final": "x", "exchange_rate": "x", "rounding_each": "x"},
        {"within": "x", "distribute": "calls", "per": "team"},
    ],
)
def test_nothing_that_is_sent_breaks_a_check(
    browser: Browser, draft: PlanVersion, more: dict[str, str]
) -> None:
    assert ask(browser("mia"), "edit-check", draft.pk, "components", **{**typed("calls"), **more})


def test_a_metric_that_cannot_be(browser: Browser, draft: PlanVersion) -> None:
    post = {"was": "calls", "name": "calls", "metric": "9" * 40, "filter": "x > 1"}
    said = ask(browser("mia"), "edit-check", draft.pk, "measures", **post)
    assert "No credit rule feeds this metric" in said


def test_checking_saves_nothing(browser: Browser, bank: Cast, draft: PlanVersion) -> None:
    ask(browser("mia"), "edit-check", draft.pk, "components", **typed("calls * 99"))
    with enter(bank.tenant.pk):
        assert Component.objects.get(version=draft).formula == BONUS


def test_new_figures_come_with_new_names(browser: Browser, draft: PlanVersion) -> None:
    said = ask(browser("mia"), "edit-check", draft.pk, "components", **typed("TENURE()"))
    assert 'name="figure:tenure"' in said
    again = typed("TENURE()", **{"figure:tenure": "3"})
    said = ask(browser("mia"), "edit-check", draft.pk, "components", **again)
    assert 'name="figure:tenure"' not in said, "a box that one types in is left alone"


def test_a_check_asks_the_database_for_little(browser: Browser, draft: PlanVersion) -> None:
    mia = browser("mia")
    post = typed(BONUS, named="person|", **FIGURES)
    ask(mia, "edit-check", draft.pk, "components", **post)
    with CaptureQueriesContext(connection) as queries:
        ask(mia, "edit-check", draft.pk, "components", **post)
    own = [q["sql"] for q in queries if "incentives_" in q["sql"] and "md5(" not in q["sql"]]
    assert len(own) == 1, "the version; all else is kept under one hash"


def test_what_is_saved_meanwhile_is_seen(browser: Browser, bank: Cast, draft: PlanVersion) -> None:
    mia = browser("mia")
    post = typed("answered * 2")
    assert "There is no name" in ask(mia, "edit-check", draft.pk, "components", **post)
    with enter(bank.tenant.pk):
        Measure.objects.create(version=draft, name="answered", metric=Metric.objects.get())
    said = ask(mia, "edit-check", draft.pk, "components", **post)
    assert "Pays answered × 2" in said


# --- other parts


def test_a_pasted_table_is_shown_as_it_is_understood(browser: Browser, draft: PlanVersion) -> None:
    post = {"name": "step", "was": "step", "rows": "From\tRate\n€ 0\t5%\n€ 120,000\t8%"}
    said = ask(browser("mia"), "edit-check", draft.pk, "tables", **post)
    assert ">120000<" in said
    assert ">8%<" in said
    assert "The line “From, Rate” names the columns." in said


def test_a_gap_in_a_pasted_table_is_told(browser: Browser, draft: PlanVersion) -> None:
    post = {"name": "step", "was": "step", "rows": "0\t10\t4%\n20\t\t6%"}
    said = ask(browser("mia"), "edit-check", draft.pk, "tables", **post)
    assert "There is a gap: row 1 ends at 10, row 2 begins at 20." in said


def test_a_measure_is_said_in_words(browser: Browser, bank: Cast, draft: PlanVersion) -> None:
    with enter(bank.tenant.pk):
        metric = str(Metric.objects.get().pk)
    post = {"was": "calls", "name": "calls", "metric": metric, "scope": "own",
            "window": "year_to_date", "no_data": "zero", "undone_as": "restate"}  # fmt: skip
    said = ask(browser("mia"), "edit-check", draft.pk, "measures", **post)
    assert "It adds up the year to the period" in said
    assert "Without data it counts as zero." in said


def test_who_adds_up_a_year_is_told_how_to_pay_by_month(
    browser: Browser, bank: Cast, draft: PlanVersion
) -> None:
    with enter(bank.tenant.pk):
        Measure.objects.filter(version=draft).update(window="year_to_date")
    mia, told = browser("mia"), "which adds up the year. If each period is to pay only what"
    assert told in ask(mia, "edit-check", draft.pk, "components", **typed("calls * 2"))
    post = typed("calls * 2", cumulate="to_date")
    assert told not in ask(mia, "edit-check", draft.pk, "components", **post)


def test_the_plan_as_a_whole(browser: Browser, draft: PlanVersion) -> None:
    said = ask(browser("mia"), "edit-check", draft.pk, "version", cap="total * 2")
    assert "At most total × 2." in said
    said = ask(browser("mia"), "edit-check", draft.pk, "version", cap="totl")
    assert "Did you mean &quot;total&quot;?" in said


def test_nothing_else_is_checked(browser: Browser, draft: PlanVersion) -> None:
    answer = browser("mia").post(reverse("edit-check", args=[draft.pk, "schedules"]))
    assert answer.status_code == 404


# --- the engine, for a real person


@pytest.fixture
def worked(bank: Cast, draft: PlanVersion) -> PlanVersion:
    """A draft for June, in which Ann answered 40 calls on a day."""
    with enter(bank.tenant.pk):
        draft.in_force = date(2026, 6, 1)
        draft.save()
        ann, metric = bank.people["ann"], Metric.objects.get()
        Value.objects.create(
            person_id=ann.pk,
            day=date(2026, 6, 10),
            metric_id=metric.pk,
            numerator=40,
            recorded_at=NOW,
            assignment_id=Assignment.objects.get(person=ann).pk,
        )
        record_change(
            kind=InputChange.Kind.VALUES,
            sentence="Calls came in",
            marks=[Mark(date(2026, 6, 10), date(2026, 6, 11), ann.pk, metric.pk)],
            by=None,
            at=NOW,
        )
    return draft


def test_a_draft_is_calculated_for_a_person_and_undone(
    browser: Browser, bank: Cast, worked: PlanVersion
) -> None:
    with enter(bank.tenant.pk):
        before = [model.objects.count() for model in (CalculationRun, Result, Earning)]
    post = typed("calls * 2", person="Ann", period="2026-06")
    said = ask(browser("mia"), "edit-try", worked.pk, **post)
    assert "Ann Abel (ann), June 2026" in said
    assert "€\xa080.00" in said
    assert 'value="40"' in said, "the figure that it read"
    with enter(bank.tenant.pk):
        assert [m.objects.count() for m in (CalculationRun, Result, Earning)] == before
        assert Component.objects.get(version=worked).formula == BONUS
        noted = AuditEntry.objects.filter(action="read pay", subject__contains="plan editor")
        assert noted.count() == 1, "whose pay was read is noted"


def test_a_component_that_is_not_saved_yet_is_calculated(
    browser: Browser, worked: PlanVersion
) -> None:
    post = {"name": "", "was": "", "per": "person", "formula": "calls", "period": "2026-06"}
    said = ask(browser("mia"), "edit-try", worked.pk, **post, person="ann")
    assert "€\xa040.00" in said


def test_whoever_the_plan_is_for_stands_in(browser: Browser, worked: PlanVersion) -> None:
    said = ask(browser("mia"), "edit-try", worked.pk, **typed("calls"), period="2026-06")
    assert "Ann Abel" in said, "she has figures"


@pytest.mark.parametrize(
    ("post", "sentence"),
    [
        ({"person": "nobody"}, "Nobody here has the name or number “nobody”."),
        ({"person": "a"}, "Write the number of one of them."),
        ({"formula": ""}, "Say first what the component pays"),
        ({"formula": "cals"}, "The draft cannot be worked out yet"),
        ({"was": ""}, "There is “bonus” already."),
        ({"title": "x" * 5000}, "Title: 5,000 characters;"),
        ({"was": "", "name": "BONUS"}, "There is “bonus” already."),
    ],
)
def test_what_cannot_be_worked_out_is_a_sentence(
    browser: Browser, worked: PlanVersion, post: dict[str, str], sentence: str
) -> None:
    said = ask(browser("mia"), "edit-try", worked.pk, **{**typed("calls"), **post})
    assert sentence in said


@pytest.mark.parametrize("name", ["pam", "audrey", "ada", "ann"])
def test_only_who_writes_rules_tries(browser: Browser, draft: PlanVersion, name: str) -> None:
    for page, args in (("edit-try", [draft.pk]), ("edit-check", [draft.pk, "components"])):
        assert browser(name).post(reverse(page, args=args)).status_code == 403
