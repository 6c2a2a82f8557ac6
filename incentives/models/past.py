"""A period as it was known at a past moment, kept so that its page can be opened again."""

from __future__ import annotations

from django.db import models

from org.base import NumerousModel, TenantForeignKey, TenantModel


class PastLook(TenantModel):
    """Somebody looked at a period as known at a moment, beside what is known at ``at``.

    ``found`` is there to be shown, its amounts as exact text; nothing reads on from it.
    """

    class State(models.TextChoices):
        WORKING = "working", "Being worked out"
        READY = "ready", "Worked out"
        REFUSED = "refused", "Cannot be worked out"

    period = TenantForeignKey("org.Period", related_name="+")
    moment = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.WORKING)
    found = models.JSONField(default=dict)
    sentence = models.TextField(blank=True, help_text="Why it was refused.")
    by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.period} as known {self.moment:%Y-%m-%d %H:%M} UTC"


class PastLookLine(NumerousModel):
    """A line that is not what it was at the moment of a look, with the recorded causes."""

    pk = models.CompositePrimaryKey("tenant_id", "look_id", "place")
    look_id = models.BigIntegerField()
    place = models.IntegerField()
    person = models.CharField(max_length=60, help_text="The personnel number.")
    name = models.CharField(max_length=200)
    plan = models.CharField(max_length=60)
    component = models.CharField(max_length=60)
    job = models.CharField(max_length=200)
    grain = models.CharField(max_length=255)
    currency = models.CharField(max_length=3)
    before = models.DecimalField(max_digits=24, decimal_places=6, null=True)
    after = models.DecimalField(max_digits=24, decimal_places=6, null=True)
    change = models.DecimalField(max_digits=24, decimal_places=6)
    cause = models.TextField(blank=True)

    class Meta:
        ordering = ["look_id", "place"]

    def __str__(self) -> str:
        return f"{self.name}: {self.plan} {self.component} {self.change} {self.currency}"
