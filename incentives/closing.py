"""Closing a plan's period by two people: one hands it over as ready, another closes it.

The closing itself is long work and is done by a job (:func:`close_now`); what asks for it says so
at once. ``finalise_period`` is what it comes to, and stays for the command of operators.
"""

from __future__ import annotations

from datetime import date, datetime

from django.db import OperationalError, transaction
from psycopg.errors import LockNotAvailable

from incentives.checklist import Checklist, Line, checklist
from incentives.checks import paid_by
from incentives.finalise import finalise_period
from incentives.models import Closing, ClosingAcceptance, PlanPeriod
from org import audit
from org.errors import DomainError
from org.models import Person, User
from org.progress import Tell, quiet
from org.sql import execute
from org.two_people import own_people

State = Closing.State
MOST_SAID = 5
PATIENCE_MS = 3000


@transaction.atomic
def accept_open(
    *, plan_period: PlanPeriod, check: str, reason: str, by: User, at: datetime, on: date
) -> ClosingAcceptance:
    """Say that a period may be closed with what is open in one line of its checklist, and why.

    Refuses (DomainError) without a reason, what no reason can close, what is not open, and anybody
    whose own pay it moves.
    """
    if not reason.strip():
        raise DomainError("Say why it may stay open: the reason stays with the closing.")
    _refuse_final(plan_period)
    _refuse_own(plan_period, by)
    line = checklist(plan_period, on=on).line(check)
    if line is None:
        raise DomainError(f"No line of the checklist is called “{check}”.")
    if line.acceptance is not None:
        return line.acceptance
    if not line.can_be_accepted:
        what = "keeps the period open until it is mended" if line.state == "open" else "is not open"
        raise DomainError(f"“{line.check.title}” {what}.")
    made = ClosingAcceptance.objects.create(
        plan=plan_period.plan,
        period=plan_period.period,
        line=check,
        items=line.check.stamp,
        said="\n".join(item.sentence for item in line.check.items),
        reason=reason.strip(),
        by=by,
        at=at,
    )
    _note("closing.accept", plan_period, by, at, f"{line.check.title}: {made.reason}")
    return made


@transaction.atomic
def hand_over(
    *, plan_period: PlanPeriod, note: str = "", by: User, at: datetime, on: date
) -> Closing:
    """Say that a plan's period is ready, for somebody else to close.

    The same once more is the one that waits. Refuses (DomainError) while anything is open that is
    not accepted, and whoever is paid by it.
    """
    point = _locked(plan_period)
    there = waiting(point)
    if there is not None:
        if there.handed_by_id == by.pk:
            return there
        raise DomainError(f"{there.handed_by} handed it over already. You can close it.")
    _refuse_final(point)
    _refuse_own(point, by)
    found = checklist(point, on=on)
    _refuse_open(found)
    assert point.run is not None, "a checklist is of a calculated period"
    made = Closing.objects.create(
        plan=point.plan,
        period=point.period,
        handed_by=by,
        handed_at=at,
        note=note.strip(),
        left_open=[_left(line) for line in found.accepted],
        total=point.run.total,
        people=point.run.people,
    )
    _note("closing.hand_over", point, by, at, note.strip(), total=str(made.total))
    return made


@transaction.atomic
def take_back(*, closing: Closing, reason: str = "", by: User, at: datetime) -> Closing:
    """Send a period back that waits to be closed; whoever handed it over needs no reason."""
    now = Closing.objects.select_for_update().get(pk=closing.pk)
    if now.state == State.BACK:
        return now
    if now.state != State.HANDED:
        raise DomainError(f"It is {now.get_state_display().lower()}, so it cannot be taken back.")
    if by.pk != now.handed_by_id and not reason.strip():
        raise DomainError(f"Say why, for {now.handed_by}, who handed it over.")
    now.state, now.refusal, now.ended_at = State.BACK, reason.strip(), at
    now.save(update_fields=["state", "refusal", "ended_at"])
    point = PlanPeriod.objects.get(plan=now.plan_id, period=now.period_id)
    _note("closing.take_back", point, by, at, reason.strip())
    return now


@transaction.atomic
def ask_to_close(*, closing: Closing, by: User, at: datetime, on: date) -> tuple[Closing, bool]:
    """Have a period closed that somebody else handed over; whether it was asked for just now.

    Refuses (DomainError) whoever handed it over, anybody whose own pay it moves, and a period in
    which something has opened since that nobody accepted.
    """
    now = (
        Closing.objects.select_for_update(of=("self",))
        .select_related("handed_by")
        .get(pk=closing.pk)
    )
    if now.state in (State.CLOSING, State.CLOSED):
        return now, False
    if now.state != State.HANDED:
        raise DomainError("It was taken back, so it must be handed over again first.")
    if by.pk == now.handed_by_id:
        raise DomainError(f"{by} handed it over, so somebody else must close it.")
    point = PlanPeriod.objects.select_related("plan", "period__calendar", "run__version__plan").get(
        plan=now.plan_id, period=now.period_id
    )
    _refuse_own(point, by)
    _refuse_open(checklist(point, on=on))
    now.state, now.closed_by, now.asked_at, now.refusal = State.CLOSING, by, at, ""
    now.save(update_fields=["state", "closed_by", "asked_at", "refusal"])
    _note("closing.close", point, by, at, "")
    return now, True


