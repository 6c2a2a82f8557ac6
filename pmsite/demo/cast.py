"""Who works in the demo's organisations: jobs with dates, joiners, leavers and transfers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random

from pmsite.demo.months import Month
from pmsite.demo.names import names


@dataclass(frozen=True)
class Job:
    """What somebody does from a day on; without an end it goes on."""

    unit: str
    job_type: str
    manager: str
    first: date
    end: date | None = None
    share: str = "1"

    def covers(self, day: date) -> bool:
        """Whether the day is one of the job's."""
        return self.first <= day and (self.end is None or day < self.end)


@dataclass
class Someone:
    """One person of the cast; ``ability`` is 0 for the average, rarely beyond ±2.5."""

    code: str
    name: str
    payroll_id: str
    hired: date
    pay_group: str
    ability: float
    left: date | None = None
    jobs: list[Job] = field(default_factory=list)

    def job_on(self, day: date) -> Job | None:
        """The job that covers a day."""
        return next((job for job in self.jobs if job.covers(day)), None)

    def part_ways(self, day: date) -> None:
        """Let the job of the day end before it."""
        self.jobs[-1] = replace(self.jobs[-1], end=day)


@dataclass(frozen=True)
class Team:
    """How many do what in a unit, and what its head is called."""

    unit: str
    job_type: str
    size: int
    head: str = "supervisor"


@dataclass(frozen=True)
class Department:
    """Teams under one manager, who reports to the head of the division."""

    unit: str
    division: str
    teams: tuple[Team, ...]


BANK: tuple[Department, ...] = (
    Department(
        "accounts",
        "contact_centre",
        tuple(
            Team(f"accounts_{n}", "agent", size) for n, size in enumerate((20, 19, 21, 19, 18), 1)
        ),
    ),
    Department(
        "cards",
        "contact_centre",
        tuple(Team(f"cards_{n}", "agent", size) for n, size in enumerate((20, 19, 20, 19), 1)),
    ),
    Department(
        "lending",
        "contact_centre",
        tuple(Team(f"lending_{n}", "agent", size) for n, size in enumerate((20, 19, 21, 20), 1)),
    ),
    Department(
        "direct",
        "sales_floor",
        tuple(Team(f"direct_{n}", "sales", size) for n, size in enumerate((17, 16, 17, 16), 1)),
    ),
    Department(
        "relationship",
        "sales_floor",
        tuple(
            Team(f"relationship_{n}", "relationship", size) for n, size in enumerate((14, 15), 1)
        ),
    ),
)
BANK_SIZE = 400

UNION: tuple[Department, ...] = (
    Department("harbor", "branches", (Team("harbor", "teller", 9, "branch_manager"),)),
    Department("mill_road", "branches", (Team("mill_road", "teller", 6, "branch_manager"),)),
    Department("loans", "branches", (Team("loans", "loan_officer", 6, "branch_manager"),)),
)


class Casting:
    """Hires people one after the other; numbers and names follow from the seed alone."""

    def __init__(self, seed: str, *, first_number: int, before: date, pay_group: str) -> None:
        self.random = Random(seed)
        self.names = names(self.random)
        self.number = first_number
        self.before = before
        self.pay_group = pay_group
        self.people: list[Someone] = []

    def hire(self, unit: str, job_type: str, manager: str, *, on: date | None = None) -> Someone:
        """One more; without a day, somebody who has been here for a while."""
        days = min(40 + int(self.random.expovariate(1 / 1300)), 9000)
        hired = on or self.before - timedelta(days=days)
        person = Someone(
            code=str(self.number),
            name=next(self.names),
            payroll_id=f"{self.number * 7 % 1000000:06d}",
            hired=hired,
            pay_group=self.pay_group,
            ability=max(-2.5, min(2.5, self.random.gauss(0, 1))),
        )
        share = "0.6" if job_type in ("agent", "teller") and self.random.random() < 0.12 else "1"
        person.jobs.append(Job(unit, job_type, manager, hired, share=share))
        self.number += 1
        self.people.append(person)
        return person

    def team(self, team: Team, manager: str) -> None:
        """A head and the team."""
        head = self.hire(team.unit, team.head, manager)
        for _ in range(team.size):
            self.hire(team.unit, team.job_type, head.code)

    def head_of(self, unit: str) -> str:
        """Who leads a unit."""
        heads = ("supervisor", "department_manager", "branch_manager")
        return next(
            p.code for p in self.people if p.jobs[0].unit == unit and p.jobs[0].job_type in heads
        )

    def workers(self, job_type: str) -> list[Someone]:
        """Those of a job type whose job has not been touched yet."""
        return [
            p
            for p in self.people
            if p.left is None and len(p.jobs) == 1 and p.jobs[0].job_type == job_type
        ]


