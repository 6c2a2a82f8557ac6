"""Users, their places in tenants, and the roles they hold for a time."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from org import audit
from org.dates import FOREVER
from org.errors import DomainError
from org.models import Membership, Person, RoleGrant, User
from org.permissions import Role
from org.tenancy import current_tenant_id
from org.timeline import check_days, days_text


@transaction.atomic
def add_member(
    *,
    username: str,
    by: User | None,
    at: datetime,
    person: Person | None = None,
    name: str = "",
    email: str = "",
    password: str | None = None,
    staff: bool = False,
) -> Membership:
    """Give somebody a place in the entered tenant, and a login if they have none.

    Without a password they cannot log in until one is set. A user who is there already keeps the
    password; ``person`` says who they are among the tenant's people.
    """
    user = User.objects.filter(username=username).first()
    if user is None:
        first, _, last = name.partition(" ")
        user = User(
            username=username,
            first_name=first,
            last_name=last,
            email=email,
            is_staff=staff,
        )
        user.set_password(password)
        user.save()
    tenant_id = current_tenant_id()
    membership, made = Membership.objects.get_or_create(
        user=user, tenant_id=tenant_id, defaults={"person": person}
    )
    if not made and person is not None and membership.person_id != person.pk:
        membership.person = person
        membership.save(update_fields=["person"])
    if made:
        audit.record(
            action="add member",
            subject=f"{username} as {person or 'nobody'}",
            by=by,
            at=at,
        )
    return membership


@transaction.atomic
def enter_email(*, membership: Membership, email: str, by: User | None, at: datetime) -> bool:
    """Give a member an e-mail address who has none yet; answer whether it was entered.

    Who has one changes it themselves. Somebody of another tenant, too, gets none from here: links
    to set a password go to it, and the password opens the other tenant.
    """
    user = membership.user
    elsewhere = user.memberships.exclude(tenant=current_tenant_id())
    if user.email or not email or elsewhere.exists():
        return False
    user.email = email
    user.save(update_fields=["email"])
    audit.record(action="enter e-mail", subject=f"{user.get_username()}: {email}", by=by, at=at)
    return True


@transaction.atomic
def grant_role(
    *,
    membership: Membership,
    role: Role,
    on: date,
    by: User | None,
    at: datetime,
    until: date = FOREVER,
    deputy_for: Membership | None = None,
) -> RoleGrant:
    """Give a member a role on ``[on, until)``; it ends by itself.

    Refuses a role given to oneself, a deputy without an end, and days on which it is held already.
    """
    what = f"{membership.user} as {role.label.lower()}"
    check_days(on, until, what=what)
    if by is not None and by == membership.user:
        raise DomainError(f"{what}: nobody gives a role to themselves. Ask another administrator.")
    if deputy_for is not None and until == FOREVER:
        raise DomainError(f"{what}: a deputy needs a last day, so that the right ends by itself.")
    held = RoleGrant.objects.filter(
        membership=membership,
        role=role,
        deputy_for=deputy_for,
        valid_from__lt=until,
        valid_to__gt=on,
    ).first()
    if held is not None:
        days = days_text(held.valid_from, held.valid_to)
        raise DomainError(f"{what} {days_text(on, until)}: held already {days}.")
    grant = RoleGrant.objects.create(
        membership=membership,
        role=role,
        valid_from=on,
        valid_to=until,
        deputy_for=deputy_for,
    )
    audit.record(action="grant role", subject=f"{what} {days_text(on, until)}", by=by, at=at)
    return grant


@transaction.atomic
def end_role(*, grant: RoleGrant, on: date, by: User | None, at: datetime) -> None:
    """Take a role away from a day on; one that has not begun by then goes altogether."""
    subject = f"{grant.membership.user} as {grant.get_role_display()} from {on}"
    if on <= grant.valid_from:
        grant.delete()
    elif on < grant.valid_to:
        grant.valid_to = on
        grant.save(update_fields=["valid_to"])
    audit.record(action="end role", subject=subject, by=by, at=at)
