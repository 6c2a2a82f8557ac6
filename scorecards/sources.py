"""The rows behind a figure: each day and value as the run knew it, and what they add up to.

The rows are read as of the moment at which the figure was worked out, so that they add up to it;
where they do not, the page says so and why that can be, and never shows another figure in silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, localcontext
from typing import Any

from django.db import connection
from psycopg.sql import SQL, Composable, Identifier, Literal

from formula import ErrorValue, evaluate
from incentives import windows
from incentives.explain import measured
from incentives.models import Measure
from incentives.own import Found, Point
from incentives.rules import Kind, MeasureRule
from metrics.attributes import columns
from org.models import Person
from org.sql import fetch

Scope = Measure.Scope
SAMPLED = frozenset({Kind.RATIO, Kind.WEIGHTED_MEAN})
MOST = 20_000


@dataclass(frozen=True)
class Row:
    """One value, or, of a figure of many people, one day of theirs.

    ``why``: why it does not count; '' where it does. ``undone``: the part of it taken back.
    """

    day: date
    numerator: Decimal
    denominator: Decimal | None
    reference: str = ""
    people: int = 1
    source: str = ""
    file: str = ""
    deal: str = ""
    role: str = ""
    share: Decimal | None = None
    undone: Decimal | None = None
    correction: str = ""
    why: str = ""

    @property
    def counts(self) -> bool:
        """Whether the figure has it in."""
        return not self.why


@dataclass(frozen=True)
class Sum:
    """What the rows of one metric come to, beside what the run had for it."""

    title: str
    kind: str
    unit: str
    places: int
    rows: int
    numerator: Decimal
    denominator: Decimal | None
    figure: Decimal | None
    stored: Decimal | None
    minimum: Decimal | None

    @property
    def agrees(self) -> bool:
        """Whether the rows add up to the figure of the run."""
        return self.figure == self.stored

    @property
    def divided(self) -> bool:
        """Whether the figure is one sum divided by another."""
        return self.kind in SAMPLED

    @property
    def small(self) -> bool:
        """Whether it is blank because the sample is below the metric's minimum."""
        sample = self.denominator if self.divided else Decimal(self.rows)
        return self.minimum is not None and (sample or Decimal(0)) < self.minimum


@dataclass(frozen=True)
class Behind:
    """All that is behind one figure of a person: its sums and rows, and as of when."""

    measure: MeasureRule
    plan: str
    plan_code: str
    value: Decimal | None
    sums: tuple[Sum, ...]
    rows: tuple[Row, ...]
    at: datetime
    days: tuple[date, date] | None
    condition: str
    formula: str
    own: bool

    @property
    def agrees(self) -> bool:
        """Whether everything adds up."""
        return all(one.agrees or one.small for one in self.sums)


def find_source(
    *, person: Person, points: Iterable[Point], name: str, plan: str = ""
) -> Behind | None:
    """What is behind a measure, or a metric that a plan reads, of one person in a period."""
    for point in points:
        if plan in ("", point.plan_period.plan.code):
            for measure in point.rules.named:
                if name == measure.name and not measure.earnings_of:
                    return _behind(person, point, measure)
    return None


def _behind(person: Person, point: Point, measure: MeasureRule) -> Behind:
    made = point.plan_period.run
    assert made is not None, "only calculated plan periods are read"
    parts = [part for part in point.rules.under(measure) if part.derived is None]
    stretch = windows.find(measure.window, point.plan_period.period)
    rows: list[Row] = []
    sums: list[Sum] = []
    for result in point.results:
        known = measured(point.rules, result.inputs)
        for part in parts:
            own = _rows(person, part, result, stretch, made.at)
            rows += own
            sums.append(_sum(part, own, known))
    value = known[measure.name] if len(point.results) == 1 else None
    days = (stretch.start, stretch.end) if stretch.start and stretch.end else None
    return Behind(
        measure=measure,
        plan=point.plan_period.plan.name,
        plan_code=point.plan_period.plan.code,
        value=None if isinstance(value, ErrorValue) else value,
        sums=tuple(sums),
        rows=tuple(sorted(rows, key=lambda row: (row.day, row.deal, row.reference))),
        at=made.at,
        days=days,
        condition=measure.filter.text if measure.filter else "",
        formula=measure.derived.text if measure.derived else "",
        own=measure.scope == Scope.OWN,
    )


