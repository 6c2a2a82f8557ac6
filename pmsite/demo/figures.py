"""What the cast does all day, as rows of each source's own file.

Figures follow what such figures do: calls rise on Mondays and fall on Fridays, handle times are
skewed to the right, new people are slower, satisfied customers are the rule and the others answer
with a 1, deals come in clusters, illness lasts some days. A person's ability moves all of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from pmsite.demo.cast import Job, Someone
from pmsite.demo.files import Row
from pmsite.demo.months import Month

WEEKDAY = {1: 1.14, 2: 1.04, 3: 1.0, 4: 0.98, 5: 0.88}
HANDLE_S = {"accounts": 272, "cards": 248, "lending": 361}
PRODUCTS = (  # name, share of the deals, typical revenue, spread
    ("Gold card", 0.34, 95, 0.25),
    ("Personal loan", 0.26, 420, 0.45),
    ("Home insurance", 0.22, 240, 0.35),
    ("Savings plan", 0.18, 160, 0.5),
)
SCORES = (5, 4, 3, 2, 1)


@dataclass(frozen=True)
class Shift:
    """A person on a day of the job, with the hand that rolls that person's dice for the month."""

    person: Someone
    job: Job
    day: date
    absent: bool
    random: Random

    @property
    def ability(self) -> float:
        """Ability, less what somebody new has still to learn."""
        tenure = (self.day - self.person.hired).days
        return self.person.ability - 1.4 * math.exp(-tenure / 60)

    @property
    def share(self) -> float:
        """The part of a whole day that is worked."""
        return float(self.job.share)


def shifts(
    people: Iterable[Someone], month: Month, days: list[date], source: str, *job_types: str
) -> Iterator[Shift]:
    """Every working day of everybody with one of the job types, person by person."""
    for person in people:
        if not any(job.job_type in job_types for job in person.jobs):
            continue
        away = _absences(person, month, days)
        random = Random(f"{source} {person.code} {month.code}")
        for day in days:
            job = person.job_on(day)
            if job is not None and job.job_type in job_types:
                yield Shift(person, job, day, day in away, random)


def _absences(person: Someone, month: Month, days: list[date]) -> set[date]:
    """Days of illness: a spell every few months, mostly short, the same in every source."""
    random = Random(f"absence {person.code} {month.code}")
    away: set[date] = set()
    for spell in range(2):
        if random.random() < (0.3, 0.1)[spell]:
            start = random.choice(days)
            length = min(10, 1 + int(random.expovariate(1 / 2.2)))
            away |= {start + timedelta(days=n) for n in range(length)}
    return away


def hours(seconds: int) -> str:
    """A duration as telephone systems write it."""
    return f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}:{seconds % 60:02d}"


# --- The contact centre


def telephony(people: Iterable[Someone], month: Month, days: list[date]) -> Iterator[Row]:
    """One row per agent and day, between a banner and a total, as the switch prints it."""
    yield ["Agent daily summary"]
    yield [f"Period {month.code}", "All skills"]
    yield [
        *("Date", "Agent ID", "Agent Name", "Calls Handled", "Handle Time", "After Call Work"),
        *("Scheduled Min", "Present Min", "Adherent Min", "Absent Min"),
    ]
    total = 0
    for shift in shifts(people, month, days, "telephony", "agent"):
        row = _telephone_day(shift)
        total += int(str(row[3] or 0))
        yield row
    yield ["Total", "", "", total, "", "", "", "", "", ""]


def _telephone_day(shift: Shift) -> list[object]:
    random, ability = shift.random, shift.ability
    scheduled = round(460 * shift.share)
    who = [f"{shift.day:%d.%m.%Y}", shift.person.code, shift.person.name]
    if shift.absent:
        return [*who, "", "", "", scheduled, "", "", scheduled]
    department = shift.job.unit.partition("_")[0]
    handle = HANDLE_S[department] * math.exp(random.gauss(-0.06 * ability, 0.1))
    occupied = 0.74 + 0.03 * ability + random.gauss(0, 0.03)
    load = WEEKDAY[shift.day.isoweekday()]
    calls = max(3, round(scheduled * 60 * occupied * load / handle / 1.04))
    after = calls * handle * random.betavariate(14, 72)
    adherent = scheduled * min(0.995, random.betavariate(38 + 4 * ability, 3))
    late = scheduled * random.random() * 0.1 if random.random() < 0.03 else 0
    return [
        *who,
        calls,
        hours(round(calls * handle)),
        hours(round(after)),
        scheduled,
        scheduled,
        round(adherent - late),
        round(late),
    ]


def surveys(people: Iterable[Someone], month: Month, days: list[date]) -> Iterator[Row]:
    """One row per customer who answered: a score of 1 to 5, and whether the matter was resolved."""
    yield ["Received", "Agent", "Score", "Resolved"]
    for shift in shifts(people, month, days, "surveys", "agent"):
        if shift.absent:
            continue
        for _ in range(_count(shift.random, 1.5 * shift.share)):
            yield [shift.day, shift.person.code, *_answer(shift)]


def _answer(shift: Shift) -> tuple[int, str]:
    random, lift = shift.random, 0.35 * shift.ability
    resolved = random.random() < 1 / (1 + math.exp(-(1.5 + lift)))
    happy = (58, 25, 9, 3, 5) if resolved else (14, 20, 22, 14, 30)
    weights = [w * math.exp(lift * (s - 3) / 3) for w, s in zip(happy, SCORES, strict=True)]
    return random.choices(SCORES, weights)[0], "Y" if resolved else "N"


