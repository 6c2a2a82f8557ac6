"""The checks of a closing that look at what came in: files, names, deals, corrections."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from django.db.models import Count, Exists, OuterRef, QuerySet

from incentives.point import MOST, ONE_DAY, Check, Item, Point
from metrics.completeness import gaps
from metrics.ingest import UNKNOWN
from metrics.models import (
    CorrectionRequest,
    CreditRule,
    DealRequest,
    Delivery,
    HandledRejections,
    Rejection,
    Source,
    SourceComplete,
    TransactionKind,
    Waiting,
)
from metrics.waiting import waiting_deals
from org.base import CURRENT


def sources(point: Point) -> Check:
    """Whether each source has delivered every day of the period."""
    period = point.plan_period.period
    last = period.valid_to - ONE_DAY
    said = dict(SourceComplete.objects.filter(CURRENT).values_list("source", "through"))
    items = []
    for source in point.sources:
        through = said.get(source.pk)
        if through is not None and through < last:
            sentence = f"{source} is complete only to {through}; the period ends on {last}."
            items.append(Item(sentence, "deliveries"))
        items += [
            Item(f"{source} has brought nothing for {first} to {end}.", "deliveries")
            for first, end in _gaps(point, source)
        ]
    names = ", ".join(str(source) for source in point.sources)
    done = f"{names}: every day of the period." if names else "No file feeds this plan."
    return Check("sources", "Sources are complete", done, tuple(items))


def _gaps(point: Point, source: Source) -> list[tuple[date, date]]:
    """The days of the period between a source's files that none of them covers."""
    period = point.plan_period.period
    spans = Delivery.objects.filter(source=source, undone_at=None, first_day__isnull=False)
    days = [(a, b) for a, b in spans.values_list("first_day", "last_day") if a and b]
    found = gaps(days)
    inside = [(max(a, period.valid_from), min(b, period.valid_to - ONE_DAY)) for a, b in found]
    return [(a, b) for a, b in inside if a <= b and any(_weekday(a, b))]


def _weekday(first: date, last: date) -> Iterator[bool]:
    for n in range((last - first).days + 1):
        yield (first + n * ONE_DAY).isoweekday() <= 5


def rejected(point: Point) -> Check:
    """Whether rows that could not be used are dealt with."""
    rows = _unhandled(point).filter(rows_rejected__gt=0)
    items = tuple(
        Item(
            f"{one}: {number} row{'s' * (number != 1)} could not be used.",
            "delivery",
            (str(one.pk),),
        )
        for one in rows
        if (number := one.rows_rejected - one.rows_unknown) > 0
    )
    return Check(
        "rejected", "Rejected rows are handled", "No row was left out, or all are handled.", items
    )


def _unhandled(point: Point) -> QuerySet[Delivery]:
    handled = HandledRejections.objects.filter(delivery=OuterRef("pk"))
    return point.deliveries.filter(~Exists(handled))


def unknown(point: Point) -> Check:
    """Whether every name in the files is known."""
    rows = Rejection.objects.filter(
        delivery__in=_unhandled(point).filter(rows_unknown__gt=0).values("pk"), reason__in=UNKNOWN
    )
    names = (
        rows.values("delivery__source__code", "value")
        .annotate(lines=Count("id"))
        .order_by("-lines", "value")
    )
    items = tuple(
        Item(
            f"“{one['value']}” of {one['delivery__source__code']}: {one['lines']} row"
            f"{' waits' if one['lines'] == 1 else 's wait'} for the name.",
            "unknown",
        )
        for one in names[:MOST]
    )
    return Check(
        "unknown", "Every name is known", "No row waits for a name.", items, count=names.count()
    )


def queue(point: Point) -> Check:
    """Whether every transaction that could pay credits somebody."""
    rules = CreditRule.objects.filter(CURRENT, into__in=list(point.metrics.values()))
    kinds = dict(
        TransactionKind.objects.filter(pk__in=rules.values("kind")).values_list("pk", "code")
    )
    rows = waiting_deals().filter(kind_id__in=list(kinds))
    items = tuple(Item(f"{_deal(one)}: {one.sentence}", "credits-waiting") for one in rows[:MOST])
    return Check(
        "queue",
        "No transaction waits for its credit",
        "Every transaction credits somebody, or nobody on purpose.",
        items,
        count=rows.count(),
    )


def _deal(one: Waiting) -> str:
    code: str = one.kind_code  # type: ignore[attr-defined]
    people: str = one.people  # type: ignore[attr-defined]
    return f"{code}/{one.key} of {people}" if people else f"{code}/{one.key}"


def corrections(point: Point) -> Check:
    """Whether the corrections that were asked for are decided."""
    period = point.plan_period.period
    rows = CorrectionRequest.objects.filter(
        state=CorrectionRequest.State.OPEN,
        day__gte=period.valid_from,
        day__lt=period.valid_to,
        metric__in=list(point.metrics.values()),
    ).select_related("person", "metric", "asked_by")
    figures = [
        Item(f"{one}, asked for by {one.asked_by}.", "correction", (str(one.pk),))
        for one in rows.order_by("asked_at")
    ]
    items = (*figures, *_of_deals(point))
    return Check("corrections", "Corrections are decided", "None waits.", items)


def _of_deals(point: Point) -> list[Item]:
    """Corrections of deals of a kind that the plan's metrics are credited by."""
    rules = CreditRule.objects.filter(CURRENT, into__in=list(point.metrics.values()))
    rows = DealRequest.objects.filter(
        state=DealRequest.State.OPEN, kind__in=rules.values("kind")
    ).select_related("kind", "asked_by")
    return [
        Item(f"{one}, asked for by {one.asked_by}.", "deal-correction", (str(one.pk),))
        for one in rows.order_by("asked_at")
    ]
