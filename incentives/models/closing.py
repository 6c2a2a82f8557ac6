"""Closing a plan's period: what was accepted open, who handed it over, who closed it."""

from __future__ import annotations

from django.db import models

from org.base import TenantForeignKey, TenantModel
from org.constraints import AppendOnly, NotedByHand


class ClosingAcceptance(TenantModel):
    """Something that a plan's period may be closed with, though it is open, and why.

    It holds for exactly what was open: ``items`` is a hash of it, and more, or other, is open anew.
    """

    plan = TenantForeignKey("incentives.Plan", related_name="+")
    period = TenantForeignKey("org.Period", related_name="+")
    line = models.CharField(max_length=30, help_text="Which line of the checklist.")
    items = models.CharField(max_length=64, help_text="SHA-256 of what was open.")
    said = models.TextField(help_text="What was open, in words.")
    reason = models.TextField()
    by = models.ForeignKey("org.User", models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            NotedByHand(name="incentives_closingacceptance_by_hand"),
            AppendOnly(name="incentives_closingacceptance_forever"),
        ]
        indexes = [
            models.Index(fields=["tenant", "plan", "period"], name="incentives_acceptance_of")
        ]

    def __str__(self) -> str:
        return f"{self.line} of {self.plan} {self.period}: {self.reason}"


class Closing(TenantModel):
    """A plan's period that one person handed over as ready, for another to close."""

    class State(models.TextChoices):
        HANDED = "handed", "Handed over"
        CLOSING = "closing", "Being closed"
        CLOSED = "closed", "Closed"
        BACK = "back", "Taken back"

    plan = TenantForeignKey("incentives.Plan", related_name="closings")
    period = TenantForeignKey("org.Period", related_name="closings")
    state = models.CharField(max_length=10, choices=State.choices, default=State.HANDED)
    handed_by = models.ForeignKey("org.User", models.PROTECT, related_name="+")
    handed_at = models.DateTimeField()
    note = models.TextField(blank=True)
    left_open = models.JSONField(default=list, help_text="What was open and accepted, with why.")
    total = models.DecimalField(max_digits=24, decimal_places=6)
    people = models.PositiveIntegerField()
    closed_by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField(null=True, help_text="When its closing was asked for.")
    ended_at = models.DateTimeField(null=True)
    refusal = models.TextField(blank=True, help_text="Why it could not be closed.")

    class Meta:
        ordering = ["-id"]
        constraints = [
            NotedByHand(name="incentives_closing_by_hand"),
            models.UniqueConstraint(
                fields=["tenant", "plan", "period"],
                condition=models.Q(state__in=["handed", "closing"]),
                name="incentives_closing_once",
            ),
            # Whoever hands it over does not close it: the last line of defence.
            models.CheckConstraint(
                condition=~models.Q(state__in=["closing", "closed"])
                | models.Q(closed_by__isnull=False) & ~models.Q(closed_by=models.F("handed_by")),
                name="incentives_closing_two",
            ),
        ]
        indexes = [models.Index(fields=["tenant", "plan", "period"], name="incentives_closing_of")]

    def __str__(self) -> str:
        return f"{self.plan} {self.period}: {self.get_state_display().lower()}"
