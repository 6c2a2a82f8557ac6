"""Pay batches: two people, once, in the order of the pay rule, under the right employment."""

from __future__ import annotations

import threading
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.db.utils import DatabaseError, IntegrityError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from incentives.ledger import balances, check_identity
from incentives.models import Transfer
from org.errors import DomainError
from org.models import AuditEntry, Membership, PayGroup, Period, Person
from org.tenancy import enter
from payroll.batch import Approved, approve, discard, prepare
from payroll.models import PayBatch, PayLine
from payroll.queries import preview
from tests.factories import (
    AT,
    make_calendar,
    make_employment,
    make_month,
    make_pay_group,
    make_person,
)
from tests.payroll.cast import Cast, D, make_cast
from tests.seeds import examples


def pay(cast: Cast, period: Period | None = None, group: PayGroup | None = None) -> Approved:
    batch = prepare(pay_group=group or cast.agents, period=period or cast.june, by=cast.pia, at=AT)
    return approve(batch=batch, by=cast.otto, at=AT)


def lines(done: Approved) -> list[tuple[str, str, str, str]]:
    return [
        (
            line.employment.payroll_id,
            line.earning_type,
            line.earned_period.code,
            f"{line.amount:.2f}",
        )
        for line in done.batch.lines.order_by("id")
    ]


def test_what_is_due_is_paid_by_a_line_for_each_key(cast: Cast) -> None:
    cast.grant(cast.ann, "616.00")
    cast.grant(cast.ann, "264.00", to="held")
    cast.grant(cast.ann, "50.00", component="cards", earning_type="bonus")
    cast.grant(cast.bo, "30.00", earned_period=cast.may.pk)
    batch = prepare(pay_group=cast.agents, period=cast.june, by=cast.pia, at=AT)
    expected = preview(batch)
    assert not PayLine.objects.exists()
    done = approve(batch=batch, by=cast.otto, at=AT)
    assert done.contents == expected
    assert (expected.people, expected.lines, expected.total) == (2, 3, D("696.00"))
    assert expected.by_earning_type == (("bonus", D("50.00")), ("commission", D("646.00")))
    assert sorted(lines(done)) == [
        ("000077", "commission", "2026-05", "30.00"),
        ("001234", "bonus", "2026-06", "50.00"),
        ("001234", "commission", "2026-06", "616.00"),
    ]
    assert cast.stands(cast.ann) == {"held": "264.00", "paid": "666.00"}
    assert {line.transfer.origin for line in PayLine.objects.all()} == {"pay_run"}
    assert [entry.action for entry in AuditEntry.objects.order_by("id")] == [
        "payroll.prepare",
        "payroll.approve",
    ]


def test_a_negative_rest_is_carried_and_recovered_next_time(cast: Cast) -> None:
    cast.grant(cast.ann, "-80.00")
    cast.grant(cast.bo, "35.00")
    first = pay(cast)
    assert lines(first) == [("000077", "commission", "2026-06", "35.00")]
    assert (first.contents.carried, first.contents.recovered) == (D("80.00"), D("0"))
    assert cast.stands(cast.ann) == {"owed": "80.00"}
    cast.grant(cast.ann, "300.00", earned_period=cast.july.pk)
    second = pay(cast, cast.july)
    assert lines(second) == [("001234", "commission", "2026-07", "220.00")]
    assert cast.stands(cast.ann) == {"paid": "220.00"}


def test_negative_differences_become_a_debt_before_they_are_recovered(cast: Cast) -> None:
    cast.grant(cast.ann, "2000.00")
    cast.grant(cast.ann, "-500.00", earned_period=cast.may.pk)
    done = pay(cast)
    moves = [(t.from_account, t.to_account, t.amount) for t in Transfer.objects.order_by("id")]
    assert moves[2:] == [
        ("owed", "due", D("500.00")),
        ("due", "owed", D("500.00")),
        ("due", "paid", D("1500.00")),
    ]
    assert lines(done) == [("001234", "commission", "2026-06", "1500.00")]


def test_the_oldest_earning_meets_the_debt_first(cast: Cast) -> None:
    cast.grant(cast.ann, "-50.00", component="cards", earned_period=cast.may.pk)
    cast.grant(cast.ann, "20.00", earned_period=cast.may.pk)
    cast.grant(cast.ann, "100.00")
    assert lines(pay(cast)) == [("001234", "commission", "2026-06", "70.00")]


def test_a_debt_that_eats_everything_leaves_no_line_and_no_negative(cast: Cast) -> None:
    cast.grant(cast.ann, "-400.00", earned_period=cast.may.pk)
    cast.grant(cast.ann, "300.00")
    done = pay(cast)
    assert (done.contents.people, done.contents.lines, done.contents.total) == (0, 0, D(0))
    assert cast.stands(cast.ann) == {"owed": "100.00"}


