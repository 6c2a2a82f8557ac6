"""Why people dispute: the reasons to choose from, each with whoever answers it and how fast."""

from __future__ import annotations

from dataclasses import dataclass

from incentives.models import DisputeReason
from org.errors import DomainError
from org.models import User
from org.permissions import Role

About = DisputeReason.About


@dataclass(frozen=True)
class Reason:
    """A reason to choose from. ``role``: whose queue it goes to, unless an ``owner`` is named."""

    code: str
    name: str
    about: str
    role: str
    days: int
    owner: User | None = None


STANDARD = (
    Reason("amount", "The amount is wrong", About.LINE, Role.PLAN_MANAGER, 5),
    Reason("figure", "A figure or a goal is wrong", About.LINE, Role.SUPERVISOR, 5),
    Reason("not_mine", "This is not mine", About.LINE, Role.SUPERVISOR, 5),
    Reason("taken_back", "Something was taken back wrongly", About.LINE, Role.PLAN_MANAGER, 5),
    Reason("work", "A sale or other work is missing", About.MISSING, Role.SUPERVISOR, 5),
    Reason("days", "My days, absences or job are wrong", About.ANY, Role.SUPERVISOR, 5),
    Reason("payment", "A payment did not arrive", About.MISSING, Role.PAYROLL, 3),
    Reason("other", "Something else", About.ANY, Role.PLAN_MANAGER, 10),
)
"""What there is to choose from where a tenant has no list of its own."""

OTHER = STANDARD[-1]


def reasons(*, claim: bool) -> list[Reason]:
    """The reasons for a line, or for a claim that something is missing: the tenant's, else the
    standard ones."""
    unfit = About.LINE if claim else About.MISSING
    return [reason for reason in every_reason() if reason.about != unfit]


def every_reason() -> list[Reason]:
    """All reasons, the tenant's own in the order of their codes."""
    own = [
        Reason(row.code, row.name, row.about, row.role, row.days, row.owner)
        for row in DisputeReason.objects.select_related("owner")
    ]
    return own or list(STANDARD)


def reason_called(code: str, *, claim: bool) -> Reason:
    """The reason with a code; an empty code is what goes to the plan manager."""
    if not code:
        return OTHER
    fitting = {reason.code: reason for reason in reasons(claim=claim)}
    if code not in fitting:
        raise DomainError(
            f"“{code}” is no reason for {'a claim' if claim else 'a line'}. There are: "
            f"{', '.join(fitting) or 'none'}."
        )
    return fitting[code]
