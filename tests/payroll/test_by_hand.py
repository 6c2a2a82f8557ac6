"""What is moved by hand: adjustments, openings, refusals, cheques, stops, debts written off."""

from __future__ import annotations

import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError, transaction

from incentives.adjust import Adjustment, adjust
from incentives.debts import open_debts
from incentives.ledger import booked, check_identity
from incentives.models import Component, PlanPeriod, PlanVersion, Transfer
from incentives.opening import open_balances
from org.errors import DomainError
from org.models import AuditEntry, Membership, PayGroup
from org.sql import fetch
from payroll import by_hand
from payroll.batch import Approved, approve, prepare
from payroll.models import PayLine, PayrollProfile, PayStop
from payroll.write import write_file
from tests.factories import AT, make_plan
from tests.payroll.cast import Cast, D


def pay(cast: Cast, **more: Any) -> Approved:
    period = more.pop("period", cast.june)
    batch = prepare(pay_group=cast.agents, period=period, by=cast.pia, at=AT, **more)
    return approve(batch=batch, by=cast.otto, at=AT)


def command(cast: Cast, name: str, *words: Any, alone: bool = False) -> str:
    out = io.StringIO()
    second = [] if alone else ["--approved-by", cast.otto.username]
    call_command(
        name, cast.tenant.code, *map(str, words), "--by", cast.pia.username, *second, stdout=out
    )
    assert check_identity() == []
    return out.getvalue()


def refused(cast: Cast, name: str, *words: Any, alone: bool = False) -> str:
    with pytest.raises(CommandError) as refusal, transaction.atomic():
        command(cast, name, *words, alone=alone)
    return str(refusal.value)


# -- adjustments ----------------------------------------------------------------------------------


def test_an_adjustment_is_an_earning_of_its_own(cast: Cast) -> None:
    """Adjustment +200, recalculated 1,000 → 1,500: 1,700, because it is never part of should."""
    cast.grant(cast.ann, "1000")
    said = command(cast, "adjust", cast.ann.code, "200", "--period", "2026-06", "--reason", "Fair")
    assert "Ann Abel, 2026-06: 200.00 USD" in said
    rows = fetch(booked(plan=cast.plan.pk, earned_period=cast.june.pk))
    assert [row[-1] for row in rows] == [D(1000)]
    cast.grant(cast.ann, "500")
    assert cast.stands(cast.ann) == {"due": "1700.00"}
    row = Transfer.objects.get(origin="adjustment")
    entry = AuditEntry.objects.get(action="adjust")
    assert (row.component, row.grain, row.plan) == ("adjustment", f"adjustment {entry.pk}", None)
    assert f"approved by {cast.otto}: Fair" in row.cause
    assert row.by == cast.pia
    done = pay(cast)
    assert sorted((line.earning_type, line.amount) for line in done.batch.lines.all()) == [
        ("adjustment", D(200)),
        ("commission", D(1500)),
    ]


def test_an_adjustment_below_zero_is_an_overpayment_where_nothing_is_due(cast: Cast) -> None:
    command(cast, "adjust", cast.ann.code, "-30.50", "--period", "2026-05", "--reason", "Twice")
    pay(cast)
    (debt,) = open_debts(person=cast.ann.pk)
    assert (debt.kind, debt.open) == ("overpayments", D("30.50"))


