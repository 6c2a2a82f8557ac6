"""Who may work in which tenant, as what, and for how long."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import models
from django.db.models.functions import Coalesce

from org.base import TenantForeignKey, TenantModel
from org.constraints import TenantReference, no_overlap
from org.dates import FOREVER
from org.history import tracked
from org.permissions import Role


@tracked(key="user__username")
class Membership(models.Model):
    """A user's place in a tenant. Global: it is read before the tenant is known."""

    user = models.ForeignKey("org.User", models.PROTECT, related_name="memberships")
    tenant = models.ForeignKey("org.Tenant", models.PROTECT, related_name="memberships")
    person = models.ForeignKey(
        "org.Person",
        models.PROTECT,
        null=True,
        blank=True,
        db_constraint=False,
        help_text="Who the user is among the tenant's people, if anybody.",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "tenant"], name="org_membership_once"),
            models.UniqueConstraint(fields=["tenant", "id"], name="org_membership_key"),
            TenantReference(field="person", name="org_membership_person_ref"),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.tenant}"


@tracked(key="membership__user__username")
class RoleGrant(TenantModel):
    """A role that a member has on the days ``[valid_from, valid_to)``; it ends by itself."""

    membership = TenantForeignKey(Membership, models.CASCADE, related_name="grants")
    role = models.CharField(max_length=20, choices=[(r.value, r.label) for r in Role])
    valid_from = models.DateField()
    valid_to = models.DateField(default=FOREVER)
    deputy_for = TenantForeignKey(Membership, null=True, blank=True, related_name="deputies")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(valid_from__lt=models.F("valid_to")), name="org_rolegrant_days"
            ),
            no_overlap(
                name="org_rolegrant_once",
                over=("membership", "role", Coalesce("deputy_for", 0)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} ({self.membership})"

    @property
    def is_for_ever(self) -> bool:
        """Whether it has no end."""
        return self.valid_to == FOREVER

    @property
    def last_day(self) -> date:
        """The last day on which it counts."""
        return self.valid_to - timedelta(days=1)
