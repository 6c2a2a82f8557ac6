"""A yearly limit on release: what exceeds it waits, is lost, or lapses, as the version says."""

from __future__ import annotations

from copy import deepcopy
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from incentives.finalise import finalise_period
from incentives.models import PlanVersion
from incentives.publish import publish
from org.calendars import ensure_periods
from org.models import Tenant
from tests.factories import make_calendar
from tests.incentives.desk import Desk, later


def desk_with(**limit: Any) -> Desk:
    return Desk(options={"limit": {"amount": 24000, "per": "year", **limit}})


def to_november(desk: Desk) -> None:
    """23,400 until October, 1,500 in November."""
    for month in range(1, 11):
        desk.sells(f"2026-{month:02}", 2340)
        desk.finalise(f"2026-{month:02}")
    assert desk.pay() == 23400
    desk.sells("2026-11", 1500)
    desk.finalise("2026-11")


def test_what_exceeds_the_year_waits_and_a_claw_back_takes_it_first(tenant: Tenant) -> None:
    desk = desk_with(excess="defer")
    to_november(desk)
    assert (desk.balance().due, desk.balance().held) == (600, 900)
    desk.pay()
    desk.sells("2026-03", 1340)
    desk.finalise("2026-12")
    assert (desk.balance().due, desk.balance().held) == (-100, 0)
    assert desk.release("2027-01-15").released == 0


def test_what_was_lost_comes_back_where_its_own_year_has_room(tenant: Tenant) -> None:
    desk = desk_with(excess="lose")
    to_november(desk)
    assert (desk.balance().due, desk.balance().held, desk.balance().lost) == (600, 0, 900)
    desk.pay()
    desk.sells("2026-03", 1340)
    desk.finalise("2026-12")
    assert (desk.balance().due, desk.balance().lost) == (-100, 0)


def test_what_waits_goes_on_into_the_next_year(tenant: Tenant) -> None:
    desk = desk_with()
    to_november(desk)
    desk.release("2026-12-31")
    assert desk.balance().held == 900
    desk.finalise("2026-12", on=date(2027, 1, 5))
    desk.release("2027-01-05")
    assert (desk.balance().due, desk.balance().held) == (1500, 0)
    desk.sells("2027-01", 24000)
    desk.finalise("2027-01")
    assert (desk.balance().due, desk.balance().held) == (24600, 900)


def test_what_waits_lapses_at_the_end_of_the_year_where_the_version_says_so(
    tenant: Tenant,
) -> None:
    desk = desk_with(lapses="year_end")
    to_november(desk)
    desk.finalise("2026-12", on=date(2027, 1, 5))
    desk.release("2027-01-05")
    assert (desk.balance().due, desk.balance().held, desk.balance().lost) == (600, 0, 900)
    desk.sells("2027-01", 100)
    desk.finalise("2027-01")
    assert (desk.balance().due, desk.balance().lost) == (700, 900)
    desk.sells("2026-03", 1340)
    desk.finalise("2027-02")
    assert (desk.balance().due, desk.balance().lost) == (600, 0)


@pytest.mark.parametrize("order", [("2026-01", "2026-02"), ("2026-02", "2026-01")])
def test_the_sums_do_not_depend_on_what_is_known_first(tenant: Tenant, order: Any) -> None:
    desk = desk_with()
    for month in ("2026-01", "2026-02"):
        desk.sells(month, 20000)
        desk.finalise(month)
    for month, open_month in zip(order, ("2026-03", "2026-04"), strict=True):
        desk.sells(month, 11000)
        desk.finalise(open_month)
    assert (desk.balance().due, desk.balance().held) == (Decimal(22000), 0)


LATER: dict[str, Any] = {
    "schedules": {
        "parts": [{"share": "50%", "release": "final"}, {"share": "50%", "release": "2027-06-01"}]
    },
    "component": {"schedule": "parts"},
}


@pytest.mark.parametrize(("excess", "kept"), [("defer", "held"), ("lose", "lost")])
def test_what_comes_back_from_below_zero_asks_for_room(
    tenant: Tenant, excess: str, kept: str
) -> None:
    """January is below zero, and February has the room that it gave; then January comes back.

    In plain order: January 30 due and 30 waiting for its day; February 70 due, 130 beyond the
    limit, 200 waiting for its day.
    """
    desk = Desk(options={"limit": {"amount": 100, "excess": excess}}, **LATER)
    desk.sells("2026-01", -100)
    desk.finalise("2026-01")
    desk.sells("2026-02", 400)
    desk.finalise("2026-02")
    assert (desk.balance().due, desk.balance().held) == (100, 200)
    desk.sells("2026-01", 60)
    desk.finalise("2026-03")
    waiting, beyond = 200 + 30, 130
    wanted = {"held": waiting, "lost": 0}
    wanted[kept] += beyond
    assert (desk.balance().due, desk.balance().held, desk.balance().lost) == (
        100,
        wanted["held"],
        wanted["lost"],
    )
    desk.finalise("2026-04")
    assert desk.moved("2026-04") == []
    assert (desk.release("2026-04-30").released, desk.balance().due) == (0, 100)


