"""Leaderboards and wallboards in the tenant file."""

from __future__ import annotations

import pytest

from org.models import Tenant
from org.tenancy import enter
from scorecards.models import Leaderboard, Standing, Wallboard, WallPanel
from tests.config.files import AT, SMALL, Folder, export

BOARDS = """\
leaderboards:
  handling:
    title: Handle time
    metric: aht
    calendar: monthly
    of: teams
    unit: north
    open_to: supervisors
    minimum_sample: 12.5
  goal:
    title: Calls against the goal
    plan: service
    measure: calls
    names: initials
    opt_out: true
  score:
    title: Score
    plan: service
    points: {calls: 60.5}
    movement: week
wallboards:
  floor:
    title: Floor
    unit: north
    refresh_seconds: 30
    panels:
      - {kind: leaderboard, leaderboard: goal, top: 5}
      - {kind: goal, leaderboard: goal}
      - {kind: messages}
"""


def test_applied_twice_or_exported_nothing_changes(folder: Folder) -> None:
    first = folder.changes(SMALL + BOARDS)
    assert first["leaderboards"] == [
        "+ leaderboard handling", "+ leaderboard goal", "+ leaderboard score",
    ]  # fmt: skip
    assert first["wallboards"] == ["+ wallboard floor"]
    assert folder.changes(SMALL + BOARDS) == {}
    written = export()
    assert "calls: 60.5" in written
    assert folder.changes(written) == {}
    assert export() == written


def test_what_changes_is_said_and_ranked_anew(folder: Folder) -> None:
    folder.apply(SMALL + BOARDS)
    changed = BOARDS.replace("unit: north\n    open_to", "open_to").replace("top: 5", "top: 6")
    assert folder.changes(SMALL + changed) == {
        "leaderboards": ["~ leaderboard handling: unit"],
        "wallboards": ["~ wallboard floor: panels"],
    }
    with enter(Tenant.objects.get().pk):
        standings = Standing.objects.filter(leaderboard__code="handling")
        assert {standing.at for standing in standings} == {AT}
        assert standings.count() == 7, "January to July have begun"


def test_what_is_left_out_goes(folder: Folder) -> None:
    folder.apply(SMALL + BOARDS)
    assert "a wallboard shows it" in folder.refusal(SMALL + "leaderboards: {}\n")
    left = folder.changes(SMALL + "wallboards: {}\n")
    assert left == {"wallboards": ["- wallboard floor"]}
    assert len(folder.changes(SMALL + "leaderboards: {}\n")["leaderboards"]) == 3
    with enter(Tenant.objects.get().pk):
        rows = (Leaderboard, Wallboard, WallPanel, Standing)
        assert [model.objects.count() for model in rows] == [0, 0, 0, 0]


def test_a_board_with_a_final_period_stays(folder: Folder) -> None:
    folder.apply(SMALL + BOARDS.split("wallboards")[0])
    with enter(Tenant.objects.get().pk):
        Standing.objects.filter(leaderboard__code="handling").update(final_at=AT)
    assert "keeps what was shown" in folder.refusal(SMALL + "leaderboards: {}\n")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("metric: aht", "metric: ahtt", "no metric is called “ahtt”. Did you mean “aht”?"),
        ("    metric: aht\n", "", "Name the metric that is ranked."),
        ("measure: calls", "measure: cals", "has no measure “cals”. It has: calls."),
        ("calls: 60.5", "calls: 0", "“0” is no weight of “calls”"),
        ("calendar: monthly\n    of", "of", "name a calendar"),
        ("top: 5", "top: 11", "a screen shows 1 to 10 places, not 11"),
        ("{kind: messages}", "{kind: goal}", "rankings and goals name a leaderboard"),
        ("refresh_seconds: 30", "refresh_seconds: 4000", "every 3600 seconds at least"),
        ("movement: week", "top: 101", "the first 100 at most"),
        ("movement: week", "calendar: yearly", "no calendar is called “yearly”"),
    ],
)
def test_mistakes_are_said_at_their_place(
    folder: Folder, before: str, after: str, said: str
) -> None:
    assert before in BOARDS
    assert said in folder.refusal(SMALL + BOARDS.replace(before, after))