def test_an_adjustment_with_a_plan_nets_within_its_period(cast: Cast) -> None:
    cast.grant(cast.ann, "100", earned_period=cast.may.pk)
    PayGroup.objects.update(recover=0)
    words = ("-30", "--period", "2026-05", "--plan", cast.plan.code, "--reason", "Twice")
    command(cast, "adjust", cast.ann.code, *words)
    assert pay(cast).contents.total == D(70)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["ann", "0"], "moves nothing"),
        (["ann", "10.005"], "more decimals than USD has"),
        (["ann", "1000000000000000"], "Is a decimal point missing?"),
        (["ann", "10", "--reason", " "], "it needs a reason"),
        (["nobody", "10"], "Nobody has the personnel number “nobody”"),
        (["ann", "10", "--period", "2031-01"], "no period is called “2031-01”"),
        (["ann", "10", "--currency", "USB"], "Nothing here is paid in USB. Known are USD"),
        (["ann", "10", "--plan", "x"], "No plan has the code “x”"),
        (["ann", "10", "--earning-type", "x" * 61], "1 to 60 characters"),
        (["ann"], "An adjustment needs amount"),
    ],
)
def test_an_adjustment_that_cannot_be_booked(cast: Cast, words: list[str], sentence: str) -> None:
    cast.ann.code = "ann"
    cast.ann.save()
    given = ["--period", "2026-06", "--reason", "Because"]
    assert sentence in refused(cast, "adjust", *words[:2], *given, *words[2:])
    assert not Transfer.objects.exists()


@pytest.mark.parametrize("name", ["adjust", "paid-outside", "write-off"])
def test_money_by_hand_takes_two_people_and_a_reason(cast: Cast, name: str) -> None:
    more = ["--period", "2026-06"] if name == "adjust" else []
    words = [cast.ann.code, "10", *more]
    assert "a second person approves" in refused(cast, name, *words, "--reason", "x", alone=True)
    same = ["--reason", "x", "--approved-by", cast.pia.username]
    assert "cannot both ask for this and approve it" in refused(
        cast, name, *words, *same, alone=True
    )
    assert "reason" in refused(cast, name, *words)
    Membership.objects.filter(user=cast.otto).update(person=cast.ann)
    assert "nobody approves what moves their own pay" in refused(
        cast, name, *words, "--reason", "x"
    )


def test_adjustments_by_file_once(cast: Cast, tmp_path: Path) -> None:
    file = tmp_path / "adjustments.csv"
    file.write_text(
        "person,amount,period,reason,earning_type\n"
        f"{cast.ann.code},12.50,2026-06,Contest,prize\n{cast.bo.code},-5,2026-05,Twice,\n"
    )
    assert "2 adjustments booked" in command(cast, "adjust", "--file", file)
    assert cast.stands(cast.ann) == {"due": "12.50"}
    assert cast.stands(cast.bo) == {"due": "-5.00"}
    assert "was booked already, by pia" in refused(cast, "adjust", "--file", file)


def test_a_file_with_a_mistake_books_nothing(cast: Cast, tmp_path: Path) -> None:
    file = tmp_path / "adjustments.csv"
    file.write_text(
        f"person,amount,period,reason\n{cast.ann.code},1,2026-06,Fine\n"
        f"nobody,x,2026-13,\n{cast.ann.code},1.001,2026-06,Fine\n"
    )
    said = refused(cast, "adjust", "--file", file)
    assert "line 3: person: no person is called “nobody”" in said
    assert "line 3: amount: “x” is no number" in said
    assert "line 3: period: no period is called “2026-13”" in said
    assert not Transfer.objects.exists()


# -- opening balances -----------------------------------------------------------------------------


@pytest.fixture
def component(cast: Cast) -> Component:
    version = PlanVersion.objects.create(
        plan=cast.plan, number=1, in_force=date(2026, 1, 1), created_at=AT
    )
    return Component.objects.create(version=version, name="commission", earning_type="comm")


def opening(cast: Cast, tmp_path: Path, *lines: str) -> Path:
    file = tmp_path / "opening.csv"
    header = "person,account,amount,plan,component,period,due_on"
    file.write_text("\n".join([header, *lines]).replace("ann", cast.ann.code) + "\n")
    return file


