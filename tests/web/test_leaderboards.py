"""Leaderboards: who is ranked how, who sees whom, and how often a page asks."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from incentives.models import PlanPeriod, Result
from incentives.signals import calculated, finalised
from metrics.models import Total
from org.dates import FOREVER
from org.errors import DomainError
from org.models import AuditEntry, Unit, UnitClosure
from org.tenancy import enter
from scorecards.models import Leaderboard, OptOut, Place, Standing
from scorecards.ranking import rank, rank_board, remove
from tests.web.board_cast import (
    ON,
    add_agent,
    add_unit,
    calls,
    close_june,
    handled,
    make_board,
    many,
    rank_june,
    ratio,
)
from tests.web.cast import NOW, SINCE, Cast

Browser = Callable[[str], Client]
JUNE = "/leaderboards/calls/monthly/2026-06/"


def text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.content.decode()[-600:]
    return answer.content.decode()


def table(page: str) -> list[list[str]]:
    """The cells of a board, without their drawings and words for readers."""
    found = []
    for row in re.findall(r"<tr[^>]*>(.*?)</tr>", page, re.DOTALL):
        cells = re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)
        bare = [re.sub(r"<svg.*?</svg>|<[^>]+>", " ", cell, flags=re.DOTALL) for cell in cells]
        if len(cells) == 4:
            found.append([" ".join(cell.split()) for cell in bare])
    return found


def ranks(standing: Standing) -> dict[int, tuple[int | None, str]]:
    return {p.subject_id: (p.rank, p.reason) for p in Place.objects.filter(standing_id=standing.pk)}


def by_code(cast: Cast, standing: Standing) -> dict[str, tuple[int | None, str]]:
    codes = {person.pk: code for code, person in cast.people.items()}
    return {codes[subject]: found for subject, found in ranks(standing).items()}


@pytest.fixture
def june(bank: Cast) -> Standing:
    """Ann and Bo share the second place behind Dee; Cleo had no call."""
    with enter(bank.tenant.pk):
        add_agent(bank, "bo", "Bo Berg", manager="sam")
        add_agent(bank, "dee", "Dee Dorn")
        calls(bank, {"ann": 275, "bo": 275, "dee": 301})
        return rank_june(bank, make_board(bank))


# --- ranks


def test_who_shows_the_same_shares_the_place(bank: Cast, june: Standing) -> None:
    with enter(bank.tenant.pk):
        assert by_code(bank, june) == {
            "dee": (1, ""),
            "ann": (2, ""),
            "bo": (2, ""),
            "cleo": (4, ""),
        }
        tied = Place.objects.filter(standing_id=june.pk, tied=True)
        assert {place.rank for place in tied} == {2}
    assert (june.ranked, june.unranked, june.best) == (4, 0, 301)


def test_a_page_says_ties_figures_and_moment(browser: Browser, june: Standing) -> None:
    page = text(browser("mia"), JUNE)
    assert [(row[0], row[2], row[3]) for row in table(page)] == [
        ("1", "Dee Dorn North", "301"),
        ("2 =", "Ann Abel North", "275"),
        ("2 =", "Bo Berg North", "275"),
        ("4", "Cleo Chan North", "0"),
    ]
    assert "provisional" in page
    assert "ranked 22 June 2026" in page
    assert "style=" not in page


def test_below_the_minimum_sample_nobody_is_ranked(browser: Browser, bank: Cast) -> None:
    with enter(bank.tenant.pk):
        add_agent(bank, "bo", "Bo Berg", manager="sam")
        calls(bank, {"ann": 9, "bo": 10})
        standing = rank_june(bank, make_board(bank, minimum_sample=Decimal(10)))
        found = by_code(bank, standing)
    assert found["bo"] == (1, "")
    assert found["ann"] == (None, "sample")
    page = text(browser("sam"), JUNE)
    assert "Not ranked" in page
    assert "too few observations" in page
    own = text(browser("ann"), JUNE)
    assert "You are not ranked in June 2026: too few observations." in " ".join(own.split())


def test_a_team_is_the_ratio_of_its_sums(bank: Cast) -> None:
    """10 calls at 100 s and 90 at 200 s: 190 s, not the average of averages, 150 s."""
    with enter(bank.tenant.pk):
        add_unit("south", "South")
        add_agent(bank, "dee", "Dee Dorn", unit="south")
        time = ratio("aht", "Handle time")
        handled(bank, time, {"ann": (1000, 10), "cleo": (18000, 90), "dee": (1950, 10)})
        board = make_board(bank, "aht", metric=time, of="teams")
        standing = rank_june(bank, board)
        found = {
            Unit.objects.get(pk=place.subject_id).code: (place.rank, place.value, place.sample)
            for place in Place.objects.filter(standing_id=standing.pk)
        }
    assert found == {
        "north": (1, Decimal(190), Decimal(100)),
        "south": (2, Decimal(195), Decimal(10)),
    }
    assert standing.lower


def test_a_scope_keeps_others_out(bank: Cast) -> None:
    with enter(bank.tenant.pk):
        south = add_unit("south", "South")
        UnitClosure.objects.create(
            ancestor=south, descendant=south, depth=0, valid_from=SINCE, valid_to=FOREVER
        )
        add_agent(bank, "dee", "Dee Dorn", unit="south")
        calls(bank, {"ann": 5, "dee": 7})
        assert set(by_code(bank, rank_june(bank, make_board(bank, unit=south)))) == {"dee"}


def test_an_attainment_is_that_of_the_run(bank: Cast) -> None:
    """275 of 250: 110 %. In a team actuals and goals are added up first."""
    with enter(bank.tenant.pk):
        north = Unit.objects.get(code="north")
        results(bank, {"ann": (275, 250), "cleo": (10, 50)}, north)
        board = make_board(bank, "goal", what="attainment", metric=None, plan=bank.plan,
                           weights={"calls": 1})  # fmt: skip
        people = rank_june(bank, board)
        values = {p.subject_id: p.value for p in Place.objects.filter(standing_id=people.pk)}
        assert values == {
            bank.people["ann"].pk: Decimal("1.1"),
            bank.people["cleo"].pk: Decimal("0.2"),
        }
        whole = (people.whole_actual, people.whole_goal, people.whole_attainment)
        assert whole == (285, 300, Decimal("0.95"))
        board.of = "teams"
        board.save()
        [team] = Place.objects.filter(standing_id=rank_june(bank, board).pk)
        assert (team.subject_id, team.value) == (north.pk, Decimal("0.95"))


def test_points_are_weighted_attainments(bank: Cast) -> None:
    with enter(bank.tenant.pk):
        results(bank, {"ann": (275, 250), "cleo": (10, 0)}, Unit.objects.get(code="north"))
        board = make_board(bank, "points", what="points", metric=None, plan=bank.plan,
                           weights={"calls": 80})  # fmt: skip
        standing = rank_june(bank, board)
        found = {p.subject_id: (p.rank, p.value, p.reason)
                 for p in Place.objects.filter(standing_id=standing.pk)}  # fmt: skip
    assert found[bank.people["ann"].pk] == (1, Decimal(88), "")
    assert found[bank.people["cleo"].pk] == (None, None, "no_goal")


def results(cast: Cast, figures: dict[str, tuple[int, int]], unit: Unit) -> None:
    """Results of the June run in place of those there."""
    Result.objects.filter(run_id=cast.run.pk).delete()
    for code, (actual, goal) in figures.items():
        Result.objects.create(
            run_id=cast.run.pk,
            person_id=cast.people[code].pk,
            job="primary",
            inputs={"calls": str(actual), "goal calls": str(goal), "prorate": "1"},
            segments=[{"unit": unit.pk, "job_type": 1, "to": "2026-07-01"}],
        )


def test_what_cannot_be_ranked_is_said(browser: Browser, bank: Cast) -> None:
    with enter(bank.tenant.pk):
        board = make_board(bank, what="attainment", metric=None, plan=bank.plan,
                           weights={"cals": 1})  # fmt: skip
        standing = rank_june(bank, board)
    assert "has no measure “cals”. It has: calls." in standing.problem
    assert "has no measure" in text(browser("mia"), JUNE)


# --- movement


def test_movement_is_against_the_period_before(browser: Browser, bank: Cast) -> None:
    with enter(bank.tenant.pk):
        board = make_board(bank)
        calls(bank, {"ann": 1, "cleo": 2}, period="2026-05")
        rank(board=board, period=bank.periods["2026-05"], at=NOW, on=ON)
        calls(bank, {"ann": 9, "cleo": 2})
        rank_june(bank, board)
    page = text(browser("mia"), JUNE)
    assert [row[1] for row in table(page)] == ["1 up 1", "1 down 1"]
    assert 'href="/leaderboards/calls/monthly/2026-05/"' in page


def test_movement_within_a_period_is_against_a_week_ago(bank: Cast) -> None:
    with enter(bank.tenant.pk):
        board = make_board(bank, movement="week")
        calls(bank, {"ann": 1, "cleo": 2})
        first = rank_june(bank, board)
        ann = Place.objects.filter(subject_id=bank.people["ann"].pk)
        assert ann.get().before is None
        Total.objects.filter(person_id=bank.people["ann"].pk).update(numerator=9)
        for days, before in ((1, 2), (3, 2), (9, 1)):
            rank(board=board, period=first.period, at=NOW, on=ON + timedelta(days=days))
            assert (ann.get().rank, ann.get().before) == (1, before), days


# --- final


def test_a_final_period_keeps_what_was_shown(browser: Browser, bank: Cast, june: Standing) -> None:
    with enter(bank.tenant.pk):
        close_june()
        period = bank.periods["2026-06"]
        finalised.send(PlanPeriod, period=period, plans=[bank.plan], at=NOW, on=ON)
        Place.objects.filter(standing_id=june.pk).count()
        Total.objects.update(numerator=1)
        calculated.send(PlanPeriod, period=period, at=NOW, on=ON)
        june.refresh_from_db()
        assert june.final_at == NOW
        assert by_code(bank, june)["dee"] == (1, "")
        for harm in (
            lambda: Place.objects.filter(standing_id=june.pk)._raw_delete("default"),
            lambda: Standing.objects.filter(pk=june.pk).update(ranked=0),
            lambda: Place.objects.update(rank=1),
        ):
            with (
                pytest.raises(DatabaseError, match=r"final|permission denied"),
                transaction.atomic(),
            ):
                harm()
        with pytest.raises(DomainError, match="keeps what was shown"):
            remove(board=june.leaderboard)
    page = text(browser("ann"), JUNE)
    assert ">final</span>" in page
    assert "moves nobody here" in page


def test_a_run_ranks_what_there_is(bank: Cast) -> None:
    with enter(bank.tenant.pk):
        calls(bank, {"ann": 3})
        make_board(bank)
        calculated.send(PlanPeriod, period=bank.periods["2026-06"], at=NOW, on=ON)
        assert Standing.objects.get().ranked == 2


def test_a_new_board_ranks_what_has_begun(bank: Cast) -> None:
    with enter(bank.tenant.pk):
        close_june()
        calls(bank, {"ann": 3})
        standings = rank_board(board=make_board(bank), at=NOW, on=ON)
        assert [(s.period.code, s.final_at) for s in standings] == [
            ("2026-05", None),
            ("2026-06", NOW),
        ]


# --- who sees what


def test_an_agent_sees_the_first_and_the_own_neighbourhood(browser: Browser, bank: Cast) -> None:
    with enter(bank.tenant.pk):
        many(bank, 30)
        calls(bank, {"ann": 980})
        rank_june(bank, make_board(bank, top=3))
    page = text(browser("ann"), JUNE)
    assert [row[0] for row in table(page)] == ["1", "2", "3", "19", "20", "21 =", "21 =", "23"]
    assert "22nd" not in page
    assert "21st" in page
    assert "of 32" in page
    assert "Places in between are not shown." in page
    assert page.count('class="mine"') == 1
    assert "Cleo" not in page, "the last one is nobody's business"


def test_a_supervisor_sees_the_first_and_the_own_people(browser: Browser, bank: Cast) -> None:
    with enter(bank.tenant.pk):
        many(bank, 30)
        rank_june(bank, make_board(bank, top=3))
    rows = table(text(browser("sam"), JUNE))
    assert [row[2] for row in rows] == [
        "Xaver Nr0 North", "Xaver Nr1 North", "Xaver Nr2 North", "Ann Abel North",
    ]  # fmt: skip
    assert len(table(text(browser("mia"), JUNE))) == 32


def test_initials_are_for_those_who_may_not_see_more(browser: Browser, bank: Cast) -> None:
    with enter(bank.tenant.pk):
        calls(bank, {"ann": 5, "cleo": 7})
        rank_june(bank, make_board(bank, names="initials"))
    assert [row[2] for row in table(text(browser("ann"), JUNE))] == [
        "C. C. North",
        "Ann Abel you North",
    ]
    assert "Cleo" not in text(browser("sam"), JUNE)
    assert "Ann Abel" in text(browser("sam"), JUNE)


def test_who_opts_out_keeps_the_place_without_a_name(browser: Browser, bank: Cast) -> None:
    with enter(bank.tenant.pk):
        calls(bank, {"ann": 5, "cleo": 7})
        rank_june(bank, make_board(bank, opt_out=True))
    cleo = browser("cleo")
    assert "Hide it" in text(cleo, JUNE)
    for _ in range(2):
        assert cleo.post("/leaderboards/calls/name/", {"name": "hidden"}).status_code == 302
    with enter(bank.tenant.pk):
        assert OptOut.objects.count() == 1
        assert AuditEntry.objects.filter(action="leaderboard name hidden").count() == 1
    page = text(browser("ann"), JUNE)
    assert next(row[:1] + row[2:] for row in table(page)) == ["1", "–", "7"]
    assert "Cleo" not in page
    assert "Cleo Chan" in text(cleo, JUNE)
    cleo.post("/leaderboards/calls/name/", {"name": "shown"})
    assert "Cleo Chan" in text(browser("ann"), JUNE)


def test_there_is_nothing_to_choose_where_the_board_says_so(
    browser: Browser, june: Standing
) -> None:
    assert "Hide it" not in text(browser("ann"), JUNE)
    assert browser("ann").post("/leaderboards/calls/name/", {"name": "hidden"}).status_code == 403
    assert browser("mia").post("/leaderboards/calls/name/", {"name": "hidden"}).status_code == 403
    assert browser("ann").get("/leaderboards/calls/name/").status_code == 405


def test_a_board_for_supervisors_is_theirs(browser: Browser, bank: Cast, june: Standing) -> None:
    with enter(bank.tenant.pk):
        Leaderboard.objects.update(open_to="supervisors")
    assert browser("ann").get(JUNE).status_code == 403
    assert browser("ann").get("/leaderboards/calls/").status_code == 302
    assert "Most calls" not in text(browser("ann"), "/leaderboards/")
    assert "Most calls" in text(browser("sam"), "/leaderboards/")
    assert browser("sam").get(JUNE).status_code == 200


def test_who_is_not_on_it_does_not_open_it(browser: Browser, bank: Cast, june: Standing) -> None:
    with enter(bank.tenant.pk):
        Place.objects.filter(subject_id=bank.people["cleo"].pk).delete()
    answer = browser("cleo").get(JUNE)
    assert answer.status_code == 403
    assert "open to those who are ranked" in answer.content.decode()


@pytest.mark.parametrize("address", ["/leaderboards/", "/leaderboards/calls/", JUNE])
def test_others_do_not_get_in(browser: Browser, june: Standing, address: str) -> None:
    assert browser("").get(address).status_code == 302
    assert browser("una").get(address).status_code == 403
    assert browser("olga").get(address).status_code == (200 if address == "/leaderboards/" else 404)
    assert "Most calls" not in browser("olga").get(address).content.decode()
    assert browser("ann").post(address).status_code == 405


@pytest.mark.parametrize(
    "address",
    ["/leaderboards/nothing/", "/leaderboards/calls/monthly/2026-13/", "/leaderboards/x/y/z/"],
)
def test_what_is_not_there_is_not_found(browser: Browser, june: Standing, address: str) -> None:
    assert browser("mia").get(address).status_code == 404


def test_the_list_says_the_own_place(browser: Browser, june: Standing) -> None:
    page = text(browser("ann"), "/leaderboards/")
    assert '<strong class="own-rank">2nd</strong>' in page
    assert browser("ann").get("/leaderboards/calls/")["Location"] == JUNE
    assert "No leaderboard is open to you yet" in text(browser("olga"), "/leaderboards/")


def test_a_board_that_has_ranked_nothing_says_when_it_will(browser: Browser, bank: Cast) -> None:
    with enter(bank.tenant.pk):
        make_board(bank)
    assert "Nothing has been ranked yet" in text(browser("mia"), "/leaderboards/calls/")
    assert browser("ann").get("/leaderboards/calls/").status_code == 403


# --- how often


def asked(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as found:
        text(client, address)
    return len([query for query in found if "SAVEPOINT" not in (query["sql"] or "")])


@pytest.mark.parametrize(("name", "number"), [("ann", 10), ("sam", 11), ("mia", 10)])
@pytest.mark.parametrize("people", [1, 3])
def test_a_board_asks_as_often_for_three_as_for_one(
    browser: Browser, bank: Cast, people: int, name: str, number: int
) -> None:
    with enter(bank.tenant.pk):
        many(bank, people)
        calls(bank, {"ann": 5})
        rank_june(bank, make_board(bank))
    assert asked(browser(name), JUNE) == number


@pytest.mark.parametrize("boards", [1, 3])
def test_the_list_asks_as_often_for_three_as_for_one(
    browser: Browser, bank: Cast, boards: int
) -> None:
    with enter(bank.tenant.pk):
        calls(bank, {"ann": 5})
        for number in range(boards):
            rank_june(bank, make_board(bank, f"b{number}"))
    assert asked(browser("ann"), "/leaderboards/") == 7
