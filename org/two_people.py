"""Whoever writes does not approve, and nobody approves what moves their own pay."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from org.errors import DomainError
from org.models import Membership, Person, User
from org.tenancy import current_tenant_id


def refuse_alone(by: User | None, approved_by: User | None, *, what: str) -> None:
    """Refuse what moves money by hand unless two people stand for it; ``what`` begins a sentence.

    Either may be missing only to be asked for: the system itself moves no money by hand.
    """
    refuse_nobody(by, what=what)
    assert by is not None
    if approved_by is None:
        raise DomainError(
            f"{what} moves money by hand, so a second person approves it; say who "
            "(--approved-by USER)."
        )
    if by.pk == approved_by.pk:
        raise DomainError(f"{by} cannot both ask for this and approve it; somebody else must.")


def refuse_nobody(by: User | None, *, what: str) -> None:
    """Refuse what the system does not do by itself."""
    if by is None:
        raise DomainError(f"{what} needs somebody who does it; say who (--by USER).")


def own_people(user: User) -> list[int]:
    """Which of the tenant's people a user is: usually one, or none."""
    own = Membership.objects.filter(user=user, tenant=current_tenant_id(), person__isnull=False)
    return [person for (person,) in own.values_list("person")]


def refuse_own_pay(approver: User, people: Iterable[int], *, what: str = "is concerned") -> None:
    """Refuse whoever is one of the people whose pay moves, by whatever role they approve."""
    mine = set(own_people(approver)).intersection(people)
    person = Person.objects.filter(pk__in=mine).first()
    if person is not None:
        raise DomainError(
            f"{approver} is {person} ({person.code}) and {what}: nobody approves what moves their "
            "own pay, nor as somebody's deputy. Somebody else must approve it."
        )


def check_correction(
    by: User | None, approved_by: User | None, people: Collection[int], *, what: str
) -> str:
    """Refuse whoever corrects or approves a figure of their own, and one person in both roles.

    What the recorded cause says of the approval; empty without one. ``people``: whose figures
    move. ``what`` ends "X is Ann (1001) and …".
    """
    for user in (by, approved_by):
        if user is not None:
            refuse_own_pay(user, people, what=what)
    if approved_by is None:
        return ""
    if by is None or by.pk == approved_by.pk:
        raise DomainError(
            f"{approved_by} cannot both correct this and approve it; say who corrects (--by USER)"
            " and who approves (--approved-by USER)."
        )
    return f" (approved by {approved_by.get_username()})"


def refuse_no_reason(reason: str, *, what: str) -> str:
    """The reason without spaces around it; refuses an empty one."""
    if not reason.strip():
        raise DomainError(f"{what} needs a reason (--reason), which stays with the money.")
    return reason.strip()
