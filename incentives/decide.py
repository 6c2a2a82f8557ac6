"""Deciding what a goal of zero means for one person: nobody else waits for it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from incentives.calculate import is_final, version_for
from incentives.models import Decision, Plan
from org import audit
from org.changes import Mark, record_change
from org.dates import NEVER
from org.errors import DomainError
from org.models import InputChange, Period, Person, User
from org.two_people import refuse_own_pay


@transaction.atomic
def decide(
    *,
    plan: Plan,
    period: Period,
    person: Person,
    measure: str,
    kind: Decision.Kind,
    reason: str,
    by: User | None,
    at: datetime,
) -> Decision:
    """Say that a person's attainment of a measure is 0 % or 100 %, or is left out, and why.

    A later decision supersedes an earlier one. Refuses (DomainError) a decision without a reason,
    on a measure that the plan does not have, on a final period, or by the person themselves.
    """
    if not reason.strip():
        raise DomainError("A decision needs a reason, for whoever reads it later: --reason '…'.")
    if by is not None:
        refuse_own_pay(by, [person.pk], what="would be paid by this decision")
    _refuse_unknown(plan, period, measure)
    if is_final(plan, period):
        raise DomainError(f"{period} of {plan} is final; a decision comes before that.")
    Decision.objects.filter(
        plan=plan, period=period, person=person, measure=measure, superseded_at=NEVER
    ).update(superseded_at=at)
    decision = Decision.objects.create(
        plan=plan,
        period=period,
        person=person,
        measure=measure,
        kind=kind,
        reason=reason,
        by=by,
        recorded_at=at,
    )
    audit.record(
        action="decide", subject=f"{plan}, {period}: {decision}", by=by, at=at, reason=reason
    )
    record_change(
        kind=InputChange.Kind.DECISION,
        sentence=f"{measure} of {person.name}: {decision.get_kind_display()} ({reason})",
        marks=[Mark(period.valid_from, period.valid_to, person=person.pk, plan=plan.pk)],
        by=by,
        at=at,
        reference=f"decision {decision.pk}",
    )
    return decision


def _refuse_unknown(plan: Plan, period: Period, measure: str) -> None:
    version = version_for(plan, period)
    known = [] if version is None else list(version.measures.values_list("name", flat=True))
    if measure not in known:
        raise DomainError(
            f"{plan} has no measure “{measure}” in {period}. It has: {', '.join(known) or 'none'}."
        )