def _sum(part: MeasureRule, rows: Iterable[Row], known: Mapping[str, Any]) -> Sum:
    counted = [row for row in rows if row.counts]
    with localcontext() as exact:
        exact.prec = 80
        kept = [1 - (row.undone or Decimal(0)) for row in counted]
        numerators = [row.numerator * k for row, k in zip(counted, kept, strict=True)]
        numerator = sum(numerators, Decimal(0))
        below = [(row.denominator or Decimal(0)) * k for row, k in zip(counted, kept, strict=True)]
        denominator = sum(below, Decimal(0)) if part.kind in SAMPLED else None
        figure = _figure(part, counted, numerators, numerator, denominator)
    stored = known[part.name]
    return Sum(
        title=part.title,
        kind=part.kind,
        unit=part.unit,
        places=part.decimals,
        rows=len(counted),
        numerator=numerator,
        denominator=denominator,
        figure=figure,
        stored=None if isinstance(stored, ErrorValue) else stored,
        minimum=part.minimum_sample,
    )


def _figure(
    part: MeasureRule,
    rows: list[Row],
    numerators: list[Decimal],
    numerator: Decimal,
    denominator: Decimal | None,
) -> Decimal | None:
    """What rows come to by the kind of their metric, to the twelve places that the engines keep."""
    if part.kind == Kind.SUM:
        return numerator
    if not rows:
        return None
    if part.kind in SAMPLED:
        return (numerator / denominator).quantize(Decimal("1e-12")) if denominator else None
    if part.kind == Kind.LAST:
        last = max(row.day for row in rows)
        own = (n for n, row in zip(numerators, rows, strict=True) if row.day == last)
        return sum(own, Decimal(0))
    return min(numerators) if part.kind == Kind.MINIMUM else max(numerators)


# --- rows

OWN = """
    SELECT value.day, value.numerator, value.denominator, value.reference,
           coalesce(nullif(source.name, ''), source.code, ''), coalesce(delivery.file_name, ''),
           deal.kind_name, deal.key, value.role, value.share, {undone},
           correction.reason, corrector.username, job.slot, value.transaction_id
    FROM metrics_value AS value
    LEFT JOIN metrics_delivery AS delivery ON delivery.id = value.delivery_id
    LEFT JOIN metrics_source AS source ON source.id = delivery.source_id
    LEFT JOIN metrics_correction AS correction ON correction.id = value.correction_id
    LEFT JOIN org_user AS corrector ON corrector.id = correction.by_id
    LEFT JOIN org_assignment AS job ON job.id = value.assignment_id
    LEFT JOIN (SELECT deal.id, deal.key, coalesce(nullif(kind.name, ''), kind.code) AS kind_name
               FROM metrics_transaction AS deal JOIN metrics_transactionkind AS kind
                 ON kind.id = deal.kind_id) AS deal ON deal.id = value.transaction_id
    WHERE value.person_id = {person} AND value.metric_id = {metric} AND {days}
      AND value.recorded_at <= {at} AND value.superseded_at > {at}
    ORDER BY value.day, value.reference LIMIT {most}
"""
OF_MANY = """
    SELECT value.day, sum(value.numerator * (1 - coalesce({undone}, 0))),
           sum(value.denominator * (1 - coalesce({undone}, 0))), count(DISTINCT value.person_id)
    FROM metrics_value AS value JOIN org_assignment AS job ON job.id = value.assignment_id
    WHERE {who} AND value.metric_id = {metric} AND {days}
      AND value.recorded_at <= {at} AND value.superseded_at > {at}
    GROUP BY value.day ORDER BY value.day
"""
WHO = {
    Scope.DIRECT: "job.manager_id = {person}",
    Scope.TEAM: "job.unit_id = ANY({units}::bigint[])",
    Scope.SUBTREE: "EXISTS (SELECT FROM org_unitclosure AS closure"
    " WHERE closure.descendant_id = job.unit_id AND closure.ancestor_id = ANY({units}::bigint[])"
    " AND closure.valid_from <= value.day AND closure.valid_to > value.day)",
}


