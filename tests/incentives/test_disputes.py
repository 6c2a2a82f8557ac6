"""Disputes: routed and due, answered by somebody else, and what an accepted one changes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.utils import ProgrammingError

from incentives.dispute import close_dispute, hand_to, open_dispute, say, withdraw_dispute
from incentives.dispute_files import LARGEST, add_file
from incentives.dispute_queries import changes_of
from incentives.disputed import now_of
from incentives.models import (
    Dispute,
    DisputeFile,
    DisputeMessage,
    DisputeReason,
    DisputeRemedy,
    Transfer,
)
from incentives.remedy import (
    accept_with_adjustment,
    accept_with_correction,
    approve_adjustment,
    refuse_adjustment,
)
from metrics.models import CorrectionRequest
from metrics.requests import approve_request, refuse_request
from org.errors import DomainError
from org.models import AuditEntry, Holiday, HolidayCalendar, Membership, RoleGrant, Tenant, User
from org.workdays import working_day_after
from tests.factories import make_member
from tests.incentives.desk import Desk, later


@pytest.fixture
def desk(tenant: Tenant) -> Desk:
    """January is final: Ann sold 300, Bo 500."""
    made = Desk(("ann", "bo"))
    made.sells("2026-01", 300)
    made.sells("2026-01", 500, "bo")
    made.finalise("2026-01")
    return made


@pytest.fixture
def ann(tenant: Tenant, desk: Desk) -> User:
    return make_member(tenant, "ann.user", person=desk.people["ann"])


@pytest.fixture
def olga(tenant: Tenant) -> User:
    """Answers."""
    return make_member(tenant, "olga")


@pytest.fixture
def oleg(tenant: Tenant) -> User:
    """Approves."""
    return make_member(tenant, "oleg")


def doubt(desk: Desk, by: User | None, **more: Any) -> Dispute:
    """Ann's line of January is in dispute."""
    said = {"component": "pay", "reason": "Two sales are missing", **more}
    january = desk.months["2026-01"]
    return open_dispute(
        plan=desk.plan, period=january, person=desk.people["ann"], by=by, at=later(), **said
    )


def fresh(dispute: Dispute) -> Dispute:
    return Dispute.objects.get(pk=dispute.pk)


# --- opening


def test_it_is_routed_and_due_in_working_days(desk: Desk, ann: User) -> None:
    site = HolidayCalendar.objects.create(code="site", is_default=True)
    Holiday.objects.create(calendar=site, day=date(2026, 7, 8))
    dispute = doubt(desk, ann, code="amount")
    # Opened on Sunday 5 July: five working days are Mon, Tue, Thu, Fri and the next Monday.
    assert (dispute.role, dispute.due_on) == ("plan_manager", date(2026, 7, 13))
    assert (dispute.reason_name, dispute.amount_then) == ("The amount is wrong", 300)


def test_a_supervisors_reason_without_a_supervisor_goes_to_plan_managers(
    desk: Desk, ann: User
) -> None:
    assert doubt(desk, ann, code="figure").role == "plan_manager"


def test_the_tenants_own_list_takes_the_place_of_the_standard_one(
    desk: Desk, ann: User, olga: User
) -> None:
    DisputeReason.objects.create(code="sum", name="Sum", role="payroll", owner=olga, days=1)
    dispute = doubt(desk, ann, code="sum")
    assert (dispute.owner, dispute.role) == (olga, "payroll")
    with pytest.raises(DomainError, match=r"“amount” is no reason for a claim. There are: sum"):
        doubt(desk, ann, code="amount", component="", reason="No pay")


def test_an_owner_never_gets_their_own(desk: Desk, ann: User) -> None:
    DisputeReason.objects.create(code="sum", name="Sum", role="payroll", owner=ann)
    assert doubt(desk, ann, code="sum").owner is None