def test_16_opening_balances(cast: Cast, component: Component, tmp_path: Path) -> None:
    """14,000.00 booked to date and 600.00 of a draw owed; July earns 1,500.00 and pays 900.00."""
    file = opening(
        cast,
        tmp_path,
        "ann,paid,14000,sales,commission,2026-06,",
        "ann,owed,600,,draw,,",
        "ann,held,250,sales,commission,2026-06,2026-09-30",
    )
    said = command(cast, "opening", file)
    assert "3 balances opened" in said
    assert "paid: 14,000.00" in said
    assert cast.stands(cast.ann) == {"held": "250.00", "owed": "600.00", "paid": "14600.00"}
    assert {t.earning_type for t in Transfer.objects.filter(plan=cast.plan)} == {"comm"}
    assert "0 balances opened, 3 known already" in command(cast, "opening", file)
    cast.grant(cast.ann, "1500", earned_period=cast.july.pk)
    assert pay(cast, period=cast.july).contents.total == D(900)
    assert cast.stands(cast.ann) == {"held": "250.00", "paid": "15500.00"}


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("ann,held,10,sales,commission,2026-06,", "held needs due_on, the day on which it becomes"),
        ("ann,paid,10,,,,", "paid needs plan, component, period"),
        ("ann,payed,10,sales,commission,2026-06,", "no account is called “payed”"),
        ("ann,paid,-10,sales,commission,2026-06,", "moves nothing"),
        ("ann,paid,10,sails,commission,2026-06,", "no plan is called “sails” (nearest: “sales”)"),
        ("ann,paid,10,sales,comission,2026-06,", "(nearest: “commission”)"),
        ("ann,paid,10,sales,commission,2026-08,", "no period is called “monthly:2026-08”"),
        ("ann,owed,10,,loan,,", "no debt is called “loan”"),
        ("ann,paid,10,sales,commission,2026-05,", "is final here"),
        (
            "ann,paid,10,sales,commission,2026-06,\nann,paid,10,sales,commission,2026-06,",
            "line 3: is the same balance as line 2",
        ),
    ],
)
def test_an_opening_balance_that_cannot_be(
    cast: Cast, component: Component, tmp_path: Path, line: str, sentence: str
) -> None:
    PlanPeriod.objects.create(plan=cast.plan, period=cast.may, final_at=AT)
    make_plan(cast.calendar, "other")
    assert sentence in refused(cast, "opening", opening(cast, tmp_path, line))
    assert not Transfer.objects.exists()


def test_an_opening_balance_stays(cast: Cast, component: Component, tmp_path: Path) -> None:
    command(cast, "opening", opening(cast, tmp_path, "ann,owed,600,,draw,,"))
    said = refused(cast, "opening", opening(cast, tmp_path, "ann,owed,700,,draw,,"))
    assert "was opened with 600.00, and is 700.00 here" in said


def test_nobody_opens_balances_alone(cast: Cast, component: Component) -> None:
    with pytest.raises(DomainError, match="a second person approves"):
        open_balances(content=b"x", file="x", by=cast.pia, approved_by=None, at=AT)


# -- refusals and payments made elsewhere ---------------------------------------------------------


def test_a_refused_line_comes_back_and_is_paid_by_a_line_that_names_it(cast: Cast) -> None:
    cast.grant(cast.ann, "1200")
    cast.grant(cast.bo, "5")
    first = pay(cast)
    old = first.batch.lines.get(person=cast.ann)
    said = command(cast, "refuse", "2026-06", cast.ann.code, "--reason", "Unknown id", alone=True)
    assert "1 line of agents 2026-06 #1 taken back, 1,200.00 USD due again" in said
    assert cast.stands(cast.ann) == {"due": "1200.00"}
    back = Transfer.objects.get(origin="refusal")
    assert (back.about, back.earned_period) == (old.transfer, cast.june)
    assert "refused already" in refused(
        cast, "refuse", "2026-06", cast.ann.code, "--reason", "x", alone=True
    )
    command(cast, "paid-outside", cast.ann.code, "500", "--reason", "Cheque 1023")
    second = pay(cast, period=cast.july)
    new = second.batch.lines.get()
    assert (new.amount, new.replaces) == (D(700), old)
    by_hand.refuse(lines=[new], reason="Again", by=cast.pia, at=AT)
    third = pay(cast, period=cast.july)
    assert third.batch.lines.get().replaces == new


