"""What the jobs do, by name: each enters at one domain call and says in a sentence what it did."""

from __future__ import annotations

from incentives import calculate, desk
from incentives.alarms import check_periods
from incentives.fresh import freshen
from incentives.outliers import outliers_of
from incentives.release import release
from pmsite import fresh, spreadsheet
from pmsite.closing import work as closing
from pmsite.data import work as data
from pmsite.impacts import work as impacts
from pmsite.jobs import Handler, Work
from pmsite.past import work as past
from scorecards.ranking import rank_open


def nightly(work: Work) -> str:
    """Work out totals, open plan periods and the differences of final ones anew, and let go what
    was held until today."""
    made = calculate.nightly(by=None, at=work.at, on=work.on)
    people = sum(run.people for run in made)
    rank_open(at=work.at, on=work.on)
    for point in desk.open_points().filter(period__valid_to__lte=work.on):
        if point.run is not None:
            outliers_of(point.run)  # kept, so that the checklist of closing opens at once
    freed = release(by=None, at=work.at, on=work.on)
    said = f"{len(made)} plan periods calculated, {people:,} results of people."
    if freed.released or freed.lost:
        said += f" {freed.released} held amounts released, {freed.lost} lost."
    return said


def alarms(work: Work) -> str:
    """Work every final period out in full and count what differs without a recorded cause."""
    checked = check_periods(by=None, at=work.at, on=work.on)
    found = sum(len(one.alarms) for one in checked)
    return f"{len(checked)} final plan periods checked, {found} differences without a cause."


def freshened(work: Work) -> str:
    """Work out what something recorded has made stale, and rank by it."""
    made = freshen(by=None, at=work.at, on=work.on, tell=work.tell)
    rank_open(at=work.at, on=work.on)
    if not made:
        return "Nothing was stale."
    periods = ", ".join(dict.fromkeys(str(run.period) for run in made))
    number = f"{len(made)} plan periods" if len(made) > 1 else "One plan period"
    return f"{number} worked out anew: {periods}."


HANDLERS: dict[str, Handler] = {"nightly": nightly, "alarms": alarms, fresh.NAME: freshened}
"""Jobs that work on a tenant as a whole, so that a schedule or a person can ask for them."""

ABOUT_ONE: dict[str, Handler] = {
    data.LOOK: data.look,
    data.TAKE: data.take,
    closing.CLOSE: closing.close,
    impacts.NAME: impacts.work_out,
    past.NAME: past.work_out,
    spreadsheet.NAME: spreadsheet.work_out,
}
"""Jobs that work on one row; who made the row asks for them."""

LONG = frozenset({"nightly", "alarms", fresh.NAME, closing.CLOSE, past.NAME})
"""Jobs that may work on everybody of a tenant, so for minutes: nobody is to wait behind them."""

LABELS = {
    "nightly": "Nightly calculation",
    "alarms": "Check of what is final",
    fresh.NAME: "Calculation of what changed",
    data.LOOK: "Look at a file on trial",
    data.TAKE: "Take a file in",
    closing.CLOSE: "Close a period",
    impacts.NAME: "Work out an impact",
    past.NAME: "Look at the past",
    spreadsheet.NAME: "Work examples out in a spreadsheet",
}
