"""What somebody above agreed to, before a version is published."""

from __future__ import annotations

from django.db import models

from org.base import TenantForeignKey, TenantModel
from org.constraints import AppendOnly, NotedByHand


class ReductionApproval(TenantModel):
    """Somebody who may approve reductions agrees that a version reduces pay already earned.

    It stands for the rules with this hash, as they were handed in. Added, never changed.
    """

    version = TenantForeignKey("incentives.PlanVersion", related_name="reduction_approvals")
    digest = models.CharField("hash of the rules", max_length=64)
    reason = models.TextField()
    by = models.ForeignKey("org.User", models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            NotedByHand(name="incentives_reductionapproval_by_hand"),
            AppendOnly(name="incentives_reductionapproval_forever"),
        ]

    def __str__(self) -> str:
        return f"{self.by} agrees to what {self.version} reduces"
