"""Correcting one figure by hand: who, why, before and after; no later file overwrites it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction

from metrics.locks import hold_values
from metrics.models import Correction, Metric, MetricDefinition, Value
from metrics.restore import bring_back
from metrics.stage import temporary
from metrics.totals import JOB_OF_DAY
from org import audit
from org.base import CURRENT
from org.changes import Mark, record_change
from org.dates import plausible
from org.errors import DomainError
from org.models import InputChange, Person, User
from org.sql import NEVER, execute
from org.two_people import check_correction

LIMIT = Decimal(10) ** 18
OWN = "corrects a figure of their own, or approves it"
Kind = MetricDefinition.Kind


@transaction.atomic
def correct(
    *,
    person: Person,
    day: date,
    metric: Metric,
    reference: str = "",
    numerator: Decimal,
    denominator: Decimal | None = None,
    reason: str,
    by: User | None,
    at: datetime,
    approved_by: User | None = None,
) -> Correction:
    """Set a person's figure of one day; of a ratio or weighted mean, both parts.

    For a weighted mean the numerator is value times weight. A correction of the same figure
    replaces the one before. Raises DomainError where the figure is none, and for whoever corrects
    or approves a figure of their own.
    """
    hold_values()
    check_figure(metric, day, numerator, denominator, reason)
    approved = check_correction(by, approved_by, [person.pk], what=OWN)
    key = {"person_id": person.pk, "day": day, "metric_id": metric.pk, "reference": reference}
    before = Value.objects.filter(CURRENT, **key).first()
    if before is not None and before.transaction_id is not None:
        raise DomainError(
            f"This figure is what {reference} credits. Correct the transaction: correct TENANT "
            "--transaction KIND:KEY attribute=value --reason …"
        )
    earlier = Correction.objects.filter(CURRENT, **key).first()
    at = _after(at, before, earlier)
    _supersede(at, before, earlier)
    correction = Correction.objects.create(
        **key,
        numerator=numerator,
        denominator=denominator,
        before_numerator=before.numerator if before else None,
        before_denominator=before.denominator if before else None,
        reason=reason.strip(),
        by=by,
        recorded_at=at,
    )
    Value.objects.create(
        **key,
        recorded_at=at,
        numerator=numerator,
        denominator=denominator,
        slot=before.slot if before else None,
        correction_id=correction.pk,
    )
    _stamp(key)
    _record(correction, "corrected", by, at, approved=approved)
    return correction


@transaction.atomic
def withdraw(
    *,
    correction: Correction,
    reason: str,
    by: User | None,
    at: datetime,
    approved_by: User | None = None,
) -> bool:
    """Take a correction back; whether a delivered figure holds again in its place."""
    hold_values()
    approved = check_correction(by, approved_by, [correction.person_id], what=OWN)
    if not reason.strip():
        raise DomainError("A correction is withdrawn with a reason. Say why.")
    correction = Correction.objects.select_for_update().get(pk=correction.pk)
    value = Value.objects.filter(CURRENT, correction_id=correction.pk).first()
    if value is None or not Correction.objects.filter(CURRENT, pk=correction.pk).exists():
        raise DomainError(f"The correction of {correction} does not hold any more.")
    at = _after(at, value, correction)
    _supersede(at, value, correction)
    temporary(
        "freed",
        "SELECT %s::bigint AS person_id, %s::date AS day, %s::bigint AS metric_id,"
        " %s::text AS reference",
        [correction.person_id, correction.day, correction.metric_id, correction.reference],
    )
    restored = bring_back(at) > 0
    _record(correction, "withdrawn", by, at, why=reason, approved=approved)
    return restored


def check_figure(
    metric: Metric, day: date, numerator: Decimal, denominator: Decimal | None, reason: str
) -> None:
    """Refuse what a figure of a day cannot be, and a change without a reason."""
    if not reason.strip():
        raise DomainError("A correction needs a reason. Say why the figure is wrong.")
    if not plausible(day):
        raise DomainError(f"{day} cannot be a day of work here. Mend the year.")
    definition = MetricDefinition.objects.filter(
        CURRENT, metric=metric, valid_from__lte=day, valid_to__gt=day
    ).first()
    if definition is None:
        raise DomainError(f"{metric.code} is not defined on {day}.")
    if definition.kind == Kind.DERIVED:
        raise DomainError(
            f"{metric.code} is worked out by a formula. Correct the figures that it is made of."
        )
    for figure in (numerator, denominator):
        if figure is not None and not (figure.is_finite() and abs(figure) < LIMIT):
            raise DomainError(f"{figure} is no figure: it reaches 10 to the 18th.")
    _check_denominator(metric, definition.kind, numerator, denominator)


def _check_denominator(
    metric: Metric, kind: str, numerator: Decimal, denominator: Decimal | None
) -> None:
    divided = kind in (Kind.RATIO, Kind.WEIGHTED_MEAN)
    if divided and denominator is None:
        raise DomainError(
            f"{metric.code} is divided: give the denominator (or weight) beside the value."
        )
    if not divided and denominator is not None:
        raise DomainError(f"{metric.code} is not divided by anything: leave the denominator out.")
    if denominator is not None and (denominator < 0 or (denominator == 0 and numerator != 0)):
        raise DomainError(
            f"The denominator of {metric.code} is {denominator}; it must be above 0, or both 0."
        )


def _after(at: datetime, *rows: Value | Correction | None) -> datetime:
    """A moment after all these were recorded: of two rows of a key, one is always the later."""
    tick = timedelta(microseconds=1)
    return max([at, *(row.recorded_at + tick for row in rows if row is not None)])


def _supersede(at: datetime, value: Value | None, correction: Correction | None) -> None:
    if value is not None:
        # By its key and not by save(): the end of its time is part of the key.
        Value.objects.filter(
            CURRENT,
            person_id=value.person_id,
            day=value.day,
            metric_id=value.metric_id,
            reference=value.reference,
        ).update(superseded_at=at)
    if correction is not None:
        Correction.objects.filter(pk=correction.pk).update(superseded_at=at)


def _stamp(key: dict[str, object]) -> None:
    execute(
        f"UPDATE metrics_value AS value SET assignment_id = ({JOB_OF_DAY})"
        " WHERE person_id = %s AND day = %s AND metric_id = %s AND reference = %s"
        f" AND superseded_at = {NEVER}",
        list(key.values()),
    )


def _record(
    correction: Correction,
    what: str,
    by: User | None,
    at: datetime,
    why: str = "",
    approved: str = "",
) -> None:
    """The cause, with its mark, and the audit row with both figures."""
    where = f"of {correction.person.name} on {correction.day}"
    record_change(
        kind=InputChange.Kind.CORRECTION,
        sentence=f"{correction.metric} {where} was {what}: {why or correction.reason}{approved}",
        marks=[
            Mark(
                first_day=correction.day,
                end_day=correction.day + timedelta(days=1),
                person=correction.person_id,
                metric=correction.metric_id,
            )
        ],
        by=by,
        at=at,
        reference=f"correction {correction.pk}",
    )
    audit.record(
        action=f"correction {what}",
        subject=f"{correction.metric.code} {where}",
        by=by,
        at=at,
        reason=(why or correction.reason) + approved,
        detail={
            "before": _figures(correction.before_numerator, correction.before_denominator),
            "after": _figures(correction.numerator, correction.denominator),
        },
    )


def _figures(numerator: Decimal | None, denominator: Decimal | None) -> list[str | None]:
    return [None if figure is None else str(figure) for figure in (numerator, denominator)]
