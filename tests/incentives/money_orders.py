"""A plan whose money waits, expires, is forfeited and taken back, and orders of what befalls it."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import partial

from metrics.models import Delivery
from metrics.undo import undo
from tests.incentives.office import Dispute, Step
from tests.incentives.orders import MONTHS, MOVES, PEOPLE, STAYS
from tests.incentives.treasury import Treasury

JOBS = f"{STAYS}\nbo,north,agent,2026-01-01,\ncy,south,agent,2026-01-01,"
# Cy leaves in March, and that is known from the beginning.
PAID = "code,name,pay_group,payroll_id,hired,left\n" + "\n".join(
    f"{code},{code},staff,P-{code},2020-01-01,{'2026-03-10' if code == 'cy' else ''}"
    for code in PEOPLE
)
RULES = """
  till: {{map: {{transaction: sale, people_by: code}}}}
  bank: {{map: {{transaction: payment, about: {{kind: sale, column: sale}}}}}}
units: [{{code: north}}, {{code: south}}]
metrics: {{x: {{kind: sum}}, sales: {{kind: sum}}}}
transactions:
  sale:
    key: [no]
    dates: [sold, taken, signed]
    attributes: {{amount: money, back: percent}}
    roles: {{seller: {{}}}}
    undone: {{share: 'DEFAULT(back, 0)', on: taken}}
  payment: {{key: [no], dates: [received], attributes: {{received_amount: money}}}}
credits:
  - {{group: g, order: 1, kind: sale, to: seller, amount: amount, into: sales, on: sold}}
plans:
  p:
    calendar: monthly
    versions:
      - in_force: 2026-01-01
        tables: {{step: {{rows: [[0, 5%], [3000, 8%]]}}}}
        measures:
          x: {{}}
          sales: {{undone_as: restate}}
          again: {{metric: sales, undone_as: reverse}}
        schedules:
          parts:
            - {{share: 60%, release: final}}
            - {{share: 25%, release: 2 months later}}
            - {{share: 15%, release: 2027-03-01, expires: 3 months}}
          slow:
            - {{share: 50%, release: final}}
            - {{share: 50%, release: COUNT(payment) > 0, expires: 12 months}}
          quick:
            - {{share: 70%, release: NOT(ISBLANK(signed))}}
            - {{share: 30%, release: SUM(payment.received_amount) >= 700,
                expires: 2027-01-01}}
        components:
          year: {{formula: 'TIER(YTD(x), step)', cumulate: to_date, schedule: parts}}
          deals: {{per: credit, of: sales, formula: 'SLICE(RUNNING(sales), amount, step)',
                   schedule: slow}}
          fees: {{per: credit, of: again, formula: '12 - amount * 1.3%', schedule: quick}}
          pool: {{per: team, formula: '100 + MAX(x, 0) * 1%', schedule: parts,
                  distribute: {{by: 'MAX(x, 0) + 1', within: unit}}}}
          top: {{formula: 'MAX(0, 150 - EARNED(year) - EARNED(deals))'}}
        {rest}
