"""Who may read whose pay: their own, everybody's by role, the team's where the tenant says so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from django.test import Client

from incentives.models import Measure
from org.models import Membership
from org.queries import may_see_pay
from org.tenancy import enter
from scorecards.checks import board_problems
from scorecards.models import Leaderboard
from tests.web.board_cast import calls, make_board, rank_june
from tests.web.cast import NOW, Cast

TODAY = NOW.date()


def sees(bank: Cast, name: str, whom: str, on: date = TODAY) -> bool:
    """Whether somebody of the bank may read somebody's pay."""
    with enter(bank.tenant.pk):
        membership = Membership.objects.select_related("tenant").get(user=bank.user(name))
        return may_see_pay(membership, bank.people[whom] if whom else None, on)


@pytest.mark.parametrize("setting", [True, False])
@pytest.mark.parametrize(
    ("name", "whom", "by_setting"),
    [
        ("ann", "ann", False),
        ("sam", "sam", False),
        ("sam", "ann", True),
        ("sam", "", True),
        ("mia", "ann", False),
        ("pam", "ann", False),
        ("audrey", "ann", False),
        ("ada", "", False),
    ],
)
def test_only_a_supervisor_depends_on_the_setting(
    bank: Cast, name: str, whom: str, setting: bool, by_setting: bool
) -> None:
    bank.tenant.supervisors_see_pay = setting
    bank.tenant.save()
    assert sees(bank, name, whom) is (setting if by_setting else True)


@pytest.mark.parametrize("whom", ["cleo", ""])
def test_an_agent_reads_nobody_elses(bank: Cast, whom: str) -> None:
    assert not sees(bank, "ann", whom)


def test_a_role_counts_on_its_days_only(bank: Cast) -> None:
    assert not sees(bank, "sam", "ann", date(2023, 12, 31))


def test_no_leaderboard_ranks_what_people_earn(bank: Cast) -> None:
    with enter(bank.tenant.pk):
        Measure.objects.create(version=bank.version, name="pay", earnings_of="calls.bonus")
        board = Leaderboard(
            code="pay",
            title="Pay",
            what="attainment",
            plan=bank.plan,
            weights={"pay": 1},
            calendar=bank.periods["2026-06"].calendar,
        )
        said = [sentence for _, sentence in board_problems(board)]
    assert said == ["“pay” is what people earn. Pay is never ranked."]


@pytest.mark.parametrize("what", ["metric", "attainment", "points"])
def test_a_board_shows_no_pay_where_supervisors_see_none(
    browser: Callable[[str], Client], bank: Cast, what: str
) -> None:
    bank.tenant.supervisors_see_pay = False
    bank.tenant.save()
    of_plan = {"what": what, "metric": None, "plan": bank.plan, "weights": {"calls": 1}}
    with enter(bank.tenant.pk):
        calls(bank, {"ann": 275, "cleo": 200})
        board = make_board(bank, **({} if what == "metric" else of_plan))
        rank_june(bank, board)
    sam = browser("sam")
    for address in (
        "/leaderboards/",
        "/leaderboards/calls/monthly/2026-06/",
        "/people/ann/monthly/2026-06/",
        "/team/monthly/2026-06/",
    ):
        shown = sam.get(address)
        assert shown.status_code == 200, address
        assert "412.50" not in shown.content.decode(), address
        assert "€" not in shown.content.decode(), address
