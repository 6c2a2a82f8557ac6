"""Whatever is done with money, in whatever order: every cent has its place, none is paid twice."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from incentives.adjust import Adjustment, adjust
from incentives.debts import open_debts
from incentives.ledger import Entry, balances, check_identity, post
from incentives.models import Transfer
from org.errors import DomainError
from org.models import PayGroup, Person
from payroll import by_hand
from payroll.batch import approve, prepare
from payroll.models import PayLine
from tests.factories import AT
from tests.payroll.cast import Cast, D
from tests.seeds import examples

cents = st.decimals(min_value="0.01", max_value="2999.99", places=2)
signed = st.decimals(min_value="-2999.99", max_value="2999.99", places=2).filter(bool)
who = st.integers(0, 1)
month = st.integers(0, 2)
rules = st.fixed_dictionaries(
    {
        "draw": st.sampled_from([D(0), D(1800)]),
        "recover": st.sampled_from([D(0), D("0.333333"), D("0.5"), D(1)]),
        "protect": st.sampled_from(["none", "draw", "amount"]),
        "protect_amount": st.sampled_from([D(0), D(100)]),
        "negative": st.sampled_from(["carry", "net"]),
        "minimum": st.sampled_from([D(0), D(50)]),
        "debts": st.sampled_from([[], ["differences", "draws"], ["overpayments"]]),
    }
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("grant"), who, month, signed, st.sampled_from("ab")),
        st.tuples(st.just("hold"), who, month, cents),
        st.tuples(st.just("pay"), month, st.booleans()),
        st.tuples(st.just("adjust"), who, month, signed),
        st.tuples(st.just("open"), who, cents, st.sampled_from(["draw", "overpayment"])),
        st.tuples(st.just("refuse"), st.integers(0, 9)),
        st.tuples(st.just("cheque"), who, cents),
        st.tuples(st.just("forgive"), who, cents),
        st.tuples(st.just("stop"), who),
        st.tuples(st.just("rule"), rules),
    ),
    min_size=3,
    max_size=16,
)


# What refusals are about here; any other is a mistake.
EXPECTED = ("due", "Nothing", "owes", "refused already", "stopped")


class Office:
    """Does one step after another and remembers what it granted and what was paid outside."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.people = [cast.ann, cast.bo]
        self.periods = [cast.may, cast.june, cast.july]
        self.granted: dict[int, Decimal] = defaultdict(Decimal)
        self.outside: dict[int, Decimal] = defaultdict(Decimal)
        self.two = {"by": cast.pia, "approved_by": cast.otto, "at": AT}

    def do(self, name: str, *words: Any) -> None:
        """One step; a refusal changes nothing, and is one of those there are."""
        try:
            with transaction.atomic():
                getattr(self, name)(*words)
        except DomainError as refusal:
            if not any(word in str(refusal) for word in EXPECTED):
                raise

    def grant(self, who: int, month: int, amount: Decimal, component: str) -> None:
        person, period = self.people[who], self.periods[month]
        self.cast.grant(person, str(amount), component=component, earned_period=period.pk)
        self.granted[person.pk] += amount

    def hold(self, who: int, month: int, amount: Decimal) -> None:
        person, period = self.people[who], self.periods[month]
        self.cast.grant(person, str(amount), to="held", earned_period=period.pk)
        self.granted[person.pk] += amount

    def pay(self, month: int, off_cycle: bool) -> None:
        cast, period = self.cast, self.periods[month]
        group = PayGroup.objects.get(pk=cast.agents.pk)
        batch = prepare(pay_group=group, period=period, by=cast.pia, at=AT, off_cycle=off_cycle)
        done = approve(batch=batch, by=cast.otto, at=AT)
        assert all(line.amount > 0 for line in done.batch.lines.all())
        sums = done.contents
        assert sums.total == sum((payee.paid for payee in done.payees), D(0))
        for payee in done.payees:
            owes = sum((d.open for d in open_debts(person=self._id(payee.code))), D(0))
            assert payee.owes == owes

    def _id(self, code: str) -> int:
        return Person.objects.get(code=code).pk

    def adjust(self, who: int, month: int, amount: Decimal) -> None:
        person = self.people[who]
        one = Adjustment(person=person, amount=amount, period=self.periods[month], reason="Why")
        adjust(adjustments=[one], **self.two)
        self.granted[person.pk] += amount

    def open(self, who: int, amount: Decimal, kind: str) -> None:
        person = self.people[who]
        accounts = {"from_account": "owed", "to_account": "paid", "component": kind}
        entry = Entry(person=person.pk, currency="USD", amount=amount, origin="opening", **accounts)
        post([entry], by=None, at=AT)
        self.outside[person.pk] += amount

    def refuse(self, number: int) -> None:
        lines = list(PayLine.objects.order_by("id"))
        if lines:
            line = lines[number % len(lines)]
            by_hand.refuse(lines=[line], reason="Unknown id", by=self.cast.pia, at=AT)

    def cheque(self, who: int, amount: Decimal) -> None:
        person = self.people[who]
        by_hand.paid_outside(person=person, amount=amount, reason="Cheque", **self.two)
        self.outside[person.pk] += amount

    def forgive(self, who: int, amount: Decimal) -> None:
        by_hand.write_off(person=self.people[who], amount=amount, reason="Left", **self.two)

    def stop(self, who: int) -> None:
        person = self.people[who]
        if person.pay_stops.filter(resumed_by=None).exists():
            by_hand.resume(person=person, reason="Settled", by=self.cast.pia, at=AT)
        else:
            by_hand.stop(person=person, reason="Dispute", by=self.cast.pia, at=AT)

    def rule(self, fields: dict[str, Any]) -> None:
        PayGroup.objects.filter(pk=self.cast.agents.pk).update(**fields)

    def check(self) -> None:
        """The identity, the debts one by one, and the lines against what was paid."""
        assert check_identity() == []
        refused = Transfer.objects.filter(origin="refusal").values("about")
        for balance in balances():
            debts = open_debts(person=balance.person)
            assert sum((d.open for d in debts), D(0)) == balance.owed
            assert all(0 < d.open <= d.amount for d in debts)
            assert balance.granted == self.granted[balance.person]
            lines = PayLine.objects.filter(person=balance.person)
            kept = lines.exclude(transfer__in=refused).values_list("amount", flat=True)
            assert sum(kept, D(0)) + self.outside[balance.person] == balance.paid
        once = Transfer.objects.filter(origin="pay_run", to_account="paid").count()
        assert PayLine.objects.count() == once
        replaced = PayLine.objects.filter(replaces__isnull=False).values_list("replaces", flat=True)
        assert len(set(replaced)) == len(replaced)


@settings(
    max_examples=examples(8, of=30),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps)
def test_whatever_is_done_every_cent_has_its_place(cast: Cast, steps: list[Any]) -> None:
    savepoint = transaction.savepoint()
    office = Office(cast)
    for step in steps:
        office.do(*step)
        office.check()
    transaction.savepoint_rollback(savepoint)
