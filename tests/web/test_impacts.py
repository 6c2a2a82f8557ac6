"""What a change would do to pay: asked on a page, worked out by a job, read, and nothing saved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client

from incentives.models import (
    Budget,
    Component,
    EffectPerson,
    EffectTrial,
    ExchangeRate,
    PlanVersion,
    RateTable,
)
from metrics.models import Goal, Metric, Trial, Value
from org.models import AuditEntry, Unit
from org.tenancy import enter
from pmsite.impacts.shown import Row, spread_without_few, upper_levels, without_small
from tests.web.cast import NOW, SINCE, Cast, make_version
from tests.web.data import send, take, telephone, trial, work

Browser = Callable[[str], Client]


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    """The clock goes on: a second look is asked for later than the first."""
    with time_machine.travel(NOW, tick=True):
        yield


def page(client: Client, address: str) -> str:
    """What a page says, its blanks made one."""
    answer = client.get(address)
    assert answer.status_code == 200, address
    return " ".join(answer.content.decode().replace("\xa0", " ").split())


@pytest.fixture
def calls(browser: Browser, bank: Cast) -> PlanVersion:
    """Ann has 120 calls of 100 and Cleo 90; Mia's draft pays Cleo too, and Ann less."""
    telephone(bank)
    send(browser("mia"))
    work()
    take(browser("mia"), trial(bank))
    work()
    with enter(bank.tenant.pk):
        Goal.objects.create(
            metric=Metric.objects.get(), value=100, valid_from=SINCE, recorded_at=NOW
        )
        draft: PlanVersion = make_version(
            bank.plan, author=bank.user("mia"), status="draft", number=2
        )
        RateTable.objects.filter(version=draft).update(spec={"rows": [["0", "1"], ["100", "1.25"]]})
        Component.objects.filter(version=draft).update(
            formula="IF(ATTAINMENT(calls) >= 80%, RATE(calls, step) * calls, 0)"
        )
    return draft


def ask(client: Client, kind: str, number: int, **said: Any) -> Any:
    """Ask what a change would do in June."""
    return client.post(f"/rules/impact/try/{kind}/{number}/", said)


def june(bank: Cast) -> int:
    return bank.periods["2026-06"].pk


def test_a_draft_is_tried_and_its_page_says_what_it_would_do(
    browser: Browser, bank: Cast, calls: PlanVersion
) -> None:
    with enter(bank.tenant.pk):
        Budget.objects.create(
            plan=bank.plan, amount=200, valid_from=SINCE, valid_to=date(2030, 1, 1), recorded_at=NOW
        )
    mo = browser("mo")
    assert "What would it change?" in page(mo, f"/rules/impact/try/version/{calls.pk}/")
    address = ask(mo, "version", calls.pk, period=june(bank))["Location"]
    assert "Waits for a worker" in page(mo, address)
    assert work() == ["Worked out."]
    said = page(mo, address)
    for words in (
        'It costs <strong class="amount">€ 60.00</strong> more',
        "€ 240.00 instead of € 180.00 (+33.3 %)",
        "Gain</dt><dd>1</dd>",
        'Lose</dt><dd class="poor-text">1</dd>',
        "over budget",
        "Calls bonus",
        "North",
        "Cleo Chan",
        "<svg",
        "Pay curves",
        "one unit more moves the amount by over a tenth",
    ):
        assert words in said, words
    assert "out of date" not in said
    with enter(bank.tenant.pk):
        assert PlanVersion.objects.get(pk=calls.pk).status == "draft"
        assert EffectTrial.objects.get().by == bank.user("mo")
        assert AuditEntry.objects.filter(action="read pay", subject__contains="impact of").exists()
    files = mo.get(f"{address}people/?download=csv").content.decode("utf-8-sig")
    assert "Ann Abel,ann,North,Agent,180.000000,150.000000,-30.000000,EUR,loses" in files
    assert "Cleo Chan" in page(mo, f"{address}people/")
    assert mo.get(f"{address}people/?download=xlsx").status_code == 200
    assert "version 2" in page(mo, "/rules/impact/")


