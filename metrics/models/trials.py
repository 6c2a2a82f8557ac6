"""A change of data on trial: a file, the undoing of a delivery, or the same file once more."""

from __future__ import annotations

from django.db import models

from metrics.models.sources import Delivery, Source, UnusableRow
from org.base import TenantForeignKey, TenantModel


class Trial(TenantModel):
    """Something that would change data, kept until somebody takes it in or lets it go.

    ``round`` counts the times that it was looked at: whoever takes it in says which look they saw.
    ``found`` is what the file holds and how it is read, ``report`` the figures of taking it in, and
    ``pay`` what that would change in pay; all three are there to be shown, and nothing reads on
    from them. The content of a file goes when the trial ends: a delivery has it then, or nobody.
    """

    class Kind(models.TextChoices):
        FILE = "file", "A file is brought in"
        UNDO = "undo", "A delivery is undone"
        AGAIN = "again", "A delivery is tried again"

    class State(models.TextChoices):
        LOOKING = "looking", "Being looked at"
        CHOOSE = "choose", "Needs its source"
        READY = "ready", "Ready to be taken in"
        REFUSED = "refused", "Cannot be taken in"
        TAKING = "taking", "Being taken in"
        TAKEN = "taken", "Taken in"
        DROPPED = "dropped", "Let go"

    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.FILE)
    state = models.CharField(max_length=10, choices=State.choices, default=State.LOOKING)
    round = models.PositiveIntegerField(default=1)
    source = TenantForeignKey(Source, null=True, related_name="trials")
    file_name = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField(help_text="In bytes.")
    content = models.BinaryField(help_text="The file as it came; empty once the trial has ended.")
    complete_through = models.DateField(null=True)
    replaces = TenantForeignKey(Delivery, null=True, related_name="trials")
    reason = models.TextField(blank=True)
    by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    found = models.JSONField(default=dict)
    report = models.JSONField(default=dict)
    pay = models.JSONField(default=dict)
    sentence = models.TextField(blank=True, help_text="Why it was refused.")
    ended_by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True)
    delivery = TenantForeignKey(Delivery, null=True, related_name="+")

    OPEN = (State.LOOKING, State.CHOOSE, State.READY, State.REFUSED)

    class Meta:
        ordering = ["-id"]
        constraints = [
            # The same file dropped twice, or a form sent twice, is one trial.
            models.UniqueConstraint(
                fields=["tenant", "by", "kind", "sha256"],
                condition=models.Q(state__in=["looking", "choose", "ready", "refused"]),
                name="metrics_trial_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.file_name}"

    @property
    def is_open(self) -> bool:
        """Whether it can still be taken in or let go."""
        return self.state in self.OPEN


class TrialRow(UnusableRow, TenantModel):
    """A row that taking a file in would reject; it goes when the trial ends."""

    trial = TenantForeignKey(Trial, models.CASCADE, related_name="rows")

    class Meta:
        ordering = ["trial", "line"]
        indexes = [models.Index(fields=["tenant", "trial", "line"], name="metrics_trialrow_line")]
