"""The pay run by the rule of the pay group: draws, recovery, minimum, leavers, order of debts."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import transaction

from incentives.debts import open_debts
from incentives.ledger import Entry, check_identity, post
from incentives.models import Transfer
from org.errors import DomainError
from org.models import PayGroup, Period, Person
from payroll.batch import Approved, approve, prepare
from payroll.models import PayLine
from payroll.run import draft
from tests.factories import AT, make_employment, make_month, make_person
from tests.payroll.cast import Cast, D


def rule(cast: Cast, **fields: Any) -> None:
    """Give the group a pay rule: percents and amounts as text."""
    exact = {
        n: D(v) if n in ("draw", "recover", "minimum", "protect_amount") else v
        for n, v in fields.items()
    }
    PayGroup.objects.filter(pk=cast.agents.pk).update(**exact)
    cast.agents.refresh_from_db()


def pay(cast: Cast, period: Period | None = None, **more: Any) -> Approved:
    cast.agents.refresh_from_db()
    batch = prepare(pay_group=cast.agents, period=period or cast.june, by=cast.pia, at=AT, **more)
    done = approve(batch=batch, by=cast.otto, at=AT)
    assert check_identity() == []
    return done


def paid_to(done: Approved, person: Person) -> str:
    lines = PayLine.objects.filter(batch=done.batch, person=person)
    return f"{sum((line.amount for line in lines), D(0)):.2f}"


def owed(cast: Cast, person: Person) -> str:
    return cast.stands(person).get("owed", "0.00")


DRAW = {"draw": "1800", "recover": "0.5", "protect": "draw"}


def test_7_a_recoverable_draw(cast: Cast) -> None:
    """The four months of the scenario, then what the balance is made of."""
    rule(cast, **DRAW)
    cast.bo.employments.update(valid_to=date(2026, 1, 1))
    months = [make_month(cast.calendar, 2027, month) for month in (1, 2, 3, 4)]
    found = []
    for month, earned in zip(months, ("1250", "2600", "900", "3400"), strict=True):
        cast.grant(cast.ann, earned, earned_period=month.pk)
        done = pay(cast, month)
        found.append((paid_to(done, cast.ann), owed(cast, cast.ann)))
    assert found == [
        ("1800.00", "550.00"),
        ("2200.00", "150.00"),
        ("1800.00", "1050.00"),
        ("2600.00", "250.00"),
    ]
    (debt,) = open_debts(person=cast.ann.pk)
    assert (debt.kind, debt.amount, debt.open) == ("draws", D(900), D(250))
    assert "pay topped up to the draw, a loan" in debt.cause


def test_a_difference_becomes_a_debt_first(cast: Cast) -> None:
    """Earned 2,000, difference -500, draw 1,800, recover 50 %: pays 1,900.00, still owes 400.00."""
    rule(cast, **DRAW)
    cast.grant(cast.ann, "2000")
    cast.grant(cast.ann, "-500", earned_period=cast.may.pk)
    assert paid_to(pay(cast), cast.ann) == "1900.00"
    assert owed(cast, cast.ann) == "400.00"


def test_netting_first_pays_the_draw_only(cast: Cast) -> None:
    rule(cast, **DRAW, negative="net")
    cast.grant(cast.ann, "2000")
    cast.grant(cast.ann, "-500", earned_period=cast.may.pk)
    assert paid_to(pay(cast), cast.ann) == "1800.00"
    assert owed(cast, cast.ann) == "300.00"


def test_what_is_below_zero_in_the_same_period_is_no_debt(cast: Cast) -> None:
    """A sale that came late raises its line and lowers the guarantee's top-up: nothing to pay."""
    rule(cast, **DRAW)
    for month in (cast.may, cast.june):
        cast.grant(cast.ann, "300", component="sales", earned_period=month.pk)
        cast.grant(cast.ann, "-300", component="guarantee", earned_period=month.pk)
    cast.grant(cast.ann, "2400")
    done = pay(cast)
    assert (paid_to(done, cast.ann), owed(cast, cast.ann)) == ("2400.00", "0.00")
    assert (done.contents.netted, done.contents.carried) == (D(600), D(0))
    assert open_debts(person=cast.ann.pk) == []


