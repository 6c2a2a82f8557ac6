"""What a change would do to pay, kept so that its page can be opened again; and plans' budgets."""

from __future__ import annotations

from datetime import date

from django.db import models

from incentives.models.plans import Plan
from org.base import CURRENT, Dated, NumerousModel, Recorded, TenantForeignKey, TenantModel
from org.dates import EARLIEST_DAY, FOREVER


class EffectTrial(TenantModel):
    """A change that somebody tried on a period, and what it would do to pay.

    ``about`` is the number of the row that would change, ``said`` what was typed, ``stamp`` what it
    was worked out of (docs/adr/0181). ``found`` is there to be shown; nothing reads on from it.
    """

    class Kind(models.TextChoices):
        VERSION = "version", "A draft of a plan"
        CORRECTION = "correction", "A correction"
        DEAL = "deal", "A correction of a deal"
        DELIVERY = "delivery", "A change of data"
        GOAL = "goal", "A goal"
        TRANSFER = "transfer", "A transfer"
        RATE = "rate", "An exchange rate"

    class State(models.TextChoices):
        WORKING = "working", "Being worked out"
        READY = "ready", "Worked out"
        REFUSED = "refused", "Cannot be worked out"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WORKING)
    about = models.BigIntegerField(null=True)
    said = models.JSONField(default=dict)
    title = models.CharField(max_length=300)
    plan = TenantForeignKey(Plan, null=True, related_name="+")
    period = TenantForeignKey("org.Period", related_name="+")
    stamp = models.CharField(max_length=200)
    last_change = models.BigIntegerField(help_text="The newest recorded cause when it was begun.")
    found = models.JSONField(default=dict)
    sentence = models.TextField(blank=True, help_text="Why it was refused.")
    by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["tenant", "kind", "about"], name="incentives_effecttrial_about")
        ]

    def __str__(self) -> str:
        return f"{self.title}, {self.period}"


class EffectPerson(NumerousModel):
    """What one person would get in a trial, where that differs from what they get now.

    ``earned`` is the part of the change on plans whose period is final.
    """

    pk = models.CompositePrimaryKey("tenant_id", "trial_id", "person_id", "currency")
    trial_id = models.BigIntegerField()
    person_id = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    before = models.DecimalField(max_digits=24, decimal_places=6)
    after = models.DecimalField(max_digits=24, decimal_places=6)
    earned = models.DecimalField(max_digits=24, decimal_places=6)

    def __str__(self) -> str:
        return f"{self.person_id}: {self.before} → {self.after} {self.currency}"


class Budget(Recorded, Dated, TenantModel):
    """What a plan may cost in each period that begins on one of these days, in its currency."""

    plan = TenantForeignKey(Plan, related_name="budgets")
    amount = models.DecimalField(max_digits=24, decimal_places=6)

    class Meta:
        ordering = ["plan", "valid_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "plan", "valid_from"],
                condition=CURRENT,
                name="incentives_budget_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan}: {self.amount.normalize():f} a period"

    @property
    def starts(self) -> date | None:
        """The first day on which it counts; None: since ever."""
        return None if self.valid_from == EARLIEST_DAY else self.valid_from

    @property
    def ends(self) -> date | None:
        """The first day on which it no longer counts; None: no end."""
        return None if self.valid_to == FOREVER else self.valid_to
