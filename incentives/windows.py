"""The days that a measure's window covers, cut into the periods of the plan's calendar.

A window that is a whole number of periods is added up from their totals; days that are no whole
period are added up from values. Nothing after the period that is calculated ever counts.

To the year (and the quarter) belong the calendar's periods whose *last* day lies in it: so each
period lies in exactly one year, also where periods run from the 15th to the 14th or by weeks
(docs/adr/0087; :mod:`incentives.years`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from psycopg.sql import Composable

from incentives.rules import MeasureRule, VersionRules, Window
from incentives.years import up_to, year_start
from metrics import totals
from org.dates import EARLIEST_DAY
from org.models import Period
from org.sql import values


@dataclass(frozen=True)
class Chunk:
    """The days ``[start, end)`` of a window: a whole period of the calendar, or some days.

    ``current``: they lie in the period that is calculated, where only the days count that the plan
    rules; in earlier ones all work in the job slot does.
    """

    start: date
    end: date
    period: int | None
    current: bool


@dataclass(frozen=True)
class Stretch:
    """A window seen from one period: its chunks in order of time.

    ``since_hire``: it begins with each person's employment, however early its first chunk does.
    """

    chunks: tuple[Chunk, ...]
    since_hire: bool = False

    @property
    def start(self) -> date | None:
        return self.chunks[0].start if self.chunks else None

    @property
    def end(self) -> date | None:
        """The day after its last; None where there is none, as before the first period."""
        return self.chunks[-1].end if self.chunks else None

    @property
    def periods(self) -> list[int]:
        return [chunk.period for chunk in self.chunks if chunk.period is not None]

    @property
    def plain(self) -> bool:
        """Whether it is the period that is calculated, and nothing else."""
        return len(self.chunks) == 1 and self.chunks[0].current and bool(self.periods)

    def joined(self) -> Stretch:
        """The same days in as few chunks as can be, for those who add up values."""
        found: list[Chunk] = []
        for chunk in self.chunks:
            last = found[-1] if found else None
            if last and last.end == chunk.start and last.current == chunk.current:
                found[-1] = replace(last, end=chunk.end)
            else:
                found.append(replace(chunk, period=None))
        return replace(self, chunks=tuple(found))

    def rows(self) -> Composable:
        """A query of its chunks: chunk_no, period_id, first, until, current."""
        return values(
            [(n, c.period, c.start, c.end, c.current) for n, c in enumerate(self.chunks)],
            CHUNK_COLUMNS,
        )


CHUNK_COLUMNS = (
    ("chunk_no", "int"),
    ("period_id", "bigint"),
    ("first", "date"),
    ("until", "date"),
    ("current", "boolean"),
)


def find(window: Window, period: Period) -> Stretch:
    """The chunks of a window of a measure, seen from a period."""
    if window.kind == "period":
        return Stretch((_chunk(period, period),))
    if window.kind == "own_dates":
        start, end = (
            window.start or EARLIEST_DAY,
            min(window.end or period.valid_to, period.valid_to),
        )
        return Stretch(tuple(_tile(period, start, end)))
    if window.kind == "since_hire":
        return Stretch(tuple(_tile(period, EARLIEST_DAY, period.valid_to)), since_hire=True)
    if window.kind in ("rolling", "prior"):
        rows = up_to(period).order_by("-valid_from")
        back = window.periods
        found = rows[back : back + 1] if window.kind == "prior" else reversed(rows[:back])
        return Stretch(tuple(_chunk(row, period) for row in found))
    start = year_start(period, months=3 if window.kind == "quarter_to_date" else 12)
    end = period.valid_from if window.kind == "before" else period.valid_to
    end = min(end, window.end or end)
    return Stretch(tuple(_tile(period, start, end)))


def _chunk(row: Period, period: Period) -> Chunk:
    return Chunk(row.valid_from, row.valid_to, row.pk, current=row.pk == period.pk)


def _tile(period: Period, start: date, end: date) -> Iterator[Chunk]:
    """The days from start to end as whole periods, with what lies between them."""
    day = start
    for row in up_to(period).filter(valid_to__gt=start).order_by("valid_from"):
        if row.valid_from >= end:
            break
        if row.valid_from > day:
            yield Chunk(day, row.valid_from, None, current=False)
        whole = row.valid_from >= start and row.valid_to <= end
        first, until = max(row.valid_from, start), min(row.valid_to, end)
        yield Chunk(first, until, row.pk if whole else None, current=row.pk == period.pk)
        day = until
    if day < end:
        yield Chunk(day, end, None, current=False)


def from_totals(measure: MeasureRule) -> bool:
    """Whether a measure can read totals: they hold all of a metric, less what was taken back."""
    return not measure.earnings_of and measure.filter is None and measure.undone_as == "restate"


def wanted(rules: VersionRules, period: Period) -> Iterable[totals.Wanted]:
    """Every total that the measures of a version read in a period, which must be up to date."""
    found: set[totals.Wanted] = set()
    for measure in rules.stored:
        if not from_totals(measure):
            continue
        for chunk in find(measure.window, period).chunks:
            if chunk.period is not None:
                found.add(
                    totals.Wanted(
                        period=chunk.period,
                        metric=measure.metric,
                        kind=measure.kind,
                        start=chunk.start,
                        end=chunk.end,
                    )
                )
    return found
