"""Reading disputes: who sees which, what waits for whom, and what accepted ones changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce, NullIf

from incentives.dispute import hindered
from incentives.models import Component, Dispute, DisputeMessage, DisputeRemedy
from org.models import Membership, Person, User
from org.people import managers_above
from org.permissions import Role
from org.queries import visible_people
from org.sql import fetch
from org.tenancy import current_tenant_id

State = Dispute.State


def seen_by(membership: Membership, *, on: date) -> QuerySet[Dispute]:
    """The disputes of the people whom a member sees, with all that a list shows."""
    people = visible_people(membership, on=on)
    found = with_titles(Dispute.objects.filter(person__in=people))
    return found.select_related("person", "plan", "period__calendar", "owner", "opened_by")


def with_titles(disputes: QuerySet[Dispute]) -> QuerySet[Dispute]:
    """Disputes with ``title``: their component as people read it, by the latest version."""
    named = Component.objects.filter(
        version__plan=OuterRef("plan"), name__iexact=OuterRef("component")
    )
    title = Coalesce(NullIf(F("title"), Value("")), F("name"))
    latest = named.order_by("-version__number").annotate(called=title).values("called")[:1]
    return disputes.annotate(title=Coalesce(Subquery(latest), F("component")))


def waiting_for(
    disputes: QuerySet[Dispute], user: User, roles: Collection[Role]
) -> QuerySet[Dispute]:
    """Of some, those that wait for a user's answer: their own queue and that of their roles."""
    mine = Q(owner=user) | Q(owner=None, role__in=[str(role) for role in roles])
    return disputes.filter(mine, state=State.OPEN).exclude(opened_by=user)


def answerers(dispute: Dispute, *, on: date) -> list[User]:
    """Who finds a dispute in their queue on a day: its owner, or who holds its role.

    Of supervisors, those above the person; nobody who may not answer it.
    """
    if dispute.owner is not None:
        return [dispute.owner]
    members = Membership.objects.filter(
        tenant=current_tenant_id(),
        grants__role=dispute.role,
        grants__valid_from__lte=on,
        grants__valid_to__gt=on,
    )
    if dispute.role == Role.SUPERVISOR:
        above = managers_above({dispute.person_id: (on, on + timedelta(days=1))})
        members = members.filter(person__in=list(above))
    users = User.objects.filter(pk__in=members.values("user"), is_active=True)
    return [user for user in users.order_by("pk") if not hindered(dispute, user, on)]


def concerned(dispute: Dispute) -> list[User]:
    """Who waits for the answer: the person, and whoever opened it for them."""
    own = Membership.objects.filter(tenant=current_tenant_id(), person=dispute.person_id)
    mine = Q(pk__in=own.values("user")) | Q(pk=dispute.opened_by_id)
    return list(User.objects.filter(mine, is_active=True).order_by("pk"))


def overdue(disputes: QuerySet[Dispute], on: date) -> QuerySet[Dispute]:
    """Of some, those that should have been answered before a day."""
    return disputes.filter(state=State.OPEN, due_on__lt=on)


def to_approve(disputes: QuerySet[Dispute], user: User) -> QuerySet[Dispute]:
    """Of some, those whose adjustment waits for a second person, who can be this one."""
    remedies = DisputeRemedy.objects.filter(
        dispute=OuterRef("pk"), state="open", kind="adjustment"
    ).exclude(asked_by=user)
    return disputes.filter(Exists(remedies)).exclude(opened_by=user)


def news_of(person: Person, user: User) -> QuerySet[Dispute]:
    """A person's disputes in which others said or did something since they last looked."""
    newer = DisputeMessage.objects.filter(
        dispute=OuterRef("pk"),
        at__gt=Coalesce(OuterRef("seen_at"), OuterRef("opened_at")),
    ).exclude(by=user)
    found = with_titles(Dispute.objects.filter(Exists(newer), person=person))
    return found.select_related("plan", "period__calendar", "person").order_by("-opened_at")


# What the lines of many disputes come to now, as incentives.disputed reads those of one person.
NOW = """
    WITH asked AS (
      SELECT id, plan_id, period_id, person_id, lower(component) AS component, job, grain, currency
      FROM incentives_dispute WHERE id = ANY(%(disputes)s)
    ), earned AS (
      SELECT asked.id, component.name AS component, earning.job, earning.grain, earning.currency,
             sum(earning.amount) AS amount
      FROM asked
      JOIN incentives_planperiod AS point
        ON point.plan_id = asked.plan_id AND point.period_id = asked.period_id
      JOIN incentives_earning AS earning
        ON earning.run_id = point.run_id AND earning.person_id = asked.person_id
      JOIN incentives_component AS component ON component.id = earning.component_id
      WHERE asked.component IN ('', lower(component.name))
        AND asked.job IN ('', earning.job) AND asked.grain IN ('', earning.grain)
      GROUP BY 1, 2, 3, 4, 5
    ), booked AS (
      SELECT asked.id, moved.component, moved.job, moved.grain, moved.currency,
             sum(CASE 'plan' WHEN from_account THEN amount ELSE -amount END) AS amount
      FROM asked
      JOIN incentives_transfer AS moved
        ON moved.plan_id = asked.plan_id AND moved.earned_period_id = asked.period_id
       AND moved.person_id = asked.person_id
      WHERE origin IN ('calculation', 'opening') AND 'plan' IN (from_account, to_account)
        AND asked.component IN ('', lower(moved.component))
        AND asked.job IN ('', moved.job) AND asked.grain IN ('', moved.grain)
      GROUP BY 1, 2, 3, 4, 5
    )
    SELECT id, currency, sum(coalesce(booked.amount, earned.amount))
    FROM earned FULL JOIN booked USING (id, component, job, grain, currency)
    GROUP BY id, currency ORDER BY id, currency
"""


def changes_of(disputes: Iterable[Dispute]) -> dict[int, tuple[str, Decimal]]:
    """What accepted disputes changed so far, by number: currency and amount.

    What the line (of a claim: all of the plan) comes to now, less what it came to when the dispute
    was opened, and what was adjusted by hand for it. Whatever else moved the line is in it, too.
    """
    settled = [d for d in disputes if d.state == State.ACCEPTED and d.closed_at is not None]
    if not settled:
        return {}
    numbers = [dispute.pk for dispute in settled]
    now: dict[int, dict[str, Decimal]] = {}
    for number, currency, amount in fetch(NOW, {"disputes": numbers}):
        now.setdefault(number, {})[currency] = amount or Decimal(0)
    by_hand = dict(
        DisputeRemedy.objects.filter(dispute__in=numbers, kind="adjustment", state="approved")
        .values_list("dispute")
        .annotate(total=Sum(F("amount")))
        .order_by("dispute")
    )
    found = {}
    for dispute in settled:
        amounts = now.get(dispute.pk, {})
        currency = dispute.currency or next(iter(amounts), dispute.plan.currency)
        moved = amounts.get(currency, Decimal(0)) - (dispute.amount_then or Decimal(0))
        found[dispute.pk] = currency, moved + by_hand.get(dispute.pk, Decimal(0))
    return found
