"""Wallboards: the addresses that open them, the messages on them, and what they show.

An address carries a secret of 256 random bits; its hash alone is kept, in a table that is read
before the tenant is known. It opens one wallboard, to be read (docs/adr/0163).
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from org import audit
from org.errors import DomainError
from org.models import Assignment, Membership, Tenant, UnitClosure, User
from org.permissions import Permission
from org.queries import assignments_on, visible_people
from org.tenancy import current_tenant_id
from scorecards.models import Wallboard, WallMessage, WallToken

SEEN_EVERY = timedelta(minutes=1)


def new_secret() -> str:
    """A secret for an address, 256 bits."""
    return secrets.token_urlsafe(32)


def hash_of(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


# --- addresses


@transaction.atomic
def make_token(
    *,
    wallboard: Wallboard,
    secret: str,
    label: str,
    expires_at: datetime | None,
    by: User,
    at: datetime,
) -> WallToken:
    """Let an address open a wallboard. The same secret again is the same address, not a second.

    Refuses (DomainError) an end that is past, and a secret that was revoked.
    """
    if expires_at is not None and expires_at <= at:
        raise DomainError("The address would end before it begins. Choose a day to come.")
    token, made = WallToken.objects.get_or_create(
        sha256=hash_of(secret),
        defaults={
            "tenant_id": current_tenant_id(),
            "wallboard_id": wallboard.pk,
            "label": label,
            "made_at": at,
            "made_by": by,
            "expires_at": expires_at,
        },
    )
    if token.revoked_at is not None:
        raise DomainError("This address was revoked. Make a new one.")
    if made:
        audit.record(action="wallboard address made", subject=f"{wallboard}: {label}", by=by, at=at)
    return token


@transaction.atomic
def revoke_token(*, wallboard: Wallboard, token: int, by: User, at: datetime) -> bool:
    """Let an address open nothing any more; whether it did until now."""
    changed = tokens_of(wallboard).filter(pk=token, revoked_at=None).update(revoked_at=at)
    if changed:
        label = WallToken.objects.get(pk=token).label
        audit.record(
            action="wallboard address revoked", subject=f"{wallboard}: {label}", by=by, at=at
        )
    return bool(changed)


def tokens_of(wallboard: Wallboard) -> QuerySet[WallToken]:
    """The addresses of a wallboard of the entered tenant."""
    return WallToken.objects.filter(tenant=current_tenant_id(), wallboard_id=wallboard.pk)


@dataclass(frozen=True)
class Opened:
    """What an address opens: a wallboard by its key, in a tenant that is not entered yet."""

    tenant: Tenant
    wallboard_id: int


def open_token(secret: str, *, at: datetime) -> Opened | None:
    """What a secret opens at a moment; None for one that is unknown, ended or revoked."""
    alive = WallToken.objects.filter(Q(expires_at=None) | Q(expires_at__gt=at), revoked_at=None)
    token = alive.filter(sha256=hash_of(secret)).select_related("tenant").first()
    if token is None:
        return None
    if token.seen_at is None or at - token.seen_at >= SEEN_EVERY:
        WallToken.objects.filter(pk=token.pk).update(seen_at=at)
    return Opened(token.tenant, token.wallboard_id)


def read_only() -> None:
    """Let nothing be written until the transaction, or the one within it, ends."""
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")


# --- messages


@transaction.atomic
def say(
    *, wallboard: Wallboard, text: str, begins: datetime, ends: datetime, by: User, at: datetime
) -> WallMessage:
    """Put a sentence on a wallboard; the same one again is not put there twice."""
    if ends <= begins:
        raise DomainError("The message ends before it begins. Choose a later end.")
    if ends <= at:
        raise DomainError("The message would be over already. Choose a later end.")
    message, made = WallMessage.objects.get_or_create(
        wallboard=wallboard, text=text, begins=begins, defaults={"ends": ends, "by": by}
    )
    if made:
        audit.record(action="wallboard message", subject=f"{wallboard}: {text}", by=by, at=at)
    return message


@transaction.atomic
def take_down(*, wallboard: Wallboard, message: int, by: User, at: datetime) -> bool:
    """End a message now; whether it was still to be read."""
    found = WallMessage.objects.filter(wallboard=wallboard, pk=message, ends__gt=at).first()
    if found is None:
        return False
    found.ends = max(at, found.begins)
    found.save(update_fields=["ends"])
    audit.record(
        action="wallboard message taken down", subject=f"{wallboard}: {found.text}", by=by, at=at
    )
    return True


# --- who manages which


def managed_by(
    membership: Membership, permissions: frozenset[Permission], *, on: date
) -> QuerySet[Wallboard]:
    """The wallboards whose addresses and messages somebody may look after.

    Who configures: all. A supervisor: those that hang in a unit where people of theirs work.
    """
    boards = Wallboard.objects.select_related("unit")
    if Permission.CONFIGURE in permissions:
        return boards
    if Permission.SEE_TEAM not in permissions:
        return boards.none()
    jobs: QuerySet[Assignment] = assignments_on(on).filter(
        person__in=visible_people(membership, on=on)
    )
    above = UnitClosure.objects.filter(
        descendant__in=jobs.values("unit"), valid_from__lte=on, valid_to__gt=on
    )
    return boards.filter(unit__in=above.values("ancestor"))
