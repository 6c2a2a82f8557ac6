"""Pay slips: one after the other they are the ledger, whatever was done with the money."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import transaction
from hypothesis import HealthCheck, given, settings

from incentives.ledger import balances
from org.models import Person, Tenant
from payroll.batch import approve, prepare
from payroll.slip import Slip, paid_in, slips_of
from tests.factories import AT
from tests.payroll.cast import Cast, D
from tests.payroll.test_random_money import Office, steps
from tests.seeds import examples

ACCOUNTS = ("held", "due", "owed", "paid", "lost")


def slip(cast: Cast, person: Person, period: Any) -> Slip | None:
    """What a person's slip of a period says in dollars."""
    tenant = Tenant.objects.get(pk=cast.tenant.pk)
    found = slips_of(person=person, period=period, tenant=tenant)
    return next((one for one in found if one.currency == "USD"), None)


def test_it_says_what_was_earned_what_differs_and_what_was_paid(cast: Cast) -> None:
    posted = {"posted_period": cast.june.pk}
    cast.grant(cast.ann, "900.00", **posted)
    cast.grant(cast.ann, "100.00", to="held", condition="COUNT(payment) > 0", **posted)
    cast.grant(
        cast.ann, "-40.00", earned_period=cast.may.pk, cause="Line 3 was corrected", **posted
    )
    batch = prepare(pay_group=cast.agents, period=cast.june, by=cast.pia, at=AT)
    approve(batch=batch, by=cast.otto, at=AT)
    found = slip(cast, cast.ann, cast.june)
    assert found is not None
    assert [item.amount for item in found.earned] == [D(1000)]
    assert [(i.first.earned, i.amount, i.causes) for i in found.differences] == [
        ("2026-05", D(-40), ["Line 3 was corrected"])
    ]
    assert found.granted == D(960)
    assert [(step.label, step.amount) for step in found.steps] == [
        ("Held until a date or condition", D(-100)),
        ("Carried as a debt", D(40)),
        ("Repaid on debts", D(-40)),
        ("Paid", D(-860)),
    ]
    assert found.adds_up
    assert (found.payable, found.held, found.paid) == (D(0), D(100), D(860))
    assert [(item.first.batch, item.amount) for item in found.payments] == [
        ("agents 2026-06 #1", D(860))
    ]
    assert [(hold.amount, hold.condition) for hold in found.holds] == [
        (D(100), "COUNT(payment) > 0")
    ]


def test_a_period_before_anything_is_empty_and_one_after_begins_with_what_stands(
    cast: Cast,
) -> None:
    cast.grant(cast.ann, "75.00", posted_period=cast.june.pk)
    assert slip(cast, cast.ann, cast.may) is None
    after = slip(cast, cast.ann, cast.july)
    assert after is not None
    assert (after.payable_before, after.granted, after.payable) == (D(75), D(0), D(75))
    assert slip(cast, cast.bo, cast.june) is None


@settings(
    max_examples=examples(6, of=15),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps)
def test_slips_one_after_the_other_are_the_ledger(cast: Cast, steps: list[Any]) -> None:
    savepoint = transaction.savepoint()
    office = Office(cast)
    for step in steps:
        office.do(*step)
    for person in (cast.ann, cast.bo):
        _check(cast, person)
    transaction.savepoint_rollback(savepoint)


def _check(cast: Cast, person: Person) -> None:
    stands = dict.fromkeys(("plan", *ACCOUNTS), Decimal(0))
    tenant, periods = Tenant.objects.get(pk=cast.tenant.pk), [cast.may, cast.june, cast.july]
    paid = paid_in(person=person, periods=periods, tenant=tenant)
    for period in periods:
        found = slip(cast, person, period)
        if found is None:
            continue
        assert found.before == stands
        assert found.adds_up
        kinds = (found.earned, found.differences, found.adjustments, found.opening)
        assert sum((item.amount for kind in kinds for item in kind), D(0)) == found.granted
        assert sum((item.amount for item in found.payments), D(0)) == found.paid
        assert sum((amount for _, amount in paid.get(period.pk, [])), D(0)) == found.paid
        assert found.granted_in_all == (
            found.payable + found.held + found.minus_owes + found.paid_in_all + found.lost
        )
        stands = found.after
    for balance in balances(person=person.pk):
        assert stands["plan"] == -balance.granted
        assert stands["owed"] == -balance.owed
        assert all(stands[a] == getattr(balance, a) for a in ("held", "due", "paid", "lost"))
