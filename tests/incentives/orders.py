"""Facts of a plan of many mechanisms, made by lot, and orders in which they come to be known."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from metrics.correct import withdraw
from metrics.models import Correction, Delivery
from metrics.undo import undo
from tests.incentives.office import Dispute, Office, Step

PEOPLE = ("ann", "bo", "cy")
MONTHS = ("2026-01", "2026-02", "2026-03")
STAYS = "ann,north,agent,2026-01-01,"
MOVES = "ann,north,agent,2026-01-01,2026-02-10\nann,south,agent,2026-02-10,"
JOBS = f"{STAYS}\nbo,north,agent,2026-01-01,\ncy,south,agent,2026-01-01,"
PAID = "code,name,pay_group,payroll_id,hired\n" + "\n".join(
    f"{code},{code},staff,P-{code},2020-01-01" for code in PEOPLE
)
RULES = """
  till: {map: {transaction: sale, people_by: code}}
units: [{code: north}, {code: south}]
facts: {bonus: {kind: number}}
metrics: {x: {kind: sum}, sales: {kind: sum}}
goals: [{metric: x, value: 1000}]
exchange_rates: [{name: month, base: USD, quote: EUR, rate: 0.9}]
transactions:
  sale:
    key: [no]
    dates: [sold, taken]
    attributes: {amount: money, back: percent}
    roles: {seller: {}}
    undone: {share: 'DEFAULT(back, 0)', on: taken}
credits:
  - {group: g, order: 1, kind: sale, to: seller, amount: amount, into: sales, on: sold}
plans:
  p:
    calendar: monthly
    versions:
"""
VERSION = """
      - in_force: {in_force}
        number: {number}
        status: {status}
        reason: Agreed late
        tables: {{step: {{rows: {rows}}}}}
        measures:
          x: {{}}
          team: {{metric: x, scope: team, with_manager: true}}
          quarter: {{metric: x, window: quarter_to_date}}
          two: {{metric: x, window: {{rolling: 2}}}}
          sales: {{undone_as: restate}}
          again: {{metric: sales, undone_as: reverse}}
          net: {{metric: sales, undone_as: net}}
          netyear: {{metric: sales, undone_as: net, window: year_to_date}}
        schedules:
          parts:
            - {{share: 60%, release: final}}
            - {{share: 25%, release: 2 months later}}
            - {{share: 15%, release: 2027-03-01, expires: 10 months}}
        components:
          year: {{formula: 'TIER(YTD(x), step)', cumulate: to_date, schedule: parts}}
          windows:
            formula: MIN(quarter * 1.1%, 99) + DEFAULT(two, 0) / 70 + DEFAULT(PRIOR(x, 1), 0) / 100
          deals: {{per: credit, of: sales, formula: 'SLICE(RUNNING(sales), amount, step)',
                   schedule: parts}}
          kept: {{per: credit, of: again, formula: 'amount * 3.33%'}}
          nets: {{formula: 'TIER(net, step)', schedule: parts}}
          netc: {{per: credit, of: net, formula: 'SLICE(RUNNING(net), amount, step)',
                  schedule: parts}}
          nety: {{per: credit, of: netyear, formula: 'SLICE(RUNNING(netyear), amount, step)'}}
          tenth: {{formula: 'EARNED(year) / 10 + EARNED(deals) / 3'}}
          pool: {{per: team, formula: '100 + MAX(team, 0) * 1%',
                  distribute: {{by: 'MAX(x, 0) + 1', within: unit}}}}
          prize: {{formula: '60 / RANK(x)'}}
          goal: {{formula: 'ATTAINMENT(x) * DEFAULT(FACT(bonus), 50)', cap: '90'}}
          abroad: {{formula: 'MAX(x, 0) * 0.777%', currency: USD, exchange_rate: month}}