def test_an_impact_says_when_it_is_out_of_date(
    browser: Browser, bank: Cast, calls: PlanVersion
) -> None:
    mia = browser("mia")
    address = ask(mia, "version", calls.pk, period=june(bank))["Location"]
    work()
    with enter(bank.tenant.pk):
        for component in Component.objects.filter(version=calls):
            component.formula = "calls * 3"
            component.save()
    assert "The draft was changed since." in page(mia, address)
    newer = mia.post(f"{address}again/")["Location"]
    assert newer != address
    work()
    said = page(mia, newer)
    assert "out of date" not in said
    assert "€ 630.00 instead of € 180.00" in said


def test_the_same_is_not_worked_out_twice_at_once(
    browser: Browser, bank: Cast, calls: PlanVersion
) -> None:
    mia = browser("mia")
    first, second = (ask(mia, "version", calls.pk, period=june(bank))["Location"] for _ in "12")
    assert first == second
    assert work() == ["Worked out."]


def test_a_draft_that_cannot_be_published_says_why(
    browser: Browser, bank: Cast, calls: PlanVersion
) -> None:
    with enter(bank.tenant.pk):
        Component.objects.filter(version=calls).update(formula="cals * 2")
    mia = browser("mia")
    address = ask(mia, "version", calls.pk, period=june(bank))["Location"]
    assert work() == ["It cannot be worked out as it is; its page says why."]
    assert "cals" in page(mia, address)


def test_what_is_no_draft_is_refused_at_once(browser: Browser, bank: Cast) -> None:
    answer = ask(browser("mia"), "version", bank.version.pk, period=june(bank))
    assert "not a draft" in answer.content.decode()
    assert browser("mia").get("/rules/impact/try/wish/1/").status_code == 404


def change_of(client: Client, answer: Any) -> str:
    """The page of an impact that has been asked for."""
    assert answer.status_code == 302, answer.content.decode()
    assert work() == ["Worked out."]
    return page(client, answer["Location"])


def test_a_goal_a_transfer_a_rate_and_a_file_are_tried_by_their_real_verbs(
    browser: Browser, bank: Cast, calls: PlanVersion
) -> None:
    mia = browser("mia")
    with enter(bank.tenant.pk):
        goal = Goal.objects.get()
        south = Unit.objects.create(code="south", name="South")
        rate = ExchangeRate.objects.create(
            name="plan",
            base="USD",
            quote="EUR",
            rate=Decimal("0.9"),
            valid_from=date(2026, 1, 1),
            valid_to=date(2027, 1, 1),
            recorded_at=NOW,
        )
    said = change_of(mia, ask(mia, "goal", goal.pk, period=june(bank), value="90", on="2026-06-01"))
    assert "€ 315.00 instead of € 180.00" in said
    assert "Goal" in said
    said = change_of(
        mia,
        ask(
            mia, "transfer", bank.people["ann"].pk, period=june(bank), on="2026-06-01", unit="south"
        ),
    )
    assert 'It costs <strong class="amount">the same' in said
    assert "South" in said
    said = change_of(mia, ask(mia, "rate", rate.pk, period=june(bank), rate="0.8"))
    assert "the same" in said
    send(mia, "Agent,Date,Calls\ncleo,2026-06-12,20\n", "more.csv")
    work()
    with enter(bank.tenant.pk):
        tried = Trial.objects.get(state="ready")
    said = change_of(mia, ask(mia, "delivery", tried.pk, period=june(bank)))
    assert "€ 345.00 instead of € 180.00" in said
    with enter(bank.tenant.pk):
        assert Goal.objects.count() == 1
        assert south.pk not in bank.people["ann"].assignments.values_list("unit", flat=True)
        assert ExchangeRate.objects.get().rate == Decimal("0.9")
        assert Value.objects.count() == 2


def test_goals_and_rates_draw_the_curves_that_they_move(
    browser: Browser, bank: Cast, calls: PlanVersion
) -> None:
    mia = browser("mia")
    with enter(bank.tenant.pk):
        goal = Goal.objects.get()
        rate = ExchangeRate.objects.create(
            name="plan",
            base="USD",
            quote="EUR",
            rate=Decimal("0.9"),
            valid_from=date(2026, 1, 1),
            valid_to=date(2027, 1, 1),
            recorded_at=NOW,
        )
        Component.objects.filter(version=bank.version).update(
            exchange_rate="plan", options={"currency": "USD"}
        )
    said = change_of(mia, ask(mia, "goal", goal.pk, period=june(bank), value="90", on="2026-06-01"))
    assert "Pay curves" in said
    assert '<span class="tag watch">new</span> At 90' in said, "the gate opens earlier"
    assert '<span class="tag good">gone</span> At 100' in said
    said = change_of(mia, ask(mia, "rate", rate.pk, period=june(bank), rate="0.8"))
    assert "Pay curves" in said
    assert "to € 120.00" in said
    assert "Cleo" not in said.partition("Pay curves")[2], "the typical person is Ann"