def test_a_double_click_opens_one(desk: Desk, ann: User) -> None:
    assert doubt(desk, ann) == doubt(desk, ann)
    claim = {"component": "", "code": "work", "reason": "A sale to Miller"}
    assert doubt(desk, ann, **claim) == doubt(desk, ann, **claim)
    assert Dispute.objects.count() == 2


def test_a_line_that_a_correction_removed_is_refused_with_a_sentence(desk: Desk, ann: User) -> None:
    desk.sells("2026-02", 10)
    desk.calculate("2026-02")
    desk.plan.versions.get().components.update(name="other")
    desk.calculate("2026-02")
    with pytest.raises(DomainError, match=r"There are: other.*a later calculation took it away"):
        open_dispute(
            plan=desk.plan,
            period=desk.months["2026-02"],
            person=desk.people["ann"],
            component="pay",
            reason="Where is it?",
            by=ann,
            at=later(),
        )


def test_a_dispute_stays_when_its_line_goes(desk: Desk, ann: User, olga: User) -> None:
    desk.sells("2026-02", 10)
    desk.calculate("2026-02")
    january = doubt(desk, ann)
    dispute = open_dispute(
        plan=desk.plan,
        period=desk.months["2026-02"],
        person=desk.people["ann"],
        component="pay",
        reason="Not mine",
        by=ann,
        at=later(),
    )
    desk.plan.versions.get().components.update(name="other")
    desk.calculate("2026-02")
    assert (now_of(dispute).lines, fresh(dispute).amount_then) == (0, 10)
    assert close_dispute(dispute=dispute, answer="It is gone", by=olga, at=later()).closed_at
    assert now_of(january).amount == 300, "what is booked stays readable"


# --- answering


def test_nobody_answers_their_own_nor_for_whom_they_stand_in(
    tenant: Tenant, desk: Desk, ann: User, olga: User
) -> None:
    dispute = doubt(desk, ann)
    with pytest.raises(DomainError, match="would be paid by it"):
        close_dispute(dispute=dispute, answer="Yes", by=ann, at=later())
    RoleGrant.objects.create(
        membership=Membership.objects.get(user=olga),
        role="plan_manager",
        valid_from=date(2026, 7, 1),
        valid_to=date(2026, 8, 1),
        deputy_for=Membership.objects.get(user=ann),
    )
    with pytest.raises(DomainError, match="stands in for ann"):
        close_dispute(dispute=dispute, answer="Yes", by=olga, at=later())
    with pytest.raises(DomainError, match="stands in for ann"):
        hand_to(dispute=dispute, owner=olga, by=olga, at=later())
    with pytest.raises(IntegrityError), transaction.atomic():
        Dispute.objects.update(state="rejected", answered_by=ann, closed_at=later())


def test_whoever_opened_it_for_another_does_not_answer(desk: Desk, olga: User) -> None:
    dispute = doubt(desk, olga)
    with pytest.raises(DomainError, match="opened this dispute"):
        close_dispute(dispute=dispute, answer="Yes", by=olga, at=later())


def test_it_is_withdrawn_by_the_person_and_the_line_goes_on(
    desk: Desk, ann: User, olga: User
) -> None:
    dispute = doubt(desk, ann)
    desk.sells("2026-01", 240)
    desk.finalise("2026-02")
    assert desk.balance("ann").granted == 300
    with pytest.raises(DomainError, match="Only ann"):
        withdraw_dispute(dispute=dispute, by=olga, at=later())
    for _ in range(2):
        assert withdraw_dispute(dispute=dispute, by=ann, at=later()).state == "withdrawn"
    desk.finalise("2026-03")
    assert desk.balance("ann").granted == 240
    with pytest.raises(DomainError, match="was answered on"):
        close_dispute(dispute=dispute, answer="Yes", by=olga, at=later())


