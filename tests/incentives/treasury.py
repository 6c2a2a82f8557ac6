"""What is done with the money of a tenant: paid, stopped, refused, forgiven."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

from incentives.debts import open_debts
from incentives.ledger import account_by_key, balances
from incentives.models import Transfer
from org.models import PayGroup
from org.sql import fetch
from payroll import by_hand
from payroll.batch import NothingDue, approve, prepare
from payroll.models import PayLine, PayStop
from tests.incentives.office import Office, Sums
from tests.incentives.orders import PEOPLE

# Where each person's money stands, apart from what was waived, restored or written off: that
# hangs on when it was asked. What is paid or owed counts as due.
STANDS = """
    SELECT person.code, sum(CASE 'held' WHEN to_account THEN amount WHEN from_account THEN -amount
                            ELSE 0 END),
           sum(CASE WHEN to_account IN ('due', 'paid', 'owed') THEN amount ELSE 0 END
             - CASE WHEN from_account IN ('due', 'paid', 'owed') THEN amount ELSE 0 END),
           sum(CASE 'lost' WHEN to_account THEN amount WHEN from_account THEN -amount ELSE 0 END)
    FROM incentives_transfer AS moved JOIN org_person AS person ON person.id = person_id
    WHERE origin <> 'waiver' GROUP BY 1
"""


class Treasury(Office):
    """An office in which money is moved in every way there is."""

    def __init__(self) -> None:
        super().__init__()
        self.outside: dict[int, Decimal] = defaultdict(Decimal)
        self.two = {"by": self.maker, "approved_by": self.checker, "reason": "By lot"}

    # --- what is done

    def pay(self) -> None:
        super().pay()
        self.check_nothing_below_zero()

    def pay_off_cycle(self, lot: random.Random) -> None:
        """Pay some people on a day of their own."""
        period = self.months[self.next_month()]
        some = sorted(self.people[code].pk for code in lot.sample(PEOPLE, lot.randint(1, 3)))
        batch = prepare(
            pay_group=PayGroup.objects.get(),
            period=period,
            by=self.maker,
            at=self.later(),
            off_cycle=True,
            pay_date=period.valid_from + timedelta(days=lot.randint(0, 20)),
            people=some,
        )
        try:
            done = approve(batch=batch, by=self.checker, at=self.later())
        except NothingDue:
            batch.delete()
            return
        assert set(done.batch.lines.values_list("person", flat=True)) <= set(some)

    def refuse(self, lot: random.Random) -> None:
        """The bank takes a line back that it has not taken back before."""
        refused = Transfer.objects.filter(origin="refusal").values("about")
        lines = list(PayLine.objects.exclude(transfer__in=refused).order_by("id"))
        if lines:
            line = lot.choice(lines)
            by_hand.refuse(lines=[line], reason="Unknown", by=self.maker, at=self.later())

    def cheque(self, lot: random.Random) -> None:
        """Pay somebody elsewhere, all that is due or a part."""
        for balance in balances():
            if balance.due > 0 and lot.random() < 0.5:
                amount = max((balance.due * lot.choice((1, 3)) / 3).quantize(Decimal("0.01")), CENT)
                person = next(p for p in self.people.values() if p.pk == balance.person)
                by_hand.paid_outside(person=person, amount=amount, at=self.later(), **self.two)
                self.outside[person.pk] += amount

    def forgive(self, lot: random.Random) -> None:
        """Write off what somebody owes."""
        owing = [person for person in self.people.values() if open_debts(person=person.pk)]
        if owing:
            by_hand.write_off(person=lot.choice(owing), amount=None, at=self.later(), **self.two)

    def stop(self, code: str) -> None:
        by_hand.stop(person=self.people[code], reason="By lot", by=self.maker, at=self.later())

    def resume(self, code: str) -> None:
        by_hand.resume(person=self.people[code], reason="By lot", by=self.maker, at=self.later())

    # --- what is there

    def check(self) -> None:
        """Every payment stands on one line or was made elsewhere, and each debt has its rest."""
        super().check()
        refused = Transfer.objects.filter(origin="refusal").values("about")
        for balance in balances():
            lines = PayLine.objects.filter(person=balance.person).exclude(transfer__in=refused)
            kept = sum(lines.values_list("amount", flat=True), Decimal(0))
            assert kept + self.outside[balance.person] == balance.paid
            debts = open_debts(person=balance.person)
            assert sum((debt.open for debt in debts), Decimal(0)) == balance.owed
        lines = PayLine.objects.filter(replaces__isnull=False).values_list("replaces", flat=True)
        assert len(set(lines)) == len(lines), "a line is replaced once"
        below = [row for row in fetch(account_by_key("held")) if row[-1] < 0]
        assert below == [], "nothing is held below zero"

    def payable(self) -> list[Decimal]:
        return [due for _, _, due, _ in fetch(STANDS)]

    def check_nothing_below_zero(self) -> None:
        """After a pay run nobody's key is below zero, but of those whose pay is stopped."""
        stopped = set(PayStop.objects.filter(resumed_by=None).values_list("person", flat=True))
        rows = fetch(account_by_key("due"))
        assert [row for row in rows if row[-1] < 0 and row[0] not in stopped] == []

    def ledger(self) -> Sums:
        booked = super().ledger().booked
        return Sums(booked, {code: tuple(rest) for code, *rest in fetch(STANDS)})


CENT = Decimal("0.01")
