"""Disputes and claims: what somebody doubts or misses, what was said about it, what it changed."""

from __future__ import annotations

from django.db import models

from org.base import TenantForeignKey, TenantModel
from org.constraints import AppendOnly, NotedByHand
from org.history import tracked
from org.permissions import Role


@tracked(key="code")
class DisputeReason(TenantModel):
    """A reason to choose from, with whoever answers it and how fast. None: the standard list."""

    class About(models.TextChoices):
        ANY = "any", "A line, or something missing"
        LINE = "line", "A line"
        MISSING = "missing", "Something missing"

    code = models.CharField(max_length=60)
    name = models.CharField(max_length=200, help_text="As whoever disputes reads it.")
    about = models.CharField(max_length=10, choices=About.choices, default=About.ANY)
    role = models.CharField(
        max_length=20,
        choices=[(role.value, role.label) for role in Role if role not in ("agent", "auditor")],
        help_text="Whose queue it goes to; of supervisors, those of the person.",
    )
    owner = models.ForeignKey(
        "org.User",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Who answers it, where that is always the same one.",
    )
    days = models.PositiveSmallIntegerField(
        default=5, help_text="Working days until the answer, by the default holiday calendar."
    )

    class Meta:
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "code"], name="incentives_reason_code"),
            models.CheckConstraint(
                condition=models.Q(days__range=(1, 250)), name="incentives_reason_days"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Dispute(TenantModel):
    """Somebody doubts a line, or misses one; what is doubted is frozen until it is answered.

    Without a component it is a claim that something is missing: it stands on the period and
    freezes nothing. ``job`` and ``grain`` name the line as the ledger does. ``closed_at`` ends the
    freeze: with a rejection or a withdrawal at once, with an acceptance when what it asked for is
    approved. ``amount_then``: what the line, or for a claim all of the plan, came to when opened.
    """

    class State(models.TextChoices):
        OPEN = "open", "Open"
        ACCEPTED = "accepted", "Accepted"
        REJECTED = "rejected", "Rejected"
        WITHDRAWN = "withdrawn", "Withdrawn"

    plan = TenantForeignKey("incentives.Plan", related_name="disputes")
    period = TenantForeignKey("org.Period", related_name="+")
    person = TenantForeignKey("org.Person", related_name="disputes")
    component = models.CharField(max_length=60, blank=True)
    job = models.CharField(max_length=200, blank=True)
    grain = models.CharField(max_length=255, blank=True)
    reason_code = models.CharField(max_length=60, blank=True)
    reason_name = models.CharField(max_length=200, blank=True, help_text="As it was chosen.")
    reason = models.TextField()
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    role = models.CharField(max_length=20, blank=True, help_text="Whose queue it is in.")
    owner = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+")
    due_on = models.DateField(null=True)
    amount_then = models.DecimalField(max_digits=24, decimal_places=6, null=True)
    currency = models.CharField(max_length=3, blank=True)
    answer = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+")
    seen_at = models.DateTimeField(
        null=True, help_text="When the person last opened it; news is what came after."
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            NotedByHand(name="incentives_dispute_by_hand"),
            models.UniqueConstraint(
                fields=["tenant", "plan", "period", "person", "component", "job", "grain"],
                condition=models.Q(closed_at=None) & ~models.Q(component=""),
                name="incentives_dispute_once",
            ),
            models.CheckConstraint(
                condition=models.Q(state="open", answered_at=None, closed_at=None)
                | models.Q(state="accepted", answered_at__isnull=False)
                | models.Q(state="rejected", closed_at__isnull=False)
                | models.Q(state="withdrawn", closed_at__isnull=False),
                name="incentives_dispute_state",
            ),
            # Whoever opens it does not answer it: the last line of defence of incentives.dispute.
            models.CheckConstraint(
                condition=models.Q(state__in=["open", "withdrawn"])
                | models.Q(answered_by=None)
                | models.Q(opened_by=None)
                | ~models.Q(answered_by=models.F("opened_by")),
                name="incentives_dispute_two",
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "due_on"],
                condition=models.Q(closed_at=None),
                name="incentives_dispute_open",
            ),
            models.Index(fields=["tenant", "opened_at"], name="incentives_dispute_when"),
        ]

    def __str__(self) -> str:
        what = self.component or "something missing"
        return f"{what} of {self.person} in {self.period} of {self.plan}"

    @property
    def is_claim(self) -> bool:
        """Whether it says that something is missing, and doubts no line."""
        return not self.component

    @property
    def waits(self) -> bool:
        """Whether it is accepted, and what it asks for is not approved yet."""
        return self.state == self.State.ACCEPTED and self.closed_at is None

    @property
    def with_whom(self) -> str:
        """Who answers it: somebody, or the queue of a role."""
        if self.owner:
            return self.owner.get_full_name() or str(self.owner)
        return f"{Role(self.role).label}s" if self.role else "–"

    @property
    def said(self) -> str:
        """Its state in words."""
        if self.waits:
            return "accepted, waits for approval"
        return str(self.get_state_display()).lower()


