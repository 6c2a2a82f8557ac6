"""Telling people what changed in what they were told before."""

from __future__ import annotations

from django.db import models

from org.base import TenantForeignKey, TenantModel


class ChangeNotice(TenantModel):
    """Differences of earlier periods were booked for somebody; new until they look.

    ``period``: the one into which they were booked, at the moment ``at``, which their transfers
    carry too.
    """

    person = TenantForeignKey("org.Person", models.CASCADE, related_name="change_notices")
    period = TenantForeignKey("org.Period", related_name="+")
    at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "person", "period", "at"], name="incentives_notice_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["tenant", "person"],
                condition=models.Q(seen_at=None),
                name="incentives_notice_new",
            )
        ]

    def __str__(self) -> str:
        return f"{self.person}: booked in {self.period}"
