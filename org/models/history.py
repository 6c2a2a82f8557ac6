"""What happened: the audit trail, the recorded causes of change, and the marks they leave."""

from __future__ import annotations

from django.db import models

from org.base import NumerousModel, TenantForeignKey, TenantModel
from org.constraints import AppendOnly, NotedByHand


class AuditEntry(TenantModel):
    """Who did what, when and why. Written by the verbs, inside their transaction."""

    at = models.DateTimeField()
    by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+")
    action = models.CharField(max_length=60)
    subject = models.CharField(max_length=200, help_text="What it was done to, in words.")
    reason = models.TextField(blank=True)
    detail = models.JSONField(default=dict, help_text="Figures before and after.")
    through = models.CharField(
        max_length=260, blank=True, default="", help_text="Page, command or job, and from where."
    )

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "audit entries"
        constraints = [
            AppendOnly(name="org_auditentry_forever"),
            NotedByHand(name="org_auditentry_by_hand"),
        ]
        indexes = [models.Index(fields=["tenant", "at"], name="org_auditentry_at")]

    def __str__(self) -> str:
        return f"{self.action}: {self.subject}"


class ByHand(NumerousModel):
    """A row that was written directly in the database, or by code that says not who runs it.

    Written by a trigger. ``table_name`` and ``key`` name the row; ``login`` is the database's role.
    """

    at = models.DateTimeField()
    table_name = models.CharField(max_length=63)
    operation = models.CharField(max_length=10)
    key = models.TextField(blank=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    login = models.CharField(max_length=63)
    address = models.CharField(max_length=45, blank=True)
    statement = models.TextField()

    class Meta:
        ordering = ["-id"]
        verbose_name = "row written by hand"
        verbose_name_plural = "rows written by hand"
        constraints = [AppendOnly(name="org_byhand_forever")]
        indexes = [models.Index(fields=["tenant", "at"], name="org_byhand_at")]

    def __str__(self) -> str:
        return f"{self.operation} {self.table_name} {self.key}"


class InputChange(TenantModel):
    """A recorded cause: it may move results. Only a difference with a cause is posted."""

    class Kind(models.TextChoices):
        VALUES = "values", "Values came in"
        UNDO = "undo", "A delivery was undone"
        CORRECTION = "correction", "A value was corrected"
        ASSIGNMENT = "assignment", "An assignment changed"
        EMPLOYMENT = "employment", "An employment changed"
        HIERARCHY = "hierarchy", "The hierarchy changed"
        GOAL = "goal", "A goal changed"
        FACT = "fact", "A fact changed"
        AVAILABILITY = "availability", "Availability changed"
        DEFINITION = "definition", "A metric's definition changed"
        COMPLETENESS = "completeness", "A source became complete to a day"
        VERSION = "version", "A plan version was published"
        RATE = "rate", "An exchange rate changed"
        DECISION = "decision", "A person's goal was decided"
        DISPUTE = "dispute", "A dispute was answered"

    kind = models.CharField(max_length=20, choices=Kind.choices)
    at = models.DateTimeField("recorded at")
    by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+")
    reference = models.CharField(max_length=200, blank=True, help_text="delivery 12, goal 7 …")
    sentence = models.CharField(max_length=500)

    class Meta:
        ordering = ["-id"]
        constraints = [
            AppendOnly(name="org_inputchange_forever"),
            NotedByHand(name="org_inputchange_by_hand"),
        ]

    def __str__(self) -> str:
        return self.sentence


class StaleMark(TenantModel):
    """Figures that a change made stale; added by it, taken away by who works them out anew.

    ``person`` or ``metric`` left empty means all of them; the days are ``[first_day, end_day)``.
    ``metric`` and ``plan`` are keys of later apps, so plain numbers here.
    """

    change = TenantForeignKey(InputChange, related_name="+")
    person = TenantForeignKey("org.Person", null=True, related_name="+", db_index=False)
    metric = models.BigIntegerField(null=True)
    plan = models.BigIntegerField(null=True)
    first_day = models.DateField()
    end_day = models.DateField()

    class Meta:
        indexes = [models.Index(fields=["tenant", "first_day"], name="org_stalemark_day")]

    def __str__(self) -> str:
        return f"{self.person or 'everyone'}, {self.first_day} to {self.end_day}"
