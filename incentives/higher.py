"""The higher approval of a version that reduces pay already earned: who may give it, who has."""

from __future__ import annotations

from datetime import date

from django.db.models import Q

from incentives.fingerprint import version_hash
from incentives.models import PlanVersion, ReductionApproval
from org.models import Membership, User
from org.permissions import Permission, roles_with
from org.tenancy import current_tenant_id


def approved(version: PlanVersion) -> ReductionApproval | None:
    """The latest approval of a version as it was handed in; none of what it said before."""
    if version.status != PlanVersion.Status.REVIEW or version.handed_in_at is None:
        return None
    rows = ReductionApproval.objects.filter(
        version=version, at__gte=version.handed_in_at
    ).select_related("by")
    last = rows.last()
    return last if last is not None and last.digest == version_hash(version) else None


def approvers(version: PlanVersion, on: date) -> list[User]:
    """Who may approve on a day what a version reduces: not its author, nor whoever handed it in."""
    grants = [str(role) for role in roles_with(Permission.APPROVE_REDUCTIONS)]
    members = Membership.objects.filter(
        tenant=current_tenant_id(),
        grants__role__in=grants,
        grants__valid_from__lte=on,
        grants__valid_to__gt=on,
    )
    wrote = Q(pk=version.author_id) | Q(pk=version.handed_in_by_id)
    users = User.objects.filter(pk__in=members.values("user"), is_active=True).exclude(wrote)
    return list(users.order_by("username"))