def bank(months: tuple[Month, ...]) -> list[Someone]:
    """The four hundred of the bank, with what happens to them in these months."""
    cast = Casting("brackwater", first_number=10241, before=months[0].first, pay_group="monthly")
    divisions = {
        unit: cast.hire(unit, "division_manager", "") for unit in ("contact_centre", "sales_floor")
    }
    for department in BANK:
        manager = cast.hire(
            department.unit, "department_manager", divisions[department.division].code
        )
        for team in department.teams:
            cast.team(team, manager.code)
    for month in months:
        for job_type, joiners, leavers, movers in (("agent", 5, 4, 4), ("sales", 2, 2, 1)):
            _let_go(cast, month, job_type, leavers)
            _move(cast, month, job_type, movers)
            _join(cast, month, job_type, joiners)
    _promote(cast, months[1])
    while len(cast.people) < BANK_SIZE:
        team = cast.random.choice(BANK[len(cast.people) % 3].teams)
        cast.hire(team.unit, team.job_type, cast.head_of(team.unit))
    return cast.people


def union(months: tuple[Month, ...]) -> list[Someone]:
    """The twenty-five of the credit union."""
    cast = Casting("quillpond", first_number=301, before=months[0].first, pay_group="biweekly")
    boss = cast.hire("branches", "division_manager", "")
    for department in UNION:
        for team in department.teams:
            cast.team(team, boss.code)
    _let_go(cast, months[1], "teller", 1)
    _move_to(cast.workers("teller")[0], "mill_road", cast, months[1].first + timedelta(days=14))
    return cast.people


def _some_day(cast: Casting, month: Month) -> date:
    """A working day somewhere in the month, not its first."""
    day = month.first + timedelta(days=cast.random.randint(4, 24))
    return day - timedelta(days=max(0, day.isoweekday() - 5))


def _join(cast: Casting, month: Month, job_type: str, count: int) -> None:
    teams = _teams(job_type)
    for _ in range(count):
        team = cast.random.choice(teams)
        start = month.first + timedelta(days=cast.random.choice((0, 0, 14)))
        cast.hire(team.unit, job_type, cast.head_of(team.unit), on=start)


def _let_go(cast: Casting, month: Month, job_type: str, count: int) -> None:
    for person in cast.random.sample(cast.workers(job_type), count):
        person.left = _some_day(cast, month)
        person.part_ways(person.left)


def _move(cast: Casting, month: Month, job_type: str, count: int) -> None:
    for person in cast.random.sample(cast.workers(job_type), count):
        others = [team.unit for team in _teams(job_type) if team.unit != person.jobs[0].unit]
        _move_to(person, cast.random.choice(others), cast, _some_day(cast, month))


def _move_to(person: Someone, unit: str, cast: Casting, on: date) -> None:
    before = person.jobs[-1]
    person.part_ways(on)
    person.jobs.append(replace(before, unit=unit, manager=cast.head_of(unit), first=on, end=None))


def _promote(cast: Casting, month: Month) -> None:
    """Two good agents go over to the sales floor in the middle of a month."""
    best = sorted(cast.workers("agent"), key=lambda p: -p.ability)[:2]
    for person, team in zip(best, BANK[3].teams, strict=False):
        on = month.first + timedelta(days=14)
        person.part_ways(on)
        head = cast.head_of(team.unit)
        person.jobs.append(Job(team.unit, "sales", head, on))


def _teams(job_type: str) -> list[Team]:
    return [team for d in BANK for team in d.teams if team.job_type == job_type]


def at_work(people: list[Someone], day: date) -> Iterator[tuple[Someone, Job]]:
    """Everybody who has a job on a day, with it."""
    for person in people:
        job = person.job_on(day)
        if job is not None:
            yield person, job
