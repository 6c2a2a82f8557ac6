"""Two who move money at once, over real connections: nothing twice, nothing lost, no deadlock."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction

from incentives.adjust import Adjustment, adjust
from incentives.debts import open_debts
from incentives.ledger import balances, check_identity
from incentives.models import Transfer
from org.errors import DomainError
from org.tenancy import enter
from payroll import by_hand
from payroll.batch import approve, prepare
from payroll.models import PayBatch, PayLine, PayrollProfile
from payroll.run import run
from tests.factories import AT, make_member
from tests.payroll.cast import Cast, D, make_cast

Verb = Callable[[], Any]


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    """The cast, committed, so that other connections see it."""
    return make_cast()


def overlapping(cast: Cast, first: Verb, second: Verb) -> list[str]:
    """Do one verb and, before it is committed, begin another; what became of each.

    The second has to wait: the money lock is the first thing that it takes.
    """
    done, go_on = threading.Event(), threading.Event()
    outcomes = ["did not end", "did not end"]

    def work(number: int, verb: Verb) -> None:
        try:
            with enter(cast.tenant.pk):
                verb()
                if number == 0:
                    done.set()
                    go_on.wait(20)
            outcomes[number] = "done"
        except DomainError as refusal:
            outcomes[number] = str(refusal)
        finally:
            done.set()
            connection.close()

    threads = [
        threading.Thread(target=work, args=[number, verb])
        for number, verb in enumerate([first, second])
    ]
    threads[0].start()
    assert done.wait(20)
    threads[1].start()
    threads[1].join(0.5)
    assert threads[1].is_alive(), "the second verb did not wait for the first"
    go_on.set()
    for thread in threads:
        thread.join(30)
    with enter(cast.tenant.pk):
        assert check_identity() == []
        _lines_are_what_was_paid()
    return outcomes


def _lines_are_what_was_paid() -> None:
    paid = Transfer.objects.filter(origin="pay_run", to_account="paid")
    lines = PayLine.objects.values_list("transfer", flat=True)
    assert sorted(lines) == sorted(paid.values_list("pk", flat=True))


def paid(cast: Cast) -> Any:
    with enter(cast.tenant.pk):
        return sum((b.paid for b in balances()), D(0))


def draft(cast: Cast, period: Any = None) -> PayBatch:
    with enter(cast.tenant.pk):
        return prepare(pay_group=cast.agents, period=period or cast.june, by=cast.pia, at=AT)


def paying(cast: Cast, batch: PayBatch) -> Verb:
    return lambda: approve(batch=batch, by=cast.otto, at=AT)


def grant(cast: Cast, *args: Any, **fields: Any) -> None:
    with enter(cast.tenant.pk):
        cast.grant(*args, **fields)


def test_two_pay_runs_of_one_period(cast: Cast) -> None:
    grant(cast, cast.ann, "100")
    with enter(cast.tenant.pk):
        PayrollProfile.objects.create(code="csv", spec={"extends": "generic_csv"})
        other = make_member(cast.tenant)

    def pay(by: Any) -> Verb:
        return lambda: run(periods=[cast.june], profile="csv", by=by, approved_by=cast.otto, at=AT)

    first, second = overlapping(cast, pay(cast.pia), pay(other))
    assert first == "done"
    assert "is already paid" in second
    assert paid(cast) == 100


def test_a_refusal_during_a_pay_run(cast: Cast) -> None:
    grant(cast, cast.ann, "100")
    with enter(cast.tenant.pk):
        line = approve(batch=draft(cast), by=cast.otto, at=AT).batch.lines.get()
    grant(cast, cast.ann, "15")

    def refuse() -> None:
        by_hand.refuse(lines=[line], reason="Unknown id", by=cast.pia, at=AT)

    assert overlapping(cast, paying(cast, draft(cast, cast.july)), refuse) == ["done", "done"]
    with enter(cast.tenant.pk):
        assert cast.stands(cast.ann) == {"due": "100.00", "paid": "15.00"}
        third = approve(batch=draft(cast), by=cast.otto, at=AT)
        assert [(row.amount, row.replaces) for row in third.batch.lines.all()] == [(D(100), line)]


def test_a_pay_run_during_a_refusal(cast: Cast) -> None:
    grant(cast, cast.ann, "100")
    with enter(cast.tenant.pk):
        line = approve(batch=draft(cast), by=cast.otto, at=AT).batch.lines.get()
    grant(cast, cast.ann, "15")

    def refuse() -> None:
        by_hand.refuse(lines=[line], reason="Unknown id", by=cast.pia, at=AT)

    batch = draft(cast, cast.july)
    assert overlapping(cast, refuse, paying(cast, batch)) == ["done", "done"]
    with enter(cast.tenant.pk):
        assert cast.stands(cast.ann) == {"paid": "115.00"}
        assert {row.replaces for row in batch.lines.all()} == {line}


def test_one_line_refused_by_two(cast: Cast) -> None:
    grant(cast, cast.ann, "100")
    with enter(cast.tenant.pk):
        line = approve(batch=draft(cast), by=cast.otto, at=AT).batch.lines.get()

    def refuse() -> None:
        by_hand.refuse(lines=[line], reason="Unknown id", by=cast.pia, at=AT)

    first, second = overlapping(cast, refuse, refuse)
    assert first == "done"
    assert "was refused already" in second
    assert paid(cast) == 0


@pytest.mark.parametrize("amount", ["40", "-40"])
def test_an_adjustment_during_a_pay_run(cast: Cast, amount: str) -> None:
    grant(cast, cast.ann, "100")

    def more() -> None:
        one = Adjustment(person=cast.ann, amount=D(amount), period=cast.june, reason="Fair")
        adjust(adjustments=[one], by=cast.pia, approved_by=cast.otto, at=AT)

    assert overlapping(cast, paying(cast, draft(cast)), more) == ["done", "done"]
    with enter(cast.tenant.pk):
        assert cast.stands(cast.ann) == {"paid": "100.00", "due": f"{amount}.00"}
        approve(batch=draft(cast), by=cast.otto, at=AT)
        assert cast.stands(cast.ann) == (
            {"paid": "140.00"} if amount == "40" else {"paid": "100.00", "owed": "40.00"}
        )


@pytest.mark.parametrize("cheque_first", [True, False])
def test_a_cheque_and_a_pay_run_never_pay_the_same(cast: Cast, cheque_first: bool) -> None:
    grant(cast, cast.ann, "100")

    def cheque() -> None:
        by_hand.paid_outside(
            person=cast.ann,
            amount=D(100),
            reason="Cheque",
            by=cast.pia,
            approved_by=cast.otto,
            at=AT,
        )

    verbs = [cheque, paying(cast, draft(cast))]
    first, second = overlapping(cast, *(verbs if cheque_first else verbs[::-1]))
    assert first == "done"
    assert ("Nothing is due" if cheque_first else "Only 0.00 USD is due") in second
    assert paid(cast) == 100


def test_a_debt_written_off_while_it_is_recovered(cast: Cast) -> None:
    grant(cast, cast.ann, "-80", earned_period=cast.may.pk)
    with enter(cast.tenant.pk):
        approve(batch=draft(cast), by=cast.otto, at=AT)
    grant(cast, cast.ann, "50")

    def write_off() -> None:
        by_hand.write_off(
            person=cast.ann, amount=None, reason="Left", by=cast.pia, approved_by=cast.otto, at=AT
        )

    assert overlapping(cast, paying(cast, draft(cast)), write_off) == ["done", "done"]
    with enter(cast.tenant.pk):
        assert cast.stands(cast.ann) == {"lost": "-30.00"}
        assert open_debts(person=cast.ann.pk) == []


def test_a_stop_during_a_pay_run_holds_from_the_next_on(cast: Cast) -> None:
    grant(cast, cast.ann, "50")

    def stop() -> None:
        by_hand.stop(person=cast.ann, reason="Dispute", by=cast.pia, at=AT)

    assert overlapping(cast, paying(cast, draft(cast)), stop) == ["done", "done"]
    grant(cast, cast.ann, "7")
    stopped = pytest.raises(DomainError, match=r"Stopped.*Dispute")
    with enter(cast.tenant.pk), stopped, transaction.atomic():
        approve(batch=draft(cast), by=cast.otto, at=AT)
    assert paid(cast) == 50


def test_a_booking_during_a_pay_run_waits_for_the_next(cast: Cast) -> None:
    """Finalising takes no money lock: what it books while a batch is paid is not lost."""
    grant(cast, cast.ann, "50")
    batch = draft(cast)
    with enter(cast.tenant.pk):
        done = approve(batch=batch, by=cast.otto, at=AT)
        thread = threading.Thread(target=_book, args=[cast])
        thread.start()
        thread.join(20)
    assert done.contents.total == 50
    with enter(cast.tenant.pk):
        assert cast.stands(cast.ann) == {"paid": "50.00", "due": "9.00"}


def _book(cast: Cast) -> None:
    try:
        with enter(cast.tenant.pk):
            cast.grant(cast.ann, "9")
    finally:
        connection.close()
