"""Finding what a command or page names, or a sentence that says what there is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from difflib import get_close_matches

from metrics.models import (
    Correction,
    Delivery,
    Metric,
    MetricDefinition,
    Source,
    Transaction,
    TransactionKind,
)
from org.base import CURRENT
from org.errors import DomainError
from org.models import Person


def find_source(code: str) -> Source:
    """The source with a code."""
    source = Source.objects.filter(code=code).first()
    if source is None:
        raise _unknown("source", code, Source.objects.values_list("code", flat=True))
    return source


def find_metric(code: str) -> Metric:
    """The metric with a code."""
    metric = Metric.objects.filter(code=code).first()
    if metric is None:
        raise _unknown("metric", code, Metric.objects.values_list("code", flat=True))
    return metric


def find_kind(code: str) -> TransactionKind:
    """The kind of transaction with a code."""
    kind = TransactionKind.objects.filter(code=code).first()
    if kind is None:
        known = TransactionKind.objects.values_list("code", flat=True)
        raise _unknown("kind of transaction", code, known)
    return kind


def find_transaction(kind: TransactionKind, key: str) -> Transaction:
    """The version of a transaction that holds now."""
    found = Transaction.objects.filter(CURRENT, kind=kind, key=key).first()
    if found is None:
        known = Transaction.objects.filter(CURRENT, kind=kind).order_by("-id")
        near = get_close_matches(key, known.values_list("key", flat=True)[:5000], n=1)
        hint = f" Did you mean “{near[0]}”?" if near else ""
        raise DomainError(f"There is no {kind.code} “{key}”.{hint}")
    return found


def find_person(code: str) -> Person:
    """The person with a personnel number."""
    person = Person.objects.filter(code=code).first()
    if person is None:
        raise _unknown("person", code, Person.objects.values_list("code", flat=True)[:5000])
    return person


def find_delivery(number: int) -> Delivery:
    """The delivery with a number."""
    delivery = Delivery.objects.filter(pk=number).first()
    if delivery is None:
        latest = Delivery.objects.filter(undone_at=None).values_list("pk", "file_name")[:5]
        listed = "; ".join(f"{pk} {name}" for pk, name in latest) or "none yet"
        raise DomainError(f"There is no delivery {number}. The latest are: {listed}.")
    return delivery


def find_correction(*, person: Person, day: date, metric: Metric, reference: str) -> Correction:
    """The correction that holds for a figure."""
    found = Correction.objects.filter(
        CURRENT, person=person, day=day, metric=metric, reference=reference
    ).first()
    if found is None:
        raise DomainError(f"No correction holds for {metric.code} of {person} on {day}.")
    return found


def is_weighted_mean(metric: Metric, day: date) -> bool:
    """Whether a metric is a weighted mean on a day."""
    return MetricDefinition.objects.filter(
        CURRENT,
        metric=metric,
        kind=MetricDefinition.Kind.WEIGHTED_MEAN,
        valid_from__lte=day,
        valid_to__gt=day,
    ).exists()


def _unknown(what: str, code: str, known: Iterable[str]) -> DomainError:
    codes = list(known)
    near = get_close_matches(code, codes, n=1)
    hint = f" Did you mean “{near[0]}”?" if near else f" Known: {', '.join(codes[:10]) or 'none'}."
    return DomainError(f"No {what} has the code “{code}”.{hint}")
