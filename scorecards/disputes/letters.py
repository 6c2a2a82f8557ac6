"""Letters about disputes: to whoever answers one that comes, to the person when it is answered.

They name what it is about and where it is read, and neither amounts nor what was written: mail is
read in more places than pages are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.urls import reverse

from incentives.dispute import local_day
from incentives.dispute_queries import answerers, concerned
from incentives.disputed import title_of
from incentives.models import Dispute
from org.mail import Letter, address_of, send_later
from org.models import User
from scorecards import formats

TO_ANSWER = {
    "dispute.open": "{who} says that something is {wrong}: {about}.",
    "dispute.hand_over": "A dispute was handed to you: {about}, of {who}.",
    "dispute.reopen": "What a dispute asked for was not approved, so it waits for another answer:"
    " {about}, of {who}.",
}
TO_READ = {
    "dispute.accept": "Your dispute was accepted. What follows from it waits for a second person",
    "dispute.close": "Your dispute was answered: it is {said}",
    "dispute.settle": "What your accepted dispute asked for was approved",
}


def on_dispute(
    sender: Any, *, dispute: Dispute, action: str, by: User | None, at: datetime, **_: Any
) -> None:
    """Write to those whom something new about a dispute concerns; whoever did it knows already."""
    if action in TO_ANSWER:
        users = answerers(dispute, on=local_day(at))
        send_later(_to_answer(dispute, action, _others(users, by)))
    elif action in TO_READ:
        send_later(_to_read(dispute, action, _others(concerned(dispute), by)))


def _others(users: Iterable[User], by: User | None) -> list[User]:
    found = {user.email.lower(): user for user in users if user.email and user != by}
    return list(found.values())


def _about(dispute: Dispute) -> str:
    what = title_of(dispute.plan, dispute.component) if dispute.component else "something missing"
    period = formats.period_name(dispute.period, locale=dispute.tenant.locale)
    return f"{what}, {dispute.plan} {period}"


def _to_answer(dispute: Dispute, action: str, users: Iterable[User]) -> Iterator[Letter]:
    about = _about(dispute)
    wrong = "missing" if dispute.is_claim else "wrong"
    said = TO_ANSWER[action].format(who=dispute.person.name, wrong=wrong, about=about)
    reason = f" The reason chosen: {dispute.reason_name}." if dispute.reason_name else ""
    due = ""
    if dispute.due_on:
        day = formats.day(dispute.due_on, locale=dispute.tenant.locale)
        due = f" It should be answered by {day}."
    for user in users:
        yield Letter(
            to=user.email,
            subject=f"A dispute waits for an answer: {about}",
            text=f"Hello {_called(user)},\n\n{said}{reason}{due}\n\n{_where(dispute)}\n",
        )


def _to_read(dispute: Dispute, action: str, users: Iterable[User]) -> Iterator[Letter]:
    said = TO_READ[action].format(said=dispute.said)
    for user in users:
        yield Letter(
            to=user.email,
            subject=f"Your dispute: {_about(dispute)}",
            text=f"Hello {_called(user)},\n\n{said}: {_about(dispute)}.\n\n{_where(dispute)}\n",
        )


def _called(user: User) -> str:
    return user.get_full_name() or user.get_username()


def _where(dispute: Dispute) -> str:
    """The way to the dispute; without a page that is being answered, in words."""
    address = address_of(reverse("dispute", args=[dispute.pk]))
    return address or f"Read it on the site: Disputes, number {dispute.pk}."