"""
VARIANTS = {
    "forfeit": "leavers: {held: forfeit}",
    "keep": "leavers: {held: keep}",
    "limit": "limit: {amount: 260}",
    "limit-lose": "limit: {amount: 260, excess: lose}",
}


@dataclass(frozen=True)
class Sale:
    """A deal, the amounts that it was said to have, and the payments for it."""

    no: str
    month: str
    seller: str
    signed: str
    versions: tuple[tuple[int, str], ...]
    payments: tuple[int, ...]

    def deliver(self, treasury: Treasury, version: int) -> None:
        amount, back = self.versions[version]
        taken = "2026-03-20" if back else ""
        treasury.take(
            "till",
            "no,sold,taken,signed,amount,back,seller",
            f"{self.no},{self.month}-11,{taken},{self.signed},{amount},{back},{self.seller}",
        )

    def pay(self, treasury: Treasury, number: int) -> None:
        row = f"{self.no}-{number},2026-02-20,{self.payments[number]},{self.no}"
        treasury.take("bank", "no,received,received_amount,sale", row)


@dataclass(frozen=True)
class Known:
    """Everything that is known in the end, each with what was said before it."""

    figures: tuple[tuple[str, str, tuple[int, ...]], ...]
    sales: tuple[Sale, ...]
    jobs: tuple[str, ...]

    def tell_all(self, treasury: Treasury) -> None:
        """What is known in the end, and nothing else."""
        for person, day, amounts in self.figures:
            treasury.set_to(person, day, amounts[-1])
        for sale in self.sales:
            sale.deliver(treasury, -1)
            for number in range(len(sale.payments)):
                sale.pay(treasury, number)
        if self.jobs:
            treasury.place(self.jobs[-1])


def known(lot: random.Random) -> Known:
    """Facts by lot."""
    figures = tuple(
        (person, f"{month}-07", (*lot.sample(range(-900, 4000), lot.choice((0, 1, 2))), last))
        for person in PEOPLE
        for month in MONTHS
        for last in [lot.choice((-700, 0, 350, 1111, 2500))]
    )
    # What comes to hold only after somebody has left is forfeited by then: nobody pays for Cy's.
    sales = tuple(
        Sale(
            f"D{number}",
            lot.choice(MONTHS),
            seller,
            lot.choice(("", "2026-02-01")),
            tuple(
                (amount, lot.choice(("", "", "25%", "100%")))
                for amount in lot.sample(range(50, 3000), lot.randint(1, 3))
            ),
            tuple(lot.sample(range(50, 2000), lot.randint(0, 2 * (seller != "cy")))),
        )
        for number in range(6)
        for seller in [lot.choice(PEOPLE)]
    )
    return Known(figures, sales, lot.choice(((), (MOVES,), (MOVES, STAYS))))


def by_lot(treasury: Treasury, lot: random.Random, facts: Known) -> list[Step]:
    """What comes about, in any order; what is said of one thing stays in its own order."""
    lines: list[list[Step]] = [
        [partial(treasury.set_to, person, day, amount) for amount in amounts]
        for person, day, amounts in facts.figures
    ]
    for sale in facts.sales:
        lines.append([partial(sale.deliver, treasury, n) for n in range(len(sale.versions))])
        lines += [[partial(sale.pay, treasury, n)] for n in range(len(sale.payments))]
    lines += [[partial(treasury.place, jobs) for jobs in facts.jobs]]
    lines += [_wrong_payment(treasury, lot), *(_doubt(treasury, lot) for _ in "ab")]
    lines += [[treasury.finalise] * 3, [treasury.release_now] * 2, [treasury.pay] * 3]
    for step in (treasury.pay_off_cycle, treasury.refuse, treasury.cheque, treasury.forgive):
        lines.append([partial(step, lot)] * 2)
    who = lot.choice(PEOPLE)
    lines.append([partial(treasury.stop, who), partial(treasury.resume, who)])
    order = [line for line in lines for _ in line]
    lot.shuffle(order)
    return [line.pop(0) for line in order]


def _wrong_payment(treasury: Treasury, lot: random.Random) -> list[Step]:
    """A payment about nothing that is paid, undone again."""
    made: list[Delivery] = []
    row = f"W,2026-02-20,{lot.randint(50, 3000)},unheard-of"
    return [
        lambda: made.append(treasury.take("bank", "no,received,received_amount,sale", row)),
        lambda: undo(delivery=made[0], by=None, at=treasury.later()),
    ]


def _doubt(treasury: Treasury, lot: random.Random) -> list[Step]:
    """A line that is disputed, and frozen until the answer."""
    what = lot.choice(PEOPLE), lot.choice(MONTHS), lot.choice(("year", "deals", "fees", "pool"))
    made: list[Dispute | None] = []

    def answer() -> None:
        if made[0] is not None:
            treasury.answer(made[0])

    return [lambda: made.append(treasury.dispute(*what)), answer]
