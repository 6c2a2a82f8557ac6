"""A result says that something was recorded since, to whom it is about, until it is worked out."""

from __future__ import annotations

from datetime import date

import pytest

from incentives.models import CalculationRun, PlanPeriod
from org.changes import Mark, record_change
from org.models import InputChange, Period
from org.tenancy import enter
from pmsite.models import Job
from scorecards.queries import latest_team_period
from tests.factories import make_calendar, make_plan
from tests.web.cast import NOW, Cast, make_version
from tests.web.data import GOOD, Browser, taken, telephone, trial

SINCE = "something was recorded since, and is not in it yet"


def record(cast: Cast, person: str | None, day: date = date(2026, 6, 20)) -> None:
    """Something is recorded about a person's day, or everybody's."""
    with enter(cast.tenant.pk, through="command ingest"):
        record_change(
            kind=InputChange.Kind.VALUES,
            sentence="Calls came in.",
            marks=[Mark(day, date(2026, 7, 1), person=person and cast.people[person].pk)],
            by=None,
            at=NOW,
        )


def page(client: object, address: str) -> str:
    answer = client.get(address)  # type: ignore[attr-defined]
    assert answer.status_code == 200, address
    return answer.content.decode()


SHOWN = (
    ("ann", "/people/ann/monthly/2026-06/"),
    ("ann", "/people/ann/monthly/2026-06/statement/"),
    ("ann", "/people/ann/monthly/2026-06/parts/calls/bonus/"),
    ("sam", "/team/monthly/2026-06/"),
)


@pytest.mark.parametrize(("name", "address"), SHOWN)
def test_pages_of_people_say_so(browser: Browser, bank: Cast, name: str, address: str) -> None:
    client = browser(name)
    assert SINCE not in page(client, address)
    record(bank, "ann")
    assert SINCE in page(client, address)


@pytest.mark.parametrize(
    "address", ["/", "/closing/monthly/2026-06/", "/closing/monthly/2026-06/calls/"]
)
def test_pages_of_periods_say_so(browser: Browser, bank: Cast, address: str) -> None:
    pam = browser("pam")
    assert '<span class="tag poor">stale</span>' not in page(pam, address)
    record(bank, None)
    assert '<span class="tag poor">stale</span>' in page(pam, address)


def test_what_is_about_somebody_else_or_a_later_day_is_not_said(
    browser: Browser, bank: Cast
) -> None:
    record(bank, "cleo")
    record(bank, "ann", date(2026, 7, 1))
    assert SINCE not in page(browser("ann"), "/people/ann/monthly/2026-06/")


def test_final_is_never_stale(browser: Browser, bank: Cast) -> None:
    record(bank, "ann")
    with enter(bank.tenant.pk):
        PlanPeriod.objects.update(final_at=NOW)
    assert SINCE not in page(browser("ann"), "/people/ann/monthly/2026-06/")


def test_a_file_that_is_taken_in_is_worked_out_and_its_page_says_so(
    browser: Browser, bank: Cast
) -> None:
    telephone(bank)
    mia = browser("mia")
    taken(mia, bank, GOOD)
    delivery = f"/data/deliveries/{trial(bank).delivery_id}/"
    assert [job.name for job in Job.objects.filter(state="queued")] == ["fresh"]
    assert "Scorecards and pay follow: a worker takes it up" in page(mia, delivery)
    assert 'hx-get="/data/fresh/"' in page(mia, "/data/fresh/")
    Job.objects.filter(name="fresh").update(state="failed", failure="The plan reads itself.")
    shown = page(mia, delivery)
    assert "is not in scorecards and pay yet" in shown
    assert "Work it out now" in shown
    assert "hx-get" not in page(mia, "/data/fresh/")


def test_a_team_is_shown_by_the_plan_that_pays_it(browser: Browser, bank: Cast) -> None:
    """A quarter that began later and pays nobody of the team does not come first."""
    with enter(bank.tenant.pk):
        calendar = make_calendar("quarterly", "quarterly")
        quarter = Period.objects.create(
            calendar=calendar,
            code="2026-Q3",
            valid_from=date(2026, 7, 1),
            valid_to=date(2026, 10, 1),
        )
        plan = make_plan(calendar, "growth", currency="EUR")
        version = make_version(plan, author=bank.user("mia"))
        run = CalculationRun.objects.create(
            plan=plan, version=version, period=quarter, at=NOW, on=NOW.date()
        )
        point = PlanPeriod.objects.create(plan=plan, period=quarter, run=run)
        assert latest_team_period() == point
    assert browser("sam").get("/team/")["Location"] == "/team/monthly/2026-06/"