def quality(people: Iterable[Someone], month: Month, days: list[date]) -> Iterator[Row]:
    """Evaluated calls: the mean score of a session, and how many calls it covered."""
    yield ["Evaluated on", "Agent", "Evaluator", "Score %", "Calls evaluated"]
    chosen = {day.isocalendar().week: day for day in days}.values()
    for shift in shifts(people, month, sorted(chosen), "quality", "agent"):
        if shift.absent or shift.random.random() < 0.12:
            continue
        score = 86 + 4.5 * shift.ability + shift.random.gauss(0, 5)
        calls = shift.random.choice((1, 2, 2, 3))
        yield [shift.day, shift.person.code, shift.job.manager, _between(score, 35, 100), calls]


# --- The sales floor


def sales(people: Iterable[Someone], month: Month, days: list[date]) -> Iterator[Row]:
    """One row per deal, as a European spreadsheet program saves it."""
    yield ["Deal", "Closed on", "Seller", "Product", "Revenue"]
    number = 0
    for shift in shifts(people, month, days, "sales", "sales", "relationship"):
        mean = 1.55 if shift.job.job_type == "sales" else 0.7
        luck = shift.random.gammavariate(3, 1 / 3)
        if shift.absent:
            continue
        for _ in range(_count(shift.random, mean * luck * math.exp(0.3 * shift.ability))):
            number += 1
            product, cents = _deal(shift.random)
            yield [
                f"D{month.first:%y%m}{number:05d}",
                f"{shift.day:%Y-%m-%d}",
                shift.person.code,
                product,
                money(cents),
            ]


def _deal(random: Random) -> tuple[str, int]:
    product, _, typical, spread = random.choices(PRODUCTS, [p[1] for p in PRODUCTS])[0]
    return product, round(100 * random.lognormvariate(math.log(typical), spread))


def money(cents: int) -> str:
    """1234567 cents as 12.345,67."""
    return f"{cents // 100:,}".replace(",", ".") + f",{cents % 100:02d}"


def portfolio(people: Iterable[Someone], month: Month, days: list[date]) -> Iterator[Row]:
    """Balances under care, in the middle and at the end of the month."""
    yield ["Date", "Advisor", "Balance"]
    chosen = [days[len(days) // 2], days[-1]]
    for shift in shifts(people, month, chosen, "portfolio", "relationship"):
        start = Random(f"portfolio {shift.person.code}").lognormvariate(math.log(8_400_000), 0.35)
        months = (shift.day.year - 2020) * 12 + shift.day.month + shift.day.day / 31
        growth = 1 + months * (0.0011 + 0.0007 * shift.ability) + shift.random.gauss(0, 0.008)
        yield [f"{shift.day:%Y-%m-%d}", shift.person.code, money(round(100 * start * growth))]


# --- The credit union


def branch(people: Iterable[Someone], month: Month, days: list[date]) -> Iterator[Row]:
    """One row per person and day of the branches' own spreadsheet."""
    yield [
        "Day",
        "Employee",
        "Members served",
        "Accounts opened",
        "Minutes",
        "Loans",
        "Loan volume",
    ]
    for shift in shifts(people, month, days, "branch", "teller", "loan_officer"):
        if shift.absent:
            continue
        random, lift = shift.random, math.exp(0.2 * shift.ability)
        lends = shift.job.job_type == "loan_officer"
        served = _count(random, 9 if lends else 46 * shift.share)
        loans = _count(random, 0.9 * lift) if lends else 0
        volume = sum(round(random.lognormvariate(9.4, 0.5)) for _ in range(loans))
        yield [
            shift.day,
            shift.person.code,
            served,
            _count(random, (0.3 if lends else 0.9) * lift * shift.share),
            round(served * (24 if lends else 6.5) * math.exp(random.gauss(-0.05, 0.12))),
            loans,
            volume,
        ]


def member_surveys(people: Iterable[Someone], month: Month, days: list[date]) -> Iterator[Row]:
    """Mean satisfaction per person and week with the number of answers."""
    yield ["Week ending", "Employee", "Average (1-10)", "Answers"]
    chosen = sorted({day.isocalendar().week: day for day in days}.values())
    for shift in shifts(people, month, chosen, "members", "teller", "loan_officer"):
        answers = _count(shift.random, 4)
        if answers:
            score = _between(8.6 + 0.5 * shift.ability + shift.random.gauss(0, 0.5), 1, 10)
            yield [shift.day, shift.person.code, score, answers]


def _count(random: Random, mean: float) -> int:
    """A Poisson count."""
    limit, count, product = math.exp(-mean), 0, random.random()
    while product > limit:
        count += 1
        product *= random.random()
    return count


def _between(value: float, low: float, high: float) -> float:
    return round(max(low, min(high, value)), 1)


# --- Mistakes


def with_mistakes(rows: Iterable[Row], mistakes: dict[int, dict[int, object]]) -> Iterator[Row]:
    """The rows with some cells as people get them wrong: line number (from 0) → column → text."""
    for line, row in enumerate(rows):
        changed = list(row)
        for column, text in mistakes.get(line, {}).items():
            changed[column] = text
        yield changed