def test_only_lines_that_are_there_can_be_refused(cast: Cast) -> None:
    def words(*more: Any) -> str:
        return refused(cast, "refuse", "2026-06", cast.ann.code, "--reason", "x", *more, alone=True)

    assert "No batch of 2026-06 is approved" in words()
    cast.grant(cast.bo, "5")
    done = pay(cast)
    assert f"Ann Abel ({cast.ann.code}) has no line in agents 2026-06 #1" in words()
    assert "No batch 7 of 2026-06" in words("--batch", "7")
    cast.grant(cast.ann, "5")
    pay(cast)
    line = done.batch.lines.get()
    assert f"Line {line.pk} is not one of Ann Abel" in words("--line", line.pk)
    with pytest.raises(DomainError, match="needs a reason"):
        by_hand.refuse(lines=[line], reason="", by=cast.pia, at=AT)


def test_the_database_lets_a_payment_be_refused_once(cast: Cast) -> None:
    cast.grant(cast.ann, "5")
    line = pay(cast).batch.lines.get()
    by_hand.refuse(lines=[line], reason="Unknown id", by=cast.pia, at=AT)
    row = Transfer.objects.get(origin="refusal")
    row.pk = None
    with pytest.raises(IntegrityError, match="refused_once"), transaction.atomic():
        row.save(force_insert=True)


def test_a_file_with_refused_lines_is_not_written_again(cast: Cast) -> None:
    profile = PayrollProfile.objects.create(code="csv", spec={"extends": "generic_csv"})
    cast.grant(cast.ann, "5")
    batch = pay(cast).batch
    write_file(batch=batch, profile=profile, by=cast.pia, at=AT)
    by_hand.refuse(lines=list(batch.lines.all()), reason="No", by=cast.pia, at=AT)
    with pytest.raises(DomainError, match="could pay them twice"):
        write_file(batch=batch, profile=profile, by=cast.pia, at=AT, reissue=True)


def test_a_cheque_meets_the_oldest_earning_and_no_more_than_is_due(cast: Cast) -> None:
    cast.grant(cast.ann, "100", earned_period=cast.may.pk)
    cast.grant(cast.ann, "50")
    cast.grant(cast.ann, "-20", component="cards")
    assert "Only 130.00 USD is due to Ann Abel" in refused(
        cast, "paid-outside", cast.ann.code, "130.01", "--reason", "Cheque"
    )
    command(cast, "paid-outside", cast.ann.code, "120", "--reason", "Cheque 7")
    moved = Transfer.objects.filter(to_account="paid").order_by("id")
    assert [(t.earned_period.code, t.amount) for t in moved] == [
        ("2026-05", D(100)),
        ("2026-06", D(20)),
    ]
    assert not PayLine.objects.exists()
    assert pay(cast).contents.total == D(10)


# -- stopping, writing off ------------------------------------------------------------------------


def test_a_stopped_person_is_left_alone_and_named(cast: Cast) -> None:
    PayGroup.objects.update(draw=1800)
    cast.agents.refresh_from_db()
    cast.grant(cast.ann, "-5", earned_period=cast.may.pk)
    cast.grant(cast.ann, "100")
    assert "until resumed" in command(
        cast, "stop", cast.ann.code, "--reason", "Garnishment", alone=True
    )
    with pytest.raises(DomainError, match="needs somebody who does it"):
        by_hand.stop(person=cast.bo, reason="Dispute", by=None, at=AT)
    assert "is stopped already, by pia" in refused(
        cast, "stop", cast.ann.code, "--reason", "x", alone=True
    )
    done = pay(cast)
    assert done.contents.people == 1
    assert cast.stands(cast.ann) == {"due": "95.00"}
    assert "Nothing is paid: stopped. Garnishment" in command_of(cast, "balance", cast.ann.code)
    command(cast, "resume", cast.ann.code, "--reason", "Settled", alone=True)
    assert "is not stopped" in refused(cast, "resume", cast.ann.code, "--reason", "x", alone=True)
    row = PayStop.objects.get()
    assert (row.by, row.resumed_by, row.resumed_because) == (cast.pia, cast.pia, "Settled")
    assert pay(cast).contents.total == D(95)


