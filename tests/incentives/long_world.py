"""The figures of a world of eight months by plain arithmetic, day by day.

tests.incentives.making_long_worlds makes such worlds by lot.

The reference walks over single values and asks of each whether it counts: whose it is, in which
job, under whom, on which day. It knows nothing of totals, chunks of windows or SQL.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db import connection

from formula import Name, Scope, check
from formula.values import NUMBER, TEXT
from incentives import measuring, participants, windows
from incentives.models import Measure, PlanVersion
from incentives.participants import Frame
from incentives.rules import MeasureRule, VersionRules, Window, load
from metrics import totals
from metrics.models import (
    Metric,
)
from org.calendars import make_periods
from org.models import (
    Assignment,
    Calendar,
    Period,
    Person,
    Unit,
)
from tests.incentives.world import exact

FIRST, END = date(2025, 10, 1), date(2026, 7, 1)
DAYS = [FIRST + timedelta(n) for n in range((END - FIRST).days)]
KINDS = {"sales": "sum", "speed": "ratio", "balance": "last", "best": "maximum", "deals": "sum"}
CHANGE = date(2026, 5, 10)
"""The day on which a unit is hung under another."""


@dataclass
class Job:
    """A stretch of days of a person in a unit, in a job slot, under a manager."""

    person: str
    slot: str
    unit: str
    job: str
    manager: str | None
    first: date
    end: date
    row: Assignment

    def covers(self, day: date) -> bool:
        return self.first <= day < self.end


@dataclass
class Work:
    """One value: numerator, denominator, and what was taken back of a deal, on which day."""

    job: Job
    day: date
    metric: str
    above: Decimal
    below: Decimal | None = None
    product: str | None = None
    margin: Decimal | None = None
    undone: Decimal | None = None
    undone_on: date | None = None
    counter: bool = False


@dataclass(frozen=True)
class Given:
    """What a measure says."""

    metric: str
    scope: str = "own"
    window: Window = Window()  # noqa: RUF009 - frozen
    with_manager: bool | None = None
    filter: str = ""
    undone_as: str = "restate"
    earnings_of: str = ""
    apart: str | None = None


@dataclass
class LongWorld:
    """What was made, and the values as plain rows."""

    calendar: Calendar
    version: PlanVersion
    units: dict[str, Unit] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    hired: dict[str, date] = field(default_factory=dict)
    jobs: list[Job] = field(default_factory=list)
    work: list[Work] = field(default_factory=list)
    metrics: dict[str, Metric] = field(default_factory=dict)
    eligible: str | None = None
    goals: list[tuple[dict[str, str], str, Decimal, date, date]] = field(default_factory=list)
    _results: dict[int, dict[tuple[str, str], list[Job]]] = field(default_factory=dict)
    _windows: dict[tuple[Window, int], tuple[date, date] | None] = field(default_factory=dict)

    # --- the reference

    def parent(self, unit: str, day: date) -> str | None:
        if unit == "team":
            return "north" if day < CHANGE else "south"
        return None if unit == "top" else "top"

    def within(self, unit: str, above: str, day: date) -> bool:
        at: str | None = unit
        while at is not None and at != above:
            at = self.parent(at, day)
        return at == above

    def results(self, period: Period) -> dict[tuple[str, str], list[Job]]:
        """The jobs of each result, by person and the result's name."""
        if period.pk not in self._results:
            self._results[period.pk] = self._find_results(period)
        return self._results[period.pk]

    def _find_results(self, period: Period) -> dict[tuple[str, str], list[Job]]:
        found: dict[tuple[str, str], list[Job]] = {}
        for job in self.jobs:
            if job.first >= period.valid_to or job.end <= period.valid_from:
                continue
            if self.eligible in (None, job.job):
                apart = self.version.segments == "separate"
                name = f"{job.slot}|{job.unit}|{job.job}" if apart else job.slot
                found.setdefault((job.person, name), []).append(job)
        return found

    def window(self, window: Window, period: Period) -> tuple[date, date] | None:
        """The days of a window; None where there is no such period."""
        if (window, period.pk) not in self._windows:
            self._windows[window, period.pk] = self._find_window(window, period)
        return self._windows[window, period.pk]

    def _find_window(self, window: Window, period: Period) -> tuple[date, date] | None:
        start, end = period.valid_from, period.valid_to
        rows = list(Period.objects.filter(calendar=self.calendar, valid_from__lte=start))
        rows.sort(key=lambda row: row.valid_from)
        year = [r for r in rows if (r.valid_to - timedelta(1)).year == (end - timedelta(1)).year]
        if window.kind == "year_to_date":
            return self._nominal(year[0].valid_from, rows, end, 12), end
        if window.kind == "before":
            return self._nominal(year[0].valid_from, rows, end, 12), start
        if window.kind == "quarter_to_date":
            quarter = [r for r in year if _quarter(r.valid_to) == _quarter(end)]
            return self._nominal(quarter[0].valid_from, rows, end, 3), end
        if window.kind == "rolling":
            return rows[-window.periods :][0].valid_from, end
        if window.kind == "prior":
            if len(rows) <= window.periods:
                return None
            row = rows[-1 - window.periods]
            return row.valid_from, row.valid_to
        if window.kind == "own_dates":
            assert window.start
            assert window.end
            return window.start, min(window.end, end)
        return (date(1970, 1, 1) if window.kind == "since_hire" else start), end

    def _nominal(self, first: date, rows: list[Period], end: date, months: int) -> date:
        last = end - timedelta(1)
        begins = date(last.year, (last.month - 1) // months * months + 1, 1)
        return begins if rows[0].valid_from == first > begins else first

    def counts(self, period: Period, key: tuple[str, str], given: Given, work: Work) -> bool:
        """Whether a value is in the figure of a result."""
        days = self.window(given.window, period)
        if days is None or not days[0] <= work.day < days[1]:
            return False
        if given.window.kind == "since_hire" and work.day < self.hired[key[0]]:
            return False
        if given.filter and not (work.product == "gold" and (work.margin or 0) >= Decimal("0.3")):
            return False
        if given.scope in ("team", "subtree"):
            unit = self.results(period)[key][0].unit
            mine = work.job.person == key[0]
            inside = (
                work.job.unit == unit
                if given.scope == "team"
                else self.within(work.job.unit, unit, work.day)
            )
            return inside and not (mine and given.with_manager is False)
        own = self._own(period, key, work.job, work.day)
        if given.scope == "own":
            return self._works(period, key, given, work.job, work.day)
        if given.with_manager and own:
            return True
        return work.job.manager == key[0] and self._leads(period, key, work.day)

    def _own(self, period: Period, key: tuple[str, str], job: Job, day: date) -> bool:
        if day >= period.valid_from:
            return any(job is one for one in self.results(period)[key])
        return job.person == key[0] and job.slot == key[1].split("|")[0]

    def goal_on(self, job: Job, metric: str, day: date) -> Decimal | None:
        """The goal of somebody who holds a job on a day; a job type goes before everybody."""
        found = [
            ("job" in who, value)
            for who, of, value, first, end in self.goals
            if of == metric and first <= day < end and who.get("job", job.job) == job.job
        ]
        return max(found, default=(False, None))[1]

    def goal(self, period: Period, key: tuple[str, str], given: Given) -> Decimal | None:
        """The goal of a person over a window: pieces of days, put together by the metric's kind."""
        pieces = []
        held = [job for job in self.jobs if job.person == key[0]]
        for first, until, of_first, of_until in self._parts(given.window, period):
            for day in (first + timedelta(n) for n in range((until - first).days)):
                for job in held:
                    if self._works(period, key, given, job, day):
                        goal = self.goal_on(job, given.metric, day)
                        if goal is not None:
                            pieces.append((Fraction(goal), day, job, (of_first, of_until)))
        if not pieces:
            return None
        kind = KINDS[given.metric]
        if kind == "last":
            return exact(max(pieces, key=lambda piece: piece[1])[0])
        if kind == "sum":
            reduced = "days" in self.version.prorate_goal
            of = Counter(piece[3] for piece in pieces)
            return exact(
                sum(g / ((w[1] - w[0]).days if reduced else of[w]) for g, _, _, w in pieces)
            )
        weights = self._weights(given.metric, pieces)
        if kind == "ratio" and len({piece[0] for piece in pieces}) > 1 and sum(weights):
            above = sum(w * piece[0] for w, piece in zip(weights, pieces, strict=True))
            return exact(above / sum(weights))
        return exact(sum(piece[0] for piece in pieces) / len(pieces))

    def _works(
        self, period: Period, key: tuple[str, str], given: Given, job: Job, day: date
    ) -> bool:
        late = given.window.kind != "since_hire" or day >= self.hired[key[0]]
        if given.apart == "blend" and day >= period.valid_from:
            mine = [
                (k, one)
                for k, jobs in self.results(period).items()
                if k[0] == key[0] and k[1].split("|")[0] == key[1].split("|")[0]
                for one in jobs
            ]
            return late and job.covers(day) and any(one is job for _, one in mine)
        return late and job.covers(day) and self._own(period, key, job, day)

    def _weights(
        self, metric: str, pieces: list[tuple[Fraction, date, Job, tuple[date, date]]]
    ) -> list[Fraction]:
        return [
            sum(
                (
                    Fraction(w.below or 0)
                    for w in self.work
                    if w.metric == metric and w.job is job and w.day == day
                ),
                Fraction(0),
            )
            for _, day, job, _ in pieces
        ]

    def _parts(self, window: Window, period: Period) -> list[tuple[date, date, date, date]]:
        """The periods of a window, with the days of each that lie in it."""
        days = self.window(window, period)
        if days is None:
            return []
        if window.kind == "own_dates":
            return [(*days, *days)]
        rows = [(p.valid_from, p.valid_to) for p in Period.objects.filter(calendar=self.calendar)]
        first = min(row[0] for row in rows)
        if days[0] < first:
            spans = make_periods(self.calendar, days[0], first - timedelta(1))
            rows += [(span.start, min(span.end, first)) for span in spans]
            rows = [(a, b) for a, b in rows if a < b]
        return [
            (max(a, days[0]), min(b, days[1]), a, _end_of(self.calendar, a))
            for a, b in sorted(rows)
            if a < days[1] and b > days[0]
        ]

    def _leads(self, period: Period, key: tuple[str, str], day: date) -> bool:
        """Whether the reports of a person count in this result, if they hold several jobs."""
        mine = [k for k in self.results(period) if k[0] == key[0]]
        if day < period.valid_from:
            slots = sorted((k[1].split("|")[0] != "primary", k[1].split("|")[0]) for k in mine)
            return key[1].split("|")[0] == slots[0][1]
        there = [
            (j.slot != "primary", j.slot, k[1])
            for k in mine
            for j in self.results(period)[k]
            if j.covers(day)
        ]
        return bool(there) and min(there)[2] == key[1]

    def rows(self, given: Given) -> list[Work]:
        """The values of a measure's metric as it sees them."""
        found = [w for w in self.work if w.metric == given.metric]
        if given.undone_as == "restate":
            return [replace(w, above=w.above * (1 - (w.undone or 0))) for w in found]
        if given.undone_as == "net":
            for w in [w for w in found if w.undone]:
                assert w.undone
                assert w.undone_on
                job = self.job_on(w.job, w.undone_on)
                if job is not None:
                    back = -w.above * w.undone
                    found.append(replace(w, job=job, day=w.undone_on, above=back, counter=True))
        return found

    def job_on(self, job: Job, day: date) -> Job | None:
        there = [j for j in self.jobs if j.person == job.person and j.covers(day)]
        return min(there, key=lambda j: (j.slot != job.slot, j.slot != "primary"), default=None)

    def actual(self, period: Period, key: tuple[str, str], given: Given) -> Decimal | None:
        """The figure of a result by plain arithmetic."""
        rows = self.rows(given)
        found = [w for w in rows if self.counts(period, key, given, w)]
        kind = KINDS[given.metric]
        if kind == "sum":
            if given.window.kind == "prior" and not found:
                return self._nothing_done(period, key, given)
            return sum((w.above for w in found), Decimal(0))
        if kind == "ratio":
            below = sum((w.below or 0 for w in found), Decimal(0))
            return exact(Fraction(sum(w.above for w in found)) / Fraction(below)) if below else None
        if kind == "maximum":
            return max((w.above for w in found), default=None)
        days = self.window(given.window, period)
        if not found or days is None:
            return None
        latest: dict[str, date] = {}
        for w in rows:
            if days[0] <= w.day < days[1]:
                latest[w.job.person] = max(latest.get(w.job.person, w.day), w.day)
        return sum((w.above for w in found if w.day == latest[w.job.person]), Decimal(0))

    def _nothing_done(self, period: Period, key: tuple[str, str], given: Given) -> Decimal | None:
        """Zero for whose work there could have been some in an earlier period, else blank."""
        days = self.window(given.window, period)
        if days is None:
            return None
        try_on = [days[0] + timedelta(n) for n in range((days[1] - days[0]).days)]
        blank = replace(given, filter="")
        for job in self.jobs:
            for day in try_on:
                tried = Work(job, day, given.metric, Decimal(0))
                if job.covers(day) and self.counts(period, key, blank, tried):
                    return Decimal(0)
        return None

    # --- the engine

    def calculated(
        self, period: Period, given: dict[str, Given], people: list[str] | None = None
    ) -> dict[tuple[str, str], dict[str, Any]]:
        """The inputs of every result as the engine finds them."""
        rules = self.rules(given)
        totals.refresh(windows.wanted(rules, period))
        wanted = None if people is None else tuple(self.people[code].pk for code in people)
        frame = Frame(rules, period, wanted)
        participants.find(frame)
        query = measuring.find(frame, {}, END)
        codes = {person.pk: code for code, person in self.people.items()}
        with connection.cursor() as cursor:
            cursor.execute(query)
            names = [column.name for column in cursor.description]
            rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        return {(codes[row["person_id"]], row["job"]): row for row in rows}

    def rules(self, given: dict[str, Given]) -> VersionRules:
        """The version's rules with these measures."""
        for name, one in given.items():
            Measure.objects.get_or_create(
                version=self.version,
                name=name,
                defaults={"metric": self.metrics[one.metric], "scope": one.scope},
            )
        rules = load(self.version)
        measures = {name: _with(rules.measures[name], one) for name, one in given.items()}
        return replace(rules, measures=measures)


def _end_of(calendar: Calendar, first: date) -> date:
    """The end of the period that begins on a day."""
    return next(s.end for s in make_periods(calendar, first, first) if s.start == first)


def _quarter(end: date) -> int:
    return ((end - timedelta(1)).month - 1) // 3


def _with(rule: MeasureRule, given: Given) -> MeasureRule:
    names = {"product": Name(TEXT), "margin": Name(NUMBER), "share": Name(NUMBER)}
    return replace(
        rule,
        window=given.window,
        with_manager=given.with_manager,
        undone_as=given.undone_as,
        earnings_of=given.earnings_of,
        apart=given.apart,
        metric=0 if given.earnings_of else rule.metric,
        filter=check(given.filter, Scope(names)) if given.filter else None,
    )
