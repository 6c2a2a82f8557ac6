"""What a person's statement said when that person last looked at it."""

from __future__ import annotations

from django.db import models

from org.base import TenantForeignKey, TenantModel


class SeenStatement(TenantModel):
    """One person's statement of a period as it stood at the end of a day on which they looked.

    ``said``: what each line came to, what went into it, and the last movement of money; the page
    compares with the latest of an earlier day (docs/adr/0188).
    """

    person = TenantForeignKey("org.Person", models.CASCADE, related_name="+")
    period = TenantForeignKey("org.Period", related_name="+")
    day = models.DateField()
    at = models.DateTimeField()
    said = models.JSONField()

    class Meta:
        ordering = ["-day"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "person", "period", "day"], name="scorecards_seen_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} {self.period}, seen on {self.day}"