def test_the_draw_is_for_those_employed_at_the_end_and_on_the_pay_date(cast: Cast) -> None:
    rule(cast, draw="1800", recover="0.5", protect="draw")
    Period.objects.filter(pk=cast.june.pk).update(pay_date=date(2026, 7, 10))
    cast.june.refresh_from_db()
    new, gone = make_person("New"), make_person("Gone")
    make_employment(new, cast.agents, valid_from=date(2026, 7, 2))
    make_employment(gone, cast.agents, valid_to=date(2026, 7, 3))
    done = pay(cast)
    assert paid_to(done, cast.ann) == paid_to(done, cast.bo) == "1800.00"
    assert paid_to(done, new) == paid_to(done, gone) == "0.00"
    assert {line.earning_type for line in done.batch.lines.all()} == {"draw"}


def test_the_draw_comes_once_a_pay_period(cast: Cast) -> None:
    rule(cast, **DRAW)
    cast.grant(cast.ann, "900")
    assert paid_to(pay(cast), cast.ann) == "1800.00"
    cast.grant(cast.ann, "300", component="late")
    second = pay(cast)
    assert second.batch.off_cycle
    assert paid_to(second, cast.ann) == "150.00", "the draw was protected by the first batch"
    assert owed(cast, cast.ann) == "750.00"


def test_an_off_cycle_batch_before_the_run_pays_no_draw_and_has_its_own_day(cast: Cast) -> None:
    rule(cast, **DRAW)
    cast.grant(cast.ann, "900")
    first = pay(cast, off_cycle=True, pay_date=date(2026, 6, 12))
    assert (paid_to(first, cast.ann), paid_to(first, cast.bo)) == ("900.00", "0.00")
    assert first.batch.pay_date == date(2026, 6, 12)
    second = pay(cast)
    assert not second.batch.off_cycle
    assert (paid_to(second, cast.ann), paid_to(second, cast.bo)) == ("900.00", "1800.00")


def test_an_off_cycle_batch_can_be_for_one_person(cast: Cast) -> None:
    cast.grant(cast.ann, "900")
    cast.grant(cast.bo, "10")
    done = pay(cast, off_cycle=True, people=[cast.ann.pk])
    assert (paid_to(done, cast.ann), paid_to(done, cast.bo)) == ("900.00", "0.00")
    with pytest.raises(DomainError, match="Only an off-cycle batch"), transaction.atomic():
        pay(cast, people=[cast.ann.pk])
    assert paid_to(pay(cast), cast.bo) == "10.00"


def test_an_advance_is_not_taken_back_on_the_day_it_is_paid(cast: Cast) -> None:
    """Without protection older debts are met from what was earned, never from the advance."""
    rule(cast, draw="1800")
    cast.bo.employments.update(valid_to=date(2026, 1, 1))
    cast.grant(cast.ann, "-500", earned_period=cast.may.pk)
    cast.grant(cast.ann, "900")
    assert paid_to(pay(cast), cast.ann) == "1300.00"
    assert owed(cast, cast.ann) == "900.00"


def test_an_amount_can_be_protected(cast: Cast) -> None:
    rule(cast, recover="0.25", protect="amount", protect_amount="1000")
    cast.grant(cast.ann, "-5000", earned_period=cast.may.pk)
    cast.grant(cast.ann, "1000.07")
    done = pay(cast)
    assert paid_to(done, cast.ann) == "1000.06", "a part of a cent stays with the person"
    assert owed(cast, cast.ann) == "4999.99"


def test_what_is_under_the_minimum_waits(cast: Cast) -> None:
    rule(cast, minimum="50")
    cast.grant(cast.bo, "35.00")
    waits = r"all that is due waits(?s:.)*Bo Bern \(p\d+\) 35\.00"
    with pytest.raises(DomainError, match=waits), transaction.atomic():
        pay(cast)
    cast.grant(cast.ann, "-80.00")
    done = pay(cast)
    assert (done.contents.waits, done.contents.lines) == (D(35), 0)
    cast.grant(cast.bo, "40.00", earned_period=cast.july.pk)
    assert paid_to(pay(cast, cast.july), cast.bo) == "75.00"


def test_a_leavers_last_pay_is_not_too_small(cast: Cast) -> None:
    rule(cast, minimum="50")
    cast.ann.employments.update(valid_to=date(2026, 5, 11))
    cast.grant(cast.ann, "35.00")
    assert paid_to(pay(cast), cast.ann) == "35.00"


