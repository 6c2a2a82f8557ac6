"""Who has acknowledged which rules, and who was reminded to."""

from __future__ import annotations

from django.db import models

from org.base import TenantForeignKey, TenantModel
from org.constraints import AppendOnly


class Acknowledgement(TenantModel):
    """A person has read the rules with this hash. Added, never changed."""

    person = TenantForeignKey("org.Person", related_name="acknowledgements")
    version = TenantForeignKey("incentives.PlanVersion", related_name="acknowledgements")
    digest = models.CharField("hash of the rules", max_length=64)
    at = models.DateTimeField()
    by = models.ForeignKey("org.User", models.PROTECT, related_name="+")
    through = models.CharField("from where", max_length=300, blank=True)

    class Meta:
        ordering = ["at"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "person", "version", "digest"],
                name="incentives_acknowledgement_once",
            ),
            AppendOnly(name="incentives_acknowledgement_forever"),
        ]

    def __str__(self) -> str:
        return f"{self.person} acknowledged {self.version}"


class AcknowledgementReminder(TenantModel):
    """Somebody was asked once more to read and acknowledge the rules of a version."""

    person = TenantForeignKey("org.Person", related_name="+")
    version = TenantForeignKey("incentives.PlanVersion", related_name="reminders")
    at = models.DateTimeField()
    by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+")
    mailed = models.BooleanField(help_text="Whether there was an address to write to.")

    class Meta:
        ordering = ["at"]
        constraints = [AppendOnly(name="incentives_acknowledgementreminder_forever")]

    def __str__(self) -> str:
        return f"{self.person} was reminded of {self.version}"