def _rows(
    person: Person, part: MeasureRule, result: Found, stretch: windows.Stretch, at: datetime
) -> list[Row]:
    days = SQL("value.day >= {} AND value.day < {}").format(
        Literal(stretch.start), Literal(stretch.end)
    )
    undone = SQL("value.undone" if part.undone_as == "restate" else "NULL::numeric")
    given = {
        "person": Literal(person.pk),
        "metric": Literal(part.metric),
        "days": days,
        "at": Literal(at),
        "undone": undone,
    }
    if part.scope != Scope.OWN:
        return _of_many(part, result, given)
    found = fetch(SQL(OWN).format(**given, most=Literal(MOST)))
    misses = _filtered(part, {row[-1] for row in found if row[-1] is not None})
    return [_row(row, result, stretch, misses) for row in found]


def _of_many(part: MeasureRule, result: Found, given: Mapping[str, Composable]) -> list[Row]:
    units = Literal(sorted({segment["unit"] for segment in result.segments}))
    who = SQL(WHO[Scope(part.scope)]).format(person=given["person"], units=units)
    if part.with_manager is False or (part.scope == Scope.DIRECT and not part.with_manager):
        who += SQL(" AND value.person_id <> {}").format(given["person"])
    return [
        Row(day, numerator, denominator, people=people)
        for day, numerator, denominator, people in fetch(SQL(OF_MANY).format(who=who, **given))
    ]


def _row(
    told: tuple[Any, ...], result: Found, stretch: windows.Stretch, misses: Mapping[int, str]
) -> Row:
    day, numerator, denominator, reference, source, file, kind, key, role, share, undone = told[:11]
    reason, corrector, slot, deal = told[11:]
    return Row(
        day=day,
        numerator=numerator,
        denominator=denominator,
        reference=reference,
        source=source,
        file=file,
        deal=f"{kind} {key}" if key else "",
        role=role or "",
        share=share,
        undone=undone,
        correction=f"{reason} ({corrector or 'nobody named'})" if reason else "",
        why=misses.get(deal, "") or _why(day, slot, result, stretch),
    )


def _why(day: date, slot: str | None, result: Found, stretch: windows.Stretch) -> str:
    """Why a value does not count in a result; '' where it does."""
    own_slot = result.job.partition("|")[0]
    if slot is None:
        return "no job covers the day"
    if slot != own_slot:
        return f"it belongs to another job ({slot})"
    now = any(chunk.current and chunk.start <= day < chunk.end for chunk in stretch.chunks)
    if now and not any(first <= day < end for first, end in result.days):
        return "the plan did not rule that day"
    return ""


def _filtered(part: MeasureRule, deals: set[int]) -> dict[int, str]:
    """The transactions that a measure's condition leaves out, each with the words why."""
    if part.filter is None or not deals:
        return {}
    query = SQL("SELECT deal.id, {} FROM metrics_transaction AS deal WHERE deal.id = ANY({})")
    read = columns(part.filter.references, "deal")
    with connection.cursor() as cursor:
        cursor.execute(
            query.format(
                SQL(", ").join(read) if read else Identifier("deal", "id"), Literal(sorted(deals))
            )
        )
        names = [column.name for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return {
        row["id"]: "it does not meet the condition"
        for row in rows
        if evaluate(part.filter, row).value is not True
    }
