"""The team's table: who needs attention first, what is shown of pay, filters, files, questions."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from psycopg.sql import SQL, Literal

from incentives.models import PlanPeriod
from metrics.models import Metric, MetricDefinition, Value
from org.models import AbsenceType, Assignment, Availability, Person
from org.sql import fetch
from org.tenancy import enter
from scorecards.standing import standing_of
from scorecards.team import today as today_page
from scorecards.team.board_sql import OF_PLAN
from tests.factories import make_person
from tests.web.cast import NOW, SINCE, Cast, add_result

Browser = Callable[[str], Client]
TEAM = "/team/monthly/2026-06/"
WORDS = {"none": "no data", "ahead": "ahead", "on_track": "on track", "behind": "behind"}


def text(answer: HttpResponse) -> str:
    assert answer.status_code == 200
    return answer.content.decode()


def names(page: str) -> list[str]:
    """The people of the table in order."""
    return re.findall(r'<a href="/people/\w+/monthly/2026-06/">([^<]+)</a>', page)


def add_colleague(
    bank: Cast, name: str, calls: str | None, amount: str | None = "412.50"
) -> Person:
    """Somebody below Sam; without calls there is no data, with an empty text no result at all."""
    with enter(bank.tenant.pk):
        person = make_person(name, code=name.split()[0].lower())
        job = Assignment.objects.get(person=bank.people["ann"])
        Assignment.objects.create(
            person=person,
            unit=job.unit,
            job_type=job.job_type,
            manager=bank.people["sam"],
            valid_from=SINCE,
            recorded_at=NOW,
        )
        if calls != "":
            inputs = {"goal calls": "250", "prorate": "1"}
            if calls is not None:
                inputs["calls"] = calls
            add_result(bank, bank.run, person, amount, inputs)
    return person


@pytest.fixture
def team(bank: Cast) -> None:
    """Ann is ahead; Ben behind, Dora undecided, Eve without data, Finn without a plan."""
    add_colleague(bank, "Ben Behind", "100")
    add_colleague(bank, "Dora Doubt", "240", None)
    add_colleague(bank, "Eve Empty", None)
    add_colleague(bank, "Finn Free", "")


def test_who_needs_attention_stands_first(browser: Browser, team: None) -> None:
    page = text(browser("sam").get(TEAM))
    assert names(page) == ["Ben Behind", "Dora Doubt", "Eve Empty", "Finn Free", "Ann Abel"]
    for said in ("behind", "undecided", "no data", "no plan", "ahead", "1 of 5", "40.0"):
        assert said in page, said
    assert "Cleo" not in page
    assert "style=" not in page


def test_home_says_who_needs_help_and_who_is_ahead(browser: Browser, team: None) -> None:
    home = text(browser("sam").get("/"))
    help_, ahead = home.split("Who needs help")[1].split("Who is ahead")
    found = [re.findall(r"<strong>([^<]+)</strong>", part) for part in (help_, ahead)]
    assert found == [["Ben Behind", "Dora Doubt", "Eve Empty", "Finn Free"], ["Ann Abel"]]
    assert "1 of 5" in home
    assert "€" not in home
    for other in ("ann", "mia", "pam"):
        assert "Who needs help" not in browser(other).get("/", follow=True).content.decode()


def test_home_asks_as_often_for_five_people_as_for_one(browser: Browser, bank: Cast) -> None:
    sam, counts = browser("sam"), []
    sam.get("/")
    for colleagues in ((), ("Ben Behind", "Dora Doubt", "Eve Empty", "Finn Free")):
        for name in colleagues:
            add_colleague(bank, name, "100")
        with CaptureQueriesContext(connection) as asked:
            sam.get("/")
        counts.append(len(asked))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("sort=name", ["Ann Abel", "Ben Behind", "Dora Doubt", "Eve Empty", "Finn Free"]),
        ("sort=-attainment", ["Ann Abel", "Dora Doubt", "Ben Behind", "Eve Empty", "Finn Free"]),
        ("sort=nothing", ["Ben Behind", "Dora Doubt", "Eve Empty", "Finn Free", "Ann Abel"]),
        ("state=attention&sort=-name", ["Finn Free", "Eve Empty", "Dora Doubt", "Ben Behind"]),
        ("state=no_plan", ["Finn Free"]),
        ("state=absent", []),
        ("unit=north&job=agent&state=ahead", ["Ann Abel"]),
        ("unit=south", []),
        ("page=99&sort=name", ["Ann Abel", "Ben Behind", "Dora Doubt", "Eve Empty", "Finn Free"]),
        ("page=minus", ["Ben Behind", "Dora Doubt", "Eve Empty", "Finn Free", "Ann Abel"]),
    ],
)
def test_filters_and_orders(browser: Browser, team: None, query: str, found: list[str]) -> None:
    assert names(text(browser("sam").get(f"{TEAM}?{query}"))) == found


def test_it_is_paged_in_the_database(browser: Browser, bank: Cast) -> None:
    for number in range(51):
        add_colleague(bank, f"Zoe{number:02} Last", "250")
    sam = browser("sam")
    page = text(sam.get(f"{TEAM}?sort=name"))
    assert "Page 1 of 2" in page
    assert len(names(page)) == 50
    assert names(text(sam.get(f"{TEAM}?sort=name&page=2"))) == ["Zoe49 Last", "Zoe50 Last"]
    assert names(text(sam.get(f"{TEAM}?sort=name&page=9"))) == ["Zoe49 Last", "Zoe50 Last"]


def test_who_is_away_today_is_flagged(browser: Browser, bank: Cast) -> None:
    with enter(bank.tenant.pk):
        Availability.objects.create(
            person=bank.people["ann"],
            day=NOW.date(),
            kind="absent",
            absence_type=AbsenceType.objects.create(code="ill", name="Illness"),
            recorded_at=NOW,
        )
    sam = browser("sam")
    assert "away today: Illness" in text(sam.get(TEAM))
    assert names(text(sam.get(f"{TEAM}?state=absent"))) == ["Ann Abel"]
    today = text(sam.get("/team/today/"))
    assert "away: Illness" in today
    assert "0 of 1" in today


def test_the_trend_and_the_last_day_come_from_the_values(browser: Browser, bank: Cast) -> None:
    with enter(bank.tenant.pk):
        for back, calls in ((0, 12), (7, 10), (14, 9)):
            Value.objects.create(
                person_id=bank.people["ann"].pk,
                day=date(2026, 6, 20) - timedelta(days=back),
                metric_id=Metric.objects.get().pk,
                numerator=calls,
                recorded_at=NOW,
            )
    page = text(browser("sam").get(TEAM))
    assert "<polyline" in page
    assert "+20\N{NO-BREAK SPACE}%" in page
    today = text(browser("sam").get("/team/today/"))
    assert "figures of 20 June 2026" in today
    assert ">12</td>" in today


# --- pay


def test_where_supervisors_do_not_see_pay_there_is_none(
    browser: Browser, bank: Cast, team: None
) -> None:
    sam = browser("sam")
    assert "€\N{NO-BREAK SPACE}412.50" in text(sam.get(TEAM))
    bank.tenant.supervisors_see_pay = False
    bank.tenant.save()
    for query in ("", "?sort=amount", "?sort=-amount", "?currency=EUR"):
        page = text(sam.get(f"{TEAM}{query}"))
        assert "412" not in page
        assert "Earned" not in page
        assert names(page)[0] == "Ben Behind"
    file = sam.get(f"{TEAM}?download=csv").content.decode()
    assert "Amount" not in file
    assert "412" not in file
    assert "412.50" in text(browser("mia").get(TEAM)), "a role that sees everyone"


def test_a_file_holds_everybody_and_plain_words(browser: Browser, team: None) -> None:
    rows = browser("sam").get(f"{TEAM}?download=csv&state=attention").content.decode()
    assert "Ben Behind,North,100,0.400000000000,behind," in rows
    assert "Ann Abel" not in rows
    assert "behind" in rows
    assert browser("sam").get(f"{TEAM}?download=xlsx").status_code == 200


def test_no_period_without_a_run_breaks_the_page(browser: Browser) -> None:
    page = text(browser("sam").get("/team/monthly/2026-07/"))
    assert "Nothing has been calculated for July 2026 yet" in page
    assert "Ann Abel" in page


def test_a_final_period_says_so(browser: Browser, bank: Cast) -> None:
    with enter(bank.tenant.pk):
        PlanPeriod.objects.update(final_at=NOW)
    page = text(browser("sam").get(TEAM))
    assert '<span class="tag good">final</span>' in page
    assert "goal reached" in page


@pytest.mark.parametrize("address", [TEAM, "/team/today/"])
def test_looking_takes_no_post(browser: Browser, address: str) -> None:
    assert browser("sam").post(address).status_code == 405


# --- how somebody stands is said by one rule


@pytest.mark.parametrize("kind", ["sum", "ratio"])
@pytest.mark.parametrize("final", [True, False])
@pytest.mark.parametrize("elapsed", [None, Decimal(0), Decimal("0.5")])
def test_the_statement_and_the_scorecard_agree(
    db: None, kind: str, final: bool, elapsed: Decimal | None
) -> None:
    pace = elapsed if kind == MetricDefinition.Kind.SUM and not final else Decimal(1)
    for share in (None, "0", "0.4", "0.474", "0.475", "0.5", "0.949", "0.95", "0.99", "1", "1.6"):
        value = None if share is None else Decimal(share)
        known = SQL("SELECT 1 AS person_id, '' AS job, 1 AS a, 1 AS g, {}::numeric AS r").format(
            Literal(value)
        )
        statement = SQL(OF_PLAN).format(
            place=Literal(0),
            pace=SQL("{}::numeric").format(Literal(pace or None)),
            close=Literal(Decimal("0.95")),
            actual=SQL("a"),
            goal=SQL("g"),
            attainment=SQL("r"),
            known=known,
        )
        state = fetch(statement)[0][-1]
        word = standing_of(value, kind=kind, final=final, elapsed=elapsed).word
        same = {"goal reached": "ahead", "close": "on track", "missed": "behind"}
        assert WORDS[state] == {**same, "under way": "on track"}.get(word, word), (share, word)


# --- how often it asks


def asked(client: Client, address: str) -> int:
    """How many questions a page asks, once the rules are kept."""
    text(client.get(address))
    with CaptureQueriesContext(connection) as found:
        text(client.get(address))
    return len([query for query in found if "SAVEPOINT" not in (query["sql"] or "")])


def test_it_asks_as_often_for_three_people_as_for_one(browser: Browser, bank: Cast) -> None:
    sam = browser("sam")
    assert asked(sam, TEAM) == TEAM_QUERIES
    add_colleague(bank, "Ben Behind", "100")
    add_colleague(bank, "Dora Doubt", "240", None)
    assert asked(sam, TEAM) == TEAM_QUERIES


def test_today_of_many_people_is_not_sorted_by_figures(
    browser: Browser, bank: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    with enter(bank.tenant.pk):
        for name in ("Ben Behind", "Eve Empty"):
            Value.objects.create(
                person_id=add_colleague(bank, name, "100").pk,
                day=NOW.date() - timedelta(days=1),
                metric_id=Metric.objects.get(code="calls").pk,
                numerator=len(name),
                recorded_at=NOW,
            )
    few = text(browser("sam").get("/team/today/"))
    monkeypatch.setattr(today_page, "AT_ONCE", 2)
    many = text(browser("sam").get("/team/today/"))
    for page, sorts in ((few, True), (many, False)):
        assert ("?sort=m" in page) == sorts
        assert ">10</td>" in page
        assert ">9</td>" in page
    taken = browser("sam").get("/team/today/?download=csv").content.decode()
    assert "Ben Behind,North,there,10" in taken


def test_today_asks_as_often_for_three_people_as_for_one(browser: Browser, bank: Cast) -> None:
    sam = browser("sam")
    assert asked(sam, "/team/today/") == TODAY_QUERIES
    add_colleague(bank, "Ben Behind", "100")
    add_colleague(bank, "Dora Doubt", "240", None)
    assert asked(sam, "/team/today/") == TODAY_QUERIES


TEAM_QUERIES = 12
TODAY_QUERIES = 12
