"""What plans found for one person, read by one query, with the stamp under which rules are kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import JSONField, QuerySet, TextField
from django.db.models.expressions import RawSQL

from incentives.models import Earning, PlanPeriod
from incentives.rules import VersionRules, rules_for, stamp, stamps_of
from incentives.stale import is_stale
from org.models import Period, Person
from org.prepared import Question

Status = Earning.Status


@dataclass(frozen=True)
class Outcome:
    """What a component came to in one result: the sum of its lines, None while one of them waits.

    ``decided``: the sum of those that do not. ``problem`` and ``detail`` are those of the only line
    of a component per person.
    """

    amount: Decimal | None
    decided: Decimal
    lines: int
    status: str
    currency: str
    problem: str | None
    detail: dict[str, Any] | None


@dataclass(frozen=True)
class Found:
    """One result of a person: what went in, its days, and what each component came to, by id."""

    job: str
    inputs: dict[str, str]
    segments: list[dict[str, Any]]
    outcomes: dict[int, Outcome]

    @property
    def days(self) -> list[tuple[date, date]]:
        """The days that it covers, half open."""
        pairs = ((segment["from"], segment["to"]) for segment in self.segments)
        return [(date.fromisoformat(first), date.fromisoformat(end)) for first, end in pairs]


@dataclass(frozen=True)
class Point:
    """A plan's period with the results of one person in its run, by job."""

    plan_period: PlanPeriod
    results: tuple[Found, ...]
    stamp: str

    @property
    def rules(self) -> VersionRules:
        """The rules of the version that made them."""
        made = self.plan_period.run
        assert made is not None, "only calculated plan periods are read"
        return rules_for(made.version, self.plan_period.period.valid_from, self.stamp, made.at)


RESULTS = """
    SELECT jsonb_agg(jsonb_build_array(result.job, result.inputs, result.segments, (
      SELECT jsonb_agg(jsonb_build_array(component_id, decided::text, lines, waits, failed,
               currency, CASE WHEN plain THEN problem END, CASE WHEN plain THEN detail END))
      FROM (SELECT component_id, coalesce(sum(amount), 0) AS decided, count(*) AS lines,
                   bool_or(status = 'undecided') AS waits, bool_or(status = 'failed') AS failed,
                   max(currency) AS currency, bool_and(grain = '') AS plain,
                   max(problem) AS problem, (array_agg(detail))[1] AS detail
            FROM incentives_earning AS earning
            WHERE earning.run_id = result.run_id AND earning.person_id = result.person_id
              AND earning.job = result.job
            GROUP BY component_id) AS summed)) ORDER BY result.job)
    FROM incentives_result AS result
    WHERE result.run_id = incentives_planperiod.run_id AND result.person_id = %s
"""


def points_of(person: Person, period: Period) -> list[Point]:
    """The plan periods of a period that have results for a person, by plan; one query."""
    return points_from(_POINTS.objects(person=person.pk, period=period.pk))


def points_from(rows: Iterable[Any]) -> list[Point]:
    """Those of some plan periods, as :func:`rows_with_stamp` reads them, that have results."""
    return [Point(row, tuple(map(_found, row.found)), row.stamp) for row in rows if row.found]


def rows_with_stamp(person: int, periods: Iterable[int] | QuerySet[Period]) -> QuerySet[Any]:
    """The plan periods of some periods, each with its plan's stamp: one query."""
    mark = RawSQL(stamp("incentives_planperiod.plan_id"), [], output_field=TextField())
    rows: QuerySet[Any] = _rows(person, periods).annotate(stamp=mark)
    return rows


def _points(*, person: int, period: int) -> QuerySet[Any]:
    return rows_with_stamp(person, [period])


_POINTS = Question(_points)


def many_points_of(person: Person, periods: Iterable[Period] | QuerySet[Period]) -> list[Point]:
    """The same for many periods, in two queries: each plan's stamp is taken once."""
    rows = [row for row in _rows(person.pk, periods) if row.found]
    stamps = stamps_of({row.plan_id for row in rows})
    return [Point(row, tuple(map(_found, row.found)), stamps[row.plan_id]) for row in rows]


def _rows(person: int, periods: Iterable[Any] | QuerySet[Period]) -> QuerySet[Any]:
    """Calculated plan periods; ``found`` holds the person's results, or nothing.

    ``stale``: something about the person was recorded since.
    """
    return (
        PlanPeriod.objects.filter(period__in=periods, run__isnull=False)
        .select_related("plan", "period__calendar", "run__version__plan")
        .defer("run__statement", "run__only")
        .annotate(
            found=RawSQL(RESULTS, [person], output_field=JSONField()),
            stale=is_stale(person),
        )
        .order_by("period__valid_from", "period", "plan__code")
    )


def _found(told: list[Any]) -> Found:
    job, inputs, segments, outcomes = told
    return Found(job, inputs, segments, dict(map(_outcome, outcomes or ())))


def _outcome(told: list[Any]) -> tuple[int, Outcome]:
    component, decided, lines, waits, failed, currency, problem, detail = told
    status = Status.FAILED if failed else Status.UNDECIDED if waits else Status.DECIDED
    amount = Decimal(decided)
    paid = amount if status == Status.DECIDED else None
    return component, Outcome(paid, amount, lines, status, currency, problem, detail)