@pytest.mark.parametrize(
    ("leavers", "paid", "owes"),
    [
        ("repay_all_due", "50.00", "0.00"),
        ("recover", "300.00", "250.00"),
        ("write_off", "300.00", "250.00"),
    ],
)
def test_24_what_leavers_repay(cast: Cast, leavers: str, paid: str, owes: str) -> None:
    """Owes 250.00, due 300.00: all of it, or by the rule (here the draw is protected), or none."""
    rule(cast, **DRAW, leavers=leavers)
    cast.bo.employments.update(valid_to=date(2026, 1, 1))
    cast.grant(cast.ann, "-250", earned_period=cast.may.pk)
    cast.grant(cast.bo, "5.00")
    pay(cast, cast.june)
    assert owed(cast, cast.ann) == "2050.00"
    cast = _settle(cast)
    cast.ann.employments.update(valid_to=date(2026, 7, 11))
    cast.grant(cast.ann, "300", earned_period=cast.july.pk)
    done = pay(cast, cast.july)
    assert (paid_to(done, cast.ann), owed(cast, cast.ann)) == (paid, owes)


def _settle(cast: Cast) -> Cast:
    """Forgive the draw, so that the difference of 250.00 is what is owed."""
    draw = next(d for d in open_debts(person=cast.ann.pk) if d.kind == "draws")
    move(cast, "lost", "owed", f"{draw.open:.2f}", origin="waiver", about=draw.transfer)
    return cast


def move(cast: Cast, from_account: str, to_account: str, amount: str, **fields: Any) -> None:
    """One transfer of Ann's."""
    accounts = {"from_account": from_account, "to_account": to_account}
    entry = Entry(person=cast.ann.pk, currency="USD", amount=D(amount), **accounts, **fields)
    post([entry], by=None, at=AT)


@pytest.mark.parametrize(
    ("order", "left"),
    [
        ([], [("differences", "70.00"), ("overpayments", "20.00")]),
        (["overpayments", "differences"], [("draws", "50.00"), ("differences", "40.00")]),
        (
            ["differences"],
            [("differences", "10.00"), ("draws", "50.00"), ("overpayments", "30.00")],
        ),
    ],
)
def test_debts_are_repaid_in_the_rules_order(
    cast: Cast, order: list[str], left: list[tuple[str, str]]
) -> None:
    rule(cast, debts=order)
    for component, amount in (("draw", "50"), ("overpayment", "30")):
        move(cast, "owed", "paid", amount, origin="opening", component=component)
    cast.grant(cast.ann, "-70", earned_period=cast.may.pk)
    cast.grant(cast.ann, "60")
    pay(cast)
    assert sorted((d.kind, f"{d.open:.2f}") for d in open_debts(person=cast.ann.pk)) == sorted(left)


def test_each_repayment_names_its_debt(cast: Cast) -> None:
    cast.grant(cast.ann, "-70", earned_period=cast.may.pk)
    cast.grant(cast.ann, "-20", component="cards", earned_period=cast.may.pk)
    pay(cast)
    cast.grant(cast.ann, "80", earned_period=cast.july.pk)
    pay(cast, cast.july)
    back = Transfer.objects.filter(to_account="owed").order_by("id")
    assert [(t.amount, t.about.component) for t in back] == [
        (D(20), "cards"),
        (D(60), "commission"),
    ]


def test_a_draft_says_what_it_would_do_for_whom(cast: Cast) -> None:
    rule(cast, **DRAW)
    cast.grant(cast.ann, "2600")
    cast.grant(cast.ann, "-550", earned_period=cast.may.pk)
    (found,) = draft(periods=[cast.june], by=cast.pia, at=AT)
    ann = next(p for p in found.payees if p.name == "Ann Abel")
    assert (ann.due, ann.carried, ann.recovered, ann.paid, ann.owes) == (
        D(2050),
        D(550),
        D(400),
        D(2200),
        D(150),
    )
    assert not PayLine.objects.exists()
    done = approve(batch=found.batch, by=cast.otto, at=AT)
    assert done.payees == found.payees


def test_a_batch_keeps_the_rule_by_which_it_paid(cast: Cast) -> None:
    rule(cast, **DRAW)
    done = pay(cast)
    assert done.batch.rule is not None
    assert done.batch.rule["draw"] == "1800.000000"
    rule(cast, draw="0", protect="none")
    done.batch.refresh_from_db()
    assert done.batch.rule["draw"] == "1800.000000"
