"""Scores that supervisors enter by hand for their people: a form that is a file of a source.

A source ``by_hand`` has no system behind it. What is typed becomes a small file of fixed columns,
which comes in like any other (docs/adr/0157): with who, when and why, replaced by the next, undone
like a delivery. What changes a score by more than the tenant's limit waits for a second person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from metrics.ingest import ingest
from metrics.models import Metric, MetricDefinition, Source, Value
from metrics.requests import ask_correction
from org.base import CURRENT
from org.errors import DomainError
from org.models import Person, Tenant, User
from org.tabular import csv_text
from org.tenancy import current_tenant_id
from org.two_people import refuse_own_pay

COLUMNS = ("person", "day", "metric", "value", "denominator", "weight", "why", "form")
Kind = MetricDefinition.Kind


@dataclass(frozen=True)
class Score:
    """One person's score; ``beside`` is the denominator of a ratio, the weight of a mean."""

    person: Person
    value: Decimal
    beside: Decimal | None = None


@dataclass(frozen=True)
class Entered:
    """What came of a form: how many scores count now, were there already, or wait."""

    taken: int
    unchanged: int
    waiting: tuple[str, ...]
    kept: int
    again: bool

    def sentence(self) -> str:
        """The same in words."""
        if self.again:
            return "This form came in already: nothing changed."
        said = [f"{self.taken} score{'' if self.taken == 1 else 's'} taken."]
        if self.unchanged:
            said.append(f"{self.unchanged} stood there already.")
        if self.kept:
            said.append(f"{self.kept} stayed, because a correction holds.")
        if self.waiting:
            said.append(f"A second person must approve: {', '.join(self.waiting)}.")
        return " ".join(said)


def form_map(metrics: Iterable[str]) -> dict[str, Any]:
    """The column map of the file that a form becomes."""
    return {
        "person": {"column": "person", "by": "code"},
        "day": {"column": "day"},
        "values": {
            "from": {
                "metric": "metric",
                "value": "value",
                "denominator": "denominator",
                "weight": "weight",
            },
            "metrics": {code: code for code in sorted(metrics)},
        },
    }


def metrics_by_hand() -> dict[str, Source]:
    """The source of each metric that is entered by hand, by the metric's code."""
    sources = Source.objects.exclude(by_hand=[]).order_by("code")
    return {code: source for source in sources for code in source.by_hand}


def definition_on(metric: Metric, day: date) -> MetricDefinition:
    """What a metric is on a day; DomainError where it is nothing that can be entered."""
    found = MetricDefinition.objects.filter(
        CURRENT, metric=metric, valid_from__lte=day, valid_to__gt=day
    ).first()
    if found is None:
        raise DomainError(f"{metric} is not defined on {day}. Choose another day.")
    if found.kind == Kind.DERIVED:
        raise DomainError(f"{metric} is worked out by a formula: enter what it is made of.")
    return found


def scores_on(metric: Metric, day: date, people: Iterable[int]) -> dict[int, Value]:
    """The scores of some people on a day, by person."""
    rows = Value.objects.filter(
        CURRENT, metric_id=metric.pk, day=day, person_id__in=list(people), reference=""
    )
    return {row.person_id: row for row in rows}


@transaction.atomic
def enter_scores(
    *,
    metric: Metric,
    day: date,
    scores: Sequence[Score],
    reason: str,
    form: str,
    by: User,
    at: datetime,
) -> Entered:
    """Take scores of one metric and day in; what is over the tenant's limit is asked for instead.

    ``form``: a word of its own for each form that is shown, so that one sent twice is taken once.
    DomainError for one's own score, a metric that is not entered by hand, and no reason.
    """
    source = metrics_by_hand().get(metric.code)
    if source is None:
        raise DomainError(f"{metric} is not entered by hand. A source says so by by_hand.")
    if not reason.strip():
        raise DomainError("Scores need a reason: which evaluation, conversation or list it was.")
    if not scores:
        raise DomainError("No score was entered. Fill in at least one.")
    refuse_own_pay(by, [s.person.pk for s in scores], what="enters a score of their own")
    definition = definition_on(metric, day)
    known = scores_on(metric, day, [score.person.pk for score in scores])
    limit = Tenant.objects.get(pk=current_tenant_id()).score_limit
    over = [s for s in scores if _over(s, known.get(s.person.pk), definition, limit)]
    for score in over:
        _ask(metric, day, score, definition, reason, by, at)
    rest = [score for score in scores if score not in over]
    names = tuple(score.person.name for score in over)
    if not rest:
        return Entered(0, 0, names, 0, again=False)
    content = csv_text(COLUMNS, (_row(s, metric, day, definition, reason, form) for s in rest))
    report = ingest(
        source=source,
        file_name=f"{metric.code} {day} by {by.get_username()}.csv",
        content=content.encode(),
        by=by,
        at=at,
    )
    if report.rejections:
        raise DomainError(
            "The scores cannot be taken.", tuple(row.sentence for row in report.rejections)
        )
    return Entered(
        taken=report.accepted,
        unchanged=report.unchanged,
        waiting=names,
        kept=report.kept_by_correction,
        again=bool(report.already),
    )


def parts(score: Score, kind: str) -> tuple[Decimal, Decimal | None]:
    """Numerator and denominator as values hold them: of a mean, value times weight."""
    if kind == Kind.WEIGHTED_MEAN:
        weight = Decimal(1) if score.beside is None else score.beside
        return score.value * weight, weight
    return score.value, score.beside if kind == Kind.RATIO else None


def shown(value: Value, kind: str) -> Decimal | None:
    """The score that a value stands for, as somebody would type it."""
    if kind == Kind.WEIGHTED_MEAN:
        return value.numerator / value.denominator if value.denominator else None
    return value.numerator


def _over(
    score: Score, before: Value | None, definition: MetricDefinition, limit: Decimal | None
) -> bool:
    """Whether a score changes the one that is there by more than the limit."""
    if limit is None or before is None:
        return False
    new, beside = parts(score, definition.kind)
    if beside is not None and before.denominator:
        was, becomes = before.numerator / before.denominator, new / beside if beside else new
    else:
        was, becomes = before.numerator, new
    return abs(becomes - was) > limit * abs(was)


def _ask(
    metric: Metric,
    day: date,
    score: Score,
    definition: MetricDefinition,
    reason: str,
    by: User,
    at: datetime,
) -> None:
    numerator, denominator = parts(score, definition.kind)
    ask_correction(
        person=score.person,
        day=day,
        metric=metric,
        numerator=numerator,
        denominator=denominator,
        reason=reason,
        by=by,
        at=at,
    )


def _row(
    score: Score, metric: Metric, day: date, definition: MetricDefinition, why: str, form: str
) -> Sequence[object]:
    beside: Mapping[str, Decimal | None] = {
        Kind.RATIO: score.beside,
        Kind.WEIGHTED_MEAN: score.beside if score.beside is not None else Decimal(1),
    }
    return (
        *(score.person.code, day, metric.code, f"{score.value:f}"),
        _plain(beside.get(definition.kind) if definition.kind == Kind.RATIO else None),
        _plain(beside.get(definition.kind) if definition.kind == Kind.WEIGHTED_MEAN else None),
        *(why.strip(), form),
    )


def _plain(number: Decimal | None) -> str:
    return "" if number is None else f"{number:f}"
