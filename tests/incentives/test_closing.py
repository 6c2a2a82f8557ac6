"""Closing by a checklist and two people: what is open, what may stay open, and who closes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from incentives.checklist import Checklist, checklist
from incentives.closing import accept_open, ask_to_close, close_now, hand_over, take_back
from incentives.dispute import open_dispute
from incentives.models import Closing, ClosingAcceptance, PlanPeriod, Transfer
from metrics.complete import complete
from metrics.handled import handle_rejections
from metrics.ingest import ingest
from metrics.models import Source
from metrics.requests import ask_correction
from org.errors import DomainError
from org.models import RoleGrant, Tenant, User
from tests.factories import make_member
from tests.incentives.desk import Desk, later

FEBRUARY = date(2026, 2, 1)
MAP = {"person": "Agent", "day": "Date", "values": {"sales": {"sum": "Sales"}}}


@pytest.fixture
def desk(tenant: Tenant) -> Desk:
    made = Desk(("ann", "bo"))
    made.sells("2026-01", 300)
    made.sells("2026-01", 500, "bo")
    made.calculate("2026-01")
    return made


@pytest.fixture
def pam(tenant: Tenant) -> User:
    return make_member(tenant, "pam")


@pytest.fixture
def petra(tenant: Tenant) -> User:
    return make_member(tenant, "petra")


def point(desk: Desk, month: str = "2026-01") -> PlanPeriod:
    return PlanPeriod.objects.select_related("plan", "period__calendar", "run__version__plan").get(
        period=desk.months[month], plan=desk.plan
    )


def found(desk: Desk, month: str = "2026-01", on: date = FEBRUARY) -> Checklist:
    return checklist(point(desk, month), on=on)


def states(of: Checklist) -> dict[str, str]:
    return {line.check.code: line.state for line in of.lines}


def items(of: Checklist, code: str) -> list[str]:
    line = of.line(code)
    assert line is not None
    return [item.sentence for item in line.check.items]


def hand(desk: Desk, by: User, on: date = FEBRUARY) -> Closing:
    return hand_over(plan_period=point(desk), by=by, at=later(), on=on)


def accept(desk: Desk, check: str, by: User, reason: str = "Known") -> ClosingAcceptance:
    return accept_open(
        plan_period=point(desk), check=check, reason=reason, by=by, at=later(), on=FEBRUARY
    )


# --- the checklist


def test_a_period_with_nothing_open(desk: Desk) -> None:
    assert set(states(found(desk)).values()) == {"done"}
    assert [(one.component, one.total, one.people) for one in found(desk).totals] == [
        ("pay", 800, 2)
    ]


def test_it_is_not_over_and_an_earlier_one_is_open(desk: Desk) -> None:
    assert states(found(desk, on=date(2026, 1, 31)))["over"] == "open"
    desk.calculate("2026-02")
    later_one = found(desk, "2026-02", on=date(2026, 3, 1))
    assert "2026-01 of desk is still open" in items(later_one, "earlier")[0]


def source_with(rows: str) -> Any:
    source = Source.objects.create(code="phone", name="Phone", column_map=MAP)
    content = f"Agent,Date,Sales\n{rows}".encode()
    ingest(source=source, file_name="a.csv", content=content, by=None, at=later())
    return source


def test_sources_rows_and_names(desk: Desk, pam: User) -> None:
    rows = "ann,2026-01-05,1\nbo,2026-01-06,many\nzoe,2026-01-07,3\nzoe,2026-01-08,3\n"
    source = source_with(rows)
    complete(source=source, through=date(2026, 1, 20), by=None, at=later())
    desk.calculate("2026-01")
    now = found(desk)
    assert items(now, "sources") == [
        "Phone is complete only to 2026-01-20; the period ends on 2026-01-31."
    ]
    assert items(now, "rejected") == ["a.csv (Phone): 1 row could not be used."]
    assert items(now, "unknown") == ["“zoe” of phone: 2 rows wait for the name."]
    with pytest.raises(DomainError, match="Say what became"):
        handle_rejections(delivery=source.deliveries.get(), reason=" ", by=pam, at=later())
    for _ in range(2):
        handle_rejections(delivery=source.deliveries.get(), reason="Not ours", by=pam, at=later())
    with pytest.raises(DomainError, match="pam handled its rows"):
        handle_rejections(delivery=source.deliveries.get(), reason="Other", by=pam, at=later())
    complete(source=source, through=date(2026, 1, 31), by=None, at=later())
    after = states(found(desk))
    assert [after[code] for code in ("sources", "rejected", "unknown")] == ["done"] * 3
    assert after["fresh"] == "noted", "the completeness came after the run"


def test_a_gap_between_files_is_named(desk: Desk) -> None:
    source = source_with("ann,2026-01-05,1\n")
    content = b"Agent,Date,Sales\nann,2026-01-20,1\n"
    ingest(source=source, file_name="b.csv", content=content, by=None, at=later())
    assert items(found(desk), "sources") == [
        "Phone has brought nothing for 2026-01-06 to 2026-01-19."
    ]


def test_corrections_and_disputes(desk: Desk, pam: User) -> None:
    ask_correction(
        person=desk.people["ann"],
        day=date(2026, 1, 4),
        metric=desk.metric,
        numerator=Decimal(3),
        reason="Left out",
        by=pam,
        at=later(),
    )
    open_dispute(
        plan=desk.plan,
        period=desk.months["2026-01"],
        person=desk.people["bo"],
        component="pay",
        reason="Too much",
        by=None,
        at=later(),
    )
    now = found(desk)
    assert items(now, "corrections") == ["Sales of ann on 2026-01-04, asked for by pam."]
    assert states(now)["disputes"] == "noted"
    assert now.frozen == (("USD", Decimal(500)),)


def test_undecided_failed_and_zero_goals_by_name_keep_it_open(desk: Desk, pam: User) -> None:
    desk.plan.versions.get().components.update(formula="1 / (sales - 300)")
    desk.calculate("2026-01")
    now = found(desk)
    assert [states(now)[code] for code in ("gates", "zero_goals", "failed")] == [
        "done",
        "done",
        "open",
    ]
    assert items(now, "failed")[0].startswith("ann (ann), desk, pay: ")
    with pytest.raises(DomainError, match="until it is mended"):
        accept(desk, "failed", pam)
    with pytest.raises(DomainError, match="while something is open"):
        hand(desk, pam)


def test_amounts_far_from_their_own_past(desk: Desk) -> None:
    for month in range(1, 7):
        desk.sells(f"2026-{month:02}", 300 + month)
        desk.sells(f"2026-{month:02}", 500, "bo")
        desk.calculate(f"2026-{month:02}")
    desk.sells("2026-07", 900)
    desk.sells("2026-07", 530, "bo")
    desk.calculate("2026-07")
    now = found(desk, "2026-07", on=date(2026, 8, 1))
    assert items(now, "strange") == [
        "ann (ann): 900.00 USD; usually 303.00, give or take 1.00, in 6 periods."
    ]
    assert states(found(desk, "2026-02"))["strange"] == "done", "too few periods before"
    [beside] = now.totals
    assert (beside.total, beside.before, beside.change) == (1430, 806, 624)
    assert str(beside.percent) == "0.774"


# --- accepting


def test_what_is_accepted_holds_for_exactly_that(desk: Desk, pam: User) -> None:
    source = source_with("ann,2026-01-05,1\nbo,2026-01-06,many\n")
    with pytest.raises(DomainError, match="Say why"):
        accept(desk, "rejected", pam, " ")
    with pytest.raises(DomainError, match="is not open"):
        accept(desk, "corrections", pam)
    with pytest.raises(DomainError, match="No line"):
        accept(desk, "nothing", pam)
    assert accept(desk, "rejected", pam) == accept(desk, "rejected", pam)
    assert states(found(desk))["rejected"] == "accepted"
    content = b"Agent,Date,Sales\nann,2026-01-06,2\nbo,2026-01-07,few\n"
    ingest(source=source, file_name="b.csv", content=content, by=None, at=later())
    assert states(found(desk))["rejected"] == "open"


# --- two people


def test_one_hands_over_and_another_closes(desk: Desk, pam: User, petra: User) -> None:
    source_with("ann,2026-01-05,1\nbo,2026-01-06,many\n")
    accept(desk, "rejected", pam, "Bo says it was a typing error")
    assert hand(desk, pam) == hand(desk, pam)
    with pytest.raises(DomainError, match="pam handed it over already"):
        hand(desk, petra)
    handed = Closing.objects.get()
    assert handed.left_open[0]["reason"] == "Bo says it was a typing error"
    with pytest.raises(DomainError, match="somebody else must close it"):
        ask_to_close(closing=handed, by=pam, at=later(), on=FEBRUARY)
    asked, new = ask_to_close(closing=handed, by=petra, at=later(), on=FEBRUARY)
    again, more = ask_to_close(closing=handed, by=petra, at=later(), on=FEBRUARY)
    assert (new, more, again) == (True, False, asked)
    said = []
    told = close_now(
        closing=asked,
        at=later(),
        on=FEBRUARY,
        tell=lambda step, done, total: said.append((step, done, total)),
    )
    assert told.startswith("2026-01 is final for desk: ")
    assert said[0] == ("Working 2026-01 out once more", 0, 4)
    assert ("Booking desk", 1, 4) in said
    closed = Closing.objects.get()
    assert (closed.state, point(desk).final_by) == ("closed", petra)
    assert Transfer.objects.count() == 2
    assert "is closed" in close_now(closing=closed, at=later(), on=FEBRUARY)
    with pytest.raises(DomainError, match="is final"):
        hand(desk, pam)
    with pytest.raises(IntegrityError), transaction.atomic():
        Closing.objects.update(closed_by=pam)


def test_what_opens_after_the_hand_over_keeps_it_open(desk: Desk, pam: User, petra: User) -> None:
    handed = hand(desk, pam)
    source_with("ann,2026-01-05,many\nann,2026-01-06,2\n")
    with pytest.raises(DomainError, match="while something is open"):
        ask_to_close(closing=handed, by=petra, at=later(), on=FEBRUARY)
    with pytest.raises(DomainError, match="Say why, for pam"):
        take_back(closing=handed, by=petra, at=later())
    for _ in range(2):
        take_back(closing=handed, reason="A row is left", by=petra, at=later())
    with pytest.raises(DomainError, match="handed over again first"):
        ask_to_close(closing=handed, by=petra, at=later(), on=FEBRUARY)


def test_what_finalising_refuses_goes_back_with_the_sentence(
    desk: Desk, pam: User, petra: User
) -> None:
    asked, _ = ask_to_close(closing=hand(desk, pam), by=petra, at=later(), on=FEBRUARY)
    desk.plan.versions.get().components.update(formula="1 / (sales - 300)")
    told = close_now(closing=asked, at=later(), on=FEBRUARY)
    assert told == "2026-01 could not be closed; its page says why."
    now = Closing.objects.get()
    assert (now.state, now.closed_by) == ("handed", None)
    assert "cannot be final yet" in now.refusal
    assert not Transfer.objects.exists()


def test_nobody_whose_own_pay_it_moves(tenant: Tenant, desk: Desk, pam: User) -> None:
    ann = make_member(tenant, "ann.user", person=desk.people["ann"])
    membership = ann.memberships.get()
    RoleGrant.objects.create(membership=membership, role="payroll", valid_from=date(2020, 1, 1))
    assert "ann.user is ann and is paid by this plan" in items(found(desk), "own_pay")[0]
    with pytest.raises(DomainError, match="nobody closes what moves their own pay"):
        hand(desk, ann)
    handed = hand(desk, pam)
    with pytest.raises(DomainError, match="nobody closes what moves their own pay"):
        ask_to_close(closing=handed, by=ann, at=later(), on=FEBRUARY)