def test_a_batch_pays_in_its_groups_currency_only(cast: Cast) -> None:
    cast.grant(cast.ann, "10.00", currency="EUR")
    cast.grant(cast.ann, "20.00")
    pay(cast)
    assert [(b.currency, b.due, b.paid) for b in balances(person=cast.ann.pk)] == [
        ("EUR", D("10.00"), D(0)),
        ("USD", D(0), D("20.00")),
    ]


def test_later_money_of_a_paid_period_goes_off_cycle(cast: Cast) -> None:
    cast.grant(cast.ann, "100.00")
    pay(cast)
    cast.grant(cast.ann, "15.00")
    second = pay(cast)
    assert second.batch.number == 2
    assert lines(second) == [("001234", "commission", "2026-06", "15.00")]


def test_nothing_due_is_refused_and_says_whether_it_was_paid(cast: Cast) -> None:
    with pytest.raises(DomainError, match=r"Nothing is due to anybody of pay group “agents”"):
        pay(cast)
    PayBatch.objects.all().delete()
    cast.grant(cast.ann, "100.00")
    pay(cast)
    with pytest.raises(
        DomainError, match=r"is already paid: batch 1, approved by otto-.*--reissue"
    ):
        pay(cast)


def test_who_prepares_does_not_approve(cast: Cast) -> None:
    cast.grant(cast.ann, "100.00")
    batch = prepare(pay_group=cast.agents, period=cast.june, by=cast.pia, at=AT)
    with pytest.raises(DomainError, match="prepared this batch and so cannot approve it"):
        approve(batch=batch, by=cast.pia, at=AT)
    with pytest.raises(DomainError, match="approved by a person"):
        approve(batch=batch, by=None, at=AT)
    with pytest.raises(IntegrityError, match="two_people"), transaction.atomic():
        PayBatch.objects.filter(pk=batch.pk).update(approved_by=cast.pia)
    assert cast.stands(cast.ann) == {"due": "100.00"}


@pytest.mark.parametrize("amount", ["100.00", "-100.00"])
def test_nobody_approves_what_moves_their_own_pay(cast: Cast, amount: str) -> None:
    Membership.objects.filter(user=cast.otto).update(person=cast.ann)
    cast.grant(cast.ann, amount)
    cast.grant(cast.bo, "5.00")
    with pytest.raises(DomainError, match=r"is Ann Abel \(p\d+\) and stands in this batch"):
        pay(cast)
    assert cast.stands(cast.bo) == {"due": "5.00"}


def test_who_is_in_another_batch_may_approve_this_one(cast: Cast) -> None:
    Membership.objects.filter(user=cast.otto).update(person=cast.ann)
    cast.grant(cast.bo, "5.00")
    assert pay(cast).contents.people == 1


def test_a_missing_payroll_id_is_named_before_anything_is_written(cast: Cast) -> None:
    eve = make_person("Eve Ebner", code="e1")
    make_employment(eve, cast.agents, "x")
    eve.employments.update(payroll_id="")
    cast.grant(eve, "100.00")
    cast.grant(cast.ann, "100.00")
    with pytest.raises(DomainError, match=r"1 of those .* no payroll id: Eve Ebner \(e1\)"):
        pay(cast)
    assert not PayLine.objects.exists()


def test_a_leaver_is_paid_under_the_last_id_and_a_rehire_under_the_new_one(cast: Cast) -> None:
    cara = make_person("Cara")
    left = {"valid_from": date(2025, 1, 1), "valid_to": date(2026, 5, 11)}
    make_employment(cara, cast.agents, "C-1", **left)
    cast.grant(cara, "300.00", earned_period=cast.may.pk)
    assert lines(pay(cast, cast.june)) == [("C-1", "commission", "2026-05", "300.00")]
    october = make_month(cast.calendar, 2026, 10)
    make_employment(cara, cast.agents, "C-2", valid_from=date(2026, 9, 1))
    cast.grant(cara, "-80.00", earned_period=cast.may.pk)
    cast.grant(cara, "500.00", earned_period=october.pk)
    assert lines(pay(cast, october)) == [("C-2", "commission", "2026-10", "420.00")]


def test_the_pay_date_decides_which_group_pays(cast: Cast) -> None:
    Period.objects.filter(pk=cast.june.pk).update(pay_date=date(2026, 7, 10))
    cast.june.refresh_from_db()
    cast.ann.employments.update(valid_to=date(2026, 7, 1))
    office = make_pay_group(cast.calendar, "office")
    make_employment(cast.ann, office, "O-1", valid_from=date(2026, 7, 1))
    cast.grant(cast.ann, "10.00")
    with pytest.raises(DomainError, match="Nothing is due"), transaction.atomic():
        pay(cast)
    assert lines(pay(cast, group=office)) == [("O-1", "commission", "2026-06", "10.00")]


def test_a_period_of_another_calendar_is_refused(cast: Cast) -> None:
    other = make_month(make_calendar("other"), 2026, 6)
    with pytest.raises(DomainError, match="paid by the calendar “monthly”, and other:2026-06 is"):
        pay(cast, other)


