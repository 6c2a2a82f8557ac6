"""Random worlds for the engine, and what they should come to by plain arithmetic, day by day.

The reference knows nothing of slices, totals or SQL: it walks over the days of the month, asks
which job and which goal covers each, and adds up with fractions. Where the engine rounds, it
rounds.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from incentives.models import Component, Eligibility, Family, Measure, Plan, PlanVersion
from metrics.models import Goal, Metric, MetricDefinition, Value
from org.dates import FOREVER
from org.models import (
    AbsenceType,
    Assignment,
    Availability,
    Holiday,
    HolidayCalendar,
    JobType,
    Period,
    Person,
    Unit,
    UnitPlacement,
)
from org.units import rebuild_closure
from tests.factories import AT, make_calendar, make_month

START, END = date(2026, 6, 1), date(2026, 7, 1)
DAYS = [START + timedelta(n) for n in range((END - START).days)]
PLACES = Decimal(1).scaleb(-12)


def exact(value: Fraction) -> Decimal:
    """A fraction rounded half away from zero to 12 places, as the engine rounds."""
    scaled = abs(value) * 10**12
    whole = scaled.numerator // scaled.denominator
    if (scaled - whole) * 2 >= 1:
        whole += 1
    number = Decimal(whole) * PLACES
    return -number if value < 0 else number


@dataclass
class Job:
    """A stretch of days in a unit and job type."""

    unit: str
    job: str
    first: date
    end: date
    share: Decimal
    row: Assignment


@dataclass
class World:
    """What was made, by code, and the figures as plain lists."""

    period: Period
    plan: Plan
    version: PlanVersion
    people: dict[str, Person] = field(default_factory=dict)
    jobs: dict[str, list[Job]] = field(default_factory=lambda: defaultdict(list))
    values: list[tuple[str, date, str, Decimal, Decimal | None]] = field(default_factory=list)
    goals: list[tuple[dict[str, str], str, Decimal, date, date]] = field(default_factory=list)
    workdays: set[date] = field(default_factory=set)
    parents: dict[str, str | None] = field(default_factory=dict)
    eligible: list[dict[str, str]] = field(default_factory=list)
    hours: dict[str, dict[date, Decimal]] = field(default_factory=dict)
    absent: dict[tuple[str, date, str], Fraction] = field(default_factory=dict)

    # --- the reference

    def above(self, unit: str | None) -> Iterator[str]:
        while unit is not None:
            yield unit
            unit = self.parents[unit]

    def job_on(self, person: str, day: date) -> Job | None:
        found = [j for j in self.jobs[person] if j.first <= day < j.end]
        return found[0] if found and self._ruled(person, found[0]) else None

    def _ruled(self, person: str, job: Job) -> bool:
        return any(
            who.get("person", person) == person
            and who.get("job", job.job) == job.job
            and ("unit" not in who or who["unit"] in self.above(job.unit))
            for who in self.eligible
        )

    def goal_on(self, person: str, metric: str, day: date) -> Decimal | None:
        job = self.job_on(person, day)
        assert job is not None
        best: tuple[tuple[int, int], Decimal] | None = None
        for who, of, value, first, end in self.goals:
            if of != metric or not first <= day < end:
                continue
            units = list(self.above(job.unit))
            if who.get("person", person) != person or who.get("job", job.job) != job.job:
                continue
            if "unit" in who and who["unit"] not in units:
                continue
            nearness = -units.index(who["unit"]) if "unit" in who else 0
            rank = 4 if "person" in who else 2 * ("unit" in who) + ("job" in who)
            if best is None or (rank, nearness) > best[0]:
                best = ((rank, nearness), value)
        return None if best is None else best[1]

    def groups(self, person: str) -> dict[str, list[date]]:
        """The days of each result: all of them, or those of each unit and job type."""
        found: dict[str, list[date]] = defaultdict(list)
        for day in DAYS:
            job = self.job_on(person, day)
            if job is not None:
                apart = self.version.segments == "separate"
                found[f"primary|{job.unit}|{job.job}" if apart else "primary"].append(day)
        return found

    def weight(self, person: str, day: date) -> Fraction:
        """What a day counts for: 1, 0 or 1 as it is worked, or its scheduled hours."""
        if self.version.prorate_days == "calendar":
            return Fraction(1)
        if self.version.prorate_days == "scheduled" and person in self.hours:
            return Fraction(self.hours[person].get(day, Decimal(0)))
        return Fraction(day in self.workdays)

    def counted(self, person: str, days: list[date]) -> list[date]:
        """The days that prorating counts, without the first where it is left out."""
        found = [d for d in days if self.weight(person, d)]
        first = min(j.first for j in self.jobs[person])
        if self.version.first_day == "out" and first > START and first in found:
            found.remove(first)
        return found

    def whole(self, person: str) -> Fraction:
        """What the whole period would count for this person."""
        if self.version.prorate_days == "calendar":
            return Fraction(len(DAYS))
        if self.version.prorate_days == "working" or person not in self.hours:
            return Fraction(len(self.workdays))
        hours = Fraction(sum(self.hours[person].values(), Decimal(0)))
        held = [d for d in self.workdays if any(j.first <= d < j.end for j in self.jobs[person])]
        return hours * len(self.workdays) / len(held) if held else hours

    def share(self, person: str, day: date, of: list[str], absent: str) -> Fraction:
        """The part of a day that counts: less the contract's rest, less absence."""
        job = self.job_on(person, day)
        assert job is not None
        found = Fraction(job.share) if "share" in of else Fraction(1)
        if "absence" in of:
            found *= 1 - self.absent.get((person, day, absent), Fraction(0))
        return found * self.weight(person, day)

    def fraction(self, person: str, days: list[date], of: list[str]) -> Fraction:
        counted = self.counted(person, days)
        total = sum((self.share(person, d, of, "payout") for d in counted), Fraction(0))
        return total / self._over(person, counted, of)

    def _over(self, person: str, counted: list[date], of: list[str]) -> Fraction:
        if "days" in of:
            return self.whole(person)
        return sum((self.weight(person, d) for d in counted), Fraction(0))

    def figures(self, person: str, metric: str, days: list[date]) -> list[tuple]:
        kept = set(days)
        return [v for v in self.values if v[0] == person and v[2] == metric and v[1] in kept]

    def actual(self, person: str, metric: str, days: list[date]) -> Decimal | None:
        found = self.figures(person, metric, days)
        if metric == "sales":
            return sum((v[3] for v in found), Decimal(0))
        if metric == "speed":
            below = sum((v[4] for v in found), Decimal(0))
            if not below:
                return None
            return exact(Fraction(sum(v[3] for v in found)) / Fraction(below))
        numbers = [v[3] for v in found]
        if metric == "best":
            return max(numbers, default=None)
        everything = self.figures(person, metric, DAYS)
        latest = max((v[1] for v in everything), default=None)
        if not found:
            return None
        return sum((v[3] for v in found if v[1] == latest), Decimal(0))

    def goal(self, person: str, metric: str, days: list[date]) -> Decimal | None:
        by_day = {d: self.goal_on(person, metric, d) for d in days}
        known = [goal for _, goal in sorted(by_day.items()) if goal is not None]
        if not known:
            return None
        if metric == "balance":
            return known[-1]
        if metric == "speed" and len({g for g in by_day.values() if g is not None}) > 1:
            found = [v for v in self.figures(person, metric, days) if by_day[v[1]] is not None]
            below = sum((v[4] for v in found), Decimal(0))
            if below:
                above = sum((Fraction(v[4]) * Fraction(by_day[v[1]]) for v in found), Fraction(0))
                return exact(above / Fraction(below))
        of = list(self.version.prorate_goal) if metric == "sales" else []
        counted = [d for d in self.counted(person, days) if by_day[d] is not None]
        if not counted:
            return None
        above = sum(
            (Fraction(by_day[d]) * self.share(person, d, of, "goal") for d in counted), Fraction(0)
        )
        return exact(above / self._over(person, counted, of))