def stands(desk: Desk) -> tuple[Decimal, Decimal, Decimal]:
    """What is due, held and lost."""
    balance = desk.balance()
    return balance.due, balance.held, balance.lost


def halves(day: str) -> dict[str, Any]:
    """Half is payable when it is final, half on a day."""
    parts = [{"share": "50%", "release": "final"}, {"share": "50%", "release": day}]
    return {"schedules": {"parts": parts}, "component": {"schedule": "parts"}}


@pytest.mark.parametrize("known_first", [True, False])
def test_what_becomes_payable_without_room_is_lost_at_once_and_comes_back_with_it(
    tenant: Tenant, known_first: bool
) -> None:
    desk = Desk(options={"limit": {"amount": 100, "excess": "lose"}}, **halves("2026-06-01"))
    for month, amount in (("2026-01", 40 if known_first else 120), ("2026-02", 80)):
        desk.sells(month, amount)
        desk.finalise(month)
    desk.release("2026-05-31")
    assert stands(desk) == ((60, 60, 0) if known_first else (100, 100, 0))
    desk.release("2026-06-01")
    assert stands(desk) == ((100, 0, 20) if known_first else (100, 0, 100))
    assert desk.release("2026-06-01").lost == 0
    desk.sells("2026-01", 40)
    desk.finalise("2026-03")
    desk.release("2026-06-02")
    assert stands(desk) == (100, 0, 20)


def test_what_was_payable_after_its_year_and_found_no_room_comes_back_with_it(
    tenant: Tenant,
) -> None:
    limit = {"amount": 100, "lapses": "year_end"}
    desk = Desk(options={"limit": limit}, **halves("2027-02-01"))
    desk.sells("2026-01", 240)
    for month in range(1, 12):
        desk.finalise(f"2026-{month:02}")
    assert stands(desk) == (100, 140, 0)
    desk.finalise("2026-12", on=date(2027, 1, 5))
    desk.release("2027-01-05")
    assert stands(desk) == (100, 120, 20)
    desk.release("2027-02-01")
    assert stands(desk) == (100, 0, 140)
    desk.sells("2026-01", 100)
    desk.finalise("2027-01", on=date(2027, 2, 5))
    desk.release("2027-02-05")
    assert stands(desk) == (100, 0, 0)


def test_what_fills_a_key_up_to_zero_is_the_last_of_the_limit_to_be_taken_back(
    tenant: Tenant,
) -> None:
    """January comes back without room and shrinks; then February's room is free again.

    In plain order: January 20 due and 20 waiting for its day, February nothing.
    """
    desk = Desk(options={"limit": {"amount": 100}}, **LATER)
    desk.sells("2026-01", -100)
    desk.finalise("2026-01")
    desk.sells("2026-02", 400)
    desk.finalise("2026-02")
    for amount, month in ((60, "2026-03"), (40, "2026-04")):
        desk.sells("2026-01", amount)
        desk.finalise(month)
    assert (desk.balance().due, desk.balance().held) == (100, 200 + 120 + 20)
    desk.sells("2026-02", 0)
    desk.finalise("2026-05")
    desk.release("2026-05-31")
    assert (desk.balance().due, desk.balance().held) == (20, 20)
    assert desk.release("2026-05-31").released == 0


def test_a_limit_that_comes_during_the_year_binds_a_correction_of_the_months_before_it(
    tenant: Tenant,
) -> None:
    """January was paid by a version without a limit; the year has the limit of the one after."""
    desk = Desk()
    desk.version(number=2, in_force=date(2026, 2, 1), options={"limit": {"amount": 100}})
    desk.sells("2026-01", 80)
    desk.finalise("2026-01")
    desk.sells("2026-02", 50)
    desk.finalise("2026-02")
    assert (desk.balance().due, desk.balance().held) == (100, 30)
    desk.sells("2026-01", 180)
    desk.finalise("2026-03")
    assert (desk.balance().due, desk.balance().held) == (100, 130)


def test_a_limit_that_ends_during_the_year_holds_nothing_more(tenant: Tenant) -> None:
    desk = desk_with(amount=100)
    desk.version(number=2, in_force=date(2026, 2, 1))
    desk.sells("2026-01", 180)
    desk.finalise("2026-01")
    assert (desk.balance().due, desk.balance().held) == (180, 0)


