"""Changes of rules outside plans that somebody asked for and somebody else decides."""

from __future__ import annotations

from django.db import models

from org.base import TenantModel


class RuleChange(TenantModel):
    """One entry of a section of the configuration as it shall be; in force when it is approved.

    ``before`` is what the entry said when the change was written, ``wanted`` what it shall say,
    both as the tenant file would; null: there is no such entry. ``code`` names it for people.
    """

    class Section(models.TextChoices):
        TRANSACTIONS = "transactions", "Kind of transaction"
        CREDITS = "credits", "Credit rule"
        PAY_GROUPS = "pay_groups", "Pay rule"
        BUDGETS = "budgets", "Budget"
        METRICS = "metrics", "Metric"
        JOB_TYPES = "job_types", "Job type"

    class State(models.TextChoices):
        WAITING = "waiting", "Waits for a second person"
        APPLIED = "applied", "In force"
        REFUSED = "refused", "Refused"
        WITHDRAWN = "withdrawn", "Withdrawn"

    section = models.CharField(max_length=20, choices=Section.choices)
    code = models.CharField(max_length=130)
    before = models.JSONField(null=True)
    wanted = models.JSONField(null=True)
    reason = models.TextField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    asked_by = models.ForeignKey("org.User", models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    answer = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(decided_by=None)
                | ~models.Q(decided_by=models.F("asked_by"))
                | models.Q(state="withdrawn"),
                name="org_rulechange_two_people",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_section_display()} {self.code}"

    @property
    def moves_pay(self) -> bool:
        """Whether what is paid can hang on it: budgets and licences of job types move nothing."""
        return self.section not in (self.Section.BUDGETS, self.Section.JOB_TYPES)

    @property
    def waits(self) -> bool:
        """Whether it can still be decided."""
        return self.state == self.State.WAITING
