"""Corrections that somebody asks for and somebody else decides."""

from __future__ import annotations

from django.db import models

from metrics.models.values import exact
from org.base import TenantForeignKey, TenantModel
from org.constraints import NotedByHand


class CorrectionRequest(TenantModel):
    """A figure of one day that should be another; approving it makes the correction.

    ``before_numerator`` and ``before_denominator``: the figure that held when it was asked for.
    """

    class State(models.TextChoices):
        OPEN = "open", "Open"
        APPROVED = "approved", "Approved"
        REFUSED = "refused", "Refused"
        WITHDRAWN = "withdrawn", "Withdrawn"

    person = TenantForeignKey("org.Person", related_name="correction_requests")
    day = models.DateField()
    metric = TenantForeignKey("metrics.Metric", related_name="correction_requests")
    reference = models.CharField(max_length=120, blank=True)
    numerator = exact()
    denominator = exact(null=True, blank=True)
    before_numerator = exact(null=True, blank=True)
    before_denominator = exact(null=True, blank=True)
    reason = models.TextField()
    asked_by = models.ForeignKey("org.User", models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    answer = models.TextField(blank=True)
    decided_by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    correction = TenantForeignKey("metrics.Correction", null=True, related_name="requests")

    class Meta:
        ordering = ["-asked_at", "-id"]
        constraints = [
            NotedByHand(name="metrics_correctionrequest_by_hand"),
            models.UniqueConstraint(
                fields=["tenant", "person", "day", "metric", "reference"],
                condition=models.Q(state="open"),
                name="metrics_correctionrequest_once",
            ),
            models.CheckConstraint(
                condition=models.Q(state="open", decided_at=None)
                | (~models.Q(state="open") & models.Q(decided_at__isnull=False)),
                name="metrics_correctionrequest_decided",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="approved") | models.Q(correction__isnull=False),
                name="metrics_correctionrequest_made",
            ),
            # Whoever asks does not decide: the last line of defence of metrics.requests.
            models.CheckConstraint(
                condition=~models.Q(state__in=["approved", "refused"])
                | ~models.Q(decided_by=models.F("asked_by")),
                name="metrics_correctionrequest_two",
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "asked_at"],
                condition=models.Q(state="open"),
                name="metrics_request_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.metric} of {self.person} on {self.day}"


class DealRequest(TenantModel):
    """An attribute or date of a transaction that should be another, or who takes part in it.

    Approving it corrects it. ``value`` and ``before`` as the transaction keeps them: exact text,
    days as 2026-06-01, parties as a list; None is blank. ``before``: what held when it was asked
    for.
    """

    State = CorrectionRequest.State

    kind = TenantForeignKey("metrics.TransactionKind", related_name="requests")
    key = models.CharField(max_length=200)
    attribute = models.CharField(max_length=60)
    value = models.JSONField(null=True)
    before = models.JSONField(null=True)
    reason = models.TextField()
    asked_by = models.ForeignKey("org.User", models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    answer = models.TextField(blank=True)
    decided_by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-asked_at", "-id"]
        constraints = [
            NotedByHand(name="metrics_dealrequest_by_hand"),
            models.UniqueConstraint(
                fields=["tenant", "kind", "key", "attribute"],
                condition=models.Q(state="open"),
                name="metrics_dealrequest_once",
            ),
            models.CheckConstraint(
                condition=models.Q(state="open", decided_at=None)
                | (~models.Q(state="open") & models.Q(decided_at__isnull=False)),
                name="metrics_dealrequest_decided",
            ),
            # Whoever asks does not decide: the last line of defence of metrics.deal_requests.
            models.CheckConstraint(
                condition=~models.Q(state__in=["approved", "refused"])
                | ~models.Q(decided_by=models.F("asked_by")),
                name="metrics_dealrequest_two",
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "asked_at"],
                condition=models.Q(state="open"),
                name="metrics_dealrequest_open",
            )
        ]

    @property
    def of_parties(self) -> bool:
        """Whether it is about who takes part."""
        return isinstance(self.value, list)

    def __str__(self) -> str:
        return f"{self.attribute} {'in' if self.of_parties else 'of'} {self.kind} {self.key}"