REDUCED: list[list[str]] = [[], ["days"], ["days", "share"]]


def make_world(seed: int) -> World:
    """A month with a tree, jobs that change, goals on every level that change, and values."""
    rng = random.Random(seed)
    calendar = make_calendar("monthly")
    period = make_month(calendar, 2026, 6)
    site = HolidayCalendar.objects.create(code="site", is_default=True)
    Holiday.objects.create(calendar=site, day=date(2026, 6, 19))
    plan = Plan.objects.create(
        code="plan", name="Plan", family=Family.objects.create(code="main"), calendar=calendar
    )
    version = PlanVersion.objects.create(
        plan=plan,
        number=1,
        in_force=START,
        status="published",
        created_at=AT,
        segments=rng.choice(["blend", "separate"]),
        prorate_goal=rng.choice([*REDUCED, ["share"], ["absence", "days"], ["absence", "share"]]),
        prorate_amount=rng.choice([*REDUCED, ["absence", "days", "share"], ["absence"]]),
        prorate_days=rng.choice(["calendar", "working", "scheduled"]),
        first_day=rng.choice(["in", "out"]),
    )
    world = World(period, plan, version)
    world.workdays = {d for d in DAYS if d.isoweekday() < 6 and d != date(2026, 6, 19)}
    units = _units(world)
    types = {code: JobType.objects.create(code=code, name=code) for code in ("seller", "caller")}
    for number in range(10):
        _person(world, rng, f"p{number}", units, types)
    _availability(world, random.Random(seed))
    metrics = _metrics(world)
    _goals(world, rng, units, types, metrics)
    _values(world, rng, metrics)
    _rules(world, rng, units, types, metrics)
    return world