def test_one_draft_at_a_time_and_it_can_be_discarded(cast: Cast) -> None:
    cast.grant(cast.ann, "10.00")
    draft = prepare(pay_group=cast.agents, period=cast.june, by=cast.pia, at=AT)
    with pytest.raises(DomainError, match="There is a draft for agents 2026-06 already"):
        prepare(pay_group=cast.agents, period=cast.june, by=cast.pia, at=AT)
    discard(batch=draft, by=cast.pia, at=AT)
    done = pay(cast)
    assert done.batch.number == 1
    for verb in (approve, discard):
        with pytest.raises(DomainError, match="was approved by otto-"):
            verb(batch=done.batch, by=cast.otto, at=AT)


def test_a_transfer_stands_on_one_line_only(cast: Cast) -> None:
    cast.grant(cast.ann, "10.00")
    line = pay(cast).batch.lines.get()
    line.pk = None
    with pytest.raises(IntegrityError, match="payroll_line_once"), transaction.atomic():
        line.save(force_insert=True)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE payroll_payline SET amount = amount + 1",
        "DELETE FROM payroll_payline",
        "UPDATE payroll_payfile SET name = 'x'",
        "DELETE FROM payroll_payfile",
        "UPDATE payroll_paybatch SET number = 9",
        "DELETE FROM payroll_paybatch",
    ],
)
@pytest.mark.parametrize("alias", ["default", "owner"])
def test_what_was_paid_cannot_be_changed_by_anybody(
    transactional_db: None, statement: str, alias: str
) -> None:
    cast = make_cast()
    with enter(cast.tenant.pk):
        cast.grant(cast.ann, "10.00")
        pay(cast)
    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        cursor.execute("SELECT set_config('app.tenant_id', %s, true)", [str(cast.tenant.pk)])
        with pytest.raises(DatabaseError), transaction.atomic(using=alias):
            cursor.execute(statement)


def test_another_tenants_money_is_out_of_sight(cast: Cast) -> None:
    cast.grant(cast.ann, "10.00")
    other = make_cast()
    with enter(other.tenant.pk):
        other.grant(other.ann, "99.00")
    assert pay(cast).contents.total == D("10.00")
    with enter(other.tenant.pk):
        assert other.stands(other.ann) == {"due": "99.00"}


def test_two_who_approve_at_once_pay_once(transactional_db: None) -> None:
    """Two drafts for one person's money, approved over two connections at the same moment."""
    cast = make_cast()
    with enter(cast.tenant.pk):
        cast.grant(cast.ann, "100.00")
        drafts = [
            prepare(pay_group=cast.agents, period=period, by=cast.pia, at=AT)
            for period in (cast.june, cast.july)
        ]
    together = threading.Barrier(2)
    outcomes: list[Any] = []

    def work(draft: PayBatch) -> None:
        try:
            together.wait()
            with enter(cast.tenant.pk):
                outcomes.append(approve(batch=draft, by=cast.otto, at=AT).contents.total)
        except DomainError as refusal:
            outcomes.append(refusal.sentence[:14])
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=[draft]) for draft in drafts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes, key=str) == [D("100.00"), "Nothing is due"]
    with enter(cast.tenant.pk):
        assert cast.stands(cast.ann) == {"paid": "100.00"}
        assert PayLine.objects.count() == 1


amount = st.decimals(min_value="-999", max_value="999", places=2).filter(bool)
steps = st.lists(
    st.one_of(
        st.just("pay"),
        st.tuples(st.integers(0, 2), st.sampled_from(["a", "b"]), st.sampled_from("56"), amount),
    ),
    min_size=1,
    max_size=14,
)


@settings(
    max_examples=examples(6, of=25),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps)
def test_whatever_happens_every_cent_has_its_place(cast: Cast, steps: list[Any]) -> None:
    savepoint = transaction.savepoint()
    people = [cast.ann, cast.bo, _third(cast)]
    granted: dict[int, Decimal] = {}
    for step in [*steps, "pay"]:
        if step == "pay":
            _pay_if_due(cast)
            continue
        who, component, month, exact = step
        person = people[who]
        period = cast.may if month == "5" else cast.june
        cast.grant(person, str(exact), component=component, earned_period=period.pk)
        granted[person.pk] = granted.get(person.pk, D(0)) + exact
    assert check_identity() == []
    for balance in balances():
        total = granted[balance.person]
        assert balance.granted == total == balance.paid + balance.due - balance.owed
        assert balance.due == 0
        assert balance.owed >= 0
        lines = PayLine.objects.filter(person=balance.person).values_list("amount", flat=True)
        assert sum(lines) == balance.paid
        assert all(line > 0 for line in lines)
    transaction.savepoint_rollback(savepoint)


def _third(cast: Cast) -> Person:
    person = make_person()
    make_employment(person, cast.agents)
    return person


def _pay_if_due(cast: Cast) -> None:
    if any(balance.due for balance in balances()):
        pay(cast)
    else:
        with pytest.raises(DomainError, match="Nothing"), transaction.atomic():
            pay(cast)