def close_now(*, closing: Closing, at: datetime, on: date, tell: Tell = quiet) -> str:
    """Make final what was asked to be closed, together with what the same person asked of the same
    period; in a sentence what became of it.

    What is refused goes back to *handed over*, with the refusal. Nothing to do: it is closed.
    """
    if closing.state != State.CLOSING:
        return f"{closing.plan} {closing.period.code} is {closing.get_state_display().lower()}."
    together = list(
        Closing.objects.filter(
            period=closing.period, state=State.CLOSING, closed_by=closing.closed_by
        ).select_related("plan", "period__calendar")
    )
    mine = Closing.objects.filter(pk__in=[one.pk for one in together])
    try:
        with transaction.atomic():
            reports = finalise_period(
                period=closing.period,
                several=[one.plan for one in together],
                by=closing.closed_by,
                at=at,
                on=on,
                tell=tell,
            )
    except DomainError as refusal:
        mine.update(state=State.HANDED, closed_by=None, asked_at=None, refusal=str(refusal))
        return f"{closing.period.code} could not be closed; its page says why."
    mine.update(state=State.CLOSED, ended_at=at)
    booked = sum(report.transfers for report in reports)
    plans = ", ".join(str(report.run.plan) for report in reports)
    return f"{closing.period.code} is final for {plans}: {booked} transfers booked."


def waiting(plan_period: PlanPeriod) -> Closing | None:
    """The closing of a plan's period that waits or is under way."""
    rows = Closing.objects.filter(
        plan=plan_period.plan_id,
        period=plan_period.period_id,
        state__in=[State.HANDED, State.CLOSING],
    )
    return rows.select_related("handed_by", "closed_by", "plan", "period__calendar").first()


def hindered(plan_period: PlanPeriod, user: User) -> str:
    """Why a user neither hands over nor closes, whatever their roles; '' where they can."""
    assert plan_period.run is not None, "only calculated plan periods are closed"
    paid = paid_by(plan_period.run, own_people(user))
    if not paid:
        return ""
    person = Person.objects.get(pk=min(paid))
    return (
        f"{user} is {person} ({person.code}) and is paid by {plan_period.plan} in this period:"
        " nobody closes what moves their own pay, nor as somebody's deputy."
    )


def _refuse_own(plan_period: PlanPeriod, by: User) -> None:
    if why := hindered(plan_period, by):
        raise DomainError(why)


def _refuse_open(found: Checklist) -> None:
    if found.open:
        said = [f"{one.check.title}: {one.check.number} open." for one in found.open]
        raise DomainError(
            f"{found.plan_period.plan} cannot be handed over or closed while something is open.",
            tuple(said[:MOST_SAID]),
        )


def _refuse_final(plan_period: PlanPeriod) -> None:
    if plan_period.final_at is not None:
        raise DomainError(f"{plan_period.period} is final for {plan_period.plan} already.")
    if plan_period.run is None:
        raise DomainError(f"{plan_period.plan} was never calculated in {plan_period.period}.")


def _locked(plan_period: PlanPeriod) -> PlanPeriod:
    """The row for this transaction alone. A calculation holds it to its end, which may be long."""
    rows = PlanPeriod.objects.select_for_update(of=("self",))
    try:
        with transaction.atomic():
            execute(f"SET LOCAL lock_timeout = {PATIENCE_MS}")
            found = rows.select_related("plan", "period__calendar", "run__version__plan").get(
                pk=plan_period.pk
            )
            execute("SET LOCAL lock_timeout TO DEFAULT")
    except OperationalError as busy:
        if not isinstance(busy.__cause__, LockNotAvailable):
            raise  # a lost connection, a deadlock: no calculation that one could wait for
        raise DomainError(
            f"{plan_period.period} of {plan_period.plan} is being worked out at this moment. Hand"
            " it over in a minute, as it is then."
        ) from busy
    return found


def _left(line: Line) -> dict[str, str]:
    assert line.acceptance is not None
    return {
        "title": line.check.title,
        "said": line.acceptance.said,
        "reason": line.acceptance.reason,
        "by": str(line.acceptance.by),
    }


def _note(
    action: str, plan_period: PlanPeriod, by: User, at: datetime, reason: str, **detail: str
) -> None:
    audit.record(
        action=action,
        subject=f"{plan_period.plan}, {plan_period.period}",
        by=by,
        at=at,
        reason=reason,
        detail=detail,
    )