def command_of(cast: Cast, name: str, *words: str) -> str:
    out = io.StringIO()
    call_command(name, cast.tenant.code, *words, stdout=out)
    return out.getvalue()


def test_24_a_debt_beyond_the_last_pay_is_written_off_by_approval(cast: Cast) -> None:
    cast.ann.employments.update(valid_to=date(2026, 5, 11))
    cast.grant(cast.ann, "-400", component="cards", earned_period=cast.may.pk)
    pay(cast)
    cast.grant(cast.ann, "300", earned_period=cast.july.pk)
    done = pay(cast, period=cast.july)
    assert (done.contents.lines, cast.stands(cast.ann)) == (0, {"owed": "100.00"})
    assert "owes 100.00 USD, not 100.01 USD" in refused(
        cast, "write-off", cast.ann.code, "100.01", "--reason", "Left"
    )
    assert "40.00 USD written off" in command(
        cast, "write-off", cast.ann.code, "40", "--reason", "Left"
    )
    command(cast, "write-off", cast.ann.code, "--reason", "Left")
    assert cast.stands(cast.ann) == {"lost": "-100.00"}
    assert open_debts(person=cast.ann.pk) == []
    assert "owes 0.00 USD" in refused(cast, "write-off", cast.ann.code, "--reason", "Left")


# -- balance --------------------------------------------------------------------------------------


def test_a_balance_tells_everything(cast: Cast) -> None:
    cast.grant(cast.ann, "616.00")
    cast.grant(cast.ann, "264.00", to="held", due_on=date(2026, 9, 30))
    cast.grant(cast.ann, "10", currency="JPY")
    pay(cast)
    found = json.loads(command_of(cast, "balance", cast.ann.code, "--json"))
    yen, dollars = found["accounts"]
    assert (yen["currency"], yen["granted"], yen["due"]) == ("JPY", "10.00", "10.00")
    names = ("granted", "held", "due", "owed", "paid", "lost")
    assert [dollars[n] for n in names] == ["880.00", "264.00", "0.00", "0.00", "616.00", "0.00"]
    assert [step["what"].split(" by ")[0] for step in dollars["history"]] == [
        "earned",
        "earned, held",
        "paid",
    ]
    text = command_of(cast, "balance", cast.ann.code)
    assert (
        "USD: granted 880.00 = held 264.00 + due 0.00 + paid 616.00 + lost 0.00 − owed 0.00" in text
    )
    assert "JPY: granted 10 =" in text
    assert "earned, held (sales.commission 2026-06, due on 2026-09-30)" in text
    assert "  holds 264.00 (sales.commission 2026-06, due on 2026-09-30)" in text
    (hold,) = dollars["holds"]
    assert (hold["amount"], hold["due_on"]) == ("264.00", "2026-09-30")
    assert "Nothing has been earned" in command_of(cast, "balance", cast.bo.code)


def test_many_adjustments_at_once_name_their_line(cast: Cast) -> None:
    rows = [
        Adjustment(person=person, amount=D(5), period=cast.june, reason="Prize")
        for person in (cast.ann, cast.bo)
    ]
    entry = adjust(adjustments=rows, by=cast.pia, approved_by=cast.otto, at=AT)
    grains = Transfer.objects.order_by("id").values_list("grain", flat=True)
    assert list(grains) == [f"adjustment {entry.pk}/1", f"adjustment {entry.pk}/2"]