def test_an_accepted_one_is_corrected_by_approval_and_frozen_until_then(
    desk: Desk, ann: User, olga: User, oleg: User
) -> None:
    dispute = doubt(desk, ann)
    remedy = accept_with_correction(
        dispute=dispute,
        day=date(2026, 1, 3),
        metric=desk.metric,
        numerator=Decimal(340),
        answer="Two sales were left out",
        by=olga,
        at=later(),
    )
    assert (fresh(dispute).said, remedy.state) == ("accepted, waits for approval", "open")
    desk.finalise("2026-02")
    assert desk.balance("ann").granted == 300
    request = CorrectionRequest.objects.get()
    approve_request(request=request, by=oleg, at=later())
    assert (fresh(dispute).said, DisputeRemedy.objects.get().state) == ("accepted", "approved")
    desk.finalise("2026-03")
    assert desk.balance("ann").granted == 340
    assert "The dispute about pay of ann" in Transfer.objects.latest("id").cause
    assert changes_of([fresh(dispute)]) == {dispute.pk: ("USD", Decimal(40))}


def test_a_refused_correction_opens_it_again(desk: Desk, ann: User, olga: User, oleg: User) -> None:
    dispute = doubt(desk, ann)
    accept_with_correction(
        dispute=dispute,
        day=date(2026, 1, 3),
        metric=desk.metric,
        numerator=Decimal(340),
        answer="Two sales were left out",
        by=olga,
        at=later(),
    )
    request = CorrectionRequest.objects.get()
    refuse_request(request=request, by=oleg, at=later(), answer="They are Bo's")
    assert fresh(dispute).state == "open"
    said = DisputeMessage.objects.latest("id")
    assert (said.deed, said.text) == (True, "Refused: a figure is corrected. They are Bo's")
    assert close_dispute(dispute=dispute, answer="They are Bo's", by=olga, at=later()).closed_at


def test_an_accepted_one_is_adjusted_by_a_second_person(
    desk: Desk, ann: User, olga: User, oleg: User
) -> None:
    desk.sells("2026-02", 10)
    desk.calculate("2026-02")
    dispute = doubt(desk, ann)
    given: dict[str, Any] = {"amount": Decimal("25.50"), "answer": "As promised", "by": olga}
    remedy = accept_with_adjustment(dispute=dispute, at=later(), **given)
    with pytest.raises(DomainError, match="was answered on"):
        accept_with_adjustment(dispute=dispute, at=later(), **given)
    for who, said in ((olga, "asked for this"), (ann, "own pay")):
        with pytest.raises(DomainError, match=said):
            approve_adjustment(remedy=remedy, by=who, at=later())
    with pytest.raises(DomainError, match="needs a reason"):
        refuse_adjustment(remedy=remedy, by=oleg, at=later(), answer=" ")
    for _ in range(2):
        done = approve_adjustment(remedy=remedy, by=oleg, at=later())
    assert (done.state, fresh(dispute).said) == ("approved", "accepted")
    moved = Transfer.objects.get(origin="adjustment")
    assert (moved.amount, moved.posted_period.code) == (Decimal("25.50"), "2026-02")
    assert f"Dispute {dispute.pk} (2026-01): As promised" in moved.cause
    assert done.entry == AuditEntry.objects.get(action="adjust")
    assert changes_of([fresh(dispute)]) == {dispute.pk: ("USD", Decimal("25.50"))}


def test_a_refused_adjustment_pays_nothing(desk: Desk, ann: User, olga: User, oleg: User) -> None:
    dispute = doubt(desk, ann)
    with pytest.raises(DomainError, match="more decimals"):
        accept_with_adjustment(
            dispute=dispute, amount=Decimal("0.001"), answer="Yes", by=olga, at=later()
        )
    remedy = accept_with_adjustment(
        dispute=dispute, amount=Decimal(20), answer="Yes", by=olga, at=later()
    )
    for _ in range(2):
        refuse_adjustment(remedy=remedy, by=oleg, at=later(), answer="No")
    with pytest.raises(DomainError, match="was refused by oleg"):
        approve_adjustment(remedy=remedy, by=oleg, at=later())
    assert fresh(dispute).state == "open"
    assert not Transfer.objects.filter(origin="adjustment").exists()


