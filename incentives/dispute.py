"""Disputes: a line that somebody doubts is frozen until it is answered; all else goes on."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from incentives.dispute_reasons import Reason, reason_called
from incentives.disputed import Line, lines_of, sum_of
from incentives.models import Dispute, DisputeMessage, Plan
from incentives.signals import dispute_moved
from org import audit, locks
from org.changes import Mark, record_change
from org.errors import DomainError
from org.models import InputChange, Membership, Period, Person, RoleGrant, Tenant, User
from org.people import managers_above
from org.permissions import Permission, Role, roles_with
from org.tenancy import current_tenant_id
from org.two_people import own_people
from org.workdays import working_day_after

State = Dispute.State
LONGEST = 5000


@transaction.atomic
def open_dispute(
    *,
    plan: Plan,
    period: Period,
    person: Person,
    component: str = "",
    job: str = "",
    grain: str = "",
    code: str = "",
    reason: str,
    by: User | None,
    at: datetime,
) -> Dispute:
    """Doubt a line of a person, or (without a component) claim that something is missing.

    ``job`` and ``grain`` left empty: every line of the component. ``code``: the reason chosen; it
    says whose queue the dispute goes to and by when it is answered. What is doubted is not posted
    and not released until the answer; a claim freezes nothing. The same once more is the one that
    is open. Refuses (DomainError) a dispute without a reason, about a component that the person
    has no line of, or that is open already.
    """
    text = _text(reason, "A dispute needs a reason, for whoever answers it: --reason '…'.")
    chosen = reason_called(code, claim=not component)
    if component:  # whoever is posting now has looked at what is frozen already
        locks.share([locks.LEDGER])
    Person.objects.select_for_update().get(pk=person.pk)
    lines = lines_of(plan=plan, period=period, person=person)
    if component:
        component = _known_line(lines, component, f"{person}", f"{plan} in {period}")
    about = {"component": component, "job": job, "grain": grain}
    there = Dispute.objects.filter(plan=plan, period=period, person=person, closed_at=None, **about)
    if same := there.filter(reason=text, opened_by=by).first():
        return same
    if component and there.exists():
        raise DomainError(f"{component} of {person} in {period} is in dispute already.")
    then = sum_of(lines, component=component, job=job, grain=grain)
    if component and not then.lines:
        raise DomainError(f"{component} of {person} in {period} has no line “{grain or job}”.")
    day = local_day(at)
    dispute = Dispute.objects.create(
        plan=plan,
        period=period,
        person=person,
        **about,
        reason_code=chosen.code if code else "",
        reason_name=chosen.name if code else "",
        reason=text,
        opened_at=at,
        opened_by=by,
        due_on=working_day_after(day, chosen.days),
        amount_then=then.amount,
        currency=then.currency,
        **_route(chosen, person, by, day),
    )
    audit.record(action="dispute.open", subject=str(dispute), by=by, at=at, reason=text)
    _tell(dispute, "dispute.open", by, at)
    return dispute


@transaction.atomic
def say(*, dispute: Dispute, text: str, by: User | None, at: datetime) -> DisputeMessage:
    """Write into the thread; the same twice in a row is said once. Also after the answer."""
    text = _text(text, "There is nothing to send: write a message first.")
    Dispute.objects.select_for_update().get(pk=dispute.pk)
    last = dispute.messages.filter(deed=False).order_by("-id").first()
    if last is not None and (last.text, last.by) == (text, by):
        return last
    return DisputeMessage.objects.create(dispute=dispute, text=text, by=by, at=at)


@transaction.atomic
def hand_to(
    *, dispute: Dispute, owner: User | None = None, role: str = "", by: User, at: datetime
) -> Dispute:
    """Give an open dispute to somebody, or to the queue of a role; its due date stays.

    Refuses whoever may not answer it: the person, whoever opened it, who stands in for the person.
    """
    now = locked(dispute)
    if now.closed_at is not None:
        raise DomainError(f"The dispute about {now} is closed, so nobody has to answer it.")
    if owner is None and Role(role) not in roles_with(Permission.ANSWER_DISPUTES):
        raise DomainError("Choose a role that answers disputes.")
    if owner is not None and (why := hindered(now, owner, local_day(at))):
        raise DomainError(why)
    if (now.owner, now.role) == (owner, role or now.role):
        return now
    now.owner, now.role = owner, role or now.role
    now.save(update_fields=["owner", "role"])
    whose = f"{owner}" if owner else f"the {Role(now.role).label.lower()}s"
    return _done(now, "dispute.hand_over", f"Now with {whose}.", by=by, at=at)


@transaction.atomic
def withdraw_dispute(*, dispute: Dispute, by: User, at: datetime) -> Dispute:
    """Take a dispute back; the person can, and whoever opened it for them. The line goes on."""
    now = locked(dispute)
    if now.state == State.WITHDRAWN:
        return now
    if by.pk != now.opened_by_id and now.person_id not in own_people(by):
        raise DomainError(f"Only {now.person}, or whoever opened it for them, can withdraw it.")
    if now.state != State.OPEN:
        raise DomainError(f"The dispute about {now} is answered: {now.said}.")
    now.state = State.WITHDRAWN
    return end(now, "dispute.withdraw", "Withdrawn.", by=by, at=at)


@transaction.atomic
def close_dispute(
    *, dispute: Dispute, answer: str, by: User | None, at: datetime, accepted: bool = False
) -> Dispute:
    """Answer a dispute for good; from then on the line is posted as it should be, with this as its
    cause.

    ``accepted``: it was right, and is mended already (at the source, in the rules); else all stays
    as it was worked out. Refuses (DomainError) an empty answer, one given already, and an answer
    to oneself.
    """
    now = answerable(dispute, answer, by=by, at=at)
    now.state = State.ACCEPTED if accepted else State.REJECTED
    _answer(now, answer, by, at)
    said = "Accepted; it is mended already." if accepted else "Rejected."
    return end(now, "dispute.close", f"{said} {now.answer}", by=by, at=at)


# --- what the verbs share with incentives.remedy


def answerable(dispute: Dispute, answer: str, *, by: User | None, at: datetime) -> Dispute:
    """The dispute, locked, if it is open and this may be said to it by them; else DomainError."""
    now = locked(dispute)
    if now.state != State.OPEN:
        on = now.closed_at or now.answered_at
        raise DomainError(
            f"The dispute about {now} was answered on {on:%Y-%m-%d}: {now.said}. Write a message "
            "if there is more to say."
        )
    _text(answer, "A dispute is closed by an answer: --answer '…'.")
    if by is not None and (why := hindered(now, by, local_day(at))):
        raise DomainError(why)
    return now


def hindered(dispute: Dispute, user: User, on: date) -> str:
    """Why a user cannot answer a dispute, whatever their roles; '' where they can.

    Nobody answers their own, nor what they opened, nor while they stand in for the person.
    """
    if user.pk == dispute.opened_by_id or dispute.person_id in own_people(user):
        return f"{user} opened this dispute or would be paid by it. Somebody else must answer it."
    stands_in = RoleGrant.objects.filter(
        membership__user=user,
        membership__tenant=current_tenant_id(),
        deputy_for__person=dispute.person_id,
        valid_from__lte=on,
        valid_to__gt=on,
    )
    if stands_in.exists():
        return f"{user} stands in for {dispute.person}. Somebody else must answer this."
    return ""


def locked(dispute: Dispute) -> Dispute:
    """The dispute as it is now, and nobody else's until the transaction ends."""
    rows = Dispute.objects.select_for_update(of=("self",))
    return rows.select_related("plan", "period__calendar", "person").get(pk=dispute.pk)


