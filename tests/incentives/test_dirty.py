"""Which final periods a cause may have moved: windows that look back, other plans, frozen parts."""

from __future__ import annotations

from datetime import date

import pytest

from incentives.alarms import check_periods
from incentives.dispute import close_dispute, open_dispute
from incentives.models import Component, Dirty, Measure, PlanVersion, RateTable, Transfer
from org.errors import DomainError
from org.models import Tenant
from tests.factories import AT, make_plan, make_user
from tests.incentives.desk import Desk, later


def differences(desk: Desk, month: str, person: str = "ann") -> dict[str, object]:
    """What a month carries for earlier ones: the net amount by earned period."""
    found: dict[str, object] = {}
    for t in Transfer.objects.filter(
        posted_period=desk.months[month], person=desk.people[person], origin="calculation"
    ).exclude(earned_period=desk.months[month]):
        amount = t.amount if t.from_account == "plan" else -t.amount
        code = t.earned_period.code
        found[code] = found.get(code, 0) + amount
    return found


def test_a_late_sale_moves_the_year_to_date_of_every_later_month(tenant: Tenant) -> None:
    """5 % to 120,000 a year, 8 % above; a sale of October arrives when November is final."""
    desk = Desk(formula="TIER(YTD(sales), step)", component={"cumulate": "to_date"})
    version = desk.plan.versions.get()
    RateTable.objects.create(
        version=version, name="step", spec={"rows": [[0, "5%"], [120000, "8%"]]}
    )
    for month in range(1, 11):
        desk.sells(f"2026-{month:02}", 11000)
        desk.finalise(f"2026-{month:02}")
    assert desk.balance().granted == 5500
    desk.sells("2026-11", 15000)
    desk.finalise("2026-11")
    assert desk.balance().granted == 6400
    desk.sells("2026-10", 4000, day=9)
    desk.sells("2026-12", 5000)
    desk.finalise("2026-12")
    assert differences(desk, "2026-12") == {"2026-10": 200, "2026-11": 120}
    assert desk.balance().granted == 7120
    desk.finalise("2027-01")
    assert desk.balance().granted == 7120, "a second run posts nothing"


def test_pay_on_another_plans_pay_is_dirty_with_it(tenant: Tenant) -> None:
    desk = Desk()
    plan = make_plan(desk.plan.calendar, "override")
    version = PlanVersion.objects.create(
        plan=plan, number=1, in_force=date(2026, 1, 1), status="published", created_at=AT
    )
    Component.objects.create(version=version, name="tenth", formula="EARNED(desk.pay) / 10")
    desk.sells("2026-01", 1000)
    desk.finalise_all("2026-01")
    assert desk.balance().granted == 1100
    desk.sells("2026-01", 3000)
    desk.finalise_all("2026-02")
    assert desk.balance().granted == 3300
    causes = set(Transfer.objects.filter(posted_period=desk.months["2026-02"]).values_list("cause"))
    assert len(causes) == 1, "both name the correction"
    assert not Dirty.objects.exists()


def pool(desk: Desk, **component: str) -> None:
    """Share 1,000 by hours, instead of paying them."""
    desk.plan.versions.get().components.update(
        formula="1000 * SHARE(sales, plan)", rounding_decimals=2, **component
    )


@pytest.mark.parametrize(
    ("after_final", "moved"),
    [
        ("restate", {"ann": "-18.73", "bo": "-14.84", "cy": "33.57"}),
        ("freeze", {"ann": "0", "bo": "0", "cy": "33.57"}),
    ],
)
def test_a_pool_after_final_moves_everybody_or_the_one_person(
    tenant: Tenant, after_final: str, moved: dict[str, str]
) -> None:
    desk = Desk(("ann", "bo", "cy"))
    pool(desk, after_final=after_final)
    for person, hours in (("ann", "152"), ("bo", "120.5"), ("cy", "80")):
        desk.sells("2026-01", hours, person)
    desk.finalise("2026-01")
    before = {name: desk.balance(name).granted for name in desk.people}
    desk.sells("2026-01", "96", "cy")
    desk.finalise("2026-02")
    found = {n: str((desk.balance(n).granted - before[n]).normalize()) for n in desk.people}
    assert found == moved
    desk.finalise("2026-03")
    checked = check_periods(by=None, at=later(), on=date(2026, 5, 1))
    assert not any(one.alarms for one in checked), "what is frozen is no alarm"


