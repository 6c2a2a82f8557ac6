"""Declaring a source complete to a day: from then on a sum without rows is 0, not *no data*."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db import transaction

from metrics import column_map as maps
from metrics.completeness import fed_metrics
from metrics.locks import hold_values
from metrics.models import Metric, Source, SourceComplete
from metrics.transaction_map import is_transaction_map
from org import audit
from org.base import CURRENT
from org.changes import Mark, record_change
from org.dates import FOREVER, plausible
from org.errors import DomainError
from org.models import InputChange, User


@transaction.atomic
def complete(*, source: Source, through: date, by: User | None, at: datetime) -> str:
    """Say that a source has delivered all there is up to ``through`` (included); what was done.

    A declaration replaces the one before, also by an earlier day; the same again does nothing.
    """
    hold_values()
    if not plausible(through):
        raise DomainError(f"{through} cannot be the day to which {source.code} is complete.")
    before = SourceComplete.objects.filter(CURRENT, source=source).first()
    if before is not None and before.through == through:
        return f"{source.code} was already complete to {through}."
    if before is not None:
        at = max(at, before.recorded_at + timedelta(microseconds=1))
        before.superseded_at = at
        before.save(update_fields=["superseded_at"])
    SourceComplete.objects.create(source=source, through=through, recorded_at=at)
    sentence = f"{source.code} is complete to {through}."
    if before is not None:
        sentence = f"{source.code} is complete to {through}, before to {before.through}."
    record_change(
        kind=InputChange.Kind.COMPLETENESS,
        sentence=sentence,
        marks=_marks(source, before, through),
        by=by,
        at=at,
        reference=f"source {source.code}",
    )
    audit.record(
        action="complete",
        subject=f"source {source.code}",
        by=by,
        at=at,
        detail={
            "through": through.isoformat(),
            "before": before.through.isoformat() if before else None,
        },
    )
    return sentence


def _marks(source: Source, before: SourceComplete | None, through: date) -> list[Mark]:
    """The days whose completeness changed, for each metric of the source.

    The first declaration turns *all days* into *days up to*: everything after it changes too.
    """
    if before is None:
        first, end = through + timedelta(days=1), FOREVER
    else:
        first, last = sorted((before.through, through))
        first, end = first + timedelta(days=1), last + timedelta(days=1)
    metrics = _metrics(source) or [None]
    return [Mark(first_day=first, end_day=end, metric=metric) for metric in metrics]


def _metrics(source: Source) -> list[int | None]:
    if not source.column_map:
        return []
    codes: Iterable[str] = maps.parse(source.column_map).metrics
    if is_transaction_map(source.column_map):
        codes = fed_metrics(source.column_map, every=())
    return list(Metric.objects.filter(code__in=codes).values_list("id", flat=True))
