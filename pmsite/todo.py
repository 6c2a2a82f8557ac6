"""What somebody should do now: counted from what waits, by what their roles let them do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Q, Sum
from django.urls import reverse

from incentives import acknowledge, desk
from incentives.dispute_queries import overdue, seen_by, to_approve, waiting_for
from incentives.models import Closing, PlanVersion
from metrics.models import DealRequest, Delivery, HandledRejections, Waiting
from metrics.requests import requests_of
from org.models import Membership, Period, TeamObjection
from org.permissions import Permission as P
from org.queries import roles, visible_people
from org.team_days import heads, month_before, outstanding
from payroll.models import PayBatch
from payroll.queries import groups_with_due
from pmsite.models import Job
from scorecards import formats

RECENT = timedelta(days=7)


@dataclass(frozen=True)
class Todo:
    """One thing that waits: how many, what, what tells it from its like, and the way there."""

    count: int
    title: str
    beside: str
    address: str


Found = Iterator[Todo]


def todos(membership: Membership, permissions: frozenset[P], on: date) -> list[Todo]:
    """All that waits for a member, in the order in which it should be done."""
    asked = [find for permission, find in FINDERS if permission in permissions]
    found = (one for find in dict.fromkeys(asked) for one in find(membership, on))
    return [one for one in found if one.count]


def _count(number: int, one: str, many: str) -> str:
    return one if number == 1 else many


def _failed_jobs(membership: Membership, on: date) -> Found:
    failed = Job.objects.filter(
        tenant=membership.tenant_id, state=Job.State.FAILED, made_at__date__gte=on - RECENT
    )
    number = failed.count()
    last = failed.order_by("-id").first()
    yield Todo(
        number,
        _count(number, "Job failed this week", "Jobs failed this week"),
        last.failure.splitlines()[0][:160] if last and last.failure else "",
        reverse("jobs"),
    )


def _rejected(_membership: Membership, on: date) -> Found:
    recent = Delivery.objects.filter(
        received_at__date__gte=on - RECENT, rows_rejected__gt=0, undone_at=None
    ).exclude(pk__in=HandledRejections.objects.values("delivery"))
    rows = recent.aggregate(rows=Sum("rows_rejected"))["rows"] or 0
    yield Todo(
        rows,
        _count(rows, "Row could not be used", "Rows could not be used"),
        "in the deliveries of this week, each with its reason",
        reverse("deliveries"),
    )


def _to_publish(membership: Membership, _on: date) -> Found:
    found = list(desk.reviews_for(membership.user))
    yield Todo(
        len(found),
        _count(len(found), "Version waits for you to publish it", "Versions wait for you"),
        ", ".join(str(version) for version in found[:3]),
        _way_to(found),
    )


def _way_to(versions: list[PlanVersion]) -> str:
    """To the only version, or to the list of all."""
    if len(versions) == 1:
        return reverse("version", args=[versions[0].pk])
    return reverse("rules")


def _sent_back(membership: Membership, _on: date) -> Found:
    found = list(desk.sent_back_to(membership.user))
    yield Todo(
        len(found),
        _count(len(found), "Draft of yours was sent back", "Drafts of yours were sent back"),
        ", ".join(f"{draft}: {draft.sent_back[:60]}" for draft in found[:3]),
        _way_to(found),
    )


def _rules(membership: Membership, on: date) -> Found:
    failed = [point for point in desk.troubled() if point.run is not None and point.run.failed]
    people = sum(point.run.failed for point in failed if point.run is not None)
    yield Todo(
        people,
        _count(people, "Result could not be worked out", "Results could not be worked out"),
        ", ".join(f"{point.plan} {_named(point.period, membership)}" for point in failed[:3]),
        reverse("rules"),
    )
    period = desk.running_period(on)
    if period is None:
        return
    without = desk.without_plan(period).count()
    yield Todo(
        without,
        _count(without, "Person works without a plan", "People work without a plan"),
        f"in {_named(period, membership)}",
        reverse("without-plan", args=[period.calendar.code, period.code]),
    )


def _credits(_membership: Membership, _on: date) -> Found:
    number = Waiting.objects.count()
    dated = Waiting.objects.filter(problem="no_day").count() if number else 0
    yield Todo(
        number,
        _count(number, "Deal credits nobody yet", "Deals credit nobody yet"),
        f"{dated} of them for want of a date" if dated else "each with what to do",
        reverse("credits-waiting"),
    )


def _to_close(membership: Membership, on: date) -> Found:
    closings = desk.to_close(on)
    ready = [one for one in closings if not one.waits]
    yield Todo(
        len(ready),
        _count(
            len(ready), "Period is ready to be made final", "Periods are ready to be made final"
        ),
        ", ".join(_named(one.period, membership) for one in ready[:4]),
        reverse("closings"),
    )
    held = [one for one in closings if one.waits]
    yield Todo(
        len(held),
        _count(len(held), "Period is over and waits", "Periods are over and wait"),
        "for data, a decision or a mended formula",
        reverse("closings"),
    )


def _named(period: Period, membership: Membership) -> str:
    return formats.period_name(period, locale=membership.tenant.locale)


def _handed(membership: Membership, _on: date) -> Found:
    waiting = Closing.objects.filter(state=Closing.State.HANDED).exclude(
        handed_by=membership.user_id
    )
    rows = list(waiting.select_related("plan", "period")[:4])
    number = waiting.count() if rows else 0
    yield Todo(
        number,
        _count(number, "Plan's period waits for you to close it", "Plans' periods wait for you"),
        ", ".join(f"{one.plan} {_named(one.period, membership)}" for one in rows),
        reverse("closings"),
    )


def _to_prepare(_membership: Membership, on: date) -> Found:
    groups = groups_with_due(on)
    yield Todo(
        len(groups),
        _count(len(groups), "Pay group has something due", "Pay groups have something due"),
        ", ".join(str(group) for group in groups[:4]),
        reverse("pay"),
    )
    bare = PayBatch.objects.filter(
        status=PayBatch.Status.APPROVED, files=None, lines__isnull=False
    ).distinct()
    number = bare.count()
    yield Todo(
        number,
        _count(number, "Paid batch has no file yet", "Paid batches have no file yet"),
        "payroll does not know of them",
        reverse("pay"),
    )


def _to_approve(membership: Membership, _on: date) -> Found:
    drafts = PayBatch.objects.filter(status=PayBatch.Status.DRAFT).exclude(
        prepared_by=membership.user_id
    )
    number = drafts.count()
    yield Todo(
        number,
        _count(number, "Pay batch waits for your approval", "Pay batches wait for your approval"),
        "somebody else prepared it",
        reverse("pay"),
    )


def _to_decide(membership: Membership, on: date) -> Found:
    waiting = requests_of(visible_people(membership, on=on)).filter(state="open")
    number = waiting.exclude(
        Q(asked_by=membership.user_id) | Q(person=membership.person_id or 0)
    ).count()
    deals = DealRequest.objects.filter(state="open").exclude(asked_by=membership.user_id)
    number += deals.count()
    yield Todo(
        number,
        _count(number, "Correction waits for a decision", "Corrections wait for a decision"),
        "each shows what it would change in pay",
        reverse("corrections"),
    )


def _to_confirm(membership: Membership, on: date) -> Found:
    month = month_before(on.replace(day=1))
    managers = [person.pk for person in heads(membership, on=on)]
    number = len(outstanding(month, managers=managers))
    yield Todo(
        number,
        _count(number, "Team waits to be confirmed", "Teams wait to be confirmed"),
        f"who was on it on which days of {month:%B %Y}",
        reverse("team-days", args=[f"{month:%Y-%m}"]),
    )


def _objections(_membership: Membership, _on: date) -> Found:
    number = TeamObjection.objects.filter(closed_at=None).count()
    yield Todo(
        number,
        _count(number, "Supervisor says a team is wrong", "Teams are said to be wrong"),
        "mend the jobs, then answer",
        reverse("unconfirmed"),
    )


def _to_acknowledge(membership: Membership, on: date) -> Found:
    """The rules that pay a member and that the member has not acknowledged."""
    if membership.person is None:
        return
    waiting = list(acknowledge.waiting_for(membership.person, on))
    yield Todo(
        len(waiting),
        _count(len(waiting), "Plan to read and acknowledge", "Plans to read and acknowledge"),
        ", ".join(str(version.plan) for version in waiting[:3]),
        reverse("my-plans"),
    )


def _disputes(membership: Membership, on: date) -> Found:
    seen = seen_by(membership, on=on)
    waiting = waiting_for(seen, membership.user, roles(membership, on))
    number, late = waiting.count(), overdue(waiting, on).count()
    yield Todo(
        number,
        _count(number, "Dispute waits for your answer", "Disputes wait for your answer"),
        f"{late} overdue" if late else "none is overdue",
        f"{reverse('disputes')}?show=mine",
    )


def _adjustments(membership: Membership, on: date) -> Found:
    number = to_approve(seen_by(membership, on=on), membership.user).count()
    yield Todo(
        number,
        _count(number, "Adjustment waits for approval", "Adjustments wait for approval"),
        "an accepted dispute asks for it",
        f"{reverse('disputes')}?show=approve",
    )


FINDERS: tuple[tuple[P, Callable[[Membership, date], Found]], ...] = (
    (P.CONFIGURE, _failed_jobs),
    (P.APPROVE_PAY, _to_approve),
    (P.PUBLISH_RULES, _to_publish),
    (P.FINALISE, _handed),
    (P.FINALISE, _to_close),
    (P.PREPARE_PAY, _to_prepare),
    (P.EDIT_RULES, _sent_back),
    (P.EDIT_RULES, _rules),
    (P.EDIT_RULES, _credits),
    (P.APPROVE_CORRECTIONS, _to_decide),
    (P.ANSWER_DISPUTES, _disputes),
    (P.APPROVE_CORRECTIONS, _adjustments),
    (P.APPROVE_PAY, _adjustments),
    (P.CONFIRM_TEAM, _to_confirm),
    (P.MANAGE_PEOPLE, _objections),
    (P.UPLOAD_DATA, _rejected),
    (P.SEE_OWN, _to_acknowledge),
)