"""
LIMIT = "        limit: {{amount: {}{}}}\n".format
CAP = "        cap: '250'\n"
# What a version says beside, by variant: the first, and the one from February on.
VARIANTS = {
    "limit": (LIMIT(300, ""), LIMIT(300, "")),
    "cap": (CAP, CAP),
    "rising": (LIMIT(200, ""), LIMIT(500, "")),
    "goes": (LIMIT(250, ""), ""),
    "fiscal": (LIMIT(200, ""), LIMIT(400, "")),
    "fiscal-lapse": (LIMIT(200, ", lapses: year_end"), LIMIT(400, ", lapses: year_end")),
    "lose": (LIMIT(300, ", excess: lose"),) * 2,
    "lose-rising": (LIMIT(200, ", excess: lose"), LIMIT(500, ", excess: lose")),
    "fiscal-lose": (LIMIT(200, ", excess: lose"), LIMIT(400, ", excess: lose")),
    "separate": ("        segments: separate\n",) * 2,
}
DISPUTABLE = ("year", "deals", "pool", "kept", "nets", "netc")
RETURNS = ("2026-01-20", "2026-02-09", "2026-02-21", "2026-03-15")


def rules(variant: str) -> str:
    """The tenant file: a published version, and the draft of one from February on."""
    first = VERSION.format(
        in_force="2026-01-01", number=1, status="published", rows="[[0, 5%], [3000, 8%]]"
    )
    second = VERSION.format(
        in_force="2026-02-01", number=2, status="draft", rows="[[0, 6%], [2500, 9.5%]]"
    )
    return RULES + first + VARIANTS[variant][0] + second + VARIANTS[variant][1]


@dataclass(frozen=True)
class Deal:
    """What is known of a deal in the end, and the versions that came before."""

    no: str
    month: str
    seller: str
    versions: tuple[tuple[int, str, str], ...]

    def row(self, version: int) -> str:
        amount, back, taken = self.versions[version]
        return f"{self.no},{self.month}-11,{taken},{amount},{back},{self.seller}"


@dataclass(frozen=True)
class Figure:
    """A figure that holds in the end, and those that stood there before."""

    person: str
    day: str
    amounts: tuple[int, ...]


@dataclass(frozen=True)
class Known:
    """Everything that is known in the end, each with what was said before it."""

    figures: tuple[Figure, ...]
    deals: tuple[Deal, ...]
    bonus: tuple[int, ...]
    goal: tuple[int, ...]
    rate: tuple[str, ...]
    jobs: tuple[str, ...]

    def tell_all(self, office: Office) -> None:
        """What is known in the end, and nothing else."""
        for figure in self.figures:
            office.set_to(figure.person, figure.day, figure.amounts[-1])
        for deal in self.deals:
            office.deliver(deal.row(-1))
        for step in (line[-1] for line in self.rest(office) if line):
            step()

    def rest(self, office: Office) -> list[list[Step]]:
        """What is known beside figures and deals, each in its own order."""
        return [
            [_bind(office.tell_fact, "bo", value) for value in self.bonus],
            [_bind(office.set_goal, value) for value in self.goal],
            [_bind(office.set_rate, rate) for rate in self.rate],
            [_bind(office.place, jobs) for jobs in self.jobs],
        ]


def _bind(what: Callable[..., object], *arguments: object) -> Step:
    return lambda: what(*arguments)


def known(lot: random.Random) -> Known:
    """Facts by lot."""
    figures = tuple(
        Figure(
            person,
            f"{month}-{day:02}",
            (*lot.sample(range(-900, 4000), lot.choice((0, 0, 1))), lot.choice(FIGURES)),
        )
        for person in PEOPLE
        for month in MONTHS
        for day in lot.sample((3, 17), 1)
    )
    deals = tuple(
        Deal(
            f"D{number}",
            lot.choice(MONTHS),
            lot.choice(PEOPLE),
            tuple(
                (amount, lot.choice(("", "25%", "100%")), lot.choice(RETURNS))
                for amount in lot.sample(range(50, 3000), lot.randint(1, 3))
            ),
        )
        for number in range(6)
    )
    return Known(
        figures,
        deals,
        bonus=tuple(lot.sample(range(10, 200), lot.randint(0, 2))),
        goal=tuple(lot.sample(range(100, 3000), lot.randint(0, 2))),
        rate=tuple(lot.sample(("0.8", "0.91", "1.1"), lot.randint(0, 2))),
        jobs=lot.choice(((), (MOVES,), (MOVES, STAYS), (MOVES, STAYS, MOVES))),
    )


FIGURES = (-700, 0, 350, 1111, 2500)


def by_lot(office: Office, lot: random.Random, facts: Known) -> list[Step]:
    """What comes about, in any order; what is said of one thing stays in its own order."""
    lines: list[list[Step]] = [
        [_bind(office.set_to, one.person, one.day, amount) for amount in one.amounts]
        for one in facts.figures
    ]
    lines += [
        [_bind(_deliver, office, deal, n) for n in range(len(deal.versions))]
        for deal in facts.deals
    ]
    lines += facts.rest(office)
    lines += [_slip(office, lot), _wrong_deal(office, lot), *(_doubt(office, lot) for _ in "ab")]
    lines += [[office.publish], [office.calculate, _bind(office.calculate_one, lot.choice(PEOPLE))]]
    lines += [[office.finalise] * 3, [office.release_now] * 2, [office.pay] * 2]
    order = [line for line in lines for _ in line]
    lot.shuffle(order)
    return [line.pop(0) for line in order]


def _deliver(office: Office, deal: Deal, version: int) -> None:
    office.deliver(deal.row(version))


def _slip(office: Office, lot: random.Random) -> list[Step]:
    """A correction that is withdrawn again."""
    person, month, amount = lot.choice(PEOPLE), lot.choice(MONTHS), lot.randint(1, 5000)
    made: list[Correction] = []
    return [
        lambda: made.append(office.set_to(person, f"{month}-25", amount)),
        lambda: withdraw(correction=made[0], reason="A slip", by=None, at=office.later()),
    ]


def _wrong_deal(office: Office, lot: random.Random) -> list[Step]:
    """A delivery that is undone again."""
    row = f"W,{lot.choice(MONTHS)}-11,2026-02-20,{lot.randint(50, 3000)},,{lot.choice(PEOPLE)}"
    made: list[Delivery] = []
    return [
        lambda: made.append(office.deliver(row)),
        lambda: undo(delivery=made[0], by=None, at=office.later()),
    ]


def _doubt(office: Office, lot: random.Random) -> list[Step]:
    """A line that is disputed, and frozen until the answer."""
    what = lot.choice(PEOPLE), lot.choice(MONTHS), lot.choice(DISPUTABLE)
    made: list[Dispute | None] = []

    def answer() -> None:
        if made[0] is not None:
            office.answer(made[0])

    return [lambda: made.append(office.dispute(*what)), answer]
