"""Payment in parts: split exactly, held until its day, taken back from what is held first."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from incentives.models import Transfer
from incentives.schedules import months_after, parts_of, read_expiry, read_release
from org.models import Period, Tenant
from tests.incentives.desk import Desk

THIRDS = [
    {"share": "33.4%", "release": "final"},
    {"share": "33.3%", "release": "2 months later"},
    {"share": "33.3%", "release": "2026-12-24", "expires": "2026-12-01"},
]


def desk_with(schedule: list[dict[str, str]]) -> Desk:
    return Desk(schedules={"parts": schedule}, component={"schedule": "parts"})


def test_parts_sum_to_the_whole_and_each_waits_for_its_own_day(tenant: Tenant) -> None:
    desk = desk_with(THIRDS)
    desk.sells("2026-01", "100.01")
    desk.finalise("2026-01")
    parts = Transfer.objects.order_by("part").values_list(
        "part", "to_account", "amount", "due_on", "expires"
    )
    assert list(parts) == [
        (1, "due", Decimal("33.41"), None, ""),
        (2, "held", Decimal("33.30"), date(2026, 3, 31), ""),
        (3, "held", Decimal("33.30"), date(2026, 12, 24), "2026-12-01"),
    ]
    assert desk.release("2026-03-30").released == 0
    assert desk.release("2026-03-31").released == 1
    assert desk.release("2026-03-31").released == 0, "and never again"
    assert (desk.balance().due, desk.balance().held) == (Decimal("66.71"), Decimal("33.30"))
    assert desk.release("2026-12-01").lost == 1
    assert (desk.balance().lost, desk.balance().held) == (Decimal("33.30"), 0)


def test_what_is_taken_back_comes_from_the_held_part_first(tenant: Tenant) -> None:
    """40 % less: each part by its share; the part that is released already gives what was due."""
    desk = desk_with(
        [{"share": "70%", "release": "final"}, {"share": "30%", "release": "6 months later"}]
    )
    desk.sells("2026-01", 4300)
    desk.finalise("2026-01")
    assert (desk.balance().due, desk.balance().held) == (3010, 1290)
    desk.sells("2026-01", 2580)
    desk.finalise("2026-02")
    assert desk.moved("2026-02") == [
        ("due", "plan", 1204, "calculation"),
        ("held", "plan", 516, "calculation"),
    ]
    desk.release("2026-07-31")
    assert (desk.balance().due, desk.balance().held) == (2580, 0)
    desk.sells("2026-01", 1000)
    desk.finalise("2026-03", on=date(2026, 8, 1))
    assert (desk.balance().due, desk.balance().held) == (1000, 0)


def test_a_part_whose_day_has_come_is_due_straight_away(tenant: Tenant) -> None:
    desk = desk_with(
        [{"share": "50%", "release": "final"}, {"share": "50%", "release": "2026-02-15"}]
    )
    desk.sells("2026-01", "0.01")
    desk.finalise("2026-01", on=date(2026, 2, 20))
    assert desk.moved("2026-01") == [("plan", "due", Decimal("0.01"), "calculation")]


def test_below_zero_nothing_is_held_and_the_sums_do_not_depend_on_the_order(
    tenant: Tenant,
) -> None:
    desk = desk_with(
        [{"share": "50%", "release": "final"}, {"share": "50%", "release": "2027-06-01"}]
    )
    desk.sells("2026-01", -100)
    desk.finalise("2026-01")
    assert (desk.balance().due, desk.balance().held) == (-100, 0)
    desk.sells("2026-01", 60)
    desk.finalise("2026-02")
    assert (desk.balance().due, desk.balance().held) == (30, 30)


def test_another_schedule_of_a_late_version_moves_nothing_that_is_booked(tenant: Tenant) -> None:
    desk = desk_with(
        [{"share": "70%", "release": "final"}, {"share": "30%", "release": "2027-06-01"}]
    )
    desk.sells("2026-01", 1000)
    desk.finalise("2026-01")
    first = desk.plan.versions.get()
    first.status = "retired"
    first.save()
    desk.version(
        number=2,
        schedules={"parts": [{"share": "100%", "release": "final"}]},
        component={"schedule": "parts"},
    )
    desk.sells("2026-01", 2000)
    desk.sells("2026-02", 500)
    desk.finalise("2026-02")
    assert (desk.balance().due, desk.balance().held) == (1400 + 500, 600)


def test_what_expired_stays_lost_also_when_it_grows_or_shrinks(tenant: Tenant) -> None:
    desk = desk_with(
        [
            {"share": "50%", "release": "final"},
            {"share": "50%", "release": "2027-06-01", "expires": "1 month"},
        ]
    )
    desk.sells("2026-01", 200)
    desk.finalise("2026-01")
    assert desk.release("2026-03-01").lost == 1
    desk.sells("2026-01", 100)
    desk.finalise("2026-02")
    assert (desk.balance().due, desk.balance().lost, desk.balance().held) == (50, 50, 0)
    desk.sells("2026-01", 300)
    desk.finalise("2026-03")
    assert (desk.balance().due, desk.balance().lost, desk.balance().held) == (150, 150, 0)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("final", "at_once"),
        ("2026-05-01", "day"),
        ("3 months later", "months"),
        ("1 Month later", "months"),
        ("NOT(ISBLANK(collected))", "condition"),
    ],
)
def test_what_a_release_says(text: str, meaning: str) -> None:
    assert getattr(read_release(text), meaning)


def test_expiry_in_months_is_the_day_after_them(tenant: Tenant) -> None:
    period = Period(valid_from=date(2026, 1, 1), valid_to=date(2026, 2, 1))
    [part] = parts_of([{"share": 1, "release": "x", "expires": "12 months"}], period)
    assert part.expires == "2027-02-01"
    assert read_expiry("ISBLANK(x)").condition == "ISBLANK(x)"
    assert months_after(date(2026, 1, 31), 1) == date(2026, 2, 28)


def test_what_is_taken_back_goes_by_the_earning_type_that_was_booked(tenant: Tenant) -> None:
    """A late version calls it something else; half of what waits is taken back, half released."""
    said = {
        "schedules": {
            "parts": [
                {"share": "70%", "release": "final"},
                {"share": "30%", "release": "6 months later"},
            ]
        }
    }
    desk = Desk(**said, component={"schedule": "parts", "earning_type": "bonus"})
    desk.sells("2026-01", 1000)
    desk.finalise("2026-01")
    desk.plan.versions.update(status="retired")
    desk.version(number=2, **said, component={"schedule": "parts", "earning_type": "commission"})
    desk.sells("2026-01", 500)
    desk.sells("2026-02", 10)
    desk.finalise("2026-02")
    assert (desk.balance().due, desk.balance().held) == (350 + 7, 150 + 3)
    desk.release("2026-07-31")
    assert (desk.balance().due, desk.balance().held) == (500 + 7, 3)
    types = Transfer.objects.values_list("earned_period__code", "earning_type").distinct()
    assert set(types) == {("2026-01", "bonus"), ("2026-02", "commission")}