def _units(world: World) -> dict[str, Unit]:
    world.parents = {"top": None, "north": "top", "south": "top", "team": "north"}
    units = {code: Unit.objects.create(code=code, name=code) for code in world.parents}
    for code, parent in world.parents.items():
        UnitPlacement.objects.create(
            unit=units[code],
            parent=units[parent] if parent else None,
            valid_from=date(2026, 1, 1),
            recorded_at=AT,
        )
    rebuild_closure()
    return units


def _person(
    world: World,
    rng: random.Random,
    code: str,
    units: dict[str, Unit],
    types: dict[str, JobType],
) -> None:
    person = world.people[code] = Person.objects.create(code=code, name=code)
    first = rng.choice([date(2026, 1, 1), date(2026, 1, 1), rng.choice(DAYS)])
    last = rng.choice([FOREVER, FOREVER, rng.choice(DAYS)])
    cuts = sorted({first, *rng.sample(DAYS, rng.choice([0, 1, 2])), max(last, first)})
    cuts = [cut for cut in cuts if first <= cut <= max(last, first)]
    if cuts[-1] == first:
        cuts.append(FOREVER)
    for begin, end in pairwise(cuts):
        unit, job = rng.choice(["north", "south", "team"]), rng.choice(list(types))
        share = Decimal(rng.choice(["1", "1", "0.8", "0.333333"]))
        row = Assignment.objects.create(
            person=person,
            unit=units[unit],
            job_type=types[job],
            share=share,
            valid_from=begin,
            valid_to=end,
            recorded_at=AT,
        )
        world.jobs[code].append(Job(unit, job, begin, end, share, row))


def _availability(world: World, rng: random.Random) -> None:
    """Schedules of most people, and absences of kinds that reduce goals, payouts, both, neither."""
    kinds = {
        code: AbsenceType.objects.create(code=code, reduces_goal=goal, reduces_payout=payout)
        for code, goal, payout in (
            ("sick", False, False),
            ("leave", True, False),
            ("unpaid", True, True),
            ("course", False, True),
        )
    }
    for code, person in world.people.items():
        planned: dict[date, Decimal] = {}
        if rng.random() < 0.6:
            planned = {d: Decimal(rng.choice(["8", "4", "7.5"])) for d in sorted(world.workdays)}
            world.hours[code] = planned
            _rows(person, "scheduled", None, planned)
        for day in rng.sample(DAYS, rng.choice([0, 3, 6])):
            kind = kinds[rng.choice(list(kinds))]
            hours = rng.choice([None, Decimal(2), Decimal(10)])
            _rows(person, "absent", kind, {day: hours})
            part = Fraction(1)
            if hours is not None and planned.get(day):
                part = min(part, Fraction(hours) / Fraction(planned[day]))
            world.absent |= {(code, day, "goal"): part} if kind.reduces_goal else {}
            world.absent |= {(code, day, "payout"): part} if kind.reduces_payout else {}