def test_an_owner_is_set_once_and_closed_ones_stay(desk: Desk, ann: User, olga: User) -> None:
    dispute = doubt(desk, ann)
    for _ in range(2):
        hand_to(dispute=dispute, owner=olga, by=olga, at=later())
    assert [m.text for m in dispute.messages.all()] == ["Now with olga."]
    hand_to(dispute=dispute, role="payroll", by=olga, at=later())
    assert (fresh(dispute).owner, fresh(dispute).role) == (None, "payroll")
    close_dispute(dispute=dispute, answer="No", by=olga, at=later())
    with pytest.raises(DomainError, match="is closed"):
        hand_to(dispute=dispute, owner=olga, by=olga, at=later())


# --- thread and files


def test_what_is_said_stays_and_twice_is_once(desk: Desk, ann: User) -> None:
    dispute = doubt(desk, ann)
    for _ in range(2):
        say(dispute=dispute, text=" See page 2 ", by=ann, at=later())
    assert [m.text for m in dispute.messages.all()] == ["See page 2"]
    with pytest.raises(DomainError, match="write a message first"):
        say(dispute=dispute, text=" ", by=ann, at=later())
    with pytest.raises(DomainError, match="5,000 are taken"):
        say(dispute=dispute, text="a" * 5001, by=ann, at=later())
    with pytest.raises(ProgrammingError), transaction.atomic():
        DisputeMessage.objects.update(text="Another")


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("page.pdf", b"%PDF-1.7 x", "PDF"),
        ("C:\\docs\\shot.png", b"\x89PNG\r\n\x1a\nx", "picture"),
        ("photo.HEIC", b"\x00\x00\x00\x18ftypheic", "picture"),
        ("list.xlsx", b"PK\x03\x04x", "workbook"),
        ("list.csv", b"a;b\n1;2", "table"),
    ],
)
def test_files_are_kept_once(desk: Desk, ann: User, name: str, content: bytes, kind: str) -> None:
    dispute = doubt(desk, ann)
    for _ in range(2):
        made = add_file(dispute=dispute, name=name, content=content, by=ann, at=later())
    assert (made.kind, made.name) == (kind, name.rpartition("\\")[2])
    assert DisputeFile.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("run.exe", b"MZ\x90", "of a kind that is not taken"),
        ("page.pdf", b"MZ\x90", "of a kind that is not taken"),
        ("page.txt", b"<html>", "of a kind that is not taken"),
        ("macro.zip", b"PK\x03\x04", "of a kind that is not taken"),
        ("none.pdf", b"", "is empty"),
        ("big.pdf", b"%PDF-" + b"x" * LARGEST, "larger than 10 MB"),
    ],
)
def test_other_files_are_refused_with_a_sentence(
    desk: Desk, ann: User, name: str, content: bytes, said: str
) -> None:
    with pytest.raises(DomainError, match=said):
        add_file(dispute=doubt(desk, ann), name=name, content=content, by=ann, at=later())
    assert not DisputeFile.objects.exists()


def test_ten_files_are_enough(desk: Desk, ann: User) -> None:
    dispute = doubt(desk, ann)
    for number in range(10):
        content = f"%PDF-{number}".encode()
        add_file(dispute=dispute, name="a.pdf", content=content, by=ann, at=later())
    with pytest.raises(DomainError, match="10 files belong"):
        add_file(dispute=dispute, name="b.pdf", content=b"%PDF-x", by=ann, at=later())


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        (date(2026, 7, 3), 1, date(2026, 7, 6)),
        (date(2026, 7, 6), 5, date(2026, 7, 13)),
        (date(2026, 7, 4), 250, date(2027, 6, 18)),
    ],
)
def test_working_days_after(tenant: Tenant, start: date, days: int, end: date) -> None:
    assert working_day_after(start, days) == end
