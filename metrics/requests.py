"""Asking for a correction, and deciding about it: two people for every figure set by hand."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import QuerySet

from metrics.correct import check_figure, correct
from metrics.models import CorrectionRequest, Metric, Value
from metrics.signals import request_decided
from org import audit
from org.base import CURRENT
from org.errors import DomainError
from org.models import Person, User
from org.people import managers_above
from org.two_people import refuse_own_pay

State = CorrectionRequest.State


@transaction.atomic
def ask_correction(
    *,
    person: Person,
    day: date,
    metric: Metric,
    reference: str = "",
    numerator: Decimal,
    denominator: Decimal | None = None,
    reason: str,
    by: User,
    at: datetime,
) -> CorrectionRequest:
    """Ask for a figure of one day to be another; somebody else decides.

    The same request again is the one that is open already. DomainError for a figure that is none,
    for one's own figure, and where another figure is asked for the same day already.
    """
    check_figure(metric, day, numerator, denominator, reason)
    refuse_own_pay(by, [person.pk], what="asks for another figure of their own")
    Person.objects.select_for_update().get(pk=person.pk)
    key = {"person": person, "day": day, "metric": metric, "reference": reference}
    before = Value.objects.filter(
        CURRENT, person_id=person.pk, day=day, metric_id=metric.pk, reference=reference
    ).first()
    if before is not None and (before.numerator, before.denominator) == (numerator, denominator):
        raise DomainError(f"{metric} of {person} on {day} is that figure already.")
    opened = CorrectionRequest.objects.filter(state=State.OPEN, **key).first()
    if opened is not None:
        return _same(opened, numerator, denominator, by)
    request = CorrectionRequest.objects.create(
        **key,
        numerator=numerator,
        denominator=denominator,
        before_numerator=before.numerator if before else None,
        before_denominator=before.denominator if before else None,
        reason=reason.strip(),
        asked_by=by,
        asked_at=at,
    )
    _note(request, "ask", by, at, reason.strip())
    return request


def _same(
    opened: CorrectionRequest, numerator: Decimal, denominator: Decimal | None, by: User
) -> CorrectionRequest:
    if (opened.numerator, opened.denominator, opened.asked_by_id) == (
        numerator,
        denominator,
        by.pk,
    ):
        return opened
    raise DomainError(
        f"{opened.asked_by} asked for another figure of {opened} already. It must be decided or "
        "withdrawn first."
    )


def deciders_refused(request: CorrectionRequest) -> set[int]:
    """The people whose pay may move with a request: its person and the managers above that day."""
    day = request.day
    above = managers_above({request.person_id: (day, day + timedelta(days=1))})
    return {request.person_id, *above}


@transaction.atomic
def approve_request(
    *, request: CorrectionRequest, by: User, at: datetime, answer: str = ""
) -> CorrectionRequest:
    """Make the correction that was asked for.

    DomainError for whoever asked, for those whose pay it may move (the person and the managers
    above), and for a request that was decided otherwise; one approved already stays as it is.
    """
    now = _open(request, State.APPROVED)
    if now is None:
        return _reloaded(request)
    refuse_own_pay(by, deciders_refused(now), what="would be paid by this figure, or by their team")
    now.correction = correct(
        person=now.person,
        day=now.day,
        metric=now.metric,
        reference=now.reference,
        numerator=now.numerator,
        denominator=now.denominator,
        reason=now.reason,
        by=now.asked_by,
        at=at,
        approved_by=by,
    )
    return _decide(now, State.APPROVED, by, at, answer)


@transaction.atomic
def refuse_request(
    *, request: CorrectionRequest, by: User, at: datetime, answer: str
) -> CorrectionRequest:
    """Leave the figure as it is, with a reason for whoever asked."""
    if not answer.strip():
        raise DomainError("A refusal needs a reason, for whoever asked. Say why the figure stays.")
    now = _open(request, State.REFUSED)
    if now is None:
        return _reloaded(request)
    if by.pk == now.asked_by_id:
        raise DomainError(f"{by} asked for this. Withdraw it, or let somebody else decide.")
    refuse_own_pay(by, deciders_refused(now), what="would be paid by this figure, or by their team")
    return _decide(now, State.REFUSED, by, at, answer)


@transaction.atomic
def withdraw_request(*, request: CorrectionRequest, by: User, at: datetime) -> CorrectionRequest:
    """Take a request back; only whoever asked can."""
    now = _open(request, State.WITHDRAWN)
    if now is None:
        return _reloaded(request)
    if by.pk != now.asked_by_id:
        raise DomainError(f"Only {now.asked_by}, who asked, can withdraw this.")
    return _decide(now, State.WITHDRAWN, by, at, "")


def requests_of(people: QuerySet[Person]) -> QuerySet[CorrectionRequest]:
    """The requests about some people, open ones first, with all that a list shows."""
    found = CorrectionRequest.objects.filter(person__in=people)
    related = found.select_related("person", "metric", "asked_by", "decided_by")
    return related.order_by("decided_at", "-asked_at", "-id")


def _open(request: CorrectionRequest, wanted: State) -> CorrectionRequest | None:
    """The request, locked; None where it has been decided so already (a second click)."""
    now = (
        CorrectionRequest.objects.select_for_update(of=("self",))
        .select_related("person", "metric", "asked_by", "decided_by")
        .get(pk=request.pk)
    )
    if now.state == wanted:
        return None
    if now.state != State.OPEN:
        raise DomainError(
            f"{now} was {now.get_state_display().lower()} by {now.decided_by} already."
        )
    return now


def _reloaded(request: CorrectionRequest) -> CorrectionRequest:
    return CorrectionRequest.objects.get(pk=request.pk)


def _decide(
    now: CorrectionRequest, state: State, by: User, at: datetime, answer: str
) -> CorrectionRequest:
    now.state, now.decided_by, now.decided_at, now.answer = state, by, at, answer.strip()
    now.save(update_fields=["state", "decided_by", "decided_at", "answer", "correction"])
    _note(now, state.value, by, at, answer.strip() or now.reason)
    request_decided.send(sender=CorrectionRequest, request=now, by=by, at=at)
    return now


def _note(request: CorrectionRequest, what: str, by: User, at: datetime, reason: str) -> None:
    audit.record(
        action=f"correction request {what}",
        subject=f"{request.metric.code} of {request.person.name} on {request.day}",
        by=by,
        at=at,
        reason=reason,
        detail={
            "request": request.pk,
            "before": _figures(request.before_numerator, request.before_denominator),
            "after": _figures(request.numerator, request.denominator),
        },
    )


def _figures(*figures: Decimal | None) -> list[str | None]:
    return [None if figure is None else str(figure) for figure in figures]
