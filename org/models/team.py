"""Who was on whose team on which days: what supervisors confirm each month, and what they doubt."""

from __future__ import annotations

from django.db import models

from org.base import TenantForeignKey, TenantModel
from org.constraints import AppendOnly


class TeamConfirmation(TenantModel):
    """A supervisor, or a deputy, looked at a month's team and said that it is right.

    ``shown`` is what stood on the page, ``sha256`` its hash: jobs that change afterwards make
    another hash, and the month waits to be confirmed again.
    """

    manager = TenantForeignKey("org.Person", related_name="confirmations")
    month = models.DateField(help_text="Its first day.")
    sha256 = models.CharField(max_length=64)
    shown = models.JSONField(help_text="Each stretch of days: person, unit, job type, first, end.")
    at = models.DateTimeField()
    by = models.ForeignKey("org.User", models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-month", "-at"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "manager", "month", "sha256"], name="org_teamconfirmation_once"
            ),
            AppendOnly(name="org_teamconfirmation_forever"),
        ]

    def __str__(self) -> str:
        return f"Team of {self.manager}, {self.month:%B %Y}"


class TeamObjection(TenantModel):
    """What a supervisor says is wrong with a month's team; open until somebody answers it."""

    manager = TenantForeignKey("org.Person", related_name="objections")
    month = models.DateField(help_text="Its first day.")
    who = models.CharField(max_length=200, help_text="As the supervisor names the person.")
    since = models.DateField()
    what = models.TextField()
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey("org.User", models.PROTECT, related_name="+")
    answer = models.TextField(blank=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["closed_at", "opened_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "manager", "month", "who", "since"],
                condition=models.Q(closed_at=None),
                name="org_teamobjection_once",
            ),
            models.CheckConstraint(
                condition=models.Q(closed_at=None) | ~models.Q(answer=""),
                name="org_teamobjection_answered",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.who} on the team of {self.manager}, {self.month:%B %Y}"