@pytest.mark.parametrize(
    ("kind", "anchor", "first", "second"),
    [
        # Monday 28 December 2026 to Sunday 3 January 2027 is a week of 2027.
        ("weekly", date(2026, 1, 5), "2026-12-21", "2026-12-28"),
        # A year that begins in April: March 2026 is of the year before.
        ("monthly", date(2025, 4, 1), "2026-03", "2026-04"),
    ],
)
def test_a_period_has_the_room_of_the_year_of_its_last_day(
    tenant: Tenant, kind: str, anchor: date, first: str, second: str
) -> None:
    calendar = make_calendar("own", kind=kind, anchor=anchor)
    periods = {p.code: p for p in ensure_periods(calendar, date(2025, 12, 1), date(2027, 2, 1))}
    desk = Desk()
    desk.plan.calendar = calendar
    desk.plan.save()
    desk.version(number=2, in_force=anchor, options={"limit": {"amount": 100}})
    PlanVersion.objects.get(number=1).delete()
    for code in (first, second):
        day = periods[code].valid_from
        desk.sells(f"{day:%Y-%m}", 150, day=day.day)
        finalise_period(period=periods[code], by=None, at=later(), on=periods[code].valid_to)
    assert (desk.balance().due, desk.balance().held) == (200, 100)


def test_a_version_from_the_last_days_of_december_limits_the_year_of_its_first_week(
    tenant: Tenant,
) -> None:
    """The week from 28 December is of 2027, so 2026 keeps the limit that it had."""
    calendar = make_calendar("own", kind="weekly", anchor=date(2026, 1, 5))
    periods = {p.code: p for p in ensure_periods(calendar, date(2026, 12, 1), date(2027, 2, 1))}
    desk = Desk()
    desk.plan.calendar = calendar
    desk.plan.save()
    said = {"amount": 100, "lapses": "year_end"}
    desk.version(number=2, in_force=date(2026, 1, 5), options={"limit": said})
    desk.version(number=3, in_force=date(2026, 12, 28), options={"limit": said | {"amount": 500}})
    PlanVersion.objects.get(number=1).delete()
    week = periods["2026-12-21"]
    desk.sells("2026-12", 150, day=21)
    finalise_period(period=week, by=None, at=later(), on=week.valid_to)
    assert (desk.balance().due, desk.balance().lost) == (100, 50)


def test_what_lapses_lapses_whole_when_part_of_it_finds_room(tenant: Tenant) -> None:
    desk = desk_with(amount=100, lapses="year_end")
    for month, amount in ((1, 100), (2, 50)):
        desk.sells(f"2026-{month:02}", amount)
        desk.finalise(f"2026-{month:02}")
    for month in range(3, 12):
        desk.finalise(f"2026-{month:02}")
    desk.sells("2026-01", 70)
    desk.finalise("2026-12", on=date(2027, 1, 5))
    assert (desk.balance().due, desk.balance().held, desk.balance().lost) == (100, 0, 20)
    assert desk.release("2027-01-05").lost == 0


def test_what_a_closed_year_left_over_takes_no_room_from_the_next(tenant: Tenant) -> None:
    """Half of what each year earned waits until March 2027; 2026 is full by then, and over."""
    until_march: dict[str, Any] = deepcopy(LATER)
    until_march["schedules"]["parts"][1]["release"] = "2027-03-15"
    desk = Desk(options={"limit": {"amount": 100, "lapses": "year_end"}}, **until_march)
    desk.sells("2026-01", 200)
    for month in range(1, 13):
        desk.finalise(f"2026-{month:02}")
    desk.sells("2027-01", 60)
    desk.finalise("2027-01")
    assert (desk.balance().due, desk.balance().held) == (130, 130)
    desk.release("2027-03-20")
    assert (desk.balance().due, desk.balance().held, desk.balance().lost) == (160, 0, 100)
    assert desk.release("2027-03-20").released == 0


def test_a_late_version_without_the_limit_lets_go_what_it_had_put_off(tenant: Tenant) -> None:
    desk = desk_with(amount=100)
    desk.sells("2026-01", 150)
    desk.finalise("2026-01")
    assert (desk.balance().due, desk.balance().held) == (100, 50)
    draft = desk.version(number=2, status="draft", reason="There was to be no limit")
    publish(version=draft, by=None, at=later())
    desk.finalise("2026-02")
    assert (desk.balance().due, desk.balance().held) == (150, 0)


def test_what_a_plan_that_has_ended_put_off_is_paid_in_the_next_year(tenant: Tenant) -> None:
    desk = Desk(options={"limit": {"amount": 100}}, ends=date(2026, 3, 1))
    desk.sells("2026-01", 150)
    desk.finalise("2026-01")
    desk.finalise("2026-02")
    assert (desk.balance().due, desk.balance().held) == (100, 50)
    assert desk.release("2026-12-31").released == 0
    desk.release("2027-01-02")
    assert (desk.balance().due, desk.balance().held) == (150, 0)
