"""Disputes: a line that somebody doubts is frozen until it is answered; all else goes on."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from incentives.models import Dispute, Plan
from org import audit
from org.changes import Mark, record_change
from org.errors import DomainError
from org.models import InputChange, Membership, Period, Person, User
from org.sql import fetch
from org.tenancy import current_tenant_id


@transaction.atomic
def open_dispute(
    *,
    plan: Plan,
    period: Period,
    person: Person,
    component: str = "",
    job: str = "",
    grain: str = "",
    reason: str,
    by: User | None,
    at: datetime,
) -> Dispute:
    """Doubt a line of a person, or (without a component) claim that something is missing.

    ``job`` and ``grain`` left empty: every line of the component. What is doubted is not posted
    and not released until the answer; a claim freezes nothing. Refuses (DomainError) a dispute
    without a reason, about a component that the person has no line of, or that is open already.
    """
    if not reason.strip():
        raise DomainError("A dispute needs a reason, for whoever answers it: --reason '…'.")
    if component:
        component = _known_line(plan, period, person, component)
    same = Dispute.objects.filter(
        plan=plan, period=period, person=person, component=component, closed_at=None
    )
    if component and same.filter(job=job, grain=grain).exists():
        raise DomainError(f"{component} of {person} in {period} is in dispute already.")
    dispute = Dispute.objects.create(
        plan=plan,
        period=period,
        person=person,
        component=component,
        job=job,
        grain=grain,
        reason=reason.strip(),
        opened_at=at,
        opened_by=by,
    )
    audit.record(action="dispute.open", subject=str(dispute), by=by, at=at, reason=reason)
    return dispute


@transaction.atomic
def close_dispute(*, dispute: Dispute, answer: str, by: User | None, at: datetime) -> Dispute:
    """Answer a dispute; from then on the line is posted as it should be, with this as its cause.

    Refuses (DomainError) an empty answer, one given already, and an answer to oneself.
    """
    now = Dispute.objects.select_for_update().get(pk=dispute.pk)
    if now.closed_at is not None:
        raise DomainError(f"The dispute about {now} was answered on {now.closed_at:%Y-%m-%d}.")
    if not answer.strip():
        raise DomainError("A dispute is closed by an answer: --answer '…'.")
    own = Membership.objects.filter(user=by, tenant=current_tenant_id(), person=now.person_id)
    if by is not None and (own.exists() or by.pk == now.opened_by_id):
        raise DomainError(
            f"{by} opened this dispute or would be paid by it. Somebody else must answer it."
        )
    now.answer, now.closed_at, now.closed_by = answer.strip(), at, by
    now.save(update_fields=["answer", "closed_at", "closed_by"])
    audit.record(action="dispute.close", subject=str(now), by=by, at=at, reason=answer)
    if now.component:
        record_change(
            kind=InputChange.Kind.DISPUTE,
            sentence=f"The dispute about {now} was answered: {answer.strip()}",
            marks=[
                Mark(
                    now.period.valid_from,
                    now.period.valid_to,
                    person=now.person_id,
                    plan=now.plan_id,
                )
            ],
            by=by,
            at=at,
            reference=f"dispute {now.pk}",
        )
    return now


def _known_line(plan: Plan, period: Period, person: Person, component: str) -> str:
    """The component as the lines of a person write it."""
    found = fetch(
        "SELECT DISTINCT component.name FROM incentives_earning AS earning"
        " JOIN incentives_component AS component ON component.id = earning.component_id"
        " WHERE earning.plan_id = %s AND earning.period_id = %s AND earning.person_id = %s"
        " ORDER BY 1",
        [plan.pk, period.pk, person.pk],
    )
    names = [name for (name,) in found]
    for name in names:
        if name.lower() == component.lower():
            return str(name)
    known = ", ".join(names) or "none"
    raise DomainError(
        f"{person} has no line “{component}” of {plan} in {period}. There are: {known}. For"
        " something that is missing, leave --component out."
    )