def test_frozen_prizes_move_nobody(tenant: Tenant) -> None:
    desk = Desk(("ann", "bo"))
    desk.plan.versions.get().components.update(
        formula="IF(RANK(sales, plan) = 1, 500, 0)", after_final="freeze"
    )
    desk.sells("2026-01", 98, "ann")
    desk.sells("2026-01", 95, "bo")
    desk.finalise("2026-01")
    desk.sells("2026-01", 94, "ann")
    desk.finalise("2026-02")
    assert differences(desk, "2026-02", "ann") == differences(desk, "2026-02", "bo") == {}


def test_a_cause_names_only_what_may_have_moved_the_component(tenant: Tenant) -> None:
    desk = Desk()
    desk.sells("2026-01", 100)
    desk.finalise("2026-01")
    other = type(desk.metric).objects.create(code="calls", name="Calls")
    desk.metric.definitions.model.objects.create(
        metric=other,
        kind="sum",
        attainment="actual_by_goal",
        valid_from=date(2020, 1, 1),
        recorded_at=AT,
    )
    version = desk.plan.versions.get()
    Measure.objects.create(version=version, name="calls", metric=other)
    Component.objects.create(version=version, name="calling", formula="calls", order=1)
    sales, desk.metric = desk.metric, other
    desk.sells("2026-01", 7)
    desk.metric = sales
    desk.sells("2026-01", 120)
    desk.finalise("2026-02")
    by_component = {
        t.component: t.cause
        for t in Transfer.objects.filter(
            earned_period=desk.months["2026-01"], run__only__isnull=False
        )
    }
    assert "calls" not in by_component["pay"].lower()
    assert "sales" not in by_component["calling"].lower()


def test_a_disputed_line_stays_and_its_difference_waits_for_the_answer(tenant: Tenant) -> None:
    desk = Desk(("ann", "bo"))
    desk.sells("2026-01", 300)
    desk.sells("2026-01", 500, "bo")
    desk.finalise("2026-01")
    dispute = open_dispute(
        plan=desk.plan,
        period=desk.months["2026-01"],
        person=desk.people["ann"],
        component="Pay",
        reason="Two sales are missing",
        by=None,
        at=later(),
    )
    desk.sells("2026-01", 240)
    desk.sells("2026-01", 520, "bo")
    report = desk.finalise("2026-02")
    waiting = [(d.person, d.amount, d.disputed) for _, d in report.differences]
    assert waiting == [("ann", -60, True), ("bo", 20, False)]
    assert (desk.balance("ann").granted, desk.balance("bo").granted) == (300, 520)
    with pytest.raises(DomainError, match="in dispute already"):
        open_dispute(
            plan=desk.plan,
            period=desk.months["2026-01"],
            person=desk.people["ann"],
            component="pay",
            reason="Again",
            by=None,
            at=later(),
        )
    close_dispute(dispute=dispute, answer="They were counted", by=make_user(), at=later())
    desk.finalise("2026-03")
    last = Transfer.objects.filter(person=desk.people["ann"]).latest("id")
    assert (last.amount, last.to_account) == (60, "plan")
    assert "They were counted" in last.cause


def test_a_line_in_dispute_when_its_month_becomes_final_is_paid_after_the_answer(
    tenant: Tenant,
) -> None:
    desk = Desk(("ann", "bo"))
    desk.sells("2026-01", 300)
    desk.sells("2026-01", 500, "bo")
    desk.calculate("2026-01")
    dispute = open_dispute(
        plan=desk.plan,
        period=desk.months["2026-01"],
        person=desk.people["ann"],
        component="pay",
        reason="Not mine",
        by=None,
        at=later(),
    )
    desk.finalise("2026-01")
    assert not Transfer.objects.filter(person=desk.people["ann"]).exists()
    close_dispute(dispute=dispute, answer="It is", by=None, at=later())
    desk.finalise("2026-02")
    assert desk.balance("ann").granted == 300


def test_a_claim_freezes_nothing_and_a_line_that_is_not_there_is_refused(tenant: Tenant) -> None:
    desk = Desk()
    desk.sells("2026-01", 300)
    desk.finalise("2026-01")
    claim = {"plan": desk.plan, "period": desk.months["2026-01"], "person": desk.people["ann"]}
    open_dispute(**claim, reason="A sale to Miller on 9 January", by=None, at=later())
    desk.sells("2026-01", 375)
    desk.finalise("2026-02")
    assert desk.balance().granted == 375
    with pytest.raises(DomainError, match="has no line “bonus”"):
        open_dispute(**claim, component="bonus", reason="Where?", by=None, at=later())
    with pytest.raises(DomainError, match="needs a reason"):
        open_dispute(**claim, component="pay", reason=" ", by=None, at=later())