class DisputeMessage(TenantModel):
    """What somebody wrote about a dispute, or what was done with it; added and never changed."""

    dispute = TenantForeignKey(Dispute, related_name="messages")
    at = models.DateTimeField()
    by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+")
    text = models.TextField()
    deed = models.BooleanField(default=False, help_text="Whether it tells of something done.")

    class Meta:
        ordering = ["id"]
        constraints = [
            NotedByHand(name="incentives_disputemessage_by_hand"),
            AppendOnly(name="incentives_disputemessage_forever"),
        ]
        indexes = [models.Index(fields=["tenant", "dispute"], name="incentives_message_of")]

    def __str__(self) -> str:
        return self.text[:60]


class DisputeFile(TenantModel):
    """A file that belongs to a dispute, as it was sent; never changed."""

    dispute = TenantForeignKey(Dispute, related_name="files")
    name = models.CharField(max_length=255)
    kind = models.CharField(max_length=100, help_text="What its beginning shows it to be.")
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField()
    at = models.DateTimeField()
    by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "dispute", "sha256"], name="incentives_disputefile_once"
            ),
            NotedByHand(name="incentives_disputefile_by_hand"),
            AppendOnly(name="incentives_disputefile_forever"),
        ]

    def __str__(self) -> str:
        return self.name


class DisputeRemedy(TenantModel):
    """What an accepted dispute asks for: a correction or an adjustment; a second person approves.

    A correction, of a figure or of a deal, is decided where corrections are; its request is named
    here. An adjustment is
    decided here, and ``entry`` is the audit entry that its transfer names.
    """

    class Kind(models.TextChoices):
        CORRECTION = "correction", "A figure is corrected"
        DEAL = "deal", "A deal is corrected"
        ADJUSTMENT = "adjustment", "An amount is adjusted by hand"

    class State(models.TextChoices):
        OPEN = "open", "Waits for approval"
        APPROVED = "approved", "Approved"
        REFUSED = "refused", "Refused"

    dispute = TenantForeignKey(Dispute, related_name="remedies")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    request = TenantForeignKey("metrics.CorrectionRequest", null=True, related_name="remedies")
    deal_request = TenantForeignKey("metrics.DealRequest", null=True, related_name="remedies")
    amount = models.DecimalField(max_digits=24, decimal_places=6, null=True)
    currency = models.CharField(max_length=3, blank=True)
    earning_type = models.CharField(max_length=60, blank=True)
    period = TenantForeignKey("org.Period", null=True, related_name="+")
    reason = models.TextField()
    asked_by = models.ForeignKey("org.User", models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    decided_by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    answer = models.TextField(blank=True)
    entry = TenantForeignKey("org.AuditEntry", null=True, related_name="+")

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "dispute remedies"
        constraints = [
            NotedByHand(name="incentives_disputeremedy_by_hand"),
            models.UniqueConstraint(
                fields=["tenant", "dispute"],
                condition=models.Q(state="open"),
                name="incentives_remedy_once",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    kind="correction", request__isnull=False, deal_request=None, amount=None
                )
                | models.Q(kind="deal", deal_request__isnull=False, request=None, amount=None)
                | models.Q(
                    kind="adjustment", request=None, deal_request=None, amount__isnull=False
                ),
                name="incentives_remedy_kind",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="approved")
                | models.Q(decided_by__isnull=False) & ~models.Q(decided_by=models.F("asked_by")),
                name="incentives_remedy_two",
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "asked_at"],
                condition=models.Q(state="open"),
                name="incentives_remedy_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.dispute}"