def test_a_published_version_has_its_curves(
    browser: Browser, bank: Cast, calls: PlanVersion
) -> None:
    mia = browser("mia")
    assert f"/rules/impact/curves/{bank.version.pk}/" in page(
        mia, f"/rules/versions/{bank.version.pk}/life/"
    )
    said = page(mia, f"/rules/impact/curves/{bank.version.pk}/")
    assert "<svg" in said
    assert "At 250 the amount goes from € 0.00 to € 375.00: € 375.00 at once." in said
    assert "Ann Abel" in said
    with enter(bank.tenant.pk):
        assert AuditEntry.objects.filter(
            action="read pay", subject__contains="pay curves of"
        ).exists()
    drafted = page(mia, f"/rules/impact/curves/{calls.pk}/")
    assert "No period has been worked out with it" in drafted
    assert f"/rules/impact/try/version/{calls.pk}/" in drafted


def test_a_transfer_to_nowhere_asks_what_should_change(browser: Browser, bank: Cast) -> None:
    answer = ask(
        browser("mia"), "transfer", bank.people["ann"].pk, period=june(bank), on="2026-06-01"
    )
    assert "Choose another unit, job type or contract share." in answer.content.decode()


def test_other_tenants_and_other_roles(
    browser: Browser, bank: Cast, union: Cast, calls: PlanVersion
) -> None:
    address = ask(browser("mia"), "version", calls.pk, period=june(bank))["Location"]
    work()
    assert browser("olga").get(address).status_code == 404
    assert browser("olga").get(f"/rules/impact/try/version/{calls.pk}/").status_code == 404
    assert browser("sam").get(address).status_code == 403
    with enter(bank.tenant.pk):
        assert EffectPerson.objects.count() == 2
    with enter(union.tenant.pk):
        assert EffectPerson.objects.count() == 0


# --- groups of few people


def row(name: str, people: int, depth: int = 0) -> Row:
    return Row(name, Decimal(0), Decimal(0), people=people, depth=depth)


@pytest.mark.parametrize(
    ("people", "shown"),
    [
        ([20, 7, 5], [20, 7, 5]),
        ([20, 7, 3], [20]),  # three alone would follow from the sum
        ([20, 7, 3, 2], [20, 7]),  # five together do not
        ([4], []),
    ],
)
def test_who_may_not_see_everybodys_pay_sees_no_small_group(
    people: list[int], shown: list[int]
) -> None:
    rows = [row(str(n), n) for n in people]
    assert [one.people for one in without_small(rows)] == shown
    spread = {"start": "0", "step": "1", "counts": [9, 1, 5]}
    assert spread_without_few(spread) == {**spread, "counts": [9, 0, 5]}


def test_a_page_shows_the_upper_levels_of_a_large_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    depths = [0, 1, 2, 2, 1, 2, 2]
    tree = [Row(str(n), Decimal(0), Decimal(n), depth=depth) for n, depth in enumerate(depths)]
    for most, shown in ((7, "0123456"), (5, "01456"), (3, "014"), (2, "04"), (0, "0")):
        monkeypatch.setattr("pmsite.impacts.shown.MOST_UNITS", most)
        assert "".join(row.name for row in upper_levels(tree)) == shown, most


def test_all_units_are_shown_on_request(
    browser: Browser, bank: Cast, calls: PlanVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pmsite.impacts.shown.MOST_UNITS", 0)
    mo = browser("mo")
    address = ask(mo, "version", calls.pk, period=june(bank))["Location"]
    work()
    with enter(bank.tenant.pk):
        tried = EffectTrial.objects.get()
        found = tried.found["currencies"][0]
        names = enumerate(("Everything", "Deep below"))
        found["units"] = [{**found["all"], "name": name, "depth": depth} for depth, name in names]
        tried.save()
    few, every = (page(mo, address + asked) for asked in ("", "?units=all"))
    assert "Show all units" in few
    assert "Deep below" not in few
    assert "Show all units" not in every
    assert "Deep below" in every