def _rows(
    person: Person,
    kind: str,
    absence: AbsenceType | None,
    hours: Mapping[date, Decimal | None],
) -> None:
    Availability.objects.bulk_create(
        Availability(
            person=person, day=day, kind=kind, absence_type=absence, hours=number, recorded_at=AT
        )
        for day, number in hours.items()
    )


def _metrics(world: World) -> dict[str, Metric]:
    kinds = {"sales": "sum", "speed": "ratio", "balance": "last", "best": "maximum"}
    found = {}
    for code, kind in kinds.items():
        found[code] = Metric.objects.create(code=code, name=code)
        MetricDefinition.objects.create(
            metric=found[code],
            kind=kind,
            direction="lower" if code == "speed" else "higher",
            attainment="goal_by_actual" if code == "speed" else "actual_by_goal",
            attainment_decimals=2 if code == "sales" else None,
            valid_from=date(2026, 1, 1),
            recorded_at=AT,
        )
    return found


def _goals(
    world: World,
    rng: random.Random,
    units: dict[str, Unit],
    types: dict[str, JobType],
    metrics: dict[str, Metric],
) -> None:
    scopes: list[dict[str, str]] = [
        {},
        {"job": "seller"},
        {"unit": "north"},
        {"unit": "team"},
        {"unit": "top", "job": "caller"},
        {"person": "p1"},
        {"person": "p2"},
    ]
    for metric in ("sales", "speed", "balance"):
        for who in scopes:
            if who and rng.random() < 0.4:
                continue
            cut = rng.choice([None, rng.choice(DAYS[1:])])
            for first, end in [(START, FOREVER)] if cut is None else [(START, cut), (cut, FOREVER)]:
                value = Decimal(rng.randint(1, 40))
                world.goals.append((who, metric, value, first, end))
                Goal.objects.create(
                    metric=metrics[metric],
                    value=value,
                    person=world.people.get(who.get("person", "")),
                    unit=units.get(who.get("unit", "")),
                    job_type=types.get(who.get("job", "")),
                    valid_from=first,
                    valid_to=end,
                    recorded_at=AT,
                )


def _values(world: World, rng: random.Random, metrics: dict[str, Metric]) -> None:
    rows = []
    for code, jobs in world.jobs.items():
        for job in jobs:
            for day in DAYS:
                if not job.first <= day < job.end:
                    continue
                for metric in metrics:
                    if rng.random() > 0.3:
                        continue
                    above = Decimal(rng.randint(0, 9000)).scaleb(-2)
                    below = Decimal(rng.randint(1, 9)) if metric == "speed" else None
                    world.values.append((code, day, metric, above, below))
                    rows.append(
                        Value(
                            person_id=world.people[code].pk,
                            day=day,
                            metric_id=metrics[metric].pk,
                            reference="",
                            numerator=above,
                            denominator=below,
                            assignment_id=job.row.pk,
                            recorded_at=AT,
                        )
                    )
    Value.objects.bulk_create(rows)


def _rules(
    world: World,
    rng: random.Random,
    units: dict[str, Unit],
    types: dict[str, JobType],
    metrics: dict[str, Metric],
) -> None:
    for code, metric in metrics.items():
        Measure.objects.create(version=world.version, name=code, metric=metric)
    world.eligible = rng.choice(
        [[{}], [{"job": "seller"}, {"unit": "team"}], [{"unit": "north"}, {"person": "p1"}]]
    )
    for who in world.eligible:
        Eligibility.objects.create(
            version=world.version,
            person=world.people.get(who.get("person", "")),
            unit=units.get(who.get("unit", "")),
            job_type=types.get(who.get("job", "")),
        )
    make = Component.objects.create
    make(version=world.version, name="points", formula="ATTAINMENT(sales) * 100", cap="150")
    make(
        version=world.version,
        name="quality",
        formula="best * 2 + DEFAULT(balance, 0)",
        gate="DEFAULT(ATTAINMENT(speed), 0) >= 90%",
        modifier="IF(sales > 100, 1.1, 0.9)",
        floor="5",
    )
