"""What somebody of the demo says is wrong or missing, and what became of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from incentives.dispute import close_dispute, open_dispute, say
from incentives.disputed import lines_of
from incentives.models import Dispute
from incentives.own import points_of
from org.models import Period, Person, User


def object_to(
    *,
    person: Person,
    closed: Period,
    running: Period,
    by: User,
    answered_by: User,
    at: datetime,
) -> None:
    """A line of a closed period in dispute, one claim that was answered, and one that waits."""
    if Dispute.objects.exists():
        return
    point = next(iter(points_of(person, closed)), None)
    if point is None:
        return
    plan = point.plan_period.plan
    about: dict[str, Any] = {"plan": plan, "person": person, "by": by}
    claim = open_dispute(
        period=closed,
        code="work",
        reason="My contract with Holm of the 12th is not among my sales.",
        at=at,
        **about,
    )
    close_dispute(
        dispute=claim,
        answer="It was signed on the 2nd of the month after, and counts there.",
        by=answered_by,
        at=at + timedelta(days=2),
    )
    lines = lines_of(plan=plan, period=closed, person=person)
    line = next((one for one in lines if one.amount), None)
    if line is not None:
        doubted = open_dispute(
            period=closed,
            component=line.component,
            code="amount",
            reason="I count more than stands here. The list of my own is in the team's folder.",
            at=at + timedelta(days=3),
            **about,
        )
        say(
            dispute=doubted,
            text="Which days do you mean?",
            by=answered_by,
            at=at + timedelta(days=4),
        )
    open_dispute(
        period=running,
        code="days",
        reason="I was at a training on the 7th and 8th; it is not among my days.",
        at=at + timedelta(days=14),
        **about,
    )