def accept(now: Dispute, answer: str, *, by: User, at: datetime) -> Dispute:
    """Note that an open dispute is right; it stays frozen until what follows is approved."""
    now.state = State.ACCEPTED
    _answer(now, answer, by, at)
    now.save(update_fields=["state", "answer", "answered_at", "answered_by"])
    return _done(now, "dispute.accept", f"Accepted. {now.answer}", by=by, at=at)


def reopen(now: Dispute, sentence: str, *, by: User | None, at: datetime) -> Dispute:
    """What it asked for was refused: it waits for another answer."""
    now.state, now.answer, now.answered_at, now.answered_by = State.OPEN, "", None, None
    now.save(update_fields=["state", "answer", "answered_at", "answered_by"])
    return _done(now, "dispute.reopen", sentence, by=by, at=at)


def end(now: Dispute, action: str, said: str, *, by: User | None, at: datetime) -> Dispute:
    """Let a dispute's key go on: the differences that waited come with this as their cause."""
    now.closed_at, now.closed_by = at, by
    now.save()
    _done(now, action, said, by=by, at=at)
    if now.component:
        record_change(
            kind=InputChange.Kind.DISPUTE,
            sentence=f"The dispute about {now} was answered: {now.answer or said}",
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


def local_day(at: datetime) -> date:
    """The tenant's day at a moment."""
    zone = Tenant.objects.values_list("time_zone", flat=True).get(pk=current_tenant_id())
    return at.astimezone(ZoneInfo(zone)).date()


def _answer(now: Dispute, answer: str, by: User | None, at: datetime) -> None:
    now.answer, now.answered_at, now.answered_by = answer.strip(), at, by


def _done(now: Dispute, action: str, said: str, *, by: User | None, at: datetime) -> Dispute:
    DisputeMessage.objects.create(dispute=now, text=said, by=by, at=at, deed=True)
    audit.record(
        action=action, subject=str(now), by=by, at=at, reason=said, detail={"dispute": now.pk}
    )
    _tell(now, action, by, at)
    return now


def _tell(now: Dispute, action: str, by: User | None, at: datetime) -> None:
    dispute_moved.send(sender=Dispute, dispute=now, action=action, by=by, at=at)


def _text(text: str, refusal: str) -> str:
    text = text.strip()
    if not text:
        raise DomainError(refusal)
    if len(text) > LONGEST:
        raise DomainError(f"That is {len(text):,} characters; {LONGEST:,} are taken. Shorten it.")
    return text


def _route(chosen: Reason, person: Person, by: User | None, day: date) -> dict[str, object]:
    """Whose a new dispute is: the reason's owner or role; without a supervisor, plan managers."""
    owner = chosen.owner
    if owner is not None and (owner == by or person.pk in own_people(owner)):
        owner = None
    role: str = chosen.role
    if role == Role.SUPERVISOR:
        above = managers_above({person.pk: (day, day + timedelta(days=1))})
        members = Membership.objects.filter(tenant=current_tenant_id(), person__in=list(above))
        role = Role.SUPERVISOR if members.exists() else Role.PLAN_MANAGER
    return {"owner": owner, "role": str(role)}


def _known_line(lines: list[Line], component: str, who: str, where: str) -> str:
    """The component as the lines of a person write it."""
    names = sorted({line.component for line in lines})
    for name in names:
        if name.lower() == component.lower():
            return name
    raise DomainError(
        f"{who} has no line “{component}” of {where}. There are: {', '.join(names) or 'none'}. If "
        "it was there before, a later calculation took it away. What is missing is claimed without"
        " naming a line."
    )
